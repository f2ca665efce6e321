"""Shapes: read from WKT, printed as WKT and SVG, areas and perimeters of polygons."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.functions.geo import polygon_depth, polygons
from mini_tb.sql.functions.strings import need_string, strings
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import FLOAT64, STRING, DataType
from mini_tb.types.family import GEOMETRY
from mini_tb.types.geometry import points

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


ROWS = (
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
