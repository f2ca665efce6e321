"""The two ways in which a value with parts is written: ClickHouse's quoted text, and JSON.

`quoted(array, type)` is the text that stands in arrays, tuples and VALUES: `['a',1]`, `{'k':NULL}`.
`json(array, type, indent)` is a JSON value, in one line or, with `indent`, laid out as the
format JSON does. Both take and give whole columns; neither leaves nulls behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from mini_tb.formats.answer import Settings
from mini_tb.formats.escape import (
    apostrophes,
    fill,
    json_escape,
    json_string,
)
from mini_tb.formats.jsontext import json_key
from mini_tb.formats.text import (
    by_value,
    combine,
    content,
    is_composite,
    is_document,
    is_dynamic,
    is_quoted,
    join,
    literal,
    plain,
    unwrap,
)
from mini_tb.sql.functions.udf.json_text import dynamic_text
from mini_tb.types import DataType

Render = Callable[[Any, DataType], Any]


def text(values: Any, t: DataType) -> Any:
    """The value's text without outer quotes or escapes: a scalar plain, a value with parts quoted.
    Nulls stay null."""
    values = combine(values)
    if is_composite(t):
        return _with_nulls(_quoted_composite(values, unwrap(t)), values)
    if is_document(t):
        return by_value(values, _document if unwrap(t).name == "JSON" else _dynamic)
    return plain(values, t)


def quoted(values: Any, t: DataType) -> Any:
    """The value as it stands inside of others: texts in apostrophes, `NULL` for null."""
    found = text(values, t)
    if is_dynamic(t):
        found = pc.if_else(pc.starts_with(combine(values), '"'), apostrophes(found), found)
    elif is_quoted(t) and not is_composite(t):
        found = apostrophes(found)
    return fill(found, b"NULL")


def _quoted_composite(values: Any, t: DataType) -> Any:
    if t.name == "Array":
        return join(
            literal("["), _joined(values, quoted(list_items(values), t.element), b","), _CLOSE
        )
    if t.name == "Map":
        keys, items = map_entries(values)
        pairs = join(quoted(keys, t.types[0]), literal(":"), quoted(items, t.types[1]))
        return join(literal("{"), _joined(values, pairs, b","), literal("}"))
    parts: list[Any] = [literal("(")]
    for i, element in enumerate(t.types):
        parts += (
            [literal(","), quoted(field(values, i), element)]
            if i
            else [quoted(field(values, i), element)]
        )
    return join(*parts, literal(")"))


_CLOSE = literal("]")


def _with_nulls(found: Any, values: Any) -> Any:
    if values.null_count == 0:
        return found
    return pc.if_else(values.is_valid(), found, literal_null())


def literal_null() -> Any:
    """NULL as a column of bytes holds it."""
    return pa.scalar(None, pa.large_binary())


# Parts ---------------------------------------------------------------------------------------


def _offsets(values: Any) -> tuple[Any, int, int]:
    """A list column's offsets from zero, and where its items begin and end."""
    offsets = values.offsets
    first, last = offsets[0].as_py(), offsets[-1].as_py()
    return pc.subtract(offsets, first) if first else offsets, first, last


def as_lists(values: Any) -> Any:
    """The column as a list array without nulls (a null list is an empty one)."""
    if pa.types.is_fixed_size_list(values.type):
        values = pc.cast(values, pa.list_(values.type.value_type))
    if values.null_count:
        empty = pa.scalar([], values.type) if not pa.types.is_map(values.type) else None
        values = pc.fill_null(values, empty) if empty is not None else _map_without_nulls(values)
    return values


def _map_without_nulls(values: Any) -> Any:
    return pa.array([v or [] for v in values.to_pylist()], values.type)


def list_items(values: Any) -> Any:
    """The elements of all arrays of a column, one after the other."""
    values = as_lists(values)
    _, first, last = _offsets(values)
    return values.values.slice(first, last - first)


def map_entries(values: Any) -> tuple[Any, Any]:
    """The keys and the values of all maps of a column, one after the other."""
    values = as_lists(values)
    _, first, last = _offsets(values)
    if pa.types.is_map(values.type):
        return values.keys.slice(first, last - first), values.items.slice(first, last - first)
    entries = values.values.slice(first, last - first)
    return field(entries, 0), field(entries, 1)


def list_lengths(values: Any) -> Any:
    """How many items each list or map has; 0 for null."""
    offsets = as_lists(values).offsets
    return pc.subtract(offsets.slice(1), offsets.slice(0, len(offsets) - 1))


def _joined(values: Any, items: Any, separator: bytes) -> Any:
    """The texts of each list's items, with a separator between."""
    offsets, _, _ = _offsets(as_lists(values))
    lists = pa.LargeListArray.from_arrays(pc.cast(offsets, pa.int64()), items)
    return pc.binary_join(lists, literal(separator))


def field(values: Any, index: int) -> Any:
    """The column of one element of a tuple column, null where the tuple is."""
    return pc.struct_field(values, [index])


def field_names(t: DataType) -> tuple[str, ...]:
    """What the elements of a Tuple are called: their names, or 1, 2, …"""
    return t.names or tuple(str(i + 1) for i in range(len(t.types)))


# JSON ----------------------------------------------------------------------------------------


class Cells(NamedTuple):
    """A column of texts, and what stands before and after each of them: it is cheaper to write
    that with what stands between the columns."""

    column: Any
    quote: bytes = b""


def json_cells(values: Any, t: DataType, settings: Settings, indent: int | None = None) -> Cells:
    """The value as JSON; `indent` is the depth at which the format JSON lays out values with
    parts over several lines, None writes one line."""
    values = combine(values)
    bare = unwrap(t)
    if is_composite(bare):
        found = _with_nulls(_json_composite(values, bare, settings, indent), values)
        return Cells(fill(found, b"null"))
    if is_document(bare):
        return Cells(fill(by_value(values, lambda v: _document(v, indent)), b"null"))
    found = plain(values, bare)
    if is_quoted(bare):
        if found.null_count:
            return Cells(fill(json_string(found), b"null"))
        return Cells(json_escape(found), b'"')
    if bare.is_float:
        found = _denormals(found, settings)
    elif settings.quote_64bit_integers and bare.is_integer and bare.bits >= 64:
        found = join(literal('"'), found, literal('"'))
    return Cells(fill(found, b"null"))


def json(values: Any, t: DataType, settings: Settings, indent: int | None = None) -> Any:
    """As `json_cells`, in one column."""
    column, quote = json_cells(values, t, settings, indent)
    return join(literal(quote), column, literal(quote)) if quote else column


def _denormals(found: Any, settings: Settings) -> Any:
    if b"n" not in content(found):  # nan, inf, -inf
        return found
    odd = pc.match_substring(found, b"n")
    if settings.quote_denormals:
        return pc.if_else(odd, join(literal('"'), found, literal('"')), found)
    return pc.if_else(odd, literal_null(), found)


def json_texts(values: Any, t: DataType) -> Cells:
    """The value's text as a JSON string, as JSONStrings writes it."""
    return Cells(json_escape(fill(text(values, t), "ᴺᵁᴸᴸ".encode())), b'"')


def _json_composite(values: Any, t: DataType, settings: Settings, indent: int | None) -> Any:
    inner = None if indent is None else indent + 1
    if t.name == "Array":
        spread = inner is not None and (is_composite(t.element) or is_document(t.element))
        items = json(list_items(values), t.element, settings, inner)
        return _surround(values, items, "[", "]", indent if spread else None)
    colon = literal(":" if indent is None else ": ")
    if t.name == "Map":
        keys, items = map_entries(values)
        names = json_string(fill(text(keys, t.types[0]), b""))
        pairs = join(names, colon, json(items, t.types[1], settings, inner))
        return _surround(values, pairs, "{", "}", indent)
    parts: list[Any] = []
    for i, (name, element) in enumerate(zip(field_names(t), t.types, strict=True)):
        separator = b"," if i else b""
        if inner is not None:
            separator += b"\n" + b"\t" * inner
        if t.names:
            separator += json_key(name) + (b":" if inner is None else b": ")
        parts += [literal(separator), json(field(values, i), element, settings, inner)]
    end = b"" if indent is None else b"\n" + b"\t" * indent
    open_, close = (b"{", b"}") if t.names else (b"[", b"]")
    return join(literal(open_), *parts, literal(end + close))


def _surround(values: Any, items: Any, open_: str, close: str, indent: int | None) -> Any:
    if indent is None:
        return join(literal(open_), _joined(values, items, b","), literal(close))
    body = _joined(values, items, b",\n" + b"\t" * (indent + 1))
    spread = join(
        literal(f"{open_}\n" + "\t" * (indent + 1)), body, literal("\n" + "\t" * indent + close)
    )
    empty = pc.equal(list_lengths(values), 0)
    return pc.if_else(empty, literal(open_ + close), spread)


def _document(stored: bytes | str, indent: int | None = None) -> bytes:
    """A JSON document as ClickHouse keeps it: keys in order, without nulls and empty objects."""
    value = orjson.loads(stored)
    pruned = _prune(value)
    return _write_document({} if pruned is None and value is not None else pruned, indent)


def _dynamic(stored: bytes | str) -> bytes:
    """A value of a type of its own, as it stands in a column."""
    return dynamic_text(stored if isinstance(stored, str) else stored.decode()).encode()


def _prune(value: Any) -> Any:
    """The object without null members; None if nothing is left of it."""
    if isinstance(value, dict):
        members = {k: _prune(v) for k, v in sorted(value.items())}
        members = {k: v for k, v in members.items() if v is not None}
        return members or None
    if isinstance(value, list):
        return [{} if isinstance(v, dict) and not _prune(v) else _prune(v) for v in value]
    return value


def _is_uniform(values: list[Any]) -> bool:
    """Whether all items are objects, or all are arrays: those are laid out one a line."""
    return bool(values) and (
        all(isinstance(v, dict) for v in values) or all(isinstance(v, list) for v in values)
    )


def _write_document(value: Any, indent: int | None) -> bytes:
    if isinstance(value, str):
        return b'"' + json_escape.one(value) + b'"'
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value)).encode()
    if not isinstance(value, dict | list):
        return orjson.dumps(value)
    inner = None if indent is None else indent + 1
    is_object = isinstance(value, dict)
    open_, close = (b"{", b"}") if is_object else (b"[", b"]")
    if isinstance(value, dict):
        colon = b":" if indent is None else b": "
        parts = [json_key(k) + colon + _write_document(v, inner) for k, v in value.items()]
        spread = indent is not None
    else:
        parts = [_write_document(v, inner) for v in value]
        spread = indent is not None and _is_uniform(value)
    if not spread:
        return open_ + b",".join(parts) + close
    tabs = b"\n" + b"\t" * (indent or 0)
    if not parts:
        return open_ + b"\n" + tabs + close
    return open_ + tabs + b"\t" + (b"," + tabs + b"\t").join(parts) + tabs + close
