"""Every metric of scheduling, durations and the health of sources: events in, rows out, by named cases."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.support.models.duration_cases import DURATION_CASES
from tests.support.models.journeys import talk
from tests.support.models.mart_cells import by_day, cell
from tests.support.models.scheduling_cases import SCHEDULING_CASES
from tests.support.models.small_lake import Delivery, SmallLake

COHORT, ACTIVITY = "scheduling_success_cohort", "scheduling_success_activity"
NO = {"population": 1, "denominator": 1}
YES = {**NO, "numerator": 1}


def heard(source: str, times: list[float]) -> list[Delivery]:
    """Deliveries of one source received at these hours."""
    return [
        replace(talk("started", f"{source}-{at}", at).of(source), source=source, received=at) for at in times
    ]


def buckets(lake: SmallLake, mart: str, organization: str, metric: str) -> dict[str, str]:
    """The bucket of every member of a metric, by its id."""
    found = lake.rows(
        "SELECT entity_id, bucket FROM wh.marts.members "
        f"WHERE mart = '{mart}' AND metric = '{metric}' AND organization_id = '{organization}'"
    )
    return {row["entity_id"]: row["bucket"] for row in found}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallLake]:
    """Every case under its name as organization, and three sources, loaded and built once."""
    small = SmallLake(tmp_path_factory.mktemp("cases"))
    cases = {**SCHEDULING_CASES, **DURATION_CASES}
    small.load(delivery.of(name) for name, deliveries in cases.items() for delivery in deliveries)
    small.load(heard("steady", [411.5 + hour for hour in range(21)]))
    small.load(heard("stopped", [380.0 + hour for hour in range(21)]))
    small.load(heard("new", [380.0 + hour for hour in range(20)]))
    small.build()
    yield small
    small.con.close()


@pytest.mark.parametrize(
    ("metric", "case", "cohort", "activity"),
    [
        ("cancellation_rate", "rebooked", {"03-02": {"population": 2, "denominator": 2}}, ["03-03", "03-04"]),
        ("net_scheduling_success_rate", "rebooked", {"03-02": YES}, ["03-04"]),
        (
            "late_cancellation_rate",
            "rebooked",
            {"03-02": {"population": 2, "denominator": 2}},
            ["03-03", "03-04"],
        ),
        ("cancellation_rate", "cancelled_late", {"03-02": YES}, ["03-05"]),
        ("late_cancellation_rate", "cancelled_late", {"03-02": YES}, ["03-05"]),
        ("net_scheduling_success_rate", "cancelled_late", {"03-02": NO}, ["03-05"]),
        ("scheduling_success_rate", "cancelled_late", {"03-02": YES}, ["03-02"]),
        ("reschedule_rate", "cancelled_late", {"03-02": NO}, ["03-06"]),
        ("cancellation_rate", "cancelled_early", {"03-02": YES}, ["03-05"]),
        ("late_cancellation_rate", "cancelled_early", {"03-02": NO}, ["03-05"]),
        ("late_cancellation_rate", "cancelled_a_day_before", {"03-02": YES}, ["03-05"]),
        ("cancellation_rate", "cancelled_after_start", {"03-02": YES}, ["03-07"]),
        ("net_scheduling_success_rate", "cancelled_after_start", {"03-02": YES}, ["03-06"]),
        (
            "late_cancellation_rate",
            "cancelled_without_start",
            {"03-02": {"population": 1, "excluded_no_start": 1}},
            ["03-03"],
        ),
        ("net_scheduling_success_rate", "cancelled_without_start", {"03-02": NO}, ["03-03"]),
        ("net_scheduling_success_rate", "pending", {"03-02": {"population": 1, "open": 1}}, []),
        ("scheduling_success_rate", "pending", {"03-02": YES}, ["03-02"]),
        ("reschedule_rate", "pending", {"03-02": NO}, []),
        ("net_scheduling_success_rate", "pending_and_cancelled", {"03-02": {"population": 1, "open": 1}}, []),
        ("reschedule_rate", "moved", {"03-02": YES}, ["03-03"]),
        (
            "no_show_rate",
            "orufy",
            {
                "03-02": {
                    "population": 5,
                    "denominator": 2,
                    "numerator": 1,
                    "open": 1,
                    "excluded_cancelled": 1,
                    "excluded_no_start": 1,
                }
            },
            ["03-03", "03-06"],
        ),
        ("no_show_rate", "not_reported", {"03-02": {"population": 1, "excluded_not_reported": 1}}, []),
        (
            "net_scheduling_success_rate",
            "orufy",
            {"03-02": {"population": 5, "excluded_no_failure_signal": 5}},
            [],
        ),
        (
            "friction_rate",
            "friction_twice",
            {"03-02": {"population": 3, "denominator": 2, "numerator": 1, "excluded_no_signal": 1}},
            ["03-02", "03-03"],
        ),
        ("success_after_friction_rate", "friction_twice", {"03-02": NO}, ["03-03"]),
        ("success_after_friction_rate", "booking_before_friction", {"03-02": NO}, ["03-03"]),
        ("friction_rate", "booking_before_friction", {"03-02": YES}, ["03-03"]),
        ("success_after_friction_rate", "booking_after_friction", {"03-02": YES}, ["03-04"]),
        ("success_after_friction_rate", "moved_after_friction", {"03-02": NO}, ["03-03"]),
        (
            "net_scheduling_success_rate",
            "booking_without_conversation",
            {"03-02": {"population": 3, "denominator": 2, "numerator": 1, "open": 1}},
            ["03-03", "03-04"],
        ),
        (
            "scheduling_success_rate",
            "booking_without_conversation",
            {"03-02": {"population": 3, "denominator": 3, "numerator": 3}},
            ["03-02"],
        ),
        ("friction_rate", "booking_without_conversation", {}, []),
        (
            "screening_to_scheduled_rate",
            "screened",
            {"03-02": {"population": 5, "denominator": 4, "numerator": 1, "open": 1}},
            ["03-02", "03-13"],
        ),
        (
            "net_scheduling_success_rate",
            "no_signal",
            {"03-02": {"population": 1, "excluded_no_signal": 1}},
            [],
        ),
    ],
)
def test_scheduling(
    lake: SmallLake, metric: str, case: str, cohort: dict[str, dict[str, int]], activity: list[str]
) -> None:
    assert by_day(lake, COHORT, case, metric=metric) == cohort
    assert list(by_day(lake, ACTIVITY, case, metric=metric)) == activity


def test_of_two_bookings_the_cancelled_one_is_replaced(lake: SmallLake) -> None:
    assert buckets(lake, ACTIVITY, "rebooked", "cancellation_rate") == {
        "first": "denominator",
        "second": "denominator",
    }


def test_a_no_show_and_a_cancelled_booking_have_their_days(lake: SmallLake) -> None:
    activity = by_day(lake, ACTIVITY, "orufy", metric="no_show_rate")
    assert activity["03-03"] == {"population": 1, "excluded_cancelled": 1}
    assert activity["03-06"] == {"population": 2, "denominator": 2, "numerator": 1}


def test_passed_just_a_week_ago_is_no_longer_open(lake: SmallLake) -> None:
    assert buckets(lake, COHORT, "screened", "screening_to_scheduled_rate") == {
        "in-time": "numerator",
        "too-late": "denominator",
        "never": "denominator",
        "young": "open",
        "old-enough": "denominator",
    }


@pytest.mark.parametrize(
    ("case", "metric"), [("no_signal", "friction_rate"), ("orufy", "scheduling_success_rate")]
)
def test_an_empty_denominator_has_no_rate(lake: SmallLake, case: str, metric: str) -> None:
    row = cell(lake, COHORT, case, metric=metric)
    assert (row["denominator"], row["rate"], row["wilson_low"], row["wilson_high"]) == (0, None, None, None)


def test_a_booking_is_of_the_campaign_of_its_conversation(lake: SmallLake) -> None:
    rows = lake.rows(f"FROM wh.marts.{COHORT} WHERE organization_id = 'campaign'")
    assert {row["campaign_id"] for row in rows} == {"k-1"}
    assert "reschedule_rate" in {row["metric"] for row in rows}


def test_bands_are_cut_after_the_full_hour_day_and_week(lake: SmallLake) -> None:
    assert by_day(lake, "time_to_schedule", "bands") == {
        "03-02": {
            "population": 8,
            "denominator": 7,
            "open": 1,
            "within_1_hour": 1,
            "within_1_day": 2,
            "within_3_days": 2,
            "within_7_days": 1,
            "later": 1,
        }
    }


def test_half_and_nine_of_ten_lie_between_the_measured(lake: SmallLake) -> None:
    row = cell(lake, "time_to_schedule", "quantiles")
    # 1, 2 and 4 hours: place 0.9 * 2 = 1.8 lies at 2 + 0.8 * (4 - 2) = 3.6 hours
    assert row["median_seconds"] == pytest.approx(2 * 3600)
    assert row["p90_seconds"] == pytest.approx(3.6 * 3600)


def test_what_cannot_be_timed_is_counted_beside(lake: SmallLake) -> None:
    assert by_day(lake, "time_to_schedule", "untimed") == {
        "03-02": {
            "population": 4,
            "denominator": 1,
            "excluded_started_inferred": 1,
            "excluded_negative_duration": 1,
            "excluded_implausible_time": 1,
            "within_1_day": 1,
        }
    }
    row = cell(lake, "time_to_schedule", "untimed")
    assert row["median_seconds"] == pytest.approx(2 * 3600)
    measured = lake.rows(
        "SELECT entity_id, value FROM wh.marts.members WHERE mart = 'time_to_schedule' "
        "AND organization_id = 'untimed' AND value IS NOT NULL"
    )
    assert measured == [{"entity_id": "measured", "value": pytest.approx(2 * 3600)}]


def test_a_start_of_1970_is_not_averaged(lake: SmallLake) -> None:
    row = cell(lake, "time_to_schedule", "of_1970")
    assert (row["excluded_implausible_time"], row["denominator"], row["median_seconds"]) == (1, 0, None)


def test_the_queue(lake: SmallLake) -> None:
    row = cell(lake, "queue_time", "queue")
    counts = {
        name: row[name] for name in row if name.startswith(("population", "denominator", "open", "excluded"))
    }
    assert counts == {
        "population": 7,
        "denominator": 2,
        "open": 1,
        "excluded_failed_to_start": 1,
        "excluded_started_inferred": 1,
        "excluded_negative_duration": 1,
        "excluded_implausible_time": 1,
    }
    assert (row["median_seconds"], row["p90_seconds"]) == (1.5 * 3600, pytest.approx(2.3 * 3600))


def test_times_that_cannot_be_true_are_listed(lake: SmallLake) -> None:
    rows = lake.rows(
        "SELECT kind, entity, count FROM wh.marts.data_quality WHERE organization_id = 'quality'"
    )
    found = {(row["kind"], row["entity"]): row["count"] for row in rows}
    assert found["implausible_time", "event"] == 2
    assert found["meeting_ends_before_start", "booking"] == 1
    assert found["negative_duration", "conversation"] == 1


def test_the_funnel_is_cut_by_source_and_campaign(lake: SmallLake) -> None:
    row = cell(lake, "funnel", "campaign")
    assert (row["source"], row["campaign_id"], row["started"], row["booked"]) == ("popp-main", "k-1", 1, 1)


def test_a_source_is_silent_after_a_pause_longer_than_its_own(lake: SmallLake) -> None:
    def health(source: str) -> dict[str, Any]:
        (row,) = lake.rows(f"FROM wh.marts.source_health WHERE source = '{source}'")
        return {name: row[name] for name in ("gap_p99_seconds", "is_silent", "error_share")}

    assert health("steady") == {"gap_p99_seconds": 3600.0, "is_silent": False, "error_share": 0.0}
    assert health("stopped") == {"gap_p99_seconds": 3600.0, "is_silent": True, "error_share": 0.0}
    assert health("new") == {"gap_p99_seconds": None, "is_silent": None, "error_share": 0.0}
