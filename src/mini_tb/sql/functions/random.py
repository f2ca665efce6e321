"""Random values: `rand`, `randCanonical`, `randNormal`, `randomString`, …; another at each row."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.function import ArgumentError, Function, numbers
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import FLOAT64, STRING, UINT8, UINT32, UINT64, DataType

_BITS_32 = "CAST(floor(random() * 4294967296) AS {duck})"


def _rand_64(call: Call, args: list[str]) -> str:
    high, low = (_BITS_32.format(duck="UBIGINT") for _ in range(2))
    return f"({high} * 4294967296 + {low})"


_NORMAL = "sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())"


def _text(low: int, high: int) -> str:
    """As many random characters of a range as the first argument says."""
    one = f"chr(CAST({low} + floor(random() * {high - low + 1}) AS INTEGER))"
    return f"array_to_string(list_transform(range(CAST({{0}} AS BIGINT)), lambda i: {one}), '')"


def _counts(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_integer:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected an integer")
    return STRING


ROWS = (
    Function(
        "rand",
        UINT32,
        _BITS_32.format(duck="UINTEGER"),
        args=(0, 1),
        nulls=False,
        aliases=("rand32",),
        any_case=True,
        exact=True,
        per_row=True,
    ),
    Function("rand64", UINT64, _rand_64, args=(0, 1), nulls=False, per_row=True),
    Function(
        "randConstant",
        UINT32,
        f"(SELECT {_BITS_32.format(duck='UINTEGER')})",
        args=(0, 1),
        nulls=False,
        exact=True,
    ),
    Function(
        "randCanonical",
        FLOAT64,
        "random()",
        args=(0, 1),
        nulls=False,
        any_case=True,
        exact=True,
        per_row=True,
    ),
    Function(
        "randUniform", numbers(FLOAT64), "{0} + random() * ({1} - {0})", args=(2, 3), per_row=True
    ),
    Function(
        "randNormal", numbers(FLOAT64), f"{{0}} + {{1}} * {_NORMAL}", args=(2, 3), per_row=True
    ),
    Function(
        "randLogNormal",
        numbers(FLOAT64),
        f"exp({{0}} + {{1}} * {_NORMAL})",
        args=(2, 3),
        per_row=True,
    ),
    Function(
        "randExponential", numbers(FLOAT64), "-ln(1 - random()) / {0}", args=(1, 2), per_row=True
    ),
    Function(
        "randBernoulli",
        numbers(UINT8),
        "CASE WHEN random() < {0} THEN 1 ELSE 0 END",
        args=(1, 2),
        per_row=True,
    ),
    Function(
        "randomPrintableASCII", _counts, _text(32, 126), args=(1, 2), exact=True, per_row=True
    ),
)
