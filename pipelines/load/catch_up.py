"""One pass of the load: all that is on the topic when it begins. What a Dagster run does."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from pipelines.ingest.topic_admin import topic_info, watermarks
from pipelines.load.loader import Loader, LoadResult
from pipelines.load.read_ahead import commits
from pipelines.load.session import LoadPolicy, open_loader
from pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class CatchUpResult:
    """Result of one pass: commits, records by outcome, rows by `schema.table`, final offsets."""

    commits: int
    outcomes: Mapping[str, int]
    rows: Mapping[str, int]
    next_offsets: Mapping[int, int]


def catch_up(
    settings: Settings, holder: str, choices: LoadPolicy, said: Callable[[LoadResult], None]
) -> CatchUpResult:
    """Load up to the end that the topic has now; what arrives meanwhile is left to the next pass.

    `said` hears of each commit. Raises `LeaseHeld`, `TopicMismatch`, `TooManyRejects` or `Unavailable`; what
    was committed before stays.
    """
    number = 0
    outcomes: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    with open_loader(settings, holder, choices) as (reader, loader):
        goal = _ends(settings)
        finished = partial(_reached, loader, goal)
        for done in commits(settings.load, reader, loader, stop=threading.Event(), finished=finished):
            number += 1
            outcomes.update(loaded=done.loaded, duplicate=done.duplicate, quarantined=done.quarantined)
            rows.update(rows_by_table(done))
            said(done)
            if finished():
                break
        return CatchUpResult(number, outcomes, rows, dict(loader.next_offsets))


def rows_by_table(done: LoadResult) -> dict[str, int]:
    """Rows that a commit wrote, by `schema.table`; the bodies aside, of which it is not said."""
    return {
        "ledger.deliveries": done.records,
        "ledger.batches": 1,
        "ledger.offsets": len(done.next_offsets),
        "quarantine.records": done.quarantined,
        **{f"events.{name}": rows for name, rows in done.tables.items()},
    }


def _ends(settings: Settings) -> Mapping[int, int]:
    topic = topic_info(settings.kafka)
    found = watermarks(settings.kafka, topic) if topic else {}
    return {partition: marks.high for partition, marks in found.items() if marks.high > marks.low}


def _reached(loader: Loader, goal: Mapping[int, int]) -> bool:
    return all(loader.next_offsets.get(partition, 0) >= end for partition, end in goal.items())
