"""The loader over a backlog, without models: to all typed tables, ledger and offsets. `... COUNT`."""

import json
import resource
import sys
import threading
import time

from pipelines.load.read_ahead import commits, tune_interpreter
from pipelines.load.session import LoadPolicy, open_loader
from pipelines.settings import Settings


def drain(settings: Settings, count: int) -> dict[str, float]:
    """Seconds from the first read to the last commit, and the peak memory of this process in MiB."""
    tune_interpreter()
    with open_loader(settings, "bench", LoadPolicy()) as (reader, loader):
        started, records, number = time.perf_counter(), 0, 0
        for done in commits(settings.load, reader, loader, stop=threading.Event(), finished=lambda: False):
            records, number = records + done.records, number + 1
            if records >= count:
                break
        seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "records": records, "commits": number, "peak_mib": peak}


if __name__ == "__main__":
    print(json.dumps(drain(Settings.read(), int(sys.argv[1]))))
