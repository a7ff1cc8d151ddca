"""Content of a report, as plain values without database, clock or page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from pipelines.reports.detail_data import Details
from pipelines.reports.headline_metrics import HeadlineMetric
from pipelines.reports.rates import Change, RateCounts


@dataclass(frozen=True, slots=True)
class Period:
    """Calendar days from `first` to `last`, both within."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a question, and the seven days that end with it."""

    day: date
    parts: RateCounts
    week: RateCounts


@dataclass(frozen=True, slots=True)
class Group:
    """A question for one organization, or for one of its campaigns.

    `campaign` is None in a table by organization and empty where there is none. `others` is how many groups a
    last row holds together, 0 for a row of its own.
    """

    organization: str | None
    campaign: str | None
    parts: RateCounts
    others: int = 0


@dataclass(frozen=True, slots=True)
class MetricReport:
    """One question over the period, against the period before, over all days, and cut three ways.

    `remarks` counts what needs a word of its own within the denominator or the open ones, by column.
    """

    question: HeadlineMetric
    parts: RateCounts
    before: RateCounts
    change: Change | None
    remarks: Mapping[str, int]
    all_days: RateCounts
    by_day: tuple[Day, ...]
    by_organization: tuple[Group, ...]
    by_campaign: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Funnel:
    """Conversations that started in the period and how far they came; each is a count of its own."""

    started: int
    decided: int
    passed: int
    booked: int
    held: int


@dataclass(frozen=True, slots=True)
class LedgerSummary:
    """Accepted deliveries by what became of them, over all days."""

    accepted: int
    loaded: int
    duplicate: int
    quarantined: int

    @property
    def adds_up(self) -> bool:
        """Return whether every accepted delivery is accounted for."""
        return self.accepted == self.loaded + self.duplicate + self.quarantined


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One sender: its deliveries, its last one, and seconds from happening to being received.

    `error_share` is what could not be read; `usual_gap_seconds` is what 99 of 100 of its pauses stay under.
    """

    source: str
    provider: str
    ledger: LedgerSummary
    last_received_at: datetime
    delay_p50_seconds: float | None
    delay_p95_seconds: float | None
    error_share: float | None
    silence_seconds: float
    usual_gap_seconds: float | None

    @property
    def is_silent(self) -> bool | None:
        """Return whether nothing came for longer than usual; None with too little history."""
        return None if self.usual_gap_seconds is None else self.silence_seconds > self.usual_gap_seconds


@dataclass(frozen=True, slots=True)
class DataQualityFinding:
    """A kind of finding about the data and how often it was made; the kinds are those of the mart."""

    kind: str
    entity: str
    count: int


@dataclass(frozen=True, slots=True)
class Freshness:
    """One table of the lake: its newest row and how many."""

    table: str
    newest_loaded_at: datetime | None
    rows: int


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything on the page, as one moment saw it. Days are days of `time_zone`."""

    as_of: datetime
    time_zone: str
    period: Period
    period_before: Period
    answers: tuple[MetricReport, ...]
    details: Details
    funnel: Funnel
    ledger: LedgerSummary
    sources: tuple[SourceHealth, ...]
    findings: tuple[DataQualityFinding, ...]
    freshness: tuple[Freshness, ...]

    @property
    def newest_loaded_at(self) -> datetime | None:
        """Load time of the newest row of any table; None in an empty lake."""
        return max((f.newest_loaded_at for f in self.freshness if f.newest_loaded_at), default=None)
