"""Faults that the real parts cannot show by themselves: a death at a chosen statement, a wrong contract."""

from typing import Any

import duckdb
import pytest

from pipelines.decode.decoded_batch import DecodedBatch, decode_batch
from pipelines.decode.decoder import Decoded, DecodeFailure, ProviderDecoder, decoder_of
from pipelines.decode.validation import Problem
from pipelines.ingest.raw_batch import RawBatch


class Died(BaseException):
    """Stands for the death of the process."""


class DyingAt:
    """A real connection whose process dies before its n-th writing statement, or right before or after its
    first commit; a transaction that is open then is never committed."""

    def __init__(self, con: duckdb.DuckDBPyConnection, at: int, *, after_commit: bool) -> None:
        self._con, self._left, self._after_commit = con, at, after_commit
        self._dead = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def execute(self, sql: str, *args: Any) -> Any:
        if sql.lstrip().startswith(("INSERT", "DELETE", "UPDATE")):
            self._count()
        return self._con.execute(sql, *args)

    def commit(self) -> None:
        if self._after_commit:
            self._con.commit()
        self._die()

    def rollback(self) -> None:
        """The dead do not roll back; `bury` does what the end of the process would."""
        if not self._dead:
            self._con.rollback()

    def bury(self) -> None:
        """Drop what the process had open."""
        try:
            self._con.rollback()
        except duckdb.TransactionException:
            return

    def _count(self) -> None:
        if self._left == 0:
            self._die()
        self._left -= 1

    def _die(self) -> None:
        self._dead = True
        raise Died


class PartialDecoder(ProviderDecoder):
    """Popp's decoder as it was before somebody described an event type, or described it rightly."""

    def __init__(self, event_type: str, *, refuses: bool) -> None:
        known = decoder_of("popp")
        assert known is not None
        super().__init__(known.provider)
        self._event_type, self._refuses = event_type, refuses

    def decode(self, body: bytes, source: str | None = None, message_id: str | None = None) -> Decoded:
        found = super().decode(body, source, message_id)
        if found.identity.event_type != self._event_type:
            return found
        if self._refuses:
            return DecodeFailure(
                found.identity, "contract", (Problem("$.data", "refused by a wrong contract"),)
            )
        self.contracts.pop(self._event_type, None)
        return self._decode_again(body, source, message_id)


def refusing(event_type: str, raw: RawBatch) -> DecodedBatch:
    """Records decoded with a contract that refuses every event of a type."""
    return _decoded(raw, PartialDecoder(event_type, refuses=True))


def without_contract(event_type: str, raw: RawBatch) -> DecodedBatch:
    """Records decoded as if nobody had described an event type."""
    return _decoded(raw, PartialDecoder(event_type, refuses=False))


def _decoded(raw: RawBatch, decoder: ProviderDecoder) -> DecodedBatch:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.decode.decoder.decoder_of", lambda _: decoder)
        return decode_batch(raw)
