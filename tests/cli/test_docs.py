"""The generated parts of the documents are those of the code."""

from pathlib import Path

import pytest

from pipelines.cli.docs.generate import between, settings_table, write_docs
from pipelines.errors import HirestreamError


def test_the_readme_is_up_to_date() -> None:
    assert write_docs(check=True) == []


def test_every_setting_has_a_meaning() -> None:
    rows = [line.split(" | ") for line in settings_table().splitlines()[2:]]
    assert len(rows) > 30
    assert [row for row in rows if not row[2].strip(" |")] == []
    assert any("HIRESTREAM_SOURCES__<NAME>__SECRETS_FILE" in row[0] for row in rows)


def test_an_old_document_is_refused_by_the_check_and_then_written(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- settings:start -->\nold\n<!-- settings:end -->\nafter\n")
    with pytest.raises(HirestreamError, match="make format"):
        write_docs(readme, check=True)
    assert "old" in readme.read_text()
    assert write_docs(readme) == [readme]
    assert write_docs(readme) == []
    text = readme.read_text()
    assert (text[:7], text[-7:]) == ("before\n", "\nafter\n")


def test_lost_markers_are_an_error() -> None:
    with pytest.raises(HirestreamError, match="markers"):
        between("no markers", "settings", "")
