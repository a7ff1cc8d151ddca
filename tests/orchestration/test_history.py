"""Dagster's history stays small and keeps what is looked at."""

import datetime as dt
from pathlib import Path

import dagster as dg
from hypothesis import given
from hypothesis import strategies as st

from pipelines.runtime.orchestration.history_retention import (
    FULL_AGE,
    HOURLY_AGE,
    RUN_AGE,
    ReportedAsset,
    purge_runs,
    superseded_row_ids,
    thin_reports,
)

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
KEY = dg.AssetKey(["events", "conversation_started"])

rows = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 20 * 24 * 60)), max_size=200).map(
    lambda found: [
        ReportedAsset(number, key, NOW - dt.timedelta(minutes=minutes))
        for number, (key, minutes) in enumerate(found)
    ]
)


@given(rows)
def test_the_newest_and_the_recent_stay_and_each_hour_keeps_one(reported: list[ReportedAsset]) -> None:
    gone = superseded_row_ids(reported, NOW)
    kept = [event for event in reported if event.row_id not in gone]
    for key in {event.asset_key for event in reported}:
        assert max(e.at for e in kept if e.asset_key == key) == max(
            e.at for e in reported if e.asset_key == key
        )
    assert all(event in kept for event in reported if NOW - event.at <= FULL_AGE)
    older = [event for event in kept if NOW - event.at > FULL_AGE]
    assert len({(e.asset_key, e.at.replace(minute=0)) for e in older}) == len(older)
    assert len([event for event in kept if NOW - event.at > HOURLY_AGE]) <= 2


@given(rows)
def test_thinning_twice_takes_nothing_more(reported: list[ReportedAsset]) -> None:
    gone = superseded_row_ids(reported, NOW)
    assert superseded_row_ids([event for event in reported if event.row_id not in gone], NOW) == set()


def test_old_reports_leave_a_real_instance_and_the_newest_stays(instance: dg.DagsterInstance) -> None:
    for number in range(5):
        instance.report_runless_asset_event(dg.AssetMaterialization(KEY, metadata={"number": number}))
    later = dt.datetime.now(dt.UTC) + HOURLY_AGE + FULL_AGE
    assert thin_reports(instance, dt.datetime.now(dt.UTC)) == 0
    assert thin_reports(instance, later) == 4
    left = instance.fetch_materializations(KEY, limit=10).records
    assert [
        event.asset_materialization.metadata["number"].value for event in left if event.asset_materialization
    ] == [4]
    assert thin_reports(instance, later) == 0


def test_runs_that_ended_days_ago_are_deleted(instance: dg.DagsterInstance, dagster_home: Path) -> None:
    @dg.asset
    def something() -> None:
        """Is made."""

    run_id = dg.materialize([something], instance=instance).run_id
    assert list((dagster_home / "history" / "runs").glob(f"{run_id}*"))
    now = dt.datetime.now(dt.UTC)
    assert purge_runs(instance, now) == 0
    assert purge_runs(instance, now + RUN_AGE + FULL_AGE) == 1
    assert instance.get_runs_count() == 0
    assert not list((dagster_home / "history" / "runs").glob(f"{run_id}*"))
