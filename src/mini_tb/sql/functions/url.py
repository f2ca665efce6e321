"""URLs: their parts, their parameters, and what is left without them.

ClickHouse reads a URL in one pass and forgives much; the regular expressions here accept just what
it accepts. Hosts come in two readings, its own and RFC 3986's, which knows passwords and IPv6.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions.aggregates.rows import let
from mini_tb.sql.functions.function import Function, constant
from mini_tb.sql.functions.strings import need_string, strings
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING, UINT16, UINT64, DataType, array
from mini_tb.types.duckdb import quote_string

_BAD = r" \t<>%{}|\\^~\[\];=&"
"""Characters at which ClickHouse gives up a host."""
_SCHEME = r"^(?://|(?s:.)[A-Za-z0-9.+\-]{0,12}://)"
_USER = "[^/?#@:]*(?::[^/?#@:]*)?@"
_NO_SCHEME = rf"^(?s:.)[A-Za-z0-9.+\-]{{0,14}}[{_BAD}]"
_WWW = r"^www\."


def _extract(text: str, pattern: str, group: int = 0) -> str:
    return f"regexp_extract({text}, {quote_string(pattern)}, {group})"


def _matches(text: str, pattern: str) -> str:
    return f"regexp_matches({text}, {quote_string(pattern)})"


def _has_no_scheme(url: str) -> str:
    """Whether something that no scheme has comes where one would be: no host is looked for then."""
    return f"({_matches(url, _NO_SCHEME)} AND NOT starts_with({url}, '//'))"


def _rest(url: str) -> str:
    """What follows the scheme and its slashes."""
    return f"regexp_replace({url}, {quote_string(_SCHEME)}, '')"


def _scanned(url: str) -> str:
    """The host as ClickHouse reads it, with the user in front of it; '' if it is none."""
    return _extract(_rest(url), rf"^([^:/?#{_BAD}]*)(?:[:/?#]|$)", 1)


def _dotted(scanned: str) -> str:
    """The host of what was scanned, if there is a dot in it, but none at the end."""
    host = f"regexp_extract({scanned}, '[^@]*$')"
    is_one = f"contains({scanned}, '.') AND NOT ends_with({scanned}, '.')"
    return f"CASE WHEN {is_one} THEN {host} WHEN {scanned} IS NOT NULL THEN '' END"


def _domain(url: str) -> str:
    return f"({_dotted(_scanned(url))})"


def _domain_rfc(url: str) -> str:
    found = let(_rest(url), _authority_host)
    return f"(CASE WHEN {_has_no_scheme(url)} THEN '' WHEN {url} IS NOT NULL THEN {found} END)"


def _authority_host(rest: str) -> str:
    address = _extract(rest, rf"^(?:{_USER})?\[([^\]%]*)\]", 1)
    # A password lets more be a host; what stands in front of an `@` is none.
    loose = _extract(rest, r"^([^/?#@:]*:[^/?#@:]*@[^/?#@:%~=;&]*)(?:[/?#@:]|$)", 1)
    with_user = _extract(rest, rf"^({_USER}[^/?#@:{_BAD}]*)(?:[/?#@:]|$)", 1)
    plain = _extract(rest, rf"^([^/?#@:{_BAD}]*)(?:[/?#:]|$)", 1)
    scanned = (
        f"CASE WHEN {_matches(rest, '^' + _USER)} "
        f"THEN coalesce(nullif({loose}, ''), {with_user}) ELSE {plain} END"
    )
    return f"CASE WHEN {address} <> '' THEN {address} ELSE {let(scanned, _dotted)} END"


_NEVER = r" \t<>{}|\\^\[\]"
"""Characters that no part of a URL has."""


def _lower_location(call: Call, args: list[str]) -> str:
    """The host with user and port. Where there is no user, ClickHouse reads on to the last slash or
    question mark, or to the fragment."""
    found = let(_rest(args[0]), _location)
    return f"CASE WHEN {_has_no_scheme(args[0])} THEN '' ELSE {found} END"


def _location(rest: str) -> str:
    with_user = _extract(rest, rf"^[^@#{_NEVER}]*@[^/?#{_BAD}]*")
    is_cut = _matches(rest, rf"^[^@#{_NEVER}]*@[^/?#{_BAD}]*[{_BAD}]")
    stopped = _extract(rest, rf"^([^/?#@{_BAD}]*)[{_BAD}]", 1)
    read = _extract(rest, rf"^[^#{_NEVER}]*")

    def shorter(text: str) -> str:
        slash, mark = (f"regexp_replace({text}, '[{end}][^{end}]*$', '')" for end in "/?")
        return f"CASE WHEN length({slash}) < length({mark}) THEN {slash} ELSE {mark} END"

    return (
        f"CASE WHEN {with_user} <> '' AND {is_cut} THEN {shorter(with_user)} "
        f"WHEN {with_user} <> '' THEN {with_user} WHEN {stopped} <> '' THEN {stopped} "
        f"WHEN {_matches(rest, f'^[^#{_NEVER}]*#')} THEN {read} ELSE {shorter(read)} END"
    )


_HOSTS = {"": _domain, "RFC": _domain_rfc}
"""The two readings of a host, by the end of the functions' names."""

# Labels that stand for all under a country's domain, as `co` in `co.uk`.
_GENERIC = "(?:com|net|org|co|gov|edu|ac|mil|gob|go|or|ne|info|biz)"
_SITE = rf"([^.]+\.(?:{_GENERIC}\.[a-z][a-z]|[^.]+))$"


def _bare(host: str) -> str:
    return f"regexp_replace({host}, {quote_string(_WWW)}, '')"


def _site(host: str, kept: str) -> str:
    """The domain from the first label that means something: the one in front of the suffix; `kept`
    where there are no two labels."""
    bare = _bare(host)
    alone = f"CASE WHEN contains({bare}, '.') THEN '' ELSE {kept} END"
    return f"coalesce(nullif({_extract(bare, _SITE, 1)}, ''), {alone})"


def _first_label(host: str) -> str:
    return f"split_part({_site(host, _bare(host))}, '.', 1)"


def _of_host(name: str, lower: Callable[[str], str]) -> tuple[Function, ...]:
    """A function of the host, and its twin that reads it by the RFC."""

    def row(suffix: str, host: Callable[[str], str]) -> Function:
        return Function(f"{name}{suffix}", strings(STRING), lambda call, args: lower(host(args[0])))

    return tuple(row(suffix, host) for suffix, host in _HOSTS.items())


# Parameters -------------------------------------------------------------------------------


def _pairs(url: str) -> str:
    """What stands between `?`, `&` and `#`, from the first of them on. A piece in front of a `?`
    is none, and the last one is none without a `=`."""
    tail = _extract(url, "(?s)^[^?#]*[?#](.*)$", 1)
    pieces = (
        f"regexp_extract_all({tail} || '&', "
        r"'(?:[^=&#?]*\?)*([^=&#?]*(?:=[^&#]*)?)[&#]', 1)"
    )
    return let(pieces, lambda ps: f"CASE WHEN contains({ps}[-1], '=') THEN {ps} ELSE {ps}[:-2] END")


def _lower_parameters(call: Call, args: list[str]) -> str:
    return _pairs(args[0])


def _lower_names(call: Call, args: list[str]) -> str:
    return f"list_transform({_pairs(args[0])}, lambda p: split_part(p, '=', 1))"


def _lower_parameter(call: Call, args: list[str]) -> str:
    name = f"regexp_escape({args[1]})"
    pattern = f"'(?s)[?#](?:.*?[?#&])??' || {name} || '=([^&#]*)'"
    return f"regexp_extract({args[0]}, {pattern}, 1)"


def _lower_no_query(call: Call, args: list[str]) -> str:
    url = args[0]
    end = rf"CASE WHEN contains({url}, '?') THEN '(?s)\?.*$' ELSE '(?s)#.*$' END"
    return f"regexp_replace({url}, {end}, '')"


def _lower_query(call: Call, args: list[str]) -> str:
    url = args[0]
    query, fragment = _extract(url, r"(?s)\?(.*)$", 1), _extract(url, "(?s)#.*$")
    return f"CASE WHEN contains({url}, '?') THEN {query} ELSE {fragment} END"


# Hierarchies ------------------------------------------------------------------------------


def _hierarchy(url: str) -> str:
    """The URL up to its host, up to each of its separators, and whole."""
    root = _extract(url, "(?s)^[a-z0-9]+://[^/?#]*[/?#]?")
    parts = f"regexp_extract_all({url}[length({root}) + 1:], '[/?#]*[^/?#]+[/?#]?')"
    levels = let(
        f"list_concat([{root}], {parts})",
        lambda ps: f"list_transform({ps}, lambda p, i: array_to_string({ps}[1:i], ''))",
    )
    whole = f"CASE WHEN {url} = '' THEN [] ELSE [{url}] END"
    return f"CASE WHEN {root} = '' THEN {whole} ELSE {levels} END"


def _lower_hierarchy(call: Call, args: list[str]) -> str:
    return _hierarchy(args[0])


def _lower_path_hierarchy(call: Call, args: list[str]) -> str:
    """What the hierarchy adds to the host, from its separator on."""
    return let(
        _hierarchy(args[0]),
        lambda h: f"list_transform({h}[2:], lambda p: p[length({h}[1]):])",
    )


def _cut_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    if args[1].type.is_array:
        return STRING
    need_string(args[1])
    return STRING


def _lower_cut(call: Call, args: list[str]) -> str:
    if not call.args[1].type.is_array:
        return f"mt_cut_parameter({args[0]}, {args[1]})"
    names = constant(call.args[1])
    assert isinstance(names, list)
    listed = ", ".join(quote_string(str(name)) for name in names)
    return f"mt_cut_parameters({args[0]}, CAST([{listed}] AS VARCHAR[]))"


def _port_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    return UINT16


def _lower_hash(call: Call, args: list[str]) -> str:
    """The hash of a URL without what ends it; with a level, of that part of its hierarchy."""
    url = f"regexp_replace({args[0]}, '[/?#]$', '')"
    if len(args) > 1:
        part = f"({_hierarchy(args[0])})[CAST({args[1]} AS BIGINT) + 1]"
        url = f"regexp_replace(coalesce({part}, ''), '[/?#]$', '')"
    return f"mt_city(encode({url}))"


def _lower_port(call: Call, args: list[str]) -> str:
    is_rfc = call.function.name.endswith("RFC")
    user = f"(?:{_USER})?" if is_rfc else ""
    host = rf"(?:\[[^\]]*\]|[^:/?#@{_BAD}]*)" if is_rfc else rf"[^:/?#{_BAD}]*"
    digits = _extract(_rest(args[0]), rf"^{user}{host}:([0-9]+)(?:[/?#]|$)", 1)
    fallback = args[1] if len(args) > 1 else "0"
    has_host = f"{_HOSTS['RFC' if is_rfc else ''](args[0])} <> ''"
    found = f"CASE WHEN {has_host} THEN TRY_CAST({digits} AS USMALLINT) END"
    return f"CAST(coalesce({found}, {fallback}) AS USMALLINT)"


def _hash_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    return UINT64


def _row(name: str, lower: str, *aliases: str, args: int = 1) -> Function:
    return Function(name, strings(STRING), lower, args=(args, args), aliases=aliases)


_AFTER_HOST = r"regexp_replace({0}, '^[^/]*(?://[^/]*)?', '')"

ROWS = (
    _row("protocol", r"regexp_extract({0}, '(?s)^([A-Za-z][A-Za-z0-9+.\-]*):...', 1)"),
    *_of_host("domain", lambda host: host),
    *_of_host("domainWithoutWWW", _bare),
    *_of_host("topLevelDomain", lambda host: _extract(host, r"\.([^.0-9][^.]*)$", 1)),
    *_of_host("firstSignificantSubdomain", _first_label),
    *_of_host("cutToFirstSignificantSubdomain", lambda host: _site(host, _bare(host))),
    *_of_host("cutToFirstSignificantSubdomainWithWWW", lambda host: _site(host, host)),
    *(Function(name, _port_returns, _lower_port, args=(1, 2)) for name in ("port", "portRFC")),
    Function("netloc", strings(STRING), _lower_location),
    _row("path", f"regexp_extract({_AFTER_HOST}, '^[^?#]*')"),
    _row("pathFull", _AFTER_HOST),
    _row("queryString", r"regexp_extract({0}, '^[^?]*\?([^#]*)', 1)"),
    _row("fragment", "regexp_extract({0}, '(?s)#(.*)$', 1)"),
    Function("queryStringAndFragment", strings(STRING), _lower_query),
    Function("extractURLParameter", strings(STRING), _lower_parameter, args=(2, 2)),
    Function("extractURLParameters", strings(array(STRING)), _lower_parameters),
    Function("extractURLParameterNames", strings(array(STRING)), _lower_names),
    _row("cutFragment", "regexp_replace({0}, '(?s)#.*$', '')"),
    _row("cutQueryString", r"regexp_replace({0}, '\?[^#]*', '')"),
    Function("cutQueryStringAndFragment", strings(STRING), _lower_no_query),
    _row(
        "cutWWW",
        r"regexp_replace({0}, "
        r"'(?s)^((?:[A-Za-z][A-Za-z0-9+.\-]*)?:?)//((?:[^/?#@:]*@)*)www\.(.)', '\1//\2\3')",
    ),
    Function("cutURLParameter", _cut_returns, _lower_cut, args=(2, 2)),
    Function("URLHierarchy", strings(array(STRING)), _lower_hierarchy),
    Function("URLPathHierarchy", strings(array(STRING)), _lower_path_hierarchy),
    Function("URLHash", _hash_returns, _lower_hash, args=(1, 2)),
    _row("decodeURLComponent", "url_decode({0})"),
    _row("encodeURLComponent", "url_encode({0})"),
    _row("encodeURLFormComponent", "replace(url_encode({0}), '%20', '+')"),
    _row("decodeURLFormComponent", "url_decode(replace({0}, '+', ' '))"),
)
