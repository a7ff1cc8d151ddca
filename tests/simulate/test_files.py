"""What is written is what is read."""

from pathlib import Path

import pytest

from pipelines.errors import UsageError
from pipelines.simulate.files import read_deliveries, read_truth, send_file, write_simulation
from pipelines.simulate.simulation import Simulation


def test_a_simulation_survives_the_files(simulation: Simulation, tmp_path: Path) -> None:
    deliveries, truth = write_simulation(simulation, tmp_path / "new" / "folder")
    assert list(read_deliveries(deliveries)) == simulation.deliveries
    assert read_truth(truth) == simulation.truth


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "deliveries.ndjson"
    path.write_text('{"body":"","event_type":""}\n{"body":1}\n')
    with pytest.raises(UsageError, match=r"deliveries\.ndjson, line 2 is no delivery"):
        list(read_deliveries(path))


@pytest.mark.parametrize("text", ["", "{}", '[{"mart": "x"}]'])
def test_what_is_no_truth_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "truth.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"truth\.json is no truth"):
        read_truth(path)


def test_files_that_are_not_there_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_truth(tmp_path / "none")
    with pytest.raises(UsageError, match="cannot be read"):
        send_file(tmp_path / "none", "http://127.0.0.1:1", "popp", lambda delivery: {})
