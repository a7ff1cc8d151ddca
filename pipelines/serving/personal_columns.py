"""Personal columns of the lake, as marked in contracts and model descriptions."""

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

from pipelines.lake.schema_docs import described_tables
from pipelines.serving.model_docs import SCHEMAS, described_models

UNKNOWN_CONTENT = frozenset({"body", "extras", "payload"})
"""Fields that no contract names may be personal too."""


@cache
def personal_columns() -> Mapping[str, frozenset[str]]:
    """Column names by `schema.table` of tables and models that have any."""
    return MappingProxyType({name: columns for name, columns in (*_of_tables(), *_of_models()) if columns})


def _of_tables() -> Iterator[tuple[str, frozenset[str]]]:
    for table in described_tables():
        yield (
            table.name,
            frozenset(c.name for c in table.columns if c.personal or c.name in UNKNOWN_CONTENT),
        )


def _of_models() -> Iterator[tuple[str, frozenset[str]]]:
    for schema in SCHEMAS:
        for model in described_models(schema):
            yield (
                f"{schema}.{model['name']}",
                frozenset(column["name"] for column in model["columns"] if _marked(column)),
            )


def _marked(column: Mapping[str, Mapping[str, Mapping[str, bool]]]) -> bool:
    return column.get("config", {}).get("meta", {}).get("personal") is True
