"""Whole columns at once: what is plainly right in a batch of JSON lines, by one DuckDB query.

The query takes the kinds of a line's values (`json_type`) and the values (`json_transform`). The
kinds of a line are its signature. A batch has few different ones, and each decides for all of its
lines which columns have a value, are NULL or take their DEFAULT. A line is left over when its
signature is not plain for some column, or when a value turns out not to be plain; `exact` decides
on those. So this way refuses nothing and guesses nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mini_tb.dataclass import dataclass
from mini_tb.ingest.plain import Plain, plain
from mini_tb.types.duckdb import quote_string

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from mini_tb.ingest.intake import Field, Intake

_MISSING, _NULL = "NULL", "'NULL'"
"""How DuckDB writes a missing kind, and the kind of a null, in the text of a list."""
_DOUBTFUL = "?"
_TRAILING_COMMA = r",\s*[}\]]"
"""DuckDB reads JSON with a trailing comma, ClickHouse does not."""
_WHOLE = Plain(frozenset({"OBJECT"}))
MAX_SIGNATURES = 2_000
"""Beyond so many different signatures the rarer ones are left to the exact way."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """The answer for a batch: the rows that are plainly right and what is left.

    `rows` are the plain rows' numbers in the batch, `left` those of the other lines; ascending.
    """

    good: pa.Table
    rows: pa.Array
    left: pa.Array
    defaulted: dict[str, pa.ChunkedArray]


def kinds_paths(intake: Intake) -> list[str | None]:
    """For each column the JSON path whose kind decides, None if only the exact way can tell."""
    return [_kind_path(field) for field in intake.fields]


def _kind_path(field: Field) -> str | None:
    steps = field.path.steps
    if any(step is not None and (not step or '"' in step or "\\" in step) for step in steps):
        return None
    keys = steps[: steps.index(None)] if None in steps else steps
    if steps and (not keys or len(steps) > len(keys) + 1):
        return None
    return "$" + "".join(f'."{key}"' for key in keys)


class _Reads:
    """What the query reads of a line: structures for `json_transform`, paths of array elements."""

    def __init__(self) -> None:
        self.structures: list[dict[str, Any]] = []
        self.elements: list[str] = []

    def value(self, keys: tuple[str, ...], leaf: str) -> str:
        """SQL of the value at nested keys, read as the DuckDB type `leaf`."""
        fitting = (i for i, known in enumerate(self.structures) if _fit(known, keys, leaf))
        i = next(fitting, len(self.structures))
        if i == len(self.structures):
            self.structures.append({})
            _fit(self.structures[i], keys, leaf)
        return f"v{i}" + "".join(f"[{quote_string(key)}]" for key in keys)


def _fit(structure: dict[str, Any], keys: tuple[str, ...], leaf: str) -> bool:
    """Add a leaf to a structure, unless something stands there. DuckDB folds the names' case."""
    at = structure
    for key in keys[:-1]:
        if key not in at and any(key.lower() == other.lower() for other in at):
            return False
        below = at.setdefault(key, {})
        if not isinstance(below, dict):
            return False
        at = below
    if any(keys[-1].lower() == other.lower() for other in at):
        return False
    at[keys[-1]] = [leaf[:-2]] if leaf.endswith("[]") else leaf
    return True


@lru_cache(maxsize=512)
def line_query(intake: Intake, rules: tuple[Plain | None, ...]) -> str:
    """DuckDB text of the query over `lines(line)`: the signature, then a value a column.

    It fails when a line is not JSON.
    """
    reads = _Reads()
    values, kinds = [], []
    for i, (field, path, rule) in enumerate(
        zip(intake.fields, kinds_paths(intake), rules, strict=True)
    ):
        if path is not None:
            kinds.append(path)
        if path is None or rule is None:
            values.append(f"NULL AS c{i}")
        elif not field.path.steps:
            values.append(f"trim(line, ' ' || chr(9) || chr(10) || chr(13)) AS c{i}")
        else:
            keys = tuple(step for step in field.path.steps if step is not None)
            read = reads.value(keys, rule.read)
            value = rule.value.replace("{v}", read)
            if rule.element_kinds:
                allowed = ", ".join(sorted(quote_string(kind) for kind in rule.element_kinds))
                reads.elements.append(path + rule.elements)
                elements = f"e{len(reads.elements) - 1}"
                value = f"CASE WHEN list_has_all([{allowed}], {elements}) THEN {value} END"
            values.append(f"{value} AS c{i}")
    paths = ", ".join(quote_string(path) for path in kinds)
    inner = ["line", f"json_type(line, [{paths}]) AS k" if kinds else "[] AS k"]
    for i, path in enumerate(reads.elements):
        inner.append(f"json_type(line, {quote_string(path)}) AS e{i}")
    for i, structure in enumerate(reads.structures):
        inner.append(f"json_transform(line, {quote_string(json.dumps(structure))}) AS v{i}")
    doubt = f"regexp_matches(line, {quote_string(_TRAILING_COMMA)})"
    signature = f"CASE WHEN {doubt} THEN '{_DOUBTFUL}' ELSE k::VARCHAR END"
    return (
        f"SELECT {signature} AS signature, {', '.join(values)}"
        f" FROM (SELECT {', '.join(inner)} FROM lines)"
    )


def sniff(connection: DuckDBPyConnection, intake: Intake) -> tuple[Plain | None, ...]:
    """How to read each column, by the kinds that most of the first lines have."""
    paths = [path for path in kinds_paths(intake) if path is not None]
    listed = ", ".join(quote_string(path) for path in paths)
    found = connection.sql(f"SELECT json_type(line, [{listed}]) FROM lines LIMIT 20").fetchall()
    kinds = iter(zip(*(row[0] for row in found), strict=True))
    rules: list[Plain | None] = []
    for field, path in zip(intake.fields, kinds_paths(intake), strict=True):
        if path is None:
            rules.append(None)
            continue
        counted = Counter(kind for kind in next(kinds) if kind not in (None, "NULL"))
        kind = counted.most_common(1)[0][0] if counted else "VARCHAR"
        if not field.path.steps:
            rules.append(_WHOLE if field.type.bare.name == "String" else None)
        else:
            rules.append(plain(field.type, kind))
    return tuple(rules)


def decode_lines(connection: DuckDBPyConnection, intake: Intake) -> Leftover:
    """The plain rows of the relation `lines(line)` that the connection sees.

    Raises duckdb.Error when a line is not JSON.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    rules = sniff(connection, intake)
    read = connection.sql(line_query(intake, rules)).to_arrow_table()
    signatures = read["signature"].combine_chunks().dictionary_encode()
    states = _States(intake, rules, signatures.dictionary.to_pylist())
    index = signatures.indices

    def per_row(per_signature: list[bool]) -> pa.Array:
        return pa.array(per_signature, pa.bool_()).take(index)

    ok = per_row(states.plain)
    defaulted: dict[str, pa.ChunkedArray] = {}
    for i, field in enumerate(intake.fields):
        column = read.column(i + 1)
        has_value = states.has_value[i]
        if all(has_value):
            if column.null_count:
                ok = pc.and_(ok, pc.is_valid(column))
        elif any(has_value):
            ok = pc.and_(ok, pc.or_(pc.is_valid(column), pc.invert(per_row(has_value))))
        within = rule.within if (rule := rules[i]) else None
        if within and _leaves(column, *within):
            ok = pc.and_(ok, is_within(column, *within))
        if any(states.takes_default[i]):
            defaulted[field.name] = pa.chunked_array([per_row(states.takes_default[i])])
    good = pa.Table.from_arrays(
        [carried(read.column(i + 1), f) for i, f in enumerate(intake.fields)],
        schema=intake.schema,
    )
    ok = ok.combine_chunks() if isinstance(ok, pa.ChunkedArray) else ok
    rows, left = pc.indices_nonzero(ok), pc.indices_nonzero(pc.invert(ok))
    if not len(left):
        return Leftover(good, rows, left, defaulted)
    return Leftover(
        good.filter(ok),
        rows,
        left,
        {name: mask.filter(ok) for name, mask in defaulted.items()},
    )


def _leaves(column: pa.ChunkedArray, low: int, high: int) -> bool:
    """Whether some value is outside the range."""
    import pyarrow.compute as pc

    ends = pc.min_max(_ticks(column)).as_py()
    return ends["min"] is not None and (ends["min"] < low or ends["max"] > high)


def is_within(column: pa.ChunkedArray, low: int, high: int) -> pa.ChunkedArray:
    """For each value whether it is in the range; true for nulls."""
    import pyarrow.compute as pc

    ticks = _ticks(column)
    inside = pc.and_(pc.greater_equal(ticks, low), pc.less_equal(ticks, high))
    return pc.fill_null(inside, True)


def _ticks(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa

    return column.cast(pa.int32() if pa.types.is_date32(column.type) else pa.int64())


def carried(column: pa.ChunkedArray, field: Field) -> pa.ChunkedArray:
    """What DuckDB read, as the type that the column travels in."""
    return column if column.type == field.carrier else column.cast(field.carrier)


class _States:
    """What each signature means: is it plain, and which columns have a value or take a DEFAULT."""

    def __init__(
        self, intake: Intake, rules: tuple[Plain | None, ...], signatures: list[str]
    ) -> None:
        self.plain: list[bool] = []
        self.has_value: list[list[bool]] = [[] for _ in intake.fields]
        self.takes_default: list[list[bool]] = [[] for _ in intake.fields]
        paths = kinds_paths(intake)
        for number, signature in enumerate(signatures):
            is_plain = number < MAX_SIGNATURES and signature != _DOUBTFUL
            kinds = iter(signature[1:-1].split(", ") if is_plain else [_MISSING] * len(paths))
            for i, (field, rule) in enumerate(zip(intake.fields, rules, strict=True)):
                kind = next(kinds) if paths[i] is not None else None
                takes_default = has_value = False
                if kind in (_MISSING, _NULL):
                    takes_default = field.coercion.has_default and (
                        kind == _MISSING or not field.type.is_nullable
                    )
                    is_plain = is_plain and (takes_default or field.type.is_nullable)
                else:
                    has_value = rule is not None and kind in rule.kinds
                    is_plain = is_plain and has_value
                self.takes_default[i].append(takes_default)
                self.has_value[i].append(has_value)
            self.plain.append(is_plain)
