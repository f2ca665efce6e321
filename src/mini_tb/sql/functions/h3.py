"""H3 cells: `geoToH3`, `h3kRing`, `h3ToParent`, … through the library of that name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions.convert_number import failure
from mini_tb.sql.functions.function import ArgumentError, Function, numbers
from mini_tb.sql.functions.geo import LATITUDE_FIRST, polygon_depth, polygons
from mini_tb.sql.functions.strings import strings
from mini_tb.sql.tree import Call, Const, Expr
from mini_tb.types import (
    FLOAT64,
    INT64,
    STRING,
    UINT8,
    UINT16,
    UINT64,
    DataType,
    array,
    to_duckdb,
    tuple_of,
)
from mini_tb.types.geometry import POINT

_CELLS = array(UINT64)
_EDGE = tuple_of(UINT64, UINT64, names=("origin", "destination"))
_MOST = 15
"""The finest resolution."""


def _typed(
    result: DataType, *wanted: DataType, resolution: int | None = None
) -> Callable[[Sequence[Expr]], DataType]:
    """`result`, if the arguments are of exactly these types, as ClickHouse takes them."""

    def returns(args: Sequence[Expr]) -> DataType:
        for arg, t in zip(args, wanted, strict=True):
            if arg.type.bare != t:
                raise ArgumentError(f"illegal type `{arg.type}`, expected {t}")
        given = args[resolution] if resolution is not None else None
        if isinstance(given, Const) and given.value > _MOST:
            raise ArgumentError(f"the resolution is at most {_MOST}", 69)
        return result

    return returns


def _row(
    name: str, result: DataType, udf: str, *wanted: DataType, resolution: int | None = None
) -> Function:
    ducks = ["INTEGER" if t != UINT64 and t != FLOAT64 else to_duckdb(t) for t in wanted]

    def lower(call: Call, args: list[str]) -> str:
        given = (f"CAST({sql} AS {duck})" for sql, duck in zip(args, ducks, strict=True))
        return f"{udf}({', '.join(given)})"

    returns = _typed(result, *wanted, resolution=resolution)
    return Function(name, returns, lower, args=(len(wanted), len(wanted)))


def _numbers(name: str, result: DataType, udf: str, *ducks: str) -> Function:
    """Takes numbers of any type."""

    def lower(call: Call, args: list[str]) -> str:
        given = (f"CAST({sql} AS {duck})" for sql, duck in zip(args, ducks, strict=True))
        return f"{udf}({', '.join(given)})"

    return Function(name, numbers(result), lower, args=(len(ducks), len(ducks)))


# By resolution -------------------------------------------------------------------------------

_BY_RESOLUTION = {
    "h3EdgeAngle": """
        11.52259914663668 4.3442296264010825 1.6413766013676383 0.6203443459459533
        0.23446870356972288 0.08861986945421964 0.033495489240202 0.012648726161963718
        0.0047791156230439225 0.0018057111717950226 0.0006822586214258879 0.0002577803325851708
        0.00009739810942678102 0.000036800292821586735 0.000013904392592436754
        0.000005253548783179069
    """,
    "h3EdgeLengthKm": """
        1281.256011 483.0568391 182.5129565 68.97922179 26.07175968 9.85409099 3.724532667
        1.406475763 0.53141401 0.200786148 0.075863783 0.028663897 0.010830188 0.00409201 0.0015461
        0.000584169
    """,
    "h3EdgeLengthM": """
        1281256.011 483056.8391 182512.9565 68979.22179 26071.75968 9854.09099 3724.532667
        1406.475763 531.4140101 200.7861476 75.86378287 28.66389748 10.83018784 4.092010473
        1.546099657 0.58416863
    """,
    "h3HexAreaKm2": """
        4357449.416078383 609788.4417941332 86801.7803989972 12393.43465508816 1770.347654491307
        252.9038581819449 36.12906216441245 5.161293359717191 0.7373275975944177 0.1053325134272067
        0.01504750190766435 0.002149643129451879 0.000307091875631606 0.00004387026794728296
        0.000006267181135324313 8.95311590760579e-7
    """,
    "h3HexAreaM2": """
        4357449416078.39 609788441794.1339 86801780398.99731 12393434655.08818 1770347654.491309
        252903858.1819452 36129062.1644125 5161293.359717198 737327.5975944188 105332.5134272069
        15047.50190766437 2149.643129451882 307.0918756316063 43.87026794728301 6.267181135324322
        0.8953115907605802
    """,
}
"""ClickHouse's averages of all cells of a resolution, from 0 on."""


def _averages(name: str) -> Function:
    known = f"CAST([{', '.join(_BY_RESOLUTION[name].split())}] AS DOUBLE[])"
    return _of_resolution(name, FLOAT64, f"{known}[CAST({{0}} AS INTEGER) + 1]")


def _of_resolution(name: str, result: DataType, text: str) -> Function:
    too_fine = failure(69, f"the resolution is at most {_MOST}")
    text = f"CASE WHEN {{0}} > {_MOST} THEN {too_fine} ELSE {text} END"
    return Function(name, _typed(result, UINT8, resolution=0), text)


# Rings and polygons --------------------------------------------------------------------------


def _disk_returns(args: Sequence[Expr]) -> DataType:
    cell, distance = args[0].type.bare, args[1].type.bare
    if cell != UINT64:
        raise ArgumentError(f"illegal type `{cell}`, expected UInt64")
    if not distance.is_integer or distance.is_signed or distance.bits > 64:
        raise ArgumentError(f"illegal type `{distance}`, expected an unsigned integer")
    return _CELLS


def _fill_returns(args: Sequence[Expr]) -> DataType:
    polygon_depth(args[0].type)
    for arg in args[1:]:
        if not arg.type.is_integer:
            raise ArgumentError(f"illegal type `{arg.type}`, expected an integer")
    for arg, most in zip(args[1:], (_MOST, 3), strict=False):
        if isinstance(arg, Const) and not 0 <= arg.value <= most:
            raise ArgumentError(f"{arg.value} is not one of 0, …, {most}", 69)
    return _CELLS


def _lower_fill(call: Call, args: list[str]) -> str:
    mode = args[2] if len(args) > 2 else "0"
    shape = polygons(call.args[0].type, args[0])
    return f"mt_h3_fill({shape}, CAST({args[1]} AS INTEGER), CAST({mode} AS INTEGER))"


ROWS = (
    _numbers("geoToH3", UINT64, "mt_geo_to_h3", "DOUBLE", "DOUBLE", "INTEGER"),
    _numbers("h3ToGeo", LATITUDE_FIRST, "mt_h3_to_geo", "UBIGINT"),
    _numbers("h3ToGeoBoundary", array(POINT), "mt_h3_boundary", "UBIGINT"),
    _numbers("h3IsValid", UINT8, "mt_h3_is_valid", "UBIGINT"),
    _numbers("h3GetResolution", UINT8, "mt_h3_resolution", "UBIGINT"),
    _numbers("h3ToParent", UINT64, "mt_h3_parent", "UBIGINT", "INTEGER"),
    _numbers("h3ToChildren", _CELLS, "mt_h3_children", "UBIGINT", "INTEGER"),
    _numbers("h3Distance", INT64, "mt_h3_distance", "UBIGINT", "UBIGINT"),
    Function("h3ToString", numbers(STRING), "lower(to_hex(CAST({0} AS UBIGINT)))"),
    Function("stringToH3", strings(UINT64), "CAST('0x' || {0} AS UBIGINT)"),
    *(_averages(name) for name in _BY_RESOLUTION),
    _of_resolution("h3NumHexagons", INT64, "2 + 120 * CAST(pow(7, {0}) AS BIGINT)"),
    _of_resolution("h3GetPentagonIndexes", _CELLS, "mt_h3_pentagons(CAST({0} AS INTEGER))"),
    Function("h3GetRes0Indexes", _CELLS, "mt_h3_first_cells(0)", args=(0, 0)),
    _row("h3CellAreaM2", FLOAT64, "mt_h3_area_m2", UINT64),
    _row("h3CellAreaRads2", FLOAT64, "mt_h3_area_rads2", UINT64),
    _row("h3GetBaseCell", UINT8, "mt_h3_base", UINT64),
    _row("h3GetFaces", array(UINT8), "mt_h3_faces", UINT64),
    _row("h3IsPentagon", UINT8, "mt_h3_is_pentagon", UINT64),
    _row("h3IsResClassIII", UINT8, "mt_h3_is_class3", UINT64),
    _row("h3ToCenterChild", UINT64, "mt_h3_center", UINT64, UINT8, resolution=1),
    Function(
        "h3kRing",
        _disk_returns,
        "mt_h3_disk({0}, CAST({1} AS INTEGER))",
        args=(2, 2),
        exact=True,
    ),
    _row("h3HexRing", _CELLS, "mt_h3_ring", UINT64, UINT16),
    _row("h3IndexesAreNeighbors", UINT8, "mt_h3_neighbours", UINT64, UINT64),
    _row("h3Line", _CELLS, "mt_h3_line", UINT64, UINT64),
    _row("h3GetUnidirectionalEdge", UINT64, "mt_h3_edge", UINT64, UINT64),
    _row("h3UnidirectionalEdgeIsValid", UINT8, "mt_h3_is_edge", UINT64),
    _row("h3GetOriginIndexFromUnidirectionalEdge", UINT64, "mt_h3_origin", UINT64),
    _row("h3GetDestinationIndexFromUnidirectionalEdge", UINT64, "mt_h3_destination", UINT64),
    _row("h3GetIndexesFromUnidirectionalEdge", _EDGE, "mt_h3_edge_cells", UINT64),
    _row("h3GetUnidirectionalEdgesFromHexagon", _CELLS, "mt_h3_edges", UINT64),
    _row("h3GetUnidirectionalEdgeBoundary", array(POINT), "mt_h3_edge_boundary", UINT64),
    *(
        _row(f"h3ExactEdgeLength{unit}", FLOAT64, f"mt_h3_edge_{unit.lower()}", UINT64)
        for unit in ("Km", "M", "Rads")
    ),
    *(
        _row(f"h3PointDist{unit}", FLOAT64, f"mt_h3_great_circle_{unit.lower()}", *[FLOAT64] * 4)
        for unit in ("Km", "M", "Rads")
    ),
    Function("h3PolygonToCells", _fill_returns, _lower_fill, args=(2, 2)),
    Function("h3PolygonToCellsWithContainment", _fill_returns, _lower_fill, args=(3, 3)),
)
