"""Each fixture: a body and the rows it becomes. Complete both ways: contracts and fixtures."""

import json
from pathlib import Path

import pytest

from pipelines.contracts.registry import contracts
from tests.flatten.rows import rows_of

FOLDER = Path(__file__).parent.parent / "fixtures"
FIXTURES = sorted(FOLDER.glob("*/*.json"))
WITHOUT_CONTRACT = {"unknown"}


@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_body_becomes_its_rows(file: Path) -> None:
    case = json.loads(file.read_text())
    assert rows_of(file.parent.name, json.dumps(case["body"]).encode()) == case["rows"]


def test_every_contract_has_a_fixture_and_every_fixture_a_contract() -> None:
    tested = {(file.parent.name, file.stem.split(".")[0]) for file in FIXTURES}
    described = {(provider, contract.table) for (provider, _), contract in contracts().items()}
    assert {case for case in tested if case[1] not in WITHOUT_CONTRACT} == described
