"""Each trap of Orufy that touches a number, by name, from the document as sent."""

from typing import Any

import pytest

from tests.support.models.orufy_traps import NO_IDS, ORUFY_TRAPS
from tests.support.models.small_lake import SmallLake, hours
from tests.support.models.trap_results import cells, entity

MOVED_CHAINS = ("T36_back", "T36_forward", "T36_both", "T37", "moved_then_cancelled")


def booking(lake: SmallLake, organization: str, booking_id: str = "m-1") -> dict[str, Any]:
    return entity(lake, "bookings", organization, f"booking_id = '{booking_id}'")


def logical(lake: SmallLake, organization: str) -> list[str]:
    rows = lake.rows(
        "SELECT booking_id FROM wh.entities.bookings "
        f"WHERE organization_id = '{organization}' AND logical_booking_id = booking_id ORDER BY 1"
    )
    return [row["booking_id"] for row in rows]


def payments(lake: SmallLake, organization: str) -> dict[str, dict[str, Any]]:
    rows = lake.rows(f"FROM wh.entities.payments WHERE organization_id = '{organization}'")
    return {row["payment_id"]: row for row in rows}


def test_the_bookable_event_is_no_key(traps: SmallLake) -> None:
    assert logical(traps, "T35") == ["m-1", "m-2", "m-3"]
    assert booking(traps, "T35")["bookable_event_id"] == "event-type-9"


@pytest.mark.parametrize("organization", MOVED_CHAINS)
def test_a_chain_is_one_booking_whichever_side_tells_the_link(traps: SmallLake, organization: str) -> None:
    assert logical(traps, organization) == ["m-1"]
    assert booking(traps, organization, "m-2")["logical_booking_id"] == "m-1"
    assert booking(traps, organization)["moved_count"] == 1


@pytest.mark.parametrize("mart", ["scheduling_success_cohort", "scheduling_success_activity"])
def test_a_chain_counts_once_on_the_day_of_its_first_event_and_has_no_rate(
    traps: SmallLake, mart: str
) -> None:
    one = {"population": 1, "excluded_no_failure_signal": 1}
    assert cells(traps, mart, "T36_three") == {"03-04": one}
    assert cells(traps, mart, "T36_back") == {"03-02": one}
    default = "metric = 'scheduling_success_rate'"
    rows = traps.rows(
        f"SELECT rate, wilson_low FROM wh.marts.{mart} WHERE organization_id = 'T36_back' AND {default}"
    )
    assert rows == [{"rate": None, "wilson_low": None}]
    assert traps.rows(
        "SELECT entity, entity_id, bucket FROM wh.marts.members "
        f"WHERE organization_id = 'T36_three' AND mart = '{mart}' AND {default}"
    ) == [{"entity": "booking", "entity_id": "m-1", "bucket": "excluded_no_failure_signal"}]


def test_the_last_meeting_tells_the_time_and_every_move_counts(traps: SmallLake) -> None:
    chain = booking(traps, "T36_three")
    assert (chain["meeting_start_at"], chain["moved_count"], chain["event_count"]) == (hours(400), 3, 4)
    assert chain["last_moved_at"] == hours(80)
    assert booking(traps, "T36_both")["last_moved_at"] == hours(30)
    assert booking(traps, "T36_forward")["meeting_start_at"] is None  # nothing tells the new one's


def test_a_chain_that_grows_at_its_head_has_one_first_meeting(traps: SmallLake) -> None:
    assert logical(traps, "T36_earlier_first") == ["m-0"]
    assert booking(traps, "T36_earlier_first", "m-0")["booked_at"] == hours(1)


def test_links_in_a_circle_end(traps: SmallLake) -> None:
    assert logical(traps, "T36_circle") == ["m-1"]


def test_a_move_that_names_no_other_meeting_is_a_move_of_this_one(traps: SmallLake) -> None:
    moved = booking(traps, "T36_unlinked")
    assert (moved["moved_count"], moved["meeting_start_at"]) == (1, hours(200))


def test_a_replaced_meeting_is_moved_not_cancelled(traps: SmallLake) -> None:
    assert not booking(traps, "T37")["is_cancelled"]
    assert booking(traps, "T37")["meeting_start_at"] == hours(200)


def test_a_chain_is_cancelled_by_its_last_meeting(traps: SmallLake) -> None:
    chain = booking(traps, "moved_then_cancelled")
    assert (chain["is_cancelled"], chain["cancelled_at"]) == (True, hours(4))
    assert chain["scheduled_at"] == hours(5)


@pytest.mark.parametrize("meeting", ["m-1", "m-2"])
def test_a_booking_that_arrives_after_its_cancellation_is_cancelled(traps: SmallLake, meeting: str) -> None:
    assert booking(traps, "cancelled_before_booked", meeting)["is_cancelled"]


def test_a_no_show_counts_by_its_mark_under_whatever_name(traps: SmallLake) -> None:
    marks = {
        name: booking(traps, "T38", name)["is_no_show"] for name in ("by-meeting", "by-attendee", "came")
    }
    assert marks == {"by-meeting": True, "by-attendee": True, "came": False}
    assert len(traps.rows("FROM wh.events.generic WHERE organization_id = 'T38'")) == 3


@pytest.mark.parametrize(
    ("meeting", "is_cancelled", "attendees_gone"),
    [("group", False, 1), ("partly", False, 1), ("wholly", True, 0), ("untold", False, 1)],
)
def test_an_attendee_who_leaves_cancels_no_meeting(
    traps: SmallLake, meeting: str, is_cancelled: bool, attendees_gone: int
) -> None:
    row = booking(traps, "T39", meeting)
    assert (row["is_cancelled"], row["attendee_cancelled_count"]) == (is_cancelled, attendees_gone)


def test_a_group_is_one_booking_and_several_at_once_are_several(traps: SmallLake) -> None:
    assert booking(traps, "T39", "group")["attendee_count"] == 2
    assert logical(traps, "T39_multiple") == ["m-1", "m-2"]
    assert booking(traps, "T39_multiple")["multiple_booking_identifier"] == "both"


def test_the_end_is_start_and_duration(traps: SmallLake) -> None:
    assert booking(traps, "T40")["meeting_end_at"] == hours(100.75)
    assert booking(traps, "T40", "endless")["meeting_end_at"] is None


def test_an_empty_cancellation_is_none(traps: SmallLake) -> None:
    for meeting in ("m-1", "m-2"):
        row = booking(traps, "T41", meeting)
        assert (row["is_cancelled"], row["attendee_cancelled_count"]) == (False, 0)
    assert logical(traps, "T41") == ["m-1", "m-2"]


def test_payments_have_their_latest_state_and_the_amount_as_sent(traps: SmallLake) -> None:
    rows = payments(traps, "T42")
    without_id = next(name for name in rows if name.startswith("T42/"))
    assert {name: row["status"] for name, row in rows.items()} == {
        "pay-1": "DONE",
        "pay-2": "DONE",
        "pay-3": "PENDING",  # by its own clock
        "pay-4": "REFUNDED",
        without_id: "PENDING",
    }
    assert [name for name, row in rows.items() if row["is_done"]] == ["pay-1", "pay-2"]
    assert (rows["pay-1"]["amount"], rows["pay-1"]["amount_number"]) == ("49.50", 49.5)
    assert (rows["pay-3"]["updated_at"], rows["pay-3"]["paid_at"]) == (hours(48), None)
    assert rows["pay-4"]["amount"] == "10"


def test_meeting_attendee_and_payment_keep_their_own_ids_and_statuses(traps: SmallLake) -> None:
    meeting, payment = booking(traps, "T43"), payments(traps, "T43")["pay-1"]
    assert (meeting["is_cancelled"], meeting["attendee_cancelled_count"]) == (False, 1)
    assert (payment["status"], payment["booking_id"]) == ("FAILED", "m-1")
    (event,) = traps.rows("FROM wh.events.book WHERE organization_id = 'T43'")
    assert (event["meeting_status"], event["payment_account_id"]) == ("ACTIVE", "gateway-account")


def test_the_misspelt_field_is_read(traps: SmallLake) -> None:
    (event,) = traps.rows("FROM wh.events.book WHERE organization_id = 'T44'")
    assert event["created_by_contact"] is True


def test_a_booking_without_an_account_counts_once_under_a_name_of_its_own(traps: SmallLake) -> None:
    assert logical(traps, "UNSPECIFIED") == ["x"]


def test_every_trap_that_a_model_can_fall_into_is_here() -> None:
    named = {name.partition("_")[0] for name in ORUFY_TRAPS}
    assert {f"T{number}" for number in range(35, 45)} <= named


def test_text_that_stands_for_no_id_links_nothing(traps: SmallLake) -> None:
    alone = [f"{side}-{n}" for side in ("back", "on", "generic") for n in range(len(NO_IDS))]
    assert logical(traps, "no_ids") == sorted([*alone, "real-1"])
    assert booking(traps, "no_ids", "real-2")["logical_booking_id"] == "real-1"
    assert booking(traps, "no_ids", "on-0")["moved_count"] == 1
