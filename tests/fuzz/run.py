"""Mutated payloads through every real part: signed, received, loaded, audited, and each value looked for."""

import asyncio
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import duckdb

from pipelines.admin.audit import audit
from pipelines.contracts.registry import contracts, providers
from pipelines.flatten.derived_tables import tables_of
from pipelines.ingest.topic_admin import ensure_topic, topic_info, watermarks
from pipelines.lake.connection import open_lake
from pipelines.load.catch_up import catch_up
from pipelines.load.session import LoadPolicy
from pipelines.settings import Settings
from receiver.signatures import sign
from receiver.sources import VerifiedSource, sources
from tests.fuzz.mutants import Document, Mutant, mutants
from tests.fuzz.oracle import Row, changed_values
from tests.support.running import running

FIXTURES = Path(__file__).parent.parent / "fixtures"
CONCURRENCY = 32
SOURCES: dict[str, dict[str, str]] = {
    "popp": {"provider": "popp", "secrets": "k:fuzz-secret"},
    "orufy": {"provider": "orufy", "secrets": "k:fuzz-token", "scheme": "token:x-orufy-token"},
    "standard_webhooks": {"provider": "standard_webhooks", "secrets": "k:whsec_ZnV6ei1zZWNyZXQ="},
}


@dataclass(slots=True)
class Fuzzed:
    """What became of the payloads, by event and by kind of mutation; `wrong` is what must be empty."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    by_event: dict[str, Counter[str]] = field(default_factory=dict)
    by_kind: dict[str, Counter[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def totals(self) -> Counter[str]:
        """Outcomes of all together."""
        return sum(self.by_event.values(), Counter())


@dataclass(frozen=True, slots=True)
class Sent:
    """One answered delivery."""

    event: str
    kind: str
    sha256: str


def fuzz(settings: Settings, per_event: int, seed: str) -> Fuzzed:
    """Send `per_event` payloads of every event to a receiver, load them, and look for what went wrong."""
    ensure_topic(settings.kafka)
    found, sent = Fuzzed(), {}
    with running(settings):
        for provider, event in events():
            answers = asyncio.run(_send(settings, provider, _mutants(provider, event, per_event, seed)))
            for status, delivery_id, mutant in answers:
                found.sent += 1
                found.statuses[status] += 1
                if status == 200:
                    digest = hashlib.sha256(mutant.body).hexdigest()
                    sent[delivery_id] = Sent(f"{provider} {event}", mutant.kind, digest)
    found.wrong += [f"{count} answers {status}" for status, count in found.statuses.items() if status != 200]
    catch_up(settings, "fuzz", LoadPolicy(accept_rejects=True), lambda _: None)
    with open_lake(settings.warehouse, read_only=True) as con:
        found.wrong += _audited(settings, con)
        found.wrong += _accounted(con, sent, found)
        found.wrong += _changed(con)
    return found


def events() -> list[tuple[str, str]]:
    """Every event with a contract, and of each provider something without one."""
    described = [(provider, c.table) for (provider, _), c in sorted(contracts().items())]
    return described + [(provider, "unknown") for provider in sorted(providers())]


def _mutants(provider: str, event: str, count: int, seed: str) -> Iterator[Mutant]:
    files = sorted((FIXTURES / provider).glob(f"{event}.*.json"))
    originals: list[Document] = [json.loads(file.read_text())["body"] for file in files]
    return mutants(f"{seed} {provider} {event}", originals, count, _FRESH[provider])


def _fresh_popp(document: Document, number: int) -> None:
    if "eventId" in document:
        document["eventId"] = f"fuzz-{document['event']}-{number}"


def _fresh_orufy(document: Document, number: int) -> None:
    document["meetData"]["_id"] = f"fuzz-{number}"


def _fresh_standard(document: Document, number: int) -> None:
    document["data"] = {"id": number}


_FRESH = {"popp": _fresh_popp, "orufy": _fresh_orufy, "standard_webhooks": _fresh_standard}


async def _send(settings: Settings, provider: str, of: Iterator[Mutant]) -> list[tuple[int, str, Mutant]]:
    source = sources(settings)[provider]
    url = f"http://127.0.0.1:{settings.receiver.port}/webhooks/{provider}"
    answers: list[tuple[int, str, Mutant]] = []

    async def work(session: aiohttp.ClientSession) -> None:
        for mutant in of:
            async with session.post(url, data=mutant.body, headers=_headers(source, mutant.body)) as answer:
                document = await answer.json()
                answers.append((answer.status, str(document.get("delivery_id")), mutant))

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(work(session) for _ in range(CONCURRENCY)))
    return answers


def _headers(source: VerifiedSource, body: bytes) -> dict[str, str]:
    secret = next(iter(source.secrets.values()))
    message_id = hashlib.sha256(body).hexdigest()
    return sign(source.scheme, secret, body, message_id=message_id, now=datetime.now(UTC))


def _audited(settings: Settings, con: duckdb.DuckDBPyConnection) -> list[str]:
    topic = topic_info(settings.kafka)
    assert topic is not None
    found = audit(con, topic, lambda: watermarks(settings.kafka, topic))
    waiting = [f"{found.totals.waiting} records were not loaded"] if found.totals.waiting else []
    return waiting + [f"audit: {f.check}: {f.where}: {f.problem}" for f in found.findings]


def _accounted(con: duckdb.DuckDBPyConnection, sent: dict[str, Sent], found: Fuzzed) -> Iterator[str]:
    """Every answered delivery is in the ledger once, with its own bytes; every reject says why."""
    rows = con.execute(
        """
        SELECT d.delivery_id, d.outcome, d.body_sha256, len(coalesce(q.reasons, []))
        FROM wh.ledger.deliveries AS d
        LEFT JOIN wh.quarantine.records AS q USING (topic_id, partition, "offset")
        """
    ).fetchall()
    seen = Counter(row[0] for row in rows)
    yield from (f"{count} ledger rows of one delivery" for count in seen.values() if count > 1)
    yield from ("a delivery answered 200 is not in the ledger" for delivery in sent if delivery not in seen)
    for delivery, outcome, digest, reasons in rows:
        known = sent.get(delivery)
        if known is None:
            yield "a ledger row of a delivery that was not answered"
            continue
        found.by_event.setdefault(known.event, Counter())[outcome] += 1
        found.by_kind.setdefault(known.kind, Counter())[outcome] += 1
        if digest != known.sha256:
            yield f"{known.event}, {known.kind}: the bytes differ from those sent"
        if outcome == "quarantined" and not reasons:
            yield f"{known.event}, {known.kind}: quarantined without a reason"


def _changed(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Loaded records of which some value is lost, or another one."""
    bodies = _bodies(con)
    tables = [tables_of(*key) for key in contracts()]
    for event, children in [("generic", ()), *((t.event.name, t.children) for t in tables)]:
        own = {child.name: _by_key(con, child.name) for child in children}
        for key, (row,) in _by_key(con, event).items():
            provider, body = bodies[key]
            rows = {event: [row]} | {name: found.get(key, []) for name, found in own.items()}
            changed = changed_values(provider, body, rows)
            if changed:
                yield f"{event}: {', '.join(changed[:3])} of {body[:2_000]!r}"


def _bodies(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, bytes]]:
    rows = con.execute(
        """
        SELECT d.event_key, d.provider, b.body FROM wh.ledger.deliveries AS d
        JOIN wh.ledger.bodies AS b USING (topic_id, partition, "offset") WHERE d.outcome = 'loaded'
        """
    ).fetchall()
    return {key: (provider, body) for key, provider, body in rows}


def _by_key(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, list[Row]]:
    result = con.execute(f"SELECT * FROM wh.events.{table}")
    names = [column[0] for column in result.description]
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for values in result.fetchall():
        row: dict[str, Any] = dict(zip(names, values, strict=True))
        found[row["event_key"]].append(row)
    return found
