"""The tables of the long benches. What is a projection says so."""

from collections.abc import Mapping, Sequence
from typing import Any

DAY_COMMITS = 86_400

BUDGETS = {"commit_p95_ms": 150, "live_files": 2_000, "catalog_kb": 100_000}
"""What a day of commits may cost at most."""


def duplicates_table(found: Mapping[str, Any]) -> str:
    """A column for each size of the ledger; costs as wall / CPU milliseconds."""
    sizes = found["sizes"]
    names = [name for name in sizes[0] if name != "rows"]
    rows = [[name, *(_cell(size[name]) for size in sizes)] for name in names]
    return _table(["per 10,000 events, ms wall / CPU", *(f"{size['rows']:,} rows" for size in sizes)], rows)


def models_table(found: Mapping[str, Any]) -> str:
    """A column for each size of the lake."""
    sizes = found["sizes"]
    rows = [[name, *(f"{size[name]:,}" for size in sizes)] for name in sizes[0] if name != "events"]
    return _table(["seconds", *(f"{size['events']:,} events" for size in sizes)], rows)


def rebuild_table(found: Mapping[str, Any]) -> str:
    """The figures of one rebuild; the hashes are in the file."""
    return "\n".join(f"{name:16} {value:>14,}" for name, value in found.items() if name != "hashes")


def _cell(value: Any) -> str:
    return f"{value['ms']:,} / {value['cpu_ms']:,}" if isinstance(value, dict) else f"{value:,}"


def day_table(found: Mapping[str, Any]) -> str:
    """The course of the day, its commits, and a whole day if it continued as in its second half."""
    course = found["course"]
    lines = [_table(list(course[0]), [[f"{value:,}" for value in line.values()] for line in course])]
    lines += [f"{name:26} {value}" for name, value in found.items() if name != "course"]
    lines += [
        f"{name:26} {value:,} of at most {BUDGETS[name]:,}: {'kept' if value <= BUDGETS[name] else 'OVER'}"
        for name, value in _spent(found).items()
    ]
    return "\n".join([*lines, *_projected(course)])


def over_budget(found: Mapping[str, Any]) -> list[str]:
    """Which budgets a day has not kept."""
    return [name for name, value in _spent(found).items() if value > BUDGETS[name]]


def _spent(found: Mapping[str, Any]) -> dict[str, float]:
    course = found["course"]
    return {
        "commit_p95_ms": found["all"]["p95_ms"],
        "live_files": max(line["most_live"] for line in course),
        "catalog_kb": max(line["catalog_kb"] for line in course),
    }


def _projected(course: Sequence[Mapping[str, float]]) -> list[str]:
    last, middle = course[-1], course[len(course) // 2]
    passed = last["commits"] - middle["commits"]
    if last["commits"] >= DAY_COMMITS or passed <= 0:
        return []
    lines = [f"PROJECTED, not measured: {DAY_COMMITS:,} commits, in a straight line from the second half"]
    for name in ("data_mb", "catalog_kb", "dagster_kb", "rss_mib", "maintain_s"):
        slope = (last[name] - middle[name]) / passed
        lines.append(f"  {name:24} {last[name] + slope * (DAY_COMMITS - last['commits']):,.0f}")
    return lines


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in [head, *rows]
    )
