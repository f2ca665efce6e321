"""Places on the grid of Universal Transverse Mercator: `geoToUTM`, `UTMToGeo`."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.convert_number import failure
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import FLOAT64, UINT8, DataType, fixed_string, tuple_of

_GRID = tuple_of(
    FLOAT64, FLOAT64, UINT8, fixed_string(1), names=("easting", "northing", "zone", "band")
)
_PLACE = tuple_of(FLOAT64, FLOAT64, names=("longitude", "latitude"))


def _grid_returns(args: Sequence[Expr]) -> DataType:
    for arg in args[:2]:
        if not arg.type.is_float:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a float")
    if len(args) > 2 and not args[2].type.is_integer:
        raise ArgumentError(f"illegal type `{args[2].type}` of a zone, expected an integer")
    return _GRID


def _lower_grid(call: Call, args: list[str]) -> str:
    zone = args[2] if len(args) > 2 else "NULL"
    numbers = ", ".join(f"CAST({sql} AS DOUBLE)" for sql in (*args[:2], zone))
    return f"mt_to_utm({numbers})"


def _place_returns(args: Sequence[Expr]) -> DataType:
    for arg in args[:3]:
        if not arg.type.is_number:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a number")
    half = args[3].type
    if not (half.is_integer or half.is_bool or half.is_string):
        raise ArgumentError(f"illegal type `{half}`, expected 0, 1 or a band")
    return _PLACE


def _lower_place(call: Call, args: list[str]) -> str:
    half = call.args[3].type.bare
    north = f"CAST({args[3]} AS DOUBLE)"
    if half.is_string:
        band = f"upper({f'decode({args[3]})' if half.is_bytes else args[3]})"
        wrong = failure(36, "The band must be a letter in C..X, without I and O")
        north = f"CASE WHEN {band} SIMILAR TO '[C-HJ-NP-X]' THEN CAST({band} >= 'N' AS DOUBLE) "
        north += f"WHEN {band} IS NOT NULL THEN {wrong} END"
    numbers = ", ".join(f"CAST({sql} AS DOUBLE)" for sql in args[:3])
    return f"mt_from_utm({numbers}, {north})"


ROWS = (
    Function("geoToUTM", _grid_returns, _lower_grid, args=(2, 3)),
    Function("UTMToGeo", _place_returns, _lower_place, args=(4, 4), bytes_ok=True),
)
