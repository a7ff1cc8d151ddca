"""Rendering of `ReportData` as one self-contained HTML page: no scripts, fonts or images are loaded."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipelines.reports import formatting
from pipelines.reports.chart_geometry import NARROW, WIDE, chart, short_date
from pipelines.reports.glossary import meanings
from pipelines.reports.headline_metrics import reason_in_words, remark_in_words
from pipelines.reports.ranked_rates import top
from pipelines.reports.rates import total
from pipelines.reports.report_data import ReportData

_FILTERS = {
    "amount": formatting.amount,
    "arrow": formatting.arrow,
    "band": formatting.band,
    "duration": formatting.duration,
    "event": formatting.event,
    "finding": formatting.finding,
    "integer": formatting.integer,
    "reason": reason_in_words,
    "remark": remark_in_words,
    "score_group": formatting.score_group,
    "share": formatting.share,
    "short_date": short_date,
    "trend": formatting.trend,
    "period": formatting.period,
    "points": formatting.points,
    "top": top,
    "whole": total,
}


def render(data: ReportData) -> str:
    """Render the report as HTML. The same data gives the same bytes; every text is escaped."""
    charts = {
        answer.question.key: [chart(answer.by_day, size) for size in (WIDE, NARROW)]
        for answer in data.answers
    }
    template = _environment().get_template("report.html.j2")
    return template.render(data=data, charts=charts, chapters=meanings())


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipelines.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(_FILTERS)
    environment.globals.update(moment=formatting.moment, noun=formatting.noun)
    return environment
