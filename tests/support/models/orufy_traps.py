"""The traps of Orufy as documents it may send: name -> batches in the order of arrival.

Hours count from 2 March 2026; an Orufy event has no time but that of its receipt.
"""

from dataclasses import replace

from tests.support.models.deliveries import orufy, paid, person
from tests.support.models.small_lake import Delivery

GONE = person("at-1", "CANCELLED", cancellation={"reason": "ill"})

NO_IDS = ("null", " Undefined ", "NONE", "nil", "0", "-", "n/a", "  ", "{meetId}", "%7BmeetId%7D", "0" * 24)

ORUFY_TRAPS: dict[str, list[list[Delivery]]] = {
    "T35": [[orufy("BOOK", meeting, 1) for meeting in ("m-1", "m-2", "m-3")]],
    "T36_back": [
        [orufy("BOOK", "m-1", 1)],
        [orufy("RESCHEDULE", "m-2", 30, start=200, prevMeetId="m-1")],
    ],
    "T36_forward": [
        [orufy("BOOK", "m-1", 1)],
        [orufy("RESCHEDULE", "m-1", 30, reschedule={"reason": "ill", "newMeetId": "m-2"})],
    ],
    "T36_both": [
        [orufy("RESCHEDULE", "m-1", 30, reschedule={"newMeet": {"_id": "m-2"}})],
        [orufy("RESCHEDULE", "m-2", 31, start=200, prevMeetId="m-1", reschedule={"meetId": "m-2"})],
        [orufy("BOOK", "m-1", 40), orufy("BOOK", "m-2", 40, start=200)],
    ],
    "T36_three": [
        [orufy("RESCHEDULE", "m-4", 50, start=400, prevMeetId="m-3"), orufy("BOOK", "m-1", 60)],
        [orufy("RESCHEDULE", "m-1", 70, reschedule={"new_meet_id": "m-2"})],
        [orufy("RESCHEDULE", "m-3", 80, start=300, prevMeetId="m-2")],
    ],
    "T36_earlier_first": [
        [orufy("RESCHEDULE", "m-2", 1, prevMeetId="m-1")],
        [orufy("RESCHEDULE", "m-1", 2, prevMeetId="m-0")],
    ],
    "T36_circle": [
        [orufy("RESCHEDULE", "m-1", 1, prevMeetId="m-2"), orufy("RESCHEDULE", "m-2", 2, prevMeetId="m-1")]
    ],
    "T36_unlinked": [[orufy("BOOK", "m-1", 1), orufy("RESCHEDULE", "m-1", 2, start=200)]],
    "no_ids": [
        [orufy("BOOK", f"back-{n}", 1, prevMeetId=text) for n, text in enumerate(NO_IDS)],
        [orufy("RESCHEDULE", f"on-{n}", 2, reschedule={"newMeetId": t}) for n, t in enumerate(NO_IDS)],
        [orufy("MEETING_SEEN", f"generic-{n}", 3, prevMeetId=text) for n, text in enumerate(NO_IDS)],
        [orufy("RESCHEDULE", "real-1", 3, reschedule={"newMeetId": "null", "meetId": {"_id": "real-2"}})],
    ],
    "T37": [
        [orufy("BOOK", "m-1", 1), orufy("CANCEL", "m-1", 2, status="CANCELLED", attendees=[GONE])],
        [orufy("RESCHEDULE", "m-2", 3, start=200, prevMeetId="m-1")],
    ],
    "moved_then_cancelled": [
        [orufy("CANCEL", "m-2", 4, status="CANCELLED", prevMeetId="m-1", attendees=[GONE])],
        [orufy("BOOK", "m-1", 5)],
    ],
    "cancelled_before_booked": [
        [orufy("CANCEL", "m-1", 1, status="CANCELLED")],
        [orufy("BOOK", "m-1", 2)],
        [orufy("MEETING_DELETED", "m-2", 2, status="CANCELLED"), orufy("BOOK", "m-2", 1)],
    ],
    "T38": [
        [orufy("BOOK", meeting, 1) for meeting in ("by-meeting", "by-attendee", "came")],
        [
            orufy("Mask as no-show", "by-meeting", 120, markAsNoShow=True),
            orufy("NO_SHOW", "by-attendee", 120, attendees=[person("at-1", markAsNoShow=True)]),
            orufy("MEETING_DONE", "came", 120, markAsNoShow=False),
        ],
    ],
    "T39": [
        [orufy("BOOK", "group", 1, type="GROUP", attendees=[person("at-1")])],
        [orufy("BOOK", "group", 2, type="GROUP", attendees=[person("at-1"), person("at-2")])],
        [orufy("CANCEL", "group", 3, type="GROUP", attendees=[GONE, person("at-2")])],
        [
            orufy("CANCEL", "partly", 3, status=None, attendees=[GONE, person("at-2")]),
            orufy("CANCEL", "wholly", 3, status=None, attendees=[GONE]),
            orufy("CANCEL", "untold", 3, attendees=None),
        ],
    ],
    "T39_multiple": [[orufy("BOOK", m, 1, multipleBookingIdentifier="both") for m in ("m-1", "m-2")]],
    "T40": [[orufy("BOOK", "m-1", 1, duration=45), orufy("BOOK", "endless", 1, duration=2.0**50)]],
    "T41": [
        [orufy("BOOK", "m-1", 1, status=None)],
        [orufy("MEETING_SEEN", "m-1", 2, status=None), orufy("MEETING_SEEN", "m-2", 2, prevMeetId="")],
    ],
    "T42": [
        [paid("PENDING", 1), paid("DONE", 2)],
        [paid("DONE", 1, "pay-2"), paid("PENDING", 2, "pay-2")],
        [
            paid("FAILED", 5, "pay-3", updatedAt=1_772_500_000_000, amount=4950),
            paid("PENDING", 3, "pay-3", updatedAt="2026-03-04T00:00:00Z", paymentTime="yesterday"),
            paid("PENDING", 3, None),
        ],
        [orufy("PAYMENT_MADE", "m-1", 6, payment={"_id": "pay-4", "status": "REFUNDED", "amount": 10})],
    ],
    "T43": [
        [
            orufy(
                "BOOK",
                "m-1",
                1,
                attendees=[person("at-1", "CANCELLED")],
                payment={"_id": "pay-1", "appId": "gateway-account", "status": "FAILED"},
            )
        ]
    ],
    "T44": [[orufy("BOOK", "m-1", 1, createByContact=True)]],
    "no_account": [
        [replace(d, values={**d.values, "organization_id": None}) for d in [orufy("BOOK", "x", 1)]]
    ],
}
