"""`hirestream audit`: the ledger against itself, the tables and the topic."""

from pipelines.ingest.topic import topic_info, watermarks
from pipelines.settings import Settings
from pipelines.warehouse.audit import Audit, audit
from pipelines.warehouse.readers import open_for_reading


def run_audit(settings: Settings) -> Audit:
    """Audit the lake of these settings. Raises `Unavailable` without a lake or without Kafka."""
    topic = topic_info(settings.kafka)
    ends = watermarks(settings.kafka, topic) if topic else None
    con = open_for_reading(settings)
    try:
        return audit(con, topic, ends)
    finally:
        con.close()


def render(found: Audit) -> str:
    """For a person: the totals, then what offends."""
    totals = found.totals
    waiting = "unknown" if totals.waiting is None else totals.waiting
    lines = [
        f"records {totals.records}: loaded {totals.loaded}, duplicate {totals.duplicate}, "
        f"quarantined {totals.quarantined}; waiting on the topic {waiting}"
    ]
    lines += [f"NOT  {f.check}: {f.where}: {f.problem} ({f.records})" for f in found.findings]
    return "\n".join([*lines, "ok: nothing lost, nothing counted twice" if found.ok else "not ok"])
