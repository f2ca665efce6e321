"""URLs: their parts, their parameters, and what is left without them."""

from __future__ import annotations

from mini_tb.sql.functions.function import Function
from mini_tb.sql.functions.strings import strings
from mini_tb.types import STRING, UINT16, array

# ClickHouse's parser asks for no more than this: a scheme, `//`, perhaps user information.
_AUTHORITY = r"'^(?:[A-Za-z][A-Za-z0-9+.\-]*:)?//(?:[^/?#@]*@)?([^/?#:]*)'"
_HOST = (
    "(CASE WHEN regexp_matches({0}, '^(?:[A-Za-z][A-Za-z0-9+.\\-]*:)?//') "
    f"THEN regexp_extract({{0}}, {_AUTHORITY}, 1) "
    "WHEN regexp_matches({0}, '^[A-Za-z0-9\\-_]+(?:\\.[A-Za-z0-9\\-_]+)+(?:[:/?#]|$)') "
    "THEN regexp_extract({0}, '^([^:/?#]*)', 1) ELSE '' END)"
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
    Function(
        "port",
        strings(UINT16),
        r"coalesce(TRY_CAST(regexp_extract({0}, '^(?:[a-z+]+:)?//[^/?#:]*:(\d+)', 1) AS USMALLINT),"
        " 0)",
    ),
    _row("decodeURLComponent", "url_decode({0})"),
    _row("encodeURLComponent", "url_encode({0})"),
    _row("encodeURLFormComponent", "replace(url_encode({0}), '%20', '+')"),
    _row("decodeURLFormComponent", "url_decode(replace({0}, '+', ' '))"),
)
