"""Where a JSON function looks: its path arguments as a path of DuckDB's, and the value there.

An argument that is a string names a member; a number counts elements (or members) from 1, from the
end when negative. A document that is no JSON has nothing anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from mini_tb.sql.functions.function import ArgumentError, constant, text
from mini_tb.sql.functions.json_value import filled
from mini_tb.sql.tree import Call, Const, Expr
from mini_tb.types import JSON, UINT8, DataType, array, nullable, parse_type
from mini_tb.types.duckdb import quote_string

DYNAMIC = DataType("Dynamic")
INNER_JSON = parse_type("JSON(max_dynamic_types=16, max_dynamic_paths=256)")
"""The objects in arrays."""
ELEMENTS = "[]"
"""The step in `json.path[]`."""
_NOWHERE = (1 << 31) - 1
"""Where no array has an element."""


def path_text(call: Call, args: list[str], first: int, last: int) -> str:
    """DuckDB text of the path that arguments `first` to `last` (exclusive) give."""
    pieces: list[str] = []
    literal = "$"
    for i in range(first, last):
        arg = call.args[i]
        if arg.type.is_string and isinstance(arg, Const):
            literal += '."' + str(constant(arg)).replace("\\", "\\\\").replace('"', '\\"') + '"'
        elif arg.type.is_string:
            pieces += [
                quote_string(literal + '."'),
                args[i],
            ]
            literal = '"'
        elif arg.type.is_integer and isinstance(arg, Const):
            number = int(arg.value)
            literal += f"[{number - 1 if number > 0 else f'#{number}' if number else _NOWHERE}]"
        elif arg.type.is_integer:
            index = f"CAST({args[i]} AS BIGINT)"
            at = (
                f"(CASE WHEN {index} > 0 THEN CAST({index} - 1 AS VARCHAR) "
                f"WHEN {index} < 0 THEN '#' || {index} END)"
            )
            pieces += [quote_string(literal + "["), at]
            literal = "]"
        else:
            raise ArgumentError(
                f"illegal type `{arg.type}` in a path, expected a String or integer"
            )
    if literal:
        pieces.append(quote_string(literal))
    return "(" + " || ".join(pieces) + ")" if len(pieces) > 1 else pieces[0]


def value_at(call: Call, args: list[str], first: int = 1, last: int | None = None) -> str:
    """DuckDB text (JSON) of the value that the path leads to; NULL where there is none."""
    end = len(args) if last is None else last
    if call.args[0].type.bare.name == "JSON":
        document = args[0]
    else:
        document = f"TRY_CAST({args[0]} AS JSON)"
    if end <= first:
        # Extracted, so that it is written anew: without blanks, and letters as themselves.
        return f"json_extract({document}, '$')"
    if call.function.name.endswith("CaseInsensitive"):
        for i in range(first, end):
            document = f"json_extract({document}, {_any_case(call, args, document, i)})"
        return document
    steps = [first]
    steps += [i for i in range(first + 1, end) if call.args[i].type.is_integer]
    for start, stop in pairwise([*steps, end]):
        document = _step(call, args, document, start, stop)
    return document


def _step(call: Call, args: list[str], document: str, first: int, last: int) -> str:
    """The value behind some steps; a number in front counts elements, or members of an object."""
    found = f"json_extract({document}, {path_text(call, args, first, last)})"
    if not call.args[first].type.is_integer:
        return found
    # By its name, since a null in a MAP of JSON would not be told from nothing.
    name = f"json_keys({document})[CAST({args[first]} AS BIGINT)]"
    pointer = f"'/' || replace(replace({name}, '~', '~0'), '/', '~1')"
    member = f"json_extract({document}, {pointer})"
    if last > first + 1:
        member = f"json_extract({member}, {path_text(call, args, first + 1, last)})"
    return f"(CASE WHEN json_type({document}) = 'OBJECT' THEN {member} ELSE {found} END)"


def _any_case(call: Call, args: list[str], document: str, index: int) -> str:
    """The path of one step; a member is found by its name in any case."""
    if not call.args[index].type.is_string:
        return path_text(call, args, index, index + 1)
    same = f"list_filter(json_keys({document}), lambda k: lower(k) = lower({args[index]}))[1]"
    return f"('$.\"' || {same} || '\"')"


_DECLARED = re.compile(r"\s*([\w.`]+)\s+(.+)", re.S)


def declared(t: DataType) -> dict[str, DataType]:
    """The paths of a JSON type that have types of their own: `JSON(a.b UInt32)`."""
    found: dict[str, DataType] = {}
    text, depth, start = "".join(map(str, t.bare.params)) + ",", 0, 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter != "," or depth:
            continue
        item, start = text[start:i], i + 1
        match = _DECLARED.fullmatch(item)
        if match and match[1].upper() != "SKIP" and "=" not in match[1]:
            found[match[1].replace("`", "")] = parse_type(match[2])
    return found


# `json['a.b']`, `has(json, 'a.b')` ---------------------------------------------------------


def is_json(arg: Expr) -> bool:
    """Whether an argument is JSON, or what was read of it."""
    return arg.type.bare.name in ("JSON", "Dynamic")


def subscript_type(args: Sequence[Expr]) -> DataType:
    """The type of `json['path']`, or of an element of an array in it. Raises `ArgumentError`."""
    t, index = args[0].type.bare, args[1]
    if t.name == "Dynamic" and index.type.is_integer:
        return DYNAMIC
    if not index.type.is_string:
        raise ArgumentError(f"illegal type `{index.type}` of a path, expected a String", 43, 1)
    path = text(index)
    return declared(t).get(path, DYNAMIC) if t.name == "JSON" else DYNAMIC


def lower_subscript(call: Call, args: list[str]) -> str:
    """The value at a path, by the names of members with dots between them, or at an index."""
    index = call.args[1]
    if index.type.is_integer:
        at = f"CAST({args[1]} AS BIGINT)"
        place = f"CASE WHEN {at} > 0 THEN {at} - 1 WHEN {at} < 0 THEN {at} END"
        return f"json_extract({args[0]}, {place})"
    found = at_path(args[0], text(index))
    return found if call.type.name == "Dynamic" else filled(found, call.type)


def at_path(json: str, path: str) -> str:
    """DuckDB text of the value at a path, whose dots are between names, or in one."""
    names = path.split(".")
    if "" in names:
        return "CAST(NULL AS JSON)"
    found = f"json_extract({json}, {quote_string(_members(names))})"
    if len(names) > 1:
        found = f"coalesce({found}, json_extract({json}, {quote_string(_members([path]))}))"
    return found


def _members(names: Sequence[str]) -> str:
    return "$" + "".join('."' + name.replace('"', '\\"') + '"' for name in names)


def has_path_type(args: Sequence[Expr]) -> DataType:
    """The type of `has(json, path)`. Raises `ArgumentError`."""
    if not args[1].type.is_string:
        raise ArgumentError(f"illegal type `{args[1].type}`, expected a path in JSON", 43, 1)
    return UINT8


def lower_has_path(call: Call, args: list[str]) -> str:
    """Whether there is a value, or one of those inside, at a path."""
    paths = f"map_keys(mt_json_paths({args[0]}))"
    if known := declared(call.args[0].type):
        paths = f"list_concat({paths}, [{', '.join(map(quote_string, known))}])"
    same = f"p = {args[1]} OR starts_with(p, {args[1]} || '.')"
    return f"CAST(len(list_filter({paths}, lambda p: {same})) > 0 AS UTINYINT)"


# `json.a` -----------------------------------------------------------------------------------

_TYPED = re.compile(r":`?(.+?)`?")


def json_path_type(t: DataType, step: str) -> DataType:
    """The type of `j.step`: a typed path of the column, `:Type` a typed reading, `[]` an array of
    objects, else Dynamic."""
    if step == ELEMENTS:
        return array(INNER_JSON)
    if match := _TYPED.fullmatch(step):
        return nullable(parse_type(match[1]))
    if t.name == "JSON" and step in (known := declared(t)):
        return known[step]
    return JSON if step.startswith("^") else DYNAMIC


def lower_json_path(call: Call, args: list[str]) -> str:
    """The value at a step of a path of a JSON column."""
    return value_at_step(call.args[0].type.bare, text(call.args[1]), args[0])


def value_at_step(t: DataType, step: str, json: str) -> str:
    """DuckDB text of what a step of a path leads to in `json` of type `t`."""
    target = json_path_type(t, step)
    if step == ELEMENTS:
        objects = f"list_filter(TRY_CAST({json} AS JSON[]), lambda o: json_type(o) = 'OBJECT')"
        return f"coalesce(CASE json_type({json}) WHEN 'ARRAY' THEN {objects} END, [])"
    if _TYPED.fullmatch(step):
        name = quote_string(str(target.bare))
        found = f"(CASE WHEN mt_json_type({json}) = {name} THEN {json} END)"
        return filled(found, target)
    path = step.removeprefix("^").strip("`")
    found = at_path(json, path)
    if step.startswith("^"):
        return (
            f"(CASE WHEN json_type({found}) = 'OBJECT' THEN {found} ELSE CAST('{{}}' AS JSON) END)"
        )
    if target.name == "Dynamic":  # an object is no value: those inside of it are
        is_value = "json_type(v) NOT IN ('OBJECT', 'NULL')"
        return f"list_filter([{found}], lambda v: {is_value})[1]"
    return found if target.name == "JSON" else filled(found, target)
