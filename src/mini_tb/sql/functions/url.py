"""URLs: their parts, their parameters, and what is left without them."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.function import Function, constant
from mini_tb.sql.functions.strings import need_string, strings
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING, UINT16, UINT64, DataType, array
from mini_tb.types.duckdb import quote_string

# ClickHouse's parser asks for no more than this: a scheme, `//`, perhaps user information.
_AUTHORITY = r"'^(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//(?:[^/?#@]*@)?([^/?#:]*)'"
_HOST = (
    "(CASE WHEN regexp_matches({0}, '^(?:[A-Za-z][A-Za-z0-9+.\\-]*:)?//') "
    f"THEN regexp_extract({{0}}, {_AUTHORITY}, 1) "
    "WHEN regexp_matches({0}, '^[A-Za-z0-9\\-_]+(?:\\.[A-Za-z0-9\\-_]+)+(?:[:/?#]|$)') "
    "THEN regexp_extract({0}, '^([^:/?#]*)', 1) WHEN {0} IS NOT NULL THEN '' END)"
)
_PATH = "regexp_extract({0}, '^(?:[A-Za-z][A-Za-z0-9+.\\-]*:)?(?://[^/?#]*)?(/[^?#]*)', 1)"
_PATH_FULL = "regexp_extract({0}, '^(?:[A-Za-z][A-Za-z0-9+.\\-]*:)?(?://[^/?#]*)?(/.*)$', 1)"
_TOP = f"regexp_extract({_HOST}, '\\.([^.0-9][^.]*)$', 1)"
_QUERY = r"regexp_extract({0}, '^[^?#]*\?([^#]*)', 1)"
_FRAGMENT = r"regexp_extract({0}, '#(.*)$', 1)"
_PAIRS = f"regexp_split_to_array({_QUERY}, '[&;]')"
_PARAMETER = (
    f"coalesce(list_filter({_PAIRS}, lambda p: starts_with(p, {{1}} || '='))[1]"
    "[strlen({1}) + 2:], '')"
)


# Labels that stand for all under a country's domain, as `co` in `co.uk`.
_GENERIC = "(?:com|net|org|co|gov|edu|ac|mil|gob|go|or|ne|info|biz)"
_BARE_HOST = f"regexp_replace({_HOST}, '^www\\.', '')"
_SITE = f"regexp_extract({{1}}, '([^.]+\\.(?:{_GENERIC}\\.[a-z][a-z]|[^.0-9][^.]*))$', 1)"
_NETLOC = r"regexp_extract({0}, '^(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//([^/?#]*)', 1)"


def _site(host: str) -> str:
    return _SITE.replace("{1}", host)


def _lower_cut_site(call: Call, args: list[str]) -> str:
    """The domain from the first label that means something: the one in front of the suffix."""
    with_www = call.function.name.removesuffix("RFC").endswith("WithWWW")
    host = _HOST.format(args[0])
    bare = _BARE_HOST.format(args[0])
    top = f"CASE WHEN starts_with({host}, 'www.') THEN {host if with_www else bare} ELSE '' END"
    return f"coalesce(nullif({_site(bare)}, ''), {top})"


def _lower_site(call: Call, args: list[str]) -> str:
    return f"split_part({_site(_BARE_HOST.format(args[0]))}, '.', 1)"


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
    url = args[0]
    for name in names:
        url = f"mt_cut_parameter({url}, {quote_string(str(name))})"
    return url


def _port_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    return UINT16


def _lower_hash(call: Call, args: list[str]) -> str:
    """The hash of a URL without what ends it; with a level, of that part of its hierarchy."""
    url = f"regexp_replace({args[0]}, '[/?#]$', '')"
    if len(args) > 1:
        part = f"mt_url_hierarchy({args[0]})[CAST({args[1]} AS BIGINT) + 1]"
        url = f"regexp_replace(coalesce({part}, {args[0]}), '[/?#]$', '')"
    return f"mt_city(encode({url}))"


def _lower_port(call: Call, args: list[str]) -> str:
    pattern = r"'^(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//[^/?#:]*:(\d+)'"
    fallback = args[1] if len(args) > 1 else "0"
    found = f"TRY_CAST(regexp_extract({args[0]}, {pattern}, 1) AS USMALLINT)"
    return f"CAST(coalesce({found}, {fallback}) AS USMALLINT)"


def _hash_returns(args: Sequence[Expr]) -> DataType:
    need_string(args[0])
    return UINT64


def _row(name: str, lower: str, *aliases: str, args: int = 1) -> Function:
    return Function(name, strings(STRING), lower, args=(args, args), aliases=aliases)


ROWS = (
    _row("protocol", r"regexp_extract({0}, '^([A-Za-z][A-Za-z0-9+.\-]*):(?://|/)', 1)"),
    _row("domain", _HOST, "domainRFC"),
    _row("domainWithoutWWW", f"regexp_replace({_HOST}, '^www\\.', '')", "domainWithoutWWWRFC"),
    _row(
        "topLevelDomain", f"regexp_extract({_HOST}, '\\.([^.0-9][^.]*)$', 1)", "topLevelDomainRFC"
    ),
    _row("path", _PATH),
    _row("pathFull", _PATH_FULL),
    _row("queryString", _QUERY),
    _row("fragment", _FRAGMENT),
    _row("queryStringAndFragment", r"regexp_extract({0}, '^[^?#]*(?:\?(.*)|(#.*))$', 1)"),
    _row("extractURLParameter", _PARAMETER, args=2),
    _row("cutFragment", "regexp_replace({0}, '#.*$', '')"),
    _row("cutQueryString", r"regexp_replace({0}, '\?[^#]*', '')"),
    _row("cutQueryStringAndFragment", "regexp_replace({0}, '[?#].*$', '')"),
    _row("cutWWW", r"regexp_replace({0}, '^([A-Za-z][A-Za-z0-9+.\-]*:)?//www\.', '\1//')"),
    Function(
        "extractURLParameters",
        strings(array(STRING)),
        f"list_filter({_PAIRS}, lambda p: contains(p, '='))",
    ),
    Function(
        "extractURLParameterNames",
        strings(array(STRING)),
        f"list_transform(list_filter({_PAIRS}, lambda p: contains(p, '=')), "
        "lambda p: split_part(p, '=', 1))",
    ),
    *(
        Function(f"cutToFirstSignificantSubdomain{suffix}", strings(STRING), _lower_cut_site)
        for suffix in ("", "WithWWW", "RFC", "WithWWWRFC")
    ),
    Function(
        "firstSignificantSubdomain",
        strings(STRING),
        _lower_site,
        aliases=("firstSignificantSubdomainRFC",),
    ),
    _row("netloc", _NETLOC),
    Function("URLHierarchy", strings(array(STRING)), "mt_url_hierarchy({0})"),
    Function("URLPathHierarchy", strings(array(STRING)), "mt_path_hierarchy({0})"),
    Function("cutURLParameter", _cut_returns, _lower_cut, args=(2, 2)),
    Function("URLHash", _hash_returns, _lower_hash, args=(1, 2)),
    Function(
        "port",
        _port_returns,
        _lower_port,
        args=(1, 2),
        aliases=("portRFC",),
    ),
    _row("decodeURLComponent", "url_decode({0})"),
    _row("encodeURLComponent", "url_encode({0})"),
    _row("encodeURLFormComponent", "replace(url_encode({0}), '%20', '+')"),
    _row("decodeURLFormComponent", "url_decode(replace({0}, '+', ' '))"),
)
