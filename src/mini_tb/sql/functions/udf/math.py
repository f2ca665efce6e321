"""Mathematical functions that DuckDB lacks, or computes with other last digits than ClickHouse.

numpy has some as vectors; the others go through Python's, one value at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.values import python_udf


def _tgamma(x: float) -> float:
    try:
        return math.gamma(x)
    except OverflowError:
        return math.inf
    except ValueError:  # a pole
        return math.copysign(math.inf, x) if x == 0 else math.nan


_WITNESSES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
"""Enough for Miller and Rabin's test to be exact up to 64 bits, and beyond to be all but sure."""


def is_prime(digits: str) -> bool:
    """Whether a number is prime (above 64 bits: all but surely)."""
    number = int(digits)
    if number < 2 or any(number % p == 0 for p in _WITNESSES):
        return number in _WITNESSES
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for witness in _WITNESSES:
        x = pow(witness, odd, number)
        if x in (1, number - 1):
            continue
        if all((x := x * x % number) != number - 1 for _ in range(twos - 1)):
            return False
    return True


def _mapped(function: Callable[[float], float]) -> Callable[[Any], Any]:
    def over(values: Any) -> Any:
        import pyarrow as pa

        found = [None if x is None else function(x) for x in values.to_pylist()]
        return pa.array(found, pa.float64())

    return over


def _over_vectors(name: str, *columns: Any) -> Any:
    import numpy as np
    import pyarrow as pa

    whole = [column.combine_chunks() for column in columns]
    with np.errstate(all="ignore"):
        found = getattr(np, name)(*(column.to_numpy(zero_copy_only=False) for column in whole))
    empty = [column.is_null().to_numpy(zero_copy_only=False) for column in whole]
    return pa.array(found, pa.float64(), mask=np.any(empty, axis=0))


def _cbrt(values: Any) -> Any:
    return _over_vectors("cbrt", values)


def _hypot(first: Any, second: Any) -> Any:
    return _over_vectors("hypot", first, second)


def _log1p(values: Any) -> Any:
    return _over_vectors("log1p", values)


UDFS = (
    Udf("mt_cbrt", ("DOUBLE",), "DOUBLE", _cbrt),
    Udf("mt_hypot", ("DOUBLE", "DOUBLE"), "DOUBLE", _hypot),
    Udf("mt_log1p", ("DOUBLE",), "DOUBLE", _log1p),
    python_udf("mt_is_prime", ("VARCHAR",), "BOOLEAN", is_prime),
    *(
        Udf(f"mt_{name}", ("DOUBLE",), "DOUBLE", _mapped(function))
        for name, function in (
            ("erf", math.erf),
            ("erfc", math.erfc),
            ("tgamma", _tgamma),
        )
    ),
)
