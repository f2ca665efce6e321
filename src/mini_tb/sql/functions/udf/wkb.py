"""Shapes as bytes: WKB, read and written."""

from __future__ import annotations

from struct import Struct, error
from typing import Any

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.values import python_udf
from mini_tb.types.duckdb import to_duckdb
from mini_tb.types.geometry import SHAPES

KINDS = ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon")
"""By the numbers that they have, from 1 on."""
_PARTS = {"MultiPoint": "Point", "MultiLineString": "LineString", "MultiPolygon": "Polygon"}
"""What is made up of whole shapes, each with its own beginning."""


class _Reader:
    """Goes through the bytes of a shape."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.order = "<"

    def _numbers(self, form: str) -> Any:
        layout = Struct(self.order + form)
        found = layout.unpack_from(self.data, self.at)
        self.at += layout.size
        return found

    def shape(self, kind: str) -> Any:
        """A shape of that kind. Raises `ValueError` if there is none."""
        flag = self.data[self.at : self.at + 1]
        if flag not in (b"\0", b"\1"):
            raise ValueError("DB::36: Error while reading WKB format: Incorrect first flag")
        self.order = "<" if flag == b"\1" else ">"
        self.at += 1
        (number,) = self._numbers("I")
        if number != KINDS.index(kind) + 1:
            raise ValueError(f"DB::36: expected a shape of the type {kind} in WKB")
        if kind == "Point":
            return self._point()
        if kind in _PARTS:
            return [self.shape(_PARTS[kind]) for _ in self._count()]
        if kind == "Polygon":
            return [self._line() for _ in self._count()]
        return self._line()

    def _count(self) -> range:
        (count,) = self._numbers("I")
        return range(count)

    def _point(self) -> dict[str, float]:
        x, y = self._numbers("dd")
        return {"1": x, "2": y}

    def _line(self) -> list[dict[str, float]]:
        return [self._point() for _ in self._count()]


def read_wkb(data: bytes, kind: str) -> Any:
    """The shape of that kind that bytes say. Raises `ValueError` of ClickHouse's number."""
    try:
        return _Reader(data).shape(kind)
    except error as failure:
        raise ValueError("DB::33: Cannot read all data of a shape in WKB") from failure


_COUNT, _PLACE = Struct("<I"), Struct("<dd")


def _line_bytes(line: Any) -> bytes:
    places = (_PLACE.pack(place["1"], place["2"]) for place in line)
    return _COUNT.pack(len(line)) + b"".join(places)


def wkb(shape: Any, kind: str) -> bytes:
    """The bytes of a shape, least first."""
    start = b"\1" + _COUNT.pack(KINDS.index(kind) + 1)
    if kind == "Point":
        return start + _PLACE.pack(shape["1"], shape["2"])
    if kind == "LineString":
        return start + _line_bytes(shape)
    if kind == "Polygon":
        return start + _COUNT.pack(len(shape)) + b"".join(map(_line_bytes, shape))
    return start + _COUNT.pack(len(shape)) + b"".join(wkb(part, _PARTS[kind]) for part in shape)


def _udfs(kind: str) -> tuple[Udf, Udf]:
    shape, name = to_duckdb(SHAPES[kind]), kind.lower()

    def read(data: bytes) -> Any:
        return read_wkb(data, kind)

    def write(value: Any) -> bytes:
        return wkb(value, kind)

    return (
        python_udf(f"mt_read_wkb_{name}", ("BLOB",), shape, read),
        python_udf(f"mt_wkb_{name}", (shape,), "BLOB", write),
    )


UDFS = tuple(udf for kind in KINDS for udf in _udfs(kind))
