"""JSON in strings: `JSONExtract*`, `JSONHas`, `JSONLength`, `simpleJSON*`, `JSON_VALUE`, …"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mini_tb.sql.functions.function import ArgumentError, Function, integer, text, unsupported
from mini_tb.sql.functions.json_path import value_at
from mini_tb.sql.functions.json_text import to_json
from mini_tb.sql.functions.json_value import boolean, filled, raw_text
from mini_tb.sql.functions.json_value import value as value_of
from mini_tb.sql.functions.sql_path import found_at
from mini_tb.sql.functions.strings import strings
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    FLOAT64,
    INT64,
    STRING,
    UINT8,
    UINT64,
    DataType,
    TypeSyntaxError,
    array,
    low_cardinality,
    map_of,
    nullable,
    parse_type,
    to_duckdb,
    tuple_of,
)
from mini_tb.types.duckdb import quote_string

_TYPE = parse_type(
    "Enum8('Null' = 0, 'String' = 34, 'Array' = 91, 'Bool' = 98, 'Double' = 100, 'Int64' = 105, "
    "'UInt64' = 117, 'Object' = 123)"
)


def _document(args: Sequence[Expr]) -> None:
    if not args[0].type.is_string and args[0].type.bare.name != "JSON":
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a String with JSON")


def _of(result: DataType) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        _document(args)
        return result

    return returns


def _lower_scalar(call: Call, args: list[str]) -> str:
    return filled(value_at(call, args), call.type.bare, bools=False)


def _lower_bool(call: Call, args: list[str]) -> str:
    found = value_at(call, args)
    is_one = f"json_type({found}) IN ('BIGINT', 'UBIGINT') AND CAST({found} AS VARCHAR) <> '0'"
    return f"CAST(coalesce({boolean(found, numbers=False)}, {is_one}, FALSE) AS UTINYINT)"


def _lower_raw(call: Call, args: list[str]) -> str:
    return f"coalesce({raw_text(value_at(call, args))}, '')"


def _lower_has(call: Call, args: list[str]) -> str:
    return f"CAST({value_at(call, args)} IS NOT NULL AS UTINYINT)"


def _lower_length(call: Call, args: list[str]) -> str:
    found = value_at(call, args)
    return (
        f"CAST(CASE json_type({found}) WHEN 'ARRAY' THEN json_array_length({found}) "
        f"WHEN 'OBJECT' THEN len(json_keys({found})) ELSE 0 END AS UBIGINT)"
    )


def _lower_type(call: Call, args: list[str]) -> str:
    found = value_at(call, args)
    names = {
        "NULL": "Null",
        "VARCHAR": "String",
        "ARRAY": "Array",
        "BOOLEAN": "Bool",
        "DOUBLE": "Double",
        "BIGINT": "Int64",
        "OBJECT": "Object",
    }
    digits = f"CAST({found} AS VARCHAR)"
    big = f"strlen({digits}) > 19 OR strlen({digits}) = 19 AND {digits} > '9223372036854775807'"
    whens = " ".join(f"WHEN '{duck}' THEN '{name}'" for duck, name in names.items())
    unsigned = f"WHEN 'UBIGINT' THEN CASE WHEN {big} THEN 'UInt64' ELSE 'Int64' END"
    return f"CAST(CASE json_type({found}) {whens} {unsigned} ELSE 'Null' END AS {to_duckdb(_TYPE)})"


def _items(found: str) -> str:
    return f"(CASE WHEN json_type({found}) = 'ARRAY' THEN TRY_CAST({found} AS JSON[]) ELSE [] END)"


def _lower_array_raw(call: Call, args: list[str]) -> str:
    return f"list_transform({_items(value_at(call, args))}, lambda e: {_raw_item('e')})"


def _raw_item(item: str) -> str:
    # A null that was cast to JSON is NULL.
    return f"coalesce({raw_text(item)}, 'null')"


def _lower_keys(call: Call, args: list[str]) -> str:
    found = value_at(call, args)
    return f"(CASE WHEN json_type({found}) = 'OBJECT' THEN json_keys({found}) ELSE [] END)"


def _lower_pairs(call: Call, args: list[str]) -> str:
    """`JSONExtractKeysAndValues` and `…Raw`: an array of (key, value)."""
    is_raw = "Raw" in call.function.name
    found = value_at(call, args, 1, len(args) if is_raw else len(args) - 1)
    element = call.type.element.types[1]
    value = _raw_item("e['value']") if is_raw else filled("e['value']", element)
    members = (
        f"(CASE WHEN json_type({found}) = 'OBJECT' "
        f"THEN map_entries(TRY_CAST({found} AS MAP(VARCHAR, JSON))) ELSE [] END)"
    )
    if not is_raw:
        # A member whose value does not fit is left out; a null that was cast to JSON is NULL.
        fitting = value_of("e['value']", element)
        fits = f"({fitting}) IS NOT NULL"
        fits += " OR e['value'] IS NULL" if element.is_nullable else ""
        members = f"list_filter({members}, lambda e: {fits})"
    return f"list_transform({members}, lambda e: {{'1': e['key'], '2': {value}}})"


def wanted_type(expr: Expr) -> DataType:
    """The type that a constant argument spells. Raises `ArgumentError`."""
    try:
        return parse_type(text(expr))
    except TypeSyntaxError as error:
        raise ArgumentError(error.message, 50) from None


def _extract_returns(args: Sequence[Expr]) -> DataType:
    _document(args)
    return wanted_type(args[-1])


def _lower_extract(call: Call, args: list[str]) -> str:
    # Not of the result's type: a document that may be NULL makes that Nullable, but what is
    # missing in one that is there is the default of the type that is asked for.
    return filled(value_at(call, args, 1, len(args) - 1), wanted_type(call.args[-1]))


def _pairs_returns(args: Sequence[Expr]) -> DataType:
    _document(args)
    return array(tuple_of(STRING, wanted_type(args[-1])))


def _path_argument(call: Call, args: list[str]) -> tuple[str, bool]:
    """The value at a path of JSON_VALUE and its like; all of them, in a list, where the path may
    lead to several."""
    return found_at(f"TRY_CAST({args[0]} AS JSON)", text(call.args[1]))


def json_value(*, is_nullable: bool = False, takes_all: bool = False) -> Function:
    """`JSON_VALUE`: the first scalar that the path leads to, or an array or object if it
    `takes_all`; where there is none an empty text, or NULL."""

    def lower(call: Call, args: list[str]) -> str:
        found, many = _path_argument(call, args)
        if many:
            found = found if takes_all else f"list_filter({found}, lambda e: {_is_scalar('e')})"
            value = _scalar_text(f"{found}[1]")
        elif takes_all:
            value = _scalar_text(found)
        else:
            value = f"CASE WHEN {_is_scalar(found)} THEN {_scalar_text(found)} END"
        return value if is_nullable else f"coalesce({value}, '')"

    result = nullable(STRING) if is_nullable else STRING
    return Function("JSON_VALUE", strings(result), lower, args=(2, 2))


def _is_scalar(found: str) -> str:
    return f"json_type({found}) NOT IN ('ARRAY', 'OBJECT')"


def _scalar_text(found: str) -> str:
    string = f"json_extract_string({found}, '$')"
    return f"(CASE WHEN json_type({found}) = 'VARCHAR' THEN {string} ELSE {raw_text(found)} END)"


def _lower_json_query(call: Call, args: list[str]) -> str:
    found, many = _path_argument(call, args)
    if not many:
        return f"coalesce('[' || {raw_text(found)} || ']', '')"
    items = f"array_to_string(list_transform({found}, lambda e: {_raw_item('e')}), ', ')"
    return f"coalesce('[' || nullif({items}, '') || ']', '')"


def _lower_json_exists(call: Call, args: list[str]) -> str:
    found, many = _path_argument(call, args)
    return (
        f"CAST({f'coalesce(len({found}), 0) > 0' if many else f'{found} IS NOT NULL'} AS UTINYINT)"
    )


def _lower_merge(call: Call, args: list[str]) -> str:
    return f"mt_json_merged(CAST(to_json([{', '.join(args)}]) AS VARCHAR))"


def _lower_key(call: Call, args: list[str]) -> str:
    """`JSONKey`: the name of a member by its number."""
    found = value_at(call, args, 1, len(args) - 1)
    names = f"(CASE WHEN json_type({found}) = 'OBJECT' THEN json_keys({found}) ELSE [] END)"
    return f"coalesce({names}[CAST({args[-1]} AS BIGINT)], '')"


def _lower_array_length(call: Call, args: list[str]) -> str:
    document = f"TRY_CAST({args[0]} AS JSON)"
    length = f"json_array_length({document})"
    return f"CAST(CASE WHEN json_type({document}) = 'ARRAY' THEN {length} END AS UBIGINT)"


def _json_returns(result: DataType) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        if args[0].type.bare.name not in ("JSON", "Dynamic"):
            raise ArgumentError(f"illegal type `{args[0].type}`, expected JSON")
        if args[0].type.bare.name == "Dynamic" and not isinstance(args[0], Call):
            raise ArgumentError("the types of the values of a Dynamic column are not kept", 48)
        return result

    return returns


def _dynamic_element_returns(args: Sequence[Expr]) -> DataType:
    _json_returns(STRING)(args)
    return nullable(wanted_type(args[1]))


def _lower_dynamic_element(call: Call, args: list[str]) -> str:
    """The value where it is of that very type; else NULL, or an empty array."""
    wanted = call.type.bare
    name = str(wanted)
    if wanted.is_array and not wanted.element.is_nullable:
        name = str(array(nullable(wanted.element)))
    found = f"(CASE WHEN mt_json_type({args[0]}) = {quote_string(name)} THEN {args[0]} END)"
    return filled(found, call.type)


def _lower_to_json(call: Call, args: list[str]) -> str:
    return to_json(call.args[0].type, args[0])


def _lower_dynamic_type(call: Call, args: list[str]) -> str:
    return f"coalesce(mt_json_type({args[0]}), 'None')"


_TYPED_PATHS = map_of(STRING, STRING)
_SCALARS = {"String": STRING, "Int": INT64, "UInt": UINT64, "Float": FLOAT64}
_PAIRS_RAW = array(tuple_of(STRING, STRING))

_EXTRACT = (
    *(
        Function(f"JSONExtract{name}", _of(t), _lower_scalar, args=(1, None))
        for name, t in _SCALARS.items()
    ),
    Function("JSONExtractBool", _of(UINT8), _lower_bool, args=(1, None)),
    Function("JSONExtractRaw", _of(STRING), _lower_raw, args=(1, None)),
    Function("JSONExtract", _extract_returns, _lower_extract, args=(2, None)),
    Function("JSONExtractArrayRaw", _of(array(STRING)), _lower_array_raw, args=(1, None)),
    Function("JSONExtractKeys", _of(array(STRING)), _lower_keys, args=(1, None)),
    Function("JSONExtractKeysAndValues", _pairs_returns, _lower_pairs, args=(2, None)),
    Function("JSONExtractKeysAndValuesRaw", _of(_PAIRS_RAW), _lower_pairs, args=(1, None)),
)

_READ = (
    *_EXTRACT,
    *(replace(row, name=f"{row.name}CaseInsensitive") for row in _EXTRACT),
    Function("JSONHas", _of(UINT8), _lower_has, args=(1, None)),
    Function("JSONLength", _of(UINT64), _lower_length, args=(1, None)),
    Function("JSONType", _of(_TYPE), _lower_type, args=(1, None)),
    Function("JSONKey", _of(STRING), _lower_key, args=(2, None)),
    Function("isValidJSON", strings(UINT8), "json_valid({0})"),
)
"""They read documents, and leave the dictionaries of these behind."""


def _pretty_returns(args: Sequence[Expr]) -> DataType:
    if args[0].type != STRING:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a String")
    for arg in args[1:]:
        if not arg.type.is_integer or arg.type.is_signed:
            raise ArgumentError("the indent must be an unsigned integer")
        if integer(arg) > _WIDEST:
            raise ArgumentError(f"the indent must be from 0 to {_WIDEST}", 36)
    return STRING


_WIDEST = 32


def _lower_pretty(call: Call, args: list[str]) -> str:
    indent = integer(call.args[1]) if len(args) > 1 else 4
    return f"mt_json_pretty({args[0]}, {indent})"


ROWS = (
    Function("prettyPrintJSON", _pretty_returns, _lower_pretty, args=(1, 2)),
    *(replace(row, low_cardinality=False) for row in _READ),
    Function(
        "JSONArrayLength",
        lambda args: nullable(UINT64),
        _lower_array_length,
        aliases=("JSON_ARRAY_LENGTH",),
        any_case=True,
    ),
    json_value(),
    Function("JSON_QUERY", strings(STRING), _lower_json_query, args=(2, 2)),
    Function("JSON_EXISTS", strings(UINT8), _lower_json_exists, args=(2, 2)),
    Function(
        "JSONMergePatch",
        strings(STRING),
        _lower_merge,
        args=(1, None),
        aliases=("jsonMergePatch",),
    ),
    Function("toJSONString", STRING, _lower_to_json, bytes_ok=True),
    Function("JSONAllPaths", _json_returns(array(STRING)), "map_keys(mt_json_paths({0}))"),
    Function("JSONAllPathsWithTypes", _json_returns(_TYPED_PATHS), "mt_json_paths({0})"),
    Function("JSONAllValues", _json_returns(array(STRING)), "mt_json_values({0})"),
    Function(
        "dynamicType", _json_returns(low_cardinality(STRING)), _lower_dynamic_type, nulls=False
    ),
    Function(
        "dynamicElement",
        _dynamic_element_returns,
        _lower_dynamic_element,
        args=(2, 2),
        nulls=False,
    ),
    *unsupported(
        "how a column of JSON is stored in parts has no meaning here",
        "JSONDynamicPaths",
        "JSONDynamicPathsWithTypes",
        "JSONSharedDataPaths",
        "JSONSharedDataPathsWithTypes",
        "isDynamicElementInSharedData",
    ),
)
