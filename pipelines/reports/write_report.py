"""Reports as files: the day's own and the latest, each replaced as a whole."""

from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.reports.html_page import render
from pipelines.reports.load_report import read_report
from pipelines.settings import Settings
from receiver.atomic_files import atomic_write

LATEST = "latest.html"


def write_report(settings: Settings, con: duckdb.DuckDBPyConnection, as_of: datetime) -> Path:
    """Write `<day>.html` and `latest.html` below `settings.reports`; returns the first.

    Raises `Unavailable` where the marts were not built yet, `OSError` where nothing can be written; a page
    that was there before is then still whole.
    """
    data = read_report(con, as_of, settings.report.time_zone)
    page = render(data).encode()
    settings.reports.mkdir(parents=True, exist_ok=True)
    dated = settings.reports / f"{data.period.last.isoformat()}.html"
    for target in (dated, settings.reports / LATEST):
        atomic_write(target, page)
    return dated
