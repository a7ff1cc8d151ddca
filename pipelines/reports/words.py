"""Numbers, times and findings as a reader sees them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from pipelines.reports.charts import short_date
from pipelines.reports.data import Finding, Period
from pipelines.reports.parts import Change

_FINDINGS = {
    "started_inferred": "known only by later events; counted, the start is inferred",
    "implied_missing": "known only by a later change; counted, the first event never came",
    "link_inferred": "linked to the only live booking of the conversation",
    "two_terminal_events": "reported two ends; the earlier one counts",
    "negative_duration": "with an end before the start; counted in the rates",
    "body_differs": "came again under the same event id with another body; the first one counts",
    "quarantined": "could not be read; kept in quarantine with bytes and reasons",
    "test_event": "sent as a test by the provider; left out",
    "foreign_event": "of an organization that the source does not list; left out",
}
_NOUNS = {
    "delivery": ("delivery", "deliveries"),
    "workflow_run": ("workflow run", "workflow runs"),
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
    """What became of a rate since the period before, in words."""
    if change is None:
        return "Nothing to compare with"
    says = {"rise": "▲ Up", "fall": "▼ Down", "no clear change": "≈ No clear change:"}[change.verdict]
    return f"{says} {points(change.difference)} points"


def noun(entity: str, count: int) -> str:
    """An entity's name in the number that fits."""
    one, many = _NOUNS.get(entity, (entity, entity + "s"))
    return one if count == 1 else many


def finding(value: Finding) -> str:
    """What a finding says after its count; a kind nobody described reads as its own name."""
    return _FINDINGS.get(value.kind, value.kind.replace("_", " "))


def moment(instant: datetime, time_zone: str) -> str:
    """Date and minute in the zone."""
    return instant.astimezone(ZoneInfo(time_zone)).strftime("%Y-%m-%d %H:%M")


def period(value: Period) -> str:
    """Such as `3 Oct – 1 Nov 2026`."""
    return f"{short_date(value.first)} – {short_date(value.last)} {value.last.year}"


def duration(seconds: float | None) -> str:
    """A length of time in the largest unit that keeps two digits; a dash where there is none."""
    if seconds is None:
        return "–"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:.0f}\u00a0{unit}"
    return f"{seconds:.1f}\u00a0s" if abs(seconds) < 10 else f"{seconds:.0f}\u00a0s"
