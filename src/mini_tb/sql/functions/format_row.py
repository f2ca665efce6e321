"""`formatRow` and `formatRowNoNewline`: a row as text, in the formats that need no header."""

from __future__ import annotations

from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function, constant
from mini_tb.sql.functions.json_text import to_json
from mini_tb.sql.tree import Call, Column, Expr
from mini_tb.types import STRING
from mini_tb.types.duckdb import quote_string

_OBJECTS = ("JSONEachRow", "NDJSON", "JSONLines")


def _json(call: Call, args: list[str]) -> str:
    parts = []
    for i, (arg, sql) in enumerate(zip(call.args[1:], args[1:], strict=True)):
        key = to_json(STRING, quote_string(_name(arg)))
        value = f"coalesce({to_json(arg.type, sql)}, 'null')"
        parts.append(f"'{',' if i else ''}' || {key} || ':' || {value}")
    return f"('{{' || {' || '.join(parts)} || '}}')"


def _name(arg: Expr) -> str:
    if isinstance(arg, Column):
        return arg.name
    raise ArgumentError("JSON rows are made of columns: name the expression in a subquery first")


def _csv(call: Call, args: list[str]) -> str:
    parts = []
    for arg, sql in zip(call.args[1:], args[1:], strict=True):
        text = lower_cast(arg.type, STRING, sql)
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


ROWS = tuple(
    Function(name, STRING, _lower, args=(2, None), nulls=False)
    for name in ("formatRow", "formatRowNoNewline")
)
