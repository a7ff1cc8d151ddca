"""`ReportData` -> one HTML page that needs nothing else: no script, no font, no picture from anywhere."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipelines.reports import words
from pipelines.reports.charts import NARROW, WIDE, chart, short_date
from pipelines.reports.data import ReportData
from pipelines.reports.listed import top
from pipelines.reports.meanings import meanings
from pipelines.reports.parts import total
from pipelines.reports.questions import reason_in_words, remark_in_words

_FILTERS = {
    "amount": words.amount,
    "arrow": words.arrow,
    "band": words.band,
    "duration": words.duration,
    "event": words.event,
    "finding": words.finding,
    "integer": words.integer,
    "reason": reason_in_words,
    "remark": remark_in_words,
    "score_group": words.score_group,
    "share": words.share,
    "short_date": short_date,
    "trend": words.trend,
    "period": words.period,
    "points": words.points,
    "top": top,
    "whole": total,
}


def render(data: ReportData) -> str:
    """The whole page; the same data gives the same bytes. Every text in it is escaped."""
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
    environment.globals.update(moment=words.moment, noun=words.noun)
    return environment
