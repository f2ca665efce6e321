"""Which values of a type are plain: right beyond doubt, and readable for a whole column at once.

`plain(type, kind)` is the table: how DuckDB reads the values of one kind of JSON (as `json_type`
names it) for a column of a type. None where no such value is plain. What is not plain is not wrong:
`exact` decides on it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from mini_tb.dataclass import dataclass
from mini_tb.types.duckdb import quote_string, to_duckdb

if TYPE_CHECKING:
    from mini_tb.types import DataType

INTEGER_KINDS = frozenset({"UBIGINT", "BIGINT"})
NUMBER_KINDS = INTEGER_KINDS | {"DOUBLE"}


@dataclass(frozen=True, slots=True)
class Plain:
    """How values of `kinds` are read: the DuckDB type that `json_transform` gives, and SQL that
    makes the stored value of it (`{v}`), or NULL if the value is not plain.

    `element_kinds` are those of what an array or a map holds, which stands at `elements` below it.
    Values outside `within` (as 64-bit integers) are not plain.
    """

    kinds: frozenset[str]
    read: str = "VARCHAR"
    value: str = "{v}"
    element_kinds: frozenset[str] = frozenset()
    elements: str = "[*]"
    within: tuple[int, int] | None = None


def _only(
    kind: str,
    *,
    read: str = "VARCHAR",
    value: str = "{v}",
    within: tuple[int, int] | None = None,
) -> Plain:
    return Plain(frozenset({kind}), read, value, within=within)


def _when(check: str, value: str) -> str:
    return f"CASE WHEN {check} THEN {value} END"


def _matches(pattern: str) -> str:
    return f"regexp_full_match({{v}}, {quote_string(pattern)})"


def _integer(t: DataType, kind: str) -> Plain | None:
    stored = "VARCHAR" if t.bits > 64 else to_duckdb(t)
    signed = t.name.startswith("I")
    if kind in INTEGER_KINDS:
        return Plain(INTEGER_KINDS if signed else frozenset({"UBIGINT"}), stored)
    if kind == "VARCHAR" and t.bits <= 64:
        pattern = "-?[0-9]{1,20}" if signed else "[0-9]{1,20}"
        return _only(kind, value=_when(_matches(pattern), f"TRY_CAST({{v}} AS {stored})"))
    return None


def _real(t: DataType, kind: str) -> Plain | None:
    if kind in NUMBER_KINDS:
        # DuckDB reads `-0` as the integer 0.
        check = "isfinite({v}) AND ({v} <> 0 OR NOT contains(line, '-0'))"
        return Plain(NUMBER_KINDS, to_duckdb(t), _when(check, "{v}"))
    if kind == "VARCHAR":
        number = f"TRY_CAST({{v}} AS {to_duckdb(t)})"
        pattern = r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?"
        return _only(kind, value=_when(_matches(pattern), number))
    return None


def _decimal(t: DataType, kind: str) -> Plain | None:
    precision, scale = min(t.params[0], 38), min(t.params[1], 38)
    digits = 15 if kind in NUMBER_KINDS else 38
    fraction = rf"(?:\.[0-9]{{1,{scale}}})?" if scale else ""
    shape = _matches(rf"-?[0-9]{{1,{max(1, min(precision - scale, digits))}}}{fraction}")
    check = f"{shape} AND length({{v}}) <= {digits}"
    if kind in NUMBER_KINDS:
        # DuckDB gives the shortest text of a double: the digits that were sent, if they were at
        # most 15. With the point, more than that is a run of 17.
        check += " AND NOT regexp_matches(line, '[0-9.]{17}')"
        # Whether a zero may have an exponent, and which, is not for here.
        check += " AND (regexp_matches({v}, '[1-9]') OR NOT regexp_matches(line, '0[eE]'))"
    value = _when(check, f"TRY_CAST({{v}} AS DECIMAL({precision}, {scale}))")
    if kind in NUMBER_KINDS:
        return Plain(NUMBER_KINDS, value=value)
    return _only(kind, value=value) if kind == "VARCHAR" else None


def _bool(t: DataType, kind: str) -> Plain | None:
    return _only(kind, read="BOOLEAN") if kind == "BOOLEAN" else None


def _string(t: DataType, kind: str) -> Plain | None:
    if kind in ("OBJECT", "ARRAY"):
        # DuckDB writes the value anew: it is the text that was sent only if it stands in the line.
        return _only(kind, value=_when("contains(line, {v})", "{v}"))
    # DuckDB keeps the text of whole numbers alone, and of those not `-0`.
    return Plain(frozenset({"VARCHAR", "UBIGINT", "BOOLEAN"}))


def _fixed_string(t: DataType, kind: str) -> Plain | None:
    value = _when(f"strlen({{v}}) = {t.params[0]}", "encode({v})")
    return _only(kind, value=value) if kind == "VARCHAR" else None


_HEX = "[0-9a-fA-F]"
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = " + ".join(
    f"TRY_CAST(split_part({{v}}, '.', {i + 1}) AS UINTEGER) * {256 ** (3 - i)}::UINTEGER"
    for i in range(4)
)
_DAY, _CLOCK = "[0-9]{4}-[0-9]{2}-[0-9]{2}", r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
_UTC = r"(?:Z|\+00:00)"
_LAST_SECOND = 7_258_118_400  # 2200-01-01


def _uuid(t: DataType, kind: str) -> Plain | None:
    shape = _matches(f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}")
    return _only(kind, value=_when(shape, "lower({v})")) if kind == "VARCHAR" else None


def _ipv4(t: DataType, kind: str) -> Plain | None:
    shape = _matches(rf"{_BYTE}\.{_BYTE}\.{_BYTE}\.{_BYTE}")
    return _only(kind, value=_when(shape, _IPV4)) if kind == "VARCHAR" else None


def _enum(t: DataType, kind: str) -> Plain | None:
    members = ", ".join(quote_string(name) for name, _ in t.params)
    return _only(kind, value=_when(f"{{v}} IN ({members})", "{v}")) if kind == "VARCHAR" else None


def _date(t: DataType, kind: str) -> Plain | None:
    if kind != "VARCHAR":
        return None
    return _only(kind, value=_when(_matches(_DAY), "TRY_CAST({v} AS DATE)"), within=day_range(t))


def _moment(t: DataType, kind: str) -> Plain | None:
    stored, is_seconds = to_duckdb(t), t.name == "DateTime"
    if not is_seconds and t.scale not in (3, 6, 9):
        return None
    within = moment_range(t)
    if kind == "UBIGINT":
        number = f"CAST(make_timestamp({{v}} * 1000000) AS {stored})"
        value = _when(f"{{v}} BETWEEN 0 AND {_LAST_SECOND}", number)
        return _only(kind, read="BIGINT", value=value, within=within)
    if kind != "VARCHAR":
        return None
    value = f"TRY_CAST({{v}} AS {stored})"
    if is_seconds or t.scale == 3:
        value = f"date_trunc('{'second' if is_seconds else 'millisecond'}', {value})"
    # A wall time in another zone is left to the exact way.
    utc = t.zone in (None, "UTC")
    shape = _matches(f"{_DAY}(?:[ T]{_CLOCK}{_UTC}?)?" if utc else f"{_DAY}[ T]{_CLOCK}{_UTC}")
    return _only(kind, value=_when(shape, value), within=within)


def day_range(t: DataType) -> tuple[int, int]:
    """The days since 1970 that a Date or Date32 takes."""
    return (0, 65_535) if t.name == "Date" else (-25_567, 120_529)


def moment_range(t: DataType) -> tuple[int, int]:
    """The plain moments of a DateTime or DateTime64, in its carrier's units: from 1970 on."""
    last = 0xFFFFFFFF if t.name == "DateTime" else _LAST_SECOND
    unit = 10**9 if t.scale > 6 else 10**6
    return 0, last * unit


def _array(t: DataType, kind: str) -> Plain | None:
    if kind != "ARRAY" or t.element.is_nullable:
        return None
    for element_kind in ("UBIGINT", "VARCHAR", "BOOLEAN"):
        inner = plain(t.element, element_kind)
        if (
            inner is None
            or inner.element_kinds
            or (inner.value != "{v}" and not t.element.is_float)
        ):
            continue
        check = "list_count({v}) = len({v})"
        if t.element.is_float:
            plain_number = "isfinite(x) AND x <> 0"
            check += f" AND list_bool_and(list_transform({{v}}, lambda x: {plain_number}))"
        return Plain(
            frozenset({kind}), inner.read + "[]", _when(check, "{v}"), element_kinds=inner.kinds
        )
    return None


def _map(t: DataType, kind: str) -> Plain | None:
    key, value = t.types
    if kind != "OBJECT" or key.bare.name != "String" or value.is_nullable or value.is_float:
        return None
    for value_kind in ("UBIGINT", "VARCHAR", "BOOLEAN"):
        inner = plain(value, value_kind)
        if inner is not None and inner.value == "{v}" and not inner.element_kinds:
            # DuckDB gives NULL for an object that has a key twice.
            values = "map_values({v})"
            check = f"list_count({values}) = len({values})"
            read = f"MAP(VARCHAR, {inner.read})"
            return Plain(
                frozenset({kind}),
                read,
                _when(check, "{v}"),
                element_kinds=inner.kinds,
                elements=".*",
            )
    return None


PLAIN: dict[str, Callable[[DataType, str], Plain | None]] = {
    "Float32": _real,
    "Float64": _real,
    "Decimal": _decimal,
    "Bool": _bool,
    "String": _string,
    "FixedString": _fixed_string,
    "UUID": _uuid,
    "IPv4": _ipv4,
    "Enum8": _enum,
    "Enum16": _enum,
    "Date": _date,
    "Date32": _date,
    "DateTime": _moment,
    "DateTime64": _moment,
    "Array": _array,
    "Map": _map,
}


@lru_cache(maxsize=4096)
def plain(t: DataType, kind: str) -> Plain | None:
    """How DuckDB reads values of one kind of JSON for a column of type `t`."""
    if t.name in ("Nullable", "LowCardinality", "SimpleAggregateFunction"):
        return plain(t.types[0], kind)
    if t.is_integer:
        return _integer(t, kind)
    rule = PLAIN.get(t.name)
    return rule(t, kind) if rule else None
