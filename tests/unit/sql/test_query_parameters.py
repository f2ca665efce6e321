"""Parameters of ClickHouse's own interface: their texts, names of tables and columns among them."""

from __future__ import annotations

import pytest

from mini_tb.sql.query_parameters import with_parameters


@pytest.mark.parametrize(
    ("type_name", "text", "value"),
    [
        ("String", r"a\tb\\c\'d", "a\tb\\c'd"),
        ("String", r"\d+\z", r"\d+\z"),
        ("String", r"\x41\e\0", "A\x1b\0"),
        ("Nullable(String)", r"\N", r"\N"),
        ("String", r"a\Nb", "ab"),
        ("Array(String)", r"['a','b\'c']", r"['a','b\'c']"),
        ("Tuple(String, UInt8)", r"('\t',1)", r"('\t',1)"),
        ("UInt8", "7", "7"),
    ],
)
def test_texts(type_name: str, text: str, value: str) -> None:
    sql = f"SELECT {{x:{type_name}}}"
    read, values = with_parameters(sql, {"x": text, "other": "1"})
    assert read == sql
    assert {name: v.value for name, v in values.items()} == {"x": value}


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
