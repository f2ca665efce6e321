"""Random values: `rand`, `randCanonical`, `randNormal`, `randomString`, …; another at each row."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.function import (
    ArgumentError,
    Function,
    Returns,
    constant,
    integer,
    numbers,
)
from mini_tb.sql.functions.strings import as_bytes, need_string
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    FLOAT64,
    STRING,
    STRING_BYTES,
    UINT8,
    UINT32,
    UINT64,
    DataType,
    fixed_string,
)

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


def _length_of(result: DataType) -> Returns:
    """Texts of so many bytes or characters as the first argument says."""

    def returns(args: Sequence[Expr]) -> DataType:
        t = args[0].type
        if not t.is_integer and not t.is_float:
            raise ArgumentError(f"illegal type `{t}`, expected an integer")
        return result

    return returns


def _lower_length(call: Call, args: list[str]) -> str:
    name = "mt_random_bytes" if call.type.bare == STRING_BYTES else "mt_random_letters"
    return f"{name}(random(), CAST(trunc({args[0]}) AS BIGINT))"


def _fixed_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if not t.is_integer or t.is_signed:
        raise ArgumentError("the length must be an unsigned integer")
    size = integer(args[0])
    if size == 0:
        raise ArgumentError("the length must be positive", 69)
    return fixed_string(size)


def _lower_fixed(call: Call, args: list[str]) -> str:
    return f"mt_random_bytes(random(), {integer(call.args[0])})"


def _fuzz_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    if not args[1].type.is_float:
        raise ArgumentError("the probability must be a constant float")
    share = constant(args[1])
    assert isinstance(share, int | float)
    if not 0 <= share <= 1:
        raise ArgumentError("the probability must be from 0.0 to 1.0", 69)
    t = args[0].type.bare
    return t if t.name == "FixedString" else STRING_BYTES


def _lower_fuzz(call: Call, args: list[str]) -> str:
    return f"mt_fuzz_bits(random(), {as_bytes(call.args[0], args[0])}, CAST({args[1]} AS DOUBLE))"


_DISTRIBUTIONS = {
    "randPoisson": ("poisson", UINT64, ("number",)),
    "randBinomial": ("binomial", UINT64, ("number", "probability")),
    "randNegativeBinomial": ("negative_binomial", UINT64, ("number", "probability")),
    "randChiSquared": ("chi_squared", FLOAT64, ("freedom",)),
    "randFisherF": ("fisher_f", FLOAT64, ("freedom", "freedom")),
    "randStudentT": ("student_t", FLOAT64, ("freedom",)),
}
"""The distribution, the type of what is drawn, and what the parameters are."""


def _check(kind: str, arg: Expr) -> None:
    """Raises `ArgumentError` if the argument is no parameter of this kind."""
    t = arg.type
    if not t.is_float and not (t.is_integer and not t.is_signed):
        raise ArgumentError(f"illegal type `{t}`, expected a float or an unsigned integer")
    value = constant(arg)
    assert isinstance(value, int | float)
    if kind == "probability" and not 0 <= value <= 1:
        raise ArgumentError("a probability must be from 0 to 1", 36)
    if kind == "freedom" and not value > 0:
        raise ArgumentError("degrees of freedom must be greater than zero", 36)
    if kind == "number" and not 0 <= value < 1 << 53:
        raise ArgumentError("the number must not be negative, nor above 2^53", 36)


def _drawn(name: str) -> Function:
    udf, result, kinds = _DISTRIBUTIONS[name]

    def returns(args: Sequence[Expr]) -> DataType:
        for kind, arg in zip(kinds, args, strict=False):
            _check(kind, arg)
        return result

    def lower(call: Call, args: list[str]) -> str:
        parameters = [f"CAST({sql} AS DOUBLE)" for sql in args[: len(kinds)]]
        parameters += ["0.0"] * (2 - len(kinds))
        return f"mt_random_{udf}(random(), {', '.join(parameters)})"

    return Function(
        name, returns, lower, args=(len(kinds), len(kinds) + 1), per_row=True, draws=True
    )


ROWS = (
    *(_drawn(name) for name in _DISTRIBUTIONS),
    Function(
        "randomString",
        _length_of(STRING_BYTES),
        _lower_length,
        args=(1, 2),
        per_row=True,
        draws=True,
    ),
    Function(
        "randomStringUTF8", _length_of(STRING), _lower_length, args=(1, 2), per_row=True, draws=True
    ),
    Function(
        "randomFixedString", _fixed_returns, _lower_fixed, args=(1, 2), per_row=True, draws=True
    ),
    Function(
        "fuzzBits", _fuzz_returns, _lower_fuzz, args=(2, 2), bytes_ok=True, per_row=True, draws=True
    ),
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
        draws=True,
    ),
    Function("rand64", UINT64, _rand_64, args=(0, 1), nulls=False, per_row=True, draws=True),
    Function(
        "randConstant",
        UINT32,
        _BITS_32.format(duck="UINTEGER"),
        args=(0, 1),
        nulls=False,
        exact=True,
        draws=True,
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
        draws=True,
    ),
    Function(
        "randUniform",
        numbers(FLOAT64),
        "{0} + random() * ({1} - {0})",
        args=(2, 3),
        per_row=True,
        draws=True,
    ),
    Function(
        "randNormal",
        numbers(FLOAT64),
        f"{{0}} + {{1}} * {_NORMAL}",
        args=(2, 3),
        per_row=True,
        draws=True,
    ),
    Function(
        "randLogNormal",
        numbers(FLOAT64),
        f"exp({{0}} + {{1}} * {_NORMAL})",
        args=(2, 3),
        per_row=True,
        draws=True,
    ),
    Function(
        "randExponential",
        numbers(FLOAT64),
        "-ln(1 - random()) / {0}",
        args=(1, 2),
        per_row=True,
        draws=True,
    ),
    Function(
        "randBernoulli",
        numbers(UINT8),
        "CASE WHEN random() < {0} THEN 1 ELSE 0 END",
        args=(1, 2),
        per_row=True,
        draws=True,
    ),
    Function(
        "randomPrintableASCII",
        _counts,
        _text(32, 126),
        args=(1, 2),
        exact=True,
        per_row=True,
        draws=True,
    ),
)
