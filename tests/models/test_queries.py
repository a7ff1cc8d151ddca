"""Every query of the documents runs; docs/queries.md has a section for every mart.

Those of docs/queries.md run on the published file too.
"""

import re
from collections.abc import Iterator

import duckdb
import pytest

from pipelines.serving.lake_reader import open_for_reading
from pipelines.serving.lake_reader import query as run_query
from pipelines.serving.mart_catalog import COUNTED, CatalogMart
from pipelines.serving.published_file import PublishedFileWriter
from receiver.settings import PROJECT
from tests.support.models.small_lake import SmallLake

TEXT = (PROJECT / "docs" / "queries.md").read_text("utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")])
COMMANDS = [
    pytest.param(sql, id=f"{page.name}-{number}")
    for page in PAGES
    for number, sql in enumerate(
        re.findall(r'^hirestream query "(.*?)"$', page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    )
]
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE))
PLACES = ("lake", "published")


@pytest.fixture(scope="module")
def places(traps: SmallLake) -> Iterator[dict[str, duckdb.DuckDBPyConnection]]:
    PublishedFileWriter(traps.settings).publish_if_due(now=True)
    opened = {
        "lake": open_for_reading(traps.settings),
        "published": duckdb.connect(traps.settings.published, read_only=True),
    }
    yield opened
    for con in opened.values():
        con.close()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_every_query_runs(places: dict[str, duckdb.DuckDBPyConnection], place: str, query: str) -> None:
    found = places[place].execute(query)
    assert found.description
    rows = found.fetchall()
    assert rows or "current_date" in query, "an example that shows nothing"


@pytest.mark.parametrize("sql", COMMANDS)
def test_every_query_command_gives_rows(traps: SmallLake, sql: str) -> None:
    assert run_query(traps.settings, sql).rows


def test_the_queries_of_the_readme_are_found() -> None:
    assert len([command for command in COMMANDS if str(command.id).startswith("README.md")]) == 2


def test_every_mart_has_a_section_with_a_query_of_it(places: dict[str, duckdb.DuckDBPyConnection]) -> None:
    marts = places["lake"].execute(
        "SELECT view_name FROM duckdb_views() WHERE database_name = 'wh' AND schema_name = 'marts'"
    )
    named = {mart: text for title, text in SECTIONS.items() for mart in title.split(", ")}
    assert set(named) - {"Macros", "Words"} == {name for (name,) in marts.fetchall()}
    for title, text in SECTIONS.items():
        assert title in ("Macros", "Words") or any(f"marts.{mart}" in text for mart in title.split(", ")), (
            title
        )


@pytest.mark.parametrize("counted", COUNTED, ids=lambda counted: counted.name)
def test_every_macro_is_named_and_shown(counted: CatalogMart) -> None:
    (section,) = (text for title, text in SECTIONS.items() if title.split(", ")[0] in counted.marts_by_name())
    assert f"FROM {counted.name}(" in section
    assert f"`{counted.name}`" in SECTIONS["Macros"]
