"""`formatRow` and `formatRowNoNewline`: a row as text, in the formats that need no header."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import (
    ArgumentError,
    Function,
    constant,
    keep_low_cardinality,
)
from mini_tb.sql.functions.json_text import to_json
from mini_tb.sql.tree import Call, Column, Expr
from mini_tb.types import STRING, DataType, nullable
from mini_tb.types.duckdb import quote_string

_OBJECTS = ("JSONEachRow", "NDJSON", "JSONLines")


def _json(call: Call, args: list[str]) -> str:
    parts = []
    for i, (arg, sql) in enumerate(zip(call.args[1:], args[1:], strict=True)):
        key = to_json(STRING, quote_string(_name(arg)))
        value = f"coalesce({to_json(_as_given(arg), sql)}, 'null')"
        parts.append(f"'{',' if i else ''}' || {key} || ':' || {value}")
    return f"('{{' || {' || '.join(parts)} || '}}')"


def _name(arg: Expr) -> str:
    if isinstance(arg, Column):
        return arg.name
    raise ArgumentError("JSON rows are made of columns: name the expression in a subquery first")


def _as_given(arg: Expr) -> DataType:
    """The type of an argument's text: strings come as text, of whatever type they are."""
    t = arg.type
    return (nullable(STRING) if t.is_nullable else STRING) if t.is_string else t


def _csv(call: Call, args: list[str]) -> str:
    parts = []
    for arg, sql in zip(call.args[1:], args[1:], strict=True):
        text = lower_cast(_as_given(arg), STRING, sql)
        if not arg.type.is_number:
            text = f"('\"' || replace({text}, '\"', '\"\"') || '\"')"
        parts.append(f"coalesce({text}, '\\N')")
    return f"concat_ws(',', {', '.join(parts)})"


def _lower(call: Call, args: list[str]) -> str:
    name = constant(call.args[0])
    if name in _OBJECTS:
        text = _json(call, args)
    elif name == "CSV":
        text = _csv(call, args)
    else:
        raise ArgumentError(f"rows are formatted as `JSONEachRow` or `CSV` here, not as `{name}`")
    return text if call.function.name == "formatRowNoNewline" else f"({text} || chr(10))"


def _returns(args: Sequence[Expr]) -> DataType:
    return keep_low_cardinality(args, STRING)


ROWS = tuple(
    Function(name, _returns, _lower, args=(2, None), nulls=False)
    for name in ("formatRow", "formatRowNoNewline")
)
