"""Every field of every contract says what it means, where that is from, and how sure it is."""

import pytest

from pipelines.contracts.field_types import FieldProvenance
from pipelines.contracts.registry import contracts
from pipelines.flatten.derived_tables import ContractTables, tables_of


def said_in(tables: ContractTables) -> dict[str, FieldProvenance | None]:
    """What is said of each leaf and each array of a contract, by its place in the document."""
    found: dict[str, FieldProvenance | None] = {child.json_path: child.said for child in tables.children}
    for table in (tables.event, *tables.children):
        found |= {column.json_path: column.said for column in table.columns}
    return found


@pytest.mark.parametrize(("provider", "event_type"), sorted(contracts()))
def test_every_field_says_what_it_means_and_where_that_is_from(provider: str, event_type: str) -> None:
    found = said_in(tables_of(provider, event_type))
    assert found
    silent = [path for path, said in found.items() if said is None or not said.meaning.strip()]
    unproven = [
        path for path, said in found.items() if said and said.confidence != "guess" and not said.source
    ]
    assert (silent, unproven) == ([], [])


@pytest.mark.parametrize(("provider", "event_type"), sorted(contracts()))
def test_what_must_be_there_is_no_guess(provider: str, event_type: str) -> None:
    event = tables_of(provider, event_type).event
    guessed = [c.json_path for c in event.columns if c.required and c.said and c.said.confidence == "guess"]
    assert guessed == []


def test_record_id_says_what_it_is_in_that_event() -> None:
    def meaning(event_type: str) -> str:
        said = said_in(tables_of("popp", event_type))["$.data.recordId"]
        return said.meaning if said else ""

    assert meaning("CALENDAR_MEETING_SCHEDULED") == "the booking"
    assert meaning("CALENDAR_AVAILABILITY_NOT_FOUND").startswith("the conversation")
    assert meaning("CANDIDATE_ANALYSIS_COMPLETED").startswith("the candidate")
    assert meaning("WORKFLOW_PUBLISHED").startswith("the workflow")


def test_nothing_of_an_undocumented_payload_is_called_documented() -> None:
    said = said_in(tables_of("popp", "CALENDAR_MEETING_UPDATED"))
    supposed = [
        path for path, each in said.items() if path.startswith("$.data.") and path != "$.data.recordId"
    ]
    assert {each.confidence for path in supposed if (each := said[path])} == {"guess"}
