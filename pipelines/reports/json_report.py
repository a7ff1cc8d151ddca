"""Conversion of `ReportData` to plain JSON values, for `hirestream report --json`."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Any

from pipelines.host.values import to_json_value
from pipelines.reports.detail_data import Coverage, SecondaryMetric
from pipelines.reports.glossary import meanings
from pipelines.reports.rates import Change, RateCounts
from pipelines.reports.report_data import Group, MetricReport, Period, ReportData


def report_as_json(data: ReportData) -> dict[str, Any]:
    """Convert a report to JSON values; shares are numbers from 0 to 1 or null, times and days ISO text."""
    return {
        "as_of": to_json_value(data.as_of),
        "time_zone": data.time_zone,
        "period": _period_json(data.period),
        "period_before": _period_json(data.period_before),
        "newest_loaded_at": to_json_value(data.newest_loaded_at),
        "questions": [_answer_json(answer) for answer in data.answers],
        "details": _to_json(data.details),
        "funnel": asdict(data.funnel),
        "ledger": {**asdict(data.ledger), "adds_up": data.ledger.adds_up},
        "sources": [
            {**to_json_value(asdict(source)), "is_silent": source.is_silent} for source in data.sources
        ],
        "data_quality": [asdict(finding) for finding in data.findings],
        "freshness": [to_json_value(asdict(table)) for table in data.freshness],
        "meanings": [asdict(chapter) for chapter in meanings()],
    }


def _to_json(value: Any) -> Any:
    """Convert a value of `Details` to JSON: by a function of `_CONVERTERS`, else by its field names."""
    for kind, convert in _CONVERTERS:
        if isinstance(value, kind):
            return convert(value)
    if is_dataclass(value):
        return {field.name: _to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _to_json(item) for key, item in value.items()}
    return [_to_json(item) for item in value] if isinstance(value, tuple) else to_json_value(value)


def _metric_json(further: SecondaryMetric) -> dict[str, Any]:
    metric = further.metric
    return {
        "question": metric.question,
        "mart": metric.mart,
        "metric": metric.metric,
        "definition": metric.meaning,
        **_counts_json(further.parts),
        "remarks": dict(further.remarks),
        "before": _counts_json(further.before),
        "change": _change_json(further.change),
    }


def _coverage_json(cases: Coverage) -> dict[str, Any]:
    return {"population": cases.population, **asdict(cases)}


def _answer_json(answer: MetricReport) -> dict[str, Any]:
    question = answer.question
    return {
        "question": question.key,
        "mart": question.mart,
        "metric": question.metric,
        "definition": question.definition,
        **_counts_json(answer.parts),
        "remarks": dict(answer.remarks),
        "before": _counts_json(answer.before),
        "change": _change_json(answer.change),
        "all_days": _counts_json(answer.all_days),
        "by_day": [
            {"day": to_json_value(day.day), **_counts_json(day.parts), "week": _counts_json(day.week)}
            for day in answer.by_day
        ],
        "by_organization": _groups_json(answer.by_organization),
        "by_campaign": _groups_json(answer.by_campaign),
    }


def _counts_json(parts: RateCounts) -> dict[str, Any]:
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


def _groups_json(groups: Iterable[Group]) -> list[dict[str, Any]]:
    return [
        {
            "organization_id": group.organization,
            "campaign_id": group.campaign,
            "others": group.others,
            **_counts_json(group.parts),
        }
        for group in groups
    ]


def _change_json(change: Change | None) -> dict[str, Any] | None:
    if change is None:
        return None
    low, high = change.interval.low, change.interval.high
    return {"difference": change.difference, "low": low, "high": high, "verdict": change.verdict}


def _period_json(period: Period) -> dict[str, str]:
    return {"first": period.first.isoformat(), "last": period.last.isoformat()}


_CONVERTERS: tuple[tuple[type, Any], ...] = (
    (RateCounts, _counts_json),
    (SecondaryMetric, _metric_json),
    (Coverage, _coverage_json),
)
