"""Shapes: read from WKT and WKB, written as WKT, WKB and SVG, measured, compared on a plane."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions.aggregates.rows import field, struct
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.functions.geo import polygon_depth, polygons
from mini_tb.sql.functions.strings import as_bytes, need_string, strings
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import FLOAT64, STRING, STRING_BYTES, UINT8, DataType
from mini_tb.types.duckdb import field_names
from mini_tb.types.family import GEOMETRY
from mini_tb.types.geometry import POINT, points

_BY_DEPTH = ("Point", "Ring", "Polygon", "MultiPolygon")
"""What a plain Tuple, and Arrays of them, are."""


def _kind(t: DataType) -> str:
    """The kind of a shape that is printed."""
    if t.name in GEOMETRY and t.name != "MultiLineString":
        return t.name
    depth, inner = 0, t
    while inner.is_array:
        inner, depth = inner.element, depth + 1
    is_point = inner.is_tuple and [e.name for e in inner.types[:1]] == ["Float64"]
    if not is_point or len(inner.types) != 2 or depth > 3:
        raise ArgumentError(f"illegal type `{t}`, expected a geometry", 36)
    return _BY_DEPTH[depth]


def _shape(t: DataType, sql: str) -> str:
    """The shape as DuckDB holds one."""
    if t.name in GEOMETRY:
        return sql
    return lower_cast(t, points(GEOMETRY[_kind(t)]), sql)


def _text_returns(args: Sequence[Expr]) -> DataType:
    _kind(args[0].type)
    for style in args[1:]:
        need_string(style)
    return STRING


def _lower_wkt(call: Call, args: list[str]) -> str:
    t = call.args[0].type.bare
    return f"mt_wkt_{_kind(t).lower()}({_shape(t, args[0])})"


def _lower_svg(call: Call, args: list[str]) -> str:
    t = call.args[0].type.bare
    style = args[1] if len(args) > 1 else "''"
    return f"mt_svg_{_kind(t).lower()}({_shape(t, args[0])}, {style})"


def _measured_returns(args: Sequence[Expr]) -> DataType:
    polygon_depth(args[0].type.bare)
    return FLOAT64


def _measured(udf: str) -> Callable[[Call, list[str]], str]:
    def lower(call: Call, args: list[str]) -> str:
        return f"{udf}({polygons(call.args[0].type.bare, args[0])})"

    return lower


# Bytes -----------------------------------------------------------------------------------------

_WKB = {
    "Point": "ST_PointFromWKB",
    "LineString": "ST_LineFromWKB",
    "Polygon": "ST_PolyFromWKB",
    "MultiPoint": "ST_MPointFromWKB",
    "MultiLineString": "ST_MLineFromWKB",
    "MultiPolygon": "ST_MPolyFromWKB",
}
"""The kinds that there are in WKB, with the other names of their readers."""


def _reader(kind: str) -> Function:
    def lower(call: Call, args: list[str]) -> str:
        return f"mt_read_wkb_{kind.lower()}({as_bytes(call.args[0], args[0])})"

    returns = strings(DataType(kind))
    return Function(f"readWKB{kind}", returns, lower, aliases=(_WKB[kind],), bytes_ok=True)


def _bytes_returns(args: Sequence[Expr]) -> DataType:
    if args[0].type.name not in _WKB:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a kind of WKB", 36)
    return STRING_BYTES


def _lower_bytes(call: Call, args: list[str]) -> str:
    return f"mt_wkb_{call.args[0].type.bare.name.lower()}({args[0]})"


# All kinds -------------------------------------------------------------------------------------


def _depth(t: DataType) -> int | None:
    """How many arrays are around the points of a shape; None for what is none."""
    if t.name in GEOMETRY:
        return GEOMETRY[t.name]
    depth = 0
    while t.is_array:
        t, depth = t.element, depth + 1
    is_point = t.is_tuple and [e.name for e in t.types] == ["Float64"] * 2
    return depth if is_point and depth <= _DEEPEST else None


_DEEPEST = 3


def _flip_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type.bare
    if _depth(t) is None:
        raise ArgumentError(f"illegal type `{t}`, expected a geometry of Float64")
    return t


def _lower_flip(call: Call, args: list[str]) -> str:
    t = call.args[0].type.bare
    depth = _depth(t)
    assert depth is not None
    point = t
    while point.is_array:
        point = point.element
    x, y = field_names(POINT if t.name in GEOMETRY else point)

    def flipped(sql: str, depth: int) -> str:
        if depth:
            name = f"p{depth}"
            return f"list_transform({sql}, lambda {name}: {flipped(name, depth - 1)})"
        return struct({x: field(sql, y), y: field(sql, x)})

    changed = flipped(args[0], depth)
    return f"CASE WHEN {args[0]} IS NOT NULL THEN {changed} END" if not depth else changed


def _plane_returns(args: Sequence[Expr]) -> DataType:
    if _depth(args[0].type.bare) is None:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a geometry")
    return FLOAT64


def _measured_if_area(udf: str) -> Callable[[Call, list[str]], str]:
    """Points and lines have no area, nor a perimeter."""

    def lower(call: Call, args: list[str]) -> str:
        t = call.args[0].type.bare
        if not _depth(t) or t.name in _LINES or t.name == "MultiPoint":
            return f"CASE WHEN {args[0]} IS NOT NULL THEN 0e0 END"
        return f"{udf}({polygons(t, args[0])})"

    return lower


# Areas -----------------------------------------------------------------------------------------

_LINES = ("LineString", "MultiLineString")


def _areas(args: Sequence[Expr]) -> None:
    """Raises `ArgumentError` for what is no polygon."""
    for arg in args:
        t = arg.type.bare
        if t.name in ("Point", "MultiPoint", *_LINES):
            raise ArgumentError(f"illegal type `{t}`, expected a polygon")
        polygon_depth(t)


def _compared(name: str, udf: str, result: DataType) -> Function:
    def returns(args: Sequence[Expr]) -> DataType:
        _areas(args)
        return result

    def lower(call: Call, args: list[str]) -> str:
        shapes = (polygons(arg.type.bare, sql) for arg, sql in zip(call.args, args, strict=True))
        return udf.format(*shapes)

    count = udf.count("{")
    return Function(name, returns, lower, args=(count, count))


def _figure(t: DataType) -> str:
    """Of what kind a shape is that meets others. Raises `ArgumentError` if that is not told."""
    depth = _depth(t)
    if depth is None or (t.name not in GEOMETRY and depth not in (0, _DEEPEST)):
        raise ArgumentError(f"illegal type `{t}`: name the kind of geometry, as in `x::Ring`")
    if t.name in ("Point", "MultiPoint") or not depth:
        return "point"
    return "line" if t.name in _LINES else "area"


def _meeting_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        _figure(arg.type.bare)
    return UINT8


def _lower_meeting(call: Call, args: list[str]) -> str:
    told = []
    for arg, sql in zip(call.args, args, strict=True):
        t = arg.type.bare
        depth = _depth(t)
        assert depth is not None
        shape = sql if t.name in GEOMETRY else lower_cast(t, points(depth), sql)
        brackets = _DEEPEST - depth
        missing = f"CASE WHEN {sql} IS NOT NULL THEN {'[' * brackets}{shape}{']' * brackets} END"
        told += [missing, f"'{_figure(t)}'"]
    return f"mt_meet({', '.join(told)})"


ROWS = (
    *map(_reader, _WKB),
    Function("wkb", _bytes_returns, _lower_bytes, aliases=("WKB",)),
    Function("flipCoordinates", _flip_returns, _lower_flip),
    Function("areaCartesian", _plane_returns, _measured_if_area("mt_area_cartesian")),
    Function("areaSpherical", _plane_returns, _measured_if_area("mt_area_spherical")),
    Function("perimeterCartesian", _plane_returns, _measured_if_area("mt_perimeter_cartesian")),
    Function("perimeterSpherical", _plane_returns, _measured_if_area("mt_perimeter_spherical")),
    _compared("polygonConvexHullCartesian", "mt_hull({0})", DataType("Polygon")),
    _compared("polygonsWithinCartesian", "mt_within({0}, {1})", UINT8),
    _compared("polygonsEqualsCartesian", "mt_equal_areas({0}, {1})", UINT8),
    _compared("polygonsDistanceCartesian", "mt_area_distance({0}, {1})", FLOAT64),
    _compared("polygonsIntersectCartesian", "mt_meet({0}, 'area', {1}, 'area')", UINT8),
    Function("geometryIntersectCartesian", _meeting_returns, _lower_meeting, args=(2, 2)),
    *(
        Function(
            f"readWKT{kind}", strings(DataType(kind)), f"mt_read_{kind.lower()}({{0}})", exact=True
        )
        for kind in GEOMETRY
    ),
    Function("wkt", _text_returns, _lower_wkt, aliases=("WKT",)),
    Function("svg", _text_returns, _lower_svg, args=(1, 2), aliases=("SVG",)),
    *(
        Function(
            f"polygon{what}{plane}", _measured_returns, _measured(f"mt_{what}_{plane}".lower())
        )
        for what in ("Area", "Perimeter")
        for plane in ("Cartesian", "Spherical")
    ),
)
