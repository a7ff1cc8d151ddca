"""Meetings that moves link are one booking, in whatever order the links arrive and however builds cut them.

Every example gives the same documents to many organizations, each in an order and a split of its own; then
the organizations must not differ, and a rebuild must change nothing.
"""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.models.deliveries import orufy, person
from tests.support.models.small_lake import Delivery, SmallLake

MANY = 24
GONE = person("at-1", "CANCELLED", cancellation={"reason": "ill"})
DELIVERIES: tuple[Delivery, ...] = (
    # moved three times; each link is told by one side only, and one old meeting is cancelled next to
    orufy("BOOK", "a-1", 1),
    orufy("RESCHEDULE", "a-1", 2, reschedule={"newMeetId": "a-2"}),
    orufy("CANCEL", "a-2", 3, status="CANCELLED", attendees=[GONE]),
    orufy("RESCHEDULE", "a-3", 4, start=300, prevMeetId="a-2"),
    orufy("RESCHEDULE", "a-3", 5, start=300, reschedule={"meetingId": {"_id": "a-4"}}),
    orufy("NO_SHOW", "a-4", 6, start=400, markAsNoShow=True),
    # moved, then cancelled; the name of the first comes with the second, under a least id that comes last
    orufy("RESCHEDULE", "b-2", 2, prevMeetId="b-3"),
    orufy("CANCEL", "b-1", 3, status=None, attendees=[GONE], prevMeetId="b-2"),
    orufy("RESCHEDULE", "b-3", 4, prevMeetId="b-0"),
    # one meeting that splits in two, of which one is cancelled
    orufy("BOOK", "c-1", 1, type="GROUP", attendees=[person("at-1"), person("at-2")]),
    orufy("RESCHEDULE", "c-2", 2, prevMeetId="c-1"),
    orufy("RESCHEDULE", "c-3", 3, prevMeetId="c-1", attendees=[person("at-2")]),
    orufy("CANCEL", "c-2", 4, status="CANCELLED"),
    # links in a circle
    orufy("RESCHEDULE", "d-1", 1, prevMeetId="d-2"),
    orufy("RESCHEDULE", "d-2", 2, prevMeetId="d-1"),
    orufy("BOOK", "e-1", 1),
    # the one in the middle is only named, and is the first until the link to it arrives
    orufy("RESCHEDULE", "f-2", 1, prevMeetId="f-1"),
    orufy("RESCHEDULE", "f-0", 2, reschedule={"newMeetId": "f-1"}),
)

Plan = tuple[list[Delivery], tuple[int, int]]
CUT = st.integers(0, len(DELIVERIES))
PLANS = st.lists(
    st.tuples(st.permutations([*DELIVERIES, DELIVERIES[3]]), st.tuples(CUT, CUT)),
    min_size=MANY,
    max_size=MANY,
)


def part(plan: Plan, place: int) -> list[Delivery]:
    order, cuts = plan
    first, second = sorted(cuts)
    return [order[:first], order[first:second], order[second:]][place]


def rows_of(lake: SmallLake, organization: str) -> list[tuple[Any, ...]]:
    return lake.con.execute(
        "SELECT * EXCLUDE (organization_id, last_batch_id) FROM wh.entities.bookings "
        f"WHERE organization_id = '{organization}' ORDER BY booking_id"
    ).fetchall()


@settings(max_examples=1, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(plans=PLANS)
def test_links_join_chains_in_any_order_of_arrival(traps: SmallLake, plans: list[Plan]) -> None:
    (begun,) = traps.con.execute("SELECT count(*) FROM wh.ledger.deliveries").fetchone() or (0,)
    names = [f"chains-{begun}-{number}" for number in range(MANY)]
    for place in range(3):
        arrived = [d.of(name) for name, plan in zip(names, plans, strict=True) for d in part(plan, place)]
        traps.build(traps.load(arrived) if arrived else set())
    first, *others = [rows_of(traps, name) for name in names]
    assert len(first) == 17
    for other in others:
        assert other == first
    heads = traps.rows(
        "SELECT booking_id, is_cancelled, is_no_show, moved_count FROM wh.entities.bookings "
        f"WHERE organization_id = '{names[0]}' AND logical_booking_id = booking_id ORDER BY booking_id"
    )
    assert [tuple(row.values()) for row in heads] == [
        ("a-1", False, True, 3),
        ("b-0", True, False, 3),
        ("c-1", False, False, 2),
        ("d-1", False, False, 2),
        ("e-1", False, False, 0),
        ("f-0", False, False, 2),
    ]


def test_a_rebuild_gives_the_same_rows(traps: SmallLake) -> None:
    query = "FROM wh.staging.orufy_bookings ORDER BY ALL"
    kept = traps.con.execute(query).fetchall()
    assert kept
    result = traps.builder.build(full_refresh=True)
    assert not result.failures
    assert traps.con.execute(query).fetchall() == kept
