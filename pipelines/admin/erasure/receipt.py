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
    """Records as they were delivered, until retention deletes them; `until` is None where it never does."""

    topic: str
    records: int
    until: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """One erasure; times are ISO 8601 in UTC.

    `records` and `event_types` count all its runs, `changed` the rows by table and the waiting deliveries of
    the last one. `topic` says what Kafka still has and until when; `remains` which files still hold a value.
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
        """Return whether no file holds it any more."""
        return not self.remains


def write_receipt(folder: Path, receipt: Receipt, keyed: KeyedHasher) -> Path:
    """Put the signed receipt into its file, in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    document = asdict(receipt)
    signed = {**document, "signature": keyed.signature(_canonical(document))}
    file = folder / f"{receipt.erasure_id}.json"
    atomic_write(file, f"{json.dumps(signed, indent=2, ensure_ascii=False)}\n".encode())
    return file


def verified(file: Path, keyed: KeyedHasher) -> bool:
    """Return whether this key signed the receipt. Raises `UsageError` for a file that is not a receipt."""
    try:
        document = json.loads(file.read_text("utf-8"))
        signature = document.pop("signature")
    except (OSError, ValueError, AttributeError, KeyError) as error:
        raise UsageError(f"{file} is no receipt of an erasure") from error
    return hmac.compare_digest(keyed.signature(_canonical(document)), str(signature))


def _canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, ensure_ascii=False).encode()
