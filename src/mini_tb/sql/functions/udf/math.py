"""Mathematical functions that DuckDB lacks, one value at a time: the C library has no vectors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from mini_tb.sql.duckdb.udf import Udf


def _tgamma(x: float) -> float:
    try:
        return math.gamma(x)
    except OverflowError:
        return math.inf
    except ValueError:  # a pole
        return math.copysign(math.inf, x) if x == 0 else math.nan


def _log1p(x: float) -> float:
    if x == -1:
        return -math.inf
    return math.log1p(x) if x > -1 else math.nan


def _mapped(function: Callable[[float], float]) -> Callable[[Any], Any]:
    def over(values: Any) -> Any:
        import pyarrow as pa

        found = [None if x is None else function(x) for x in values.to_pylist()]
        return pa.array(found, pa.float64())

    return over


UDFS = tuple(
    Udf(f"mt_{name}", ("DOUBLE",), "DOUBLE", _mapped(function))
    for name, function in (
        ("erf", math.erf),
        ("erfc", math.erfc),
        ("tgamma", _tgamma),
        ("log1p", _log1p),
    )
)
