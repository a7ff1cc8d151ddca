"""`hirestream erase`: remove one person from all stores of this installation and write a signed receipt.

The same command continues after a kill at any step: redacted records stay redacted, later records are
suppressed from the first commit on, and the receipt is written last.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import duckdb

from pipelines.admin.erasure.finalize import (
    ErasureContext,
    RedactionResult,
    clear_residues,
    eraser_of,
    forget,
)
from pipelines.admin.erasure.person_search import ErasureRequest, Kind, PersonRecords, find
from pipelines.admin.erasure.probe_values import probe_values
from pipelines.admin.erasure.receipt import Receipt
from pipelines.admin.erasure.receiver_stores import count_waiting, delete_held, redact_spool
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
    """Scope of an erasure.

    `event_types` counts records by event type, `named` the person's identifiers by kind, `waiting` deliveries
    by receiver store.
    """

    erasure_id: str
    records: int
    redacted_already: int
    event_types: Mapping[str, int]
    named: Mapping[str, int]
    waiting: Mapping[str, int]
    begun_before: bool

    @property
    def fresh(self) -> int:
        """Number of records that are not redacted yet."""
        return self.records - self.redacted_already

    @property
    def is_nothing(self) -> bool:
        """Return whether no record and no delivery names the person and no such erasure was begun before."""
        return not (self.records or any(self.waiting.values()) or self.begun_before)


class NothingFound(HirestreamError):
    """Raised when no stored record or waiting delivery names the requested person."""


def request_of(
    email: str | None, candidate: str | None, conversation: str | None, organization: str | None
) -> ErasureRequest:
    """Return the request of the command-line options. Raises `UsageError` unless one person is given."""
    options: dict[Kind, str | None] = {"email": email, "candidate": candidate, "conversation": conversation}
    named = [(kind, value.strip()) for kind, value in options.items() if value and value.strip()]
    if len(named) != 1:
        raise UsageError("give exactly one of --email, --candidate and --conversation")
    (kind, value), *_ = named
    if kind == "email" and "@" not in value:
        raise UsageError("--email wants an address with an @ in it")
    return ErasureRequest(kind, value, organization)


def plan_erase(settings: Settings, request: ErasureRequest) -> ErasurePlan:
    """Plan an erasure. Raises `NothingFound`, `SettingsError` without a key, `Unavailable` without a lake."""
    keyed = key_of(settings)
    con = _open_lake(settings)
    try:
        return _plan(settings, con, keyed, request)[0]
    finally:
        con.close()


def run_erase(settings: Settings, request: ErasureRequest, how: ErasureContext, *, sure: bool) -> Receipt:
    """Erase a person and write the receipt; its `remains` lists files that still hold a value.

    A repeated call continues. Raises `NothingFound`, `UsageError` for more records than may be erased without
    `sure`, `SettingsError` without a key, `Unavailable` while another process blocks a step.
    """
    keyed = key_of(settings)
    with rebuilding(settings.warehouse):
        con = _open_lake(settings)
        try:
            done = _redact(settings, con, keyed, request, how, sure=sure)
        finally:
            con.close()
        how.after("redacted")
        return forget(settings, keyed, done, how)


def erasure_id_of(keyed: KeyedHasher, request: ErasureRequest) -> str:
    """Return the id of an erasure. It is equal for equal requests, so that a repeated one continues."""
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
    planned, found = _plan(settings, con, keyed, request)
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
    found = find_all_records(con, request, erasure_id, found, register)
    values = probe_values(con, found.frame(), keyed)
    if request.kind == "email":
        values = sorted({request.value, *values})
    clear_residues(settings, values)  # now: after the next step the values are in no body any more
    changed = eraser.redact(erasure_id, found.frame())
    how.after("bodies")
    suppressions = _suppressions(keyed, found, erasure_id)
    spooled = redact_spool(settings, suppressions, keyed)
    changed += Counter({"spool": spooled.redacted, "held": delete_held(settings, suppressions)})
    hashed = keyed.hash_of(request.kind, request.value, request.organization)
    return RedactionResult(
        erasure_id, request.kind, changed, values, request.organization, hashed, spooled.remains
    )


def find_all_records(
    con: duckdb.DuckDBPyConnection,
    request: ErasureRequest,
    erasure_id: str,
    registered: PersonRecords,
    register: Callable[[PersonRecords], None],
) -> PersonRecords:
    """Search and register in turn until a search finds only identifiers that are registered already.

    A loader does not redact a record with an identifier that is not registered yet, and that record may hold
    further identifiers of the person.
    """
    while True:
        found = find(con, request, erasure_id)
        if found.names <= registered.names:
            return found
        register(found)
        registered = found


def _plan(
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
        count_waiting(settings, _suppressions(keyed, found, erasure_id)),
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


def _open_lake(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open the lake for writing. Raises `Unavailable` without a lake."""
    open_for_reading(settings).close()
    con = open_lake(settings.warehouse)
    create_tables(con)
    return con


def render_plan(planned: ErasurePlan) -> str:
    """Render a plan as text: the records that would be redacted."""
    lines = [f"{planned.fresh} records would be redacted, {planned.redacted_already} are already"]
    lines += [f"  {count} x {event_type}" for event_type, count in planned.event_types.items()]
    lines += [f"waiting in the {where}: {count}" for where, count in planned.waiting.items() if count]
    return "\n".join(lines)


def render(receipt: Receipt) -> str:
    """Render a receipt as text: the changes, and the files and topics that still hold values."""
    lines = [f"{receipt.erasure_id}: {receipt.records} records redacted"]
    lines += [f"  {count} x {event_type}" for event_type, count in receipt.event_types.items()]
    lines += [f"changed {count} in {table}" for table, count in receipt.changed.items() if count]
    lines += [
        f"topic {each.topic} has {each.records} deliveries of it as sent, until {each.until or 'forever'}"
        for each in receipt.topic
    ]
    lines += [f"STILL THERE: {trace.file} ({trace.where})" for trace in receipt.remains]
    return "\n".join(lines)
