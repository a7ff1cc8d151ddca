"""Dagster asset specs of the topic and of the tables that the load writes."""

import datetime as dt
from collections.abc import Mapping

import dagster as dg

from pipelines.lake.schema_docs import DescribedColumn, DescribedTable, described_tables
from pipelines.runtime.orchestration.dbt_translator import OWNERS
from pipelines.settings import Settings

LEDGER = dg.AssetKey(["ledger", "deliveries"])
QUARANTINE = dg.AssetKey(["quarantine", "records"])

_FRESHNESS: Mapping[str, dg.FreshnessPolicy] = {
    "ledger.deliveries": dg.FreshnessPolicy.time_window(dt.timedelta(days=3), dt.timedelta(days=1)),
}
"""Freshness policy by table name.

A day without any delivery deserves attention; one event type alone may be absent for weeks.
"""


def topic_key(settings: Settings) -> dg.AssetKey:
    """Asset key of the topic, the root of the lineage."""
    return dg.AssetKey(["kafka", settings.kafka.topic.replace(".", "_").replace("-", "_")])


def topic_spec(settings: Settings) -> dg.AssetSpec:
    """External asset of the topic; the receiver writes it, Dagster only shows it."""
    return dg.AssetSpec(
        topic_key(settings),
        description="Every delivery that the receiver verified, as the bytes that were signed.",
        group_name="topic",
        kinds={"kafka"},
        owners=OWNERS,
        tags={"layer": "topic"},
        metadata={
            "topic": settings.kafka.topic,
            "retention_days": settings.kafka.retention_days,
            "written by": "hirestream receiver, confirmed by the broker before the sender gets its 200",
        },
    )


def table_key(name: str) -> dg.AssetKey:
    """Asset key of a table; `name` is `schema.table`."""
    return dg.AssetKey(name.split("."))


def table_specs(settings: Settings) -> list[dg.AssetSpec]:
    """Asset specs of the tables that the load writes; each depends on the topic."""
    return [_table_spec(table, topic_key(settings)) for table in described_tables()]


def _table_spec(table: DescribedTable, topic: dg.AssetKey) -> dg.AssetSpec:
    schema = table.name.split(".")[0]
    columns = [_column(column) for column in table.columns]
    return dg.AssetSpec(
        table_key(table.name),
        deps=[topic],
        description=table.description,
        group_name=table.family,
        kinds={"duckdb", "polars"},
        owners=OWNERS,
        tags={
            "layer": schema,
            **({"personal_data": "yes"} if any(column.personal for column in table.columns) else {}),
        },
        metadata={"dagster/table_name": f"wh.{table.name}", "dagster/column_schema": dg.TableSchema(columns)},
        freshness_policy=_FRESHNESS.get(table.name),
    )


def _column(column: DescribedColumn) -> dg.TableColumn:
    tags = {"personal": ""} if column.personal else None
    return dg.TableColumn(column.name, column.sql_type, column.description, tags=tags)
