"""Quantiles, shares, intervals and bands for the truth, in plain Python."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import floor, sqrt
from types import MappingProxyType

Z = 1.959963984540054
"""Standard normal quantile of a 95 % interval."""

Counts = Mapping[str, int]
Figure = Callable[[Counts, Sequence[float]], float | None]
"""Function that computes a figure of a cell from its counts and values."""


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return a quantile, linearly interpolated; None without values."""
    if not values:
        return None
    ordered, place = sorted(values), share * (len(values) - 1)
    low = floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _quantile(share: float, _: Counts, values: Sequence[float]) -> float | None:
    return quantile(values, share)


def _mean(_: Counts, values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _sum(_: Counts, values: Sequence[float]) -> float | None:
    return sum(values) if values else None


def _rate(counts: Counts, _: Sequence[float]) -> float | None:
    return counts["numerator"] / counts["denominator"] if counts["denominator"] else None


def _wilson(sign: int, counts: Counts, values: Sequence[float]) -> float | None:
    share, of = _rate(counts, values), counts["denominator"]
    if share is None:
        return None
    margin = Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    return min(1.0, max(0.0, (share + Z * Z / (2 * of) + sign * margin) / (1 + Z * Z / of)))


SHARE: Mapping[str, Figure] = MappingProxyType(
    {"rate": _rate, "wilson_low": partial(_wilson, -1), "wilson_high": partial(_wilson, 1)}
)
SECONDS: Mapping[str, Figure] = MappingProxyType(
    {"median_seconds": partial(_quantile, 0.5), "p90_seconds": partial(_quantile, 0.9)}
)
SCORE: Mapping[str, Figure] = MappingProxyType(
    {
        "mean": _mean,
        "p25": partial(_quantile, 0.25),
        "median": partial(_quantile, 0.5),
        "p75": partial(_quantile, 0.75),
    }
)
SUM: Mapping[str, Figure] = MappingProxyType({"amount_sum": _sum})

BANDS = ("band_0_19", "band_20_39", "band_40_59", "band_60_79", "band_80_100")
WITHIN = MappingProxyType(
    {"within_1_hour": 1.0, "within_1_day": 24.0, "within_3_days": 72.0, "within_7_days": 168.0}
)
"""Maximum duration of each column, in hours."""


def band_of(score: float) -> str:
    """Return the band of a score from 0 to 100; 100 belongs to the last band."""
    return BANDS[min(int(score // 20), 4)]


def duration_column(seconds: float) -> str:
    """Return the column that counts a duration in seconds: the first of `WITHIN` that fits, else `later`."""
    return next((name for name, hours in WITHIN.items() if seconds <= hours * 3600), "later")
