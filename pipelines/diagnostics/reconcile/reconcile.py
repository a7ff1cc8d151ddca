"""`hirestream reconcile`: a provider's own list of conversations against what its webhooks have told."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import duckdb

from pipelines.diagnostics.reconcile.export_parser import ExportedConversation
from pipelines.errors import Unavailable, UsageError
from pipelines.host.output import table
from pipelines.serving.lake_reader import open_for_reading
from pipelines.settings import Settings

SHOWN = 20
"""Rows of each list that a person gets to see; `--json` has all."""


@dataclass(frozen=True, slots=True)
class StatusMapping:
    """Mapping of a status: the outcomes that agree with it, and those that can be explained."""

    agrees: frozenset[str]
    explained: frozenset[str] = frozenset()
    because: str = ""


ENDED = frozenset(
    {"passed", "failed", "not_interested", "opted_out", "closed", "completed_undecided", "other_status"}
)
_GOES_ON = "it continued after the export"
_UNTOLD = "Popp documents no webhook for it; here it stays open, and counts as timed out later"

OUTCOMES: Mapping[str, StatusMapping] = MappingProxyType(
    {
        "CREATED": StatusMapping(frozenset({"not_started"}), ENDED | {"open", "failed_to_start"}, _GOES_ON),
        "QUEUED": StatusMapping(frozenset({"not_started"}), ENDED | {"open", "failed_to_start"}, _GOES_ON),
        "ONGOING": StatusMapping(frozenset({"open"}), ENDED, _GOES_ON),
        "COMPLETED_SCREENING_PASSED": StatusMapping(frozenset({"passed"})),
        "COMPLETED_SCREENING_FAILED": StatusMapping(frozenset({"failed"})),
        "COMPLETED_CANDIDATE_NOT_INTERESTED": StatusMapping(frozenset({"not_interested"})),
        "CLOSED": StatusMapping(frozenset({"closed"}), frozenset({"open", "not_started"}), _UNTOLD),
        "COMPLETED": StatusMapping(
            frozenset({"completed_undecided", "closed"}), frozenset({"open"}), _UNTOLD
        ),
        "OPTED_OUT": StatusMapping(frozenset({"opted_out"})),
        "DELIVERY_FAILED": StatusMapping(frozenset({"failed_to_start"})),
    }
)
"""Outcome of `entities.conversations` by the status that Popp shows."""


@dataclass(frozen=True, slots=True)
class LakeConversation:
    """A conversation as the webhooks tell it."""

    conversation_id: str
    organization_id: str
    source: str
    outcome: str
    first_event_at: datetime


@dataclass(frozen=True, slots=True)
class MissingConversation:
    """In the export, and nothing of it became an entity. `where` is quarantine, or nowhere."""

    conversation_id: str
    status: str | None
    line: int
    where: str


@dataclass(frozen=True, slots=True)
class Mismatch:
    """In both, and not the same."""

    conversation_id: str
    status: str
    line: int
    outcome: str
    problem: str


@dataclass(frozen=True, slots=True)
class OnlyInLake:
    """Known here, within the time that the export covers, and not in it."""

    conversation_id: str
    organization_id: str
    outcome: str
    first_event_at: datetime


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """The whole comparison. `explained` counts, by reason, what differs and is no fault.

    The span is that of the first events of the conversations in both.
    """

    listed: int
    agree: int
    explained: Mapping[str, int]
    missing: tuple[MissingConversation, ...]
    differing: tuple[Mismatch, ...]
    not_listed: tuple[OnlyInLake, ...]
    span: tuple[datetime, datetime] | None

    @property
    def ok(self) -> bool:
        """Return whether everything in the export came, and says the same."""
        return not (self.missing or self.differing)


def run_reconcile(
    settings: Settings, listed: Sequence[ExportedConversation], source: str, organization: str | None
) -> ReconcileReport:
    """Compare an export with the lake of these settings.

    Raises `UsageError` for a source that is not configured or has no conversations, `Unavailable` without a
    lake or without models.
    """
    provider = _provider(settings, source)
    with open_for_reading(settings) as con:
        try:
            ours = _ours(con, provider, organization)
        except duckdb.CatalogException:
            raise Unavailable("the models were not built yet; `hirestream stream` builds them") from None
        return reconcile(listed, ours, source, _in_quarantine(con, provider), _arrived(con, provider))


def reconcile(
    listed: Iterable[ExportedConversation],
    ours: Sequence[LakeConversation],
    source: str,
    in_quarantine: frozenset[bytes],
    arrived: frozenset[str] = frozenset(),
) -> ReconcileReport:
    """Pure. Of a conversation that is listed twice the later row counts; `in_quarantine` are words, `arrived`
    the conversations that events tell of, those that no model has seen yet too."""
    last = {row.conversation_id: row for row in listed}
    known = {each.conversation_id: each for each in ours}
    missing = [_missing(row, in_quarantine, arrived) for name, row in last.items() if name not in known]
    both = [(row, known[name]) for name, row in last.items() if name in known]
    explained: dict[str, int] = {}
    differing = []
    for row, mine in both:
        meant = OUTCOMES.get(row.status or "")
        if meant is not None and mine.outcome in meant.explained:
            explained[meant.because] = explained.get(meant.because, 0) + 1
        elif meant is None or mine.outcome not in meant.agrees:
            differing.append(_differing(row, mine, meant))
    times = [mine.first_event_at for _, mine in both]
    span = (min(times), max(times)) if times else None
    agree = len(both) - len(differing) - sum(explained.values())
    not_listed = _not_listed(ours, last, source, span)
    return ReconcileReport(len(last), agree, explained, tuple(missing), tuple(differing), not_listed, span)


def render(found: ReconcileReport) -> str:
    """For a person: the numbers, then what is missing and what differs."""
    lines = [f"{found.listed} conversations in the export: {found.agree} agree"]
    lines += [f"{count} differ and are explained: {why}" for why, count in found.explained.items()]
    for title, rows in (
        ("never became a conversation here", found.missing),
        ("differ", found.differing),
        ("are here, in the time that the export covers, and not in it", found.not_listed),
    ):
        lines += [f"{len(rows)} {title}", *_shown(rows)]
    return "\n".join(lines)


def _shown(rows: Sequence[MissingConversation | Mismatch | OnlyInLake]) -> list[str]:
    if not rows:
        return []
    names = list(type(rows[0]).__dataclass_fields__)
    cells = [[getattr(row, name) for name in names] for row in rows[:SHOWN]]
    rest = [f"and {len(rows) - SHOWN} more, see --json"] if len(rows) > SHOWN else []
    return [table(names, cells), *rest]


def _missing(
    row: ExportedConversation, in_quarantine: frozenset[bytes], arrived: frozenset[str]
) -> MissingConversation:
    where = "quarantine" if row.conversation_id.encode() in in_quarantine else "nowhere"
    if row.conversation_id in arrived:
        where = "loaded; the models are behind"
    return MissingConversation(row.conversation_id, row.status, row.line, where)


def _differing(row: ExportedConversation, mine: LakeConversation, meant: StatusMapping | None) -> Mismatch:
    problem = (
        f"expected {' or '.join(sorted(meant.agrees))}"
        if meant
        else "no status"
        if row.status is None
        else "a status that is not known"
    )
    return Mismatch(row.conversation_id, row.status or "", row.line, mine.outcome, problem)


def _not_listed(
    ours: Iterable[LakeConversation],
    listed: Mapping[str, ExportedConversation],
    source: str,
    span: tuple[datetime, datetime] | None,
) -> tuple[OnlyInLake, ...]:
    if span is None:
        return ()
    return tuple(
        OnlyInLake(each.conversation_id, each.organization_id, each.outcome, each.first_event_at)
        for each in ours
        if each.conversation_id not in listed
        and each.source == source
        and span[0] <= each.first_event_at <= span[1]
    )


def _provider(settings: Settings, source: str) -> str:
    if source not in settings.sources:
        raise UsageError(f"there is no source {source!r}; configured are {', '.join(settings.sources)}")
    provider = settings.sources[source].provider
    if provider != "popp":
        raise UsageError(f"source {source!r} is of {provider}, which has no conversations to compare")
    return provider


def _ours(con: duckdb.DuckDBPyConnection, provider: str, organization: str | None) -> list[LakeConversation]:
    rows = con.execute(
        """
        SELECT conversation_id, organization_id, source, outcome, first_event_at
        FROM wh.entities.conversations
        WHERE provider = $provider AND organization_id = coalesce($organization, organization_id)
        ORDER BY first_event_at, conversation_id
        """,
        {"provider": provider, "organization": organization},
    ).fetchall()
    return [LakeConversation(*row) for row in rows]


def _arrived(con: duckdb.DuckDBPyConnection, provider: str) -> frozenset[str]:
    """Conversations of all events, by a view, which is never behind; none where it was never made."""
    try:
        rows = con.execute(
            "SELECT DISTINCT conversation_id FROM wh.staging.stg_conversation_events WHERE provider = ?",
            [provider],
        ).fetchall()
    except duckdb.CatalogException:
        return frozenset()
    return frozenset(conversation_id for (conversation_id,) in rows)


def _in_quarantine(con: duckdb.DuckDBPyConnection, provider: str) -> frozenset[bytes]:
    """Every word of what could not be decoded, ids among them."""
    rows = con.execute("SELECT body FROM wh.quarantine.records WHERE provider = ?", [provider]).fetchall()
    return frozenset(word for (body,) in rows if body is not None for word in re.findall(rb"[\w.-]+", body))
