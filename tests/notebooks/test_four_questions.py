"""The notebook runs from top to bottom and says what the marts say."""

import json
from pathlib import Path
from typing import Any

import duckdb
import nbformat
import pytest
from nbclient import NotebookClient

from pipelines.reports.mart_cells import read_cells, sum_parts
from pipelines.reports.secondary_metrics import FURTHER
from pipelines.reports.headline_numbers import headlines
from pipelines.reports.glossary import meanings
from pipelines.settings import Settings
from pipelines.simulate.simulation import Simulation
from tests.support.lakes import empty_lake
from tests.support.report_lakes import Table, create_marts

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NOTEBOOK = NOTEBOOKS / "four_questions.ipynb"
TELL = """
import json
print(json.dumps([results, {name: [p.numerator, p.denominator, p.open] for name, p in further.items()}]))
"""
FORMAT: Any = nbformat  # it has no types of its own


def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The notebook after every cell of it, and one more that prints its results, ran on this home."""
    monkeypatch.setenv("HIRESTREAM_HOME", str(home))
    notebook = FORMAT.read(NOTEBOOK, as_version=4)
    notebook.cells.append(FORMAT.v4.new_code_cell(TELL))
    where = {"metadata": {"path": str(NOTEBOOKS)}}
    return NotebookClient(notebook, timeout=120, kernel_name="python3", resources=where).execute()


def outputs(notebook: Any, kind: str) -> list[str]:
    """Everything that was shown as this MIME type."""
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output.data[kind] for output in shown if kind in output.get("data", {})]


def test_its_numbers_are_the_marts(
    simulated: tuple[Settings, Simulation], lake: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = run(simulated[0].home, monkeypatch)
    found, further = json.loads(notebook.cells[-1].outputs[0].text)
    for headline in headlines(lake):
        result = found.pop(headline.question)
        excluded = {k.removeprefix("excluded_"): v for k, v in result.items() if k.startswith("excluded_")}
        assert excluded == headline.excluded
        assert (result["numerator"], result["denominator"], result["open"]) == (
            headline.numerator,
            headline.denominator,
            headline.open,
        )
        assert result["population"] == headline.denominator + headline.open + sum(excluded.values())
        assert (result["rate"], result["low"], result["high"]) == pytest.approx(
            (headline.rate, headline.wilson_low, headline.wilson_high)
        )
    assert found == {}
    expected = [sum_parts(cells) for cells in read_cells(lake, FURTHER)]
    assert further == {
        m.metric: [p.numerator, p.denominator, p.open] for m, p in zip(FURTHER, expected, strict=True)
    }
    assert len(outputs(notebook, "image/png")) == 5
    said = "\n".join(outputs(notebook, "text/markdown"))
    assert all(meaning.says in said for chapter in meanings() for meaning in chapter.meanings)


def test_a_lake_without_rows_is_no_error(
    shapes: tuple[Table, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    con = empty_lake(Settings(home=tmp_path).warehouse)
    create_marts(con, shapes)
    con.close()
    notebook = run(tmp_path, monkeypatch)
    assert len([text for text in outputs(notebook, "text/markdown") if "No cases yet" in text]) == 4
    assert outputs(notebook, "image/png") == []


def test_it_is_committed_without_outputs_and_reads_marts_only() -> None:
    notebook = FORMAT.read(NOTEBOOK, as_version=4)
    FORMAT.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    sources = "\n".join(cell.source for cell in code)
    assert "wh.marts." in sources
    for schema in ("entities", "events", "ledger", "quarantine", "staging"):
        assert f"wh.{schema}" not in sources
