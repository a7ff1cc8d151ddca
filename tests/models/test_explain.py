"""From number to evidence on the lake of the traps: every entity of a cell, with every event and delivery."""

import datetime as dt
import json
import os
from collections.abc import Iterator, Mapping

import duckdb
import pytest

from pipelines.diagnostics.explain.evidence import events_behind
from pipelines.diagnostics.explain.explain import Explanation, differences, explain, parse_question
from pipelines.diagnostics.explain.text import render
from pipelines.errors import HirestreamError, UsageError
from pipelines.serving.lake_reader import open_for_reading
from pipelines.serving.mart_catalog import COUNTED
from tests.support import command_line
from tests.support.models.small_lake import SmallLake

KEY = "mart, metric, organization_id, day"


@pytest.fixture(scope="module")
def con(traps: SmallLake) -> Iterator[duckdb.DuckDBPyConnection]:
    opened = open_for_reading(traps.settings)
    yield opened
    opened.close()


Cells = Mapping[tuple[str, str], tuple[str, str]]


@pytest.fixture(scope="module")
def fullest(con: duckdb.DuckDBPyConnection) -> Cells:
    """Day and organization of the cell with most buckets and members, by mart and metric."""
    rows = con.execute(
        f"""
        SELECT mart, metric, arg_max((day, organization_id), (buckets, members, day, organization_id))
        FROM (
          SELECT {KEY}, count(DISTINCT bucket) AS buckets, count(*) AS members
          FROM wh.marts.members GROUP BY ALL
        )
        GROUP BY ALL
        """
    ).fetchall()
    return {(mart, metric): (day.isoformat(), organization) for mart, metric, (day, organization) in rows}


EVERY = [
    (mart, metric, basis)
    for counted in COUNTED
    for mart, (basis, metrics) in counted.marts_by_name().items()
    for metric in metrics
]


@pytest.mark.parametrize(("mart", "metric", "basis"), EVERY, ids=[f"{m}-{metric}" for m, metric, _ in EVERY])
def test_a_cell_of_every_metric_is_its_members_with_their_events(
    con: duckdb.DuckDBPyConnection, fullest: Cells, mart: str, metric: str, basis: str | None
) -> None:
    found = explain(con, parse_question(metric, *fullest[mart, metric], basis=basis), limit=1000)
    assert (found.mart, found.metric, found.differences) == (mart, metric, ())
    assert found.parts["population"] == sum(found.members.values()) == len(found.entities) == found.matching
    for entity in found.entities:
        assert entity.events
        assert all(event.delivery_ids for event in entity.events)
        assert len({event.event_key for event in entity.events}) == len(entity.events)


def test_the_events_are_as_many_as_the_entity_counts(
    con: duckdb.DuckDBPyConnection, traps: SmallLake
) -> None:
    for entity, table, key in (
        ("booking", "bookings", "booking_id"),
        ("workflow_run", "workflow_runs", "workflow_run_id"),
    ):
        rows = traps.rows(
            f"SELECT provider, organization_id, {key} AS id, event_count FROM wh.entities.{table} "
            + ("WHERE logical_booking_id = booking_id" if entity == "booking" else "")
        )
        assert len(rows) > 5
        for organization in {row["organization_id"] for row in rows}:
            counted = {
                (row["provider"], row["id"]): row["event_count"]
                for row in rows
                if row["organization_id"] == organization
            }
            behind = events_behind(con, organization, entity, list(counted))
            assert {key: len(events) for key, events in behind.items()} == counted, organization


def test_a_repeated_delivery_is_shown_with_its_event(
    con: duckdb.DuckDBPyConnection, traps: SmallLake
) -> None:
    repeated = traps.rows(
        "SELECT event_key, organization_id, list(delivery_id ORDER BY delivery_id) AS ids "
        "FROM wh.ledger.deliveries WHERE event_type = 'CONVERSATION_STARTED' GROUP BY ALL HAVING count(*) > 1"
    )
    assert repeated
    (conversation,) = traps.rows(
        "SELECT conversation_id AS id FROM wh.events.conversation_started "
        f"WHERE event_key = '{repeated[0]['event_key']}'"
    )
    one = ("popp", conversation["id"])
    events = events_behind(con, repeated[0]["organization_id"], "conversation", [one])[one]
    shown = {event.event_key: sorted(event.delivery_ids) for event in events}
    assert shown[repeated[0]["event_key"]] == repeated[0]["ids"]


def test_one_bucket_and_a_limit_narrow_what_is_listed_and_nothing_else(
    con: duckdb.DuckDBPyConnection,
) -> None:
    day, organization, bucket, members = con.execute(
        "SELECT day, organization_id, bucket, count(*) FROM wh.marts.members WHERE metric = 'pass_rate' "
        "AND mart = 'screening_pass_rate_cohort' GROUP BY ALL ORDER BY count(*) DESC, 2, 1, 3 LIMIT 1"
    ).fetchall()[0]
    cell = parse_question("pass_rate", day.isoformat(), organization, basis="cohort")
    whole, part = explain(con, cell), explain(con, cell, bucket=bucket, limit=1)
    assert (part.parts, part.members, part.differences) == (whole.parts, whole.members, ())
    assert (part.matching, [entity.bucket for entity in part.entities]) == (members, [bucket])


def test_a_campaign_narrows_the_cell(con: duckdb.DuckDBPyConnection) -> None:
    day, organization, campaign, members = con.execute(
        "SELECT day, organization_id, campaign_id, count(*) FROM wh.marts.members "
        "WHERE campaign_id IS NOT NULL AND mart = 'nudge_exhaustion_cohort' AND metric = 'exhaustion_rate' "
        "GROUP BY ALL ORDER BY ALL LIMIT 1"
    ).fetchall()[0]
    cell = parse_question("exhaustion_rate", day.isoformat(), organization, campaign=campaign)
    found = explain(con, cell)
    assert (found.parts["population"], found.differences) == (members, ())


def test_members_that_do_not_add_up_are_said() -> None:
    parts = {"population": 3, "numerator": 1, "denominator": 2, "open": 1, "excluded_closed": 0, "rate": 0.5}
    assert list(differences(parts, {"numerator": 1, "denominator": 1, "open": 1})) == []
    assert list(differences(parts, {"numerator": 2, "open": 1})) == [
        "numerator: the mart has 1, its members are 2"
    ]
    assert list(differences(parts, {"numerator": 1, "denominator": 1, "excluded_new": 1})) == [
        "open: the mart has 1, its members are 0",
        "excluded_new: the mart has 0, its members are 1",
    ]


def test_names_and_bases() -> None:
    def placed(name: str, mart: str | None = None) -> tuple[str, str]:
        found = parse_question(name, "2026-03-02", "org", basis=mart)
        return found.mart, found.metric

    assert placed("pass_rate") == ("screening_pass_rate_activity", "pass_rate")
    assert placed("pass_rate", "cohort") == ("screening_pass_rate_cohort", "pass_rate")
    assert placed("completion_rate") == ("screening_pass_rate_cohort", "completion_rate")
    assert placed("nudge_exhaustion") == ("nudge_exhaustion_cohort", "exhaustion_rate")
    assert placed("nudge_exhaustion_activity") == ("nudge_exhaustion_activity", "exhaustion_rate")
    assert placed("queue_time") == ("queue_time", "queue_time")


@pytest.mark.parametrize(
    ("name", "day", "mart", "words"),
    [
        ("pas_rate", "2026-03-02", None, "There are: scheduling_success: .*pass_rate"),
        ("pass_rate", "yesterday", None, "not 'yesterday'"),
        ("pass_rate", "2026-03-02", "start", "one of cohort, activity"),
        ("completion_rate", "2026-03-02", "activity", "no part by activity"),
        ("queue_time", "2026-03-02", "cohort", "no part by cohort"),
        ("nudge_exhaustion_cohort", "2026-03-02", "activity", "no part by activity"),
    ],
)
def test_what_there_is_not_is_wrong_use(name: str, day: str, mart: str | None, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_question(name, day, "org", basis=mart)


def test_no_cell_is_said(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(HirestreamError, match="there is no cell") as raised:
        explain(con, parse_question("pass_rate", "2001-01-01", "nobody"))
    assert raised.value.exit_code == 1


def test_the_text_shows_parts_entities_events_and_deliveries(
    con: duckdb.DuckDBPyConnection, fullest: Cells
) -> None:
    cell = parse_question("pass_rate", *fullest["screening_pass_rate_activity", "pass_rate"])
    found = explain(con, cell, limit=1)
    text = render(found)
    assert "The members add up to the parts." in text
    assert f"1 of {found.matching} shown." in text
    (entity,) = found.entities
    for word in (entity.entity_id, entity.events[0].event_key, *entity.events[0].delivery_ids):
        assert word in text


def test_a_difference_is_shown() -> None:
    wrong = Explanation(
        "m_cohort", "m", "org", None, dt.date(2026, 3, 2), {"population": 1}, {}, ("population: no",), 0, ()
    )
    assert "NOT EQUAL  population: no" in render(wrong)


def test_the_command(fullest: Cells, traps: SmallLake) -> None:
    day, organization = fullest["screening_pass_rate_activity", "pass_rate"]
    environment = {**os.environ, "HIRESTREAM_HOME": str(traps.settings.home)}

    def run(*arguments: str) -> command_line.Completed:
        return command_line.run(environment, "explain", *arguments, "--organization", organization, "--json")

    found = run("pass_rate", "--day", day)
    assert (found.returncode, found.stderr) == (0, "")
    document = json.loads(found.stdout)
    assert document["parts"]["population"] == len(document["entities"])
    assert document["entities"][0]["events"][0]["delivery_ids"]
    for wrong, code in ((run("pass_rate", "--day", "2001-01-01"), 1), (run("rate", "--day", day), 2)):
        assert (wrong.returncode, wrong.stdout) == (code, "")
        assert len(wrong.stderr.splitlines()) == 1
