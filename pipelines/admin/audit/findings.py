"""Result of an audit: findings and totals."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """Violation found by one check; `records` is the number of affected records.

    A loss that an operator `accepted` is reported by every later audit, but does not fail it.
    """

    check: str
    where: str
    problem: str
    records: int
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """Numbers of ledger rows by outcome.

    `waiting` counts records on the topic that are not loaded yet; None without a topic.
    """

    records: int
    loaded: int
    duplicate: int
    quarantined: int
    waiting: int | None


@dataclass(frozen=True, slots=True)
class Audit:
    """Result of an audit."""

    totals: LedgerTotals
    findings: tuple[AuditFinding, ...]

    @property
    def ok(self) -> bool:
        """Return whether an operator has accepted all findings, or there are none."""
        return all(finding.accepted for finding in self.findings)
