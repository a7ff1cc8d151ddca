"""Helpers are in `tests/support/`, so that a test file can be moved or deleted without another one."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

TESTS = Path(__file__).parent


def imported(file: Path) -> Iterator[str]:
    """Every module or name that a file imports, as a dotted path; a relative one without its dots."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = f"{node.module}." if node.module else ""
            if node.level or origin.startswith("tests."):
                yield from (origin + alias.name for alias in node.names)


def test_no_file_imports_a_test_file_or_a_conftest() -> None:
    files = sorted(TESTS.rglob("*.py"))
    assert len(files) > 100
    found = {
        f"{file.relative_to(TESTS)}: {name}"
        for file in files
        for name in imported(file)
        if any(part.startswith("test_") or part == "conftest" for part in name.split("."))
    }
    assert found == set()
