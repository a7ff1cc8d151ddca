"""What the models make of a trap: the cells of a mart, an entity, a finding."""

from typing import Any

from tests.support.models.small_lake import SmallLake

DEFAULT_METRICS = {
    "scheduling_success": "scheduling_success_rate",
    "screening_pass_rate": "pass_rate",
    "nudge_exhaustion": "exhaustion_rate",
    "workflow_failures": "run_failure_rate",
}


def cells(lake: SmallLake, mart: str, organization: str) -> dict[str, dict[str, Any]]:
    """Non-zero counts of a mart's first metric by day (as 03-02), summed over sources and campaigns."""
    metric = DEFAULT_METRICS[mart.rpartition("_")[0]]
    names = [
        row["column_name"] for row in lake.rows(f"DESCRIBE wh.marts.{mart}") if row["column_type"] == "BIGINT"
    ]
    sums = ", ".join(f"sum({name})::bigint AS {name}" for name in names)
    rows = lake.rows(
        f"SELECT day, {sums} FROM wh.marts.{mart} "
        f"WHERE organization_id = '{organization}' AND metric = '{metric}' GROUP BY day"
    )
    return {f"{row.pop('day'):%m-%d}": {name: count for name, count in row.items() if count} for row in rows}


def entity(lake: SmallLake, table: str, organization: str, where: str = "true") -> dict[str, Any]:
    """The only row of an entity table that fits."""
    (row,) = lake.rows(
        f"SELECT * FROM wh.entities.{table} WHERE organization_id = '{organization}' AND {where}"
    )
    return row


def finding(lake: SmallLake, kind: str, organization: str) -> int:
    """How often the data quality mart counts findings of a kind."""
    rows = lake.rows(
        f"SELECT * FROM wh.marts.data_quality WHERE kind = '{kind}' AND organization_id = '{organization}'"
    )
    return sum(row["count"] for row in rows)
