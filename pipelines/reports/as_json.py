"""`ReportData` as plain JSON values, for `hirestream report --json`."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from pipelines.reports.data import Answer, Group, Period, ReportData
from pipelines.reports.parts import Change, Parts
from pipelines.warehouse.readers import plain


def report_as_json(data: ReportData) -> dict[str, Any]:
    """The whole report; shares are numbers from 0 to 1 or null, instants and days ISO text."""
    return {
        "as_of": plain(data.as_of),
        "time_zone": data.time_zone,
        "period": _period(data.period),
        "period_before": _period(data.period_before),
        "newest_loaded_at": plain(data.newest_loaded_at),
        "questions": [_answer(answer) for answer in data.answers],
        "funnel": asdict(data.funnel),
        "ledger": {**asdict(data.ledger), "adds_up": data.ledger.adds_up},
        "sources": [plain(asdict(source)) for source in data.sources],
        "data_quality": [asdict(finding) for finding in data.findings],
        "freshness": [plain(asdict(table)) for table in data.freshness],
    }


def _answer(answer: Answer) -> dict[str, Any]:
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
            {"day": plain(day.day), **_parts(day.parts), "week": _parts(day.week)} for day in answer.by_day
        ],
        "by_organization": _groups(answer.by_organization),
        "by_campaign": _groups(answer.by_campaign),
    }


def _parts(parts: Parts) -> dict[str, Any]:
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
