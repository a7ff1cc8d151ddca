"""What a rebuild of everything costs: `... HOME EVENTS`, with a loaded lake and a reader next to it.

Bodies of the simulator go through the real decoder and loader; then `hirestream rebuild` runs as a person
types it, while another process reads the lake, a new pinned connection each time.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.bench.models import Lake

READ = """
import json, sys, time
from pathlib import Path
from pipelines.lake.connection import open_lake
reads, errors, slowest, stop = 0, [], 0.0, Path(sys.argv[2])
while not stop.exists():
    began = time.monotonic()
    try:
        with open_lake(Path(sys.argv[1]), pinned=True) as con:
            ledger, events = "ledger.deliveries WHERE outcome = 'loaded'", "staging.stg_events"
            ((loaded,),) = con.execute(f"SELECT count(*) FROM {ledger}").fetchall()
            ((events,),) = con.execute(f"SELECT count(*) FROM {events}").fetchall()
            con.execute("SELECT count(*), max(event_count) FROM entities.conversations").fetchall()
        if loaded != events:
            errors.append(f"torn: {loaded} loaded, {events} event rows")
    except Exception as error:
        errors.append(str(error)[:300])
    reads, slowest = reads + 1, max(slowest, time.monotonic() - began)
    time.sleep(0.5)
print(json.dumps({"reads": reads, "errors": errors, "slowest": slowest}))
"""


def run(home: Path, events: int) -> dict[str, Any]:
    """Load, rebuild next to a reader, and tell."""
    lake, began = Lake(home, events), time.perf_counter()
    lake.load(events)
    lake.maintain()
    load_seconds = time.perf_counter() - began
    say(f"loaded {events:,} in {load_seconds:.0f} s")
    first_build = lake.build(None)[0]
    say(f"built the models in {first_build:.0f} s")
    lake.close()
    stop = home / "stop"
    command = [sys.executable, "-c", READ, str(home / "warehouse"), str(stop)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as reader:
        report, usage = _rebuild(home)
        stop.touch()
        found = json.loads(reader.communicate()[0])
    verdicts = [each["verdict"] for each in report["tables"]]
    return {
        "events": report["records"],
        "load": round(load_seconds),
        "seconds": round(report["seconds"], 1),
        "decode": round(report["decode_seconds"], 1),
        "loads_waited": round(report["turn_seconds"], 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mib": round(usage.ru_maxrss / 1024),
        "tables": len(verdicts),
        "tables_same": verdicts.count("same"),
        "reads": found["reads"],
        "read_errors": len(found["errors"]),
        "slowest_read": round(found["slowest"], 1),
        "hashes": {each["table"]: each["sha256"] for each in report["tables"] if each["rows"]},
    }


def _rebuild(home: Path) -> tuple[dict[str, Any], resource.struct_rusage]:
    command = [sys.executable, "-m", "pipelines.cli", "rebuild", "--json"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, env=os.environ | {"HIRESTREAM_HOME": str(home)}
    )
    assert process.stdout is not None
    report: dict[str, Any] = json.loads(process.stdout.read())
    _, _, usage = os.wait4(process.pid, 0)
    return report, usage


def say(text: str) -> None:
    """Progress, next to the figures."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]))))
