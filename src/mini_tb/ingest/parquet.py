"""Parquet → rows, row group by row group: columns by name, or by the keys of their jsonpaths.

A column whose Parquet type is the column's own, or casts to it without loss, is taken whole. Any
other batch is decided row by row by the same rules as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, BinaryIO

from mini_tb.diagnostics import UserError
from mini_tb.ingest.columnar import is_within
from mini_tb.ingest.decoded import Decoded
from mini_tb.ingest.exact import ExactRows
from mini_tb.ingest.intake import Field, Intake, intake_of
from mini_tb.ingest.jsonpath import MISSING
from mini_tb.ingest.jsontext import Array, Number, Object
from mini_tb.ingest.plain import day_range, moment_range

if TYPE_CHECKING:
    import pyarrow as pa

    from mini_tb.project import Datasource

_BATCH_ROWS = 131_072


def decode_parquet(
    stream: BinaryIO,
    datasource: Datasource,
    *,
    import_id: str | None = None,
    now: datetime | None = None,
) -> Iterator[Decoded]:
    """The rows of a Parquet file (a stream that can seek), batch by batch. Raises `UserError`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    intake = intake_of(datasource)
    try:
        file = pq.ParquetFile(stream)
        names = set(file.schema_arrow.names)
        wanted = sorted({key for field in intake.fields if (key := _key(field, names))})
        if not wanted:
            raise UserError.of(
                "IN110",
                f"the file has none of the columns of `{datasource.name}`",
                hint=f"it has {', '.join(f'`{name}`' for name in sorted(names)[:10])}",
            )
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=wanted):
            yield _decoded(batch, intake, names, import_id, now)
    except (pa.ArrowInvalid, OSError) as error:
        first = str(error).splitlines()[0]
        raise UserError.of("IN108", f"the file cannot be read as Parquet: {first}") from None


def _key(field: Field, names: set[str]) -> str | None:
    """The file's column for a column: the first key of its path, or its name."""
    steps = field.path.steps
    if steps and steps[0] in names:
        return steps[0]
    return field.name if field.name in names else None


def _decoded(
    batch: pa.RecordBatch,
    intake: Intake,
    names: set[str],
    import_id: str | None,
    now: datetime | None,
) -> Decoded:
    import pyarrow as pa
    import pyarrow.compute as pc

    exact = ExactRows(intake)
    count = batch.num_rows
    ok = pa.repeat(pa.scalar(True), count)
    columns: list[pa.Array] = []
    defaulted: dict[str, pa.ChunkedArray] = {}
    for field in intake.fields:
        found = _column(batch, field, names)
        column = pa.nulls(count, field.carrier) if found is None else _cast(found, field)
        if column is None:
            columns = []
            break
        nullable, has_default = field.type.is_nullable, field.coercion.has_default
        if column.null_count:
            absent = pc.is_null(column)
            if has_default and (found is None or not nullable):
                defaulted[field.name] = pa.chunked_array([absent])
            elif not nullable:
                ok = pc.and_(ok, pc.invert(absent))
        within = _range(field)
        if within:
            ok = pc.and_(ok, is_within(pa.chunked_array([column]), *within).combine_chunks())
        columns.append(column)
    if not columns:
        left = range(count)
        good, rows = None, None
    else:
        table = pa.Table.from_arrays(columns, schema=intake.schema)
        if ok.true_count == count:
            return Decoded(exact, table, None, defaulted, import_id=import_id, now=now)
        good, rows = table.filter(ok), pc.indices_nonzero(ok)
        left = pc.indices_nonzero(pc.invert(ok)).to_pylist()
        defaulted = {name: mask.filter(ok) for name, mask in defaulted.items()}
    keys = [_key(field, names) for field in intake.fields]
    for i in left:
        pairs = zip(intake.fields, keys, strict=True)
        exact.add_values(i, [_value(batch, i, field, key) for field, key in pairs])
    return Decoded(exact, good, rows, defaulted, import_id=import_id, now=now)


def _column(batch: pa.RecordBatch, field: Field, names: set[str]) -> pa.Array | None:
    key = _key(field, names)
    return None if key is None else batch.column(batch.schema.get_field_index(key))


def _cast(column: pa.Array, field: Field) -> pa.Array | None:
    """The column as it travels; None if only the exact rules can tell."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(field.path.steps) > 1 and field.path.steps[1:] != (None,):
        return None  # a field inside the column
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    target, kind = field.carrier, column.type
    is_moment = pa.types.is_timestamp(kind) and pa.types.is_timestamp(target)
    same_family = (
        is_moment
        or kind == target
        or (pa.types.is_integer(kind) and pa.types.is_integer(target) and not field.type.is_date)
        or (
            pa.types.is_floating(target)
            and (pa.types.is_floating(kind) or pa.types.is_integer(kind))
        )
        or (pa.types.is_large_string(kind) and target == pa.string())
        or (pa.types.is_list(target) and _is_list_of(kind, target.value_type))
    )
    text_types = {"UUID", "IPv6", "Enum8", "Enum16", "JSON"}
    bare = field.type.bare
    wide = bare.is_integer and bare.bits > 64
    if not same_family or bare.name in text_types or wide or bare.name in ("FixedString", "IPv4"):
        return None
    try:
        if is_moment:
            unit = "second" if bare.name == "DateTime" else None
            column = pc.floor_temporal(column, unit=unit) if unit else column
            if bare.name == "DateTime64" and bare.scale == 3:
                column = pc.floor_temporal(column, unit="millisecond")
            elif bare.name == "DateTime64" and bare.scale not in (6, 9):
                return None
            # The instant counts: a zone is dropped, not applied.
            column = column.cast(pa.timestamp(kind.unit))
            return column.cast(target, safe=bare.scale != 6)
        return column.cast(target)
    except pa.ArrowInvalid:
        return None


def _is_list_of(kind: pa.DataType, element: pa.DataType) -> bool:
    import pyarrow as pa

    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return bool(is_list and kind.value_type == element)


def _range(field: Field) -> tuple[int, int] | None:
    bare = field.type.bare
    if bare.is_date:
        return day_range(bare)
    return moment_range(bare) if bare.is_datetime else None


def _value(batch: pa.RecordBatch, row: int, field: Field, key: str | None) -> Any:
    """One value as JSON would have it."""
    if key is None:
        return MISSING
    column = batch.column(batch.schema.get_field_index(key))
    value = _json(column[row].as_py(), _value_type(column.type))
    if field.path.steps and field.path.steps[0] == key:
        return field.path.value({key: value})
    return value


def _value_type(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _json(value: Any, kind: pa.DataType) -> Any:
    import pyarrow as pa

    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | Decimal):
        return Number(_number(value))
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if pa.types.is_map(kind):
        pairs = [(str(key), _json(item, kind.item_type)) for key, item in value]
        return _object(pairs, {str(key): item for key, item in value})
    if pa.types.is_struct(kind):
        return _object(
            [(name, _json(item, kind.field(name).type)) for name, item in value.items()], value
        )
    if isinstance(value, list):
        items = Array(_json(item, kind.value_type) for item in value)
        items.raw = json.dumps(value, default=str)
        return items
    return str(value)


def _object(pairs: list[tuple[str, Any]], value: dict[str, Any]) -> Object:
    found = Object(pairs)
    found.repeated = None
    found.raw = json.dumps(value, default=str)
    return found


def _number(value: float | Decimal) -> str:
    if isinstance(value, float):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(repr(value), repr(value))
    return format(value, "f") if isinstance(value, Decimal) else str(value)
