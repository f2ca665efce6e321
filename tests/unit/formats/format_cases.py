"""Answers to write: columns with their ClickHouse type, and values in both SQL dialects.

`recorded/` holds what ClickHouse itself writes for each. Running this file records it again, with
chdb.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mini_tb.formats import FORMATS, Answer, Statistics
from mini_tb.types import DataType, parse_type, to_duckdb
from mini_tb.types.duckdb import quote_identifier

RECORDED = Path(__file__).parent / "recorded"


@dataclass(frozen=True)
class Column:
    name: str
    type: DataType


@dataclass(frozen=True)
class Case:
    """Rows of `(type, DuckDB text, ClickHouse text)` columns; the texts may use the row number
    `i`, which counts `rows` rows from 0."""

    columns: dict[str, tuple[str, str, str]]
    rows: int = 1

    @property
    def ch_sql(self) -> str:
        parts = (
            f"CAST({ch} AS {t}) AS `{name}`" if t != "Nullable(Nothing)" else f"NULL AS `{name}`"
            for name, (t, _, ch) in self.columns.items()
        )
        return f"SELECT {', '.join(parts)} FROM (SELECT number AS i FROM numbers({self.rows}))"

    def answer(self, *, is_lossless: bool = True) -> Answer:
        columns = tuple(Column(n, parse_type(t)) for n, (t, _, _) in self.columns.items())
        parts = (
            f"CAST({duck} AS {to_duckdb(parse_type(t))}) AS {quote_identifier(name)}"
            for name, (t, duck, _) in self.columns.items()
        )
        with duckdb.connect(config={"arrow_lossless_conversion": is_lossless}) as connection:
            table = connection.sql(
                f"SELECT {', '.join(parts)} FROM range({self.rows}) AS r(i) ORDER BY i"
            ).to_arrow_table()
        return Answer(columns, table.to_batches(), lambda: Statistics(0.5, 1, 1))


def _dynamic() -> Case:
    values = {
        "text": r'"a\t[\"q\"], it\u0027s"',
        "texts": r'["a","it\u0027s","t\tq\"\\"]',
        "numbers": "[1,2.5,null]",
        "mixed": '[1,"x",true,null,[2,"y"]]',
        "objects": '[{"k":"a/b","n":null},{"n":null}]',
        "number": "-1.5",
        "flag": "true",
        "none": "null",
    }
    columns: dict[str, tuple[str, str, str]] = {}
    for name, value in values.items():
        document = f'{{"v":{value}}}'.replace("\\", "\\\\")
        stored = "NULL" if name == "none" else f"'{value}'"
        columns[name] = ("Dynamic", stored, f"getSubcolumn('{document}'::JSON, 'v')")
    return Case(columns)


def _floats() -> Case:
    values = "0 -0. 1.5 3 1e15 1e16 123456789012345678 1e20 1e21 1.2345e22 -1e20 1e-5 1e-6 1e-7"
    values += " 1.5e-7 5e-324 1e300 0.1 123456.789 nan inf -inf"
    items = values.split()
    listed = ", ".join(f"'{v}'" for v in items)
    return Case(
        {
            "f64": (
                "Float64",
                f"[{listed}][i + 1]",
                f"toFloat64([{listed}][i + 1])",
            ),
            "f32": (
                "Float32",
                f"CASE WHEN [{listed}][i + 1] IN ('1e300', '5e-324') THEN 7 "
                f"ELSE CAST([{listed}][i + 1] AS DOUBLE) END",
                f"if([{listed}][i + 1] IN ('1e300', '5e-324'), 7, toFloat64([{listed}][i + 1]))",
            ),
            "a": ("Array(Float64)", f"[[{listed}][i + 1]]", f"[toFloat64([{listed}][i + 1])]"),
        },
        rows=len(items),
    )


_STRANGE = "chr(1)||chr(8)||chr(9)||chr(10)||chr(11)||chr(12)||chr(13)||chr(27)||chr(31)||chr(127)"
_STRANGE_CH = "char(1,8,9,10,11,12,13,27,31,127)"
_JSON = '{"z":1,"a":{"b":1.5,"c":"x/y","n":null,"e":{}},"d":[1,2,{"k":"v"}],"f":3.0}'

CASES: dict[str, Case] = {
    "numbers": Case(
        {
            "u8": ("UInt8", "i * 100", "i * 100"),
            "i64": ("Int64", "-9223372036854775808 + i", "-9223372036854775808 + i"),
            "u64": ("UInt64", "18446744073709551615 - i", "18446744073709551615 - i"),
            "i128": (
                "Int128",
                "170141183460469231731687303715884105727",
                "'170141183460469231731687303715884105727'",
            ),
            "u128": (
                "UInt128",
                "340282366920938463463374607431768211455",
                "'340282366920938463463374607431768211455'",
            ),
            "u256": ("UInt256", f"'{'1234567890' * 5}'", f"'{'1234567890' * 5}'"),
            "i256": ("Int256", f"'-{'1234567890' * 5}'", f"'-{'1234567890' * 5}'"),
            "d": (
                "Decimal(18, 3)",
                "12.340 - i * 12.34",
                "toDecimal64('12.34', 3) - i * toDecimal64('12.34', 3)",
            ),
            "d10": ("Decimal(38, 10)", "'-0.0000000120'", "'-0.0000000120'"),
            "d0": ("Decimal(9, 0)", "100 * i", "100 * i"),
            "b": ("Bool", "i = 1", "i = 1"),
            "iv": ("IntervalDay", "3", "toIntervalDay(3)"),
            "n": (
                "Nullable(UInt32)",
                "CASE i WHEN 1 THEN NULL WHEN 2 THEN 7 ELSE 0 END",
                "if(i = 1, NULL, 7 * (i = 2))",
            ),
            "nothing": ("Nullable(Nothing)", "NULL", "NULL"),
        },
        rows=3,
    ),
    "floats": _floats(),
    "times": Case(
        {
            "d": ("Date", "DATE '2024-02-29' + i::INTEGER", "toDate('2024-02-29') + i"),
            "d32": ("Date32", "DATE '1950-01-01'", "toDate32('1950-01-01')"),
            "t": ("DateTime", "TIMESTAMP '2024-01-02 03:04:05'", "'2024-01-02 03:04:05'"),
            "madrid": (
                "DateTime('Europe/Madrid')",
                "TIMESTAMP '2024-03-31 00:59:59' + to_seconds(i)",
                "toDateTime('2024-03-31 00:59:59', 'UTC') + i",
            ),
            "t0": ("DateTime64(0)", "TIMESTAMP '2024-01-02 03:04:05'", "'2024-01-02 03:04:05'"),
            "t1": ("DateTime64(1)", "TIMESTAMP '2024-01-02 03:04:05.1'", "'2024-01-02 03:04:05.1'"),
            "t3": (
                "DateTime64(3, 'Asia/Tokyo')",
                "TIMESTAMP '2024-01-02 03:04:05.006'",
                "toDateTime64('2024-01-02 03:04:05.006', 3, 'UTC')",
            ),
            "t6": (
                "DateTime64(6)",
                "TIMESTAMP '2024-01-02 03:04:05.000006'",
                "'2024-01-02 03:04:05.000006'",
            ),
            "t9": (
                "DateTime64(9)",
                "TIMESTAMP_NS '2024-01-02 03:04:05.000000007'",
                "'2024-01-02 03:04:05.000000007'",
            ),
            "n": (
                "Nullable(DateTime)",
                "CASE WHEN i = 0 THEN NULL ELSE TIMESTAMP '1970-01-01 00:00:00' END",
                "if(i = 0, NULL, toDateTime(0))",
            ),
        },
        rows=2,
    ),
    "texts": Case(
        {
            "s": (
                "String",
                "'he\"l\\l/o'||'w''é ,|'||i",
                "concat('he\"l\\\\l/o', 'w\\'é ,|', toString(i))",
            ),
            "strange": ("String", _STRANGE, _STRANGE_CH),
            "empty": ("String", "''", "''"),
            "separator": ("String", "chr(8232)||chr(8233)", "char(0xe2,0x80,0xa8,0xe2,0x80,0xa9)"),
            "plain": ("LowCardinality(String)", "'lc'", "'lc'"),
            "ns": (
                "Nullable(String)",
                "CASE WHEN i = 1 THEN NULL ELSE repeat('x', (1 - i)::INTEGER) END",
                "if(i = 1, NULL, repeat('x', 1 - i))",
            ),
            "fs": ("FixedString(4)", "'ab\\x00\\x00'::BLOB", "'ab'"),
            "e": (
                "Enum8('b\\'c' = -1, 'a' = 2)",
                "CASE WHEN i = 0 THEN 'a' ELSE 'b''c' END",
                "if(i = 0, 'a', 'b\\'c')",
            ),
            "uu": (
                "UUID",
                "'61f0c404-5cb3-11e7-907b-a6006ad3dba0'",
                "'61f0c404-5cb3-11e7-907b-a6006ad3dba0'",
            ),
            "i4": ("IPv4", "16909060 + i * 100", "toIPv4(16909060 + i * 100)"),
            "i6": (
                "IPv6",
                "281470698521092 + i",
                "IPv6StringToNum(if(i = 0, '::ffff:1.0.2.4', '::ffff:1.0.2.5'))",
            ),
            'a"b/c': ("UInt8", "1", "1"),
        },
        rows=2,
    ),
    "parts": Case(
        {
            "a": ("Array(UInt8)", "range(i::INTEGER)", "range(i)"),
            "sa": ("Array(String)", "['x', 'y''z\"'||chr(10)||'/\\']", "['x', 'y\\'z\"\\n/\\\\']"),
            "an": ("Array(Nullable(UInt8))", "[NULL, i]", "[NULL, i]"),
            "aa": ("Array(Array(UInt8))", "[[1, i], []]", "[[1, i], []]"),
            "at": (
                "Array(Tuple(UInt8, String))",
                "[{'1': i, '2': 'a'}, {'1': 2, '2': 'b'}]",
                "[(i, 'a'), (2, 'b')]",
            ),
            "m": ("Map(String, UInt8)", "MAP {'k': 1, 'j''/': i}", "map('k', 1, 'j\\'/', i)"),
            "me": ("Map(String, String)", "MAP {}", "map()"),
            "mi": ("Map(UInt8, Array(String))", "MAP {1: ['a']}", "map(1, ['a'])"),
            "md": (
                "Map(Date, Nullable(UInt8))",
                "MAP {DATE '2024-01-01': NULL}",
                "map(toDate('2024-01-01'), NULL)",
            ),
            "mm": (
                "Map(String, Map(String, Array(UInt8)))",
                "MAP {'x': MAP {'y': [1]}}",
                "map('x', map('y', [1]))",
            ),
            "tu": ("Tuple(UInt8, String)", "{'1': 1, '2': 'x'}", "(1, 'x')"),
            "tn": (
                "Tuple(a UInt8, b Tuple(UInt8, c Array(UInt8)))".replace(
                    "Tuple(UInt8, c", "Tuple(d UInt8, c"
                ),
                "{'a': 1, 'b': {'d': 2, 'c': [3, 4]}}",
                "(1, (2, [3, 4]))",
            ),
            "t1": ("Tuple(UInt8)", "{'1': 7}", "tuple(7)"),
            "dates": (
                "Array(DateTime('Europe/Madrid'))",
                "[TIMESTAMP '2024-07-01 00:00:00']",
                "[toDateTime('2024-07-01 00:00:00', 'UTC')]",
            ),
            "am": ("Array(Map(String, UInt8))", "[MAP {'a': 1}]", "[map('a', 1)]"),
        },
        rows=3,
    ),
    "documents": Case(
        {"j": ("JSON", f"'{_JSON}'", f"'{_JSON}'"), "x": ("UInt8", "i", "i")}, rows=2
    ),
    "dynamic": _dynamic(),
    "nothing": Case({"a": ("UInt8", "i", "i"), "b": ("String", "i", "toString(i)")}, rows=0),
    "table": Case(
        {
            "n": ("UInt64", "i", "i"),
            "s": ("String", "'ab' || i * 7", "concat('ab', toString(i * 7))"),
            "wide": ("String", "repeat('é日', i::INTEGER)", "repeat('é日', i)"),
            "x": (
                "Nullable(UInt8)",
                "CASE WHEN i % 2 = 0 THEN NULL ELSE i END",
                "if(i % 2 = 0, NULL, i)",
            ),
            "t": ("DateTime('UTC')", "to_timestamp(i)::TIMESTAMP", "toDateTime(i, 'UTC')"),
            "big": ("Int64", "i * 1000000", "i * 1000000"),
        },
        rows=12,
    ),
}

TEXT = [
    "JSON", "JSONStrings", "JSONCompact", "JSONCompactStrings", "JSONColumns",
    "JSONCompactColumns", "JSONColumnsWithMetadata", "JSONEachRow", "JSONStringsEachRow",
    "JSONEachRowWithProgress", "JSONStringsEachRowWithProgress", "JSONCompactEachRow",
    "JSONCompactEachRowWithNames", "JSONCompactEachRowWithNamesAndTypes",
    "JSONCompactStringsEachRow", "CSV", "CSVWithNames", "CSVWithNamesAndTypes", "TabSeparated",
    "TabSeparatedWithNames", "TabSeparatedWithNamesAndTypes", "TabSeparatedRaw", "Values",
    "Markdown",
]  # fmt: skip
BINARY = ["RowBinary", "RowBinaryWithNamesAndTypes", "Native", "ODBCDriver2"]
PEOPLE = ["Pretty", "PrettyCompact", "PrettySpace", "Vertical"]

RUNS = [
    *((case, name) for case in CASES for name in TEXT),
    *(
        (case, name)
        for case in ("numbers", "floats", "times", "texts", "parts")
        for name in BINARY
        # Native names a zone only to clients of a later protocol: we always do. LowCardinality
        # travels as such only to them: never here.
        if (case, name) not in (("times", "Native"), ("texts", "Native"))
    ),
    *(("table", name) for name in PEOPLE),
]


def without_times(written: bytes) -> bytes:
    """The bytes without what differs from run to run: how long it took, how much was read."""
    names = rb"elapsed|elapsed_ns|rows_read|bytes_read|read_rows|read_bytes|total_rows_to_read"
    pattern = rb'"(' + names + rb')"(: ?)"?[\d.e-]+"?'
    return re.sub(pattern, rb'"\1"\g<2>0', written)


def record() -> None:
    """Asks ClickHouse for all of them."""
    import chdb

    for case, name in RUNS:
        folder = RECORDED / case
        folder.mkdir(parents=True, exist_ok=True)
        answer = chdb.query(f"{CASES[case].ch_sql} SETTINGS session_timezone = 'UTC'", name)
        (folder / name).write_bytes(without_times(answer.bytes()))


if __name__ == "__main__":
    assert set(TEXT + BINARY + PEOPLE) <= set(FORMATS)
    record()
