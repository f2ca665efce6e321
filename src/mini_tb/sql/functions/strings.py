"""Strings: case, cutting, padding, joining. Functions count bytes, their `UTF8` twins characters.

DuckDB's functions count characters, so where bytes are counted a text that is not ASCII goes
through BLOB; a cut inside a character then is an error of `decode`, not a wrong answer.
"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function, Lower, Returns, text
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import INT8, INT32, STRING, UINT8, UINT64, DataType


def need_string(arg: Expr) -> None:
    """Raises `ArgumentError` if the argument is no String, FixedString or Enum."""
    if not arg.type.is_string and not arg.type.is_enum:
        raise ArgumentError(f"illegal type `{arg.type}`, expected a String")


def _string(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    return STRING


def strings(result: DataType, count: int | None = None) -> Returns:
    """A `returns` whose first `count` arguments must be strings (all, if None)."""

    def returns(args: Sequence[Expr]) -> DataType:
        for arg in args[:count]:
            need_string(arg)
        return result

    return returns


def _lower_concat(call: Call, args: list[str]) -> str:
    texts = [lower_cast(arg.type, STRING, sql) for arg, sql in zip(call.args, args, strict=True)]
    return "(" + " || ".join(texts) + ")" if len(texts) > 1 else texts[0]


def _lower_with_separator(call: Call, args: list[str]) -> str:
    texts = [lower_cast(arg.type, STRING, sql) for arg, sql in zip(call.args, args, strict=True)]
    joined = f"concat_ws({', '.join(texts)})"
    missing = [f"{sql} IS NULL" for arg, sql in zip(call.args, args, strict=True) if _may_miss(arg)]
    return f"(CASE WHEN NOT ({' OR '.join(missing)}) THEN {joined} END)" if missing else joined


def _may_miss(arg: Expr) -> bool:
    return arg.type.is_nullable


def _cut(size: str, call: Call, args: list[str]) -> tuple[str, str]:
    """1-based first position and count of a substring, as ClickHouse reads offset and length."""
    offset = f"CAST({args[1]} AS BIGINT)"
    first = (
        f"(CASE WHEN {offset} > 0 THEN {offset} WHEN {offset} < 0 "
        f"THEN greatest({size} + {offset} + 1, 1) ELSE {size} + 1 END)"
    )
    if len(args) < 3:
        return first, size
    length = f"CAST({args[2]} AS BIGINT)"
    # An offset before the start takes its missing part from the length.
    lost = f"(CASE WHEN {offset} < -{size} THEN {size} + {offset} ELSE 0 END)"
    count = (
        f"(CASE WHEN {length} >= 0 THEN greatest({length} + {lost}, 0) "
        f"ELSE greatest({size} + {length} - {first} + 1, 0) END)"
    )
    return first, count


def _lower_substring_utf8(call: Call, args: list[str]) -> str:
    first, count = _cut(f"length({args[0]})", call, args)
    return f"substring({args[0]}, {first}, {count})"


def _lower_substring(call: Call, args: list[str]) -> str:
    first, count = _cut(f"strlen({args[0]})", call, args)
    blob = f"decode(array_slice(encode({args[0]}), {first}, {first} + {count} - 1))"
    return (
        f"CASE WHEN strlen({args[0]}) = length({args[0]}) "
        f"THEN substring({args[0]}, {first}, {count}) ELSE {blob} END"
    )


def _substring_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    for arg in args[1:]:
        if not arg.type.is_integer:
            raise ArgumentError(f"illegal type `{arg.type}`, expected an integer")
    return STRING


def _pad(side: str) -> str:
    fill = "(CASE WHEN {2} = '' THEN ' ' ELSE {2} END)"
    return f"(CASE WHEN {{1}} <= 0 THEN '' ELSE {side}({{0}}, CAST({{1}} AS INTEGER), {fill}) END)"


def _lower_pad(call: Call, args: list[str]) -> str:
    side = "lpad" if call.function.name.startswith("left") else "rpad"
    filled = [*args, "' '"] if len(args) < 3 else args
    return _pad(side).format(*filled)


def _lower_trim(call: Call, args: list[str]) -> str:
    name = {"trimBoth": "trim", "trimLeft": "ltrim", "trimRight": "rtrim"}[call.function.name]
    return f"{name}({args[0]}, {args[1] if len(args) > 1 else chr(39) + ' ' + chr(39)})"


def _lower_format(call: Call, args: list[str]) -> str:
    pattern = text(call.args[0])
    pieces: list[str] = []
    following = 0
    i = 0
    literal = ""

    def flush() -> None:
        nonlocal literal
        if literal:
            pieces.append("'" + literal.replace("'", "''") + "'")
            literal = ""

    while i < len(pattern):
        char = pattern[i]
        if pattern[i : i + 2] in ("{{", "}}"):
            literal += char
            i += 2
            continue
        if char != "{":
            literal += char
            i += 1
            continue
        end = pattern.find("}", i)
        name = pattern[i + 1 : end]
        if end < 0 or (name and not name.isdigit()):
            raise ArgumentError(f"`{pattern}` is no pattern of `format`", 36)
        index = int(name) if name else following
        following += not name
        if index + 1 >= len(args):
            raise ArgumentError(f"the pattern asks for argument {index}", 36)
        flush()
        pieces.append(lower_cast(call.args[index + 1].type, STRING, args[index + 1]))
        i = end + 1
    flush()
    return "(" + " || ".join(pieces) + ")" if pieces else "''"


_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_ASCII = "strlen({0}) = length({0})"
_NOT_ASCII = "error('DB::48: the bytes of text that is not ASCII cannot be cut here')"


def _lower_left(call: Call, args: list[str]) -> str:
    """`left`, `right`: a negative count leaves out that many of the other end."""
    in_bytes = not call.function.name.endswith("UTF8")
    size = f"{'strlen' if in_bytes else 'length'}({args[0]})"
    count = f"CAST({args[1]} AS BIGINT)"
    wanted = f"CASE WHEN {count} >= 0 THEN {count} ELSE greatest({size} + {count}, 0) END"
    kept = f"least({wanted}, {size})"
    first = "1" if call.function.name.startswith("left") else f"({size} - {kept} + 1)"
    cut = f"substring({args[0]}, {first}, {kept})"
    if not in_bytes:
        return cut
    blob = f"decode(array_slice(encode({args[0]}), {first}, {first} + {kept} - 1))"
    return f"CASE WHEN {_ASCII.format(args[0])} THEN {cut} ELSE {blob} END"


def _reverse_returns(args: Sequence[Expr]) -> DataType:
    return args[0].type if args[0].type.is_array else _string(args)


def _lower_reverse(call: Call, args: list[str]) -> str:
    if call.type.is_array:
        return f"list_reverse({args[0]})"
    test = _ASCII.format(args[0])
    return f"CASE WHEN {test} THEN reverse({args[0]}) ELSE {_NOT_ASCII} END"


def _row(name: str, lower: str, *aliases: str, args: int = 1) -> Function:
    """A function from strings to a String, in any case."""
    return Function(
        name, _string, lower, args=(args, args), aliases=aliases, any_case=True, exact=True
    )


def _cutting(name: str, lower: Lower, args: tuple[int, int], *aliases: str) -> Function:
    """A function that cuts a string at numbers."""
    return Function(name, _substring_returns, lower, args=args, aliases=aliases, any_case=True)


_TITLE = (
    "array_to_string(list_transform(regexp_extract_all({0}, '[A-Za-z0-9]+|[^A-Za-z0-9]+'), "
    "lambda w: upper(w[1]) || lower(w[2:])), '')"
)


def _lower_index(call: Call, args: list[str]) -> str:
    """`substringIndex`: what is before the n-th separator, behind it from the end if negative."""
    parts, count = f"string_split({args[0]}, {args[1]})", f"CAST({args[2]} AS BIGINT)"
    kept = (
        f"CASE WHEN {count} > 0 THEN list_slice({parts}, 1, {count}) "
        f"WHEN {count} < 0 THEN list_slice({parts}, greatest(len({parts}) + {count} + 1, 1), "
        f"len({parts})) ELSE [] END"
    )
    return f"array_to_string({kept}, {args[1]})"


def _index_returns(args: Sequence[Expr]) -> DataType:
    for arg in args[:2]:
        need_string(arg)
    return STRING


def _lower_overlay(call: Call, args: list[str]) -> str:
    """The replacement in place of as many bytes (characters), from an offset on."""
    size = f"length({args[0]})"
    offset = f"CAST({args[2]} AS BIGINT)"
    at = f"(CASE WHEN {offset} >= 0 THEN {offset} ELSE greatest({size} + {offset} + 1, 1) END)"
    taken = f"greatest(CAST({args[3]} AS BIGINT), 0)" if len(args) > 3 else f"length({args[1]})"
    text = f"left({args[0]}, {at} - 1) || {args[1]} || substring({args[0]}, {at} + {taken})"
    if call.function.name.endswith("UTF8"):
        return f"({text})"
    return f"CASE WHEN {_ASCII.format(args[0])} THEN {text} ELSE {_NOT_ASCII} END"


def _lower_compare(call: Call, args: list[str]) -> str:
    a, b = (
        f"substring({text}, CAST({at} AS BIGINT) + 1, CAST({args[4]} AS BIGINT))"
        for text, at in ((args[0], args[2]), (args[1], args[3]))
    )
    return f"CAST(CASE WHEN {a} < {b} THEN -1 WHEN {a} > {b} THEN 1 ELSE 0 END AS TINYINT)"


def _ends(name: str, template: str) -> tuple[Function, ...]:
    return tuple(
        Function(f"{name}{suffix}", strings(UINT8), template, args=(2, 2))
        for suffix in ("CaseInsensitive", "CaseInsensitiveUTF8")
    )


ROWS = (
    Function("concatAssumeInjective", STRING, _lower_concat, args=(1, None), bytes_ok=True),
    _row("soundex", "mt_soundex({0})"),
    _row("initcapUTF8", "mt_title({0})"),
    _row("firstLine", r"regexp_extract({0}, '^[^\r\n]*')"),
    _row("regexpQuoteMeta", "mt_quote_meta({0})"),
    _row("extractTextFromHTML", "mt_text_of_html({0})"),
    _row("decodeXMLComponent", "mt_decode_xml({0})"),
    _row("decodeHTMLComponent", "mt_decode_xml({0})"),
    _row("encodeXMLComponent", "mt_encode_xml({0})"),
    *(
        _row(f"normalizeUTF8{form}", f"mt_normalize_{form.lower()}({{0}})")
        for form in ("NFC", "NFD", "NFKC", "NFKD")
    ),
    Function("ascii", strings(INT32), "ascii({0})", any_case=True),
    Function("isASCII", strings(UINT8), "strlen({0}) = length({0})"),
    *_ends("startsWith", "starts_with(lower({0}), lower({1}))"),
    *_ends("endsWith", "suffix(lower({0}), lower({1}))"),
    Function(
        "appendTrailingCharIfAbsent",
        strings(STRING),
        "CASE WHEN {0} = '' OR suffix({0}, {1}) THEN {0} ELSE {0} || {1} END",
        args=(2, 2),
    ),
    *(
        Function(f"translate{suffix}", strings(STRING), "translate({0}, {1}, {2})", args=(3, 3))
        for suffix in ("", "UTF8")
    ),
    *(
        Function(f"substringIndex{suffix}", _index_returns, _lower_index, args=(3, 3), aliases=a)
        for suffix, a in (("", ("SUBSTRING_INDEX",)), ("UTF8", ()))
    ),
    *(
        Function(f"overlay{suffix}", _index_returns, _lower_overlay, args=(3, 4))
        for suffix in ("", "UTF8")
    ),
    Function("compareSubstrings", strings(INT8, 2), _lower_compare, args=(5, 5)),
    Function("concat", STRING, _lower_concat, args=(1, None), any_case=True, bytes_ok=True),
    Function(
        "concatWithSeparator",
        STRING,
        _lower_with_separator,
        args=(1, None),
        aliases=("concat_ws",),
        any_case=True,
        bytes_ok=True,
    ),
    _row("lower", f"translate({{0}}, '{_UPPER}', '{_LOWER}')", "lcase"),
    _row("upper", f"translate({{0}}, '{_LOWER}', '{_UPPER}')", "ucase"),
    _row("lowerUTF8", "lower({0})"),
    _row("upperUTF8", "upper({0})"),
    _row("reverseUTF8", "reverse({0})"),
    _row("toValidUTF8", "{0}"),
    _row("initcap", _TITLE),
    _row("repeat", "repeat({0}, greatest(CAST({1} AS BIGINT), 0))", args=2),
    _cutting("substring", _lower_substring, (2, 3), "substr", "mid", "byteSlice"),
    _cutting("substringUTF8", _lower_substring_utf8, (2, 3), "substrUTF8"),
    _cutting("left", _lower_left, (2, 2)),
    _cutting("right", _lower_left, (2, 2)),
    _cutting("leftUTF8", _lower_left, (2, 2)),
    _cutting("rightUTF8", _lower_left, (2, 2)),
    Function("leftPad", _string, _lower_pad, args=(2, 3), aliases=("lpad",), any_case=True),
    Function("rightPad", _string, _lower_pad, args=(2, 3), aliases=("rpad",), any_case=True),
    Function("leftPadUTF8", _string, _lower_pad, args=(2, 3)),
    Function("rightPadUTF8", _string, _lower_pad, args=(2, 3)),
    Function("reverse", _reverse_returns, _lower_reverse, any_case=True),
    Function("space", STRING, "repeat(' ', greatest(CAST({0} AS BIGINT), 0))", any_case=True),
    Function("trimBoth", _string, _lower_trim, args=(1, 2), aliases=("trim",), any_case=True),
    Function("trimLeft", _string, _lower_trim, args=(1, 2), aliases=("ltrim",), any_case=True),
    Function("trimRight", _string, _lower_trim, args=(1, 2), aliases=("rtrim",), any_case=True),
    Function(
        "lengthUTF8",
        strings(UINT64),
        "length({0})",
        aliases=("CHAR_LENGTH", "CHARACTER_LENGTH"),
        any_case=True,
    ),
    Function("startsWith", strings(UINT8), "starts_with({0}, {1})", args=(2, 2)),
    Function("startsWithUTF8", strings(UINT8), "starts_with({0}, {1})", args=(2, 2)),
    Function("endsWith", strings(UINT8), "suffix({0}, {1})", args=(2, 2)),
    Function("endsWithUTF8", strings(UINT8), "suffix({0}, {1})", args=(2, 2)),
    Function("format", STRING, _lower_format, args=(1, None), bytes_ok=True),
    Function("isValidUTF8", strings(UINT8), "TRUE"),
)
