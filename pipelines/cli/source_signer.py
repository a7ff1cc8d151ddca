# ruff: noqa: PLC0415 - a command imports what it needs when it runs, so that `--help` is quick
"""Signing of requests with the secrets of a configured source, for commands that send webhooks."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from pipelines.simulate.delivery.http_sender import Sign


def sign_of(settings: "Settings", name: str) -> "Sign":
    """Return a function that signs requests as a source does.

    Raises `UsageError` when the source is not configured or none of its secrets can sign.
    """
    from uuid import uuid4

    from pipelines.errors import UsageError
    from pipelines.simulate.delivery.faults import Delivery
    from pipelines.simulate.delivery.http_sender import signer
    from receiver.sources import sources

    source = sources(settings).get(name)
    if source is None:
        raise UsageError(f"there is no source {name!r}; configured are {', '.join(settings.sources)}")
    for secret in source.secrets.values():
        sign = signer(source.scheme, secret, lambda: str(uuid4()), lambda: datetime.now(UTC))
        try:
            sign(Delivery(b"", ""))
        except ValueError:  # a public key verifies and cannot sign
            continue
        return sign
    raise UsageError(f"no secret of source {name!r} can sign; {source.scheme} needs one that can")
