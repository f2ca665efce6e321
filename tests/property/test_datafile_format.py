"""Laws of the datafile language, over files generated from its grammar.

Formatting keeps the tree and all comments, and formatting twice changes nothing. Parsing, loading
and formatting never fail on any text but with diagnostics.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mini_tb.datafile import Kind, format_text, parse
from mini_tb.datafile.instructions import BY_KIND, Shape
from mini_tb.datafile.token import Token
from mini_tb.datafile.tree import (
    Block,
    Entry,
    Indexes,
    Schema,
    Setting,
    Tree,
    content_fragment,
    unquote,
)
from mini_tb.diagnostics import Severity, UserError
from mini_tb.project import load_project
from mini_tb.source import SourceFile

# What a tree means --------------------------------------------------------------------------


def meaning(tree: Tree) -> object:
    """A tree without its layout: entries in order within an instruction, all comments."""
    return (
        tree.kind,
        by_instruction(tree, tree.entries),
        [(node.name, by_instruction(tree, node.entries)) for node in tree.nodes],
        comments(tree),
    )


def by_instruction(tree: Tree, entries: list[Entry]) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    for entry in entries:
        if not isinstance(entry, Token):
            found.setdefault(entry.row.name, []).append(value(tree, entry))
    return found


def value(tree: Tree, entry: Setting | Block) -> object:
    name = entry.row.name
    if isinstance(entry.content, Schema):
        return [
            tuple(
                " ".join(str(part).split()).replace("( ", "(").replace(" )", ")")
                if part is not None
                else None
                for part in (c.name.strip("`"), c.type, c.jsonpath, c.default, c.codec)
            )
            for c in entry.content.columns
        ]
    if isinstance(entry.content, Indexes):
        return [(i.name, i.expression, i.type, i.granularity) for i in entry.content.indexes]
    if isinstance(entry, Block):
        text = content_fragment(tree, entry.body).text if entry.body is not None else ""
        lines = [line.rstrip() for line in text.split("\n")]
        text = "\n".join(lines)
        if entry.row.shape is Shape.BLOCK and text.lstrip().startswith("%"):
            return "%", " ".join(text.lstrip()[1:].split())
    elif name == "DESCRIPTION":
        text = str(entry.value)
    else:
        text = entry.text
    if name == "SHARED_WITH":
        parts = [part.strip() for line in text.split("\n") for part in line.split(",")]
        return [part for part in parts if part]
    if name == "TOKEN":
        return [unquote(word).upper() for word in text.split(" ")]
    if name == "TAGS":
        return [part.strip() for part in text.split(",") if part.strip()]
    return text.lower() if name == "TYPE" else text


def comments(tree: Tree) -> Counter[str]:
    found: Counter[str] = Counter()
    entries = list(tree.all_entries())
    for entry in [*entries, *tree.nodes]:
        if isinstance(entry, Token):
            if entry.type == "COMMENT":
                found[entry] += 1
        elif not isinstance(entry, Block):
            if entry.note is not None:
                found[entry.note] += 1
        else:
            if entry.ignored is not None:
                found[entry.ignored] += 1
            if entry.content is None and entry.body is not None:
                lines = (line.strip() for line in entry.body.split("\n"))
                found.update(line for line in lines if line.startswith("#"))
        if isinstance(entry, Setting | Block) and entry.content is not None:
            found.update(str(comment) for comment in entry.content.comments)
    return found


# Files --------------------------------------------------------------------------------------

blank = st.sampled_from(["", "\n", "\n\n", "  \n"])
comment = st.sampled_from(["# one\n", "#two  words\n", "  # ENGINE MergeTree\n", "#\n"])
trivia = st.lists(st.one_of(blank, comment), max_size=3).map("".join)
note = st.sampled_from(["", "", "", " # a note", "   #note"])
gap = st.sampled_from([" ", "  ", "\t"])
word = st.sampled_from(
    ["a", "orders", "s3://lake/x", "toYYYYMM(at)", "tuple()", "now()", "x=1,", "%", "->", "'q'"]
)
name = st.sampled_from(["a", "order_id", "at", "n1", "Type", "engine"])
template = st.sampled_from(['{{ tb_secret("A", "x y") }}', "{{tb_secret('B')}}"])


@st.composite
def values(draw: st.DrawFn) -> str:
    words = draw(st.lists(st.one_of(word, word, template), min_size=1, max_size=4))
    text = draw(gap).join(words)
    if draw(st.booleans()) and '"' not in text:
        return f'"{text}"'
    return text


@st.composite
def columns(draw: st.DrawFn) -> str:
    column = draw(st.one_of(name.map(lambda n: f"`{n}`"), name.filter(lambda n: n != "Type")))
    kind = draw(
        st.sampled_from(
            ["String", "Int32", "Array(LowCardinality(String))", "DateTime64(3, 'UTC')",
             "Enum8('a' = 1, 'b, c' = 2)", "Tuple(\n  a String,\n  b Int8\n)"]
        )
    )  # fmt: skip
    default = draw(st.sampled_from(["", " DEFAULT 'a, b'", " default f(1, [2])", " DEFAULT -1"]))
    path = draw(st.sampled_from(["", " `json:$.a.b`", " `json:$.items[:].x`", " `json:$`"]))
    codec = draw(st.sampled_from(["", "", " CODEC(Delta(4), LZ4)"]))
    clauses = draw(st.permutations([default, path]))
    return f"{column} {kind}{''.join(clauses)}{codec}"


@st.composite
def schemas(draw: st.DrawFn) -> str:
    indent = draw(st.sampled_from(["    ", "  ", "\t"]))
    lines = []
    parts = draw(st.lists(columns(), min_size=1, max_size=4))
    for i, column in enumerate(parts):
        if draw(st.booleans()):
            lines.append(draw(st.sampled_from(["-- before", "# before", ""])))
        comma = "," if i < len(parts) - 1 or draw(st.booleans()) else ""
        lines.append(column + comma + draw(st.sampled_from(["", " -- behind, it", "--"])))
    head = draw(st.sampled_from(["SCHEMA >", "schema >", "SCHEMA > # x"]))
    return head + "\n" + "".join(f"{indent}{line}\n" for line in lines)


@st.composite
def blocks(draw: st.DrawFn, head: str) -> str:
    indent = draw(st.sampled_from(["    ", "  ", "\t", "      "]))
    lines = draw(
        st.lists(
            st.sampled_from(
                ["SELECT 1", "  AND x = 'it''s'", "", "# dropped", "TYPE standard", "-- sql",
                 "{% if x %}", "{{String(a)}},", "FROM b   ", "% 2"]
            ),
            max_size=5,
        )
    )  # fmt: skip
    first = draw(st.sampled_from(["SELECT", "% SELECT 1", "%", "#c\n" + indent + "x"]))
    return f"{head} >\n" + "".join(f"{indent}{line}\n" for line in [first, *lines])


def settings_of(kind: Kind, *, in_node: bool = False) -> st.SearchStrategy[str]:
    special = ("SCHEMA", "INDEXES", "TOKEN", "NODE", "SQL", "INCLUDE", "TYPE", "BACKFILL")
    rows = [
        row.name
        for row in dict.fromkeys(BY_KIND[kind].values())
        if row.old is None and row.shape is not Shape.BLOCK and row.name not in special
        and not row.values and (in_node or kind is not Kind.PIPE or row.level.value != "node")
    ]  # fmt: skip
    return st.builds(
        lambda case, row, space, text, end: f"{case(row)}{space}{text}{end}\n",
        st.sampled_from([str, str.lower, str.title]),
        st.sampled_from(rows),
        gap,
        values(),
        note,
    )


token = st.sampled_from(
    ["TOKEN a READ\n", 'token "my token" read\n', "TOKEN 'b' READ # who\n", "TAGS a,b ,  c\n"]
)
indexes = st.sampled_from(
    [
        "INDEXES >\n    INDEX i lower(a) TYPE set(1),\n  # c\n"
        "    j (a, b) TYPE minmax GRANULARITY 4\n"
    ]
)


@st.composite
def datasources(draw: st.DrawFn) -> str:
    parts = draw(
        st.lists(
            st.one_of(
                settings_of(Kind.DATASOURCE), token, indexes, schemas(),
                blocks("FORWARD_QUERY"), blocks("DESCRIPTION"), blocks("ENGINE_TTL"),
            ),
            max_size=6,
        )
    )  # fmt: skip
    return "".join(draw(trivia) + part for part in parts) + draw(trivia)


@st.composite
def nodes(draw: st.DrawFn) -> str:
    head = draw(st.sampled_from(["NODE a\n", "node b c  # why\n", 'Scope "my node"\n']))
    entries = draw(
        st.lists(
            st.one_of(
                blocks("SQL"), blocks("DESCRIPTION"), token,
                st.sampled_from(["TYPE endpoint\n", 'type "copy"\n']),
                settings_of(Kind.PIPE, in_node=True),
            ),
            max_size=4,
        )
    )  # fmt: skip
    return head + "".join(draw(trivia) + entry for entry in entries)


@st.composite
def pipes(draw: st.DrawFn) -> str:
    header = draw(st.lists(st.one_of(token, settings_of(Kind.PIPE)), max_size=3))
    steps = draw(st.lists(nodes(), max_size=3))
    return "".join(draw(trivia) + part for part in [*header, *steps]) + draw(trivia)


connections = st.lists(st.one_of(trivia, settings_of(Kind.CONNECTION)), max_size=6).map("".join)


def check_laws(path: str, text: str) -> None:
    file = SourceFile(path, text)
    before = parse(file)
    errors = [d for d in before.diagnostics if d.severity is Severity.ERROR]
    try:
        formatted = format_text(file)
    except UserError as error:
        assert errors == list(error.diagnostics)
        return
    after = parse(SourceFile(path, formatted))
    assert meaning(after.tree) == meaning(before.tree)
    assert format_text(SourceFile(path, formatted)) == formatted


@given(datasources())
@settings(max_examples=150)
@example("# file\n\n# first\nENGINE 'a  b'\n")
def test_datasources_keep_their_tree(text: str) -> None:
    check_laws("x.datasource", text)


@given(pipes())
@settings(max_examples=150)
def test_pipes_keep_their_tree(text: str) -> None:
    check_laws("x.pipe", text)


@given(connections)
@settings(max_examples=50)
def test_connections_keep_their_tree(text: str) -> None:
    check_laws("x.connection", text)


def test_generated_files_are_mostly_right() -> None:
    """The laws would be idle if every generated file had an error."""
    seen = [0, 0]

    @given(datasources())
    @settings(max_examples=60, database=None, derandomize=True)
    def count(text: str) -> None:
        parsed = parse(SourceFile("x.datasource", text))
        seen[any(d.severity is Severity.ERROR for d in parsed.diagnostics)] += 1

    count()
    assert seen[0] > seen[1]


any_text = st.one_of(
    st.text(max_size=200),
    st.lists(
        st.sampled_from(
            ["SCHEMA >\n", "SQL >\n", "NODE ", "TYPE endpoint\n", "INDEXES >\n", "`", "'", '"', "#",
             " ", "\n", "\t", ",", "(", ")", "[", "{{", "}}", "{%", "%}", "%", "a String", ">",
             "json:$.a", "DEFAULT ", "CODEC", "NOT NULL", "TOKEN a READ\n", "INCLUDE x.incl\n",
             "ENGINE ", "ENGINE_TTL ", "--", "\r\n", "SELECT 1\n", "TAGS ", "SHARED_WITH ",
             "INDEX a b TYPE c"]
        ),
        max_size=25,
    ).map("".join),
)  # fmt: skip


@given(any_text, st.sampled_from(["datasource", "pipe", "connection"]))
@settings(max_examples=300)
def test_nothing_but_diagnostics_on_any_text(text: str, extension: str) -> None:
    loaded = load_project({f"x.{extension}": text, "x.incl": text})
    for diagnostic in loaded.diagnostics:
        assert diagnostic.file
        if diagnostic.span is not None:
            assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)
    check_laws(f"x.{extension}", text)
