"""H3 cells, through the library of that name; each distinct cell once."""

from __future__ import annotations

from typing import Any

from mini_tb.sql.duckdb.udf import Udf, over_distinct, over_rows


def _library() -> Any:
    from h3.api import basic_int

    return basic_int


def _points(boundary: Any) -> list[dict[str, float]]:
    return [{"1": latitude, "2": longitude} for latitude, longitude in boundary]


def _cell(latitudes: Any, longitudes: Any, resolutions: Any) -> Any:
    import pyarrow as pa

    h3 = _library()
    return over_rows(h3.latlng_to_cell, (latitudes, longitudes, resolutions), pa.uint64())


def _place(cells: Any) -> Any:
    import pyarrow as pa

    h3 = _library()
    place = pa.struct([("latitude", pa.float64()), ("longitude", pa.float64())])

    def read(cell: int) -> dict[str, float]:
        latitude, longitude = h3.cell_to_latlng(cell)
        return {"latitude": latitude, "longitude": longitude}

    return over_distinct(read, cells, place)


def _boundary(cells: Any) -> Any:
    import pyarrow as pa

    h3 = _library()
    point = pa.struct([("1", pa.float64()), ("2", pa.float64())])
    return over_distinct(lambda cell: _points(h3.cell_to_boundary(cell)), cells, pa.list_(point))


def _is_valid(cells: Any) -> Any:
    import pyarrow as pa

    h3 = _library()
    return over_distinct(lambda cell: int(h3.is_valid_cell(cell)), cells, pa.uint8())


def _resolution(cells: Any) -> Any:
    import pyarrow as pa

    return over_distinct(_library().get_resolution, cells, pa.uint8())


def _parent(cells: Any, resolutions: Any) -> Any:
    import pyarrow as pa

    return over_rows(_library().cell_to_parent, (cells, resolutions), pa.uint64())


def _children(cells: Any, resolutions: Any) -> Any:
    import pyarrow as pa

    h3 = _library()
    return over_rows(
        lambda cell, to: list(h3.cell_to_children(cell, to)),
        (cells, resolutions),
        pa.list_(pa.uint64()),
    )


def _distance(a: Any, b: Any) -> Any:
    import pyarrow as pa

    return over_rows(_library().grid_distance, (a, b), pa.int64())


_POINT = 'STRUCT("1" DOUBLE, "2" DOUBLE)'

UDFS = (
    Udf("mt_geo_to_h3", ("DOUBLE", "DOUBLE", "INTEGER"), "UBIGINT", _cell),
    Udf("mt_h3_to_geo", ("UBIGINT",), "STRUCT(latitude DOUBLE, longitude DOUBLE)", _place),
    Udf("mt_h3_boundary", ("UBIGINT",), f"{_POINT}[]", _boundary),
    Udf("mt_h3_is_valid", ("UBIGINT",), "UTINYINT", _is_valid),
    Udf("mt_h3_resolution", ("UBIGINT",), "UTINYINT", _resolution),
    Udf("mt_h3_parent", ("UBIGINT", "INTEGER"), "UBIGINT", _parent),
    Udf("mt_h3_children", ("UBIGINT", "INTEGER"), "UBIGINT[]", _children),
    Udf("mt_h3_distance", ("UBIGINT", "UBIGINT"), "BIGINT", _distance),
)
