"""`ReportData` as plain JSON values, for `hirestream report --json`."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

from pipelines.host.values import to_json_value
from pipelines.reports.detail_data import Coverage, SecondaryMetric
from pipelines.reports.glossary import meanings
from pipelines.reports.rates import Change, RateCounts
from pipelines.reports.report_data import Group, MetricReport, Period, ReportData


def report_as_json(data: ReportData) -> dict[str, Any]:
    """The whole report; shares are numbers from 0 to 1 or null, instants and days ISO text."""
    return {
        "as_of": to_json_value(data.as_of),
        "time_zone": data.time_zone,
        "period": _period(data.period),
        "period_before": _period(data.period_before),
        "newest_loaded_at": to_json_value(data.newest_loaded_at),
        "questions": [_answer(answer) for answer in data.answers],
        "details": _value(data.details),
        "funnel": asdict(data.funnel),
        "ledger": {**asdict(data.ledger), "adds_up": data.ledger.adds_up},
        "sources": [
            {**to_json_value(asdict(source)), "is_silent": source.is_silent} for source in data.sources
        ],
        "data_quality": [asdict(finding) for finding in data.findings],
        "freshness": [to_json_value(asdict(table)) for table in data.freshness],
        "meanings": [asdict(chapter) for chapter in meanings()],
    }


def _value(value: Any) -> Any:
    """A value of the details: parts and changes as in an answer, everything else by its field names."""
    for kind, convert in _CONVERTED:
        if isinstance(value, kind):
            return convert(value)
    if is_dataclass(value):
        return {field.name: _value(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _value(item) for key, item in value.items()}
    return [_value(item) for item in value] if isinstance(value, tuple) else to_json_value(value)


def _further(further: SecondaryMetric) -> dict[str, Any]:
    metric = further.metric
    return {
        "question": metric.question,
        "mart": metric.mart,
        "metric": metric.metric,
        "definition": metric.meaning,
        **_parts(further.parts),
        "remarks": dict(further.remarks),
        "before": _parts(further.before),
        "change": _change(further.change),
    }


def _measured(cases: Coverage) -> dict[str, Any]:
    return {"population": cases.population, **asdict(cases)}


def _answer(answer: MetricReport) -> dict[str, Any]:
    question = answer.question
    return {
        "question": question.key,
        "mart": question.mart,
        "metric": question.metric,
        "definition": question.definition,
        **_parts(answer.parts),
        "remarks": dict(answer.remarks),
        "before": _parts(answer.before),
        "change": _change(answer.change),
        "all_days": _parts(answer.all_days),
        "by_day": [
            {"day": to_json_value(day.day), **_parts(day.parts), "week": _parts(day.week)}
            for day in answer.by_day
        ],
        "by_organization": _groups(answer.by_organization),
        "by_campaign": _groups(answer.by_campaign),
    }


def _parts(parts: RateCounts) -> dict[str, Any]:
    interval = parts.interval
    return {
        "population": parts.population,
        "numerator": parts.numerator,
        "denominator": parts.denominator,
        "open": parts.open,
        "excluded": dict(parts.excluded),
        "rate": parts.rate,
        "wilson_low": interval.low if interval else None,
        "wilson_high": interval.high if interval else None,
    }


def _groups(groups: Iterable[Group]) -> list[dict[str, Any]]:
    return [
        {
            "organization_id": group.organization,
            "campaign_id": group.campaign,
            "others": group.others,
            **_parts(group.parts),
        }
        for group in groups
    ]


def _change(change: Change | None) -> dict[str, Any] | None:
    if change is None:
        return None
    low, high = change.interval.low, change.interval.high
    return {"difference": change.difference, "low": low, "high": high, "verdict": change.verdict}


def _period(period: Period) -> dict[str, str]:
    return {"first": period.first.isoformat(), "last": period.last.isoformat()}


_CONVERTED: tuple[tuple[type, Any], ...] = (
    (RateCounts, _parts),
    (SecondaryMetric, _further),
    (Coverage, _measured),
)
