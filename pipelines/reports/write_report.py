"""Writing of the report page: one file for the day and `latest.html`, each replaced atomically."""

from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.reports.html_page import render
from pipelines.reports.load_report import read_report
from pipelines.settings import Settings
from receiver.atomic_files import atomic_write

LATEST = "latest.html"


def write_report(settings: Settings, con: duckdb.DuckDBPyConnection, as_of: datetime) -> Path:
    """Write `<day>.html` and `latest.html` into the folder `settings.reports`; returns the path of the first.

    Raises `Unavailable` when the marts are not built yet, `OSError` when a file cannot be written. A page
    that exists is then unchanged.
    """
    data = read_report(con, as_of, settings.report.time_zone)
    page = render(data).encode()
    settings.reports.mkdir(parents=True, exist_ok=True)
    dated = settings.reports / f"{data.period.last.isoformat()}.html"
    for target in (dated, settings.reports / LATEST):
        atomic_write(target, page)
    return dated
