"""`hirestream reconcile`: compare a provider's exported list of conversations with the lake."""

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
"""Maximum rows of each list in text output; `--json` has all."""


@dataclass(frozen=True, slots=True)
class StatusMapping:
    """Outcomes in the lake that agree with a status of the export, and those that `because` explains."""

    agrees: frozenset[str]
    explained: frozenset[str] = frozenset()
    because: str = ""


ENDED = frozenset(
    {"passed", "failed", "not_interested", "opted_out", "closed", "completed_undecided", "other_status"}
)
_CONTINUED = "it continued after the export"
_NO_WEBHOOK = "Popp documents no webhook for it; here it stays open, and counts as timed out later"

OUTCOMES: Mapping[str, StatusMapping] = MappingProxyType(
    {
        "CREATED": StatusMapping(frozenset({"not_started"}), ENDED | {"open", "failed_to_start"}, _CONTINUED),
        "QUEUED": StatusMapping(frozenset({"not_started"}), ENDED | {"open", "failed_to_start"}, _CONTINUED),
        "ONGOING": StatusMapping(frozenset({"open"}), ENDED, _CONTINUED),
        "COMPLETED_SCREENING_PASSED": StatusMapping(frozenset({"passed"})),
        "COMPLETED_SCREENING_FAILED": StatusMapping(frozenset({"failed"})),
        "COMPLETED_CANDIDATE_NOT_INTERESTED": StatusMapping(frozenset({"not_interested"})),
        "CLOSED": StatusMapping(frozenset({"closed"}), frozenset({"open", "not_started"}), _NO_WEBHOOK),
        "COMPLETED": StatusMapping(
            frozenset({"completed_undecided", "closed"}), frozenset({"open"}), _NO_WEBHOOK
        ),
        "OPTED_OUT": StatusMapping(frozenset({"opted_out"})),
        "DELIVERY_FAILED": StatusMapping(frozenset({"failed_to_start"})),
    }
)
"""Outcomes of `entities.conversations` by the status that Popp exports."""


@dataclass(frozen=True, slots=True)
class LakeConversation:
    """Conversation in `entities.conversations`."""

    conversation_id: str
    organization_id: str
    source: str
    outcome: str
    first_event_at: datetime


@dataclass(frozen=True, slots=True)
class MissingConversation:
    """Conversation in the export that is no entity in the lake.

    `where` says where its records are: in quarantine, loaded after the last build of the models, or nowhere.
    """

    conversation_id: str
    status: str | None
    line: int
    where: str


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Conversation whose outcome in the lake contradicts its status in the export."""

    conversation_id: str
    status: str
    line: int
    outcome: str
    problem: str


@dataclass(frozen=True, slots=True)
class OnlyInLake:
    """Conversation in the lake that is missing from the export, though within the time that it covers."""

    conversation_id: str
    organization_id: str
    outcome: str
    first_event_at: datetime


@dataclass(frozen=True, slots=True)
class ReconcileReport:
    """Result of a comparison. `explained` counts, by reason, the differences that are no fault.

    `span` is the first and the last time of the first events of conversations in both.
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
        """Return whether every exported conversation is in the lake and every difference is explained."""
        return not (self.missing or self.differing)


def run_reconcile(
    settings: Settings, listed: Sequence[ExportedConversation], source: str, organization: str | None
) -> ReconcileReport:
    """Compare an export with the lake.

    Raises `UsageError` for a source that is not configured or whose provider has no conversations,
    `Unavailable` without a lake or without models.
    """
    provider = _provider(settings, source)
    with open_for_reading(settings) as con:
        try:
            ours = _lake_conversations(con, provider, organization)
        except duckdb.CatalogException:
            raise Unavailable("the models were not built yet; `hirestream stream` builds them") from None
        return reconcile(
            listed, ours, source, _quarantined_words(con, provider), _conversations_of_events(con, provider)
        )


def reconcile(
    listed: Iterable[ExportedConversation],
    ours: Sequence[LakeConversation],
    source: str,
    in_quarantine: frozenset[bytes],
    arrived: frozenset[str] = frozenset(),
) -> ReconcileReport:
    """Compare listed conversations with those of the lake. Pure.

    The last row of a conversation counts. `in_quarantine` are all words of quarantined bodies, `arrived` the
    conversations of all loaded events, also of those after the last build of the models.
    """
    last = {row.conversation_id: row for row in listed}
    known = {each.conversation_id: each for each in ours}
    missing = [
        _missing_conversation(row, in_quarantine, arrived) for name, row in last.items() if name not in known
    ]
    both = [(row, known[name]) for name, row in last.items() if name in known]
    explained: dict[str, int] = {}
    differing = []
    for row, stored in both:
        mapping = OUTCOMES.get(row.status or "")
        if mapping is not None and stored.outcome in mapping.explained:
            explained[mapping.because] = explained.get(mapping.because, 0) + 1
        elif mapping is None or stored.outcome not in mapping.agrees:
            differing.append(_mismatch(row, stored, mapping))
    times = [stored.first_event_at for _, stored in both]
    span = (min(times), max(times)) if times else None
    agree = len(both) - len(differing) - sum(explained.values())
    not_listed = _only_in_lake(ours, last, source, span)
    return ReconcileReport(len(last), agree, explained, tuple(missing), tuple(differing), not_listed, span)


def render(found: ReconcileReport) -> str:
    """Render the comparison as text: the numbers, then missing and differing conversations."""
    lines = [f"{found.listed} conversations in the export: {found.agree} agree"]
    lines += [f"{count} differ and are explained: {why}" for why, count in found.explained.items()]
    for title, rows in (
        ("never became a conversation here", found.missing),
        ("differ", found.differing),
        ("are here, in the time that the export covers, and not in it", found.not_listed),
    ):
        lines += [f"{len(rows)} {title}", *_table_lines(rows)]
    return "\n".join(lines)


def _table_lines(rows: Sequence[MissingConversation | Mismatch | OnlyInLake]) -> list[str]:
    if not rows:
        return []
    names = list(type(rows[0]).__dataclass_fields__)
    cells = [[getattr(row, name) for name in names] for row in rows[:SHOWN]]
    rest = [f"and {len(rows) - SHOWN} more, see --json"] if len(rows) > SHOWN else []
    return [table(names, cells), *rest]


def _missing_conversation(
    row: ExportedConversation, in_quarantine: frozenset[bytes], arrived: frozenset[str]
) -> MissingConversation:
    where = "quarantine" if row.conversation_id.encode() in in_quarantine else "nowhere"
    if row.conversation_id in arrived:
        where = "loaded; the models are behind"
    return MissingConversation(row.conversation_id, row.status, row.line, where)


def _mismatch(row: ExportedConversation, stored: LakeConversation, mapping: StatusMapping | None) -> Mismatch:
    problem = (
        f"expected {' or '.join(sorted(mapping.agrees))}"
        if mapping
        else "no status"
        if row.status is None
        else "a status that is not known"
    )
    return Mismatch(row.conversation_id, row.status or "", row.line, stored.outcome, problem)


def _only_in_lake(
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


def _lake_conversations(
    con: duckdb.DuckDBPyConnection, provider: str, organization: str | None
) -> list[LakeConversation]:
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


def _conversations_of_events(con: duckdb.DuckDBPyConnection, provider: str) -> frozenset[str]:
    """Return the ids of the conversations of all loaded events, from a view; empty without the view."""
    try:
        rows = con.execute(
            "SELECT DISTINCT conversation_id FROM wh.staging.stg_conversation_events WHERE provider = ?",
            [provider],
        ).fetchall()
    except duckdb.CatalogException:
        return frozenset()
    return frozenset(conversation_id for (conversation_id,) in rows)


def _quarantined_words(con: duckdb.DuckDBPyConnection, provider: str) -> frozenset[bytes]:
    """Return every word in quarantined bodies of a provider, which includes conversation ids."""
    rows = con.execute("SELECT body FROM wh.quarantine.records WHERE provider = ?", [provider]).fetchall()
    return frozenset(word for (body,) in rows if body is not None for word in re.findall(rb"[\w.-]+", body))
