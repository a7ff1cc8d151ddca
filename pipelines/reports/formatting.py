"""Numbers, times and findings as a reader sees them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from pipelines.reports.chart_geometry import short_date
from pipelines.reports.rates import Change
from pipelines.reports.report_data import DataQualityFinding, Period

_FINDINGS = {
    "started_inferred": "known only by later events; counted, the start is inferred",
    "implied_missing": "known only by a later change; counted, the first event never came",
    "link_inferred": "linked to the only live booking of the conversation",
    "two_terminal_events": "reported two ends; the earlier one counts",
    "negative_duration": "with an end before the start; counted in the rates, in no duration",
    "body_differs": "came again under the same event id with another body; the first one counts",
    "quarantined": "could not be read; kept in quarantine with bytes and reasons",
    "test_event": "sent as a test by the provider; left out",
    "foreign_event": "of an organization that the source does not list; left out",
    "unknown_field": "with a field that no contract names; kept next to it",
    "unknown_value": "of a kind that no document of the provider has; counted as sent",
    "implausible_time": "with a time before 2000, or more than a day after it was received; in no duration",
    "meeting_ends_before_start": "with an end before the start; the meeting counts, its length does not",
}
_NOUNS = {
    "delivery": ("delivery", "deliveries"),
    "workflow_run": ("workflow run", "workflow runs"),
    "conversation_status": ("conversation status", "conversation statuses"),
    "needs_review_reason": ("reason for review", "reasons for review"),
    "question_outcome": ("outcome of a question", "outcomes of questions"),
    "campaign_type": ("type of campaign", "types of campaign"),
    "event_type": ("type of event", "types of event"),
}


def integer(value: int) -> str:
    """With a thin space between thousands."""
    return f"{value:,}".replace(",", "\u202f")


def share(value: float | None) -> str:
    """A share in per cent with one decimal; a dash where there is none."""
    return "–" if value is None else f"{value * 100:.1f}\u00a0%"


def points(value: float) -> str:
    """A difference of shares in percentage points, signed."""
    return f"{value * 100:+.1f}".replace("-", "−")


def trend(change: Change | None) -> str:
    """Change of a rate since the period before, in words."""
    if change is None:
        return "Nothing to compare with"
    says = {"rise": "▲ Up", "fall": "▼ Down", "no clear change": "≈ No clear change:"}[change.verdict]
    return f"{says} {points(change.difference)} points"


def noun(entity: str, count: int) -> str:
    """An entity's name in the number that fits."""
    one, many = _NOUNS.get(entity, (entity, entity + "s"))
    return one if count == 1 else many


def finding(value: DataQualityFinding) -> str:
    """Text of a finding after its count; an undescribed kind reads as its own name."""
    return _FINDINGS.get(value.kind, value.kind.replace("_", " "))


def moment(instant: datetime, time_zone: str) -> str:
    """Date and minute in the zone."""
    return instant.astimezone(ZoneInfo(time_zone)).strftime("%Y-%m-%d %H:%M")


def period(value: Period) -> str:
    """Such as `3 Oct – 1 Nov 2026`."""
    return f"{short_date(value.first)} – {short_date(value.last)} {value.last.year}"


_BANDS = {
    "within_1_hour": "up to 1 hour",
    "within_1_day": "1 hour to 1 day",
    "within_3_days": "1 to 3 days",
    "within_7_days": "3 to 7 days",
    "later": "more than 7 days",
}
_EVENTS = {
    "conversation_started": "start",
    "calendar_meeting_scheduled": "first event",
    "book": "first event",
    "workflow_run_started": "start",
}
_GROUPS = {"passed": "Passed screening", "failed": "Failed screening", "cv_analysis": "CVs analysed"}


def band(column: str) -> str:
    """A band of a mart: of time by its words, of scores such as `0–19`."""
    return _BANDS.get(column, column.removeprefix("band_").replace("_", "–"))


def event(name: str) -> str:
    """An event that is missing; one that nobody described reads as its own name."""
    return _EVENTS.get(name, name.replace("_", " "))


def score_group(name: str) -> str:
    """Group of the scores."""
    return _GROUPS.get(name, name)


def arrow(change: Change | None) -> str:
    """A change in the room of a table cell; a dash where there is nothing to compare with."""
    if change is None:
        return "–"
    sign = {"rise": "▲", "fall": "▼", "no clear change": "≈"}[change.verdict]
    return f"{sign} {points(change.difference)}"


def amount(value: float | None) -> str:
    """A sum as sent, without a unit; a dash where there is none."""
    return "–" if value is None else f"{value:,.2f}".removesuffix(".00").replace(",", "\u202f")


def duration(seconds: float | None) -> str:
    """A length of time in the largest unit that keeps two digits; a dash where there is none."""
    if seconds is None:
        return "–"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= 2 * size:
            return f"{_two_digits(seconds / size)}\u00a0{unit}"
    return f"{_two_digits(seconds)}\u00a0s"


def _two_digits(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if abs(value) < 9.95 else f"{value:.0f}"
