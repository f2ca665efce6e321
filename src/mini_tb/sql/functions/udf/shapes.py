"""How shapes on a plane lie to each other: whether they meet, are within each other, are equal; how
far they are apart; what is around them.

Polygons are areas with their edges; rings are closed if they are open. What decides is computed
exactly, of floats as the fractions that they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from mini_tb.sql.functions.udf.values import python_udf
from mini_tb.types.duckdb import to_duckdb
from mini_tb.types.geometry import points

Place = tuple[Any, Any]
Line = list[Place]
Areas = list[list[Line]]
"""Polygons: the outer ring first, then holes."""
Segment = tuple[Place, Place]
_DOUBT = 4e-16
"""Within so much of what is subtracted, a difference of two products of floats may be wrong."""


def _lines(shape: Any) -> Areas:
    """The lines of a shape with their points as pairs; empty ones are none."""
    found = [
        [[(point["1"], point["2"]) for point in line] for line in part if line] for part in shape
    ]
    return [part for part in found if part]


def _closed(ring: Line) -> Line:
    return ring if ring[0] == ring[-1] and len(ring) > 1 else [*ring, ring[0]]


def _areas(shape: Any) -> Areas:
    return [[_closed(ring) for ring in polygon] for polygon in _lines(shape)]


def _segments(shape: Areas) -> list[Segment]:
    return [side for part in shape for line in part for side in pairwise(line)]


def turn(a: Place, b: Place, c: Place) -> int:
    """1 if one turns left at `b` from `a` to `c`, -1 if right, 0 if the three are on a line."""
    left, right = (a[0] - c[0]) * (b[1] - c[1]), (a[1] - c[1]) * (b[0] - c[0])
    if isinstance(left, float) and abs(left - right) <= _DOUBT * (abs(left) + abs(right)):
        (ax, ay), (bx, by), (cx, cy) = _exact(a), _exact(b), _exact(c)
        left, right = (ax - cx) * (by - cy), (ay - cy) * (bx - cx)
    return int(left > right) - int(left < right)


def _exact(place: Place) -> Place:
    return Fraction(place[0]), Fraction(place[1])


def _beside(a: Place, b: Place, c: Place) -> bool:
    """Whether a place on the line through two is between them."""
    return all(min(a[i], b[i]) <= c[i] <= max(a[i], b[i]) for i in (0, 1))


def _are_apart(one: Segment, other: Segment) -> bool:
    """Whether one lies wholly beyond the other along an axis."""
    (a, b), (c, d) = one, other
    return any(
        max(a[i], b[i]) < min(c[i], d[i]) or max(c[i], d[i]) < min(a[i], b[i]) for i in (0, 1)
    )


def _meet(one: Segment, other: Segment) -> bool:
    """Whether two segments have a point in common; a point is one from itself to itself."""
    if _are_apart(one, other):
        return False
    (a, b), (c, d) = one, other
    sides = turn(a, b, c), turn(a, b, d), turn(c, d, a), turn(c, d, b)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(side == 0 and _beside(*end) for side, end in zip(sides, ends, strict=True))


def _in_ring(place: Place, ring: Line) -> int:
    is_in = False
    for a, b in pairwise(ring):
        side = turn(a, b, place)
        if side == 0 and _beside(a, b, place):
            return 0
        if (a[1] > place[1]) != (b[1] > place[1]):
            is_in ^= (side > 0) == (b[1] > a[1])
    return 1 if is_in else -1


def in_areas(place: Place, areas: Areas) -> int:
    """1 if a place is inside of a polygon, 0 if it is on an edge, -1 if it is outside."""
    found = -1
    for outer, *holes in areas:
        around = min(_in_ring(place, outer), *(-_in_ring(place, hole) for hole in holes), 1)
        found = max(found, around)
    return found


# Whether they meet, and how far they are apart ---------------------------------------------------

_AREA, _POINT = "area", "point"


def _figure(shape: Any, kind: str) -> Areas:
    """The lines of a shape: closed rings, lines, or points as lines from each to itself."""
    if kind == _AREA:
        return _areas(shape)
    lines = [line for part in _lines(shape) for line in part]
    if kind == _POINT:
        return [[[place, place] for line in lines for place in line]]
    return [[line if len(line) > 1 else line * 2 for line in lines]]


def _corners(figure: Areas) -> Iterator[Place]:
    return (place for part in figure for line in part for place in line)


def _are_joined(a: Areas, kind: str, b: Areas, other: str) -> bool:
    seconds = _segments(b)
    if any(_meet(one, second) for one in _segments(a) for second in seconds):
        return True
    # Then each line is inside of an area, or outside, as its first point is.
    return (kind == _AREA and any(in_areas(place, a) >= 0 for place in _corners(b))) or (
        other == _AREA and any(in_areas(place, b) >= 0 for place in _corners(a))
    )


def meet(first: Any, kind: str, second: Any, other: str) -> int:
    """Whether two shapes have a point in common."""
    return int(_are_joined(_figure(first, kind), kind, _figure(second, other), other))


def _to_segment(place: Place, segment: Segment) -> float:
    (x, y), ((ax, ay), (bx, by)) = place, segment
    dx, dy = bx - ax, by - ay
    square = dx * dx + dy * dy
    share = max(0.0, min(1.0, ((x - ax) * dx + (y - ay) * dy) / square)) if square else 0.0
    return math.hypot(x - ax - share * dx, y - ay - share * dy)


def distance(first: Any, second: Any) -> float:
    """How far polygons are apart. Raises `ValueError` if there are none."""
    a, b = _areas(first), _areas(second)
    if not a or not b:
        raise ValueError("DB::1001: there is no distance from a polygon without points")
    if _are_joined(a, _AREA, b, _AREA):
        return 0.0
    return min(
        _to_segment(place, segment)
        for one, other in ((a, b), (b, a))
        for segment in _segments(other)
        for place in _corners(one)
    )


# Whether they are within each other --------------------------------------------------------------


def _middles(segments: Iterable[Segment], others: Sequence[Segment]) -> Iterator[Place]:
    """A place on each piece of segments that are cut where others meet them."""
    for segment in segments:
        (ax, ay), (bx, by) = segment
        shares = {Fraction(0), Fraction(1)}
        for other in others:
            if not _are_apart(segment, other):
                shares.update(_cuts(segment, other))
        for start, end in pairwise(sorted(shares)):
            middle = (start + end) / 2
            yield ax + (bx - ax) * middle, ay + (by - ay) * middle


def _cuts(segment: Segment, other: Segment) -> Iterator[Fraction]:
    """At which shares of its length another segment meets one; where it lies along it, its ends."""
    (a, b), (c, d) = segment, other
    dx, dy, ex, ey = b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]
    across = dx * ey - dy * ex
    if across:
        share = ((c[0] - a[0]) * ey - (c[1] - a[1]) * ex) / across
        reach = ((c[0] - a[0]) * dy - (c[1] - a[1]) * dx) / across
        if 0 <= share <= 1 and 0 <= reach <= 1:
            yield share
    elif (dx or dy) and turn(a, b, c) == 0:
        for end in (c, d):
            share = (end[0] - a[0]) / dx if dx else (end[1] - a[1]) / dy
            if 0 <= share <= 1:
                yield share


def _inner(polygon: list[Line]) -> Place | None:
    """A place inside of a polygon; None if it has no area."""
    heights = sorted({place[1] for ring in polygon for place in ring})
    for low, high in pairwise(heights):
        y = (low + high) / 2
        crossed = sorted(
            a[0] + (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1])
            for ring in polygon
            for a, b in pairwise(ring)
            if (a[1] > y) != (b[1] > y)
        )
        for left, right in zip(crossed[::2], crossed[1::2], strict=False):
            if left < right:
                return (left + right) / 2, y
    return None


def _exact_areas(shape: Any) -> Areas:
    return [[[_exact(place) for place in ring] for ring in polygon] for polygon in _areas(shape)]


def _is_within(a: Areas, b: Areas) -> bool:
    """Nothing of `a` is outside of `b`: none of its edges, and no edge of `b` is inside of it."""
    first, second = _segments(a), _segments(b)
    if any(in_areas(place, b) < 0 for place in _middles(first, second)):
        return False
    if any(in_areas(place, a) > 0 for place in _middles(second, first)):
        return False
    places = [_inner(polygon) for polygon in a]
    return bool(a) and all(place is not None and in_areas(place, b) > 0 for place in places)


def within(first: Any, second: Any) -> int:
    """Whether polygons are inside of others, which may touch their edges."""
    return int(_is_within(_exact_areas(first), _exact_areas(second)))


def equal(first: Any, second: Any) -> int:
    """Whether polygons have the same points."""
    a, b = _exact_areas(first), _exact_areas(second)
    return int((not a and not b) or (_is_within(a, b) and _is_within(b, a)))


# What is around them -----------------------------------------------------------------------------

_LEAST = 4
"""So many points a closed ring has at least."""


def _half(places: Sequence[Place]) -> Line:
    found: Line = []
    for place in places:
        while len(found) > 1 and turn(found[-2], found[-1], place) >= 0:
            found.pop()
        found.append(place)
    return found


def hull(shape: Any) -> list[list[dict[str, float]]]:
    """The polygon around outer rings: clockwise, from the leftmost point on."""
    places = sorted({place for polygon in _lines(shape) for place in polygon[0]})
    if not places:
        return [[]]
    ring = [*_half(places)[:-1], *_half(places[::-1])]
    ring += [ring[0]] * (_LEAST - len(ring))
    return [[{"1": x, "2": y} for x, y in ring]]


_AREAS = to_duckdb(points(3))

UDFS = (
    python_udf("mt_meet", (_AREAS, "VARCHAR", _AREAS, "VARCHAR"), "UTINYINT", meet),
    python_udf("mt_within", (_AREAS, _AREAS), "UTINYINT", within),
    python_udf("mt_equal_areas", (_AREAS, _AREAS), "UTINYINT", equal),
    python_udf("mt_area_distance", (_AREAS, _AREAS), "DOUBLE", distance),
    python_udf("mt_hull", (_AREAS,), to_duckdb(points(2)), hull),
)
