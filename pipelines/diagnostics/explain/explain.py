"""From a number to what it was counted from: a cell of a mart, the entities behind it, and their events."""

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
    """One metric on a day of an organization or of its campaign; `basis` None is a mart by itself."""

    counted: CatalogMart
    metric: str
    basis: str | None
    day: date
    organization: str
    campaign: str | None = None

    @property
    def mart(self) -> str:
        """The mart's name without its schema."""
        return self.counted.mart(self.basis)


@dataclass(frozen=True, slots=True)
class ExplainedEntity:
    """One thing that was counted: where it fell, when, what was measured, and its events."""

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
    """The parts as the mart says them, the members by bucket, and how these two differ, which is never.

    `entities` are those that were asked for, at most as many as the limit; `matching` is how many there are.
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
    """Parse the arguments of the command. Raises `UsageError`, which lists the metrics, for an unknown one.

    `name` is a metric, a mart, or a mart without its basis; `basis` replaces the usual one.
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
    con: duckdb.DuckDBPyConnection, asked: CellQuestion, *, bucket: str | None = None, limit: int = 20
) -> Explanation:
    """Everything behind a cell, as one moment saw it, from a connection with the lake and its macros.

    Only the events of the entities that are handed over are read. Raises `HirestreamError` where there is no
    such cell.
    """
    parts, members = _counted(con, asked)
    if any(differences(parts, members)):  # what depends on the time of asking may have changed in between
        parts, members = _counted(con, asked)
    return Explanation(
        mart=asked.mart,
        metric=asked.metric,
        organization_id=asked.organization,
        campaign=asked.campaign,
        day=asked.day,
        parts=parts,
        members=members,
        differences=tuple(differences(parts, members)),
        matching=members.get(bucket, 0) if bucket else sum(members.values()),
        entities=tuple(_entities(con, asked.organization, bucket, limit)),
    )


def differences(parts: Mapping[str, Any], members: Mapping[str, int]) -> Iterator[str]:
    """Cells whose parts are not the counts of their members, a sentence each."""
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
            return counted, name, basis or _basis_of(counted, name)
        if name == counted.name:
            return counted, counted.metrics[0], basis or counted.basis
        if name in counted.marts_by_name():
            return counted, counted.metrics[0], counted.marts_by_name()[name][0]
    known = (f"{each.name}: {', '.join(each.metrics)}" for each in COUNTED)
    raise UsageError(f"{name!r} is not a metric. There are: {'; '.join(known)}")


def _basis_of(counted: CatalogMart, metric: str) -> str | None:
    return COHORT if metric in counted.cohort_only else counted.basis


def _counted(
    con: duckdb.DuckDBPyConnection, asked: CellQuestion
) -> tuple[Mapping[str, Any], Mapping[str, int]]:
    """The parts of the cell, and its members by bucket; these stay in the table `explained`."""
    parts = _parts(con, asked)
    _gather(con, asked)
    buckets = f"SELECT bucket, count(*) FROM explained GROUP BY bucket ORDER BY {_BUCKETS}, bucket"  # noqa: S608 - our own
    return parts, dict(con.execute(buckets).fetchall())


def _parts(con: duckdb.DuckDBPyConnection, asked: CellQuestion) -> Mapping[str, Any]:
    day = sql_literal(asked.day.isoformat())
    arguments = [f"since := {day}", f"until := {day}", f"organization := {sql_literal(asked.organization)}"]
    if asked.campaign is not None:
        arguments.append(f"campaign := {sql_literal(asked.campaign)}")
    if asked.basis is not None:
        arguments += [f"metric := {sql_literal(asked.metric)}", f"basis := {sql_literal(asked.basis)}"]
    found = con.execute(f"SELECT * EXCLUDE (cut) FROM {asked.counted.name}({', '.join(arguments)})")  # noqa: S608 - quoted
    row = found.fetchone()
    if row is None:
        raise HirestreamError(
            f"there is no cell: {asked.mart} counts nothing for {asked.metric}, organization "
            f"{asked.organization}{f', campaign {asked.campaign}' if asked.campaign else ''}, on {asked.day}"
        )
    return dict(zip((column[0] for column in found.description or ()), row, strict=True))


def _gather(con: duckdb.DuckDBPyConnection, asked: CellQuestion) -> None:
    """The members of the cell into a temporary table, from the view of its question."""
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE explained AS
        SELECT {_MEMBER} FROM wh.staging.{asked.counted.members}
        WHERE mart = $mart AND metric = $metric AND organization_id = $organization AND day = $day
          AND ($campaign IS NULL OR campaign_id = $campaign OR external_campaign_id = $campaign)
        """,  # noqa: S608 - our own names
        {
            "mart": asked.mart,
            "metric": asked.metric,
            "organization": asked.organization,
            "day": asked.day,
            "campaign": asked.campaign,
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
