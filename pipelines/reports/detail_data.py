"""Value classes of the details of a report: secondary metrics, durations, scores, lists and totals."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.reports.rates import Change, RateCounts
from pipelines.reports.secondary_metrics import Metric


@dataclass(frozen=True, slots=True)
class SecondaryMetric:
    """Secondary metric over the period and over the period before.

    `remarks` has counts by column of the mart, as in `MetricReport`.
    """

    metric: Metric
    parts: RateCounts
    before: RateCounts
    change: Change | None
    remarks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Members of a population by state: measured, still open, or excluded; `excluded` is count by reason."""

    measured: int
    open: int
    excluded: Mapping[str, int]

    @property
    def population(self) -> int:
        """Number of all members: measured, open and excluded."""
        return self.measured + self.open + sum(self.excluded.values())


@dataclass(frozen=True, slots=True)
class Duration:
    """Distribution of a duration over the measured members.

    `bands` has the count of members by band of the mart; bands are disjoint, shortest first.
    """

    cases: Coverage
    median_seconds: float | None
    p90_seconds: float | None
    bands: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RankedRate:
    """One line of a list of rates, such as the pass rate of one screening question.

    `tag` is "mandatory" or "optional" for a requirement, else None. `others` is the number of lines that the
    last line of a shortened list sums, else 0.
    """

    label: str | None
    parts: RateCounts
    tag: str | None = None
    others: int = 0


@dataclass(frozen=True, slots=True)
class Scores:
    """Distribution of scores in one group of candidates; only scores from 0 to 100 are measured.

    `bands` has the count of scores by band of the mart, lowest first.
    """

    group: str
    cases: Coverage
    mean: float | None
    bands: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Nudges:
    """Number of nudge sequences with the same number of reminders; `nudges_sent` is None where unknown."""

    is_interviewer: bool
    nudges_sent: int | None
    sequences: int


@dataclass(frozen=True, slots=True)
class FailingNode:
    """Failed runs of one workflow version, grouped by the last node that completed before the failure.

    A field is None where the events do not contain it.
    """

    workflow: str | None
    version: str | None
    node: str | None
    outcome: str | None
    failed_runs: int


@dataclass(frozen=True, slots=True)
class OpenRuns:
    """Workflow runs of one organization that have not ended, over all days, and how many are stuck."""

    organization: str | None
    open: int
    stuck: int


@dataclass(frozen=True, slots=True)
class Reviews:
    """Requests for human review with one reason, and the seconds until the next event of the conversation.

    `followed` counts the requests after which another event came.
    """

    reason: str
    reviews: int
    conversations: int
    followed: int
    median_seconds: float | None
    p90_seconds: float | None


@dataclass(frozen=True, slots=True)
class PaymentTotals:
    """Payments of one provider, status and currency; `amount_sum` is in the unit that the provider sends."""

    provider: str
    status: str
    currency: str | None
    payments: int
    amount_sum: float | None


@dataclass(frozen=True, slots=True)
class MissingEvent:
    """Number of entities for which an event never arrived although later events prove that it happened."""

    entity: str
    missing_event: str
    count: int


@dataclass(frozen=True, slots=True)
class Details:
    """Details of a report beyond the four headline metrics.

    `open_runs` covers all days, everything else the period.
    """

    further: tuple[SecondaryMetric, ...]
    time_to_schedule: Duration
    queue_time: Duration
    questions: tuple[RankedRate, ...]
    requirements: tuple[RankedRate, ...]
    cv_analyses: RateCounts
    scores: tuple[Scores, ...]
    nudges: tuple[Nudges, ...]
    failing_nodes: tuple[FailingNode, ...]
    open_runs: tuple[OpenRuns, ...]
    contacts: tuple[RankedRate, ...]
    reviews: tuple[Reviews, ...]
    payments: tuple[PaymentTotals, ...]
    missing: tuple[MissingEvent, ...]

    def further_of(self, question: str) -> tuple[SecondaryMetric, ...]:
        """Return the secondary metrics of the question with this key."""
        return tuple(found for found in self.further if found.metric.question == question)
