"""The comparison of Orufy's bookings, on a real lake: silent when they agree, else a line for each."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from pipelines.lake.connection import open_lake
from pipelines.simulate.compare.orufy_bookings import booking_differences
from pipelines.simulate.truth.orufy_bookings import BookingTruth

FERN = BookingTruth("app_fern", 2, 1, 1, 1, 3, {"DONE EUR": 1})


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A lake with two logical bookings, one of them moved, and one of another provider."""
    con = open_lake(tmp_path)
    con.execute(
        """
        CREATE SCHEMA wh.entities;
        CREATE TABLE wh.entities.bookings (
            provider VARCHAR, organization_id VARCHAR, booking_id VARCHAR, logical_booking_id VARCHAR,
            moved_count BIGINT, is_cancelled BOOLEAN, is_no_show BOOLEAN, attendee_cancelled_count BIGINT
        );
        CREATE TABLE wh.entities.payments (
            provider VARCHAR, organization_id VARCHAR, status VARCHAR, currency_code VARCHAR
        );
        INSERT INTO wh.entities.bookings VALUES
            ('orufy', 'app_fern', 'm-1', 'm-1', 1, true, false, 0),
            ('orufy', 'app_fern', 'm-2', 'm-1', 1, false, false, 0),
            ('orufy', 'app_fern', 'm-3', 'm-3', 0, false, true, 3),
            ('popp', 'app_fern', 'm-4', 'm-4', 7, true, true, 7);
        INSERT INTO wh.entities.payments VALUES ('orufy', 'app_fern', 'DONE', 'EUR')
        """
    )
    yield con
    con.close()


def test_equal_bookings_have_no_difference(lake: duckdb.DuckDBPyConnection) -> None:
    assert booking_differences(lake, [FERN]) == []


def test_every_other_number_is_named(lake: duckdb.DuckDBPyConnection) -> None:
    lake.execute("UPDATE wh.entities.bookings SET is_cancelled = false, moved_count = 0")
    lake.execute("UPDATE wh.entities.payments SET status = 'PENDING'")
    assert booking_differences(lake, [FERN]) == [
        "orufy app_fern cancelled: 0 instead of 1",
        "orufy app_fern moves: 0 instead of 1",
        "orufy app_fern payments DONE EUR: 0 instead of 1",
        "orufy app_fern payments PENDING EUR: 1 instead of 0",
    ]


def test_an_account_on_one_side_only_is_a_difference(lake: duckdb.DuckDBPyConnection) -> None:
    assert len(booking_differences(lake, [])) == 6
    assert len(booking_differences(lake, [FERN, BookingTruth("app_gorse", 1, 0, 0, 0, 0, {})])) == 1


def test_an_entity_that_is_not_there_is_an_error(lake: duckdb.DuckDBPyConnection) -> None:
    lake.execute("DROP TABLE wh.entities.payments")
    with pytest.raises(duckdb.Error, match="payments"):
        booking_differences(lake, [])
