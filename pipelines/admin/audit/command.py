"""`hirestream audit`: the audit of the lake, and of the spool's totals and its marker file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from pipelines.admin.audit import Audit, AuditFinding, audit
from pipelines.admin.audit.topic import CHECK as ON_TOPIC
from pipelines.admin.audit.topic import gone_findings
from pipelines.host.output import State, state_line
from pipelines.ingest.topic_admin import TopicInfo, topic_info, watermarks
from pipelines.load.topic_continuity import replaced_records
from pipelines.serving.lake_reader import open_for_reading
from pipelines.settings import Settings, SettingsError
from receiver.spool.spool import SpoolTotals, lost_spools, spool_path, spool_totals

CHECK = "spool in = drained + waiting + taken out"
GONE = "no spool goes while deliveries wait in it"


@dataclass(frozen=True, slots=True)
class SpoolCheck:
    """Numbers of spooled deliveries: appended (`taken`), drained, waiting, dead letters (`taken_out`)."""

    taken: int
    drained: int
    waiting: int
    taken_out: int


@dataclass(frozen=True, slots=True)
class FullAudit(Audit):
    """Audit of the lake and of the spool on this machine; `spool` is None without a spool."""

    spool: SpoolCheck | None = None


def run_audit(settings: Settings) -> FullAudit:
    """Audit the lake and the spool. Raises `Unavailable` without a lake or without Kafka."""
    topic = topic_info(settings.kafka)
    con = open_for_reading(settings)
    try:
        found = audit(con, topic, partial(watermarks, settings.kafka, topic) if topic else None)
        on_topic = tuple(_topic_record_findings(settings, con, topic))
    finally:
        con.close()
    spool, findings = audit_spool(settings)
    return FullAudit(found.totals, (*found.findings, *on_topic, *findings), spool)


def _topic_record_findings(
    settings: Settings, con: duckdb.DuckDBPyConnection, topic: TopicInfo | None
) -> Iterator[AuditFinding]:
    """Yield findings of the checks that read the topic: a deleted topic, and replaced records."""
    if topic is None:
        yield from gone_findings(con, settings.kafka.topic, "there is no such topic any more")
        return
    replaced = replaced_records(con, settings.kafka, topic, watermarks(settings.kafka, topic))
    for partition, offset in replaced.items():
        where = f"{topic.topic}/{partition} offset {offset}"
        yield AuditFinding(ON_TOPIC, where, "another record than the one that was loaded from there", 1)


def audit_spool(settings: Settings) -> tuple[SpoolCheck | None, tuple[AuditFinding, ...]]:
    """Return totals and findings of the spool. A waiting delivery is not lost, so it is no finding."""
    try:
        lost, found = lost_spools(settings), spool_totals(settings)
    except SettingsError as error:
        return None, (AuditFinding(CHECK, str(spool_path(settings)), str(error), 0),)
    if found is None:
        return None, tuple(map(_lost_spool_finding, lost))
    spool = SpoolCheck(found.appended, found.deleted, found.waiting, found.taken_out)
    return spool, (*_totals_findings(settings, found), *map(_lost_spool_finding, lost))


def render(found: FullAudit) -> str:
    """Render an audit as text: totals, findings, result."""
    totals = found.totals
    waiting = "unknown" if totals.waiting is None else totals.waiting
    spool_findings = [f for f in found.findings if f.check in {CHECK, GONE}]
    lake_findings = [f for f in found.findings if f.check not in {CHECK, GONE}]
    lines = [
        state_line(
            _state(lake_findings),
            f"records {totals.records}: loaded {totals.loaded}, duplicate {totals.duplicate}, "
            f"quarantined {totals.quarantined}; waiting on the topic {waiting}",
        )
    ]
    if found.spool is not None:
        spool = found.spool
        lines.append(
            state_line(
                _state(spool_findings),
                f"spool appended {spool.taken}: drained {spool.drained}, waiting {spool.waiting}, "
                f"dead letters {spool.taken_out}",
            )
        )
    lines += [
        state_line(_state([f]), f"{f.check}: {f.where}: {f.problem} ({f.records})") for f in found.findings
    ]
    failed = sum(not f.accepted for f in found.findings)
    result = f"{failed} findings" if failed else "nothing else lost, nothing counted twice"
    if not found.findings:
        result = "nothing lost, nothing counted twice"
    return "\n".join([*lines, state_line(_state(found.findings), result)])


def _state(findings: Sequence[AuditFinding]) -> State:
    """Return OK without findings, WARN when an operator accepted all of them, else FAIL."""
    if not findings:
        return "OK"
    return "WARN" if all(finding.accepted for finding in findings) else "FAIL"


def _totals_findings(settings: Settings, found: SpoolTotals) -> Iterator[AuditFinding]:
    if not found.adds_up:
        missing = found.appended - found.deleted - found.waiting - found.taken_out
        problem = "deliveries that were answered 200 are gone: lost" if missing > 0 else "more than came in"
        yield AuditFinding(CHECK, str(spool_path(settings)), problem, abs(missing))
    if found.taken_out:
        problem = "removed from the spool by hand; `hirestream spool dead-letters` shows why"
        yield AuditFinding(CHECK, str(spool_path(settings)), problem, found.taken_out, accepted=True)


def _lost_spool_finding(marker: Path) -> AuditFinding:
    problem = (
        "the spool was deleted or replaced while deliveries that were answered 200 waited in it. A receiver "
        "that runs since then delivers what it had: let it. Else put `spool.sqlite*` back before the next "
        "start; without it they are lost, and nobody can say how many: delete this marker once somebody knows"
    )
    return AuditFinding(GONE, str(marker), problem, 1)
