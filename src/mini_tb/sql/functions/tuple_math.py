"""Arithmetic on tuples, and what is left of tuples: joining, comparing, naming."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from mini_tb.sql.functions.compose import Build, call, composed, fields
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING, DataType, array, tuple_of
from mini_tb.types.duckdb import field_names, quote_identifier, quote_string


def need_tuples(args: Sequence[Expr]) -> list[list[Expr]]:
    """The elements of tuples of equal sizes. Raises `ArgumentError`."""
    for arg in args:
        if not arg.type.is_tuple:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a Tuple")
    parts = [fields(arg) for arg in args]
    if len({len(part) for part in parts}) != 1:
        raise ArgumentError("expected tuples of the same size")
    if not parts[0]:
        raise ArgumentError("expected tuples that are not empty")
    return parts


def _by_element(operator: str) -> Build:
    def build(args: Sequence[Expr]) -> Expr:
        columns = zip(*need_tuples(args), strict=True)
        return call(
            "tuple",
            *(reduce(lambda a, b: call(operator, a, b), column) for column in columns),
        )

    return build


def _by_number(operator: str) -> Build:
    def build(args: Sequence[Expr]) -> Expr:
        (elements,) = need_tuples(args[:1])
        return call("tuple", *(call(operator, element, args[1]) for element in elements))

    return build


def _negate(args: Sequence[Expr]) -> Expr:
    (elements,) = need_tuples(args)
    return call("tuple", *(call("negate", element) for element in elements))


def total(parts: Sequence[Expr]) -> Expr:
    """The sum of expressions."""
    return reduce(lambda a, b: call("plus", a, b), parts)


def _hamming(args: Sequence[Expr]) -> Expr:
    pairs = zip(*need_tuples(args), strict=True)
    return total([call("notEquals", a, b) for a, b in pairs])


def _concat(args: Sequence[Expr]) -> Expr:
    for arg in args:
        need_tuples([arg])
    return call("tuple", *(element for arg in args for element in fields(arg)))


def _names(args: Sequence[Expr]) -> DataType:
    need_tuples(args)
    return array(STRING)


def _lower_names(bound: Call, args: list[str]) -> str:
    return f"[{', '.join(map(quote_string, field_names(bound.args[0].type.bare)))}]"


def _pairs(args: Sequence[Expr]) -> DataType:
    (elements,) = need_tuples(args)
    types = {element.type for element in elements}
    if len(types) > 1:
        raise ArgumentError("the elements must be of one type")
    return array(tuple_of(STRING, types.pop()))


def _lower_pairs(bound: Call, args: list[str]) -> str:
    names = [quote_string(name) for name in field_names(bound.args[0].type.bare)]
    items = (f"{{'1': {name}, '2': struct_extract({args[0]}, {name})}}" for name in names)
    return f"[{', '.join(items)}]"


def _flat(t: DataType, path: tuple[str, ...], sql: str) -> list[tuple[str, DataType, str]]:
    found: list[tuple[str, DataType, str]] = []
    for name, element in zip(field_names(t.bare), t.bare.types, strict=True):
        text = f"struct_extract({sql}, {quote_string(name)})"
        if element.is_tuple and element.bare.names:
            found += _flat(element, (*path, name), text)
        else:
            found.append((".".join((*path, name)), element, text))
    return found


def _flatten(args: Sequence[Expr]) -> DataType:
    t = args[0].type.bare
    if not t.is_tuple or not t.names:
        raise ArgumentError(f"illegal type `{t}`, expected a Tuple with names")
    parts = _flat(t, (), "")
    return tuple_of(*(e for _, e, _ in parts), names=tuple(name for name, _, _ in parts))


def _lower_flatten(bound: Call, args: list[str]) -> str:
    parts = _flat(bound.args[0].type.bare, (), args[0])
    return "{" + ", ".join(f"{quote_identifier(name)}: {sql}" for name, _, sql in parts) + "}"


_OPERATORS = {
    "tuplePlus": ("plus", ("vectorSum",)),
    "tupleMinus": ("minus", ("vectorDifference",)),
    "tupleMultiply": ("multiply", ()),
    "tupleDivide": ("divide", ()),
    "tupleModulo": ("modulo", ()),
    "tupleIntDiv": ("intDiv", ()),
    "tupleIntDivOrZero": ("intDivOrZero", ()),
}
_WITH_NUMBERS = ("Multiply", "Divide", "Modulo", "IntDiv", "IntDivOrZero")

ROWS = (
    *(
        composed(name, _by_element(operator), (2, None), aliases=aliases, any_case=bool(aliases))
        for name, (operator, aliases) in _OPERATORS.items()
    ),
    *(
        composed(f"tuple{name}ByNumber", _by_number(name[0].lower() + name[1:]), (2, 2))
        for name in (*_WITH_NUMBERS, "PositiveModulo")
    ),
    composed("tupleNegate", _negate),
    composed("tupleHammingDistance", _hamming, (2, 2)),
    composed("tupleConcat", _concat, (1, None), nulls=False),
    Function("tupleNames", _names, _lower_names, nulls=False),
    Function("tupleToNameValuePairs", _pairs, _lower_pairs, nulls=False),
    Function("flattenTuple", _flatten, _lower_flatten, nulls=False),
)
