"""`make fuzz`: ten thousand mutated payloads of every event; prints the totals and writes var/fuzz.json."""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from pipelines.host.preflight import free_port
from pipelines.runtime.kafka.broker import start_broker
from pipelines.settings import Settings
from receiver.settings import PROJECT
from tests.fuzz.run import SOURCES, Fuzzed, fuzz

OUTCOMES = ("loaded", "duplicate", "quarantined")


def main() -> int:
    """1 when anything was lost, changed or answered with something else than 200."""
    options = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    options.add_argument("--events", type=int, default=10_000, help="payloads of every event")
    options.add_argument("--seed", default="1")
    chosen = options.parse_args()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(
            home=Path(home),
            kafka={"port": free_port(), "controller_port": free_port()},
            receiver={"port": free_port()},
            sources=SOURCES,
        )
        with start_broker(settings) as broker:
            of_broker = settings.kafka.model_copy(update={"bootstrap_servers": broker.bootstrap_servers})
            found = fuzz(settings.model_copy(update={"kafka": of_broker}), chosen.events, chosen.seed)
    _show(found, time.perf_counter() - begun)
    return 1 if found.wrong else 0


def _show(found: Fuzzed, seconds: float) -> None:
    for title, table in (("event", found.by_event), ("mutation", found.by_kind)):
        print(f"{title:44}" + "".join(f"{outcome:>13}" for outcome in OUTCOMES))
        for name, counts in sorted(table.items()):
            print(f"{name:44}" + "".join(f"{counts[outcome]:>13}" for outcome in OUTCOMES))
    print(f"\nsent {found.sent}, answers {dict(found.statuses)}, {dict(found.totals)}, {seconds:.0f} s")
    print("\n".join(found.wrong[:20]) or "nothing lost, nothing changed")
    document = {
        "sent": found.sent,
        "answers": found.statuses,
        "totals": found.totals,
        "events": found.by_event,
        "mutations": found.by_kind,
        "wrong": found.wrong,
        "seconds": round(seconds, 1),
    }
    file = PROJECT / "var" / "fuzz.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(document, indent=1))


if __name__ == "__main__":
    sys.exit(main())
