"""Truth against mart for every metric: `python -m tests.truth --journeys 100000 --seed 7`."""

import argparse
import datetime as dt
import sys
import tempfile
import time
from pathlib import Path

from pipelines.simulate.compare.marts import MartComparison, compare
from tests.truth.lake import Question, loaded, simulated
from tests.truth.table import rendered


def main() -> int:
    """Print the table; 1 when anything differs."""
    question = _question()
    with tempfile.TemporaryDirectory(prefix="hirestream-truth-") as home:
        found = _compared(question, Path(home))
    print(rendered(found))
    return int(any(each.differing for each in found))


def _compared(question: Question, home: Path) -> list[MartComparison]:
    begun = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - begun:7.1f} s  {what}", file=sys.stderr, flush=True)

    simulation = simulated(question)
    say(f"{question.journeys} journeys, {len(simulation.deliveries)} deliveries, truth counted")
    with loaded(question, simulation.deliveries, home) as lake:
        say("loaded, models built")
        found = compare(lake.con, simulation.truth)
    say("compared")
    return found


def _question() -> Question:
    parser = argparse.ArgumentParser(prog="python -m tests.truth", description=__doc__)
    parser.add_argument("--journeys", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--time-zone", default="UTC")
    parser.add_argument("--timeout-hours", type=int, default=48)
    parser.add_argument("--asked-after-hours", type=float, default=48, help="time of asking after the end")
    parser.add_argument("--days", type=int, default=365, help="simulated time")
    found = parser.parse_args()
    after = dt.timedelta(hours=found.asked_after_hours)
    return Question(found.seed, found.journeys, found.time_zone, found.timeout_hours, after, days=found.days)


if __name__ == "__main__":
    raise SystemExit(main())
