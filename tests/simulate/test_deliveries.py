"""What is sent: the shapes of the contracts, the planted faults, the same again for the same seed."""

import itertools
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.registry import contracts
from pipelines.decode.decoder import DecodeFailure
from pipelines.simulate.delivery.faults import Delivery
from pipelines.simulate.simulation import Simulation, bodies, organization_ids, simulate
from pipelines.simulate.world.sample_texts import UNKNOWN_EVENTS
from tests.support.simulated_deliveries import (
    UNTIL,
    decoded,
    decodes,
    documents,
    key_of,
    near_a_change,
    stamps,
)

POPP = {contract.event_type for (provider, _), contract in contracts().items() if provider == "popp"}


def test_only_the_planted_bodies_miss_their_contract(simulation: Simulation) -> None:
    misses = [delivery for delivery in simulation.deliveries if not decodes(delivery)]
    unknown = [delivery for delivery in misses if delivery.event_type in UNKNOWN_EVENTS]
    assert len({delivery.body for delivery in unknown}) >= 6
    assert all(msgspec.json.decode(delivery.body)["data"]["recordId"] for delivery in unknown)
    assert len(misses) - len(unknown) == simulation.quarantined == 6


def test_the_decoder_of_the_load_sees_what_the_simulator_says(simulation: Simulation) -> None:
    judged = [decoded(delivery) for delivery in simulation.deliveries]
    kept = [document for document in judged if not isinstance(document, DecodeFailure)]
    assert len(judged) - len(kept) == simulation.quarantined
    assert len({document.identity.event_key for document in kept}) == simulation.distinct_events


def test_exactly_the_documented_events_are_sent_and_the_unknown_ones(simulation: Simulation) -> None:
    sent = {document["event"] for document in documents(simulation)}
    assert sent == POPP
    assert len(sent) == 26
    others = {delivery.event_type for delivery in simulation.deliveries if delivery.provider == "popp"}
    assert others - sent - {""} == set(UNKNOWN_EVENTS)


def test_the_counts_are_those_of_the_deliveries(simulation: Simulation) -> None:
    keys: Counter[str | None] = Counter()
    for delivery in simulation.deliveries:
        if decodes(delivery) or delivery.event_type in UNKNOWN_EVENTS:
            keys[key_of(delivery)] += 1
    assert len(keys) == simulation.distinct_events
    assert keys.total() - len(keys) == simulation.duplicates
    assert sum(delivery.duplicate for delivery in simulation.deliveries) == simulation.duplicates
    assert len(simulation.deliveries) == keys.total() + simulation.quarantined
    at_once = sum(delivery.source == "popp_second" for delivery in simulation.deliveries)
    assert 0.03 <= (simulation.duplicates - at_once) / simulation.distinct_events <= 0.05


def test_a_duplicate_comes_after_its_event_and_some_differ_in_bytes_only(simulation: Simulation) -> None:
    first: dict[str | None, tuple[int, bytes]] = {}
    apart, other_bytes = [], 0
    for place, delivery in enumerate(simulation.deliveries):
        if not decodes(delivery):
            continue
        document, key = msgspec.json.decode(delivery.body), key_of(delivery)
        assert delivery.duplicate == (key in first)
        if delivery.duplicate:
            apart.append(place - first[key][0])
            same = msgspec.json.decode(first[key][1])
            assert same == document
            other_bytes += first[key][1] != delivery.body
        first.setdefault(key, (place, delivery.body))
    assert max(apart) > 500
    assert other_bytes > 3


def test_deliveries_are_out_of_order_yet_roughly_in_time(simulation: Simulation) -> None:
    times = list(stamps(simulation))
    backwards = sum(later < earlier for earlier, later in itertools.pairwise(times))
    assert 0.3 < backwards / len(times) < 0.6
    tenth = len(times) // 10
    assert sorted(times[:tenth])[tenth // 2] < sorted(times[-tenth:])[tenth // 2]


def test_nothing_happens_after_the_end_or_long_before_it(simulation: Simulation) -> None:
    told = documents(simulation)
    times = [datetime.fromisoformat(d["data"]["timestamp"]) for d in told if "timestamp" in d["data"]]
    times += stamps(simulation)
    assert max(times) <= datetime(2026, 11, 21, 12, 34, 56, 789_000, tzinfo=UTC)
    lost = [at for at in times if at.year == 1970]
    assert 0 < len(lost) < len(times) / 1000
    assert min(set(times) - set(lost)) >= datetime(2026, 10, 7, 8, 34, 56, 789_000, tzinfo=UTC)


def test_an_event_of_a_conversation_is_unambiguous_in_time(simulation: Simulation) -> None:
    """Two endings of one entity at one instant would leave the truth to chance."""
    ends: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for document in documents(simulation):
        data = document["data"]
        if document["event"] in ("CONVERSATION_COMPLETED", "WORKFLOW_RUN_FAILED", "WORKFLOW_RUN_COMPLETED"):
            at = data.get("timestamp") or document.get("eventTimestamp", "legacy")
            ends[data["organizationId"], f"{data['recordId']} {at}"].add(document.get("eventId", ""))
    assert all(len(ids) == 1 for ids in ends.values())


def test_two_organizations_share_their_ids(simulation: Simulation) -> None:
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for document in documents(simulation):
        owners[document.get("eventId", "")].add(document["data"]["organizationId"])
    assert sum(ids == {"org_birch", "org_cobalt"} for ids in owners.values()) > 100
    assert set.union(*owners.values()) == {*organization_ids(), "org_123456"}


def test_the_mix_holds_every_awkward_case(simulation: Simulation) -> None:
    told = list(documents(simulation))
    completed = [d["data"] for d in told if d["event"] == "CONVERSATION_COMPLETED"]
    statuses = {data.get("conversationStatus") for data in completed}
    assert {"CLOSED", "COMPLETED", "COMPLETED_CANDIDATE_NOT_INTERESTED", None} < statuses
    assert {0, None} < {data["scorecardTotalValue"] for data in completed}
    reviews = [d["data"] for d in told if d["event"] == "CONVERSATION_NEEDS_REVIEW"]
    assert len({data.get("needsReviewReason") for data in reviews}) == 11
    assert {data.get("returnDate", "absent") is None for data in reviews} == {True, False}
    takeovers = Counter(d["recordId"] for d in reviews if d.get("needsReviewReason") == "HUMAN_TAKEOVER")
    assert max(takeovers.values()) >= 6
    nudged = [d["data"] for d in told if d["event"] == "CONVERSATION_MAX_NUDGES_REACHED"]
    assert {None, "SCHEDULING", "AVAILABILITY_OUTREACH"} < {data["campaignType"] for data in nudged}
    assert {data["participantEmail"] is None for data in nudged} == {True, False}
    booked = [d["data"] for d in told if d["event"] == "CALENDAR_MEETING_SCHEDULED"]
    assert {"conversationId" in data for data in booked} == {True, False}
    legacy = [d for d in told if "eventId" not in d]
    assert {d["data"]["organizationId"] for d in legacy} == {"org_elder"}
    assert all("participantFirsName" in d["data"] and "eventTimestamp" not in d for d in legacy)


def test_friction_arrives_on_both_channels_in_either_order_or_on_one(simulation: Simulation) -> None:
    told: defaultdict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for document in documents(simulation):
        name = document["event"].removeprefix("CALENDAR_")
        reason = document["data"].get("needsReviewReason")
        for kind in ("MORE_TIME_REQUESTED", "AVAILABILITY_NOT_FOUND"):
            if kind in (name, reason):
                key = (document["data"]["organizationId"], document["data"]["recordId"])
                told[key].append((document["eventTimestamp"], "review" if reason else "calendar"))
    orders = {tuple(channel for _, channel in sorted(set(pairs))) for pairs in told.values()}
    assert {("review",), ("calendar",), ("review", "calendar"), ("calendar", "review")} <= orders


@given(seed=st.integers(0, 2**32), journeys=st.integers(0, 60), minutes=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_the_same_seed_and_end_give_the_same_simulation(seed: int, journeys: int, minutes: int) -> None:
    until = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    assert simulate(seed, journeys, until) == simulate(seed, journeys, until)


def test_a_longer_simulation_begins_with_the_same_journeys() -> None:
    """Asked in between for others, which must leave no trace."""
    shorter = simulate(1, 100, UNTIL, sources=["popp"])
    simulate(2, 30, UNTIL, "Asia/Kolkata", legacy_day=date(2026, 11, 21))
    longer = simulate(1, 150, UNTIL, sources=["popp"])
    noisy = (*UNKNOWN_EVENTS, "")
    ids = [
        {document["eventId"] for document in documents(each) if document["event"] not in noisy}
        for each in (shorter, longer)
    ]
    assert ids[0] < ids[1]


def test_another_seed_or_end_shares_no_event_id() -> None:
    def ids(simulation: Simulation) -> set[str]:
        return {document["eventId"] for document in documents(simulation)}

    one = ids(simulate(1, 200, UNTIL))
    assert not one & ids(simulate(2, 200, UNTIL))
    assert not one & ids(simulate(1, 200, UNTIL + timedelta(seconds=1)))


def test_without_a_legacy_day_every_event_has_its_own_time() -> None:
    assert all("eventTimestamp" in document for document in documents(simulate(3, 300, UNTIL)))


def test_bodies_for_benchmarks_decode_and_are_distinct() -> None:
    made = list(bodies(5, 4000))
    assert len(set(made)) == 4000
    assert all(decodes(Delivery(body, "")) for body in made)
    assert list(bodies(5, 10)) == made[:10]


@pytest.mark.parametrize("count", [0, 1])
def test_few_bodies(count: int) -> None:
    assert len(list(bodies(1, count))) == count


def test_an_end_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        simulate(1, 1, UNTIL.replace(tzinfo=None))


def test_meetings_start_in_working_hours_of_their_zone(simulation: Simulation) -> None:
    meetings = [d["data"]["meetingDetails"] for d in documents(simulation) if "meetingDetails" in d["data"]]
    starts = [
        start.astimezone(ZoneInfo(meeting["timezone"]))
        for meeting in meetings
        if not near_a_change(
            start := datetime.fromisoformat(meeting["startDateTime"]), ZoneInfo(meeting["timezone"])
        )
    ]
    assert {start.weekday() for start in starts} == {0, 1, 2, 3, 4}
    assert {start.minute for start in starts} == {0, 30}
    assert all(9 <= start.hour <= 17 for start in starts)
