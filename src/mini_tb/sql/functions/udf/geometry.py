"""Shapes: read from WKT, printed as WKT and SVG, measured.

A shape is points, each `{"1": x, "2": y}`, in as many lists as its kind has: a ring or line one, a
polygon two (the outer ring, then holes), several polygons three.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.values import python_udf
from mini_tb.types.duckdb import to_duckdb
from mini_tb.types.family import GEOMETRY
from mini_tb.types.geometry import SHAPES, points

Place = tuple[float, float]
Line = list[Place]

# WKT -----------------------------------------------------------------------------------------

_TOKEN = re.compile(r"\s*(?:([A-Za-z]+)|([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([(),])|(\S))")


class _Reader:
    """The tokens of a WKT text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = [match.group().strip() for match in _TOKEN.finditer(text)]
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at].upper() if self.at < len(self.tokens) else ""

    def take(self, wanted: str) -> None:
        if self.peek() != wanted:
            raise ValueError(
                f"DB::6: Cannot parse WKT string: Expected '{wanted}' in '{self.text}'"
            )
        self.at += 1

    def number(self) -> float:
        try:
            value = float(self.peek())
        except ValueError:
            return 0.0
        self.at += 1
        return value

    def point(self) -> dict[str, float]:
        return {"1": self.number(), "2": self.number()}

    def shape(self, depth: int, *, in_brackets: bool = False) -> Any:
        """So many levels of brackets; each point may be `in_brackets`, too."""
        if depth == 0:
            if in_brackets and self.peek() == "(":
                (point,) = self.shape(1)
                return point
            return self.point()
        self.take("(")
        parts = [self.shape(depth - 1, in_brackets=in_brackets)]
        while self.peek() == ",":
            self.at += 1
            parts.append(self.shape(depth - 1, in_brackets=in_brackets))
        self.take(")")
        return parts


def read_wkt(text: str, kind: str) -> Any:
    """The shape of that kind that a WKT text describes. A ring is written as a polygon."""
    reader = _Reader(text)
    name = "POLYGON" if kind == "Ring" else kind.upper()
    if reader.peek() != name:
        raise ValueError(f"DB::6: Cannot parse WKT string: Should start with '{name}' in ({text})")
    reader.at += 1
    depth = GEOMETRY[kind]
    found: Any
    if reader.peek() == "EMPTY":
        if not depth:
            raise ValueError(f"DB::6: Empty points are not supported: {text}")
        reader.at += 1
        found = [[]] if kind == "Polygon" else []
    elif kind in ("Point", "Ring"):
        reader.take("(")
        found = reader.shape(depth)
        reader.take(")")
    else:
        found = reader.shape(depth, in_brackets=kind == "MultiPoint")
    if reader.peek():
        raise ValueError(f"DB::6: Cannot parse WKT string: Too many tokens in '{text}'")
    return found


# Shapes as Python has them -------------------------------------------------------------------


def _lines(shape: Any) -> list[Any]:
    """The shape with its points as pairs."""
    if isinstance(shape, dict):
        return [(shape["1"], shape["2"])]
    if shape and isinstance(shape[0], dict):
        return [(point["1"], point["2"]) for point in shape]
    return [_lines(part) for part in shape]


def _sides(line: Line) -> Iterator[tuple[Place, Place]]:
    return pairwise(line)


def flat_area(ring: Line) -> float:
    """Positive where the ring runs clockwise. It is not closed: what is open stays open."""
    if len(ring) < 4:
        return 0.0
    return sum((x + u) * (y - v) for (x, y), (u, v) in _sides(ring)) / 2


def sphere_area(ring: Line) -> float:
    """Of places (longitude, latitude) on the unit sphere; positive where it runs clockwise."""
    if len(ring) < 4:
        return 0.0
    total = turned = 0.0
    for (x, y), (u, v) in _sides(ring):
        step = math.remainder(math.radians(u - x), math.tau)
        turned += step
        a, b = math.tan(math.radians(y) / 2), math.tan(math.radians(v) / 2)
        total += 2 * math.atan(math.tan(step / 2) * (a + b) / (1 + a * b))
    # A ring around a pole: what lies between it and the equator is outside.
    return total - math.copysign(math.tau, total) if abs(turned) > math.pi else total


def flat_length(line: Line) -> float:
    """The sum of its sides."""
    return sum(math.dist(a, b) for a, b in _sides(line))


def sphere_length(line: Line) -> float:
    """The sum of its sides, on the unit sphere."""
    total = 0.0
    for (x, y), (u, v) in _sides(line):
        x, y, u, v = map(math.radians, (x, y, u, v))
        half = math.sin((v - y) / 2) ** 2 + math.cos(y) * math.cos(v) * math.sin((u - x) / 2) ** 2
        total += 2 * math.asin(math.sqrt(half))
    return total


# Texts ---------------------------------------------------------------------------------------


def _points(line: Sequence[Place], within: str, between: str) -> str:
    return between.join(f"{x:g}{within}{y:g}" for x, y in line)


def _closed(ring: Line) -> Line:
    return [*ring, ring[0]] if ring and ring[0] != ring[-1] else ring


def _rings(polygon: list[Line]) -> str:
    rings = (_points(_closed(ring), " ", ",") for ring in polygon)
    return f"({','.join(f'({ring})' for ring in rings)})"


def wkt(shape: Any, kind: str) -> str:
    """The shape's WKT text. Rings of polygons are closed in it."""
    lines = _lines(shape)
    if kind == "Point":
        return f"POINT({_points(lines, ' ', ',')})"
    if kind == "LineString":
        return f"LINESTRING({_points(lines, ' ', ',')})"
    if kind == "Ring":
        return f"POLYGON(({_points(lines, ' ', ',')}))" if lines else "POLYGON()"
    if kind == "MultiPoint":
        return f"MULTIPOINT(({_points(lines, ' ', '),(')}))" if lines else "MULTIPOINT()"
    if kind == "Polygon":
        return f"POLYGON{_rings(lines)}"
    return f"MULTIPOLYGON({','.join(map(_rings, lines))})"


def _turned(ring: Line, *, is_hole: bool) -> Line:
    """Closed, and clockwise, or the other way for a hole."""
    ring = _closed(ring)
    area = flat_area(ring)
    return ring[::-1] if (area > 0 if is_hole else area < 0) else ring


def _paths(polygon: list[Line], style: str) -> str:
    rings = (_turned(ring, is_hole=i > 0) for i, ring in enumerate(polygon))
    path = "".join(f"M {_points(ring, ',', ' L ')}" for ring in rings)
    return f'<g fill-rule="evenodd"><path d="{path} z " style="{style}"/></g>'


def svg(shape: Any, kind: str, style: str) -> str:
    """The shape as an element of SVG."""
    lines = _lines(shape)
    if kind in ("Point", "MultiPoint"):
        return "".join(f'<circle cx="{x:g}" cy="{y:g}" r="5" style="{style}"/>' for x, y in lines)
    if kind == "LineString":
        return f'<polyline points="{_points(lines, ",", " ")}" style="{style};fill:none"/>'
    if kind == "Ring":
        corners = _points(_turned(lines, is_hole=False), ",", " ")
        return f'<polygon points="{corners}" style="{style}"/>'
    polygons = [lines] if kind == "Polygon" else lines
    return "".join(_paths(polygon, style) for polygon in polygons)


# As functions over columns -------------------------------------------------------------------


def _reader(kind: str) -> Udf:
    def read(text: str) -> Any:
        return read_wkt(text, kind)

    return python_udf(f"mt_read_{kind.lower()}", ("VARCHAR",), to_duckdb(SHAPES[kind]), read)


def _printers(kind: str) -> tuple[Udf, Udf]:
    shape = to_duckdb(SHAPES[kind])

    def as_wkt(value: Any) -> str:
        return wkt(value, kind)

    def as_svg(value: Any, style: str) -> str:
        return svg(value, kind, style)

    return (
        python_udf(f"mt_wkt_{kind.lower()}", (shape,), "VARCHAR", as_wkt),
        python_udf(f"mt_svg_{kind.lower()}", (shape, "VARCHAR"), "VARCHAR", as_svg),
    )


def _measure(name: str, of_ring: Callable[[Line], float]) -> Udf:
    """The sum over all rings of polygons."""

    def measured(polygons: Any) -> float:
        return sum((of_ring(ring) for rings in _lines(polygons) for ring in rings), 0.0)

    return python_udf(name, (to_duckdb(points(3)),), "DOUBLE", measured)


PRINTED = ("Point", "MultiPoint", "Ring", "LineString", "Polygon", "MultiPolygon")

UDFS = (
    *map(_reader, GEOMETRY),
    *(udf for kind in PRINTED for udf in _printers(kind)),
    _measure("mt_area_cartesian", flat_area),
    _measure("mt_area_spherical", sphere_area),
    _measure("mt_perimeter_cartesian", flat_length),
    _measure("mt_perimeter_spherical", sphere_length),
)
