"""The dbt project built in this process, with one kept manifest: what the stream does every few seconds.

Only entities are rebuilt there: they are incremental, while everything else is a view and always fresh.
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
"""Maximum attempts of a model that lost against the loader or maintenance."""
BUILDS_A_CONNECTION = 50
"""DuckLake 1.0 remembers each commit until its connection is closed: 2 to 3 MB a build, 40 GB a day."""

_one_dbt = threading.RLock()  # dbt keeps its connection and its flags in globals


@dataclass(frozen=True, slots=True)
class ModelRun:
    """One model or test that dbt ran; `failure` is dbt's message, None where all is well."""

    name: str
    schema: str
    seconds: float
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class BuildResult:
    """Result of one build. A model that failed is in both lists."""

    models: tuple[ModelRun, ...]
    seconds: float
    failures: tuple[ModelRun, ...]


@contextmanager
def one_dbt() -> Iterator[None]:
    """Waits until no other thread is in dbt."""
    with _one_dbt:
        yield


@contextmanager
def building(warehouse: Path) -> Iterator[None]:
    """Holds the one place at which models of a lake may be built; waits while another process has it.

    Two builds at once could add the same entity twice: appended rows do not conflict in DuckLake.
    """
    with _one_dbt, exclusive_file(warehouse / "models.lock"):
        yield


class ModelBuilder:
    """Builds and tests the models of one lake; keep it, the first call reads the project (seconds).

    `now` fixes the time that marts take for now, None leaves it to whoever reads them.
    """

    def __init__(self, settings: Settings, *, now: str | None = None) -> None:
        self.warehouse = settings.warehouse
        self._manifest: Any = None
        self._built = False
        self._builds = 0
        self._variables = {**model_variables(settings), "now": now}
        self._arguments = dbt_arguments(settings.home / "dbt", self._variables, target="in_process")

    def build(self, touched: Collection[str] | None = None, *, full_refresh: bool = False) -> BuildResult:
        """Bring the models up to date after rows were added to the `touched` event tables.

        None, or the first call, builds every model. Models that fail stay as they were and are in
        `failures`. Raises `Unavailable` where there is no lake, `HirestreamError` where dbt cannot start.
        """
        begun = time.perf_counter()
        with building(self.warehouse):
            runs = self._build(touched, full_refresh)
            self._renew_if_due()
        failures = tuple(run for run in runs if run.failure is not None)
        return BuildResult(tuple(runs), time.perf_counter() - begun, failures)

    def test(self) -> BuildResult:
        """Run every dbt test of error severity and every warning; a warning is no failure."""
        begun = time.perf_counter()
        with building(self.warehouse):
            self._parse()
            runs = self._invoke("test", ())
        failures = tuple(run for run in runs if run.failure is not None)
        return BuildResult(tuple(runs), time.perf_counter() - begun, failures)

    def _build(self, touched: Collection[str] | None, full_refresh: bool) -> list[ModelRun]:
        if not catalog_file(self.warehouse).exists():
            raise Unavailable(f"there is no lake in {self.warehouse}; start the loader once, it creates it")
        self._parse()
        if touched is None or full_refresh or not self._built:
            return self._build_everything(full_refresh)
        names = downstream_entities(self._manifest, touched)
        return self._attempt(names) if names else []

    def _renew_if_due(self) -> None:
        """Close dbt's connection now and then; the next build opens another one in half a second."""
        self._builds += 1
        if self._builds % BUILDS_A_CONNECTION == 0:
            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]

    def _build_everything(self, full_refresh: bool) -> list[ModelRun]:
        """Build all models, or the entities alone where the lake has the views of these files."""
        fingerprint = project_fingerprint(self._variables)
        is_current = built_fingerprint(self.warehouse, model_relations(self._manifest)) == fingerprint
        names = entities(self._manifest) if is_current else []
        outgrown = [] if full_refresh else outgrown_entities(self._manifest, self.warehouse)
        runs = self._attempt(outgrown, "--full-refresh") if outgrown else []
        runs += self._attempt(names, *(["--full-refresh"] if full_refresh else []))
        self._built = not any(run.failure for run in runs)
        if self._built and not is_current:
            record_fingerprint(self.warehouse, fingerprint)
        return runs

    def _attempt(self, names: Sequence[str], *flags: str) -> list[ModelRun]:
        """Run the named models, all where there is none; again those that met another writer."""
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
        done: Any = result.result
        if done is None:
            raise HirestreamError(f"dbt {command} could not start: {result.exception}")
        return [_model_run(node) for node in done.results]


def dbt_arguments(folder: Path, variables: Mapping[str, object], *, target: str) -> list[str]:
    """Arguments of every dbt command; dbt's own files are in `folder`."""
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
