"""Geometry of the chart of daily rates: pixel coordinates of all shapes, computed from days and a size."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from pipelines.reports.report_data import Day

_CEILINGS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Size:
    """Size of a chart and margins of its plot area, in pixels; `day_labels` is the maximum of date labels."""

    name: str
    width: int
    height: int
    left: int = 44
    right: int = 8
    top: int = 12
    bottom: int = 26
    day_labels: int = 6

    @property
    def plot_width(self) -> int:
        """Width of the plot area, in pixels."""
        return self.width - self.left - self.right

    @property
    def plot_height(self) -> int:
        """Height of the plot area, in pixels."""
        return self.height - self.top - self.bottom

    @property
    def floor(self) -> int:
        """Y coordinate of the horizontal axis."""
        return self.top + self.plot_height


WIDE = Size("wide", 720, 220)
NARROW = Size("narrow", 340, 200, day_labels=3)


@dataclass(frozen=True, slots=True)
class Mark:
    """Coordinates of one day: its bar, its dot `y`, and its point `week_y` on the line of the weekly rate.

    `y` and `week_y` are None where the day or the week has no rate.
    """

    day: Day
    x: float
    bar_left: float
    bar_width: float
    bar_top: float
    y: float | None
    week_y: float | None


@dataclass(frozen=True, slots=True)
class Tick:
    """Label of an axis; `at` is its coordinate along the axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All shapes of a chart. `lines` and `bands` are SVG paths, interrupted where a week has no cases.

    `shares` and `dates` are the labels of the two axes.
    """

    size: Size
    marks: tuple[Mark, ...]
    lines: tuple[str, ...]
    bands: tuple[str, ...]
    shares: tuple[Tick, ...]
    dates: tuple[Tick, ...]
    most_cases: int


@dataclass(frozen=True, slots=True)
class Scale:
    """Conversion of shares and case counts of one chart to pixels.

    `ceiling` is the share at the top of the plot, `step` the width of a day.
    """

    size: Size
    ceiling: float
    most_cases: int
    step: float

    def y(self, rate: float | None) -> float | None:
        """Return the y coordinate of a rate; None for None."""
        return None if rate is None else self.share(rate)

    def share(self, share: float) -> float:
        """Return the y coordinate of a share, at most that of the ceiling."""
        return self.size.floor - self.size.plot_height * min(share / self.ceiling, 1.0)

    def bar_top(self, cases: int) -> float:
        """Return the y coordinate of the top of a bar; the tallest bar takes the lower 40 % of the plot."""
        part = cases / self.most_cases if self.most_cases else 0.0
        return self.size.floor - 0.4 * self.size.plot_height * part


def chart(days: Sequence[Day], size: Size) -> Chart:
    """Compute a chart of daily rates; the axis runs from 0 to a round share above the highest rate."""
    most = max((day.parts.denominator for day in days), default=0)
    scale = Scale(size, _ceiling(days), most, size.plot_width / max(len(days), 1))
    marks = tuple(_mark(day, index, scale) for index, day in enumerate(days))
    runs = [list(run) for has_rate, run in groupby(marks, lambda mark: mark.week_y is not None) if has_rate]
    return Chart(
        size=size,
        marks=marks,
        lines=tuple(_path([(mark.x, mark.week_y or 0.0) for mark in run]) for run in runs),
        bands=tuple(_band(run, scale) for run in runs if len(run) > 1),
        shares=tuple(Tick(scale.share(s), f"{s * 100:g} %") for s in (0.0, scale.ceiling / 2, scale.ceiling)),
        dates=_date_ticks(marks, size.day_labels),
        most_cases=most,
    )


def _ceiling(days: Sequence[Day]) -> float:
    highest = max((rate for day in days for rate in (day.parts.rate, day.week.rate) if rate), default=0.0)
    return next((ceiling for ceiling in _CEILINGS if highest <= ceiling), 1.0)


def _mark(day: Day, index: int, scale: Scale) -> Mark:
    left = scale.size.left + index * scale.step
    return Mark(
        day=day,
        x=left + scale.step / 2,
        bar_left=left + scale.step * 0.14,
        bar_width=scale.step * 0.72,
        bar_top=scale.bar_top(day.parts.denominator),
        y=scale.y(day.parts.rate),
        week_y=scale.y(day.week.rate),
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _band(run: Sequence[Mark], scale: Scale) -> str:
    """Return the 95 % intervals of consecutive marks as one closed SVG path."""
    ends = [(mark.x, interval) for mark in run if (interval := mark.day.week.interval)]
    upper = [(x, scale.share(interval.high)) for x, interval in ends]
    lower = [(x, scale.share(interval.low)) for x, interval in reversed(ends)]
    return _path(upper + lower) + " Z"


def _date_ticks(marks: Sequence[Mark], most: int) -> tuple[Tick, ...]:
    """Return at most `most` evenly spaced date labels; the last day always has one."""
    every = max(1, -(-len(marks) // most))
    return tuple(Tick(mark.x, short_date(mark.day.day)) for mark in reversed(marks[::-1][::every]))


def short_date(day: date) -> str:
    """Format a date such as `3 Nov`, independent of the locale."""
    names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day.day} {names[day.month - 1]}"
