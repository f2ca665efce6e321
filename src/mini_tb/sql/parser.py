"""ClickHouse SQL text to a syntax tree.

mini-tb has a parser of its own: see docs/adr/0001-own-sql-parser.md. It accepts one SELECT and
keeps everything that decides about the answer or the name of a column.
"""

from __future__ import annotations

from functools import lru_cache

from mini_tb.diagnostics import UserError
from mini_tb.source import Fragment
from mini_tb.sql.lexer import END, HEREDOC, STRING, keywords, sql_error
from mini_tb.sql.parse_select import SelectParser
from mini_tb.sql.syntax import Expression, Statement

OTHER_STATEMENTS = keywords(
    """
    ALTER ATTACH BACKUP BEGIN CALL CHECK COMMIT COPY CREATE DELETE DESC DESCRIBE DETACH DROP
    EXCHANGE EXECUTE EXISTS EXPLAIN GRANT INSERT KILL MERGE MOVE OPTIMIZE RENAME REPLACE RESTORE
    REVOKE ROLLBACK SET SHOW START SYSTEM TRUNCATE UNDROP UPDATE USE VALUES WATCH
    """
)
"""Words that begin a statement which is not a SELECT."""


def parse_statement(sql: str | Fragment) -> Statement:
    """The tree of one SELECT, with `FORMAT`, `SETTINGS` and `;` after it.

    Raises `UserError`: SQ001 for wrong syntax, SQ002 for anything but one SELECT, SQ003 for
    nesting that is too deep, SQ004 for a type that does not exist. The diagnostic's span is in the
    fragment's file; text without a file gets line and column in the message. The same text gives
    the same tree, which nobody may change: graph, checks and views read one query many times.
    """
    if isinstance(sql, str):
        return _parsed(sql)
    try:
        return _parsed(sql.text)
    except UserError:
        if sql.file is None:
            raise
    # Once more for the place in the file.
    return _parse(sql)


@lru_cache(maxsize=2048)
def _parsed(text: str) -> Statement:
    return _parse(text)


def _parse(sql: str | Fragment) -> Statement:
    parser = SelectParser(sql)
    try:
        return _statement(parser)
    except RecursionError:
        parser.too_deep()


def parse_expression(text: str | Fragment) -> Expression:
    """The tree of one expression (a default, a key, a condition), perhaps with an alias.

    Raises `UserError` as `parse_statement` does.
    """
    parser = SelectParser(text)
    try:
        node = parser.aliased()
    except RecursionError:
        parser.too_deep()
    if parser.kinds[parser.i] != END:
        parser.fail("the end of the expression")
    return node


def parse_expressions(text: str | Fragment) -> list[Expression]:
    """The trees of a comma-separated list of expressions, as in a sorting key.

    Raises `UserError` as `parse_statement` does.
    """
    parser = SelectParser(text)
    try:
        nodes = parser.expressions()
    except RecursionError:
        parser.too_deep()
    if parser.kinds[parser.i] != END:
        parser.fail("`,` or the end of the list")
    return nodes


def _statement(parser: SelectParser) -> Statement:
    word = parser.words[0]
    if word in OTHER_STATEMENTS:
        _only_select(parser, f"`{word}` cannot run here")
    query = parser.query()
    node = Statement(query.start, query.end, query)
    while True:
        if parser.accept("FORMAT"):
            node.format = parser.identifier("a format")
        elif parser.accept("SETTINGS"):
            node.settings = parser.settings()
        elif parser.words[parser.i] == "INTO":
            _only_select(parser, "`INTO OUTFILE` cannot run here")
        else:
            break
    while parser.accept(";"):
        pass
    if parser.kinds[parser.i] != END:
        if parser.words[parser.i - 1] == ";":
            _only_select(parser, "there are several statements")
        _unexpected(parser)
    return node


def _only_select(parser: SelectParser, message: str) -> None:
    i = parser.i
    raise sql_error(
        "SQ002",
        parser.fragment,
        message,
        parser.starts[i],
        parser.ends[i],
        "only one `SELECT` can run here",
    )


def _unexpected(parser: SelectParser) -> None:
    """Fail for a token after which nothing fits."""
    hint = None
    if parser.kinds[parser.i] in (STRING, HEREDOC):
        hint = "an alias is written without quotes, or in backquotes"
    raise parser.error(f"unexpected {parser.found()}", hint)
