"""What is easily counted or shown wrongly: scripts, zones, changing clocks, midnights, unknown values."""

import unicodedata
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from pipelines.decode.decoder import TypedEvent
from pipelines.simulate.payloads.unknown_fields import with_extras
from pipelines.simulate.simulation import Simulation, simulate
from pipelines.simulate.world.calendar_edges import changes, night_shift
from pipelines.simulate.world.rng import SeededRandom
from tests.support.simulated_deliveries import UNTIL, decoded, documents, near_a_change, stamps
from tests.support.truth_sums import cells

SCRIPTS = ("LATIN", "CYRILLIC", "ARABIC", "HEBREW", "DEVANAGARI", "HANGUL", "CJK", "HIRAGANA")


@pytest.mark.parametrize("script", SCRIPTS)
def test_people_and_what_they_say_come_in_every_script(simulation: Simulation, script: str) -> None:
    characters = {character for document in documents(simulation) for character in str(document["data"])}
    assert any(unicodedata.name(character, "").startswith(script) for character in characters)


def test_names_hold_combining_characters_and_joined_emoji(simulation: Simulation) -> None:
    names = {document["data"].get("participantFirstName", "") for document in documents(simulation)}
    assert any(unicodedata.normalize("NFC", name) != name for name in names)
    assert any("\u200d" in name for name in names)


def test_meetings_lie_in_zones_with_parts_of_hours_and_around_changes(simulation: Simulation) -> None:
    meetings = [d["data"]["meetingDetails"] for d in documents(simulation) if "meetingDetails" in d["data"]]
    zones = {meeting["timezone"] for meeting in meetings}
    assert {"Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"} <= zones
    edges = Counter(
        meeting["timezone"]
        for meeting in meetings
        if near_a_change(datetime.fromisoformat(meeting["startDateTime"]), ZoneInfo(meeting["timezone"]))
    )
    assert len(edges) >= 4


def test_instants_are_written_with_z_and_with_the_offset_of_the_day(simulation: Simulation) -> None:
    written = defaultdict(set)
    for document in documents(simulation):
        if stamp := document.get("eventTimestamp"):
            written[document["data"]["organizationId"]].add(stamp[23:])
    assert written["org_atlas"] == written["org_dune"] == {"Z"}
    assert written["org_birch"] == {"-04:00", "-05:00"}
    assert written["org_elm"] == {"+01:00", "+00:00"}
    assert written["org_cobalt"] - {"+10:00"} == {"+11:00"}  # the other one is that of 1970


def test_journeys_begin_at_midnight_of_the_report_and_where_clocks_change(simulation: Simulation) -> None:
    local = [at.astimezone(ZoneInfo("America/New_York")) for at in stamps(simulation)]
    minute = timedelta(minutes=1)
    near = [at for at in local if at.date() != (at - minute).date() or at.date() != (at + minute).date()]
    assert len(near) > 50
    assert {at.hour for at in near} == {23, 0}
    change = datetime(2026, 11, 1, 6, tzinfo=UTC)
    at_change = [at for at in stamps(simulation) if abs(at - change) <= timedelta(hours=1)]
    assert {at < change for at in at_change} == {True, False}


def test_some_deliveries_come_days_late_at_the_very_end(simulation: Simulation) -> None:
    last = list(stamps(simulation))[-25:]
    assert sum(at < UNTIL - timedelta(days=5) for at in last) >= 10


def test_changes_of_clocks_are_found_to_the_minute() -> None:
    assert changes(ZoneInfo("Europe/Lisbon"), 2026) == (
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 1, tzinfo=UTC),
    )
    assert changes(ZoneInfo("Australia/Lord_Howe"), 2026) == (
        datetime(2026, 4, 4, 15, tzinfo=UTC),
        datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    )
    assert changes(ZoneInfo("Asia/Kolkata"), 2026) == ()


def test_a_night_shift_is_within_an_hour_and_a_half_of_a_change() -> None:
    dice, at = SeededRandom(Random(1), UNTIL), datetime(2026, 3, 2, tzinfo=UTC)
    starts = {night_shift(dice, at, ZoneInfo("Europe/Lisbon")) for _ in range(100)}
    assert len(starts) == 7
    assert max(starts) == datetime(2026, 3, 29, 2, 30, tzinfo=UTC)


def test_unknown_fields_come_at_several_depths_and_are_set_aside(simulation: Simulation) -> None:
    paths: dict[str, set[str]] = {"popp": set(), "orufy": set()}
    for delivery in simulation.deliveries:
        judged = decoded(delivery)
        if isinstance(judged, TypedEvent) and judged.extras:
            paths[delivery.provider] |= {path.rpartition(".")[0].split("[")[0] for path in judged.extras}
    assert {"$", "$.data", "$.data.meetingDetails", "$.data.meetingDetails.participants"} <= paths["popp"]
    assert {"$.data.screeningQuestionsOutcome", "$.data.requirementOutcomes"} <= paths["popp"]
    assert {"$", "$.meetData"} <= paths["orufy"]


def test_a_field_more_is_the_same_for_the_same_number_and_leaves_the_original_alone() -> None:
    document = {"data": {"list": [{"a": 1}], "absent": {}}}
    longer = [with_extras(document, str(number)) for number in range(1000)]
    assert longer == [with_extras(document, str(number)) for number in range(1000)]
    assert document == {"data": {"list": [{"a": 1}], "absent": {}}}
    assert 15 < sum(each != document for each in longer) < 60
    assert all(each["data"]["absent"] == {} for each in longer)


def test_open_enumerations_hold_values_that_nobody_documents(simulation: Simulation) -> None:
    told = [document["data"] for document in documents(simulation)]
    assert "COMPLETED_REFERRED_ELSEWHERE" in {data.get("conversationStatus") for data in told}
    assert "VOICE_NOTE_RECEIVED" in {data.get("needsReviewReason") for data in told}
    assert "REACTIVATION_OUTREACH" in {data.get("campaignType") for data in told}
    answers = [answer for data in told for answer in data.get("screeningQuestionsOutcome", ())]
    assert "ANSWERED_ELSEWHERE" in {answer.get("questionOutcome") for answer in answers}


def test_runs_come_without_nodes_named_and_with_two_endings(simulation: Simulation) -> None:
    nodes = [d["data"] for d in documents(simulation) if d["event"] == "WORKFLOW_NODE_COMPLETED"]
    assert {"nodeId" in data for data in nodes} == {True, False}
    assert all("outcome" in data for data in nodes)
    ends: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for document in documents(simulation):
        if document["event"] in ("WORKFLOW_RUN_COMPLETED", "WORKFLOW_RUN_FAILED", "WORKFLOW_RUN_CANCELLED"):
            data = document["data"]
            ends[data["organizationId"], data["recordId"]].add(document["eventId"])
    assert sum(len(ids) == 2 for ids in ends.values()) > 3


def test_the_truth_of_orufy_stands_on_the_day_of_sending_alone() -> None:
    day = date(2026, 11, 21)
    simulation = simulate(5, 400, UNTIL, "Asia/Kolkata", legacy_day=day, sources=["orufy"])
    found = cells(simulation.truth)
    assert {(mart, at) for mart, _, at in found} == {
        ("scheduling_success_cohort", str(day)),
        ("scheduling_success_activity", str(day)),
    }
    assert all(set(buckets) == {"no_failure_signal"} for buckets in found.values())


def test_bookings_are_cancelled_early_late_and_after_their_start(simulation: Simulation) -> None:
    left = [
        datetime.fromisoformat(document["data"]["meetingDetails"]["startDateTime"])
        - datetime.fromisoformat(document["eventTimestamp"])
        for document in documents(simulation)
        if document["event"] == "CALENDAR_MEETING_CANCELLED"
    ]
    late = [hours for hours in left if timedelta(0) <= hours <= timedelta(hours=24)]
    assert len([hours for hours in left if hours > timedelta(hours=24)]) > len(late) > 10
    assert sum(hours < timedelta(0) for hours in left) > 3


def test_a_contact_fails_again_and_a_workflow_never_ends(simulation: Simulation) -> None:
    failed: defaultdict[str, set[str]] = defaultdict(set)
    endless: Counter[str] = Counter()
    for document in documents(simulation):
        data = document["data"]
        if document["event"] == "WORKFLOW_CONTACT_RESOLUTION_FAILED":
            failed[data["recordId"]].add(document["eventId"])
        if data.get("workflowId") == "wf_a2":
            endless[document["event"]] += 1
    assert {len(ids) for ids in failed.values()} == {1, 2}
    assert endless["WORKFLOW_RUN_STARTED"] > 10
    assert not any(endless[f"WORKFLOW_RUN_{result}"] for result in ("COMPLETED", "FAILED", "CANCELLED"))


def test_orufy_tells_of_meetings_that_are_over_and_of_those_to_come() -> None:
    simulation = simulate(7, 3000, UNTIL, legacy_day=date(2026, 11, 21), sources=["orufy"])
    held = Counter[str]()
    for row in simulation.truth:
        if row.keys.get("metric") == "no_show_rate":
            held.update(row.counts)
    assert min(held[name] for name in ("numerator", "denominator", "open", "excluded_cancelled")) > 5
