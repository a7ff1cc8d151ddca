"""Proof that nothing is lost and nothing counted twice: the ledger against itself, the tables and the topic.

Every check returns what offends, with where it is; an empty answer is the proof.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import duckdb
import polars as pl

from pipelines.ingest.topic import TopicInfo, Watermarks
from pipelines.warehouse.ledger import CHAINED, chained
from pipelines.warehouse.positions import FIRST_CHAIN
from pipelines.warehouse.tables import DELIVERIES, all_tables


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as promised. `records` says how many records it touches.

    What an operator has `accepted` as lost is told for ever, and no longer fails the audit.
    """

    check: str
    where: str
    problem: str
    records: int
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Totals:
    """The ledger in numbers; `waiting` is what the topic holds beyond it, None without a topic."""

    records: int
    loaded: int
    duplicate: int
    quarantined: int
    waiting: int | None


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found; `ok` when that is nothing but accepted losses."""

    totals: Totals
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether the promise holds."""
        return all(finding.accepted for finding in self.findings)


_BATCHES_AT_ONCE = 500
_NO_ROWS = pl.DataFrame(schema={name: DELIVERIES[name] for name in CHAINED})

ACCEPTED = frozenset({"accepted losses", "one topic"})
"""Checks whose findings an operator has accepted: without that the load would not have gone on."""

_LEDGER_CHECKS: Mapping[str, tuple[str, str]] = {
    "one record, one outcome": (
        "recorded more than once",
        """
        SELECT topic || '/' || partition || '/' || "offset", count(*) - 1 FROM wh.ledger.deliveries
        GROUP BY topic, topic_id, partition, "offset" HAVING count(*) > 1
        """,
    ),
    "outcomes": (
        "an outcome that does not exist",
        """
        SELECT topic || '/' || partition || '/' || "offset", 1 FROM wh.ledger.deliveries
        WHERE outcome IS NULL OR outcome NOT IN ('loaded', 'duplicate', 'quarantined')
        """,
    ),
    "offsets without gaps": (
        "offsets that were never recorded: lost",
        """
        WITH lost AS (
            SELECT topic_id, partition, sum(next_offset - first_offset) AS n
            FROM wh.ledger.offsets WHERE records = 0 GROUP BY ALL
        ), reached AS (
            SELECT topic, topic_id, partition, max(next_offset) - min(first_offset) AS n
            FROM wh.ledger.offsets GROUP BY ALL
        ), recorded AS (
            SELECT topic_id, partition, count(DISTINCT "offset") AS n FROM wh.ledger.deliveries GROUP BY ALL
        )
        SELECT topic || '/' || partition, reached.n - coalesce(recorded.n, 0) - coalesce(lost.n, 0) AS missing
        FROM reached LEFT JOIN recorded USING (topic_id, partition) LEFT JOIN lost USING (topic_id, partition)
        WHERE missing > 0
        """,
    ),
    "accepted losses": (
        "deleted by retention before they were loaded: lost, as an operator has accepted",
        """
        SELECT topic || '/' || partition || ' offsets ' || first_offset || ' to ' || (next_offset - 1),
            next_offset - first_offset
        FROM wh.ledger.offsets WHERE records = 0 AND next_offset > first_offset
        """,
    ),
    "positions": (
        "the stored position is not the end of what is recorded",
        """
        WITH recorded AS (
            SELECT topic, topic_id, partition, max("offset") + 1 AS next_offset
            FROM wh.ledger.deliveries GROUP BY ALL
        ), stored AS (
            SELECT topic, topic_id, partition, arg_max(next_offset, batch_id) AS next_offset
            FROM wh.ledger.offsets WHERE records > 0 GROUP BY ALL
        )
        SELECT coalesce(r.topic, s.topic) || '/' || coalesce(r.partition, s.partition),
            abs(coalesce(r.next_offset, 0) - coalesce(s.next_offset, 0))
        FROM recorded AS r FULL JOIN stored AS s USING (topic_id, partition)
        WHERE r.next_offset IS DISTINCT FROM s.next_offset
        """,
    ),
    "one topic": (
        "the topic was made anew; what the old one held beyond it was never loaded: lost, at least",
        """
        WITH reached AS (
            SELECT topic, topic_id, partition, max(next_offset) AS next_offset, max(end_offset) AS end_offset,
                max(batch_id) AS batch_id
            FROM wh.ledger.offsets GROUP BY topic, topic_id, partition
        )
        SELECT topic || '/' || partition || ' from offset ' || next_offset || ' (' || topic_id || ')',
            greatest(coalesce(end_offset, 0) - next_offset, 0)
        FROM reached
        WHERE topic_id <> (
            SELECT arg_max(newest.topic_id, newest.batch_id) FROM reached AS newest
            WHERE newest.topic = reached.topic
        )
        """,
    ),
    "batches add up": (
        "the batches do not add up to the ledger's outcomes",
        """
        WITH counted AS (
            SELECT outcome, count(*) AS n FROM wh.ledger.deliveries GROUP BY outcome
        ), told AS (
            UNPIVOT (
                SELECT sum(loaded) AS loaded, sum(duplicate) AS duplicate, sum(quarantined) AS quarantined
                FROM wh.ledger.batches
            ) ON loaded, duplicate, quarantined INTO NAME outcome VALUE n
        )
        SELECT outcome, abs(coalesce(counted.n, 0) - coalesce(told.n, 0))::BIGINT
        FROM counted FULL JOIN told USING (outcome)
        WHERE coalesce(counted.n, 0) <> coalesce(told.n, 0)
        """,
    ),
    "one event, loaded once": (
        "counted twice",
        """
        SELECT event_key, count(*) - 1 FROM wh.ledger.deliveries
        WHERE outcome = 'loaded' GROUP BY event_key HAVING count(*) > 1
        """,
    ),
    "duplicates have a first": (
        "a duplicate of nothing",
        """
        SELECT event_key, count(*) FROM wh.ledger.deliveries AS d
        WHERE outcome = 'duplicate' AND NOT EXISTS (
            FROM wh.ledger.deliveries AS l WHERE l.outcome = 'loaded' AND l.event_key = d.event_key
        ) GROUP BY event_key
        """,
    ),
    "every loaded record has its body": (
        "without its body, with another body, or a body without its record",
        """
        SELECT coalesce(d.topic || '/' || d.partition || '/' || d."offset",
                        b.topic || '/' || b.partition || '/' || b."offset"), 1
        FROM (FROM wh.ledger.deliveries WHERE outcome = 'loaded' OR reason = 'body_differs') AS d
        FULL JOIN wh.ledger.bodies AS b USING (topic_id, partition, "offset")
        WHERE d.topic IS NULL OR b.topic IS NULL
            OR (d.erased_at IS NULL AND sha256(b.body) <> d.body_sha256)
        """,
    ),
    "every quarantined record is kept": (
        "not in quarantine, or there without its record",
        """
        SELECT coalesce(d.topic || '/' || d.partition || '/' || d."offset",
                        q.topic || '/' || q.partition || '/' || q."offset"), 1
        FROM (FROM wh.ledger.deliveries WHERE outcome = 'quarantined') AS d
        FULL JOIN wh.quarantine.records AS q USING (topic_id, partition, "offset")
        WHERE d.topic IS NULL OR q.topic IS NULL
        """,
    ),
}


def audit(
    con: duckdb.DuckDBPyConnection,
    topic: TopicInfo | None,
    ends: Callable[[], Mapping[int, Watermarks]] | None = None,
) -> Audit:
    """Check the whole ledger, against the topic too when it is given. Reads one snapshot of the lake.

    `ends` is asked after the snapshot is taken, so that a loader may go on meanwhile.
    """
    con.begin()
    try:
        _totals(con, None, None)  # the first query takes the snapshot
        found = ends() if ends else None
        findings = [
            *_ledger_findings(con),
            *_event_findings(con),
            *_child_findings(con),
            *_batch_findings(con),
            *(_topic_findings(con, topic, found) if topic and found else ()),
        ]
        return Audit(_totals(con, topic, found), tuple(findings))
    finally:
        con.rollback()


def _ledger_findings(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    for check, (problem, sql) in _LEDGER_CHECKS.items():
        for where, records in con.execute(sql).fetchall():
            yield Finding(check, str(where), problem, int(records), check in ACCEPTED)


def _event_findings(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Event rows against the ledger, in both directions."""
    names = [
        name for name, columns in all_tables() if name.startswith("events.") and "position" not in columns
    ]
    rows = " UNION ALL ".join(f"SELECT event_key, '{name}' AS name FROM wh.{name}" for name in names)  # noqa: S608
    sql = f"""
        SELECT coalesce(e.name, 'ledger.deliveries'), count(*),
            CASE WHEN d.event_key IS NULL THEN 'event rows that no loaded record accounts for'
                WHEN e.event_key IS NULL THEN 'loaded records without their event row'
                ELSE 'events with more than one row' END
        FROM (SELECT event_key, min(name) AS name, count(*) AS n FROM ({rows}) GROUP BY event_key) AS e
        FULL JOIN (FROM wh.ledger.deliveries WHERE outcome = 'loaded') AS d USING (event_key)
        WHERE d.event_key IS NULL OR e.event_key IS NULL OR e.n > 1 GROUP BY ALL
        """  # noqa: S608 - names of our own tables
    for where, records, problem in con.execute(sql).fetchall():
        yield Finding("ledger and event tables agree", where, problem, records)


def _child_findings(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Child rows: each of an event, each position once and none left out before the last."""
    names = [name for name, columns in all_tables() if "position" in columns]
    if not names:
        return
    rows = " UNION ALL ".join(
        f"SELECT event_key, position, '{name}' AS name FROM wh.{name}"  # noqa: S608
        for name in names
    )
    sql = f"""
        SELECT name, count(*) FROM (
            SELECT name, event_key FROM ({rows}) GROUP BY name, event_key
            HAVING count(*) <> count(DISTINCT position) OR max(position) + 1 <> count(*)
                OR event_key NOT IN (SELECT event_key FROM wh.ledger.deliveries WHERE outcome = 'loaded')
        ) GROUP BY name
        """  # noqa: S608 - names of our own tables
    for where, records in con.execute(sql).fetchall():
        yield Finding("child rows fit their event", where, "rows missing, doubled or of no event", records)


def _batch_findings(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """The hash chain recomputed: an altered, added or removed ledger row breaks it at its batch."""
    batches = con.execute(
        "SELECT batch_id, records, chain_sha256 FROM wh.ledger.batches ORDER BY batch_id"
    ).fetchall()
    before, expected = FIRST_CHAIN, 1
    for start in range(0, len(batches), _BATCHES_AT_ONCE):
        part = batches[start : start + _BATCHES_AT_ONCE]
        rows = _rows_of_batches(con, part[0][0], part[-1][0])
        for batch_id, records, chain in part:
            if batch_id != expected:
                yield Finding("chain of batches", f"batch {expected}", "is missing", 0)
            found = rows.get((batch_id,), _NO_ROWS)
            if found.height != records or chained(before, found) != chain:
                yield Finding(
                    "chain of batches", f"batch {batch_id}", "was altered after its commit", records
                )
            before, expected = chain, batch_id + 1


def _rows_of_batches(
    con: duckdb.DuckDBPyConnection, first: int, last: int
) -> dict[tuple[object, ...], pl.DataFrame]:
    rows = con.execute(
        """
        SELECT batch_id, topic_id, partition, "offset", body_sha256
        FROM wh.ledger.deliveries WHERE batch_id BETWEEN ? AND ?
        """,
        [first, last],
    ).pl()
    return rows.partition_by("batch_id", as_dict=True)


def _topic_findings(
    con: duckdb.DuckDBPyConnection, topic: TopicInfo, found: Mapping[int, Watermarks]
) -> Iterator[Finding]:
    check = "ledger and topic agree"
    for partition, (first, end) in _recorded(con, topic).items():
        low, high = found[partition].low, found[partition].high
        where = f"{topic.topic}/{partition}"
        if low < first:
            yield Finding(check, where, "records before the first one recorded", first - low)
        if end < low:
            yield Finding(check, where, "deleted by retention before they were loaded: lost", low - end)
        if high < end:
            yield Finding(check, where, "the ledger goes beyond the end of the topic", end - high)


def _recorded(con: duckdb.DuckDBPyConnection, topic: TopicInfo) -> dict[int, tuple[int, int]]:
    """By partition where the load began and where it goes on, behind what was accepted as lost too."""
    rows = con.execute(
        """
        SELECT partition, min(first_offset), max(next_offset) FROM wh.ledger.offsets
        WHERE topic_id = ? GROUP BY partition ORDER BY partition
        """,
        [topic.topic_id],
    ).fetchall()
    return {partition: (first, end) for partition, first, end in rows}


def _totals(
    con: duckdb.DuckDBPyConnection, topic: TopicInfo | None, found: Mapping[int, Watermarks] | None
) -> Totals:
    row = con.execute(
        """
        SELECT count(*), count(*) FILTER (outcome = 'loaded'), count(*) FILTER (outcome = 'duplicate'),
            count(*) FILTER (outcome = 'quarantined')
        FROM wh.ledger.deliveries
        """
    ).fetchone()
    records, loaded, duplicate, quarantined = row or (0, 0, 0, 0)
    return Totals(records, loaded, duplicate, quarantined, _waiting(con, topic, found))


def _waiting(
    con: duckdb.DuckDBPyConnection, topic: TopicInfo | None, found: Mapping[int, Watermarks] | None
) -> int | None:
    if topic is None or found is None:
        return None
    recorded = _recorded(con, topic)
    ends = {partition: recorded.get(partition, (0, marks.low))[1] for partition, marks in found.items()}
    return sum(max(marks.high - ends[partition], 0) for partition, marks in found.items())
