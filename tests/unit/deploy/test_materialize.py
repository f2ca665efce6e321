"""Columns of a query against the data source that takes its rows."""

from __future__ import annotations

import pytest

from mini_tb.deploy.materialize import check_columns
from mini_tb.diagnostics import Severity
from mini_tb.project import Column, Datasource
from mini_tb.sql import Compiled, ResultColumn
from mini_tb.types import parse_type


def given(**types: str) -> Compiled:
    """A query with these columns."""
    columns = tuple(ResultColumn(name, parse_type(text)) for name, text in types.items())
    return Compiled("SELECT 1", columns, {}, frozenset(), frozenset(), ())


def target(**types: str) -> Datasource:
    """A data source with these columns."""
    return Datasource("t", tuple(Column(name, parse_type(text)) for name, text in types.items()))


FITS, LOSES, FAILS = None, Severity.WARNING, Severity.ERROR


@pytest.mark.parametrize(
    ("actual", "expected", "severity"),
    [
        ("Int64", "Int64", FITS),
        ("UInt64", "SimpleAggregateFunction(sum, UInt64)", FITS),
        ("Nullable(Int64)", "Int64", FITS),  # NULL becomes the default, as on INSERT
        ("String", "LowCardinality(String)", FITS),
        ("DateTime", "DateTime('Europe/Madrid')", FITS),
        ("UInt64", "Int32", LOSES),
        ("Float64", "Int64", LOSES),
        ("DateTime", "Date", LOSES),
        ("String", "UUID", LOSES),
        ("String", "Int64", FAILS),
        ("Int64", "String", FAILS),
        ("Array(String)", "Array(LowCardinality(String))", FITS),
        ("Array(String)", "Array(Int8)", FAILS),
        ("Array(Int64)", "Int64", FAILS),
        ("AggregateFunction(count)", "AggregateFunction(count)", FITS),
        ("AggregateFunction(sum, Int64)", "AggregateFunction(avg, Int64)", FAILS),
        ("AggregateFunction(sum, Int64)", "Int64", FAILS),
    ],
)
def test_types_are_compared(actual: str, expected: str, severity: Severity | None) -> None:
    found = check_columns(given(a=actual), target(a=expected), None, "the query")
    assert [d.severity for d in found] == ([] if severity is None else [severity])
    assert all(d.code == "TY203" for d in found)


def test_columns_are_matched_by_name() -> None:
    found = check_columns(given(b="Int8", nme="String"), target(name="String", b="Int8"), None, "q")
    assert [(d.code, d.severity) for d in found] == [("TY201", FAILS), ("TY202", LOSES)]
    assert found[0].hint == "did you mean `name`?"
