"""`ReportData` -> one HTML page that needs nothing else: no script, no font, no picture from anywhere."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipelines.reports import words
from pipelines.reports.charts import NARROW, WIDE, chart, short_date
from pipelines.reports.data import ReportData
from pipelines.reports.questions import reason_in_words, remark_in_words

_FILTERS = {
    "duration": words.duration,
    "finding": words.finding,
    "integer": words.integer,
    "reason": reason_in_words,
    "remark": remark_in_words,
    "share": words.share,
    "short_date": short_date,
    "trend": words.trend,
    "period": words.period,
    "points": words.points,
}


def render(data: ReportData) -> str:
    """The whole page; the same data gives the same bytes. Every text in it is escaped."""
    charts = {
        answer.question.key: [chart(answer.by_day, size) for size in (WIDE, NARROW)]
        for answer in data.answers
    }
    return _environment().get_template("report.html.j2").render(data=data, charts=charts)


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
    environment.globals.update(moment=words.moment, noun=words.noun)
    return environment
