"""The Wilson interval of marts, table macros and reports: three languages, one formula."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Template

from pipelines.reports.rates import wilson
from pipelines.serving.model_docs import MODELS
from pipelines.serving.table_macros import wilson_end

MARTS = Template((MODELS / "macros" / "marts.sql").read_text("utf-8")).module
CON = duckdb.connect()


OF_MACRO = tuple(wilson_end(sign) for sign in ("-", "+"))
OF_MART = tuple(MARTS.wilson(side) for side in ("low", "high"))  # type: ignore[attr-defined]
QUERY = f"""
SELECT {", ".join((*OF_MACRO, *OF_MART))} FROM (SELECT ?::BIGINT AS numerator, ?::BIGINT AS denominator)
"""


@settings(deadline=None)
@given(st.data(), st.integers(0, 10**9))
def test_marts_table_macros_and_reports_agree(data: st.DataObject, denominator: int) -> None:
    numerator = data.draw(st.integers(0, denominator))
    interval = wilson(numerator, denominator)
    (row,) = CON.execute(QUERY, [numerator, denominator]).fetchall()
    if interval is None:
        assert row == (None,) * 4
    else:
        assert row == pytest.approx((interval.low, interval.high) * 2, abs=1e-12)
