"""The geometry of a chart of daily rates: days and sizes in, points in pixels out. No markup here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from pipelines.reports.report_data import Day

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
    """One day: its bar, its point where it has a rate, and the line's point where its week has one."""

    day: Day
    x: float
    bar_left: float
    bar_width: float
    bar_top: float
    y: float | None
    week_y: float | None


@dataclass(frozen=True, slots=True)
class Tick:
    """A label and where it stands along its axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything to draw; `lines` and `bands` break where a week has no cases."""

    size: Size
    marks: tuple[Mark, ...]
    lines: tuple[str, ...]
    bands: tuple[str, ...]
    shares: tuple[Tick, ...]
    dates: tuple[Tick, ...]
    most_cases: int


@dataclass(frozen=True, slots=True)
class Scale:
    """Coordinates of shares, cases and days of one chart. The share `ceiling` is at the top."""

    size: Size
    ceiling: float
    most_cases: int
    step: float

    def y(self, rate: float | None) -> float | None:
        """The height of a rate; None where there is none."""
        return None if rate is None else self.share(rate)

    def share(self, share: float) -> float:
        """The height of a share; what is above the ceiling is cut off there."""
        return self.size.floor - self.size.plot_height * min(share / self.ceiling, 1.0)

    def bar_top(self, cases: int) -> float:
        """The top of a bar; the most cases take the lower 40 %."""
        part = cases / self.most_cases if self.most_cases else 0.0
        return self.size.floor - 0.4 * self.size.plot_height * part


def chart(days: Sequence[Day], size: Size) -> Chart:
    """Rates on an axis from 0 to a round share above the highest, cases as bars in its lower part."""
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
        dates=_dates(marks, size.day_labels),
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
    """The intervals of consecutive weeks as one closed outline."""
    ends = [(mark.x, interval) for mark in run if (interval := mark.day.week.interval)]
    upper = [(x, scale.share(interval.high)) for x, interval in ends]
    lower = [(x, scale.share(interval.low)) for x, interval in reversed(ends)]
    return _path(upper + lower) + " Z"


def _dates(marks: Sequence[Mark], most: int) -> tuple[Tick, ...]:
    """At most so many labels, evenly apart, the last day always among them."""
    every = max(1, -(-len(marks) // most))
    return tuple(Tick(mark.x, short_date(mark.day.day)) for mark in reversed(marks[::-1][::every]))


def short_date(day: date) -> str:
    """Such as `3 Nov`, independent of any locale."""
    names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day.day} {names[day.month - 1]}"
