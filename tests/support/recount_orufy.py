"""Follows the bookings at Orufy from bodies alone, slowly and plainly: a second opinion on the simulator."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from pipelines.simulate.delivery.faults import Delivery
from pipelines.simulate.truth.orufy_bookings import BookingTruth

NEW_MEETING = ("newMeetId", "newMeetingId", "meetId", "newMeet", "new_meet_id", "meetingId")


@dataclass
class Body:
    """One document, with the fields of the meeting in one place."""

    kind: str
    meeting: dict[str, Any]


@dataclass
class Account:
    """What one account sent: its bodies by meeting, and which meeting replaced which."""

    bodies: defaultdict[str, list[Body]] = field(default_factory=lambda: defaultdict(list))
    next: dict[str, str] = field(default_factory=dict)

    def meetings(self) -> set[str]:
        return {*self.bodies, *self.next, *self.next.values()}


def accounts(deliveries: Iterable[Delivery]) -> dict[str, Account]:
    """Bodies that were sent, each once."""
    found: defaultdict[str, Account] = defaultdict(Account)
    once = {_canonical(delivery.body) for delivery in deliveries if delivery.provider == "orufy"}
    for text in sorted(once):
        document = msgspec.json.decode(text)
        meeting = {name: value for name, value in document.items() if name not in ("eventType", "meetData")}
        meeting |= document["meetData"]
        account, meeting_id = found[meeting["appId"]], meeting["_id"]
        account.bodies[meeting_id].append(Body(document["eventType"], meeting))
        if before := meeting.get("prevMeetId"):
            account.next[before] = meeting_id
        for key in NEW_MEETING:
            after = (meeting.get("reschedule") or {}).get(key)
            if after:
                account.next[meeting_id] = after["_id"] if isinstance(after, dict) else after
    return dict(found)


def chains(account: Account) -> list[list[str]]:
    """Meetings in the order in which they replaced each other."""
    firsts = account.meetings() - set(account.next.values())
    found = []
    for first in sorted(firsts):
        chain = [first]
        while chain[-1] in account.next:
            chain.append(account.next[chain[-1]])
        found.append(chain)
    return found


def recount_bookings(deliveries: Iterable[Delivery]) -> list[BookingTruth]:
    """The same numbers as the simulator tells."""
    return [_count(name, account) for name, account in sorted(accounts(deliveries).items())]


def _count(name: str, account: Account) -> BookingTruth:
    ended: Counter[str] = Counter()
    payments: dict[str, tuple[bool, str]] = {}
    all_chains = chains(account)
    for chain in all_chains:
        last = account.bodies[chain[-1]]
        ended["cancelled"] += any(_cancels(body) for body in last)
        ended["left"] += len({guest for body in last if not _cancels(body) for guest in _gone(body)})
        ended["no_show"] += any(_absent(body) for body in last)
        bodies = [body.meeting for meeting_id in chain for body in account.bodies[meeting_id]]
        for paid in (meeting["payment"] for meeting in bodies if meeting.get("payment")):
            latest = (paid["status"] != "PENDING", f"{paid['status']} {paid['currencyCode']}")
            payments[paid["_id"]] = max(latest, payments.get(paid["_id"], (False, "")))
    moves = sum(len(chain) - 1 for chain in all_chains)
    by_state = dict(sorted(Counter(text for _, text in payments.values()).items()))
    return BookingTruth(
        name, len(all_chains), moves, ended["cancelled"], ended["no_show"], ended["left"], by_state
    )


def _cancels(body: Body) -> bool:
    status = body.meeting.get("status")
    if body.kind != "CANCEL" or status == "ACTIVE":
        return False
    return status == "CANCELLED" or all(guest["status"] != "ACTIVE" for guest in body.meeting["attendees"])


def _gone(body: Body) -> list[str]:
    return [guest["_id"] for guest in body.meeting["attendees"] if guest["status"] == "CANCELLED"]


def _absent(body: Body) -> bool:
    return any(each.get("markAsNoShow") for each in (body.meeting, *body.meeting["attendees"]))


def _canonical(body: bytes) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(body), order="sorted")
