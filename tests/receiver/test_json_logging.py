"""Log lines: JSON, sparse, without data."""

import json
import logging

from receiver.json_logging import EVERY_SECONDS, JsonFormatter, Sparse


def record(message: str, *args: object, name: str = "receiver.x", **more: object) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.INFO, __file__, 1, message, args, None)
    vars(made).update(more)
    return made


def test_an_exception_is_its_type_only() -> None:
    try:
        raise ValueError("ana@example.test")
    except ValueError as error:
        made = record("failed", exc_info=(type(error), error, error.__traceback__))
    line = JsonFormatter().format(made)
    assert json.loads(line)["exception"] == "ValueError"
    assert "example.test" not in line


def test_a_flood_of_one_kind_is_one_line_and_a_number() -> None:
    now = 0.0
    sparse = Sparse(lambda: now)
    assert [sparse.filter(record("refused: %s", "too_slow")) for _ in range(5)] == [True] + [False] * 4
    assert sparse.filter(record("refused: %s", "too_large"))
    now = EVERY_SECONDS
    later = record("refused: %s", "too_slow", source="-")
    assert sparse.filter(later)
    assert json.loads(JsonFormatter().format(later))["left_out"] == 4


def test_kinds_that_never_end_take_no_memory_that_never_ends() -> None:
    sparse = Sparse(lambda: 0.0)
    for number in range(5000):
        assert sparse.filter(record(f"{number}"))
    assert not sparse.filter(record("4999"))


def test_librdkafka_is_one_kind_whatever_it_says() -> None:
    sparse = Sparse(lambda: 0.0)
    lines = [record(f"refused {n}", name="receiver.kafka.publisher.librdkafka") for n in range(3)]
    assert [sparse.filter(line) for line in lines] == [True, False, False]
