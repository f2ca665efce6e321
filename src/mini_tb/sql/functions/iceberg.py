"""How Iceberg parts tables: values in so many buckets, and cut to a width."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.arithmetic import number_result
from mini_tb.sql.functions.convert_number import wrap
from mini_tb.sql.functions.function import ArgumentError, Function, integer
from mini_tb.sql.functions.hashing import iceberg_hash, iceberg_type
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING, UINT32, DataType

_MOST = (1 << 31) - 1


def _bucket_returns(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_integer or not 0 < integer(args[0]) <= _MOST:
        raise ArgumentError(f"the number of buckets must be an integer from 1 to {_MOST}", 36, 0)
    iceberg_type(args[1].type)
    return UINT32


def _lower_bucket(call: Call, args: list[str]) -> str:
    found = iceberg_hash(call.args[1].type.bare, args[1])
    return f"CAST(({found} & {_MOST}) % {integer(call.args[0])} AS UINTEGER)"


def _truncate_returns(args: Sequence[Expr]) -> DataType:
    width, t = args[0].type, args[1].type
    if not width.is_integer or width.is_signed:
        raise ArgumentError(f"illegal type `{width}` of a width, expected an unsigned integer")
    if not integer(args[0]):
        raise ArgumentError("the width must be positive", 36, 0)
    if t.name == "String":
        return STRING
    if not t.is_integer or t.bits > 64 or width.bits > 64:
        raise ArgumentError(f"illegal type `{t}`, expected an integer of up to 64 bits or a String")
    return number_result(t, width, minus=True)


def _lower_truncate(call: Call, args: list[str]) -> str:
    width = integer(call.args[0])
    if call.type.bare.is_string:
        return f"left({args[1]}, {width})"
    value, step = f"CAST({args[1]} AS HUGEINT)", f"CAST({width} AS HUGEINT)"
    return wrap(f"({value} - ({value} % {step} + {step}) % {step})", call.type.bare)


ROWS = (
    Function("icebergBucket", _bucket_returns, _lower_bucket, args=(2, 2), bytes_ok=True),
    Function("icebergTruncate", _truncate_returns, _lower_truncate, args=(2, 2)),
)
