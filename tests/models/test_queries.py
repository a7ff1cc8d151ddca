"""docs/queries.md has a section for every mart, and every query runs on the lake and the published file."""

import re
from collections.abc import Iterator

import duckdb
import pytest

from pipelines.serving.lake_reader import open_for_reading
from pipelines.serving.mart_catalog import COUNTED, CatalogMart
from pipelines.serving.published_file import PublishedFileWriter
from receiver.settings import PROJECT
from tests.support.models.small_lake import SmallLake

TEXT = (PROJECT / "docs" / "queries.md").read_text("utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", TEXT, re.DOTALL)
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
    (section,) = (text for title, text in SECTIONS.items() if title.split(", ")[0] in counted.placed())
    assert f"FROM {counted.name}(" in section
    assert f"`{counted.name}`" in SECTIONS["Macros"]
