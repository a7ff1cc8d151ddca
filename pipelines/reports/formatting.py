"""Formatting of numbers, times and findings for the report page."""

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
    """Format an integer with a thin space between thousands."""
    return f"{value:,}".replace(",", "\u202f")


def share(value: float | None) -> str:
    """Format a share in per cent with singular decimal; a dash for None."""
    return "–" if value is None else f"{value * 100:.1f}\u00a0%"


def points(value: float) -> str:
    """Format a difference of shares as signed percentage points."""
    return f"{value * 100:+.1f}".replace("-", "−")


def trend(change: Change | None) -> str:
    """Describe the change of a rate since the period before, such as `▲ Up +2.1 points`."""
    if change is None:
        return "Nothing to compare with"
    direction = {"rise": "▲ Up", "fall": "▼ Down", "no clear change": "≈ No clear change:"}[change.verdict]
    return f"{direction} {points(change.difference)} points"


def noun(entity: str, count: int) -> str:
    """Return the name of an entity, singular for a count of 1, else plural."""
    singular, plural = _NOUNS.get(entity, (entity, entity + "s"))
    return singular if count == 1 else plural


def finding(value: DataQualityFinding) -> str:
    """Describe a data quality finding without its count; a kind without a text gives its name with spaces."""
    return _FINDINGS.get(value.kind, value.kind.replace("_", " "))


def moment(instant: datetime, time_zone: str) -> str:
    """Format an instant as date, hour and minute in an IANA time zone."""
    return instant.astimezone(ZoneInfo(time_zone)).strftime("%Y-%m-%d %H:%M")


def period(value: Period) -> str:
    """Format a period such as `3 Oct – 1 Nov 2026`."""
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
    """Return the label of a band column of a mart, such as `1 to 3 days`, or `0–19` for scores."""
    return _BANDS.get(column, column.removeprefix("band_").replace("_", "–"))


def event(name: str) -> str:
    """Return the text of a missing event; an event without a text gives its name with spaces."""
    return _EVENTS.get(name, name.replace("_", " "))


def score_group(name: str) -> str:
    """Return the title of a group of scores, such as `Passed screening`."""
    return _GROUPS.get(name, name)


def arrow(change: Change | None) -> str:
    """Format a change for a table cell, such as `▲ +2.1`; a dash when there is none to compare with."""
    if change is None:
        return "–"
    sign = {"rise": "▲", "fall": "▼", "no clear change": "≈"}[change.verdict]
    return f"{sign} {points(change.difference)}"


def amount(value: float | None) -> str:
    """Format a sum of amounts without a unit, at most two decimals; a dash for None."""
    return "–" if value is None else f"{value:,.2f}".removesuffix(".00").replace(",", "\u202f")


def duration(seconds: float | None) -> str:
    """Format seconds in days, hours, minutes or seconds: the largest unit of which there are at least 2.

    None gives a dash.
    """
    if seconds is None:
        return "–"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= 2 * size:
            return f"{_two_digits(seconds / size)}\u00a0{unit}"
    return f"{_two_digits(seconds)}\u00a0s"


def _two_digits(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if abs(value) < 9.95 else f"{value:.0f}"
