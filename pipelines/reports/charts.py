"""The geometry of a chart of daily rates: days and sizes in, points in pixels out. No markup here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from pipelines.reports.data import Day

_CEILINGS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Size:
    """A drawing and the room around its plot, in pixels."""

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
        """Between the vertical axis and the right edge."""
        return self.width - self.left - self.right

    @property
    def plot_height(self) -> int:
        """Between the top and the horizontal axis."""
        return self.height - self.top - self.bottom

    @property
    def floor(self) -> int:
        """The horizontal axis."""
        return self.top + self.plot_height


WIDE = Size("wide", 720, 220)
NARROW = Size("narrow", 340, 200, day_labels=3)


@dataclass(frozen=True, slots=True)
class Mark:
    """One day: its bar, and its point where there is a rate."""

    day: Day
    x: float
    bar_left: float
    bar_width: float
    bar_top: float
    y: float | None


@dataclass(frozen=True, slots=True)
class Tick:
    """A label and where it stands along its axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything to draw; `lines` and `bands` break where a day has no cases."""

    size: Size
    marks: tuple[Mark, ...]
    lines: tuple[str, ...]
    bands: tuple[str, ...]
    shares: tuple[Tick, ...]
    dates: tuple[Tick, ...]
    most_cases: int


def chart(days: Sequence[Day], size: Size) -> Chart:
    """Rates on an axis from 0 to a round share above the highest; cases as bars in the lower 40 %."""
    ceiling = _ceiling(days)
    most = max((day.parts.denominator for day in days), default=0)
    step = size.plot_width / max(len(days), 1)
    marks = tuple(_mark(day, index, step, most, ceiling, size) for index, day in enumerate(days))
    runs = [list(run) for has_rate, run in groupby(marks, lambda mark: mark.y is not None) if has_rate]
    return Chart(
        size=size,
        marks=marks,
        lines=tuple(_path([(mark.x, mark.y or 0.0) for mark in run]) for run in runs),
        bands=tuple(_band(run, ceiling, size) for run in runs if len(run) > 1),
        shares=tuple(Tick(_y(ceiling * n / 4, ceiling, size), f"{ceiling * n * 25:g} %") for n in range(0, 5, 2)),
        dates=_dates(marks, size.day_labels),
        most_cases=most,
    )


def _ceiling(days: Sequence[Day]) -> float:
    highest = max((day.parts.rate or 0.0 for day in days), default=0.0)
    return next((ceiling for ceiling in _CEILINGS if highest <= ceiling), 1.0)


def _mark(day: Day, index: int, step: float, most: int, ceiling: float, size: Size) -> Mark:
    left = size.left + index * step
    height = 0.4 * size.plot_height * day.parts.denominator / most if most else 0.0
    rate = day.parts.rate
    return Mark(
        day=day,
        x=left + step / 2,
        bar_left=left + step * 0.14,
        bar_width=step * 0.72,
        bar_top=size.floor - height,
        y=None if rate is None else _y(rate, ceiling, size),
    )


def _y(share: float, ceiling: float, size: Size) -> float:
    return size.floor - size.plot_height * min(share / ceiling, 1.0)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _band(run: Sequence[Mark], ceiling: float, size: Size) -> str:
    """The intervals of consecutive days as one closed outline."""
    ends = [(mark.x, interval) for mark in run if (interval := mark.day.parts.interval)]
    upper = [(x, _y(interval.high, ceiling, size)) for x, interval in ends]
    lower = [(x, _y(interval.low, ceiling, size)) for x, interval in reversed(ends)]
    return _path(upper + lower) + " Z"


def _dates(marks: Sequence[Mark], most: int) -> tuple[Tick, ...]:
    """At most so many labels, evenly apart, the last day always among them."""
    every = max(1, -(-len(marks) // most))
    return tuple(Tick(mark.x, short_date(mark.day.day)) for mark in reversed(marks[::-1][::every]))


def short_date(day: date) -> str:
    """Such as `3 Nov`, independent of any locale."""
    names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day.day} {names[day.month - 1]}"
