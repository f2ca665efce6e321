"""Parameters of ClickHouse's own interface: their texts, names of tables and columns among them."""

from __future__ import annotations

import pytest

from mini_tb.sql.errors import QueryError
from mini_tb.sql.query_parameters import with_parameters


@pytest.mark.parametrize(
    ("type_name", "text", "value"),
    [
        ("String", r"a\tb\\c\'d", "a\tb\\c'd"),
        ("String", r"\d+\z", r"\d+\z"),
        ("String", "a\\\tb", "a\tb"),
        ("String", r"\x41\e\0", "A\x1b\0"),
        ("Nullable(String)", r"\N", None),
        ("String", r"a\Nb", "ab"),
        ("UInt8", "7", "7"),
        ("JSON", r'{"a":"\t"}', '{"a":"\t"}'),
        ("Array(String)", r"['a', 'b\'c','d''e','\t',]", ["a", "b'c", "d'e", "\t"]),
        ("Array(Nullable(UInt8))", "[1,NULL]", ["1", None]),
        ("Array(Array(Float64))", "[[1.5,nan],[]]", [["1.5", "nan"], []]),
        ("Tuple(String, UInt8)", r"('\t',1)", {"1": "\t", "2": "1"}),
        ("Tuple(a UInt8, b String)", "(1, 'x')", {"a": "1", "b": "x"}),
        ("Map(String, Array(UInt8))", "{'k':[1,2]}", {"key": ["k"], "value": [["1", "2"]]}),
    ],
)
def test_texts(type_name: str, text: str, value: object) -> None:
    sql = f"SELECT {{x:{type_name}}}"
    read, values = with_parameters(sql, {"x": text, "other": "1"})
    assert read == sql
    assert {name: v.value for name, v in values.items()} == {"x": value}


@pytest.mark.parametrize(
    ("type_name", "text"),
    [
        ("Array(String)", "[a]"),
        ("Array(String)", '["a"]'),
        ("Array(UInt8)", "1,2"),
        ("Array(UInt8)", "[1"),
        ("Array(UInt8)", "[1]2"),
        ("Array(UInt8)", "[,]"),
        ("Tuple(UInt8, UInt8)", "(1)"),
        ("Tuple(UInt8)", "(1,2)"),
        ("Map(String, UInt8)", "{'a'}"),
    ],
)
def test_texts_that_are_no_such_value(type_name: str, text: str) -> None:
    with pytest.raises(QueryError, match="the query parameter `x` is no") as refused:
        with_parameters(f"SELECT {{x:{type_name}}}", {"x": text})
    assert refused.value.number == 457


def test_names() -> None:
    sql = (
        "SELECT {c:Identifier}, '{c:Identifier}' -- {c:Identifier}\n"
        "FROM { t : Identifier } WHERE {d:Identifier}"
    )
    read, values = with_parameters(sql, {"c": "a`b", "t": "visits"})
    assert read == (
        "SELECT `a\\`b`, '{c:Identifier}' -- {c:Identifier}\nFROM `visits` WHERE {d:Identifier}"
    )
    assert values == {}


@pytest.mark.parametrize(
    ("type_name", "text", "shown"),
    [
        ("String", r"a\tb'c", r"'a\tb\'c'"),
        ("UInt8", "7", "_CAST(7, 'UInt8')"),
        ("Decimal(10, 2)", "5", "_CAST('5', 'Decimal(10, 2)')"),
        ("Nullable(UInt8)", r"\N", "_CAST(NULL, 'Nullable(UInt8)')"),
        ("Enum8('a' = 1)", "a", r"_CAST('a', 'Enum8(\'a\' = 1)')"),
        ("Array(UInt8)", "[1]", "_CAST([1], 'Array(UInt8)')"),
    ],
)
def test_what_stands_for_them_in_names_of_columns(type_name: str, text: str, shown: str) -> None:
    _, values = with_parameters(f"SELECT {{x:{type_name}}}", {"x": text})
    assert values["x"].text == shown
