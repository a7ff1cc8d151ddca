"""Result of an audit: findings, totals, and whether the promise holds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One thing that is not as promised. `records` says how many records it touches.

    What an operator has `accepted` as lost is told forever, and no longer fails the audit.
    """

    check: str
    where: str
    problem: str
    records: int
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """The ledger in numbers; `waiting` is what the topic holds beyond it, None without a topic."""

    records: int
    loaded: int
    duplicate: int
    quarantined: int
    waiting: int | None


@dataclass(frozen=True, slots=True)
class Audit:
    """Findings; `ok` when there is nothing but accepted losses."""

    totals: LedgerTotals
    findings: tuple[AuditFinding, ...]

    @property
    def ok(self) -> bool:
        """Return whether the promise holds."""
        return all(finding.accepted for finding in self.findings)
