"""Whether points are in polygons: all points of a column at once, edge by edge."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.types.duckdb import to_duckdb
from mini_tb.types.geometry import POINT, points

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ring = Floats
"""The corners: a row each, with x and y."""
Shape = list[list[Ring]]
"""Polygons: the outer ring first, then holes."""


def in_ring(x: Floats, y: Floats, ring: Ring) -> tuple[Flags, Flags]:
    """Which points are inside of a ring or on its edge, and which are on its edge."""
    inside, edge = np.zeros(len(x), bool), np.zeros(len(x), bool)
    for (x1, y1), (x2, y2) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        cross = (x - x1) * (y2 - y1) - (y - y1) * (x2 - x1)
        beside = (min(x1, x2) <= x) & (x <= max(x1, x2))
        edge |= (cross == 0) & beside & (min(y1, y2) <= y) & (y <= max(y1, y2))
        if y1 != y2:
            inside ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside | edge, edge


def in_shape(x: Floats, y: Floats, shape: Shape) -> Flags:
    """Which points are in one of the polygons: in its outer ring and in no hole."""
    found = np.zeros(len(x), bool)
    for outer, *holes in (polygon for polygon in shape if polygon and len(polygon[0])):
        inside, _ = in_ring(x, y, outer)
        for hole in holes:
            within, edge = in_ring(x, y, hole)
            inside &= ~within | edge
        found |= inside
    return found


def _coordinates(points: Any) -> Floats:
    columns = (points.field(i).to_numpy(zero_copy_only=False) for i in (0, 1))
    return np.stack([np.asarray(column, np.float64) for column in columns], axis=1)


class _Shapes:
    """A column of shapes: rows with the same one are found without making it of each."""

    def __init__(self, column: Any) -> None:
        self.levels: list[npt.NDArray[np.int64]] = []
        for _ in range(3):
            self.levels.append(np.asarray(column.offsets.to_numpy(), np.int64))
            column = column.values
        self.points = _coordinates(column)

    def rows(self, first: int, last: int) -> tuple[bytes, ...]:
        """What the shapes of some rows are made of: equal if they are."""
        parts = []
        for level in self.levels:
            parts.append(np.diff(level[first : last + 1]).tobytes())
            first, last = int(level[first]), int(level[last])
        return *parts, self.points[first:last].tobytes()

    def all_equal(self, count: int) -> bool:
        """Whether all rows have the shape of the first."""
        one = self.rows(0, 1)
        return self.rows(0, count) == tuple(part * count for part in one)

    def shape(self, row: int) -> Shape:
        """The shape of a row."""
        polygons, rings, ends = self.levels
        return [
            [self.points[ends[i] : ends[i + 1]] for i in range(rings[p], rings[p + 1])]
            for p in range(polygons[row], polygons[row + 1])
        ]

    def groups(self, count: int) -> list[tuple[Shape, npt.NDArray[np.int64]]]:
        """The different shapes, each with its rows."""
        if not count:
            return []
        if self.all_equal(count):
            return [(self.shape(0), np.arange(count))]
        found: dict[tuple[bytes, ...], list[int]] = {}
        for row in range(count):
            found.setdefault(self.rows(row, row + 1), []).append(row)
        return [(self.shape(rows[0]), np.array(rows)) for rows in found.values()]


def _in_polygons(points: Any, polygons: Any) -> Any:
    import pyarrow as pa

    place, shapes = points.combine_chunks(), polygons.combine_chunks()
    given = _coordinates(place)
    found = np.zeros(len(place), bool)
    for shape, rows in _Shapes(shapes).groups(len(place)):
        found[rows] = in_shape(given[rows, 0], given[rows, 1], shape)
    known = pa.compute.and_(place.is_valid(), shapes.is_valid())
    return pa.compute.if_else(known, pa.array(found.astype(np.uint8)), pa.scalar(None, pa.uint8()))


UDFS = (Udf("mt_in_polygons", (to_duckdb(POINT), to_duckdb(points(3))), "UTINYINT", _in_polygons),)
