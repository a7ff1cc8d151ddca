"""No event and no provider is left out, and none is there twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.contracts import base
from pipelines.contracts.base import Contract, ProviderContract, by_event_type, by_name
from pipelines.contracts.field_types import Record
from pipelines.contracts.orufy.events import Book
from pipelines.contracts.popp.conversation import ConversationOptedOut
from pipelines.contracts.popp.provider import PROVIDER
from pipelines.contracts.registry import contracts, providers


def documents(kind: type[Record] = Record) -> Iterator[type[Record]]:
    """Every class with a tag in the package of contracts."""
    for each in kind.__subclasses__():
        if each.__struct_config__.tag and each.__module__.startswith("pipelines.contracts."):
            yield each
        yield from documents(each)


def test_every_document_is_listed_as_a_contract() -> None:
    listed = {contract.document for contract in contracts().values()}
    described = {each for each in documents() if not each.__subclasses__()}
    assert described == listed


def test_contracts_are_sorted_by_provider_and_event_type() -> None:
    assert list(contracts()) == sorted(contracts())


def test_each_folder_is_a_provider_of_its_name() -> None:
    folders = {file.parent.name for file in Path(base.__file__).parent.glob("*/__init__.py")}
    assert set(providers()) == folders
    for contract in contracts().values():
        assert contract.document.__module__.split(".")[2] == contract.provider.name


@pytest.mark.parametrize(("provider", "event_type"), sorted(contracts()))
def test_every_contract_says_in_a_sentence_what_happened(provider: str, event_type: str) -> None:
    said = contracts()[provider, event_type].description
    assert said.endswith(".")
    assert "\n" not in said


def test_two_contracts_for_one_table_are_refused() -> None:
    contract = Contract(PROVIDER, ConversationOptedOut, entity="conversation_id")
    other = Contract(PROVIDER, Book, entity="meeting_id")
    with pytest.raises(ValueError, match="two contracts want the table of CONVERSATION_OPTED_OUT"):
        by_event_type([contract, other, contract])


def test_two_providers_of_one_name_are_refused() -> None:
    other = ProviderContract("popp", event_type=("type",), event_id=None, organization=None)
    with pytest.raises(ValueError, match="two providers have the name popp"):
        by_name([PROVIDER, other])
