"""Explanation of one cell of a mart: its parts, the entities that it counts, and their events."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

import duckdb

from pipelines.diagnostics.explain.evidence import EventEvidence, Key, events_behind
from pipelines.errors import HirestreamError, UsageError
from pipelines.lake.sql import sql_literal
from pipelines.serving.mart_catalog import BASES, COHORT, COUNTED, CatalogMart

_BUCKETS = "CASE bucket WHEN 'numerator' THEN 1 WHEN 'denominator' THEN 2 WHEN 'open' THEN 3 ELSE 4 END"
_MEMBER = "provider, source, entity, entity_id, bucket, note, value, detail, counted_at"


@dataclass(frozen=True, slots=True)
class CellQuestion:
    """Question about one cell: a metric on one day for an organization or one of its campaigns.

    `basis` is None for a mart without a cohort and an activity variant.
    """

    counted: CatalogMart
    metric: str
    basis: str | None
    day: date
    organization: str
    campaign: str | None = None

    @property
    def mart(self) -> str:
        """Name of the mart without its schema."""
        return self.counted.mart(self.basis)


@dataclass(frozen=True, slots=True)
class ExplainedEntity:
    """Entity counted in a cell, with its bucket, time of counting, measured value and events."""

    provider: str
    source: str
    entity: str
    entity_id: str
    bucket: str
    note: str | None
    value: float | None
    detail: str | None
    counted_at: datetime
    events: tuple[EventEvidence, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Explanation of one cell.

    `parts` are the columns of the mart by name, `members` numbers of entities by bucket. `differences` has a
    sentence for each part that disagrees with the members, which is a fault. `matching` is the number of
    entities in the requested bucket, `entities` at most the requested number of them.
    """

    mart: str
    metric: str
    organization_id: str
    campaign: str | None
    day: date
    parts: Mapping[str, Any]
    members: Mapping[str, int]
    differences: tuple[str, ...]
    matching: int
    entities: tuple[ExplainedEntity, ...]


def parse_question(
    name: str, day: str, organization: str, *, basis: str | None = None, campaign: str | None = None
) -> CellQuestion:
    """Return the question of the command's arguments.

    `name` is a metric, a mart, or a mart without its basis; `basis` replaces the default of the metric.
    Raises `UsageError` for an invalid argument; for an unknown metric its text lists the metrics.
    """
    if basis is not None and basis not in BASES:
        raise UsageError(f"--basis is one of {', '.join(BASES)}, not {basis!r}")
    counted, metric, chosen = _find_metric(name, basis)
    possible = {each for each, metrics in counted.marts_by_name().values() if metric in metrics}
    if basis not in {None, chosen} or chosen not in possible:
        raise UsageError(f"{name} has no part by {basis}")
    try:
        return CellQuestion(counted, metric, chosen, date.fromisoformat(day), organization, campaign)
    except ValueError:
        raise UsageError(f"--day is a day such as 2026-11-20, not {day!r}") from None


def explain(
    con: duckdb.DuckDBPyConnection, question: CellQuestion, *, bucket: str | None = None, limit: int = 20
) -> Explanation:
    """Explain a cell, read from one snapshot through a connection with the lake and the table macros.

    Only the events of the returned entities are read. Raises `HirestreamError` when the cell does not exist.
    """
    parts, members = _parts_and_members(con, question)
    if any(differences(parts, members)):  # parts that depend on the current time may differ
        parts, members = _parts_and_members(con, question)
    return Explanation(
        mart=question.mart,
        metric=question.metric,
        organization_id=question.organization,
        campaign=question.campaign,
        day=question.day,
        parts=parts,
        members=members,
        differences=tuple(differences(parts, members)),
        matching=members.get(bucket, 0) if bucket else sum(members.values()),
        entities=tuple(_entities(con, question.organization, bucket, limit)),
    )


def differences(parts: Mapping[str, Any], members: Mapping[str, int]) -> Iterator[str]:
    """Yield a sentence for each part of a cell that is not the number of its members."""
    counts = Counter(members)
    expected = {
        "population": counts.total(),
        "numerator": counts["numerator"],
        "denominator": counts["numerator"] + counts["denominator"],
        "open": counts["open"],
        **{part: 0 for part in parts if part.startswith("excluded_")},
        **{name: count for name, count in members.items() if name.startswith("excluded_")},
    }
    for part, count in expected.items():
        stated = parts.get(part, 0)
        if stated != count and (part in parts or count):
            yield f"{part}: the mart has {stated}, its members are {count}"


def _find_metric(name: str, basis: str | None) -> tuple[CatalogMart, str, str | None]:
    for counted in COUNTED:
        if name in counted.metrics:
            return counted, name, basis or _default_basis(counted, name)
        if name == counted.name:
            return counted, counted.metrics[0], basis or counted.basis
        if name in counted.marts_by_name():
            return counted, counted.metrics[0], counted.marts_by_name()[name][0]
    known = (f"{each.name}: {', '.join(each.metrics)}" for each in COUNTED)
    raise UsageError(f"{name!r} is not a metric. There are: {'; '.join(known)}")


def _default_basis(counted: CatalogMart, metric: str) -> str | None:
    return COHORT if metric in counted.cohort_only else counted.basis


def _parts_and_members(
    con: duckdb.DuckDBPyConnection, question: CellQuestion
) -> tuple[Mapping[str, Any], Mapping[str, int]]:
    """Return `(parts, number of members by bucket)` of a cell; fills the temporary table `explained`."""
    parts = _parts(con, question)
    _store_members(con, question)
    buckets = f"SELECT bucket, count(*) FROM explained GROUP BY bucket ORDER BY {_BUCKETS}, bucket"  # noqa: S608 - our own
    return parts, dict(con.execute(buckets).fetchall())


def _parts(con: duckdb.DuckDBPyConnection, question: CellQuestion) -> Mapping[str, Any]:
    day = sql_literal(question.day.isoformat())
    arguments = [
        f"since := {day}",
        f"until := {day}",
        f"organization := {sql_literal(question.organization)}",
    ]
    if question.campaign is not None:
        arguments.append(f"campaign := {sql_literal(question.campaign)}")
    if question.basis is not None:
        arguments += [f"metric := {sql_literal(question.metric)}", f"basis := {sql_literal(question.basis)}"]
    found = con.execute(f"SELECT * EXCLUDE (cut) FROM {question.counted.name}({', '.join(arguments)})")  # noqa: S608 - quoted
    row = found.fetchone()
    if row is None:
        raise HirestreamError(
            f"there is no cell: {question.mart} counts nothing for {question.metric}, organization "
            f"{question.organization}{f', campaign {question.campaign}' if question.campaign else ''}, "
            f"on {question.day}"
        )
    return dict(zip((column[0] for column in found.description or ()), row, strict=True))


def _store_members(con: duckdb.DuckDBPyConnection, question: CellQuestion) -> None:
    """Write the members of the cell into the temporary table `explained`."""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE explained AS
        SELECT {_MEMBER} FROM wh.staging.{question.counted.members}
        WHERE mart = $mart AND metric = $metric AND organization_id = $organization AND day = $day
          AND ($campaign IS NULL OR campaign_id = $campaign OR external_campaign_id = $campaign)
        """,  # noqa: S608 - our own names
        {
            "mart": question.mart,
            "metric": question.metric,
            "organization": question.organization,
            "day": question.day,
            "campaign": question.campaign,
        },
    )


def _entities(
    con: duckdb.DuckDBPyConnection, organization: str, bucket: str | None, limit: int
) -> Iterator[ExplainedEntity]:
    rows = con.execute(
        f"SELECT {_MEMBER} FROM explained WHERE $bucket IS NULL OR bucket = $bucket "  # noqa: S608 - our own names
        f"ORDER BY {_BUCKETS}, bucket, counted_at, provider, entity, entity_id LIMIT $limit",
        {"bucket": bucket, "limit": limit},
    ).fetchall()
    behind: dict[tuple[str, Key], tuple[EventEvidence, ...]] = {}
    for kind, group in groupby(sorted(rows, key=lambda row: row[2]), key=lambda row: row[2]):
        keys = [(row[0], row[3]) for row in group]
        events = events_behind(con, organization, kind, keys)
        behind.update({(kind, key): found for key, found in events.items()})
    for row in rows:
        member = dict(zip(_MEMBER.split(", "), row, strict=True))
        yield ExplainedEntity(**member, events=behind[row[2], (row[0], row[3])])
