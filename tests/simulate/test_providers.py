"""Orufy, the job board and the second endpoint: what each sends, and what leaving one out leaves."""

from collections import Counter, defaultdict
from datetime import date
from typing import Any

import msgspec
import pytest

from pipelines.contracts.registry import contracts
from pipelines.decode.decoder import DecodeFailure, TypedEvent, UntypedEvent
from pipelines.simulate.delivery.faults import Delivery
from pipelines.simulate.simulation import SOURCES, Simulation, simulate
from pipelines.simulate.world.endpoints import ENDPOINTS, JOB_BOARD, MOVING, ORUFY, POPP, POPP_SECOND
from tests.support.recount_orufy import NEW_MEETING, accounts, chains
from tests.support.simulated_deliveries import UNTIL, decoded, key_of

DAY = date(2026, 11, 21)


@pytest.fixture(scope="module")
def orufy(simulation: Simulation) -> list[dict[str, Any]]:
    """The documents of Orufy."""
    return [msgspec.json.decode(each.body) for each in of(simulation, ORUFY.source)]


def of(simulation: Simulation, source: str) -> list[Delivery]:
    return [delivery for delivery in simulation.deliveries if delivery.source == source]


def field_of(document: dict[str, Any], name: str) -> Any:
    return document["meetData"].get(name, document.get(name))


def test_every_delivery_names_the_source_and_provider_it_belongs_to(simulation: Simulation) -> None:
    pairs = {(delivery.source, delivery.provider) for delivery in simulation.deliveries}
    assert pairs == {(endpoint.source, endpoint.provider) for endpoint in ENDPOINTS}


def test_orufy_sends_what_is_documented_and_a_no_show_in_every_spelling(simulation: Simulation) -> None:
    known = {event_type for provider, event_type in contracts() if provider == "orufy"}
    judged = [decoded(delivery) for delivery in of(simulation, ORUFY.source)]
    assert {each.identity.event_type for each in judged if isinstance(each, TypedEvent)} == known
    others = {each.identity.event_type for each in judged if isinstance(each, UntypedEvent)}
    assert others == {"NO_SHOW", "NOSHOW", "MARK_AS_NO_SHOW", "Mask as no-show", "no-show"}
    assert {each.identity.organization_id for each in judged} == set(ORUFY.organizations)


def test_a_no_show_is_flagged_on_the_meeting_or_on_a_guest(orufy: list[dict[str, Any]]) -> None:
    places: Counter[str] = Counter()
    for document in orufy:
        places["meeting"] += bool(field_of(document, "markAsNoShow"))
        places["guest"] += any(guest.get("markAsNoShow") for guest in field_of(document, "attendees"))
    assert min(places["meeting"], places["guest"]) >= 5


@pytest.mark.parametrize(
    "name", ["eventName", "cancellation", "prevMeetId", "reschedule", "payment", "attendees"]
)
def test_a_field_stands_beside_the_meeting_or_in_it(orufy: list[dict[str, Any]], name: str) -> None:
    assert any(name in document for document in orufy)
    assert any(name in document["meetData"] for document in orufy)
    assert not any(name in document and name in document["meetData"] for document in orufy)


def test_moves_are_told_from_either_side_and_chains_have_several(simulation: Simulation) -> None:
    documents = [msgspec.json.decode(each.body) for each in of(simulation, ORUFY.source)]
    moved = [document for document in documents if document["eventType"] == "RESCHEDULE"]
    news = [field_of(document, "reschedule") or {} for document in moved]
    assert {key for new in news for key in NEW_MEETING if key in new} == set(NEW_MEETING)
    assert {isinstance(new[key], dict) for new in news for key in NEW_MEETING if key in new} == {True, False}
    assert sum(bool(field_of(document, "prevMeetId")) for document in moved) > 20
    found = accounts(simulation.deliveries)
    lengths = Counter(len(chain) for account in found.values() for chain in chains(account))
    assert lengths[4] >= 3
    assert lengths[1] > lengths[2] > lengths[3] > 0
    cancelled_after_moving = [
        chain
        for account in found.values()
        for chain in chains(account)
        if len(chain) > 1 and any(body.kind == "CANCEL" for body in account.bodies[chain[-1]])
    ]
    assert len(cancelled_after_moving) > 3


def test_a_group_is_one_meeting_and_one_guest_may_leave(orufy: list[dict[str, Any]]) -> None:
    joined: defaultdict[str, set[int]] = defaultdict(set)
    left, all_gone = 0, set()
    for document in orufy:
        guests = field_of(document, "attendees")
        if document["eventType"] == "BOOK":
            joined[document["meetData"]["_id"]].add(len(guests))
        if document["eventType"] == "CANCEL":
            states = {guest["status"] for guest in guests}
            left += states == {"ACTIVE", "CANCELLED"} and field_of(document, "status") in ("ACTIVE", None)
            if states == {"CANCELLED"}:
                all_gone.add(field_of(document, "status"))
    assert max(len(sizes) for sizes in joined.values()) >= 3
    assert left > 5
    assert all_gone == {"CANCELLED", None}


def test_payments_change_state_and_are_written_in_every_way(orufy: list[dict[str, Any]]) -> None:
    states: defaultdict[str, set[str]] = defaultdict(set)
    kinds, currencies = set(), set()
    for payment in (field_of(document, "payment") for document in orufy):
        if payment:
            states[payment["_id"]].add(payment["status"])
            kinds.add((type(payment["amount"]), type(payment["updatedAt"])))
            currencies.add(payment["currencyCode"])
    assert {frozenset(seen) for seen in states.values()} >= {
        frozenset({"PENDING", "DONE"}), frozenset({"PENDING", "FAILED"}), frozenset({"PENDING"})
    }  # fmt: skip
    assert kinds == {(amount, time) for amount in (int, float, str) for time in (int, str)}
    assert currencies == {"USD", "EUR", "INR", "GBP", "JPY"}


def test_meetings_booked_at_once_share_an_identifier(orufy: list[dict[str, Any]]) -> None:
    shared: defaultdict[str, set[str]] = defaultdict(set)
    for document in orufy:
        if name := field_of(document, "multipleBookingIdentifier"):
            shared[name].add(document["meetData"]["_id"])
    assert any(len(meetings) >= 2 for meetings in shared.values())
    assert {bool(field_of(document, "cancellation") == {}) for document in orufy} == {True, False}


def test_without_a_day_of_sending_there_is_no_orufy() -> None:
    simulation = simulate(7, 300, UNTIL)
    assert {delivery.source for delivery in simulation.deliveries} == {*SOURCES} - {ORUFY.source}
    assert simulation.bookings == []


def test_a_message_of_the_job_board_keeps_its_id_and_loads_without_a_contract(simulation: Simulation) -> None:
    sent = of(simulation, JOB_BOARD.source)
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for delivery in sent:
        judged = decoded(delivery)
        assert isinstance(judged, UntypedEvent)
        assert judged.identity.event_id == delivery.message_id
        assert judged.clock
        ids[str(delivery.message_id)].add(str(key_of(delivery)))
    assert all(len(keys) == 1 for keys in ids.values())
    assert {delivery.event_type for delivery in sent} == {
        "application.received", "application.moved", "application.withdrawn"
    }  # fmt: skip
    assert sum(delivery.duplicate for delivery in sent) == len(sent) - len(ids) > 0


def test_what_the_second_endpoint_gets_the_first_one_gets_too(simulation: Simulation) -> None:
    first = {key_of(delivery) for delivery in of(simulation, POPP.source) if not delivery.duplicate}
    second = of(simulation, POPP_SECOND.source)
    assert len(second) > 200
    assert all(delivery.duplicate and key_of(delivery) in first for delivery in second)
    assert {decoded(delivery).identity.organization_id for delivery in second} == {MOVING.id}
    moving = [
        each for each in of(simulation, POPP.source) if decoded(each).identity.organization_id == MOVING.id
    ]
    assert len(moving) > 1.5 * len(second)


@pytest.mark.parametrize("sources", [("popp",), ("popp", "orufy"), ("popp_second", "jobboard"), ()])
def test_leaving_sources_out_changes_nothing_of_the_others(
    simulation: Simulation, sources: tuple[str, ...]
) -> None:
    fewer = simulate(7, 3000, UNTIL, "America/New_York", legacy_day=DAY, sources=sources)
    kept = set(sources) - ({"popp_second"} if "popp" not in sources else set())
    assert fewer.deliveries == [each for each in simulation.deliveries if each.source in kept]
    organizations = {name for each in ENDPOINTS if each.source in kept for name in each.organizations}
    assert fewer.truth == [row for row in simulation.truth if row.organization_id in organizations]
    loaded = {key_of(each) for each in fewer.deliveries if not isinstance(decoded(each), DecodeFailure)}
    assert fewer.distinct_events == len(loaded)
    assert len(fewer.deliveries) == fewer.distinct_events + fewer.duplicates + fewer.quarantined
