"""Geography over columns: vectors where the formula allows, else each distinct value once.

Distances follow ClickHouse's tables: the cosine and arcsine are looked up and interpolated there,
so that the last digits differ from an exact computation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.values import python_udf

Floats = npt.NDArray[np.float64]
_ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz"


def geohash(longitude: float, latitude: float, precision: int) -> str:
    """The geohash of a place; 12 characters where the precision is out of 1 to 12."""
    if not 1 <= precision <= 12:
        precision = 12
    low, high = [-180.0, -90.0], [180.0, 90.0]
    values, code = (longitude, latitude), 0
    for bit in range(precision * 5):
        axis = bit % 2
        middle = (low[axis] + high[axis]) / 2
        above = values[axis] >= middle
        code = code << 1 | above
        (low if above else high)[axis] = middle
    return "".join(_ALPHABET[code >> shift & 31] for shift in range(5 * precision - 5, -1, -5))


def _box(text: str) -> tuple[list[float], list[float]]:
    low, high = [-180.0, -90.0], [180.0, 90.0]
    bit = 0
    for char in text:
        digit = _ALPHABET.find(char)
        if digit < 0:
            raise ValueError(f"DB::36: `{text}` is no geohash")
        for shift in range(4, -1, -1):
            axis = bit % 2
            middle = (low[axis] + high[axis]) / 2
            (low if digit >> shift & 1 else high)[axis] = middle
            bit += 1
    return low, high


def geohash_place(text: str) -> dict[str, float]:
    """The middle of a geohash."""
    low, high = _box(text)
    return {"longitude": (low[0] + high[0]) / 2, "latitude": (low[1] + high[1]) / 2}


def geohashes_in_box(
    west: float, south: float, east: float, north: float, precision: int
) -> list[str]:
    """The geohashes that cover a box, column by column from the south-west."""
    if not 1 <= precision <= 12:
        precision = 12
    if east < west or north < south:
        return []
    bits = 5 * precision
    width, height = 360 / (1 << (bits + 1) // 2), 180 / (1 << bits // 2)
    columns = range(int((west + 180) // width), int((min(east, 179.9999999) + 180) // width) + 1)
    rows = range(int((south + 90) // height), int((min(north, 89.9999999) + 90) // height) + 1)
    if len(columns) * len(rows) > 10_000_000:
        raise ValueError("DB::128: the box has too many geohashes of this precision")
    return [
        geohash((c + 0.5) * width - 180, (r + 0.5) * height - 90, precision)
        for c in columns
        for r in rows
    ]


# Distances -------------------------------------------------------------------------------------

_EARTH_DIAMETER = 2 * 6_371_007.180918474
_COS, _ASIN, _METRIC = 1024, 512, 1024


class _Tables:
    """ClickHouse's tables of a precision (float or double)."""

    def __init__(self, kind: type) -> None:
        f = kind
        self.f: Any = f
        self.cos: Any = np.cos(2 * np.pi * np.arange(_COS + 1) / _COS).astype(f)
        self.asin: Any = np.arcsin(np.sqrt(np.arange(_ASIN + 1) / _ASIN)).astype(f)
        # Metres of a degree squared, after Bowring's formulas on WGS 84.
        latitude: Any = np.arange(_METRIC + 1) * (np.pi / _METRIC) - np.pi / 2
        k1 = (111132.09 - 566.05 * np.cos(2 * latitude) + 1.20 * np.cos(4 * latitude)) ** 2
        k2 = (
            111415.13 * np.cos(latitude)
            - 94.55 * np.cos(3 * latitude)
            + 0.12 * np.cos(5 * latitude)
        ) ** 2
        self.k1, self.k2 = k1.astype(f), k2.astype(f)
        self.cos_squared = (np.cos(latitude) ** 2).astype(f)


@lru_cache(maxsize=2)
def _tables(narrow: bool) -> _Tables:
    return _Tables(np.float32 if narrow else np.float64)


def _cos(x: Any, t: _Tables) -> Any:
    y = np.abs(x) * t.f(_COS / 360.0)
    i = y.astype(np.int64)
    y = y - i.astype(t.f)
    i = i & (_COS - 1)
    return t.cos[i] + (t.cos[i + 1] - t.cos[i]) * y


def _sin(x: Any, t: _Tables) -> Any:
    y = np.abs(x) * t.f(_COS / 360.0)
    i = y.astype(np.int64)
    y = y - i.astype(t.f)
    i = (i + _COS - _COS // 4) & (_COS - 1)
    return t.cos[i] + (t.cos[i + 1] - t.cos[i]) * y


def _asin_sqrt(x: Any, t: _Tables) -> Any:
    f = t.f
    y = np.sqrt(x)
    near = (
        y
        + x * y * f(0.166666666666666)
        + x * x * y * f(0.075)
        + x * x * x * y * f(0.044642857142857)
    )
    place = x * f(_ASIN)
    i = np.clip(place.astype(np.int64), 0, _ASIN - 1)
    table = t.asin[i] + (t.asin[i + 1] - t.asin[i]) * (place - i.astype(f))
    far = np.arcsin(np.sqrt(np.clip(x, f(0), f(1))))
    return np.where(x < f(0.122), near, np.where(x < f(0.948), table, far))


def _difference(a: Any, b: Any, f: Any) -> Any:
    d = np.abs(a - b)
    return np.where(d > f(180), f(360) - d, d)


def _great_circle(lon1: Any, lat1: Any, lon2: Any, lat2: Any, t: _Tables, mode: str) -> Any:
    f = t.f
    lat_diff = _difference(lat1, lat2, f)
    lon_diff = _difference(lon1, lon2, f)
    near = lon_diff < f(13)
    middle = (lat1 + lat2 + f(180)) * f(_METRIC) / f(360)
    i = np.clip(middle.astype(np.int64), 0, _METRIC - 1)
    part = middle - i.astype(f)
    if mode == "geoDistance":
        k_lat = t.k1[i] + (t.k1[i + 1] - t.k1[i]) * part
        k_lon = t.k2[i] + (t.k2[i + 1] - t.k2[i]) * part
    else:
        degree = f((_EARTH_DIAMETER * np.pi / 360) ** 2) if mode != "greatCircleAngle" else f(1)
        k_lat = degree * np.ones_like(lat1)
        k_lon = degree * (t.cos_squared[i] + (t.cos_squared[i + 1] - t.cos_squared[i]) * part)
    with np.errstate(invalid="ignore"):
        flat = np.sqrt(k_lat * lat_diff * lat_diff + k_lon * lon_diff * lon_diff)
    arc = (
        _sin(lat_diff / f(2), t) ** 2
        + _cos(lat1, t) * _cos(lat2, t) * _sin(lon_diff / f(2), t) ** 2
    )
    scale = f(360 / np.pi) if mode == "greatCircleAngle" else f(_EARTH_DIAMETER)
    return np.where(near, flat, scale * _asin_sqrt(arc.astype(f), t)).astype(f)


def _distance(mode: str) -> Callable[[Any, Any, Any, Any, Any], Any]:
    def over(lon1: Any, lat1: Any, lon2: Any, lat2: Any, narrow: Any) -> Any:
        import pyarrow as pa

        t = _tables(bool(narrow[0].as_py()) if len(narrow) else False)
        given = (lon1, lat1, lon2, lat2)
        nulls = np.zeros(len(lon1), bool)
        columns: list[Any] = []
        for column in given:
            nulls |= np.asarray(column.is_null().to_numpy(zero_copy_only=False), bool)
            filled = column.fill_null(0.0).to_numpy(zero_copy_only=False)
            columns.append(np.asarray(filled).astype(t.f))
        a, b, c, d = columns
        result = _great_circle(a, b, c, d, t, mode)
        return pa.array(result.astype(np.float64), pa.float64(), mask=nulls)

    return over


# Rows ------------------------------------------------------------------------------------------


def _floats(column: Any) -> Floats:
    """The numbers of a column; NULL is 0."""
    return np.asarray(column.fill_null(0).to_numpy(zero_copy_only=False), np.float64)


def _geohash(longitudes: Any, latitudes: Any, precisions: Any) -> Any:
    """`geohash` of all rows at once: a shorter one is the beginning of a longer one."""
    import pyarrow as pa

    sizes: Any = _floats(precisions).astype(np.int64)
    sizes[(sizes < 1) | (sizes > 12)] = 12
    most = int(sizes.max(initial=1))
    values = _floats(longitudes), _floats(latitudes)
    low = [np.full(len(sizes), -180.0), np.full(len(sizes), -90.0)]
    high = [-low[0], -low[1]]
    code = np.zeros(len(sizes), np.int64)
    for bit in range(5 * most):
        axis = bit % 2
        middle = (low[axis] + high[axis]) / 2
        above = values[axis] >= middle
        code = code << 1 | above
        low[axis] = np.where(above, middle, low[axis])
        high[axis] = np.where(above, high[axis], middle)
    letters = np.frombuffer(_ALPHABET.encode(), np.uint8)
    texts = letters[code[:, None] >> np.arange(5 * most - 5, -1, -5) & 31]
    data = texts[np.arange(most) < sizes[:, None]].tobytes()
    ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32).tobytes()
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(data)]
    result = pa.Array.from_buffers(pa.string(), len(sizes), buffers)
    for column in (longitudes, latitudes, precisions):
        if column.null_count:
            valid = column.combine_chunks().is_valid()
            result = pa.compute.if_else(valid, result, pa.scalar(None, pa.string()))
    return result


_D, _PLACE = "DOUBLE", "STRUCT(longitude DOUBLE, latitude DOUBLE)"

UDFS = (
    *(
        Udf(f"mt_{name}", (_D, _D, _D, _D, "BOOLEAN"), _D, _distance(name))
        for name in ("geoDistance", "greatCircleDistance", "greatCircleAngle")
    ),
    Udf("mt_geohash", (_D, _D, "INTEGER"), "VARCHAR", _geohash),
    python_udf("mt_geohash_place", ("VARCHAR",), _PLACE, geohash_place),
    python_udf("mt_geohashes_in_box", (*[_D] * 4, "INTEGER"), "VARCHAR[]", geohashes_in_box),
)
