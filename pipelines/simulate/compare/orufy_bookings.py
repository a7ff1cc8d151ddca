"""Compare the bookings and payments of Orufy in the lake with the truth of a simulation."""

from collections.abc import Iterable, Iterator

import duckdb

from pipelines.simulate.truth.orufy_bookings import BookingTruth

COUNTS = ("bookings", "moves", "cancelled", "no_shows", "guests_left")
BOOKINGS = """
SELECT organization_id, count(*), sum(moved_count), count(*) FILTER (is_cancelled),
    count(*) FILTER (is_no_show), sum(attendee_cancelled_count)
FROM wh.entities.bookings
WHERE provider = 'orufy' AND logical_booking_id = booking_id
GROUP BY organization_id
"""
PAYMENTS = """
SELECT organization_id, status || ' ' || currency_code, count(*)
FROM wh.entities.payments
WHERE provider = 'orufy'
GROUP BY ALL
"""


def booking_differences(con: duckdb.DuckDBPyConnection, truth: Iterable[BookingTruth]) -> list[str]:
    """Return one line for each account and number that differs from the truth.

    `con` has the lake attached as `wh`. Raises `duckdb.Error` when an entity or a column of it is missing.
    """
    expected = {row.organization_id: _truth_numbers(row) for row in truth}
    found = _lake_numbers(con)
    return [
        f"orufy {account} {name}: {found.get(account, {}).get(name, 0)} instead of "
        f"{expected.get(account, {}).get(name, 0)}"
        for account in sorted(expected.keys() | found.keys())
        for name in _differing_names(expected.get(account, {}), found.get(account, {}))
    ]


def _truth_numbers(row: BookingTruth) -> dict[str, int]:
    counts = (row.bookings, row.moves, row.cancelled, row.no_shows, row.guests_left)
    paid = {f"payments {name}": count for name, count in row.payments.items()}
    return {**dict(zip(COUNTS, counts, strict=True)), **paid}


def _lake_numbers(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    rows = con.execute(BOOKINGS).fetchall()
    found: dict[str, dict[str, int]] = {
        account: dict(zip(COUNTS, counts, strict=True)) for account, *counts in rows
    }
    for account, name, count in con.execute(PAYMENTS).fetchall():
        found.setdefault(account, {})[f"payments {name}"] = count
    return found


def _differing_names(expected: dict[str, int], found: dict[str, int]) -> Iterator[str]:
    """Yield the sorted names of numbers that differ; a missing number counts as 0."""
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name, 0) != found.get(name, 0):
            yield name
