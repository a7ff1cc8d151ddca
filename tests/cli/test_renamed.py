"""A former name of a command or an option names the new one, does no work and ends with exit code 2."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
import typer

from pipelines.cli import run
from pipelines.cli.app import app
from pipelines.cli.renamed import RENAMED_COMMANDS, RENAMED_OPTIONS

FORMER = [
    *((old, f"hirestream {new}") for old, new in RENAMED_COMMANDS.items()),
    *((old, f"hirestream {old.rpartition(' ')[0]} {new}") for old, new in RENAMED_OPTIONS.items()),
]


def parameters_of(path: Sequence[str]) -> set[str] | None:
    """Options of a command, None for an unknown command."""
    command: Any = typer.main.get_command(app)
    for word in path:
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            return None
    return {name for parameter in command.params for name in parameter.opts}


@pytest.fixture
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that did any work would fail on the settings, with another line."""
    monkeypatch.setattr("pipelines.cli.logging_setup.configure_logging", lambda: None)
    monkeypatch.setenv("HIRESTREAM_KAFKA__PARTITIONS", "many")


@pytest.mark.usefixtures("no_settings")
@pytest.mark.parametrize("rest", [[], ["--json"], ["--help"], ["one", "two"]], ids=" ".join)
@pytest.mark.parametrize(("old", "new"), FORMER, ids=[old for old, _ in FORMER])
def test_a_former_name_names_the_new_one(
    capsys: pytest.CaptureFixture[str], old: str, new: str, rest: list[str]
) -> None:
    assert run([*old.split(), *rest]) == 2
    found = capsys.readouterr()
    assert (found.out, found.err) == ("", f"hirestream: `hirestream {old}` is now `{new}`\n")


@pytest.mark.usefixtures("no_settings")
def test_a_former_option_is_found_with_its_value_and_a_command_after_an_option(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["explain", "pass_rate", "--mart=cohort"]) == 2
    assert run(["spool", "--json", "take-out", "id", "file"]) == 2
    assert re.findall("is now `(.*)`", capsys.readouterr().err) == [
        "hirestream explain --basis",
        "hirestream spool remove",
    ]


def test_new_names_exist_and_former_ones_do_not() -> None:
    for old, new in RENAMED_COMMANDS.items():
        assert (parameters_of(old.split()), parameters_of(new.split()) is None) == (None, False)
    for old, new in RENAMED_OPTIONS.items():
        *command, option = old.split()
        found = parameters_of(command)
        assert found is not None
        assert (option in found, new in found) == (False, True)


@pytest.mark.usefixtures("no_settings")
def test_other_commands_may_have_the_words_of_a_former_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["query", "secrets release"]) == 2
    assert "HIRESTREAM_KAFKA__PARTITIONS" in capsys.readouterr().err
