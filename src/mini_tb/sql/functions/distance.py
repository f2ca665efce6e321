"""Norms and distances of vectors, which are tuples or arrays of numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions.compose import Text, call, composed, fields, lowered
from mini_tb.sql.functions.function import ArgumentError, Function, constant
from mini_tb.sql.functions.tuple_math import need_tuples, total
from mini_tb.sql.tree import Call, Const, Expr
from mini_tb.types import FLOAT32, FLOAT64, DataType
from mini_tb.types.duckdb import to_duckdb

OfTuples = Callable[[list[Expr], Expr | None], Expr]


def _square(x: Expr) -> Expr:
    return call("multiply", x, x)


def _float(x: Expr) -> Expr:
    return call("toFloat64", x)


def _power(p: Expr | None) -> Const:
    assert p is not None
    value = constant(p)
    if not isinstance(value, int | float) or value < 1:
        raise ArgumentError("the power must be a number of at least 1", 69)
    return Const(FLOAT64, float(value))


def _l1(parts: list[Expr], p: Expr | None) -> Expr:
    return total([call("abs", part) for part in parts])


def _l2(parts: list[Expr], p: Expr | None) -> Expr:
    return call("sqrt", _l2_squared(parts, p))


def _l2_squared(parts: list[Expr], p: Expr | None) -> Expr:
    return total([_square(part) for part in parts])


def _linf(parts: list[Expr], p: Expr | None) -> Expr:
    sizes = [_float(call("abs", part)) for part in parts]
    return call("greatest", *sizes) if len(sizes) > 1 else sizes[0]


def _lp(parts: list[Expr], p: Expr | None) -> Expr:
    power = _power(p)
    sums = total([call("pow", _float(call("abs", part)), power) for part in parts])
    return call("pow", sums, Const(FLOAT64, 1 / power.value))


_TUPLE_NORMS: dict[str, OfTuples] = {
    "L1": _l1,
    "L2": _l2,
    "L2Squared": _l2_squared,
    "Linf": _linf,
    "Lp": _lp,
}
_ABS = "list_transform({0}, lambda e: abs(e))"
_SQUARES = "list_sum(list_transform({0}, lambda e: e * e))"
_POWERS = "pow(list_sum(list_transform({0}, lambda e: pow(abs(e), {1}))), 1.0 / {1})"
_ARRAY_NORMS = {
    "L1": f"coalesce(list_sum({_ABS}), 0)",
    "L2": f"sqrt(coalesce({_SQUARES}, 0))",
    "L2Squared": f"coalesce({_SQUARES}, 0)",
    "Linf": f"coalesce(list_max({_ABS}), 0)",
    "Lp": f"coalesce({_POWERS}, 0)",
}


def _float_type(args: Sequence[Expr]) -> DataType:
    """Float32 where the arrays hold no wider number than that."""
    elements = []
    for arg in args:
        if not arg.type.is_array or not arg.type.element.is_number:
            raise ArgumentError(f"illegal type `{arg.type}`, expected an Array of numbers")
        if arg.type.element.is_nullable:
            raise ArgumentError("arrays with NULL are not measured here", 48)
        elements.append(arg.type.element.bare)
    narrow = any(t == FLOAT32 for t in elements) and all(
        t == FLOAT32 or (t.is_integer and t.bits <= 16) for t in elements
    )
    return FLOAT32 if narrow else FLOAT64


def _duck(t: DataType) -> str:
    return "FLOAT" if t == FLOAT32 else "DOUBLE"


def _power_text(args: Sequence[Expr], at: int) -> str:
    return str(_power(args[at]).value) if len(args) > at else ""


def _differences(a: str, b: str, duck: str) -> str:
    message = "error('DB::190: arguments of the distance must be arrays of equal sizes')"
    zipped = f"list_zip(CAST({a} AS {duck}[]), CAST({b} AS {duck}[]))"
    each = f"list_transform({zipped}, lambda z: z[1] - z[2])"
    return f"(CASE WHEN len({a}) = len({b}) THEN {each} ELSE {message} END)"


def _norm(name: str) -> Function:
    def returns(args: Sequence[Expr]) -> DataType:
        if args[0].type.is_array:
            _power_text(args, 1)
            return _float_type(args[:1])
        (parts,) = need_tuples(args[:1])
        return _TUPLE_NORMS[name](parts, args[1] if len(args) > 1 else None).type

    def lower(bound: Call, args: list[str]) -> str:
        if bound.args[0].type.is_array:
            vector = f"CAST({args[0]} AS {_duck(bound.type.bare)}[])"
            text = _ARRAY_NORMS[name].format(vector, _power_text(bound.args, 1))
            return f"CAST({text} AS {_duck(bound.type.bare)})"
        parts = fields(Text(bound.args[0].type, args[0]))
        return lowered(_TUPLE_NORMS[name](parts, bound.args[1] if len(args) > 1 else None))

    count = 2 if name == "Lp" else 1
    aliases = (f"norm{name}",)
    return Function(
        f"{name}Norm", returns, lower, args=(count, count), aliases=aliases, any_case=True
    )


def _distance(name: str) -> Function:
    def parts(a: Expr, b: Expr) -> list[Expr]:
        return [call("minus", x, y) for x, y in zip(*need_tuples([a, b]), strict=True)]

    def returns(args: Sequence[Expr]) -> DataType:
        if args[0].type.is_array:
            _power_text(args, 2)
            return _float_type(args[:2])
        return _TUPLE_NORMS[name](parts(*args[:2]), args[2] if len(args) > 2 else None).type

    def lower(bound: Call, args: list[str]) -> str:
        power = bound.args[2] if len(args) > 2 else None
        if bound.args[0].type.is_array:
            duck = _duck(bound.type.bare)
            text = _differences(args[0], args[1], duck)
            if name == "L2":
                text = f"list_distance(CAST({args[0]} AS {duck}[]), CAST({args[1]} AS {duck}[]))"
                return f"CAST({text} AS {duck})"
            text = _ARRAY_NORMS[name].format(text, _power_text(bound.args, 2))
            return f"CAST({text} AS {duck})"
        a, b = (Text(arg.type, sql) for arg, sql in zip(bound.args[:2], args[:2], strict=True))
        return lowered(_TUPLE_NORMS[name](parts(a, b), power))

    count = 3 if name == "Lp" else 2
    aliases = (f"distance{name}",)
    return Function(
        f"{name}Distance", returns, lower, args=(count, count), aliases=aliases, any_case=True
    )


def _normalize(name: str) -> Function:
    def build(args: Sequence[Expr]) -> Expr:
        (parts,) = need_tuples(args[:1])
        norm = _TUPLE_NORMS[name](parts, args[1] if len(args) > 1 else None)
        return call("tuple", *(call("divide", part, norm) for part in parts))

    count = 2 if name == "Lp" else 1
    aliases = (f"normalize{name}",)
    return composed(f"{name}Normalize", build, (count, count), aliases=aliases, any_case=True)


def _dot_of_tuples(a: Expr, b: Expr) -> Expr:
    pairs = zip(*need_tuples([a, b]), strict=True)
    return total([call("multiply", x, y) for x, y in pairs])


def _dot_returns(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_array:
        return _dot_of_tuples(*args).type
    types = []
    for arg in args:
        _float_type([arg])
        types.append(arg.type.element.bare)
    if all(t == FLOAT32 for t in types):
        return FLOAT32
    if any(t.is_float for t in types):
        return FLOAT64
    return call("multiply", Const(types[0], 0), Const(types[1], 0)).type


def _lower_dot(bound: Call, args: list[str]) -> str:
    a, b = (Text(arg.type, sql) for arg, sql in zip(bound.args, args, strict=True))
    if not a.type.is_array:
        return lowered(_dot_of_tuples(a, b))
    t = bound.type.bare
    if t.is_float:
        duck = _duck(t)
        vectors = f"CAST({a.text} AS {duck}[]), CAST({b.text} AS {duck}[])"
        return f"CAST(list_inner_product({vectors}) AS {duck})"
    zipped = f"list_zip({a.text}, {b.text})"
    products = f"list_transform({zipped}, lambda z: CAST(z[1] AS HUGEINT) * CAST(z[2] AS HUGEINT))"
    wide = "HUGEINT"
    whole = (1 << t.bits) - 1
    summed = f"(CAST(coalesce(list_sum({products}), 0) AS {wide}) & {whole}::{wide})"
    if t.is_signed:
        low = f"{summed} - {whole + 1}::{wide}"
        summed = f"(CASE WHEN {summed} > {whole >> 1} THEN {low} ELSE {summed} END)"
    return f"CAST({summed} AS {to_duckdb(t)})"


def _cosine_of_tuples(a: Expr, b: Expr) -> Expr:
    norms = [_l2(part, None) for part in need_tuples([a, b])]
    ratio = call("divide", _dot_of_tuples(a, b), call("multiply", *norms))
    return call("minus", Const(FLOAT64, 1.0), ratio)


def _cosine_returns(args: Sequence[Expr]) -> DataType:
    return _float_type(args) if args[0].type.is_array else _cosine_of_tuples(*args).type


def _lower_cosine(bound: Call, args: list[str]) -> str:
    a, b = (Text(arg.type, sql) for arg, sql in zip(bound.args, args, strict=True))
    if not a.type.is_array:
        return lowered(_cosine_of_tuples(a, b))
    duck = _duck(bound.type.bare)
    vectors = ", ".join(f"CAST({part.text} AS {duck}[])" for part in (a, b))
    found = f"CAST(list_cosine_distance({vectors}) AS {duck})"
    return f"CASE WHEN len({a.text}) = 0 AND len({b.text}) = 0 THEN 'nan' ELSE {found} END"


ROWS = (
    *(_norm(name) for name in _TUPLE_NORMS),
    *(_distance(name) for name in _TUPLE_NORMS),
    *(_normalize(name) for name in ("L1", "L2", "Linf", "Lp")),
    Function(
        "dotProduct",
        _dot_returns,
        _lower_dot,
        args=(2, 2),
        aliases=("scalarProduct", "arrayDotProduct"),
        any_case=True,
    ),
    Function(
        "cosineDistance",
        _cosine_returns,
        _lower_cosine,
        args=(2, 2),
        aliases=("distanceCosine",),
        any_case=True,
    ),
)
