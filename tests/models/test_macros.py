"""The table macros against the marts: on a connection with the lake, and in the published file."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest

from pipelines.reports.headline_metrics import QUESTIONS
from pipelines.serving.lake_reader import open_for_reading
from pipelines.serving.mart_catalog import COUNTED, CatalogMart
from pipelines.serving.published_file import MEMBERS, PublishedFileWriter
from pipelines.serving.table_macros import about
from tests.support.models.small_lake import SmallLake

PLACES = ("lake", "published")
EVERY = [(counted, mart) for counted in COUNTED for mart in counted.marts_by_name()]


@dataclass(frozen=True, slots=True)
class Place:
    """A connection, and the name of the marts' schema in it."""

    con: duckdb.DuckDBPyConnection
    marts: str

    def rows(self, sql: str) -> list[dict[str, Any]]:
        found = self.con.execute(sql)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def one(self, sql: str) -> Any:
        ((value,),) = self.con.execute(sql).fetchall()
        return value


@pytest.fixture(scope="module")
def places(traps: SmallLake) -> Iterator[dict[str, Place]]:
    PublishedFileWriter(traps.settings).publish_if_due(now=True)
    lake = open_for_reading(traps.settings)
    published = duckdb.connect(traps.settings.published, read_only=True)
    published.execute("SET TimeZone = 'UTC'")
    yield {"lake": Place(lake, "wh.marts"), "published": Place(published, "marts")}
    lake.close()
    published.close()


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, places: dict[str, Place]) -> Place:
    return places[request.param]


def called(counted: CatalogMart, mart: str, metric: str, **arguments: str) -> str:
    basis, _ = counted.marts_by_name()[mart]
    if basis is not None:
        arguments = {**arguments, "metric": metric, "basis": basis}
    return f"{counted.name}({', '.join(f'{name} := {value!r}' for name, value in arguments.items())})"


def cells(counted: CatalogMart, mart: str, metric: str) -> str:
    return f"{mart} WHERE metric = '{metric}'" if counted.basis is not None else f"{mart} WHERE true"


def test_the_table_of_marts_is_what_the_lake_has(traps: SmallLake) -> None:
    found = {
        (row["mart"], row["metric"])
        for row in traps.rows("SELECT DISTINCT mart, metric FROM wh.marts.members")
    }
    assert found == {
        (mart, metric)
        for counted in COUNTED
        for mart, (_, metrics) in counted.marts_by_name().items()
        for metric in metrics
    }
    for counted in COUNTED:
        own = f"SELECT count(*) FROM wh.staging.{counted.members} WHERE starts_with(mart, '{counted.name}')"
        every = f"SELECT count(*) FROM wh.marts.members WHERE starts_with(mart, '{counted.name}')"
        assert traps.rows(own) == traps.rows(every)


def test_the_defaults_are_those_of_the_four_questions() -> None:
    assert {(each.key, each.mart, each.metric) for each in QUESTIONS} == {
        (counted.name, counted.mart(counted.basis), counted.metrics[0])
        for counted in COUNTED
        if counted.basis is not None
    }


@pytest.mark.parametrize(("counted", "mart"), EVERY, ids=[mart for _, mart in EVERY])
def test_parts_are_the_marts_by_every_cut(place: Place, counted: CatalogMart, mart: str) -> None:
    _, metrics = counted.marts_by_name()[mart]
    quick = place.marts == "marts"  # the lake works everything out for each call
    for metric in metrics if quick else metrics[-1:]:
        for cut in counted.cuts if quick else ("month", *counted.own_cuts):
            rows = place.rows(f"FROM {called(counted, mart, metric, by=cut)}")
            assert rows
            assert len({row["cut"] for row in rows}) == len(rows)
            parts = [name for name in rows[0] if name not in NO_PARTS]
            sums = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in parts)
            (whole,) = place.rows(f"SELECT {sums} FROM {place.marts}.{cells(counted, mart, metric)}")
            assert {name: sum(row[name] for row in rows) for name in parts} == whole


NO_PARTS = ("cut", "rate", "wilson_low", "wilson_high", "median_seconds", "p90_seconds")


@pytest.mark.parametrize(("counted", "mart"), EVERY, ids=[mart for _, mart in EVERY])
def test_every_number_of_a_mart_is_a_part_of_its_macro(place: Place, counted: CatalogMart, mart: str) -> None:
    (schema,) = {place.marts.split(".")[-1]}
    numbers = place.rows(
        f"SELECT DISTINCT column_name AS name FROM duckdb_columns() WHERE schema_name = '{schema}' "
        f"AND table_name = '{mart}' AND data_type IN ('BIGINT', 'DOUBLE', 'HUGEINT')"
    )
    (row,) = place.rows(f"FROM {called(counted, mart, counted.marts_by_name()[mart][1][0])}")
    assert set(row) - {"cut"} == {number["name"] for number in numbers}


@pytest.mark.parametrize(
    "counted", [counted for counted in COUNTED if counted.basis is not None], ids=lambda c: c.name
)
def test_the_rate_of_one_cell_is_the_one_that_the_mart_says(place: Place, counted: CatalogMart) -> None:
    mart = counted.mart(counted.basis)
    metric = counted.metrics[0]
    key = "organization_id, day"
    alone = place.rows(
        f"SELECT {key}, min(rate) AS rate, min(wilson_low) AS low, min(wilson_high) AS high FROM "
        f" {place.marts}.{cells(counted, mart, metric)} GROUP BY {key} "
        "HAVING count(*) = 1 AND min(rate) IS NOT NULL ORDER BY ALL LIMIT 3"
    )
    assert alone
    for cell in alone:
        day = str(cell["day"])
        arguments = {"organization": cell["organization_id"], "since": day, "until": day}
        (row,) = place.rows(f"FROM {called(counted, mart, metric, **arguments)}")
        assert row["rate"] == pytest.approx(cell["rate"])
        assert row["wilson_low"] == pytest.approx(cell["low"], abs=1e-12)
        assert row["wilson_high"] == pytest.approx(cell["high"], abs=1e-12)


def test_days_are_within(place: Place) -> None:
    every = place.rows("SELECT cut, population FROM scheduling_success(by := 'day')")
    assert len(every) > 2
    first, last = every[0]["cut"], every[1]["cut"]
    within = f"since := DATE '{first}', until := '{last}'"
    assert place.rows(f"SELECT cut, population FROM scheduling_success(by := 'day', {within})") == every[:2]
    assert place.rows(f"FROM scheduling_success(by := 'week', until := DATE '{first}' - 1)") == []


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        ("scheduling_success(by := 'team')", "by := 'team' is unknown; use one of: total, organization"),
        ("time_to_schedule(by := NULL)", "by := 'null' is unknown; use one of: total"),
        ("question_pass_rate(by := 'requirement')", "use one of: total, .*, month, question"),
        (
            "workflow_failures(metric := 'pass_rate')",
            "metric := 'pass_rate' is unknown; use one of: run_failure",
        ),
        ("nudge_exhaustion(basis := 'start')", "basis := 'start' is unknown; use one of: cohort, activity"),
        ("screening_pass_rate(metric := 'completion_rate')", "is there by basis := 'cohort' only"),
    ],
)
def test_what_there_is_not_is_said(place: Place, call: str, complaint: str) -> None:
    with pytest.raises(duckdb.Error, match=complaint):
        place.con.execute(f"FROM {call}")


@pytest.mark.parametrize("counted", COUNTED, ids=lambda counted: counted.name)
def test_a_macro_says_what_it_can_be_asked_for(place: Place, counted: CatalogMart) -> None:
    named = f"FROM duckdb_functions() WHERE function_name = '{counted.name}'"
    assert place.one(f"SELECT comment {named}") == about(counted)


def test_every_mart_entity_and_column_has_its_comment_in_the_published_file(places: dict[str, Place]) -> None:
    published = places["published"]
    assert published.one("SELECT count(*) FROM duckdb_tables() WHERE schema_name = 'marts'") > 25
    assert published.rows("SELECT table_name FROM duckdb_tables() WHERE comment IS NULL") == []
    assert (
        published.rows(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL "
            "AND schema_name IN ('marts', 'entities')"
        )
        == []
    )
    age = published.one("SELECT comment FROM duckdb_tables() WHERE table_name = 'members'")
    assert "as old as the entities" in age


def test_the_lake_says_the_same_of_all_that_can_have_a_comment(places: dict[str, Place]) -> None:
    """DuckLake keeps none on a column of a view; the view's own lists them."""
    lake, described = places["lake"], "database_name = 'wh' AND schema_name IN ('marts', 'entities')"
    for relations in ("duckdb_tables()", "duckdb_views()"):
        assert lake.one(f"SELECT count(*) FROM {relations} WHERE {described}") > 0
        assert lake.one(f"SELECT count(*) FROM {relations} WHERE {described} AND comment IS NULL") == 0
    of_tables = "SEMI JOIN duckdb_tables() USING (database_name, schema_name, table_name)"
    bare = f"SELECT count(*) FROM duckdb_columns() {of_tables} WHERE {described} AND comment IS NULL"
    assert lake.one(bare) == 0
    missing = (
        "SELECT count(*) FROM duckdb_columns() INNER JOIN (SELECT schema_name, view_name AS table_name, "
        f"comment AS said FROM duckdb_views() WHERE {described}) USING (schema_name, table_name) "
        f"WHERE {described} AND NOT contains(said, column_name || ': ')"
    )
    assert lake.one(missing) == 0


def test_the_published_members_are_those_of_the_lake(places: dict[str, Place]) -> None:
    counted = "SELECT mart, metric, bucket, count(*) AS n, max(value) AS m FROM {} GROUP BY ALL ORDER BY ALL"
    of_the_lake = places["lake"].rows(counted.format(f"wh.{MEMBERS}"))
    assert places["published"].rows(counted.format(MEMBERS)) == of_the_lake
