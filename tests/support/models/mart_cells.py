"""Rows of a mart as tests compare them."""

import datetime as dt
from typing import Any

from tests.support.models.small_lake import SmallLake


def rows(lake: SmallLake, mart: str, organization: str, **where: Any) -> list[dict[str, Any]]:
    """The rows of a mart about one organization that have those values, by all columns."""
    filters = "".join(f" AND {name} IS NOT DISTINCT FROM '{value}'" for name, value in where.items())
    return lake.rows(f"FROM wh.marts.{mart} WHERE organization_id = '{organization}'{filters} ORDER BY ALL")


def cell(lake: SmallLake, mart: str, organization: str, **where: Any) -> dict[str, Any]:
    """The only one of them."""
    (row,) = rows(lake, mart, organization, **where)
    return row


def counts(lake: SmallLake, mart: str, organization: str, **where: Any) -> list[dict[str, int]]:
    """What is counted in each of them and is not zero."""
    return [
        {name: value for name, value in row.items() if type(value) is int and value}
        for row in rows(lake, mart, organization, **where)
    ]


def by_day(lake: SmallLake, mart: str, organization: str, **where: Any) -> dict[str, dict[str, int]]:
    """The same by day, as 03-02, where each day has one row."""
    found = rows(lake, mart, organization, **where)
    days = [row["day"] for row in found]
    assert len(set(days)) == len(days)
    assert all(isinstance(day, dt.date) for day in days)
    return dict(zip((f"{day:%m-%d}" for day in days), counts(lake, mart, organization, **where), strict=True))
