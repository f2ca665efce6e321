"""Strings: case, joining, trimming, markup. Functions count bytes, their `UTF8` twins characters.

Strings that need not be UTF-8 are BLOB (`STRING_BYTES`): where one is joined, the result is one.
What is cut is in `cutting`.
"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.function import ArgumentError, Function, Returns, text
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import INT8, INT32, STRING, STRING_BYTES, UINT8, UINT64, DataType
from mini_tb.types.duckdb import quote_string


def need_string(arg: Expr) -> None:
    """Raises `ArgumentError` if the argument is no String, FixedString or Enum."""
    if not arg.type.is_string and not arg.type.is_enum:
        raise ArgumentError(f"illegal type `{arg.type}`, expected a String")


def as_bytes(arg: Expr, sql: str) -> str:
    """The text as BLOB."""
    return sql if arg.type.is_bytes else f"encode({sql})"


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


def _joined_returns(args: Sequence[Expr]) -> DataType:
    if len(args) == 1 and args[0].type.bare.name == "FixedString":
        return STRING  # without the zeros at its end
    return STRING_BYTES if any(arg.type.is_bytes for arg in args) else STRING


def _pieces(call: Call, args: list[str]) -> list[str]:
    """The arguments as texts, or all as BLOB where one is."""
    target = _joined_returns(call.args)
    return [lower_cast(arg.type, target, sql) for arg, sql in zip(call.args, args, strict=True)]


_CONCATENATIONS = {"Array": "arrayConcat", "Map": "mapConcat", "Tuple": "tupleConcat"}


def _concatenation(args: Sequence[Expr]) -> str | None:
    """What `concat` is of arrays alone, of maps or of tuples."""
    kinds = {arg.type.name for arg in args}
    return _CONCATENATIONS.get(kinds.pop()) if len(args) > 1 and len(kinds) == 1 else None


def _lower_concat(call: Call, args: list[str]) -> str:
    pieces = _pieces(call, args)
    return "(" + " || ".join(pieces) + ")" if len(pieces) > 1 else pieces[0]


def _lower_with_separator(call: Call, args: list[str]) -> str:
    separator, *items = _pieces(call, args)
    if not items:
        joined = lower_cast(STRING, call.type, "''")
    else:
        joined = "(" + f" || {separator} || ".join(items) + ")"
    missing = [f"{sql} IS NULL" for arg, sql in zip(call.args, args, strict=True) if _may_miss(arg)]
    return f"(CASE WHEN NOT ({' OR '.join(missing)}) THEN {joined} END)" if missing else joined


def _may_miss(arg: Expr) -> bool:
    return arg.type.is_nullable


def _lower_trim(call: Call, args: list[str]) -> str:
    if len(args) > 1 and not text(call.args[1]).isascii():
        raise ArgumentError("trims bytes, and letters that are not ASCII have several", 48)
    name = {"trimBoth": "trim", "trimLeft": "ltrim", "trimRight": "rtrim"}[call.function.name]
    return f"{name}({args[0]}, {args[1] if len(args) > 1 else chr(39) + ' ' + chr(39)})"


def _lower_format(call: Call, args: list[str]) -> str:
    pattern, target = text(call.args[0]), _joined_returns(call.args)
    pieces: list[str] = []
    following = 0
    i = 0
    literal = ""

    def flush() -> None:
        nonlocal literal
        if literal:
            pieces.append(lower_cast(STRING, target, "'" + literal.replace("'", "''") + "'"))
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
        pieces.append(lower_cast(call.args[index + 1].type, target, args[index + 1]))
        i = end + 1
    flush()
    whole = "(" + " || ".join(pieces) + ")" if pieces else lower_cast(STRING, target, "''")
    missing = [f"{sql} IS NULL" for arg, sql in zip(call.args, args, strict=True) if _may_miss(arg)]
    return f"(CASE WHEN NOT ({' OR '.join(missing)}) THEN {whole} END)" if missing else whole


_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_NOT_ONE = "error('DB::36: the second argument must be one byte')"
_ASCII = "strlen({0}) = length({0})"


def _lower_ascii(call: Call, args: list[str]) -> str:
    blob = f"array_slice({as_bytes(call.args[0], args[0])}, 1, 1)"
    code = f"CAST('0x' || hex({blob}) AS INTEGER)"
    return f"CAST(CASE WHEN {blob} = ''::BLOB THEN 0 ELSE {code} END AS INTEGER)"


def _case_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    t = args[0].type.bare
    return t if t.name == "FixedString" else STRING_BYTES if t.is_bytes else STRING


def _in_case(name: str, sql: str, source: str, target: str) -> str:
    # DuckDB's own is twenty times as fast, but turns letters beyond ASCII too.
    otherwise = f"translate({sql}, '{source}', '{target}')"
    return f"CASE WHEN {_ASCII.format(sql)} THEN {name}({sql}) ELSE {otherwise} END"


def without_case(function: str, sql: str) -> str:
    """The text as a function of that name compares it: if it says `CaseInsensitive`, letters are
    small; those of ASCII alone, unless it says `UTF8`."""
    if "CaseInsensitive" not in function:
        return sql
    if function.endswith("UTF8"):
        return f"lower({sql})"
    return f"({_in_case('lower', sql, _UPPER, _LOWER)})"


def _case(name: str, source: str, target: str, *aliases: str) -> Function:
    """The letters of ASCII in the other case."""

    def lower(call: Call, args: list[str]) -> str:
        if call.args[0].type.is_bytes:
            return f"mt_{name}_bytes({args[0]})"
        return _in_case(name, args[0], source, target)

    return Function(name, _case_returns, lower, aliases=aliases, any_case=True, bytes_ok=True)


def _case_utf8(name: str) -> Function:
    """All letters in the other case: some become several."""
    text = f"CASE WHEN {_ASCII} THEN {name}({{0}}) ELSE mt_{name}({{0}}) END"
    return Function(f"{name}UTF8", _text_returns, text, any_case=True, exact=True)


def _text_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    if args[0].type.bare.name == "FixedString":
        raise ArgumentError("does not take a FixedString", 36)
    return STRING


def _row(name: str, lower: str, *aliases: str, args: int = 1) -> Function:
    """A function from strings to a String, in any case."""
    return Function(
        name, _string, lower, args=(args, args), aliases=aliases, any_case=True, exact=True
    )


_TITLE = (
    "array_to_string(list_transform(regexp_extract_all({0}, '[A-Za-z0-9]+|[^A-Za-z0-9]+'), "
    f"lambda w: translate(w[1], '{_LOWER}', '{_UPPER}') || lower(w[2:])), '')"
)


def _lower_title(call: Call, args: list[str]) -> str:
    if not call.args[0].type.is_bytes:
        return _TITLE.format(args[0])
    return f"encode({_TITLE.format(f'decode({args[0]})')})"


def _translate_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    source, target = text(args[1]), text(args[2])
    if not (source + target).isascii():
        raise ArgumentError("takes letters of ASCII, `translateUTF8` takes all", 36)
    return _translated(args[0], source, target)


def _translate_utf8_returns(args: Sequence[Expr]) -> DataType:
    _text_returns(args)
    return _translated(args[0], text(args[1]), text(args[2]))


def _translated(arg: Expr, source: str, target: str) -> DataType:
    t = arg.type.bare
    is_fixed = t.name == "FixedString"
    if len(target) > len(source) or (is_fixed and len(target) < len(source)):
        size = "as many" if is_fixed else "no more"
        raise ArgumentError(f"takes {size} letters in the place of others as there are of them", 36)
    return t if is_fixed else STRING


def _lower_translate(call: Call, args: list[str]) -> str:
    source, target = text(call.args[1]), text(call.args[2])
    # Of a letter that is named twice, what is said last counts. Those that go stand at the end.
    places = sorted({letter: i for i, letter in enumerate(source)}.values())
    letters = "".join(source[i] for i in places)
    others = "".join(target[i : i + 1] for i in places)
    is_bytes = call.type.is_bytes
    value = f"decode({args[0]})" if call.args[0].type.is_bytes else args[0]
    found = f"translate({value}, {quote_string(letters)}, {quote_string(others)})"
    return f"encode({found})" if is_bytes else found


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


def _overlay_returns(result: DataType) -> Returns:
    def returns(args: Sequence[Expr]) -> DataType:
        _index_returns(args)
        return result

    return returns


def _lower_overlay(call: Call, args: list[str]) -> str:
    """The replacement in place of as many bytes (characters), from an offset on."""
    is_utf8 = call.function.name.endswith("UTF8")
    base, put = args[:2]
    if not is_utf8:
        base, put = (as_bytes(arg, sql) for arg, sql in zip(call.args[:2], args, strict=False))
    measure = "length" if is_utf8 else "octet_length"
    size, offset = f"{measure}({base})", f"CAST({args[2]} AS BIGINT)"
    at = f"(CASE WHEN {offset} > 0 THEN {offset} ELSE greatest({size} + {offset} + 1, 1) END)"
    if len(args) > 3:
        wanted = f"CAST({args[3]} AS BIGINT)"
        taken = f"(CASE WHEN {wanted} >= 0 THEN {wanted} ELSE {measure}({put}) END)"
    else:
        taken = f"{measure}({put})"
    if is_utf8:
        return f"(left({base}, {at} - 1) || {put} || substring({base}, {at} + {taken}))"
    before, rest = f"1, {at} - 1", f"{at} + {taken}, {size}"
    return f"(array_slice({base}, {before}) || {put} || array_slice({base}, {rest}))"


def _lower_compare(call: Call, args: list[str]) -> str:
    a, b = (
        f"array_slice({as_bytes(arg, sql)}, CAST({at} AS BIGINT) + 1, "
        f"CAST({at} AS BIGINT) + CAST({args[4]} AS BIGINT))"
        for arg, sql, at in zip(call.args, args[:2], args[2:4], strict=False)
    )
    return f"mt_compare_bytes({a}, {b})"


def _fold(sql: str) -> str:
    return f"translate({sql}, '{_UPPER}', '{_LOWER}')"


def _ends(name: str, function: str) -> tuple[Function, ...]:
    """`startsWith`, `endsWith` and their forms: of bytes, and in any case."""

    def of_bytes(call: Call, args: list[str]) -> str:
        if not any(arg.type.is_bytes for arg in call.args):
            return f"CAST({function}({args[0]}, {args[1]}) AS UTINYINT)"
        whole, part = (as_bytes(arg, sql) for arg, sql in zip(call.args, args, strict=True))
        size, all_ = f"octet_length({part})", f"octet_length({whole})"
        cut = f"1, {size}" if name == "startsWith" else f"{all_} - {size} + 1, {all_}"
        found = f"({all_} >= {size} AND array_slice({whole}, {cut}) = {part})"
        return f"CAST({size} = 0 OR {found} AS UTINYINT)"

    two = strings(UINT8)
    return (
        Function(name, two, of_bytes, args=(2, 2), bytes_ok=True),
        Function(f"{name}UTF8", two, function + "({0}, {1})", args=(2, 2)),
        Function(
            f"{name}CaseInsensitive",
            two,
            f"{function}({_fold('{0}')}, {_fold('{1}')})",
            args=(2, 2),
        ),
        Function(
            f"{name}CaseInsensitiveUTF8",
            two,
            f"{function}(lower({{0}}), lower({{1}}))",
            args=(2, 2),
        ),
    )


def _lower_valid(call: Call, args: list[str]) -> str:
    return f"mt_valid_utf8({args[0]})" if call.args[0].type.is_bytes else args[0]


def _lower_is_valid(call: Call, args: list[str]) -> str:
    if not call.args[0].type.is_bytes:
        return f"CASE WHEN {args[0]} IS NOT NULL THEN CAST(1 AS UTINYINT) END"
    return f"mt_is_valid_utf8({args[0]})"


def _repeat_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    if not args[1].type.is_integer:
        raise ArgumentError(f"illegal type `{args[1].type}` of the number, expected an integer")
    return _joined_returns(args[:1])


_REPEAT = "repeat({0}, greatest(CAST({1} AS BIGINT), 0))"

ROWS = (
    Function(
        "concatAssumeInjective", _joined_returns, _lower_concat, args=(1, None), bytes_ok=True
    ),
    _row("soundex", "mt_soundex({0})"),
    _row("initcapUTF8", "mt_title({0})"),
    _row("firstLine", r"regexp_extract({0}, '^[^\r\n]*')"),
    _row("regexpQuoteMeta", "mt_quote_meta({0})"),
    _row("extractTextFromHTML", "mt_text_of_html({0})"),
    _row("decodeXMLComponent", "mt_decode_xml({0})"),
    _row("decodeHTMLComponent", "mt_decode_html({0})"),
    _row("encodeXMLComponent", "mt_encode_xml({0})"),
    *(
        _row(f"normalizeUTF8{form}", f"mt_normalize_{form.lower()}({{0}})")
        for form in ("NFC", "NFD", "NFKC", "NFKD")
    ),
    Function("ascii", strings(INT32), _lower_ascii, any_case=True, bytes_ok=True),
    Function("isASCII", strings(UINT8), "strlen({0}) = length({0})"),
    *_ends("startsWith", "starts_with"),
    *_ends("endsWith", "suffix"),
    Function(
        "appendTrailingCharIfAbsent",
        strings(STRING),
        f"CASE WHEN strlen({{1}}) <> 1 THEN {_NOT_ONE} "
        "WHEN {0} = '' OR suffix({0}, {1}) THEN {0} ELSE {0} || {1} END",
        args=(2, 2),
    ),
    Function("translate", _translate_returns, _lower_translate, args=(3, 3), bytes_ok=True),
    Function(
        "translateUTF8", _translate_utf8_returns, _lower_translate, args=(3, 3), bytes_ok=True
    ),
    *(
        Function(
            f"substringIndex{suffix}",
            _index_returns,
            _lower_index,
            args=(3, 3),
            aliases=a,
            any_case=bool(a),
        )
        for suffix, a in (("", ("SUBSTRING_INDEX",)), ("UTF8", ()))
    ),
    Function(
        "overlay",
        _overlay_returns(STRING_BYTES),
        _lower_overlay,
        args=(3, 4),
        bytes_ok=True,
        any_case=True,
    ),
    Function("overlayUTF8", _overlay_returns(STRING), _lower_overlay, args=(3, 4)),
    Function("compareSubstrings", strings(INT8, 2), _lower_compare, args=(5, 5), bytes_ok=True),
    Function(
        "concat",
        _joined_returns,
        _lower_concat,
        args=(1, None),
        any_case=True,
        bytes_ok=True,
        instead=_concatenation,
    ),
    Function(
        "concatWithSeparator",
        _joined_returns,
        _lower_with_separator,
        args=(1, None),
        aliases=("concat_ws", "concatWithSeparatorAssumeInjective"),
        any_case=True,
        bytes_ok=True,
        per_row=True,
    ),
    _case("lower", _UPPER, _LOWER, "lcase"),
    _case("upper", _LOWER, _UPPER, "ucase"),
    _case_utf8("lower"),
    _case_utf8("upper"),
    _row("reverseUTF8", "reverse({0})"),
    Function("toValidUTF8", strings(STRING), _lower_valid, any_case=True, bytes_ok=True),
    Function("initcap", _case_returns, _lower_title, any_case=True, bytes_ok=True),
    Function(
        "repeat", _repeat_returns, _REPEAT, args=(2, 2), any_case=True, exact=True, bytes_ok=True
    ),
    Function(
        "space",
        STRING,
        "repeat(' ', greatest(CAST({0} AS BIGINT), 0))",
        any_case=True,
        per_row=True,
    ),
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
    Function("format", _joined_returns, _lower_format, args=(2, None), bytes_ok=True),
    Function("isValidUTF8", strings(UINT8), _lower_is_valid, bytes_ok=True),
)
