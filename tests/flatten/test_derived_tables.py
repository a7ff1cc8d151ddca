"""Tables follow from contracts, and a clash of names is an error when the contract loads."""

import polars as pl
import pytest
from msgspec import field

from pipelines.contracts.base import Contract
from pipelines.contracts.field_types import Record, Text
from pipelines.contracts.popp.envelope import PoppDocument
from pipelines.contracts.popp.provider import PROVIDER
from pipelines.contracts.registry import contracts
from pipelines.flatten.derived_tables import derive, tables_of


class Inner(Record):
    url: Text | None = None


class ClashingData(Record):
    meeting: Inner | None = None
    meeting_url: Text | None = None


class Clashing(PoppDocument, kw_only=True, tag="CLASHING"):
    data: ClashingData


class TakenData(Record):
    extras: Text | None = field(name="more", default=None)


class Taken(PoppDocument, kw_only=True, tag="TAKEN"):
    data: TakenData


@pytest.mark.parametrize("document", [Clashing, Taken])
def test_two_fields_for_one_column_are_refused(document: type[Record]) -> None:
    with pytest.raises(ValueError, match="two fields want the column"):
        derive(Contract(PROVIDER, document, entity="x"))


@pytest.mark.parametrize(("provider", "event_type"), sorted(contracts()))
def test_entity_is_a_column(provider: str, event_type: str) -> None:
    names = {column.name for column in tables_of(provider, event_type).event.columns}
    assert contracts()[provider, event_type].entity in names


def test_names_say_what_an_id_is() -> None:
    columns = {c.name: c for c in tables_of("popp", "CANDIDATE_ANALYSIS_COMPLETED").event.columns}
    assert {"candidate_id", "external_candidate_id"} <= set(columns)
    assert "record_id" not in columns
    assert columns["total_score_scaled"].dtype == pl.Float64()


def test_personal_columns_are_marked() -> None:
    participants = tables_of("popp", "CALENDAR_MEETING_SCHEDULED").children[0]
    assert all(column.personal for column in participants.columns)
