"""A chart shows each day once, inside its frame, and says nothing where there are no cases."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from pipelines.reports.chart_geometry import NARROW, WIDE, Size, chart
from pipelines.reports.rates import RateCounts
from pipelines.reports.report_data import Day

FIRST = dt.date(2026, 10, 23)


def share(numerator: int, denominator: int) -> RateCounts:
    return RateCounts(numerator, denominator, 0, {})


@st.composite
def shares(draw: st.DrawFn) -> RateCounts:
    denominator = draw(st.integers(0, 10_000))
    return share(draw(st.integers(0, denominator)), denominator)


@st.composite
def series(draw: st.DrawFn) -> list[Day]:
    pairs = draw(st.lists(st.tuples(shares(), shares()), max_size=60))
    return [Day(FIRST + dt.timedelta(days=n), day, week) for n, (day, week) in enumerate(pairs)]


@given(series(), st.sampled_from((WIDE, NARROW)))
def test_everything_is_inside_the_frame(days: list[Day], size: Size) -> None:
    drawn = chart(days, size)
    frame = drawn.size
    assert [mark.day for mark in drawn.marks] == days
    for mark in drawn.marks:
        assert (
            frame.left <= mark.bar_left <= mark.bar_left + mark.bar_width <= frame.width - frame.right + 1e-9
        )
        assert frame.top <= mark.bar_top <= frame.floor
        for y in (mark.y, mark.week_y):
            assert y is None or frame.top <= y <= frame.floor
    assert len(drawn.dates) <= frame.day_labels
    assert "nan" not in "".join((*drawn.lines, *drawn.bands))


@given(series())
def test_a_day_without_cases_has_no_point(days: list[Day]) -> None:
    for mark in chart(days, WIDE).marks:
        assert (mark.y is None) == (mark.day.parts.denominator == 0)


def test_the_line_breaks_where_a_week_has_no_cases() -> None:
    nothing, some = share(0, 0), share(1, 2)
    days = [
        Day(FIRST + dt.timedelta(days=n), part, part)
        for n, part in enumerate((some, some, nothing, some, nothing, some, some))
    ]
    drawn = chart(days, WIDE)
    assert len(drawn.lines) == 3
    assert len(drawn.bands) == 2


def test_the_axis_ends_at_a_round_share_above_the_highest() -> None:
    day = Day(FIRST, share(12, 100), share(9, 100))
    assert [tick.label for tick in chart([day], WIDE).shares] == ["0 %", "10 %", "20 %"]
