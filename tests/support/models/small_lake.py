"""A small lake filled by hand: does what the loader does to rows, without topic or bodies."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import duckdb
import polars as pl
from dbt.adapters.duckdb.connections import DuckDBConnectionManager

from pipelines.lake.connection import open_lake
from pipelines.lake.schema import all_tables
from pipelines.settings import Settings
from pipelines.transform.builder import ModelBuilder
from tests.support.lakes import modelled_lake
from tests.support.templates import copy_of

MONDAY = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
NOW = "2026-03-20T00:00:00Z"
SCHEMAS = {name: dict(columns) for name, columns in all_tables()}


def hours(number: float) -> dt.datetime:
    """So many hours after Monday, 2 March 2026, midnight UTC."""
    return MONDAY + dt.timedelta(hours=number)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of one event; `at` None is an event without a time of its own."""

    table: str
    key: str
    at: float | None
    values: Mapping[str, Any] = field(default_factory=dict)
    organization: str = "org"
    received: float | None = None
    child: tuple[str, Sequence[Mapping[str, Any]]] = ("", ())
    marks: Mapping[str, bool] = field(default_factory=dict)
    provider: str = "popp"
    source: str = "popp-main"
    event_type: str = ""

    def of(self, organization: str) -> "Delivery":
        """The same delivery for another organization, as an event of its own."""
        return replace(self, organization=organization, key=f"{organization}/{self.key}")

    @property
    def received_at(self) -> dt.datetime:
        return hours(self.received if self.received is not None else (self.at or 0.0) + 1)


class SmallLake:
    """A lake in a folder; `load` appends one batch, `build` brings the models up to date."""

    def __init__(self, home: Path, *, now: str = NOW, **report: str) -> None:
        self.settings = Settings.model_validate({"home": home, "report": report})
        self.con: duckdb.DuckDBPyConnection = modelled_lake(self.settings, now)
        self.builder = ModelBuilder(self.settings, now=now)
        self._keys: set[str] = set()
        self._batch = 0

    @classmethod
    def copied(cls, name: str, home: Path, fill: "Callable[[SmallLake], None]") -> Self:
        """A copy of the lake that `fill` made once for this run."""

        def build(template: Path) -> None:
            lake = cls(template)
            fill(lake)
            lake.con.close()
            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]

        lake = cls(home)
        lake.con.close()
        copy_of(name, home, build)
        lake.con = open_lake(lake.settings.warehouse)
        keys = lake.con.execute("SELECT event_key FROM wh.ledger.deliveries").fetchall()
        lake._keys = {key for (key,) in keys}
        ((lake._batch,),) = lake.con.execute("SELECT max(batch_id) FROM wh.ledger.deliveries").fetchall()
        return lake

    def load(self, deliveries: Iterable[Delivery]) -> set[str]:
        """One batch, in the order of arrival; returns the event tables that got rows."""
        self._batch += 1
        rows: dict[str, list[dict[str, Any]]] = {}
        for place, delivery in enumerate(deliveries):
            outcome = "duplicate" if delivery.key in self._keys else "loaded"
            self._keys.add(delivery.key)
            rows.setdefault("ledger.deliveries", []).append(self._ledger_row(delivery, place, outcome))
            if outcome == "loaded":
                rows.setdefault(f"events.{delivery.table}", []).append(self._event_row(delivery))
                for child in self._child_rows(delivery):
                    rows.setdefault(f"events.{delivery.table}__{delivery.child[0]}", []).append(child)
        self._insert(rows)
        return {name.removeprefix("events.") for name in rows if name.startswith("events.")}

    def build(self, touched: set[str] | None = None, *, full_refresh: bool = False) -> None:
        """Build, and fail with what dbt said where a model fails."""
        result = self.builder.build(touched, full_refresh=full_refresh)
        assert not result.failures, result.failures

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query, as dictionaries."""
        found = self.con.execute(sql)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def _insert(self, rows: dict[str, list[dict[str, Any]]]) -> None:
        """In one transaction, tried again as the loader does when models were written in between."""
        while True:
            try:
                with self.con.cursor() as con:
                    con.begin()
                    for name, values in rows.items():
                        con.register("frame", pl.DataFrame(values, schema=SCHEMAS[name]))
                        con.execute(f"INSERT INTO wh.{name} BY NAME SELECT * FROM frame")
                    con.commit()
                return
            except duckdb.TransactionException as error:
                if "database is locked" not in str(error):
                    raise

    def _common(self, delivery: Delivery) -> dict[str, Any]:
        return {
            "event_key": delivery.key,
            "delivery_id": f"{delivery.key}@{delivery.received_at.isoformat()}",
            "source": delivery.source,
            "provider": delivery.provider,
            "organization_id": delivery.organization,
            "received_at": delivery.received_at,
            "loaded_at": hours(1000 + self._batch),
            "batch_id": self._batch,
            "contract_version": 1,
        }

    def _event_row(self, delivery: Delivery) -> dict[str, Any]:
        timed = delivery.at is not None
        own = {
            "occurred_at": hours(delivery.at) if delivery.at is not None else delivery.received_at,
            "occurred_at_basis": "eventTimestamp" if timed else "received_at",
            "is_test": False,
            "is_foreign": False,
        }
        row = {**self._common(delivery), **own, **delivery.marks, **delivery.values}
        return {name: row.get(name) for name in SCHEMAS[f"events.{delivery.table}"]}

    def _child_rows(self, delivery: Delivery) -> list[dict[str, Any]]:
        name, entries = delivery.child
        common = {"event_key": delivery.key, "batch_id": self._batch}
        return [
            {
                column: {**common, "position": place, **entry}.get(column)
                for column in SCHEMAS[f"events.{delivery.table}__{name}"]
            }
            for place, entry in enumerate(entries)
        ]

    def _ledger_row(self, delivery: Delivery, place: int, outcome: str) -> dict[str, Any]:
        row = {
            **self._common(delivery),
            "topic_id": "t",
            "topic": "webhooks",
            "partition": 0,
            "offset": self._batch * 10_000 + place,
            "event_type": delivery.event_type or delivery.table.upper(),
            "outcome": outcome,
            "key_kind": "event_id" if delivery.at is not None else "body",
        }
        return {name: row.get(name) for name in SCHEMAS["ledger.deliveries"]}
