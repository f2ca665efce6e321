"""The geometric types: each is another name for points, in as many Arrays as its kind has."""

from __future__ import annotations

from mini_tb.types.datatype import FLOAT64, DataType, array, tuple_of
from mini_tb.types.family import GEOMETRY

POINT = tuple_of(FLOAT64, FLOAT64)


def points(depth: int) -> DataType:
    """A point in that many Arrays."""
    return array(points(depth - 1)) if depth else POINT


SHAPES = {name: points(depth) for name, depth in GEOMETRY.items()}
"""A geometric type's name → the type of its values."""
