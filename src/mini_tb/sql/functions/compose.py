"""Functions that are other functions put together: `L2Norm((x, y))` is `sqrt(x * x + y * y)`.

Such a row gives no text of its own; it builds the expression, whose parts bring their types and
their texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.dataclass import dataclass
from mini_tb.sql.duckdb.once import computed_once
from mini_tb.sql.functions.constants import literal
from mini_tb.sql.functions.function import Function
from mini_tb.sql.tree import Call, Const, Expr
from mini_tb.types import DataType, to_duckdb
from mini_tb.types.duckdb import field_names, quote_string

Build = Callable[[Sequence[Expr]], Expr]


@dataclass(slots=True)
class Text(Expr):
    """An expression whose DuckDB text is known already."""

    text: str


def call(name: str, *args: Expr) -> Expr:
    """The call of a function of the table, as the binder makes it. Raises `ArgumentError`."""
    from mini_tb.sql.apply import apply  # the table is loaded before the binder

    return apply(name, list(args))


def fields(arg: Expr) -> list[Expr]:
    """The elements of a tuple."""
    bare = arg.type.bare
    if isinstance(arg, Const) and isinstance(arg.value, list | tuple):
        return [Const(t, v) for t, v in zip(bare.types, arg.value, strict=True)]
    sql = arg.text if isinstance(arg, Text) else ""
    return [
        Text(t, f"struct_extract({sql}, {quote_string(name)})")
        for name, t in zip(field_names(bare), bare.types, strict=True)
    ]


def lowered(expr: Expr) -> str:
    """DuckDB text of an expression built of calls, constants and texts."""
    if isinstance(expr, Text):
        return expr.text
    if isinstance(expr, Const):
        return literal(expr.value, expr.type)
    assert isinstance(expr, Call)
    args = [lowered(arg) for arg in expr.args]
    if not expr.function.bytes_ok:
        args = [
            f"decode({sql})" if arg.type.is_bytes else sql
            for arg, sql in zip(expr.args, args, strict=True)
        ]
    lower = expr.function.lower
    if not callable(lower):
        text = lower.format(*args, args=", ".join(args))
        return text if expr.function.exact else f"CAST({text} AS {to_duckdb(expr.type)})"
    simple = [isinstance(arg, Const | Text) for arg in expr.args]
    return computed_once(args, simple, lambda texts: lower(expr, texts))


def composed(
    name: str,
    build: Build,
    args: tuple[int, int | None] = (1, 1),
    *,
    nulls: bool = True,
    aliases: tuple[str, ...] = (),
    any_case: bool = False,
) -> Function:
    """The row of a function that `build` puts together from its arguments."""

    def returns(given: Sequence[Expr]) -> DataType:
        return build([arg if isinstance(arg, Const) else Text(arg.type, "") for arg in given]).type

    def lower(bound: Call, texts: list[str]) -> str:
        known = zip(bound.args, texts, strict=True)
        return lowered(
            build([a if isinstance(a, Const) else Text(a.type, text) for a, text in known])
        )

    return Function(
        name,
        returns,
        lower,
        args=args,
        nulls=nulls,
        aliases=aliases,
        any_case=any_case,
        bytes_ok=True,
    )
