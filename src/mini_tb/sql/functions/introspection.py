"""What a query asks about its own expressions: `toTypeName`, `isConstant`, `byteSize`, `bar`, …"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.constancy import is_fixed
from mini_tb.sql.functions.constants import literal, typed_default
from mini_tb.sql.functions.convert_number import failure
from mini_tb.sql.functions.convert_text import depth, to_text
from mini_tb.sql.functions.function import (
    ArgumentError,
    Function,
    keep_low_cardinality,
    text,
    unsupported,
)
from mini_tb.sql.functions.logic import truth
from mini_tb.sql.tree import Call, Column, Expr, Local, contains
from mini_tb.types import (
    STRING,
    UINT8,
    UINT16,
    UINT64,
    DataType,
    TypeSyntaxError,
    array,
    parse_type,
    to_duckdb,
    tuple_of,
)
from mini_tb.types.duckdb import field_names, quote_string


def _lower_type_name(call: Call, args: list[str]) -> str:
    return quote_string(call.args[0].type.pretty())


def _is_constant_returns(args: Sequence[Expr]) -> DataType:
    if contains(args[0], Column) and not contains(args[0], Local):
        # A column of a subquery may be one constant value: ClickHouse then answers 1.
        raise ArgumentError("whether a column is constant is not known before the query runs")
    return UINT8


def _lower_is_constant(call: Call, args: list[str]) -> str:
    return f"CAST({int(is_fixed(call.args[0]))} AS UTINYINT)"


def _same(args: Sequence[Expr]) -> DataType:
    return args[0].type


def _named_type(args: Sequence[Expr]) -> DataType:
    try:
        return parse_type(text(args[0]))
    except TypeSyntaxError as error:
        raise ArgumentError(error.message, 50) from None


def _lower_zero(call: Call, args: list[str]) -> str:
    return literal(typed_default(call.type), call.type)


def _enum_size_returns(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_enum:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected an Enum")
    return UINT8 if args[0].type.bare.name == "Enum8" else UINT16


def _lower_enum_size(call: Call, args: list[str]) -> str:
    return f"CAST({len(call.args[0].type.bare.params)} AS {to_duckdb(call.type)})"


_SIZES = {"UUID": 16, "Date": 2, "Date32": 4, "DateTime": 4, "DateTime64": 8, "Bool": 1, "IPv4": 4}
_SIZES |= {"IPv6": 16, "Enum8": 1, "Enum16": 2, "Interval": 8}


def _size(t: DataType, sql: str) -> str:
    """Bytes that ClickHouse needs for a value in memory; below a NULL lies the type's default."""
    if t.is_nothing:
        return "1" if t.is_nullable else "0"
    bare, null = t.bare, "1 + " if t.is_nullable else ""
    if bare.name == "FixedString":
        return f"{null}{bare.params[0]}"
    if bare.is_string:
        length = f"octet_length({sql})" if bare.is_bytes else f"strlen({sql})"
        return f"{null}coalesce({length}, 0) + 8" if null else f"{length} + 8"
    if bare.is_integer or bare.is_float:
        return f"{null}{bare.bits // 8}"
    if bare.is_decimal:
        widths = ((9, 4), (18, 8), (38, 16), (76, 32))
        return f"{null}{next(size for digits, size in widths if bare.params[0] <= digits)}"
    if bare.is_array:
        name = f"sized_{depth(bare)}"
        size = f"CAST({_size(bare.element, name)} AS BIGINT)"
        sizes = f"list_transform({sql}, lambda {name}: {size})"
        return f"coalesce(list_sum({sizes}), 0) + 8"
    if bare.is_map:
        entries = array(tuple_of(*bare.types, names=("key", "value")))
        return _size(entries, f"map_entries({sql})")
    if bare.is_tuple:
        parts = [
            _size(element, f"struct_extract({sql}, {quote_string(name)})")
            for name, element in zip(field_names(bare), bare.types, strict=True)
        ]
        return " + ".join(parts) or "0"
    if bare.name in _SIZES:
        return f"{null}{_SIZES[bare.name]}"
    raise ArgumentError(f"illegal type `{t}`")


def _byte_size_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        _size(arg.type, "")
    return UINT64


def _lower_byte_size(call: Call, args: list[str]) -> str:
    sizes = [_size(arg.type, sql) for arg, sql in zip(call.args, args, strict=True)]
    return f"CAST({' + '.join(sizes) or 0} AS UBIGINT)"


def _throw_returns(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_number:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a number")
    if len(args) > 1:
        text(args[1])
    return UINT8


def _lower_throw(call: Call, args: list[str]) -> str:
    message = "Value passed to 'throwIf' function is non-zero"
    raised = failure(395, text(call.args[1]) if len(args) > 1 else message)
    return f"CASE WHEN {truth(call.args[0], args[0])} THEN {raised} ELSE CAST(0 AS UTINYINT) END"


_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


def _bar_returns(args: Sequence[Expr]) -> DataType:
    for arg in args:
        if not arg.type.is_number:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a number")
    return STRING


def _lower_bar(call: Call, args: list[str]) -> str:
    x, low, high = (f"CAST({sql} AS DOUBLE)" for sql in args[:3])
    width = f"CAST({args[3]} AS DOUBLE)" if len(args) > 3 else "80.0"
    share = f"(({x} - {low}) / ({high} - {low}) * {width})"
    within = f"CASE WHEN {x} <= {low} THEN 0 WHEN {x} >= {high} THEN {width} ELSE {share} END"
    eighths = f"CAST(floor({within} * 8) AS BIGINT)"
    parts = ", ".join(quote_string(part) for part in _EIGHTHS)
    return f"(repeat('█', {eighths} // 8) || list_extract([{parts}], {eighths} % 8 + 1))"


def _width_returns(args: Sequence[Expr]) -> DataType:
    return keep_low_cardinality(args, UINT64)


def _lower_width(call: Call, args: list[str]) -> str:
    t = call.args[0].type
    if t.is_nothing:
        return "CAST(4 AS UBIGINT)"
    found = f"length({to_text(t, args[0])})"
    return f"CAST(coalesce({found}, 4) AS UBIGINT)"


_NO_SERVER = "it looks into a ClickHouse server"

ROWS = (
    Function(
        "toTypeName",
        STRING,
        _lower_type_name,
        nulls=False,
        bytes_ok=True,
        low_cardinality=False,
        of_types=True,
        takes_nothing=True,
    ),
    Function(
        "isConstant",
        _is_constant_returns,
        _lower_is_constant,
        nulls=False,
        bytes_ok=True,
        per_row=True,
        takes_nothing=True,
    ),
    Function(
        "ignore",
        UINT8,
        "CAST(0 AS UTINYINT)",
        args=(0, None),
        nulls=False,
        bytes_ok=True,
        exact=True,
        per_row=True,
        takes_nothing=True,
    ),
    *(
        Function(
            name,
            _same,
            "{0}",
            nulls=False,
            bytes_ok=True,
            exact=True,
            inner_low_cardinality=True,
            per_row=True,
        )
        for name in ("identity", "materialize")
    ),
    Function(
        "defaultValueOfArgumentType", _same, _lower_zero, nulls=False, bytes_ok=True, of_types=True
    ),
    Function("defaultValueOfTypeName", _named_type, _lower_zero, nulls=False),
    Function("getSizeOfEnumType", _enum_size_returns, _lower_enum_size, of_types=True),
    Function(
        "byteSize",
        _byte_size_returns,
        _lower_byte_size,
        args=(0, None),
        nulls=False,
        bytes_ok=True,
        takes_nothing=True,
    ),
    Function("throwIf", _throw_returns, _lower_throw, args=(1, 3), per_row=True),
    Function("bar", _bar_returns, _lower_bar, args=(3, 4)),
    Function("visibleWidth", _width_returns, _lower_width, nulls=False, bytes_ok=True),
    *unsupported("it would hold up the server", "sleep", "sleepEachRow"),
    *unsupported(
        _NO_SERVER,
        "blockNumber",
        "blockSize",
        "blockSerializedSize",
        "buildId",
        "connectionId",
        "currentProfiles",
        "currentRoles",
        "defaultRoles",
        "dumpColumnStructure",
        "enabledProfiles",
        "enabledRoles",
        "filesystemAvailable",
        "filesystemCapacity",
        "filesystemUnreserved",
        "getClientHTTPHeader",
        "getMacro",
        "getOSKernelVersion",
        "getServerPort",
        "getServerSetting",
        "getSetting",
        "hasColumnInTable",
        "indexHint",
        "initialQueryID",
        "initialQueryStartTime",
        "lowCardinalityIndices",
        "lowCardinalityKeys",
        "nodeNumber",
        "partitionId",
        "queryID",
        "revision",
        "serverUUID",
        "shardCount",
        "shardNum",
        "tcpPort",
        "toColumnTypeName",
        "transactionID",
        "zookeeperSessionUptime",
    ),
)
