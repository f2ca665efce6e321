"""Conditions and NULL: `if`, `multiIf`, `coalesce`, `isNull`, `transform`, …"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.constancy import chosen, chosen_of, is_constant, is_fixed, is_never_null
from mini_tb.sql.functions import comparison
from mini_tb.sql.functions.constants import literal, zero
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function, keep_low_cardinality
from mini_tb.sql.functions.logic import truth
from mini_tb.sql.tree import Call, Const, Expr
from mini_tb.types import (
    BOOL,
    INT64,
    NOTHING,
    STRING,
    STRING_BYTES,
    UINT8,
    UINT64,
    DataType,
    NoSupertype,
    least_supertype,
    nullable,
    to_duckdb,
)


def supertype(types: Sequence[DataType]) -> DataType:
    """`least_supertype`, with ClickHouse's error 386 where there is none."""
    try:
        return least_supertype(types)
    except NoSupertype as error:
        raise ArgumentError(str(error), 386) from None


def supertype_of(args: Sequence[Expr]) -> DataType:
    """The supertype of the arguments' types; a UInt64 literal that is also an Int64 may be one."""
    types = [arg.type for arg in args]
    try:
        return least_supertype(types)
    except NoSupertype:
        return supertype([_signed(arg) for arg in args])


def _signed(arg: Expr) -> DataType:
    if isinstance(arg, Const) and arg.type == UINT64 and isinstance(arg.value, int):
        return INT64 if arg.value < 1 << 63 else UINT64
    return arg.type


def check_condition(arg: Expr) -> None:
    """Raises `ArgumentError` unless a value is a condition: numbers of other types are none, nor
    are values of an empty array."""
    if arg.type.bare not in (UINT8, BOOL, NOTHING) or arg.type == NOTHING:
        raise ArgumentError(f"illegal type `{arg.type}` of a condition, expected UInt8 or Bool")


def _check_scales(a: DataType, b: DataType) -> None:
    """Raises `ArgumentError` for two values that ClickHouse does not choose between by row."""
    a, b = a.bare, b.bare
    if a.is_decimal and b.is_decimal and a.scale != b.scale:
        message = f"chooses between Decimals of different scales, `{a}` and `{b}`: cast one of them"
        raise ArgumentError(message, 48)
    if a.is_tuple and b.is_tuple:
        for one, other in zip(a.types, b.types, strict=False):
            _check_scales(one, other)


def _with_zeros(found: DataType, branches: Sequence[DataType]) -> DataType:
    """The type of one of two values: of a FixedString beside a String it keeps the zero bytes."""
    if found.is_tuple and all(branch.is_tuple for branch in branches):
        columns = zip(found.types, *(branch.types for branch in branches), strict=True)
        types = tuple(_with_zeros(element, others) for element, *others in columns)
        return DataType("Tuple", types, found.params, found.names)
    is_text = found.bare == STRING and all(b.is_string or b.is_nothing for b in branches)
    if not is_text or all(b.bare.name != "FixedString" for b in branches):
        return found
    return nullable(STRING_BYTES) if found.is_nullable else STRING_BYTES


def _branches(args: Sequence[Expr]) -> list[int]:
    return [*range(1, len(args) - 1, 2), len(args) - 1]


def _multi_if_returns(args: Sequence[Expr]) -> DataType:
    if len(args) % 2 == 0:
        raise ArgumentError("takes an odd number of arguments", 42)
    for i in range(0, len(args) - 1, 2):
        check_condition(args[i])
    branches = [args[i] for i in _branches(args)]
    if len(args) == 3 and not is_fixed(args[0]):
        _check_scales(args[1].type, args[2].type)
    found = supertype_of(branches)
    if not found.can_be_nullable and any(branch.type.is_nullable for branch in branches):
        message = f"NULL beside `{found}` is a Variant, which is not here"
        raise ArgumentError(message, 386)
    if found.name == "LowCardinality":
        found = found.types[0]  # the branches' dictionaries are not kept
    branch = chosen_of(args)
    if found.bare in (UINT8, BOOL) and branch is not None and not is_constant(args[branch]):
        bare = args[branch].type.bare
        if bare in (UINT8, BOOL):  # as the value that is chosen
            found = nullable(bare) if found.is_nullable else bare
    return _with_zeros(found, [b.type for b in branches]) if len(branches) == 2 else found


def _lower_multi_if(call: Call, args: list[str]) -> str:
    values = {i: lower_cast(call.args[i].type, call.type, args[i]) for i in _branches(call.args)}
    if (branch := chosen(call)) is not None:
        return values[branch]
    whens = " ".join(
        f"WHEN {truth(call.args[i], args[i])} THEN {values[i + 1]}"
        for i in range(0, len(args) - 1, 2)
    )
    return f"CASE {whens} ELSE {values[len(args) - 1]} END"


# CASE x WHEN …, transform ----------------------------------------------------------------


def _case_returns(args: Sequence[Expr]) -> DataType:
    if len(args) % 2:
        raise ArgumentError("takes an even number of arguments", 42)
    for i in range(1, len(args) - 1, 2):
        comparison.common(args[0], args[i])
    found = supertype_of([args[i] for i in (*range(2, len(args) - 1, 2), len(args) - 1)])
    return keep_low_cardinality(args, found) if found.can_be_low_cardinality else found


def _lower_case(call: Call, args: list[str]) -> str:
    subject, whens = call.args[0], []
    for i in range(1, len(args) - 1, 2):
        same = _same(subject, call.args[i], args[0], args[i])
        whens.append(
            f"WHEN {same} THEN {lower_cast(call.args[i + 1].type, call.type, args[i + 1])}"
        )
    last = lower_cast(call.args[-1].type, call.type, args[-1])
    return f"CASE {' '.join(whens)} ELSE {last} END"


def _same(a: Expr, b: Expr, left: str, right: str) -> str:
    """BOOLEAN text of equality in which NULL is equal to NULL."""
    if b.type.is_nothing:
        return f"{left} IS NULL"
    if a.type.is_nothing:
        return f"{right} IS NULL"
    found = comparison.compare("=", a, b, left, right)
    if a.type.is_nullable and b.type.is_nullable:
        return f"({found} OR ({left} IS NULL AND {right} IS NULL))"
    return found


def _transform_returns(args: Sequence[Expr]) -> DataType:
    source, keys, values = args[0].type, args[1].type, args[2].type
    if not keys.is_array or not values.is_array:
        raise ArgumentError(f"takes arrays, found `{keys}` and `{values}`", 43, 1)
    default = args[3].type if len(args) > 3 else source
    if not source.is_nothing:
        supertype([source.bare, keys.element.bare])
    return keep_low_cardinality(args, supertype([values.element, default]))


def _lower_transform(call: Call, args: list[str]) -> str:
    source, keys, values = (arg.type for arg in call.args[:3])
    default = args[3] if len(args) > 3 else args[0]
    default_type = call.args[3].type if len(args) > 3 else source
    otherwise = lower_cast(default_type, call.type, default)
    if source.is_nothing:
        return otherwise
    shared = supertype([source.bare, keys.element.bare])
    wanted = lower_cast(source.bare, shared, args[0])
    name = "transformed"
    among = f"list_transform({args[1]}, lambda {name}: {lower_cast(keys.element, shared, name)})"
    place = f"list_position({among}, {wanted})"
    found = lower_cast(values.element, call.type, f"list_extract({args[2]}, {place})")
    return f"CASE WHEN {place} > 0 THEN {found} ELSE {otherwise} END"


# NULL ------------------------------------------------------------------------------------


def _coalesce_returns(args: Sequence[Expr]) -> DataType:
    known = [arg for arg in args if not arg.type.is_nothing]
    if not known:
        return args[0].type
    types = [arg.type for arg in known]
    for i, t in enumerate(types):
        if is_never_null(t):  # what comes after is never looked at
            types = types[: i + 1]
            break
    if len(types) == 2 and not is_fixed(known[0]):
        _check_scales(*types)
    found = supertype([t.not_null() for t in types])
    found = _with_zeros(found, types) if len(types) == 2 else found
    return nullable(found) if all(t.is_nullable for t in types) else found


def _lower_coalesce(call: Call, args: list[str]) -> str:
    values = []
    for arg, sql in zip(call.args, args, strict=True):
        if arg.type.is_nothing:
            continue
        values.append(lower_cast(arg.type, call.type, sql))
        if is_never_null(arg.type):
            break
    return f"coalesce({', '.join(values)})" if len(values) > 1 else (values or args)[0]


def _first_known_returns(args: Sequence[Expr]) -> DataType:
    return keep_low_cardinality(args, _coalesce_returns(args))


def _null_if_returns(args: Sequence[Expr]) -> DataType:
    a, b = args
    if a.type.is_nothing:
        return a.type
    if not b.type.is_nothing:
        comparison.common(a, b)
    if not a.type.can_be_nullable:
        raise ArgumentError(f"`{a.type}` cannot be Nullable")
    return keep_low_cardinality(args, nullable(a.type))


def _lower_null_if(call: Call, args: list[str]) -> str:
    a, b = call.args
    if a.type.is_nothing or b.type.is_nothing:
        return args[0]
    same = comparison.compare("=", a, b, args[0], args[1])
    return f"CASE WHEN {same} THEN NULL ELSE {args[0]} END"


def _assume_returns(args: Sequence[Expr]) -> DataType:
    if args[0].type.is_nothing:
        raise ArgumentError("NULL has no value to assume", 44)
    return args[0].type.not_null()


def _lower_assume(call: Call, args: list[str]) -> str:
    if not call.args[0].type.is_nullable or zero(call.type) is None:
        return args[0]
    return f"coalesce({args[0]}, {literal(zero(call.type), call.type)})"


def _to_nullable_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if not t.is_nullable and nullable(t) == t:
        raise ArgumentError(f"`{t}` cannot be Nullable")
    return nullable(t)


def _lower_is_null(call: Call, args: list[str]) -> str:
    word = "IS NULL" if call.function.name == "isNull" else "IS NOT NULL"
    t = call.args[0].type
    if is_never_null(t) or t.is_nothing:  # it is not even computed
        return f"CAST({int(t.is_nothing == (word == 'IS NULL'))} AS UTINYINT)"
    return f"CAST(({args[0]} {word}) AS UTINYINT)"


def _zero_or_null_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type.bare
    is_simple = t.is_bool or t.is_float or (t.is_integer and t.bits <= 64)
    if not (is_simple or t.is_nothing) or t.name == "BFloat16":
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a simple number", 44)
    return keep_low_cardinality(args, UINT8)


def _lower_is_nullable(call: Call, args: list[str]) -> str:
    return f"CAST({int(call.args[0].type.is_nullable)} AS UTINYINT)"


def _first_returns(args: Sequence[Expr]) -> DataType:
    return supertype([arg.type for arg in args])


def _lower_first(call: Call, args: list[str]) -> str:
    whens, duck = [], to_duckdb(call.type)
    for arg, sql in zip(call.args, args, strict=True):
        if arg.type.is_nothing:
            continue
        t = arg.type.bare
        is_set = f"{sql} IS NOT NULL" if arg.type.is_nullable else f"{sql} <> {literal(zero(t), t)}"
        whens.append(f"WHEN {is_set} THEN {lower_cast(arg.type, call.type, sql)}")
    instead = zero(call.type)
    last = "NULL" if instead is None else literal(instead, call.type)
    return f"CAST(CASE {' '.join(whens)} ELSE {last} END AS {duck})" if whens else args[0]


ROWS = (
    Function(
        "if",
        _multi_if_returns,
        _lower_multi_if,
        args=(3, 3),
        nulls=False,
        any_case=True,
        bytes_ok=True,
        takes_nothing=True,
    ),
    Function(
        "multiIf",
        _multi_if_returns,
        _lower_multi_if,
        args=(3, None),
        nulls=False,
        aliases=("caseWithoutExpression", "caseWithoutExpr"),
        bytes_ok=True,
        takes_nothing=True,
    ),
    Function(
        "caseWithExpression",
        _case_returns,
        _lower_case,
        args=(4, None),
        nulls=False,
        aliases=("caseWithExpr",),
        bytes_ok=True,
        per_row=True,
    ),
    Function(
        "transform",
        _transform_returns,
        _lower_transform,
        args=(3, 4),
        nulls=False,
        bytes_ok=True,
        per_row=True,
    ),
    Function(
        "coalesce",
        _first_known_returns,
        _lower_coalesce,
        args=(1, None),
        nulls=False,
        any_case=True,
        bytes_ok=True,
    ),
    Function(
        "ifNull",
        _first_known_returns,
        _lower_coalesce,
        args=(2, 2),
        nulls=False,
        any_case=True,
        bytes_ok=True,
    ),
    Function(
        "nullIf",
        _null_if_returns,
        _lower_null_if,
        args=(2, 2),
        nulls=False,
        any_case=True,
        bytes_ok=True,
    ),
    Function("isNull", UINT8, _lower_is_null, nulls=False, any_case=True, bytes_ok=True),
    Function("isNotNull", UINT8, _lower_is_null, nulls=False, any_case=True, bytes_ok=True),
    Function(
        "isZeroOrNull",
        _zero_or_null_returns,
        "coalesce({0} = 0, TRUE)",
        nulls=False,
        takes_nothing=True,
    ),
    Function(
        "isNullable",
        UINT8,
        _lower_is_nullable,
        nulls=False,
        bytes_ok=True,
        of_types=True,
        takes_nothing=True,
    ),
    Function("assumeNotNull", _assume_returns, _lower_assume, nulls=False, bytes_ok=True),
    Function(
        "toNullable",
        _to_nullable_returns,
        "{0}",
        nulls=False,
        exact=True,
        bytes_ok=True,
        takes_nothing=True,
    ),
    Function(
        "firstNonDefault",
        _first_returns,
        _lower_first,
        args=(1, None),
        nulls=False,
        any_case=True,
        bytes_ok=True,
    ),
)
