"""What no contract names and what stays outside the marts: name -> batches in the order of arrival."""

from dataclasses import replace
from typing import Any

from tests.support.models.deliveries import hook, orufy, person, sent
from tests.support.models.journeys import talk
from tests.support.models.small_lake import Delivery

RECENT = 24 * 14  # the marts of health look back seven days from 20 March
ODD_FIELDS: list[dict[str, Any]] = [
    {"attendees": "nobody"},
    {"attendees": [1, None, "text", [], {"_id": 5, "status": {"a": 1}, "cancellation": 0}]},
    {"reschedule": "later", "prevMeetId": {"_id": "m-0"}},
    {"reschedule": ["m-0"], "payment": "later"},
    {"time": 1_772_500_000_000, "duration": "long", "markAsNoShow": "perhaps"},
    {"time": "9999-12-31T23:59:59Z", "duration": 1e300, "payment": []},
    {
        "time": "2026-13-45T25:61:00Z",
        "duration": -5,
        "payment": {"updatedAt": "99999999999999", "amount": {}},
    },
]

OUTSIDE_TRAPS: dict[str, list[list[Delivery]]] = {
    "hooks": [
        [hook("order.paid", RECENT + 1, written=RECENT), hook("order.paid", RECENT + 4, written=RECENT + 3)],
        [hook("Order.Paid", RECENT + 5), hook(None, RECENT + 6)],
    ],
    "unknown": [
        [
            orufy("BOOK", "m-1", 1, status="TENTATIVE", attendees=[person("a", vip=1), person("b", vip=2)]),
            orufy("BOOK", "m-2", 5, attendees=[person("a", vip=1)], color="red"),
        ],
        [
            orufy("SOMETHING_NEW", "m-1", 6, type="DUEL"),
            talk("completed", "c", 1, conversation_status="PERHAPS"),
            talk("needs_review", "c", 2, needs_review_reason="BORED"),
        ],
    ],
    "odd": [
        [orufy("ODD", f"m-{place}", 1, **fields) for place, fields in enumerate(ODD_FIELDS)],
        [
            sent("orufy", {"eventType": "ODD", "meetData": data}, 2)
            for data in (None, [1], "text", {"_id": 7})
        ],
    ],
    "tests": [
        [replace(talk("started", "c", 1), marks={"is_test": True})],
        [
            replace(talk("started", "d", 1), marks={"is_foreign": True}),
            replace(orufy("NO_SHOW", "m-1", 3), marks={"is_test": True, "is_foreign": True}),
        ],
    ],
}
