"""Rates, intervals and sums, whatever the counts are."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.reports.rates import RateCounts, change, total, wilson

COUNTS = st.integers(0, 10**9)
REASONS = st.dictionaries(st.sampled_from(("closed", "opted_out", "cancelled")), COUNTS)


@st.composite
def parts(draw: st.DrawFn) -> RateCounts:
    denominator = draw(COUNTS)
    return RateCounts(draw(st.integers(0, denominator)), denominator, draw(COUNTS), draw(REASONS))


@given(parts())
def test_the_interval_holds_the_rate_within_0_and_1(some: RateCounts) -> None:
    if some.interval is None or some.rate is None:
        assert some.denominator == 0
        return
    assert 0 <= some.interval.low <= some.rate + 1e-12
    assert some.rate - 1e-12 <= some.interval.high <= 1


@given(st.integers(1, 10**6), st.data())
def test_the_interval_is_symmetric_in_success_and_failure(of: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, of))
    some, other = wilson(successes, of), wilson(of - successes, of)
    assert some is not None
    assert other is not None
    assert math.isclose(some.low, 1 - other.high, abs_tol=1e-12)


@given(st.integers(0, 1000), st.integers(1, 1000), st.integers(2, 50))
def test_more_cases_of_the_same_rate_narrow_the_interval(hits: int, misses: int, times: int) -> None:
    few, many = wilson(hits, hits + misses), wilson(hits * times, (hits + misses) * times)
    assert few is not None
    assert many is not None
    assert many.high - many.low < few.high - few.low


def test_a_published_example() -> None:
    """81 of 263, Newcombe 1998, method 3."""
    interval = wilson(81, 263)
    assert interval is not None
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.2553, 0.3662)


def test_no_cases_have_no_rate_and_no_interval() -> None:
    nothing = total(())
    assert (nothing.rate, nothing.interval, nothing.population) == (None, None, 0)


@pytest.mark.parametrize(("numerator", "denominator"), [(1, 0), (-1, 3), (4, 3)])
def test_what_is_no_share_is_refused(numerator: int, denominator: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(numerator, denominator)


@given(st.lists(parts(), max_size=6))
def test_a_total_keeps_every_part(groups: list[RateCounts]) -> None:
    whole = total(groups)
    assert whole.numerator == sum(group.numerator for group in groups)
    assert whole.denominator == sum(group.denominator for group in groups)
    assert whole.open == sum(group.open for group in groups)
    assert whole.population == sum(group.population for group in groups)


@given(st.lists(parts(), max_size=6))
def test_a_total_does_not_depend_on_order(groups: list[RateCounts]) -> None:
    assert total(groups) == total(reversed(groups))


@given(parts(), parts())
def test_a_change_reads_the_same_backwards(some: RateCounts, other: RateCounts) -> None:
    forth, back = change(some, other), change(other, some)
    if forth is None or back is None:
        assert 0 in (some.denominator, other.denominator)
        return
    assert math.isclose(forth.difference, -back.difference, abs_tol=1e-12)
    assert math.isclose(forth.interval.low, -back.interval.high, abs_tol=1e-12)
    assert forth.interval.low <= forth.difference + 1e-12
    assert forth.difference - 1e-12 <= forth.interval.high


def test_a_published_difference() -> None:
    """56 of 70 against 48 of 80, Newcombe 1998, method 10: 0.0524 to 0.3339."""
    found = change(RateCounts(48, 80, 0, {}), RateCounts(56, 70, 0, {}))
    assert found is not None
    assert (round(found.interval.low, 4), round(found.interval.high, 4)) == (0.0524, 0.3339)
    assert found.verdict == "rise"


def test_a_verdict_needs_the_interval_to_leave_out_zero() -> None:
    assert [
        found.verdict
        for before, after in [((1, 3), (2, 3)), ((100, 1000), (900, 1000)), ((900, 1000), (100, 1000))]
        if (found := change(RateCounts(*before, 0, {}), RateCounts(*after, 0, {})))
    ] == ["no clear change", "rise", "fall"]
