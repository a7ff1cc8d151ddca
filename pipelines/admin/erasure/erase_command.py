"""`hirestream erase`: one person out of everything that is kept here, step by step, and a signed receipt.

Killed at any step, the same command continues to the same end: what is redacted stays so, what comes later is
suppressed from the first commit on, and the receipt is written last.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import duckdb

from pipelines.admin.erasure.finalize import (
    ErasureContext,
    RedactionResult,
    clear_what_can_be,
    eraser_of,
    forget,
)
from pipelines.admin.erasure.person_search import ErasureRequest, Kind, PersonRecords, find
from pipelines.admin.erasure.probe_values import values_of
from pipelines.admin.erasure.receipt import Receipt
from pipelines.admin.erasure.receiver_stores import delete_held, redact_spool, waiting_of
from pipelines.admin.reprocess.rebuild import rebuilding
from pipelines.errors import HirestreamError, UsageError
from pipelines.lake.connection import open_lake
from pipelines.lake.schema import create_tables
from pipelines.privacy.keyed_hash import KeyedHasher, key_of
from pipelines.privacy.suppression import SuppressionList
from pipelines.serving.lake_reader import open_for_reading
from pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """Scope of an erasure: records by event type, ids that lead to them, deliveries at the receiver."""

    erasure_id: str
    records: int
    redacted_already: int
    event_types: Mapping[str, int]
    named: Mapping[str, int]
    waiting: Mapping[str, int]
    begun_before: bool

    @property
    def fresh(self) -> int:
        """Records that are not redacted yet."""
        return self.records - self.redacted_already

    @property
    def is_nothing(self) -> bool:
        """Return whether nobody of that name is in anything that is kept, now or before."""
        return not (self.records or any(self.waiting.values()) or self.begun_before)


class NothingFound(HirestreamError):
    """Nobody of that name or id is in anything that is kept."""


def request_of(
    email: str | None, candidate: str | None, conversation: str | None, organization: str | None
) -> ErasureRequest:
    """Whom the options of the command line name. Raises `UsageError` unless it is exactly one."""
    options: dict[Kind, str | None] = {"email": email, "candidate": candidate, "conversation": conversation}
    named = [(kind, value.strip()) for kind, value in options.items() if value and value.strip()]
    if len(named) != 1:
        raise UsageError("give exactly one of --email, --candidate and --conversation")
    (kind, value), *_ = named
    if kind == "email" and "@" not in value:
        raise UsageError("--email wants an address with an @ in it")
    return ErasureRequest(kind, value, organization)


def plan_erase(settings: Settings, request: ErasureRequest) -> ErasurePlan:
    """Plan an erasure. Raises `NothingFound`, `SettingsError` without a key, `Unavailable`."""
    keyed = key_of(settings)
    con = _opened(settings)
    try:
        return _planned(settings, con, keyed, request)[0]
    finally:
        con.close()


def run_erase(settings: Settings, request: ErasureRequest, how: ErasureContext, *, sure: bool) -> Receipt:
    """Erase, and write the receipt; its `remains` lists what still holds a value.

    Raises `NothingFound`, `UsageError` for more records than may be erased without being `sure`,
    `SettingsError` without a key, `Unavailable` while others are in the way; done again, it continues.
    """
    keyed = key_of(settings)
    with rebuilding(settings.warehouse):
        con = _opened(settings)
        try:
            done = _redact(settings, con, keyed, request, how, sure=sure)
        finally:
            con.close()
        how.after("redacted")
        return forget(settings, keyed, done, how)


def erasure_id_of(keyed: KeyedHasher, request: ErasureRequest) -> str:
    """The same for the same request, so that it can be taken up again."""
    return f"{request.kind}-{keyed.hash_of(request.kind, request.value, request.organization)[:16]}"


def _redact(
    settings: Settings,
    con: duckdb.DuckDBPyConnection,
    keyed: KeyedHasher,
    request: ErasureRequest,
    how: ErasureContext,
    *,
    sure: bool,
) -> RedactionResult:
    planned, found = _planned(settings, con, keyed, request)
    if planned.fresh > settings.erasure.ask_over_records and not sure:
        raise UsageError(
            f"this redacts {planned.fresh} records, over HIRESTREAM_ERASURE__ASK_OVER_RECORDS "
            f"({settings.erasure.ask_over_records}); look with --dry-run, then say --yes"
        )
    eraser, erasure_id = eraser_of(settings, con, keyed, how), planned.erasure_id

    def register(names: PersonRecords) -> None:
        eraser.register(erasure_id, request, names, how.who)

    register(found)
    how.after("registered")
    found = all_of(con, request, erasure_id, found, register)
    values = values_of(con, found.frame(), keyed)
    if request.kind == "email":
        values = sorted({request.value, *values})
    clear_what_can_be(settings, values)  # now: killed after the next step, nobody knows them any more
    changed = eraser.redact(erasure_id, found.frame())
    how.after("bodies")
    suppressions = _suppressions(keyed, found, erasure_id)
    spooled = redact_spool(settings, suppressions, keyed)
    changed += Counter({"spool": spooled.redacted, "held": delete_held(settings, suppressions)})
    hashed = keyed.hash_of(request.kind, request.value, request.organization)
    return RedactionResult(
        erasure_id, request.kind, changed, values, request.organization, hashed, spooled.remains
    )


def all_of(
    con: duckdb.DuckDBPyConnection,
    request: ErasureRequest,
    erasure_id: str,
    registered: PersonRecords,
    register: Callable[[PersonRecords], None],
) -> PersonRecords:
    """Search and register in turn until the search finds no identifier that was not registered before it.

    Until a name is registered, a loader commits in clear what names only that; and such a record may lead to
    more names.
    """
    while True:
        found = find(con, request, erasure_id)
        if found.names <= registered.names:
            return found
        register(found)
        registered = found


def _planned(
    settings: Settings, con: duckdb.DuckDBPyConnection, keyed: KeyedHasher, request: ErasureRequest
) -> tuple[ErasurePlan, PersonRecords]:
    erasure_id = erasure_id_of(keyed, request)
    found = find(con, request, erasure_id)
    con.register("positions", found.frame())
    rows = con.execute(
        """
        SELECT coalesce(event_type, 'unreadable'), count(*), count(erased_at) FROM wh.ledger.deliveries
        SEMI JOIN positions USING (topic_id, partition, "offset") GROUP BY ALL ORDER BY ALL
        """
    ).fetchall()
    con.unregister("positions")
    before = con.execute("FROM wh.ledger.erasures WHERE erasure_id = ?", [erasure_id]).fetchone()
    planned = ErasurePlan(
        erasure_id,
        sum(count for _, count, _ in rows),
        sum(erased for _, _, erased in rows),
        {event_type: count for event_type, count, _ in rows},
        dict(sorted(Counter(kind for kind, _, _ in found.names).items())),
        waiting_of(settings, _suppressions(keyed, found, erasure_id)),
        before is not None,
    )
    if planned.is_nothing:
        raise NothingFound(
            f"nothing that is kept names this {request.kind}; what the loader has not taken from the topic "
            "yet is not looked at: `hirestream stream --until-caught-up` loads it"
        )
    return planned, found


def _suppressions(keyed: KeyedHasher, found: PersonRecords, erasure_id: str) -> SuppressionList:
    return SuppressionList(
        keyed, {keyed.hash_of(kind, value, of): erasure_id for kind, of, value in found.names}
    )


def _opened(settings: Settings) -> duckdb.DuckDBPyConnection:
    """The lake for writing. Raises `Unavailable` where there is none."""
    open_for_reading(settings).close()
    con = open_lake(settings.warehouse)
    create_tables(con)
    return con


def render_plan(planned: ErasurePlan) -> str:
    """For a person: what would be redacted."""
    lines = [f"{planned.fresh} records would be redacted, {planned.redacted_already} are already"]
    lines += [f"  {count} x {event_type}" for event_type, count in planned.event_types.items()]
    lines += [f"waiting in the {where}: {count}" for where, count in planned.waiting.items() if count]
    return "\n".join(lines)


def render(receipt: Receipt) -> str:
    """For a person: what was done, what remains and where."""
    lines = [f"{receipt.erasure_id}: {receipt.records} records redacted"]
    lines += [f"  {count} x {event_type}" for event_type, count in receipt.event_types.items()]
    lines += [f"changed {count} in {table}" for table, count in receipt.changed.items() if count]
    lines += [
        f"topic {each.topic} has {each.records} deliveries of it as sent, until {each.until or 'forever'}"
        for each in receipt.topic
    ]
    lines += [f"STILL THERE: {trace.file} ({trace.where})" for trace in receipt.remains]
    return "\n".join(lines)
