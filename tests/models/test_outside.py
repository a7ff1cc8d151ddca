"""What no contract names, and what stays outside the marts, is listed and nowhere lost."""

import datetime as dt

from tests.support.models.outside_traps import ODD_FIELDS, RECENT
from tests.support.models.small_lake import SmallLake, hours
from tests.support.models.trap_results import finding


def test_unknown_fields_are_listed_by_path_with_positions_left_out(traps: SmallLake) -> None:
    rows = traps.rows("FROM wh.marts.unknown_fields WHERE event_type = 'book' ORDER BY path")
    assert [tuple(row.values()) for row in rows] == [
        ("orufy", "book", "$.meetData.attendees[].vip", 2, hours(1), hours(5)),
        ("orufy", "book", "$.meetData.color", 1, hours(5), hours(5)),
    ]
    assert finding(traps, "unknown_field", "unknown") == 2


def test_values_that_nobody_documents_are_listed(traps: SmallLake) -> None:
    rows = traps.rows("FROM wh.marts.unknown_values")
    listed = {(row["provider"], row["field"], row["value"]): row["events"] for row in rows}
    expected = {
        ("orufy", "meeting_status", "TENTATIVE"): 1,
        ("orufy", "meeting_format", "DUEL"): 1,
        ("orufy", "event_type", "SOMETHING_NEW"): 1,
        ("orufy", "payment_status", "REFUNDED"): 1,
        ("popp", "conversation_status", "PERHAPS"): 1,
        ("popp", "needs_review_reason", "BORED"): 1,
    }
    assert expected.items() <= listed.items()
    assert ("orufy", "meeting_status", "ACTIVE") not in listed
    assert not [value for provider, _, value in listed if provider == "standard_webhooks"]
    assert finding(traps, "unknown_value", "unknown") == 5


def test_tests_and_foreign_organizations_are_listed_and_count_nowhere(traps: SmallLake) -> None:
    rows = traps.rows(
        "SELECT provider, source, event_type, why, events FROM wh.marts.outside "
        "WHERE organization_id = 'tests' ORDER BY ALL"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("orufy", "orufy-main", "no_show", "test", 1),
        ("popp", "popp-main", "conversation_started", "foreign", 1),
        ("popp", "popp-main", "conversation_started", "test", 1),
    ]
    assert (finding(traps, "test_event", "tests"), finding(traps, "foreign_event", "tests")) == (2, 2)
    for entity in ("conversations", "bookings"):
        assert not traps.rows(f"FROM wh.entities.{entity} WHERE organization_id = 'tests'")


def test_events_without_a_contract_are_counted_like_any_other(traps: SmallLake) -> None:
    health = traps.rows("FROM wh.marts.source_health WHERE provider = 'standard_webhooks'")
    assert [(row["deliveries"], row["last_received_at"]) for row in health] == [(4, hours(RECENT + 6))]
    (count,) = traps.rows("SELECT count(*) AS n FROM wh.events.generic")
    (fresh,) = traps.rows("""FROM wh.marts.freshness WHERE "table" = 'events.generic'""")
    assert fresh["rows"] == count["n"] > 4
    assert isinstance(fresh["newest_loaded_at"], dt.datetime)


def test_a_receipt_that_stands_in_for_the_time_is_no_delay_of_zero(traps: SmallLake) -> None:
    rows = traps.rows(
        "SELECT delivery_latency_p50_seconds AS half, delivery_latency_p95_seconds AS most "
        "FROM wh.marts.source_health WHERE provider IN ('standard_webhooks', 'orufy') ORDER BY provider"
    )
    assert rows == [{"half": None, "most": None}, {"half": 3600.0, "most": 3600.0}]


def test_documents_of_any_shape_fail_no_model_and_tell_what_can_be_read(traps: SmallLake) -> None:
    (events,) = traps.rows("SELECT count(*) AS n FROM wh.events.generic WHERE organization_id = 'odd'")
    assert events["n"] == len(ODD_FIELDS) + 4
    rows = traps.rows(
        "SELECT booking_id, is_no_show, meeting_start_at IS NULL AS is_timeless, meeting_end_at "
        "FROM wh.entities.bookings WHERE organization_id = 'odd' ORDER BY booking_id"
    )
    found = {row["booking_id"]: tuple(row.values())[1:] for row in rows}
    assert found["m-4"] == (False, False, None)
    assert found["m-6"] == (False, True, None)
