"""Rounding: `round` (half to even for floats), `floor`, `ceil`, `trunc`."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.tree import Expr
from mini_tb.types import DataType


def _same(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_number:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a number")
    return args[0].type


ROWS = (
    Function("round", _same, "round_even({0}, 0)", args=(1, 1), any_case=True),
    Function("floor", _same, "floor({0})", args=(1, 1), any_case=True),
    Function("ceil", _same, "ceil({0})", args=(1, 1), aliases=("ceiling",), any_case=True),
)
