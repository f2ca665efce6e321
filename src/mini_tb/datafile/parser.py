"""Text → syntax tree, with the mistakes found on the way.

`parse` never raises on any text: what it cannot read is said in a diagnostic, and the rest is read.
The grammar is `datafile.lark`; Lark is loaded with the first file.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, cast

from lark import Lark, UnexpectedToken
from lark.lexer import Lexer

from mini_tb.dataclass import dataclass
from mini_tb.datafile.check import check_tree
from mini_tb.datafile.instructions import BY_KIND, Kind
from mini_tb.datafile.lexer import lex
from mini_tb.datafile.problem import Problem
from mini_tb.datafile.schema import Bad, SchemaLexer, lex_indexes
from mini_tb.datafile.token import Token
from mini_tb.datafile.tree import (
    Block,
    ColumnDefinition,
    Entry,
    IndexDefinition,
    Indexes,
    NodeSection,
    Schema,
    Setting,
    Tree,
)
from mini_tb.diagnostics import Diagnostic
from mini_tb.source import Fragment, SourceFile


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree and what is wrong with its syntax."""

    tree: Tree
    diagnostics: tuple[Diagnostic, ...]


def parse(source: SourceFile | Fragment, kind: Kind | None = None) -> Parsed:
    """The tree of a datafile; never raises.

    `kind` is that of the file's extension unless given. A `.incl` file has none of its own: it is
    that of the file which includes it, and a pipe's or a data source's by its words otherwise.
    """
    if isinstance(source, SourceFile):
        source = Fragment.of(source, 0, len(source.text))
    if kind is None:
        path = source.file.path if source.file else ""
        kind = Kind.of(path) or _kind_by_words(source.text)
    rows = BY_KIND[kind]
    entries, nodes = _run(lex(source.text, rows), "datafile")
    tree = Tree(kind, source, entries, nodes)
    problems: list[Problem] = []
    for entry in tree.all_entries():
        if not isinstance(entry, Token):
            entry.row = rows[entry.word.upper()]
            if entry.row.grammar:
                _parse_content(tree, entry, problems)
    for node in nodes:
        node.row = rows["NODE"]
    problems.extend(check_tree(tree))
    return Parsed(tree, tuple(diagnostics_of(tree, problems)))


def diagnostics_of(tree: Tree, problems: list[Problem]) -> list[Diagnostic]:
    """Problems of the parsed text as diagnostics in the file."""
    return [
        Diagnostic(p.code, p.message, tree.span(p.start, p.end), p.severity, p.hint)
        for p in problems
    ]


def _kind_by_words(text: str) -> Kind:
    words = {line.split(None, 1)[0].upper() for line in text.splitlines() if line.strip()}
    return Kind.PIPE if words & {"NODE", "SQL"} else Kind.DATASOURCE


class _Tokens(Lexer):
    """Hands the parser tokens that were made before."""

    __future_interface__ = 2

    def __init__(self, lexer_conf: Any) -> None:
        pass

    def lex(self, lexer_state: Any, parser_state: Any) -> Any:
        return iter(lexer_state.text)


class _Build:
    """What each rule of the grammar becomes. Instructions are looked up afterwards, by kind."""

    def datafile(self, items: list[Any]) -> tuple[list[Entry], list[NodeSection]]:
        if len(items) == 1:
            return items[0], []
        items[0][1].append(items[1])
        return cast(tuple[list[Entry], list[NodeSection]], items[0])

    def node(self, items: list[Any]) -> NodeSection:
        line, entries = items
        return NodeSection(_UNKNOWN, line.word, line.value, line.note, entries)

    def entries(self, items: list[Any]) -> list[Entry]:
        if not items:
            return []
        entries: list[Entry] = items[0]
        entries.append(items[1])
        return entries

    def setting(self, items: list[Token]) -> Setting:
        setting = Setting(_UNKNOWN, items[0])
        for token in items[1:]:
            if token.type == "VALUE":
                setting.value = token
            else:
                setting.note = token
        return setting

    node_line = setting

    def block(self, items: list[Token]) -> Block:
        block = Block(_UNKNOWN, items[0])
        for token in items[2:]:
            if token.type == "BODY":
                block.body = token
            else:
                block.ignored = token
        return block

    def schema(self, items: list[Any]) -> list[ColumnDefinition]:
        return items[0] if items else []

    def columns(self, items: list[Any]) -> list[ColumnDefinition]:
        if len(items) == 1:
            return [items[0]]
        columns: list[ColumnDefinition] = items[0]
        columns.append(items[2])
        return columns

    def column(self, items: list[Token]) -> ColumnDefinition:
        column = ColumnDefinition(items[0])
        clause = ""
        for token in items[1:]:
            kind = token.type
            if kind == "DATATYPE":
                column.type = token
            elif kind == "JSONPATH":
                column.jsonpath = token
            elif kind != "EXPRESSION":
                clause = kind
            elif clause == "CODEC":
                column.codec = token
            else:
                column.default = token
        return column

    def indexes(self, items: list[Any]) -> list[IndexDefinition]:
        if not items:
            return []
        indexes: list[IndexDefinition] = items[0]
        indexes.append(items[1])
        return indexes

    def index(self, items: list[Token]) -> IndexDefinition:
        parts = {token.type: token for token in items}
        return IndexDefinition(
            parts["NAME"], parts["EXPRESSION"], parts["KIND"], parts.get("NUMBER")
        )


_UNKNOWN = BY_KIND[Kind.PIPE]["NODE"]  # stands in until the kind of the file is applied


@cache
def _grammar() -> Lark:
    here = Path(__file__)
    text = here.with_name("datafile.lark").read_text(encoding="utf-8")
    # Lark works its tables out in 40 ms and reads them in 2: it keeps them beside the bytecode.
    bytecode = here.with_name("__pycache__")
    return Lark(
        text,
        parser="lalr",
        lexer=_Tokens,
        start=["datafile", "schema", "column", "indexes", "index"],
        transformer=_Build(),
        maybe_placeholders=False,
        propagate_positions=False,
        cache=str(bytecode / "datafile.lark.tables") if bytecode.is_dir() else False,
    )


def _run(tokens: list[Token], start: str) -> Any:
    """What the rule `start` becomes; raises UnexpectedToken."""
    return _grammar().parse(cast(str, tokens), start=start)


def _parse_content(tree: Tree, entry: Setting | Block, problems: list[Problem]) -> None:
    """Parse the value of SCHEMA or INDEXES into the entry's `content`."""
    text = tree.source.text
    if isinstance(entry, Block):
        if entry.body is None:
            return
        start, end = entry.body.start, entry.body.end
    else:
        if entry.value is None:
            return
        start, end = entry.value.start, entry.value.end
        quoted = entry.text != entry.value
        if not quoted and " " in entry.value and entry.row.grammar == "schema":
            problems.append(
                Problem(
                    "DF003",
                    "a schema on one line must be quoted",
                    start,
                    end,
                    'write `SCHEMA "…"`, or `SCHEMA >` and one column a line',
                )
            )
            return
        if quoted:
            start, end = start + 1, end - 1
    if entry.row.grammar == "schema":
        lexer = SchemaLexer(text, start, end)
        lexer.run()
        columns = _parse_list(lexer.tokens, "schema", "column", problems)
        entry.content = Schema(columns, lexer.comments)
    else:
        tokens, comments = lex_indexes(text, start, end)
        entry.content = Indexes(_parse_list(tokens, "indexes", "index", problems), comments)


def _parse_list(tokens: list[Token], whole: str, one: str, problems: list[Problem]) -> list[Any]:
    """Parse all items at once, or, when one is wrong, each on its own to say all mistakes."""
    if not any(token.type == "BAD" for token in tokens):
        try:
            return cast(list[Any], _run(tokens, whole))
        except UnexpectedToken:
            pass  # each on its own, then
    items: list[Any] = []
    for part in _split(tokens, one):
        bad = [token.problem for token in part if isinstance(token, Bad)]
        problems.extend(bad)
        if any(problem.code != "DF020" for problem in bad):
            continue
        good = [token for token in part if not isinstance(token, Bad)]
        try:
            if good:
                items.append(_run(good, one))
        except UnexpectedToken as error:
            if not bad:
                problems.append(_unexpected(error, good))
    return items


def _split(tokens: list[Token], one: str) -> list[list[Token]]:
    """The tokens of each column (between commas) or index (each begins at INDEX or NAME)."""
    parts: list[list[Token]] = [[]]
    for i, token in enumerate(tokens):
        if one == "column" and token.type == "COMMA":
            parts.append([])
            if i == 0 or tokens[i - 1].type == "COMMA":
                parts[-2].append(_no_column(token))
            continue
        if one == "index" and (
            token.type in ("INDEX", "BAD")
            or (token.type == "NAME" and tokens[i - 1].type != "INDEX")
        ):
            parts.append([])
        parts[-1].append(token)
    return [part for part in parts if part]


def _no_column(comma: Token) -> Bad:
    start, end = comma.start, comma.end
    bad = Bad("BAD", ",", start, end)
    bad.problem = Problem("DF020", "expected a column before this `,`", start, end)
    return bad


def _unexpected(error: UnexpectedToken, tokens: list[Token]) -> Problem:
    """What the grammar's refusal of a column or an index means."""
    last = tokens[-1]
    if "EXPRESSION" in error.expected and error.token.type != "EXPRESSION":
        word = next((t for t in reversed(tokens) if t.type in ("DEFAULT", "CODEC")), last)
        return Problem("DF024", f"expected a value after `{word.upper()}`", word.start, word.end)
    token = error.token if error.token.type != "$END" else last
    start, end = token.start, token.end
    if token.type in ("DATATYPE", "NAME"):
        return Problem("DF025", f"unexpected `{token}` after the column's clauses", start, end)
    before = {"CODEC": "CODEC", "DEFAULT": "DEFAULT", "JSONPATH": "a jsonpath"}
    seen = [before[t.type] for t in tokens if t.type in before and t.start < start]
    what = "a second jsonpath" if token.type == "JSONPATH" else token.upper()
    return Problem(
        "DF025",
        f"unexpected {what} after {seen[-1] if seen else 'the column'}",
        start,
        end,
        "write DEFAULT before CODEC, and each clause once",
    )
