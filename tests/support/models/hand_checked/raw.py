"""From the lines of journeys.txt to documents as a provider sends them, field by field."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

JOURNEYS = Path(__file__).parent / "journeys.txt"
ORGANIZATION = "acme"
RECEIVED_LATE = dt.datetime(2026, 3, 20, 6, tzinfo=dt.UTC)
MEETING_MINUTES = 30
Words = Mapping[str, tuple[str, Mapping[str, Any]]]

CONVERSATION: Words = {
    "QUEUED": ("CONVERSATION_QUEUED", {}),
    "STARTED": ("CONVERSATION_STARTED", {"conversationStatus": "ONGOING"}),
    "START_FAILED": ("START_CONVERSATION_FAILED", {}),
    "OPTED_OUT": ("CONVERSATION_OPTED_OUT", {}),
    "REVIEW": ("CONVERSATION_NEEDS_REVIEW", {}),
    "NUDGED": ("CONVERSATION_MAX_NUDGES_REACHED", {}),
    "PASSED": ("CONVERSATION_COMPLETED", {"conversationStatus": "COMPLETED_SCREENING_PASSED"}),
    "FAILED": ("CONVERSATION_COMPLETED", {"conversationStatus": "COMPLETED_SCREENING_FAILED"}),
    "NOT_INTERESTED": (
        "CONVERSATION_COMPLETED",
        {"conversationStatus": "COMPLETED_CANDIDATE_NOT_INTERESTED"},
    ),
    "CLOSED": ("CONVERSATION_COMPLETED", {"conversationStatus": "CLOSED"}),
    "COMPLETED": ("CONVERSATION_COMPLETED", {"conversationStatus": "COMPLETED"}),
    "COMPLETED_BY_OWL": ("CONVERSATION_COMPLETED", {"conversationStatus": "COMPLETED_BY_OWL"}),
    "MORE_TIME": ("CALENDAR_MORE_TIME_REQUESTED", {}),
    "NO_SLOT": ("CALENDAR_AVAILABILITY_NOT_FOUND", {}),
}
MEETING = {
    "SCHEDULED": "CALENDAR_MEETING_SCHEDULED",
    "RESCHEDULED": "CALENDAR_MEETING_RESCHEDULED",
    "UPDATED": "CALENDAR_MEETING_UPDATED",
    "CANCELLED": "CALENDAR_MEETING_CANCELLED",
    "NOTES": "CALENDAR_NOTE_TAKER_COMPLETED",
}
WORKFLOW = {
    **{f"RUN_{word}": f"WORKFLOW_RUN_{word}" for word in ("STARTED", "COMPLETED", "FAILED", "CANCELLED")},
    "NODE": "WORKFLOW_NODE_COMPLETED",
    "RESOLVED": "WORKFLOW_CONTACT_RESOLVED",
    "UNRESOLVED": "WORKFLOW_CONTACT_RESOLUTION_FAILED",
    "SKIPPED": "WORKFLOW_CONTACT_RESOLUTION_SKIPPED",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """One delivery: a provider's document and when it came."""

    provider: str
    document: Mapping[str, Any]
    received_at: dt.datetime

    @property
    def body(self) -> bytes:
        return json.dumps(self.document).encode()


@dataclass(frozen=True, slots=True)
class Block:
    """What a heading says: of what the lines below it tell."""

    kind: str
    id: str
    context: str
    organization: str


def deliveries(path: Path = JOURNEYS) -> list[Sent]:
    """Every line as a delivery, in the order written. Raises `KeyError` for a word that is not known."""
    return list(_read(path.read_text().splitlines()))


def _read(lines: Sequence[str]) -> Iterator[Sent]:
    block = Block("", "", "", "")
    for line in lines:
        if line.startswith("## "):
            block = _block(line)
        elif line and not line.startswith("#"):
            yield _sent(block, line)


def _block(line: str) -> Block:
    kind, name, *rest = line.partition(" --")[0].split()[1:]
    _, _, organization = " ".join(rest).partition("of ")
    context = rest[0] if rest and rest[0] not in ("-", "of") else ""
    return Block(kind, name, context, organization or ORGANIZATION)


def _sent(block: Block, line: str) -> Sent:
    day, time, word, *details = line.split()
    at = instant(f"{day}T{time}")
    if block.kind == "orufy":
        return Sent("orufy", _orufy(word, details), at)
    event, data, emitted = _popp(block, word, details, at)
    data = {"organizationId": block.organization, **data}
    if "legacy" in details:
        return Sent("popp", {"event": event, "data": data}, at)
    envelope = {"event": event, "eventId": f"{block.id} {line}", "eventTimestamp": text(emitted)}
    return Sent("popp", {**envelope, "data": data}, RECEIVED_LATE)


def _popp(
    block: Block, word: str, details: list[str], at: dt.datetime
) -> tuple[str, dict[str, Any], dt.datetime]:
    """Event type, its data and the time in the envelope, which in workflow events is two hours late."""
    if word in MEETING:
        return MEETING[word], _meeting(block, details), at
    if word in WORKFLOW:
        return WORKFLOW[word], _workflow(block, details, at), at + dt.timedelta(hours=2)
    if word == "ANALYSED":
        return "CANDIDATE_ANALYSIS_COMPLETED", _analysis(block, details), at
    event, fixed = CONVERSATION[word]
    return event, {**_conversation(block, word, details), **fixed}, at


def _conversation(block: Block, word: str, details: list[str]) -> dict[str, Any]:
    data: dict[str, Any] = {"recordId": block.id}
    pairs, flags = _split(details)
    if word in ("MORE_TIME", "NUDGED"):
        data |= {"conversationId": block.id, "campaignId": block.context}
    elif word != "NO_SLOT":
        data["campaignConversationUrl"] = (
            f"https://ai.joinpopp.com/campaign/outbound/{block.context}?conversationId={block.id}"
        )
    if word == "NUDGED":
        data |= {"campaignType": _value(flags[0]), "nudgesSent": int(pairs["sent"])}
    if word == "REVIEW":
        reasons = [flag for flag in flags if flag.isupper()]
        data |= {
            "isHumanTakeover": "takeover" in flags,
            **dict(zip(("needsReviewReason",), reasons, strict=False)),
        }
    if word in ("PASSED", "FAILED"):
        data["scorecardTotalValue"] = float(pairs.pop("score")) if "score" in pairs else None
        data["screeningQuestionsOutcome"] = [
            {"screeningQuestion": question, "responseSummary": None, "questionOutcome": _value(outcome)}
            for question, outcome in pairs.items()
        ]
    return data


def _meeting(block: Block, details: list[str]) -> dict[str, Any]:
    pairs, flags = _split(details)
    data: dict[str, Any] = {"recordId": flags[0]}
    if block.kind == "conversation":
        data["conversationId"] = block.id
    if "start" in pairs:
        start = instant(pairs["start"])
        end = instant(pairs["end"]) if "end" in pairs else start + dt.timedelta(minutes=MEETING_MINUTES)
        data["meetingDetails"] = {"startDateTime": text(start), "endDateTime": text(end)}
    return data


def _workflow(block: Block, details: list[str], at: dt.datetime) -> dict[str, Any]:
    data = {"recordId": block.id, "workflowId": block.context, "timestamp": text(at)}
    data["workflowVersionId"] = f"{block.context}-v1"
    return {**data, **dict(zip(("nodeId", "outcome"), map(_value, details), strict=False))}


def _analysis(block: Block, details: list[str]) -> dict[str, Any]:
    pairs, _ = _split(details)
    known = {"yes": True, "no": False, "-": None}
    return {
        "recordId": block.id,
        "analysisCandidateUrl": f"https://ai.joinpopp.com/ranks/{block.context}?candidateId={block.id}",
        "totalScoreScaled": float(pairs.pop("score")) if "score" in pairs else None,
        "isAllMandatoryRequirementsMet": known[pairs.pop("mandatory", "-")],
        "requirementOutcomes": [
            {"requirement": name.rstrip("!"), "isMandatory": name.endswith("!"), "isMet": known[met]}
            for name, met in pairs.items()
        ],
    }


def _orufy(word: str, details: list[str]) -> dict[str, Any]:
    pairs, flags = _split(details)
    meeting: dict[str, Any] = {
        "_id": flags[0],
        "appId": ORGANIZATION,
        "eventId": "event-type-9",
        "time": text(instant(pairs["start"])),
        "duration": MEETING_MINUTES,
        "status": pairs.get("status", "ACTIVE"),
        "attendees": [{"_id": "at-1", "status": pairs.get("status", "ACTIVE"), "cancellation": {}}],
        "cancellation": {},
        "reschedule": {},
        "markAsNoShow": "noshow" in flags,
    }
    if "prev" in pairs:
        meeting["prevMeetId"] = pairs["prev"]
    if "payment" in pairs:
        names = ("_id", "status", "amount", "currencyCode")
        meeting["payment"] = dict(zip(names, pairs["payment"].split(":"), strict=True))
    return {"eventType": word, "meetData": meeting}


def instant(written: str) -> dt.datetime:
    """A time as the fixture writes it, `03-05T14:00`, with a year where it is not 2026."""
    full = written if written.count("-") == 2 else f"2026-{written}"
    return dt.datetime.fromisoformat(full).replace(tzinfo=dt.UTC)


def text(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _split(details: list[str]) -> tuple[dict[str, str], list[str]]:
    """Details with `=` by name, and the others."""
    pairs = dict(part.split("=", 1) for part in details if "=" in part)
    return pairs, [part for part in details if "=" not in part]


def _value(written: str) -> str | None:
    return None if written == "-" else written
