"""`make bench`: three figures, each next to a baseline of the same run. Loopback only; ends by itself.

`--only receiver|freshness|drain` runs one; `--events`, `--seconds` and `--repeats` change its size.
`--only duplicates|day|models|rebuild` runs one of the long ones, which need no broker: what the check for
duplicates costs as the ledger grows to `--millions`, what a day of `--commits` leaves, or as many as
`--minutes` allow (exit 1 when that is over a budget), what 10,000 new events cost the models with
`--millions` in the lake, and what it costs to make every table of `--events` again.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from pipelines.host.preflight import free_port
from pipelines.ingest.topic_admin import ensure_topic, topic_info, watermarks
from pipelines.runtime.kafka.broker import start_broker
from pipelines.settings import Settings
from pipelines.simulate.simulation import bodies
from receiver.settings import PROJECT
from tests.bench.shown import (
    DAY_COMMITS,
    day_table,
    duplicates_table,
    models_table,
    over_budget,
    rebuild_table,
)
from tests.support.produce import produce
from tests.support.running import running, variables
from tests.support.settings_for import SECRET, SECRET_KID

Figures = dict[str, Any]


def main() -> None:
    """Run what was asked for, print the table, write `var/bench.json`."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", choices=[*BENCHES, *LONG])
    parser.add_argument("--events", type=int, default=500_000, help="events of the drain, or of the rebuild")
    parser.add_argument("--seconds", type=int, default=15, help="length of one measurement under load")
    parser.add_argument("--repeats", type=int, default=3, help="measurements, of which the median counts")
    parser.add_argument("--millions", default="1,5,20", help="rows of the ledger, rising")
    parser.add_argument("--commits", type=int, default=DAY_COMMITS, help="of the day")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="the day ends after them")
    parser.add_argument("--home", type=Path, help="kept: the day continues there the next time")
    parser.add_argument(
        "--hour", type=int, default=3_600, help="commits after which things of the day are old"
    )
    parser.add_argument("--out", type=Path, help="file for the figures, else in var")
    asked = parser.parse_args()
    found: dict[str, Figures] = {}
    for name in [asked.only] if asked.only else BENCHES:
        say(f"{name} ...")
        with nullcontext(asked.home) if asked.home else tempfile.TemporaryDirectory() as home:
            found[name] = run(name, Path(home), asked)
        say(json.dumps(found[name]))
    name = f"bench-{asked.only}.json" if asked.only in LONG else "bench.json"
    out = asked.out or PROJECT / "var" / name
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(found, indent=2) + "\n")
    print(
        "\n".join(
            LONG[name][1](found[name]) if name in LONG else table({name: found[name]}) for name in found
        )
    )
    if "day" in found and (over := over_budget(found["day"])):
        sys.exit(f"over budget: {', '.join(over)}")


def run(name: str, home: Path, asked: argparse.Namespace) -> Figures:
    """The figures of one bench."""
    if name in LONG:
        return LONG[name][0](home, asked)
    with own_system(home) as settings:
        return BENCHES[name](settings, asked)


@contextmanager
def own_system(home: Path) -> Iterator[Settings]:
    """A broker and settings of this run's own."""
    settings = Settings(
        home=home,
        kafka={"port": free_port(), "controller_port": free_port()},
        receiver={"port": free_port()},
        sources={"popp": {"provider": "popp", "secrets": f"{SECRET_KID}:{SECRET}"}},
    )
    with start_broker(settings) as broker:
        kafka = settings.kafka.model_copy(update={"bootstrap_servers": broker.bootstrap_servers})
        settings = settings.model_copy(update={"kafka": kafka})
        ensure_topic(settings.kafka)
        yield settings


def bench_receiver(settings: Settings, asked: argparse.Namespace) -> Figures:
    """Confirmed requests a second against the same process with HMAC only, at 256 connections."""
    with running(settings) as receiver:
        load(receiver.port, asked.seconds)  # the broker's JVM has compiled its hot paths after it
    confirmed, hmac_only = [], []
    for _ in range(asked.repeats):
        with running(settings) as receiver:
            confirmed.append(load(receiver.port, asked.seconds))
        with program(settings, "tests.support.null_server"):
            wait_for_port(settings.receiver.port)
            hmac_only.append(load(settings.receiver.port, asked.seconds))
    ratios = [a["per_second"] / b["per_second"] for a, b in zip(confirmed, hmac_only, strict=True)]
    return {
        "confirmed_per_second": median(confirmed, "per_second"),
        "hmac_only_per_second": median(hmac_only, "per_second"),
        "ratio": round(statistics.median(ratios), 3),
        "p99_ms": median(confirmed, "p99_ms"),
        "hmac_only_p99_ms": median(hmac_only, "p99_ms"),
    }


def bench_freshness(settings: Settings, asked: argparse.Namespace) -> Figures:
    """Webhook to queryable row at 200 events a second while `hirestream stream` builds models."""
    with running(settings) as receiver, program(settings, "pipelines.cli", "stream"):
        post_one(receiver)
        wait_until(lambda: built(settings), 240, "the first model build")
        arguments = [str(receiver.port), "200", str(asked.seconds * asked.repeats)]
        found = answer_of(settings, "tests.bench.freshness", *arguments)
    found = {name: round(value, 3) for name, value in found.items()}
    return {**found, "ratio": round(found["row_p95"] / found["answer_p95"], 1)}


def bench_drain(settings: Settings, asked: argparse.Namespace) -> Figures:
    """A backlog to all tables in events a second, against taking it off the topic and nothing else."""
    say(f"producing {asked.events} events")
    produce(settings.kafka, bodies(11, asked.events))
    topic = topic_info(settings.kafka)
    assert topic is not None
    count = sum(marks.high for marks in watermarks(settings.kafka, topic).values())
    drains, bounds = [], []
    for number in range(asked.repeats):
        kafka = settings.kafka
        bounds.append(
            answer_of(settings, "tests.bench.consume", str(kafka.bootstrap_servers), kafka.topic, str(count))
        )
        fresh = settings.model_copy(update={"home": settings.home / str(number)})
        drains.append(answer_of(fresh, "tests.bench.drain", str(count)))
    ratios = [bound["seconds"] / run["seconds"] for bound, run in zip(bounds, drains, strict=True)]
    return {
        "events": count,
        "events_per_second": round(count / median(drains, "seconds")),
        "consume_only_per_second": round(count / median(bounds, "seconds")),
        "ratio": round(statistics.median(ratios), 3),
        "peak_mib": round(max(run["peak_mib"] for run in drains)),
        "commits": median(drains, "commits"),
    }


def bench_duplicates(home: Path, asked: argparse.Namespace) -> Figures:
    """The check for duplicates at several sizes of the ledger."""
    return answer_of(Settings(home=home), "tests.bench.duplicates", str(home), *asked.millions.split(","))


def bench_day(home: Path, asked: argparse.Namespace) -> Figures:
    """Small commits with maintenance and reports, as many as a day has seconds or as the time allows."""
    size = [str(asked.commits), str(home), str(asked.minutes * 60), str(asked.hour)]
    return answer_of(Settings(home=home), "tests.bench.day", *size)


def bench_models(home: Path, asked: argparse.Namespace) -> Figures:
    """An incremental build at several sizes of the lake."""
    return answer_of(Settings(home=home), "tests.bench.models", str(home), *asked.millions.split(","))


def bench_rebuild(home: Path, asked: argparse.Namespace) -> Figures:
    """A rebuild of everything, with a reader next to it."""
    return answer_of(Settings(home=home), "tests.bench.rebuild", str(home), str(asked.events))


LONG = {
    "duplicates": (bench_duplicates, duplicates_table),
    "day": (bench_day, day_table),
    "models": (bench_models, models_table),
    "rebuild": (bench_rebuild, rebuild_table),
}
BENCHES = {"receiver": bench_receiver, "freshness": bench_freshness, "drain": bench_drain}


def load(port: int, seconds: int) -> Figures:
    """One load run in a process of its own."""
    command = [sys.executable, "-m", "tests.support.http_load", str(port), "256", str(seconds)]
    found: Figures = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    if set(found["statuses"]) != {"200"}:
        raise SystemExit(f"not all deliveries were accepted: {found['statuses']}")
    return found


def answer_of(settings: Settings, module: str, *arguments: str) -> Figures:
    """The JSON that a module prints, run with these settings in a process of its own."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=environment(settings))
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def program(settings: Settings, module: str, *arguments: str) -> Iterator[None]:
    """A module running next to; it is ended when the block ends."""
    log = settings.home / f"{module}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], env=environment(settings), stdout=out, stderr=out
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def environment(settings: Settings) -> Mapping[str, str]:
    """The variables that mean these settings, next to those of this process."""
    return os.environ | variables(settings)


def post_one(receiver: Any) -> None:
    """One delivery, so that there is something to build."""
    receiver.post(next(iter(bodies(1, 1))))


def built(settings: Settings) -> bool:
    """Return whether `stream` has built the models once."""
    return (settings.home / "stream.json").exists()


def wait_for_port(port: int) -> None:
    """Until something answers there."""

    def open_there() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(open_there, 30, f"port {port}")


def wait_until(condition: Any, seconds: float, what: str) -> None:
    """Look again and again, for a bounded time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not come in {seconds} s")
        time.sleep(0.2)


def median(runs: list[Figures], name: str) -> float:
    """The median of one figure."""
    return float(statistics.median(run[name] for run in runs))


def say(text: str) -> None:
    """Progress, next to the table."""
    print(text, file=sys.stderr, flush=True)


def table(found: Mapping[str, Figures]) -> str:
    """The figures for people."""
    lines = []
    for name, figures in found.items():
        lines.append(name)
        lines += [f"  {figure:26} {value:>12,}" for figure, value in figures.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
