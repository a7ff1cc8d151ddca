"""Signed receipt of an erasure, without the erased value."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipelines.admin.erasure.residue_scan import Residue
from pipelines.errors import UsageError
from pipelines.privacy.keyed_hash import KeyedHasher
from receiver.atomic_files import atomic_write


@dataclass(frozen=True, slots=True)
class TopicRemainder:
    """Number of unredacted deliveries on a Kafka topic.

    `until` is the date of their deletion by retention; None when it never deletes them.
    """

    topic: str
    records: int
    until: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Result of one erasure; times are ISO 8601 in UTC.

    `records` and `event_types` count the records of all runs; `changed` counts rows by table and waiting
    deliveries of the last run. `topic` lists what Kafka still has, `remains` files that still hold a value.
    """

    erasure_id: str
    kind: str
    organization: str | None
    value_hmac: str | None
    begun_at: str
    finished_at: str
    who: str
    records: int
    event_types: Mapping[str, int]
    changed: Mapping[str, int]
    topic: tuple[TopicRemainder, ...]
    searched_values: int
    remains: tuple[Residue, ...]

    @property
    def clean(self) -> bool:
        """Return whether no file holds an erased value any more."""
        return not self.remains


def write_receipt(folder: Path, receipt: Receipt, keyed: KeyedHasher) -> Path:
    """Sign the receipt and write it atomically to `<erasure id>.json` in `folder`; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    document = asdict(receipt)
    signed = {**document, "signature": keyed.signature(_canonical(document))}
    file = folder / f"{receipt.erasure_id}.json"
    atomic_write(file, f"{json.dumps(signed, indent=2, ensure_ascii=False)}\n".encode())
    return file


def is_signed(file: Path, keyed: KeyedHasher) -> bool:
    """Return whether this key signed the receipt. Raises `UsageError` for a file that is not a receipt."""
    try:
        document = json.loads(file.read_text("utf-8"))
        signature = document.pop("signature")
    except (OSError, ValueError, AttributeError, KeyError) as error:
        raise UsageError(f"{file} is no receipt of an erasure") from error
    return hmac.compare_digest(keyed.signature(_canonical(document)), str(signature))


def _canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, ensure_ascii=False).encode()
