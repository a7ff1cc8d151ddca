"""Details of a report next to its rates, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.reports.rates import Change, RateCounts
from pipelines.reports.secondary_metrics import Metric


@dataclass(frozen=True, slots=True)
class SecondaryMetric:
    """A further metric over the period and against the period before; `remarks` as in an `Answer`."""

    metric: Metric
    parts: RateCounts
    before: RateCounts
    change: Change | None
    remarks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage of a population: measured, still open, or left out by reason. The parts add up."""

    measured: int
    open: int
    excluded: Mapping[str, int]

    @property
    def population(self) -> int:
        """All of them."""
        return self.measured + self.open + sum(self.excluded.values())


@dataclass(frozen=True, slots=True)
class Duration:
    """Distribution of a duration over the measured members. `bands` are disjoint counts, shortest first."""

    cases: Coverage
    median_seconds: float | None
    p90_seconds: float | None
    bands: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RankedRate:
    """One line of a list of rates. `others` is how many lines a last one holds together.

    `tag` is a further mark: whether a requirement is mandatory, else None.
    """

    label: str | None
    parts: RateCounts
    tag: str | None = None
    others: int = 0


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of one group; measured are those from 0 to 100. `bands` count them, lowest first."""

    group: str
    cases: Coverage
    mean: float | None
    bands: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Nudges:
    """Number of nudge sequences by reminders sent; None where the number is unknown."""

    is_interviewer: bool
    nudges_sent: int | None
    sequences: int


@dataclass(frozen=True, slots=True)
class FailingNode:
    """The last step before failures, in one version of a workflow; None where none is known."""

    workflow: str | None
    version: str | None
    node: str | None
    outcome: str | None
    failed_runs: int


@dataclass(frozen=True, slots=True)
class OpenRuns:
    """Runs of one organization that have not ended, over all days, and how many of them are stuck."""

    organization: str | None
    open: int
    stuck: int


@dataclass(frozen=True, slots=True)
class Reviews:
    """Needs for review of one reason, and seconds to the next event of those that had one."""

    reason: str
    reviews: int
    conversations: int
    followed: int
    median_seconds: float | None
    p90_seconds: float | None


@dataclass(frozen=True, slots=True)
class PaymentTotals:
    """Payments of one provider, status and currency; the sum in the unit as sent, if there is one."""

    provider: str
    status: str
    currency: str | None
    payments: int
    amount_sum: float | None


@dataclass(frozen=True, slots=True)
class MissingEvent:
    """Events that must have happened and never arrived."""

    entity: str
    missing_event: str
    count: int


@dataclass(frozen=True, slots=True)
class Details:
    """Everything next to the four questions' own rates. All of the period but `open_runs`."""

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
        """Those of one question, by its key."""
        return tuple(found for found in self.further if found.metric.question == question)
