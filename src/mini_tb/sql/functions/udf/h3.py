"""H3 cells, through the library of that name; each distinct cell once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.values import python_udf


@cache
def _library() -> tuple[Any, Any]:
    """The library, and the base of its errors."""
    import h3
    from h3.api import basic_int

    return basic_int, h3.H3BaseException


def _udf(name: str, parameters: tuple[str, ...], returns: str, function: Callable[..., Any]) -> Udf:
    """A function of the library's; `function` takes the library and the values of one row. Where
    the library refuses them, it is ClickHouse's error 117."""

    def checked(*values: Any) -> Any:
        h3, refusal = _library()
        try:
            return function(h3, *values)
        except (refusal, ValueError) as error:
            raise ValueError(f"DB::117: {str(error) or type(error).__name__}") from None

    return python_udf(name, parameters, returns, checked)


_PAIR = 'STRUCT("1" DOUBLE, "2" DOUBLE)'
_PLACE = "STRUCT(latitude DOUBLE, longitude DOUBLE)"
_EDGE = "STRUCT(origin UBIGINT, destination UBIGINT)"


def _place(h3: Any, cell: int) -> dict[str, float]:
    latitude, longitude = h3.cell_to_latlng(cell)
    return {"latitude": latitude, "longitude": longitude}


def _points(boundary: Any) -> list[dict[str, float]]:
    return [{"1": latitude, "2": longitude} for latitude, longitude in boundary]


def _valid(h3: Any, cell: int) -> int:
    """The cell. Some of the library's functions answer for what is none."""
    if not h3.is_valid_cell(cell):
        raise ValueError(f"Invalid H3 cell index: {cell}")
    return cell


def _valid_edge(h3: Any, edge: int) -> int:
    if not h3.is_valid_directed_edge(edge):
        raise ValueError(f"Invalid H3 directed edge index: {edge}")
    return edge


def _edge(h3: Any, origin: int, destination: int) -> int:
    """The edge between neighbours; 0 for others."""
    origin, destination = _valid(h3, origin), _valid(h3, destination)
    is_edge = origin != destination and h3.are_neighbor_cells(origin, destination)
    return h3.cells_to_directed_edge(origin, destination) if is_edge else 0


def _edge_cells(h3: Any, edge: int) -> dict[str, int]:
    origin, destination = h3.directed_edge_to_cells(edge)
    return {"origin": origin, "destination": destination}


_CONTAINMENTS = ("center", "full", "overlap", "bbox_overlap")


def _cells_of_polygons(h3: Any, polygons: Any, resolution: int, mode: int) -> list[int]:
    cells: list[int] = []
    for rings in polygons:
        # Points are (longitude, latitude); the library takes (latitude, longitude).
        outer, *holes = [[(p["2"], p["1"]) for p in ring] for ring in rings] or [[]]
        if outer:
            shape = h3.LatLngPoly(outer, *holes)
            cells += h3.h3shape_to_cells_experimental(shape, resolution, _CONTAINMENTS[mode])
    return cells


_CELL, _CELLS, _NUMBER, _FLAG = "UBIGINT", "UBIGINT[]", "DOUBLE", "UTINYINT"
_ONE, _TWO = (_CELL,), (_CELL, _CELL)
_WITH_NUMBER = (_CELL, "INTEGER")
_POLYGONS = f"{_PAIR}[][][]"

UDFS = (
    _udf(
        "mt_geo_to_h3",
        ("DOUBLE", "DOUBLE", "INTEGER"),
        _CELL,
        lambda h3, latitude, longitude, to: h3.latlng_to_cell(latitude, longitude, to),
    ),
    _udf("mt_h3_to_geo", _ONE, _PLACE, _place),
    _udf("mt_h3_boundary", _ONE, f"{_PAIR}[]", lambda h3, cell: _points(h3.cell_to_boundary(cell))),
    _udf("mt_h3_is_valid", _ONE, _FLAG, lambda h3, cell: int(h3.is_valid_cell(cell))),
    _udf("mt_h3_resolution", _ONE, _FLAG, lambda h3, cell: h3.get_resolution(cell)),
    _udf("mt_h3_parent", _WITH_NUMBER, _CELL, lambda h3, cell, to: h3.cell_to_parent(cell, to)),
    _udf(
        "mt_h3_children", _WITH_NUMBER, _CELLS, lambda h3, cell, to: h3.cell_to_children(cell, to)
    ),
    _udf("mt_h3_distance", _TWO, "BIGINT", lambda h3, a, b: h3.grid_distance(a, b)),
    _udf("mt_h3_base", _ONE, _FLAG, lambda h3, cell: h3.get_base_cell_number(cell)),
    _udf(
        "mt_h3_faces",
        _ONE,
        f"{_FLAG}[]",
        lambda h3, cell: h3.get_icosahedron_faces(_valid(h3, cell)),
    ),
    _udf("mt_h3_is_pentagon", _ONE, _FLAG, lambda h3, c: int(h3.is_pentagon(_valid(h3, c)))),
    _udf("mt_h3_is_class3", _ONE, _FLAG, lambda h3, c: int(h3.is_res_class_III(_valid(h3, c)))),
    _udf("mt_h3_area_m2", _ONE, _NUMBER, lambda h3, c: h3.cell_area(_valid(h3, c), "m^2")),
    _udf("mt_h3_area_rads2", _ONE, _NUMBER, lambda h3, c: h3.cell_area(_valid(h3, c), "rads^2")),
    _udf(
        "mt_h3_center",
        _WITH_NUMBER,
        _CELL,
        lambda h3, cell, to: h3.cell_to_center_child(_valid(h3, cell), to),
    ),
    _udf("mt_h3_disk", _WITH_NUMBER, _CELLS, lambda h3, c, k: h3.grid_disk(_valid(h3, c), k)),
    _udf("mt_h3_ring", _WITH_NUMBER, _CELLS, lambda h3, c, k: h3.grid_ring(_valid(h3, c), k)),
    _udf(
        "mt_h3_neighbours",
        _TWO,
        _FLAG,
        lambda h3, a, b: int(h3.are_neighbor_cells(_valid(h3, a), _valid(h3, b))),
    ),
    _udf("mt_h3_line", _TWO, _CELLS, lambda h3, a, b: h3.grid_path_cells(a, b)),
    _udf("mt_h3_edge", _TWO, _CELL, _edge),
    _udf("mt_h3_is_edge", _ONE, _FLAG, lambda h3, edge: int(h3.is_valid_directed_edge(edge))),
    _udf("mt_h3_origin", _ONE, _CELL, lambda h3, edge: h3.get_directed_edge_origin(edge)),
    _udf("mt_h3_destination", _ONE, _CELL, lambda h3, edge: h3.get_directed_edge_destination(edge)),
    _udf("mt_h3_edge_cells", _ONE, _EDGE, _edge_cells),
    _udf(
        "mt_h3_edges",
        _ONE,
        _CELLS,
        lambda h3, cell: h3.origin_to_directed_edges(_valid(h3, cell)),
    ),
    _udf(
        "mt_h3_edge_boundary",
        _ONE,
        f"{_PAIR}[]",
        lambda h3, edge: _points(h3.directed_edge_to_boundary(edge)),
    ),
    *(
        _udf(
            f"mt_h3_edge_{unit}",
            _ONE,
            _NUMBER,
            lambda h3, edge, unit=unit: h3.edge_length(_valid_edge(h3, edge), unit),
        )
        for unit in ("km", "m", "rads")
    ),
    *(
        _udf(
            f"mt_h3_great_circle_{unit}",
            (_NUMBER,) * 4,
            _NUMBER,
            lambda h3, a, b, c, d, unit=unit: h3.great_circle_distance((a, b), (c, d), unit),
        )
        for unit in ("km", "m", "rads")
    ),
    _udf("mt_h3_pentagons", ("INTEGER",), _CELLS, lambda h3, at: h3.get_pentagons(at)),
    _udf("mt_h3_first_cells", ("INTEGER",), _CELLS, lambda h3, at: h3.get_res0_cells()),
    _udf("mt_h3_fill", (_POLYGONS, "INTEGER", "INTEGER"), _CELLS, _cells_of_polygons),
)
