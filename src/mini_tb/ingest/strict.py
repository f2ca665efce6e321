"""The fastest way, for batches without a flaw: Arrow's JSON reader with the exact schema.

Arrow reads a value only if it is of the kind its column wants, and gives up on the whole batch at
the first that is not, which costs next to nothing. What it reads needs no second look but for
nulls, ranges and fractions of seconds. `decode_clean` answers None for a batch that is not clean.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mini_tb.dataclass import dataclass

if TYPE_CHECKING:
    import pyarrow as pa

    from mini_tb.ingest.intake import Field, Intake
    from mini_tb.types import DataType

_BLOCK_BYTES = 1 << 20
_UUID = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_NUMBERS = {
    **{
        f"{sign}nt{bits}": f"{sign.lower()}nt{bits}"
        for sign in ("I", "UI")
        for bits in (8, 16, 32, 64)
    },
    "Float32": "float32",
    "Float64": "float64",
    "Bool": "bool_",
}

Finish = Callable[["pa.ChunkedArray"], "pa.ChunkedArray | None"]
"""What was read → what is carried; None if a value of it is not plain."""


class _NotClean(Exception):
    """This way is not for the schema, or not for the batch."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """How a column is read: the keys down to it, Arrow's type, and what is done to it after."""

    keys: tuple[str, ...]
    read: pa.DataType
    finish: Finish


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value of another kind than its column's: the key, and how values of that kind begin."""

    key: str
    start: bytes

    def text_in(self, body: bytes) -> bytes | None:
        """The text by which such values are found in a body; None if its keys are not written
        plainly."""
        key = b'"%b":' % self.key.encode()
        place = body.find(key)
        if place < 0:
            return None
        spaces = b" " if body[place + len(key) : place + len(key) + 1] == b" " else b""
        return key + spaces + self.start


def decode_clean(body: bytes, intake: Intake) -> tuple[pa.Table, dict[str, pa.ChunkedArray]] | None:
    """The rows of a body of UTF-8 JSON lines, and the masks of rows that take a DEFAULT."""
    import pyarrow as pa

    plan = _plan(intake, _zoned(body, intake))
    if plan is None:
        return None
    readings, schema = plan
    try:
        return _finish(_read(body, schema), intake, readings)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, _NotClean):
        return None


def misfit_in(body: bytes, intake: Intake) -> Misfit | None:
    """What is the first flaw of a body that is not clean; None for flaws of other kinds."""
    import pyarrow as pa

    plan = _plan(intake, _zoned(body, intake))
    if plan is None:
        return None
    try:
        _read(body, plan[1])
    except pa.ArrowInvalid as error:
        found = _MISFIT.search(str(error))
        if found is not None and found[2] in _STARTS:
            return Misfit(found[1], _STARTS[found[2]])
    except pa.ArrowNotImplementedError:
        pass
    return None


_MISFIT = re.compile(r'Column\([^()]*?/([^/()"\\]+)\) changed from \w+ to (\w+) in row')
_STARTS = {"string": b'"', "object": b"{", "array": b"["}


def _read(body: bytes, schema: pa.Schema) -> pa.Table:
    import pyarrow as pa
    import pyarrow.json as pj

    block = max(1 << 16, min(_BLOCK_BYTES, len(body) // 4))
    return pj.read_json(
        pa.BufferReader(body),
        read_options=pj.ReadOptions(block_size=block, use_threads=len(body) > block),
        parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    )


def _finish(
    read: pa.Table, intake: Intake, readings: tuple[_Reading, ...]
) -> tuple[pa.Table, dict[str, pa.ChunkedArray]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    columns, defaulted = [], {}
    for field, reading in zip(intake.fields, readings, strict=True):
        column = read.column(reading.keys[0])
        for key in reading.keys[1:]:
            column = pc.struct_field(column, key)
        if column.null_count and not field.type.is_nullable:
            if not field.coercion.has_default:
                raise _NotClean
            defaulted[field.name] = pc.is_null(column)
        finished = reading.finish(column)
        if finished is None:
            raise _NotClean
        columns.append(finished)
    return pa.Table.from_arrays(columns, schema=intake.schema), defaulted


def _zoned(body: bytes, intake: Intake) -> frozenset[str]:
    """The columns of moments that are written with a `Z` in the first record."""
    from mini_tb.ingest.jsontext import JsonError, parse_json

    moments = [field for field in intake.fields if field.type.is_datetime]
    if not moments:
        return frozenset()
    try:
        first = parse_json(body[: body.find(b"\n") if b"\n" in body else None].decode())
    except (JsonError, UnicodeDecodeError):
        return frozenset()
    values = {field.name: field.path.value(first) for field in moments}
    return frozenset(n for n, v in values.items() if isinstance(v, str) and v.endswith("Z"))


@lru_cache(maxsize=512)
def _plan(intake: Intake, zoned: frozenset[str]) -> tuple[tuple[_Reading, ...], pa.Schema] | None:
    import pyarrow as pa

    readings = []
    tree: dict[str, Any] = {}
    for field in intake.fields:
        reading = _reading(field, field.name in zoned)
        if reading is None or not _place(tree, reading.keys, reading.read):
            return None
        readings.append(reading)
    return tuple(readings), pa.schema([pa.field(k, _arrow(v)) for k, v in tree.items()])


def _place(tree: dict[str, Any], keys: tuple[str, ...], leaf: pa.DataType) -> bool:
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            return False
    return tree.setdefault(keys[-1], leaf) is leaf


def _arrow(node: Any) -> pa.DataType:
    import pyarrow as pa

    if isinstance(node, dict):
        return pa.struct([pa.field(key, _arrow(value)) for key, value in node.items()])
    return node


def _reading(field: Field, zoned: bool) -> _Reading | None:
    steps = field.path.steps
    keys = tuple(step for step in steps if step is not None)
    ends_in_elements = steps == (*keys, None) and field.type.name == "Array"
    if not keys or not (steps == keys or ends_in_elements):
        return None
    if field.type.is_nullable and field.coercion.has_default:
        return None  # a null and a missing key differ here
    found = _type(field.type, field.carrier, zoned)
    return _Reading(keys, *found) if found else None


def _type(t: DataType, carrier: pa.DataType, zoned: bool) -> tuple[pa.DataType, Finish] | None:
    import pyarrow as pa

    bare = t
    while bare.name in ("Nullable", "LowCardinality", "SimpleAggregateFunction"):
        bare = bare.types[0]
    if bare.name in _NUMBERS or bare.name == "String":
        return carrier, _floats if bare.is_float else _same
    if bare.name in ("Date", "Date32"):
        first, last = (0, 65_535) if bare.name == "Date" else (-25_567, 120_529)
        return pa.string(), _days_between(first, last)
    if bare.name == "UUID":
        return pa.string(), _uuids
    if bare.name in ("Enum8", "Enum16"):
        return pa.string(), _members(frozenset(name for name, _ in bare.params))
    if bare.is_datetime and (bare.name == "DateTime" or bare.scale in (3, 6)):
        if not zoned and bare.zone not in (None, "UTC"):
            return None
        unit = {"DateTime": "second"}.get(bare.name) or {3: "millisecond", 6: None}[bare.scale]
        last_second = 0xFFFFFFFF if bare.name == "DateTime" else 7_258_118_399
        return pa.timestamp("us", "UTC" if zoned else None), _moments(unit, last_second)
    if bare.name == "Array" and not bare.element.is_nullable:
        inner = _type(bare.element, carrier.value_type, False)
        if inner is not None and inner[1] is _same:
            return pa.list_(inner[0]), _elements
    return None


def _same(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column


def _floats(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    import pyarrow.compute as pc

    finite = pc.all(pc.is_finite(column)).as_py()
    return column if finite is not False else None


def _elements(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    return None if any(chunk.flatten().null_count for chunk in column.chunks) else column


def _uuids(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    import pyarrow.compute as pc

    plain = pc.all(pc.match_substring_regex(column, _UUID)).as_py()
    return pc.utf8_lower(column) if plain is not False else None


def _members(names: frozenset[str]) -> Finish:
    def finish(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
        import pyarrow as pa
        import pyarrow.compute as pc

        known = pc.is_in(column.drop_null(), value_set=pa.array(sorted(names), pa.string()))
        return column if pc.all(known).as_py() is not False else None

    return finish


def _days_between(first: int, last: int) -> Finish:
    def finish(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
        import pyarrow as pa
        import pyarrow.compute as pc

        if pc.all(pc.match_substring_regex(column, _DAY)).as_py() is False:
            return None
        days = column.cast(pa.date32())
        ends = pc.min_max(days.cast(pa.int32())).as_py()
        within = ends["min"] is None or first <= ends["min"] <= ends["max"] <= last
        return days if within else None

    return finish


def _moments(unit: str | None, last_second: int) -> Finish:
    def finish(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
        import pyarrow as pa
        import pyarrow.compute as pc

        column = column.cast(pa.timestamp("us"))
        ends = pc.min_max(column.cast(pa.int64())).as_py()
        if (
            ends["min"] is not None
            and not 0 <= ends["min"] <= ends["max"] < (last_second + 1) * 10**6
        ):
            return None
        return pc.floor_temporal(column, unit=unit) if unit else column

    return finish
