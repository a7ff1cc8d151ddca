"""`make chaos`: every fault, one after the other, each with exact totals; writes var/chaos.json."""

import argparse
import dataclasses
import json
import sys
import traceback

from receiver.settings import PROJECT
from tests.chaos.run import Outcome, run
from tests.chaos.scenarios import SCENARIOS, Scenario

COLUMNS = ("acknowledged", "loaded", "duplicate", "quarantined", "lost", "doubled", "unacknowledged")


def main() -> int:
    """1 when a promise was broken."""
    options = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    options.add_argument("--only", action="append", help="a scenario, or part of its name; may be repeated")
    options.add_argument("--minutes", type=float, default=2.0, help="how long a stopped broker stays away")
    chosen = options.parse_args()
    done: list[Outcome] = []
    broken: list[str] = []
    print(f"{'scenario':34}{'requests':>9}" + "".join(f"{name:>15}" for name in COLUMNS) + f"{'seconds':>9}")
    for scenario in _chosen(chosen.only or [""]):
        try:
            outcome = run(scenario, chosen.minutes)
        except Exception:  # noqa: BLE001 - one scenario must not end the others
            broken.append(scenario.name)
            print(f"{scenario.name:34} could not be run\n{traceback.format_exc()}", flush=True)
            continue
        done.append(outcome)
        _show(outcome)
    _write(done, broken)
    return 1 if broken or any(outcome.wrong for outcome in done) else 0


def _chosen(wanted: list[str]) -> list[Scenario]:
    """Those of exactly these names; without any, those with such a part in theirs."""
    exact = [scenario for scenario in SCENARIOS if scenario.name in wanted]
    return exact or [each for each in SCENARIOS if any(part in each.name for part in wanted)]


def _show(outcome: Outcome) -> None:
    counts = "".join(f"{outcome.verdict[name]:>15}" for name in COLUMNS)
    print(f"{outcome.name:34}{outcome.requests:>9}{counts}{outcome.seconds:>9}", flush=True)
    for sentence in outcome.wrong:
        print(f"  NOT AS PROMISED: {sentence}", flush=True)


def _write(done: list[Outcome], broken: list[str]) -> None:
    file = PROJECT / "var" / "chaos.json"
    file.parent.mkdir(exist_ok=True)
    document = {"scenarios": [dataclasses.asdict(outcome) for outcome in done], "broken": broken}
    file.write_text(json.dumps(document, indent=1))


if __name__ == "__main__":
    sys.exit(main())
