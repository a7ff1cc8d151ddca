"""Value classes with the content of a report; independent of database, clock and page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from pipelines.reports.detail_data import Details
from pipelines.reports.headline_metrics import HeadlineMetric
from pipelines.reports.rates import Change, RateCounts


@dataclass(frozen=True, slots=True)
class Period:
    """Calendar days from `first` to `last`, both inclusive."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """Number of days in the period."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Day:
    """Counts of a headline metric on one day, and over the seven days that end with it."""

    day: date
    parts: RateCounts
    week: RateCounts


@dataclass(frozen=True, slots=True)
class Group:
    """Counts of a headline metric for one organization, or for one of its campaigns.

    `campaign` is None in a table by organization, and empty for entities without a campaign. `others` is the
    number of groups that the last row of a shortened table sums, else 0.
    """

    organization: str | None
    campaign: str | None
    parts: RateCounts
    others: int = 0


@dataclass(frozen=True, slots=True)
class MetricReport:
    """Figures of one question: the period, the period before, all days; by day, organization and campaign.

    `remarks` has counts of notable members within the denominator or the open ones, by column of the mart.
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
    """Number of conversations started in a period that reached each step; steps are counted independently."""

    started: int
    decided: int
    passed: int
    booked: int
    held: int


@dataclass(frozen=True, slots=True)
class LedgerSummary:
    """Number of accepted deliveries and of each outcome, over all days."""

    accepted: int
    loaded: int
    duplicate: int
    quarantined: int

    @property
    def adds_up(self) -> bool:
        """Return whether the three outcomes add up to the accepted deliveries."""
        return self.accepted == self.loaded + self.duplicate + self.quarantined


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """Deliveries of one source, the time of the last one, and quantiles of the delay from event to receipt.

    `error_share` is the share of deliveries that could not be decoded. `usual_gap_seconds` is the 99th
    percentile of the pauses between deliveries in the last 30 days, None below 20 pauses.
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
        """Return whether the source is silent for longer than its usual gap; None with too little history."""
        return None if self.usual_gap_seconds is None else self.silence_seconds > self.usual_gap_seconds


@dataclass(frozen=True, slots=True)
class DataQualityFinding:
    """Kind of data quality finding, the entity it is about, and its count; kinds are those of the mart."""

    kind: str
    entity: str
    count: int


@dataclass(frozen=True, slots=True)
class Freshness:
    """Row count of one table of the lake and the load time (UTC) of its newest row."""

    table: str
    newest_loaded_at: datetime | None
    rows: int


@dataclass(frozen=True, slots=True)
class ReportData:
    """Content of one report, read at one snapshot of the lake. Days are days of `time_zone`."""

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
        """Load time of the newest row of all tables; None in an empty lake."""
        return max((f.newest_loaded_at for f in self.freshness if f.newest_loaded_at), default=None)
