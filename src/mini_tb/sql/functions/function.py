"""`Function`: one ClickHouse function, as a row of the table.

A row says the function's name, how many arguments it takes, the type of its result, and how DuckDB
computes it. What is not in the table is an error that names it; a row with `unsupported` is an
error that gives the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.dataclass import dataclass
from mini_tb.sql.constancy import is_constant
from mini_tb.sql.folding import bound_in, known
from mini_tb.sql.tree import Call, Const, Expr, LambdaExpr, Param
from mini_tb.types import DataType, low_cardinality

Returns = DataType | Callable[[Sequence[Expr]], DataType]
Lower = str | Callable[[Call, list[str]], str]


class ArgumentError(ValueError):
    """The arguments do not fit the function. `code` is ClickHouse's error number (43, 42, 36…)."""

    def __init__(self, message: str, code: int = 43, argument: int | None = None) -> None:
        self.message, self.code, self.argument = message, code, argument
        super().__init__(message)


class ValueDecidesShape(Exception):
    """A bound value is needed to compile (a precision, a type name, a pattern): the compiler
    catches it and compiles again with this value as a constant of the text."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(name)


@dataclass(frozen=True, slots=True)
class Function:
    """A function's row.

    `returns` is the type, or computes it from the arguments; under `nulls` it sees them without
    Nullable. `lower` is DuckDB text with `{0}`, `{1}`… for the arguments and `{args}` for all of
    them; it is cast to the result's storage type unless `exact`. Or it is a function of the bound
    call and its lowered arguments, and then the text has exactly the storage type of `call.type`.

    `nulls`: NULL in, NULL out, and the type becomes Nullable (ClickHouse's default). Functions
    that look at NULL themselves (`if`, `isNull`, `tuple`) say False and compute all types.
    `takes_nothing`: of those, what takes a value of an empty array (of type Nothing) as one among
    others; all other functions make another such value of it.
    `instead`: the name of the function that this one is for arguments of some types.
    `low_cardinality`: the result of one such argument is one too, by ClickHouse's general rule;
    `inner_low_cardinality`: an Array, Tuple or Map that it gives may hold such values.
    `bytes_ok`: takes BLOB where a string that need not be UTF-8 comes in; else it is decoded first.
    `compares`: beside a written NULL it is NULL, and what is on its other side is not computed.
    `per_row`: it is computed at each row, of constants too; `of_types`: its value follows from the
    types of its arguments, and so is a constant. All others are constants if their arguments are.
    `draws`: it draws a value at random, at each row if `per_row`; equal calls of a SELECT draw one.
    `predicate`: its lambda is a condition, lowered to BOOLEAN. `folds`: the
    first parameter of its lambda stands apart; several others are one tuple (`list_zip`).
    `lambda_types`: for higher-order functions: types of the lambda's parameters, given the types of
    the other arguments (in their order) and the number of parameters.
    """

    name: str
    returns: Returns
    lower: Lower
    args: tuple[int, int | None] = (1, 1)
    nulls: bool = True
    takes_nothing: bool = False
    instead: Callable[[Sequence[Expr]], str | None] | None = None
    exact: bool = False
    bytes_ok: bool = False
    low_cardinality: bool = True
    inner_low_cardinality: bool = False
    compares: bool = False
    per_row: bool = False
    draws: bool = False
    of_types: bool = False
    aliases: tuple[str, ...] = ()
    any_case: bool = False
    lambda_types: Callable[[Sequence[DataType], int], Sequence[DataType]] | None = None
    predicate: bool = False
    folds: bool = False
    window_only: bool = False
    unsupported: str | None = None
    doc: str = ""


def unsupported(reason: str, *names: str) -> tuple[Function, ...]:
    """Rows for functions that this engine does not have, with the reason."""
    from mini_tb.types import STRING

    return tuple(
        Function(name, STRING, "", args=(0, None), any_case=True, unsupported=reason)
        for name in names
    )


def constant(expr: Expr) -> object:
    """The value of a constant argument, needed to compile: a literal, or what is computed of some.

    Raises `ArgumentError` if it is not constant, `ValueDecidesShape` for a bound value.
    """
    if isinstance(expr, Const):
        return expr.value
    if isinstance(expr, Param):
        raise ValueDecidesShape(expr.name)
    if expr.type.is_number:
        found = known(expr)
        if found is not None:
            return found.value
    if isinstance(expr, Call) and expr.function.name in ("negate", "CAST") and expr.args:
        inner = constant(expr.args[0])
        if expr.function.name == "negate" and isinstance(inner, int | float):
            return -inner
        return inner
    if isinstance(expr, Call) and expr.function.name in ("array", "tuple"):
        return [constant(arg) for arg in expr.args]
    if isinstance(expr, Call) and expr.function.name.startswith("to") and len(expr.args) == 1:
        return constant(expr.args[0])
    found = known(expr)
    if found is not None:
        return found.value
    bound = bound_in(expr)
    if bound:
        raise ValueDecidesShape(bound[0].name)  # written, the expression has a value
    raise ArgumentError("must be a constant", 44)


def text(expr: Expr) -> str:
    """The value of a constant string argument; raises as `constant`."""
    value = constant(expr)
    if not isinstance(value, str):
        raise ArgumentError("must be a constant string", 44)
    return value


def integer(expr: Expr) -> int:
    """The value of a constant integer argument; raises as `constant`."""
    value = constant(expr)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ArgumentError("must be a constant integer", 44)
    return value


def numbers(result: DataType) -> Callable[[Sequence[Expr]], DataType]:
    """`result`, if the arguments are numbers."""

    def returns(args: Sequence[Expr]) -> DataType:
        for arg in args:
            if not arg.type.is_number:
                raise ArgumentError(f"illegal type `{arg.type}`, expected a number")
        return result

    return returns


def keep_low_cardinality(args: Sequence[Expr], result: DataType) -> DataType:
    """The result's type by ClickHouse's rule for functions of one LowCardinality argument and
    otherwise constants: LowCardinality too; plain in all other cases."""
    plain = result.types[0] if result.name == "LowCardinality" else result
    return low_cardinality(plain) if is_over_dictionary(args) else plain


def over_dictionaries(returns: Callable[[Sequence[Expr]], DataType]) -> Returns:
    """A `returns` that follows that rule where it gives what can be LowCardinality."""

    def found(args: Sequence[Expr]) -> DataType:
        result = returns(args)
        is_low = result.can_be_low_cardinality and is_over_dictionary(args)
        return low_cardinality(result) if is_low else result

    return found


def is_over_dictionary(args: Sequence[Expr]) -> bool:
    """Whether one argument is LowCardinality and all others are constants."""
    free = [arg for arg in args if not is_constant(arg)]
    if free:
        return len(free) == 1 and free[0].type.name == "LowCardinality"
    return any(arg.type.name == "LowCardinality" for arg in args)


def without_low_cardinality(t: DataType) -> DataType:
    """The type with no LowCardinality anywhere in it, as most functions and all aggregates take
    their arguments."""
    if t.name == "LowCardinality":
        return t.types[0]
    if t.name in ("Array", "Tuple", "Map", "Nullable") and t.types:
        inner = tuple(without_low_cardinality(e) for e in t.types)
        return t if inner == t.types else DataType(t.name, inner, t.params, t.names)
    return t


def is_lambda(expr: Expr) -> bool:
    """Whether the argument is a lambda."""
    return isinstance(expr, LambdaExpr)
