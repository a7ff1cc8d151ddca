"""Columns of the lake with personal data, as marked in contracts and model descriptions."""

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType

from pipelines.lake.schema_docs import described_tables
from pipelines.serving.model_docs import SCHEMAS, described_models

UNKNOWN_CONTENT = frozenset({"body", "extras", "payload"})
"""Columns with fields that no contract names; such fields may be personal."""


@cache
def personal_columns() -> Mapping[str, frozenset[str]]:
    """Return the names of the personal columns by `schema.table`, for tables and models that have any."""
    marked = (*_table_columns(), *_model_columns())
    return MappingProxyType({name: columns for name, columns in marked if columns})


def _table_columns() -> Iterator[tuple[str, frozenset[str]]]:
    for table in described_tables():
        yield (
            table.name,
            frozenset(c.name for c in table.columns if c.personal or c.name in UNKNOWN_CONTENT),
        )


def _model_columns() -> Iterator[tuple[str, frozenset[str]]]:
    for schema in SCHEMAS:
        for model in described_models(schema):
            yield (
                f"{schema}.{model['name']}",
                frozenset(column["name"] for column in model["columns"] if _is_personal(column)),
            )


def _is_personal(column: Mapping[str, Mapping[str, Mapping[str, bool]]]) -> bool:
    return column.get("config", {}).get("meta", {}).get("personal") is True
