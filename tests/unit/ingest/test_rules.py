"""The rules of ingestion, row by row. What is stored was recorded from ClickHouse."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from ingest_values import TYPES

from mini_tb.ingest.decode import decode_json
from mini_tb.ingest.rules import RULES
from mini_tb.project import Column, Datasource
from mini_tb.types import parse_type

LONG = "12345678901234567890.1234567891"
REFUSED = object()
DEFAULTED = object()


def outcome(data_type: str, record: str, default: str | None = None) -> Any:
    """What becomes of the column `v` of a record: its value, REFUSED, or DEFAULTED."""
    source = Datasource("d", (Column("v", parse_type(data_type), "$.v", default),))
    decoded = decode_json(record.encode(), source)
    if decoded.quarantined_rows:
        assert decoded.quarantine["c__error_column"].to_pylist() == [["v"]]
        return REFUSED
    if "v" in decoded.defaulted:
        return DEFAULTED
    return decoded.good["v"].to_pylist()[0]


# A key that is missing, a null, a value of the wrong kind ------------------------------------


@pytest.mark.parametrize(
    ("data_type", "default", "record", "expected"),
    [
        ("Int32", None, "{}", REFUSED),
        ("Int32", None, '{"v":null}', REFUSED),
        ("Int32", "7", "{}", DEFAULTED),
        ("Int32", "7", '{"v":null}', DEFAULTED),
        ("Nullable(Int32)", None, "{}", None),
        ("Nullable(Int32)", None, '{"v":null}', None),
        ("Nullable(Int32)", "7", "{}", DEFAULTED),
        ("Nullable(Int32)", "7", '{"v":null}', None),
        ("Nullable(Int32)", None, '{"v":"x"}', REFUSED),
        ("Int32", "7", '{"v":"x"}', REFUSED),
        ("Array(Int32)", None, "{}", REFUSED),
        ("Array(Int32)", "[]", "{}", DEFAULTED),
        ("LowCardinality(Nullable(String))", None, "{}", None),
        ("Int32", None, '{"v":1,"unknown":{"a":[1]}}', 1),
        ("Int32", None, '{"v":1,"v":2}', 1),
    ],
)
def test_what_is_not_there(
    data_type: str, default: str | None, record: str, expected: object
) -> None:
    assert outcome(data_type, record, default) == expected


# Kinds of values ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data_type", "value", "expected"),
    [
        ("Int32", '"3"', 3),
        ("Int32", "true", 1),
        ("Int32", "1.5", REFUSED),
        ("Int32", "1.0", REFUSED),
        ("Int32", "1e3", REFUSED),
        ("Int32", '"x"', REFUSED),
        ("Int32", '""', REFUSED),
        ("Int32", "2147483648", REFUSED),
        ("Int32", "-2147483648", -2147483648),
        ("Int32", "99999999999", REFUSED),
        ("UInt8", "-1", REFUSED),
        ("UInt8", "256", REFUSED),
        ("UInt64", "18446744073709551615", 18446744073709551615),
        ("UInt64", "18446744073709551616", REFUSED),
        ("Int128", "170141183460469231731687303715884105727", str(2**127 - 1)),
        ("Int256", f'"{10**49}"', str(10**49)),
        ("Float64", '"1.5"', 1.5),
        ("Float64", '""', REFUSED),
        ("Float64", "1e400", REFUSED),
        ("Float64", '"inf"', float("inf")),
        ("Float32", '""', REFUSED),
        ("Float32", "1e40", REFUSED),
        ("Decimal(10, 2)", "99999999.99", Decimal("99999999.99")),
        ("Decimal(10, 2)", "1.555", Decimal("1.55")),
        ("Decimal(10, 2)", '"1.555"', Decimal("1.55")),
        ("Decimal(10, 2)", "-0.001", Decimal("0.00")),
        ("Decimal(10, 2)", "100000000", REFUSED),
        (
            "Decimal(38, 10)",
            "12345678901234567890.1234567891",
            Decimal("12345678901234567890.1234567891"),
        ),
        ("Bool", "1", True),
        ("Bool", "2", REFUSED),
        ("Bool", '"true"', REFUSED),
        ("String", "5", "5"),
        ("String", "1.50", "1.50"),
        ("String", "18446744073709551616", "18446744073709551616"),
        ("String", '{"x": 1 }', '{"x": 1 }'),
        ("String", '[1, "2"]', '[1, "2"]'),
        ("String", "true", "true"),
        ("String", '"\\u00e9\\ud83d\\ude00"', "é😀"),
        ("FixedString(3)", '"a"', b"a\0\0"),
        ("FixedString(3)", '"abcd"', REFUSED),
        ("FixedString(3)", "5", REFUSED),
        ("UUID", '"61F0C4045cb311e7907ba6006ad3dba0"', "61f0c404-5cb3-11e7-907b-a6006ad3dba0"),
        ("UUID", '"x"', REFUSED),
        ("IPv4", '"1.2.3.4"', 16909060),
        ("IPv4", '"256.1.1.1"', REFUSED),
        ("IPv6", '"::1"', "1"),
        ("IPv6", '"1.2.3.4"', str((0xFFFF << 32) | 16909060)),
        ("Enum8('a' = 1, 'b' = 2)", '"b"', "b"),
        ("Enum8('a' = 1, 'b' = 2)", "2", "b"),
        ("Enum8('a' = 1, 'b' = 2)", '"c"', REFUSED),
        ("Array(Int32)", '[1,"2"]', [1, 2]),
        ("Array(Int32)", '"[1,2]"', REFUSED),
        ("Array(Int32)", "[1,null]", [1, 0]),
        ("Array(Nullable(Int32))", "[1,null]", [1, None]),
        ("Array(Int32)", "[300000000000]", REFUSED),
        ("Map(String, Int32)", '{"a":1,"b":"2"}', [("a", 1), ("b", 2)]),
        ("Map(String, Int32)", '{"a":1,"a":2}', REFUSED),
        ("Map(String, Int32)", "[]", REFUSED),
        ("Tuple(Int32, String)", '["1",2]', {"1": 1, "2": "2"}),
        ("Tuple(Int32, String)", "[1]", REFUSED),
        ("Tuple(a Int32, b String)", '{"b":"x"}', {"a": 0, "b": "x"}),
        ("LowCardinality(String)", "5", "5"),
        ("SimpleAggregateFunction(sum, Int64)", '"5"', 5),
        ("AggregateFunction(sum, Int64)", "5", REFUSED),
        ("JSON", '{"a":{"b": 1}}', '{"a":{"b": 1}}'),
        ("JSON", "[1]", REFUSED),
        ("JSON", '{"a":"\\t"}', '{"a":"\\t"}'),
        ("JSON", '{"a":"\t"}', REFUSED),
        ("JSON", '{"a\x01":1}', REFUSED),
        ("String", '"a\tb"', "a\tb"),
        ("Decimal(10, 2)", "0e8", Decimal(0)),
        ("Decimal(10, 2)", "0e9", REFUSED),
        ("Decimal(18, 18)", "0.00E1", REFUSED),
    ],
)
def test_kinds_of_values(data_type: str, value: str, expected: object) -> None:
    found = outcome(data_type, f'{{"v":{value}}}')
    assert found == expected
    assert type(found) is type(expected)


# Dates -------------------------------------------------------------------------------------

MOMENT = datetime(2024, 1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"2024-01-02"', datetime(2024, 1, 2)),
        ('"2024-01-02 03:04:05"', MOMENT),
        ('"2024/01/02 03:04:05"', MOMENT),
        ('"2024-01-02T03:04:05Z"', MOMENT),
        ('"2024-01-02T03:04:05.123Z"', MOMENT),
        ('"2024-01-02T05:04:05+02:00"', MOMENT),
        ('"1704164645"', MOMENT),
        ("1704164645", MOMENT),
        ("1704164645.5", MOMENT),
        ('"1704164645123"', MOMENT),
        ("1704164645123", REFUSED),
        ('"1704164645.5"', REFUSED),
        ('"02/01/2024 03:04"', MOMENT.replace(second=0)),
        ('"Jan 2 2024 03:04:05"', MOMENT),
        ('"Tue, 02 Jan 2024 03:04:05 GMT"', MOMENT),
        ('"2024-01-02 03:04"', MOMENT.replace(second=0)),
        ('"20240102030405"', MOMENT),
        ('""', REFUSED),
        ('"x"', REFUSED),
        ('"2024-13-02"', REFUSED),
        ('"2024-02-30"', REFUSED),
        ('"2024-01-02 25:04:05"', datetime(2024, 1, 3, 1, 4, 5)),
        ('"1969-12-31"', REFUSED),
        ('"2106-02-07 06:28:16"', REFUSED),
        ("-1", REFUSED),
        ("true", REFUSED),
    ],
)
def test_moments(text: str, expected: object) -> None:
    assert outcome("DateTime", f'{{"v":{text}}}') == expected


@pytest.mark.parametrize(
    ("data_type", "text", "expected"),
    [
        ("DateTime64(3)", '"2024-01-02T03:04:05.123Z"', MOMENT.replace(microsecond=123000)),
        ("DateTime64(3)", '"1704164645.5"', MOMENT.replace(microsecond=500000)),
        ("DateTime64(3)", '"1704164645123"', MOMENT.replace(microsecond=123000)),
        ("DateTime64(6)", '"2024-01-02 03:04:05.1234569"', MOMENT.replace(microsecond=123456)),
        ("DateTime64(3)", "1704164645.5", MOMENT.replace(microsecond=500000)),
        ("DateTime64(3)", '"1969-12-31 23:59:59"', datetime(1969, 12, 31, 23, 59, 59)),
        ("DateTime('America/New_York')", '"2024-01-01 22:04:05"', MOMENT),
        ("DateTime('America/New_York')", '"2024-01-02T03:04:05Z"', MOMENT),
        ("Date", '"2024-01-02"', date(2024, 1, 2)),
        ("Date", '"2024/1/2"', date(2024, 1, 2)),
        ("Date", '"20240102"', date(2024, 1, 2)),
        ("Date", "19724", date(2024, 1, 2)),
        ("Date", '"2024-01-02 03:04:05"', REFUSED),
        ("Date", '"2149-06-07"', REFUSED),
        ("Date", '"2024-02-30"', REFUSED),
        ("Date32", '"1900-01-01"', date(1900, 1, 1)),
        ("DateTime('Europe/Madrid')", '"2024-03-31 02:30:00"', datetime(2024, 3, 31, 0, 30)),
        ("DateTime('Europe/Madrid')", '"2024-10-27 02:30:00"', datetime(2024, 10, 27, 0, 30)),
        ("DateTime64(3)", "0e85", REFUSED),
        ("Date32", '"1899-12-31"', REFUSED),
    ],
)
def test_dates_of_other_types(data_type: str, text: str, expected: object) -> None:
    assert outcome(data_type, f'{{"v":{text}}}') == expected


# Records -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"nope", "not JSON: expected a value at character 1"),
        (b'{"v":1,}', "not JSON: expected a key in double quotes at character 8"),
        (b'{"v":1', "not JSON: expected `,` or `}` at character 7"),
        (b"[1]", "not a JSON object"),
        (b'{"v":"\xff"}', "byte 7 is not UTF-8"),
        (b'{"v":"\\ud83d"}', "not JSON: half of a surrogate pair at character 6"),
        (b'{"v":' + b"[" * 200 + b"]" * 200 + b"}", "nested deeper than 128"),
    ],
)
def test_a_line_that_is_no_record_goes_to_quarantine_whole(line: bytes, reason: str) -> None:
    source = Datasource("d", (Column("v", parse_type("Nullable(String)"), "$.v"),))
    decoded = decode_json(b'{"v":"good"}\n' + line + b'\n{"v":"too"}', source, import_id="i")
    assert decoded.good["v"].to_pylist() == ["good", "too"]
    (row,) = decoded.quarantine.to_pylist()
    assert row["c__error_column"] == ["$"]
    assert reason in row["c__error"][0]
    assert line.decode(errors="replace") in row["c__error"][0]
    assert row["c__import_id"] == "i"


def test_quarantine_names_every_bad_column_and_keeps_every_value_as_text() -> None:
    columns = (
        Column("a", parse_type("Int8"), "$.a"),
        Column("b", parse_type("String"), "$.b"),
        Column("c", parse_type("Array(Int8)"), "$.c[:]"),
        Column("d", parse_type("Nullable(Float64)"), "$.d"),
    )
    body = b'{"a":300,"b":1.50,"c":[1, 2000]}'
    now = datetime(2026, 1, 2, 3, 4, 5, 678)
    (row,) = decode_json(body, Datasource("d", columns), now=now).quarantine.to_pylist()
    assert row == {
        "c__error_column": ["a", "c"],
        "c__error": [
            "value '300' on column 'a' is out of the range of Int8",
            "value '[1, 2000]' on column 'c' is not Array(Int8): "
            "element 2 is out of the range of Int8",
        ],
        "c__import_id": None,
        "a": "300",
        "b": "1.50",
        "c": "[1, 2000]",
        "d": None,
        "insertion_date": now.replace(microsecond=0),
    }


def test_the_rules_for_people_name_every_family() -> None:
    text = " ".join(rule.types for rule in RULES)
    for data_type in TYPES:
        assert data_type.partition("(")[0].rstrip("0123456789") in text
