"""Geography: distances on the Earth, geohashes, points in polygons and ellipses."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function, numbers, unsupported
from mini_tb.sql.functions.strings import strings
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    FLOAT32,
    FLOAT64,
    STRING,
    UINT8,
    DataType,
    array,
    tuple_of,
)
from mini_tb.types.family import GEOMETRY
from mini_tb.types.geometry import POINT, points


def _distance_returns(args: Sequence[Expr]) -> DataType:
    numbers(FLOAT32)(args)
    return FLOAT64 if any(arg.type.bare == FLOAT64 for arg in args) else FLOAT32


def _lower_distance(call: Call, args: list[str]) -> str:
    duck = "DOUBLE" if call.type.bare == FLOAT64 else "FLOAT"
    numbers = ", ".join(f"CAST(CAST({sql} AS {duck}) AS DOUBLE)" for sql in args)
    return f"CAST(mt_{call.function.name}({numbers}, {str(duck == 'FLOAT').upper()}) AS {duck})"


def _lower_encode(call: Call, args: list[str]) -> str:
    precision = f"CAST({args[2]} AS INTEGER)" if len(args) > 2 else "12"
    return f"mt_geohash(CAST({args[0]} AS DOUBLE), CAST({args[1]} AS DOUBLE), {precision})"


_PLACE = tuple_of(FLOAT64, FLOAT64, names=("longitude", "latitude"))


def _lower_box(call: Call, args: list[str]) -> str:
    corners = ", ".join(f"CAST({sql} AS DOUBLE)" for sql in args[:4])
    return f"mt_geohashes_in_box({corners}, CAST({args[4]} AS INTEGER))"


LATITUDE_FIRST = tuple_of(FLOAT64, FLOAT64, names=("latitude", "longitude"))


_AREAS = GEOMETRY.keys() - {"Point", "MultiPoint", "MultiLineString"}


def polygon_depth(t: DataType) -> int:
    """How many arrays are around the points of a ring (1), polygon (2), multipolygon (3)."""
    if t.name in _AREAS:
        return GEOMETRY[t.name]
    depth = 0
    while t.is_array:
        t, depth = t.element, depth + 1
    if depth and (t.name == "Point" or (t.is_tuple and len(t.types) == 2)):
        return depth
    raise ArgumentError(f"illegal type `{t}`, expected a polygon")


def _polygon_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type.bare
    if t.name != "Point" and not (t.is_tuple and len(t.types) == 2):
        raise ArgumentError(f"illegal type `{t}`, expected a point (x, y)")
    for arg in args[1:]:
        depth = polygon_depth(arg.type)
        if depth > 3 or (len(args) > 2 and depth != 1):
            raise ArgumentError(f"illegal type `{arg.type}`, expected a ring or a polygon")
    return UINT8


def polygons(t: DataType, sql: str) -> str:
    """A multipolygon as DuckDB holds one."""
    depth = polygon_depth(t)
    if t.name not in _AREAS:
        sql = lower_cast(t, points(depth), sql)
    for _ in range(3 - depth):
        sql = f"[{sql}]"
    return sql


def _lower_polygon(call: Call, args: list[str]) -> str:
    t = call.args[0].type.bare
    point = args[0] if t.name == "Point" else lower_cast(t, POINT, args[0])
    if len(args) > 2:
        ring = array(POINT)
        rings = (
            lower_cast(arg.type, ring, sql)
            for arg, sql in zip(call.args[1:], args[1:], strict=True)
        )
        shape = f"[[{', '.join(rings)}]]"
    else:
        shape = polygons(call.args[1].type, args[1])
    return f"mt_in_polygons({point}, {shape})"


def _ellipses_returns(args: Sequence[Expr]) -> DataType:
    numbers(UINT8)(args)
    if len(args) % 4 != 2:
        raise ArgumentError("takes a point and four numbers for each ellipse", 42)
    return UINT8


def _lower_ellipses(call: Call, args: list[str]) -> str:
    x, y, *rest = (f"CAST({sql} AS DOUBLE)" for sql in args)
    ellipses = (rest[i : i + 4] for i in range(0, len(rest), 4))
    inside = (
        f"(pow(({x} - {a}) / {width}, 2) + pow(({y} - {b}) / {height}, 2) <= 1)"
        for a, b, width, height in ellipses
    )
    return f"CAST({' OR '.join(inside)} AS UTINYINT)"


ROWS = (
    Function("geoDistance", _distance_returns, _lower_distance, args=(4, 4)),
    Function("greatCircleDistance", _distance_returns, _lower_distance, args=(4, 4)),
    Function("greatCircleAngle", _distance_returns, _lower_distance, args=(4, 4)),
    Function("geohashEncode", numbers(STRING), _lower_encode, args=(2, 3)),
    Function("geohashDecode", strings(_PLACE), "mt_geohash_place({0})", exact=True),
    Function("geohashesInBox", numbers(array(STRING)), _lower_box, args=(5, 5)),
    Function("pointInPolygon", _polygon_returns, _lower_polygon, args=(2, None)),
    Function("pointInEllipses", _ellipses_returns, _lower_ellipses, args=(6, None)),
    *unsupported(
        "polygons are not cut and joined here, nor compared on a sphere",
        "polygonConvexHullSpherical",
        *(
            f"polygons{verb}{plane}"
            for verb in ("Intersection", "SymDifference", "Union")
            for plane in ("Cartesian", "Spherical")
        ),
        *(f"polygons{verb}Spherical" for verb in ("Distance", "Equals", "Intersect", "Within")),
    ),
    *unsupported("a shape of any kind has no type here: name its kind", "readWKT", "readWKB"),
    *unsupported(
        "S2 cells are not computed here",
        "geoToS2",
        "s2ToGeo",
        "s2GetNeighbors",
        "s2CellsIntersect",
        "s2CapContains",
        "s2CapUnion",
        "s2RectAdd",
        "s2RectContains",
        "s2RectUnion",
        "s2RectIntersection",
    ),
)
