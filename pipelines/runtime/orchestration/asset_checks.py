"""Asset checks of the load: the audit, one row per event, the share of rejects."""

from typing import Any

import dagster as dg
import duckdb

from pipelines.admin.audit import Audit, AuditFinding
from pipelines.admin.audit.command import run_audit
from pipelines.errors import Unavailable
from pipelines.runtime.orchestration.table_assets import LEDGER, QUARANTINE
from pipelines.serving.lake_reader import open_for_reading
from pipelines.settings import Settings

SHOWN = 20
"""Most findings that one check result lists."""
_WINDOW_RECORDS = 10_000


def load_checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """The checks of ledger and quarantine; the tests of the models come with the models."""

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
        return uniqueness_result(_ask(settings, _KEYS))

    @dg.asset_check(
        asset=QUARANTINE,
        name="quarantine_share",
        description=f"Of the last {_WINDOW_RECORDS} records, how many cannot be decoded. Warns from 1 %.",
    )
    def share_check() -> dg.AssetCheckResult:
        return share_result(_ask(settings, _SHARE))

    return [audit_check, keys_check, share_check]


_KEYS = """
    SELECT coalesce(sum(n), 0)::BIGINT, count(*) FILTER (n > 1) FROM (
        SELECT count(*) AS n FROM wh.ledger.deliveries WHERE outcome = 'loaded' GROUP BY event_key
    )
"""
_SHARE = f"""
    SELECT count(*), count(*) FILTER (outcome = 'quarantined') FROM (
        SELECT outcome FROM wh.ledger.deliveries ORDER BY batch_id DESC LIMIT {_WINDOW_RECORDS}
    )
"""  # noqa: S608 - a constant of ours
_WARN_SHARE = 0.01


def audit_result(found: Audit) -> dg.AssetCheckResult:
    """The audit as a check; the findings as a table."""
    totals = found.totals
    numbers: dict[str, Any] = {
        "records": totals.records,
        "loaded": totals.loaded,
        "duplicate": totals.duplicate,
        "quarantined": totals.quarantined,
        "findings": len(found.findings),
    }
    if totals.waiting is not None:
        numbers["waiting_on_topic"] = totals.waiting
    if found.findings:
        numbers["offending"] = dg.TableMetadataValue(
            [_record(finding) for finding in found.findings[:SHOWN]], _FINDINGS
        )
    return dg.AssetCheckResult(
        passed=found.ok,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata=numbers,
        description="nothing lost, nothing counted twice" if found.ok else found.findings[0].problem,
    )


def uniqueness_result(numbers: tuple[int, int]) -> dg.AssetCheckResult:
    """From the records loaded and the event keys that stand for more than one of them."""
    loaded, repeated = numbers
    return dg.AssetCheckResult(
        passed=repeated == 0,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"loaded": loaded, "keys_loaded_twice": repeated},
    )


def share_result(numbers: tuple[int, int]) -> dg.AssetCheckResult:
    """From the records looked at and those in quarantine."""
    records, quarantined = numbers
    share = quarantined / records if records else 0.0
    return dg.AssetCheckResult(
        passed=share < _WARN_SHARE,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"records": records, "quarantined": quarantined, "share": share},
        description=f"{share:.2%} of the last {records} records",
    )


_FINDINGS = dg.TableSchema(
    [
        dg.TableColumn("check", "string"),
        dg.TableColumn("where", "string"),
        dg.TableColumn("problem", "string"),
        dg.TableColumn("records", "int"),
    ]
)


def _record(finding: AuditFinding) -> dg.TableRecord:
    return dg.TableRecord(
        {
            "check": finding.check,
            "where": finding.where,
            "problem": finding.problem,
            "records": finding.records,
        }
    )


def _ask(settings: Settings, sql: str) -> tuple[int, int]:
    con = open_for_reading(settings)
    try:
        row = con.execute(sql).fetchone()
    except duckdb.CatalogException as error:
        raise Unavailable("the lake has no ledger yet; run the asset `ingest` once") from error
    finally:
        con.close()
    return (int(row[0]), int(row[1])) if row else (0, 0)
