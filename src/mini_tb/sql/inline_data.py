"""`format(name[, 'structure'], 'data')`: rows that are written in the query, in one of ClickHouse's
text formats. Without a structure the types are guessed from the values, all Nullable."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mini_tb.sql.functions.constants import integer_type
from mini_tb.sql.functions.convert import convert
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.sql.tree import Const, Expr
from mini_tb.types import FLOAT64, INT64, STRING, DataType, array, nullable, parse_type

Row = dict[str, Any]
"""Values by column name; those of text formats are texts, None is NULL."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d")
_INTEGER = re.compile(r"[+-]?\d+")
_FLOAT = re.compile(r"[+-]?(\d+\.\d*|\.?\d+)([eE][+-]?\d+)?")


def read_rows(name: str, data: str, structure: Sequence[str] | None) -> list[Row]:
    """The rows of `data`; `structure` are the column names, if they are given.

    Raises `ArgumentError` for an unknown format or data that are not in it.
    """
    read = _READERS.get(name)
    if read is None:
        raise ArgumentError(f"format `{name}` is not supported", 73)
    return read(data, structure)


def guess_columns(rows: Sequence[Row]) -> list[tuple[str, DataType]]:
    """The columns of the rows in the order of their first values, with types that hold all."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [(name, _common([row[name] for row in rows if name in row])) for name in names]


def value_of(value: Any, data_type: DataType) -> Expr:
    """A value as a constant of the type. Raises `ArgumentError` if it is none."""
    if isinstance(value, list | dict):
        return Const(data_type, _nested(value, data_type))
    if value is None:
        made: Expr = Const(nullable(data_type.bare), None)
    elif isinstance(value, bool):
        made = Const(parse_type("Bool"), value)
    elif isinstance(value, int):
        made = Const(integer_type(value), value)
    elif isinstance(value, float):
        made = Const(FLOAT64, value)
    else:
        made = Const(STRING, value)
    return convert(made, data_type)


# Reading -------------------------------------------------------------------------------------


def _json_lines(data: str, _structure: Sequence[str] | None) -> list[Row]:
    decoder = json.JSONDecoder()
    rows: list[Row] = []
    at = 0
    while (start := _skip(data, at)) < len(data):
        try:
            row, at = decoder.raw_decode(data, start)
        except ValueError as error:
            raise ArgumentError(f"cannot parse JSON: {error}", 117) from None
        if not isinstance(row, dict):
            raise ArgumentError("cannot parse JSON: expected objects", 117)
        rows.append(row)
    return rows


def _skip(data: str, at: int) -> int:
    while at < len(data) and data[at] in " \t\r\n,;":
        at += 1
    return at


def _separated(separator: str, *, has_names: bool) -> Callable[..., list[Row]]:
    def read(data: str, structure: Sequence[str] | None) -> list[Row]:
        if separator == ",":
            lines = list(csv.reader(io.StringIO(data), skipinitialspace=True))
        else:
            lines = [line.split("\t") for line in data.split("\n")]
        lines = [line for line in lines if line and line != [""]]
        names = list(structure) if structure is not None else None
        if has_names and lines:
            names, lines = lines[0], lines[1:]
        if names is None:
            names = [f"c{i + 1}" for i in range(len(lines[0]) if lines else 0)]
        for line in lines:
            if len(line) != len(names):
                raise ArgumentError(f"a row of {len(line)} values, expected {len(names)}", 27)
        is_text = structure is not None
        return [
            {n: _cell(cell, is_text=is_text) for n, cell in zip(names, line, strict=True)}
            for line in lines
        ]

    return read


def _cell(text: str, *, is_text: bool) -> Any:
    """A field: NULL is `\\N`; a number is one where the type is to be guessed."""
    if text == "\\N":
        return None
    if is_text:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


_CSV, _TSV = _separated(",", has_names=False), _separated("\t", has_names=False)
_CSV_NAMES, _TSV_NAMES = _separated(",", has_names=True), _separated("\t", has_names=True)

_READERS: Mapping[str, Callable[[str, Sequence[str] | None], list[Row]]] = {
    **dict.fromkeys(("JSONEachRow", "JSONLines", "NDJSON"), _json_lines),
    "CSV": _CSV,
    "CSVWithNames": _CSV_NAMES,
    **dict.fromkeys(("TSV", "TabSeparated"), _TSV),
    **dict.fromkeys(("TSVWithNames", "TabSeparatedWithNames"), _TSV_NAMES),
}


# Types ---------------------------------------------------------------------------------------


def _common(values: Sequence[Any]) -> DataType:
    """The type that holds all values of a column, Nullable where it can be."""
    kinds = dict.fromkeys(_kind(value) for value in values if value is not None)
    found = [kind for kind in kinds if kind is not None]
    if not found:
        return nullable(STRING)
    if set(found) == {INT64, FLOAT64}:
        return nullable(FLOAT64)
    if len(found) > 1:
        if all(kind in (STRING, parse_type("Date"), parse_type("DateTime")) for kind in found):
            return nullable(STRING)
        raise ArgumentError("cannot guess one type for the values of a column", 636)
    return nullable(found[0])


def _kind(value: Any) -> DataType:
    if isinstance(value, bool):
        return parse_type("Bool")
    if isinstance(value, int):
        return INT64
    if isinstance(value, float):
        return FLOAT64
    if isinstance(value, list):
        return array(_common(value))
    if isinstance(value, dict):
        inner = tuple(_common([item]) for item in value.values())
        return DataType("Tuple", inner, (), tuple(value))
    if _DATE.fullmatch(value):
        return parse_type("Date")
    return parse_type("DateTime") if _DATETIME.fullmatch(value) else STRING


_PLAIN = ("String", "Bool")


def _nested(value: Any, t: DataType) -> Any:
    """A value inside an array, map or tuple as Python's value of the type."""
    bare = t.bare
    if value is None and t.is_nullable:
        return None
    if isinstance(value, list) and bare.is_array:
        return [_nested(item, bare.element) for item in value]
    if isinstance(value, dict) and bare.is_map:
        return {key: _nested(item, bare.types[1]) for key, item in value.items()}
    if isinstance(value, dict) and bare.is_tuple and bare.names:
        return tuple(_nested(value.get(n), e) for n, e in zip(bare.names, bare.types, strict=True))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if (is_number and (bare.is_integer or bare.is_float)) or bare.name in _PLAIN:
        return value
    raise ArgumentError(f"a value inside an array that is no `{t}`", 53)
