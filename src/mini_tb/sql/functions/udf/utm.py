"""The grid of Universal Transverse Mercator, by the series of J. P. Snyder, "Map Projections: A
Working Manual", 1987, pages 61 to 64; a column at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mini_tb.sql.duckdb.udf import Udf

Floats = npt.NDArray[np.float64]

_RADIUS, _FLATTENING, _SCALE = 6378137.0, 1 / 298.257223563, 0.9996
_E2 = _FLATTENING * (2 - _FLATTENING)
_EP2 = _E2 / (1 - _E2)
_EAST, _SOUTH = 500_000.0, 10_000_000.0
_BANDS = np.array(list("CDEFGHJKLMNPQRSTUVWX"), "S1")
_ARC = (
    1 - _E2 / 4 - 3 * _E2**2 / 64 - 5 * _E2**3 / 256,
    3 * _E2 / 8 + 3 * _E2**2 / 32 + 45 * _E2**3 / 1024,
    15 * _E2**2 / 256 + 45 * _E2**3 / 1024,
    35 * _E2**3 / 3072,
)


def zones(longitude: Floats, latitude: Floats) -> Floats:
    """The zone of each place, with those of Norway and Svalbard, which are wider."""
    zone = np.minimum(np.floor((longitude + 180) / 6) + 1, 60)
    norway = (latitude >= 56) & (latitude < 64) & (longitude >= 3) & (longitude < 12)
    zone = np.where(norway, 32, zone)
    svalbard = (latitude >= 72) & (longitude >= 0) & (longitude < 42)
    wide = np.select([longitude < 9, longitude < 21, longitude < 33], [31, 33, 35], 37)
    return np.where(svalbard, wide, zone)


def _meridian(zone: Floats) -> Floats:
    return zone * 6 - 183


def to_grid(longitude: Floats, latitude: Floats, zone: Floats) -> tuple[Floats, Floats]:
    """Easting and northing in metres."""
    phi = np.radians(latitude)
    n = _RADIUS / np.sqrt(1 - _E2 * np.sin(phi) ** 2)
    t, c = np.tan(phi) ** 2, _EP2 * np.cos(phi) ** 2
    a = np.cos(phi) * np.radians(longitude - _meridian(zone))
    arc = _ARC[0] * phi - _ARC[1] * np.sin(2 * phi)
    arc = _RADIUS * (arc + _ARC[2] * np.sin(4 * phi) - _ARC[3] * np.sin(6 * phi))
    x5 = (5 - 18 * t + t * t + 72 * c - 58 * _EP2) * a**5 / 120
    easting = _SCALE * n * (a + (1 - t + c) * a**3 / 6 + x5) + _EAST
    y4 = (5 - t + 9 * c + 4 * c * c) * a**4 / 24
    y6 = (61 - 58 * t + t * t + 600 * c - 330 * _EP2) * a**6 / 720
    northing = _SCALE * (arc + n * np.tan(phi) * (a * a / 2 + y4 + y6))
    return easting, np.where(latitude < 0, northing + _SOUTH, northing)


def to_place(easting: Floats, northing: Floats, zone: Floats, north: Any) -> tuple[Floats, Floats]:
    """Longitude and latitude of a place of the grid."""
    x = easting - _EAST
    y = np.where(north, northing, northing - _SOUTH)
    mu = y / _SCALE / (_RADIUS * _ARC[0])
    root = np.sqrt(1 - _E2)
    e = (1 - root) / (1 + root)
    phi = mu + (3 * e / 2 - 27 * e**3 / 32) * np.sin(2 * mu)
    phi = phi + (21 * e**2 / 16 - 55 * e**4 / 32) * np.sin(4 * mu)
    # The next term would change the tenth digit; ClickHouse leaves it out.
    phi = phi + 151 * e**3 / 96 * np.sin(6 * mu)
    curve = 1 - _E2 * np.sin(phi) ** 2
    n, r = _RADIUS / np.sqrt(curve), _RADIUS * (1 - _E2) / curve**1.5
    t, c = np.tan(phi) ** 2, _EP2 * np.cos(phi) ** 2
    d = x / (n * _SCALE)
    y4 = (5 + 3 * t + 10 * c - 4 * c * c - 9 * _EP2) * d**4 / 24
    y6 = (61 + 90 * t + 298 * c + 45 * t * t - 252 * _EP2 - 3 * c * c) * d**6 / 720
    latitude = phi - n * np.tan(phi) / r * (d * d / 2 - y4 + y6)
    x5 = (5 - 2 * c + 28 * t - 3 * c * c + 8 * _EP2 + 24 * t * t) * d**5 / 120
    turned = (d - (1 + 2 * t + c) * d**3 / 6 + x5) / np.cos(phi)
    return np.degrees(turned) + _meridian(zone), np.degrees(latitude)


# As functions over columns -------------------------------------------------------------------


def _numbers(column: Any) -> tuple[Floats, Any]:
    """The column's numbers, 0 for NULL, and which of them are NULL."""
    import pyarrow.compute as pc

    numbers = pc.fill_null(column, 0.0).to_numpy()
    return numbers, pc.is_null(column).to_numpy()


def _refuse(number: int, message: str, wrong: Any) -> None:
    if wrong.any():
        raise ValueError(f"DB::{number}: {message}")


def _to_grid(longitudes: Any, latitudes: Any, given: Any) -> Any:
    import pyarrow as pa

    (x, no_x), (y, no_y), (zone, automatic) = map(_numbers, (longitudes, latitudes, given))
    _refuse(43, "Arguments must be finite numbers", ~(np.isfinite(x) & np.isfinite(y)))
    _refuse(69, "a latitude is out of the UTM domain [-80, 84]", (y < -80) | (y > 84))
    _refuse(69, "a longitude is out of range [-180, 180]", abs(x) > 180)
    _refuse(36, "a UTM zone is out of range [1, 60]", ~automatic & ((zone < 1) | (zone > 60)))
    zone = np.where(automatic, zones(x, y), zone)
    easting, northing = to_grid(x, y, zone)
    bands = _BANDS[np.minimum((y + 80) // 8, len(_BANDS) - 1).astype(np.intp)]
    parts = {
        "easting": pa.array(easting),
        "northing": pa.array(northing),
        "zone": pa.array(zone.astype(np.uint8)),
        "band": pa.array(bands, pa.binary()),
    }
    return pa.StructArray.from_arrays(list(parts.values()), list(parts), mask=pa.array(no_x | no_y))


def _to_place(eastings: Any, northings: Any, given: Any, norths: Any) -> Any:
    import pyarrow as pa

    columns = [_numbers(column) for column in (eastings, northings, given, norths)]
    (x, _), (y, _), (zone, _), (north, _) = columns
    none = np.any([nulls for _, nulls in columns], axis=0)
    _refuse(36, "a UTM zone is out of range [1, 60]", ~none & ((zone < 1) | (zone > 60)))
    _refuse(36, "is_north must be 0 or 1", ~none & (north != 0) & (north != 1))
    longitude, latitude = to_place(x, y, zone, north == 1)
    return pa.StructArray.from_arrays(
        [pa.array(longitude), pa.array(latitude)], ["longitude", "latitude"], mask=pa.array(none)
    )


UDFS = (
    Udf(
        "mt_to_utm",
        ("DOUBLE", "DOUBLE", "DOUBLE"),
        "STRUCT(easting DOUBLE, northing DOUBLE, zone UTINYINT, band BLOB)",
        _to_grid,
    ),
    Udf(
        "mt_from_utm",
        ("DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE"),
        "STRUCT(longitude DOUBLE, latitude DOUBLE)",
        _to_place,
    ),
)
