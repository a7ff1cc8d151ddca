"""`... FILE`: the ledger against the answers that a client got, as JSON. `... --count N`: its rows of
partitions from N on.

A process of its own, because a lake may stand where only the system's processes can see it.
"""

import hashlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from pipelines.admin.audit.command import run_audit
from pipelines.lake.connection import open_lake
from pipelines.settings import Settings


def verdict(settings: Settings, acknowledged: dict[str, bytes]) -> dict[str, Any]:
    """Totals. `lost` are deliveries, `doubled` events, `unacknowledged` kept without having been answered."""
    with open_lake(settings.warehouse, read_only=True) as con:
        rows = con.execute(
            "SELECT delivery_id, outcome, event_key, body_sha256 FROM wh.ledger.deliveries"
        ).fetchall()
    outcomes = Counter(outcome for _, outcome, _, _ in rows)
    kept = {delivery: digest for delivery, _, _, digest in rows}
    events = Counter(key for _, outcome, key, _ in rows if outcome == "loaded")
    decoded = {digest for _, outcome, key, digest in rows if outcome != "quarantined" and key in events}
    digests = {delivery: hashlib.sha256(body).hexdigest() for delivery, body in acknowledged.items()}
    audited = run_audit(settings)
    return {
        "records": len(rows),
        **{outcome: outcomes[outcome] for outcome in ("loaded", "duplicate", "quarantined")},
        "acknowledged": len(acknowledged),
        "unacknowledged": len(kept.keys() - acknowledged.keys()),
        "lost": sum(kept.get(delivery) != digest for delivery, digest in digests.items()),
        "doubled": sum(count - 1 for count in events.values()),
        "distinct": len(set(digests.values())),
        "distinct_decoded": len(decoded & set(digests.values())),
        "waiting": audited.totals.waiting,
        "findings_records": sum(f.records for f in audited.findings),
        "findings": [f"{f.check}: {f.where}: {f.problem} ({f.records})" for f in audited.findings],
    }


def count(settings: Settings, from_partition: int) -> int:
    """Ledger rows of the partitions from this one on, 0 where there is no lake yet."""
    if not (settings.warehouse / "catalog.sqlite").exists():
        return 0
    with open_lake(settings.warehouse, read_only=True) as con:
        row = con.execute(
            "SELECT count(*) FROM wh.ledger.deliveries WHERE partition >= ?", [from_partition]
        ).fetchone()
    return int(row[0]) if row else 0


def main() -> None:
    """Print what was asked for."""
    settings = Settings.read()
    if sys.argv[1] == "--count":
        sys.stdout.write(str(count(settings, int(sys.argv[2]))))
        return
    pairs = json.loads(Path(sys.argv[1]).read_text())
    acknowledged = {delivery: body.encode("latin-1") for delivery, body in pairs.items()}
    sys.stdout.write(json.dumps(verdict(settings, acknowledged)))


if __name__ == "__main__":
    main()
