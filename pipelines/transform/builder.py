"""Builds of the dbt models in this process, with a manifest that stays in memory.

The stream's model process runs one every few seconds. Such a build covers only entities: they are incremental
tables, everything else is a view and never stale.
"""

import json
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from pipelines.errors import HirestreamError, Unavailable
from pipelines.host.file_lock import exclusive_file
from pipelines.lake.ducklake_internals import catalog_file
from pipelines.lake.transaction import is_contention
from pipelines.settings import Settings
from pipelines.transform.built_views import built_fingerprint, record_fingerprint
from pipelines.transform.dbt_manifest import model_variables, parsed_manifest, project_fingerprint
from pipelines.transform.generated_sources import MODELS
from pipelines.transform.model_selection import (
    downstream_entities,
    entities,
    model_relations,
    outgrown_entities,
)

ATTEMPTS = 5
"""Maximum attempts of a model whose commit conflicts with the loader or maintenance."""
BUILDS_A_CONNECTION = 50
"""Builds after which dbt's connection is closed.

DuckLake 1.0 keeps every commit in memory until then: 2 to 3 MB a build, 40 GB a day.
"""

_dbt_lock = threading.RLock()  # dbt keeps its connection and its flags in globals


@dataclass(frozen=True, slots=True)
class ModelRun:
    """Model or test that dbt ran; `failure` is dbt's message, None when it succeeded."""

    name: str
    schema: str
    seconds: float
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class BuildResult:
    """Result of one build. A failed model is in both `models` and `failures`."""

    models: tuple[ModelRun, ...]
    seconds: float
    failures: tuple[ModelRun, ...]


@contextmanager
def dbt_lock() -> Iterator[None]:
    """Hold the lock that lets only one thread of this process use dbt."""
    with _dbt_lock:
        yield


@contextmanager
def build_lock(warehouse: Path) -> Iterator[None]:
    """Hold the lock for building the models of a lake; wait while another process has it.

    Two concurrent builds could add the same entity twice, because appended rows do not conflict in DuckLake.
    """
    with _dbt_lock, exclusive_file(warehouse / "models.lock"):
        yield


class ModelBuilder:
    """Builder and tester of the models of one lake. Reuse it: the first call parses the project (seconds).

    `now` is the current time that the marts use; None means the time at which a mart is queried.
    """

    def __init__(self, settings: Settings, *, now: str | None = None) -> None:
        self.warehouse = settings.warehouse
        self._manifest: Any = None
        self._is_built = False
        self._build_count = 0
        self._variables = {**model_variables(settings), "now": now}
        self._arguments = dbt_arguments(settings.home / "dbt", self._variables, target="in_process")

    def build(self, touched: Collection[str] | None = None, *, full_refresh: bool = False) -> BuildResult:
        """Bring the models up to date after rows were added to the `touched` event tables.

        Every model is built when `touched` is None and on the first call. A model that fails keeps its old
        rows and is in `failures`. Raises `Unavailable` without a lake, `HirestreamError` if dbt cannot start.
        """
        started = time.perf_counter()
        with build_lock(self.warehouse):
            runs = self._build(touched, full_refresh)
            self._close_connection_if_due()
        failures = tuple(run for run in runs if run.failure is not None)
        return BuildResult(tuple(runs), time.perf_counter() - started, failures)

    def test(self) -> BuildResult:
        """Run all dbt tests, of severity error and warn; a warning is not a failure."""
        started = time.perf_counter()
        with build_lock(self.warehouse):
            self._parse()
            runs = self._invoke("test", ())
        failures = tuple(run for run in runs if run.failure is not None)
        return BuildResult(tuple(runs), time.perf_counter() - started, failures)

    def _build(self, touched: Collection[str] | None, full_refresh: bool) -> list[ModelRun]:
        if not catalog_file(self.warehouse).exists():
            raise Unavailable(f"there is no lake in {self.warehouse}; start the loader once, it creates it")
        self._parse()
        if touched is None or full_refresh or not self._is_built:
            return self._build_everything(full_refresh)
        names = downstream_entities(self._manifest, touched)
        return self._attempt(names) if names else []

    def _close_connection_if_due(self) -> None:
        """Close dbt's connection every `BUILDS_A_CONNECTION` builds; the next build reopens it in 0.5 s."""
        self._build_count += 1
        if self._build_count % BUILDS_A_CONNECTION == 0:
            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]

    def _build_everything(self, full_refresh: bool) -> list[ModelRun]:
        """Build all models, or only the entities when the views in the lake are up to date."""
        fingerprint = project_fingerprint(self._variables)
        is_current = built_fingerprint(self.warehouse, model_relations(self._manifest)) == fingerprint
        names = entities(self._manifest) if is_current else []
        outgrown = [] if full_refresh else outgrown_entities(self._manifest, self.warehouse)
        runs = self._attempt(outgrown, "--full-refresh") if outgrown else []
        runs += self._attempt(names, *(["--full-refresh"] if full_refresh else []))
        self._is_built = not any(run.failure for run in runs)
        if self._is_built and not is_current:
            record_fingerprint(self.warehouse, fingerprint)
        return runs

    def _attempt(self, names: Sequence[str], *flags: str) -> list[ModelRun]:
        """Run the named models, or all without names; models that conflict with another writer run again."""
        done: dict[str, ModelRun] = {}
        for attempt in range(ATTEMPTS):
            done.update((run.name, run) for run in self._invoke("run", names, *flags))
            names = [run.name for run in done.values() if run.failure]
            if not names or not any(is_contention(done[name].failure or "") for name in names):
                break
            time.sleep(0.05 * 2**attempt)
        return list(done.values())

    def _parse(self) -> None:
        if self._manifest is None:
            self._manifest = parsed_manifest(self._arguments, self._variables, target="in_process")

    def _invoke(self, command: str, names: Sequence[str], *flags: str) -> list[ModelRun]:
        select = ["--select", *names] if names else []
        result = dbtRunner(manifest=self._manifest).invoke([command, *self._arguments, *flags, *select])
        run_result: Any = result.result
        if run_result is None:
            raise HirestreamError(f"dbt {command} could not start: {result.exception}")
        return [_model_run(node) for node in run_result.results]


def dbt_arguments(folder: Path, variables: Mapping[str, object], *, target: str) -> list[str]:
    """Return the arguments that every dbt command needs; dbt writes its own files into `folder`."""
    places = {
        "--target": target,
        "--project-dir": MODELS,
        "--profiles-dir": MODELS,
        "--target-path": folder / "target",
        "--log-path": folder / "logs",
    }
    flags = ["--log-level", "none", "--log-level-file", "none", "--no-write-json", "--no-populate-cache"]
    return [*(str(part) for pair in places.items() for part in pair), *flags, "--vars", json.dumps(variables)]


def _model_run(result: Any) -> ModelRun:
    failed = result.status in ("error", "fail", "skipped")
    message = (result.message or str(result.status)) if failed else None
    return ModelRun(result.node.name, result.node.schema, result.execution_time, message)
