"""Dagster asset checks of the load: the audit, unique event keys, and the share of quarantined records."""

from typing import Any

import dagster as dg
import duckdb

from pipelines.admin.audit import Audit, AuditFinding
from pipelines.admin.audit.command import run_audit
from pipelines.errors import Unavailable
from pipelines.runtime.orchestration.table_assets import LEDGER, QUARANTINE
from pipelines.serving.lake_reader import open_for_reading
from pipelines.settings import Settings

MAX_SHOWN = 20
"""Maximum number of findings listed in one check result."""
_WINDOW_RECORDS = 10_000


def load_checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """Asset checks of the ledger and quarantine tables. Checks of the models are in `dbt_models`."""

    @dg.asset_check(
        asset=LEDGER,
        name="audit",
        blocking=True,
        description="Nothing lost, nothing counted twice: ledger, tables and topic agree. Blocks the models.",
    )
    def audit_check() -> dg.AssetCheckResult:
        return audit_result(run_audit(settings))

    @dg.asset_check(
        asset=LEDGER,
        name="event_keys_are_unique",
        blocking=True,
        description="However often an event is delivered, the ledger says `loaded` of it once.",
    )
    def keys_check() -> dg.AssetCheckResult:
        return uniqueness_result(_query_counts(settings, _EVENT_KEYS_SQL))

    @dg.asset_check(
        asset=QUARANTINE,
        name="quarantine_share",
        description=f"Of the last {_WINDOW_RECORDS} records, how many cannot be decoded. Warns from 1 %.",
    )
    def share_check() -> dg.AssetCheckResult:
        return share_result(_query_counts(settings, _QUARANTINED_SQL))

    return [audit_check, keys_check, share_check]


_EVENT_KEYS_SQL = """
    SELECT coalesce(sum(n), 0)::BIGINT, count(*) FILTER (n > 1) FROM (
        SELECT count(*) AS n FROM wh.ledger.deliveries WHERE outcome = 'loaded' GROUP BY event_key
    )
"""
_QUARANTINED_SQL = f"""
    SELECT count(*), count(*) FILTER (outcome = 'quarantined') FROM (
        SELECT outcome FROM wh.ledger.deliveries ORDER BY batch_id DESC LIMIT {_WINDOW_RECORDS}
    )
"""  # noqa: S608 - the inserted value is a constant
_WARN_SHARE = 0.01


def audit_result(audit: Audit) -> dg.AssetCheckResult:
    """Asset check result of an audit, with its totals and a table of its findings."""
    totals = audit.totals
    numbers: dict[str, Any] = {
        "records": totals.records,
        "loaded": totals.loaded,
        "duplicate": totals.duplicate,
        "quarantined": totals.quarantined,
        "findings": len(audit.findings),
    }
    if totals.waiting is not None:
        numbers["waiting_on_topic"] = totals.waiting
    if audit.findings:
        numbers["offending"] = dg.TableMetadataValue(
            [_finding_row(finding) for finding in audit.findings[:MAX_SHOWN]], _FINDINGS_SCHEMA
        )
    return dg.AssetCheckResult(
        passed=audit.ok,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata=numbers,
        description="nothing lost, nothing counted twice" if audit.ok else audit.findings[0].problem,
    )


def uniqueness_result(numbers: tuple[int, int]) -> dg.AssetCheckResult:
    """Asset check result for unique event keys; `numbers` is `(loaded, event keys loaded repeatedly)`."""
    loaded, repeated = numbers
    return dg.AssetCheckResult(
        passed=repeated == 0,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"loaded": loaded, "keys_loaded_twice": repeated},
    )


def share_result(numbers: tuple[int, int]) -> dg.AssetCheckResult:
    """Asset check result for the share of records in quarantine; `numbers` is `(records, quarantined)`."""
    records, quarantined = numbers
    share = quarantined / records if records else 0.0
    return dg.AssetCheckResult(
        passed=share < _WARN_SHARE,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"records": records, "quarantined": quarantined, "share": share},
        description=f"{share:.2%} of the last {records} records",
    )


_FINDINGS_SCHEMA = dg.TableSchema(
    [
        dg.TableColumn("check", "string"),
        dg.TableColumn("where", "string"),
        dg.TableColumn("problem", "string"),
        dg.TableColumn("records", "int"),
    ]
)


def _finding_row(finding: AuditFinding) -> dg.TableRecord:
    return dg.TableRecord(
        {
            "check": finding.check,
            "where": finding.where,
            "problem": finding.problem,
            "records": finding.records,
        }
    )


def _query_counts(settings: Settings, sql: str) -> tuple[int, int]:
    """Return the two counts that `sql` selects. Raises `Unavailable` when the lake has no ledger."""
    con = open_for_reading(settings)
    try:
        row = con.execute(sql).fetchone()
    except duckdb.CatalogException as error:
        raise Unavailable("the lake has no ledger yet; run the asset `ingest` once") from error
    finally:
        con.close()
    return (int(row[0]), int(row[1])) if row else (0, 0)
