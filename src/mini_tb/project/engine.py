"""Table engines: which there are, what each needs and takes, and whether its keys can be right.

The rules are the parser's and the server's of Tinybird, and ClickHouse's own where those say
nothing: an unknown column in a key is refused when the table is made, so it is said here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import nearest
from mini_tb.project.model import Column, Engine
from mini_tb.project.section import Section
from mini_tb.source import Span

COMMON = ("partition_key", "sorting_key", "primary_key", "sampling_key", "ttl", "settings")


@dataclass(frozen=True, slots=True)
class EngineRule:
    """An engine's parameters by the field of `Engine` they fill."""

    name: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = COMMON


ENGINES: dict[str, EngineRule] = {
    rule.name.lower(): rule
    for rule in (
        EngineRule("MergeTree"),
        EngineRule("ReplacingMergeTree", ("sorting_key",), (*COMMON, "ver", "is_deleted")),
        EngineRule("SummingMergeTree", (), (*COMMON, "columns")),
        EngineRule("AggregatingMergeTree"),
        EngineRule("CollapsingMergeTree", ("sign", "sorting_key")),
        EngineRule("VersionedCollapsingMergeTree", ("sign", "version")),
        EngineRule("Null", (), ()),
    )
}

_COLUMN_FIELDS = ("ver", "is_deleted", "sign", "version")
_TEXT_FIELDS = (*COMMON, *_COLUMN_FIELDS)
_OLD_FIELDS = ("partition_key", "sorting_key", "primary_key", "sampling_key", "ttl")


def lower_engine(section: Section, columns: Mapping[str, Column]) -> Engine:
    """The ENGINE lines of a data source, checked against its columns."""
    written = section.text("ENGINE") or "MergeTree"
    rule = ENGINES.get(written.lower())
    span = section.span("ENGINE")
    if rule is None:
        guess = nearest(written, [rule.name for rule in ENGINES.values()])
        known = ", ".join(f"`{rule.name}`" for rule in ENGINES.values())
        section.error(
            "DF040",
            f"unknown engine `{written}`",
            span,
            f"did you mean `{guess}`?" if guess else f"engines are {known}",
        )
    texts: dict[str, str] = {}
    spans: dict[str, Span] = {}
    if span is not None:
        spans["name"] = span
    for field in (*_TEXT_FIELDS, "columns"):
        name = f"ENGINE_{field.upper()}"
        if name not in section and field in _OLD_FIELDS:
            name = field.upper()
        text = section.text(name)
        place = section.span(name)
        if text is None or place is None:
            continue
        texts[field], spans[field] = text, place
    summed = tuple(
        part.strip().strip("`") for part in texts.pop("columns", "").split(",") if part.strip()
    )
    engine = Engine(rule.name if rule else written, columns=summed, spans=spans, **texts)
    if rule is not None:
        _check_parameters(section, engine, rule)
    _check_columns(section, engine, columns)
    _check_keys(section, engine, columns)
    return engine


def _check_parameters(section: Section, engine: Engine, rule: EngineRule) -> None:
    for field in rule.required:
        value = getattr(engine, field)
        if value is None or (field == "sorting_key" and value.replace(" ", "") == "tuple()"):
            section.error(
                "DF041",
                f"`{rule.name}` needs `ENGINE_{field.upper()}`",
                engine.spans.get(field) or engine.spans.get("name"),
            )
    for field, span in engine.spans.items():
        if field != "name" and field not in rule.required and field not in rule.optional:
            section.warn(
                "DF042", f"`ENGINE_{field.upper()}` has no effect with `{rule.name}`", span
            )


def _check_columns(section: Section, engine: Engine, columns: Mapping[str, Column]) -> None:
    names = [(field, getattr(engine, field)) for field in _COLUMN_FIELDS]
    names += [("columns", name) for name in engine.columns]
    for field, name in names:
        if name is not None and name.strip("`") not in columns:
            _unknown_column(section, name, f"ENGINE_{field.upper()}", engine.spans[field], columns)


def _unknown_column(
    section: Section, name: str, where: str, span: Span | None, columns: Mapping[str, Column]
) -> None:
    guess = nearest(name, columns)
    section.error(
        "DF043",
        f"`{where}` names `{name}`, which is no column of the schema",
        section.span_in(span, name),
        f"did you mean `{guess}`?" if guess else None,
    )


# Expressions -------------------------------------------------------------------------------

_PART = re.compile(
    r"'(?:[^'\\]|\\.|'')*'"
    r"|(?P<name>(?:`[^`]+`|[A-Za-z_]\w*)(?:\.(?:`[^`]+`|[A-Za-z_]\w*))*)(?P<call>\s*\()?"
    r"|\d[\w.]*"
)
_KEYWORD = re.compile(
    r"AND|OR|NOT|IN|IS|AS|NULL|TRUE|FALSE|LIKE|BETWEEN|CASE|WHEN|THEN|ELSE|END|ASC|DESC|DIV|MOD"
    r"|INTERVAL|(?:NANO|MICRO|MILLI)?SECONDS?|MINUTES?|HOURS?|DAYS?|WEEKS?|MONTHS?|QUARTERS?|YEARS?"
    r"|DELETE|WHERE|GROUP|BY|SET|TO|DISK|VOLUME|RECOMPRESS|CODEC|MATERIALIZE|EXISTS|IF",
    re.IGNORECASE,
)
_AGGREGATE = re.compile(
    r"(?:sum|count|avg|min|max|any|groupArray|groupUniqArray|uniq)(?:Merge)?", re.IGNORECASE
)


def expression_names(text: str) -> Iterator[tuple[str, bool, int]]:
    """The names in a ClickHouse expression: (name, whether it is called, offset).

    Good for keys, which hold columns, functions and literals, not for queries.
    """
    for match in _PART.finditer(text):
        name = match["name"]
        if name is None:
            continue
        called = match["call"] is not None
        if called or name.startswith("`") or not _KEYWORD.fullmatch(name):
            yield name.replace("`", ""), called, match.start()


def check_expression(
    section: Section,
    text: str,
    where: str,
    span: Span | None,
    columns: Mapping[str, Column],
) -> list[Column]:
    """The columns an expression reads; a name that is none is an error."""
    names = dict.fromkeys(name for name, called, _ in expression_names(text) if not called)
    parameters = {name for match in _LAMBDA.finditer(text) for name in _NAME.findall(match[0])}
    found = []
    for name in names:
        column = columns.get(name) or columns.get(name.partition(".")[0])
        if column is not None:
            found.append(column)
        elif name not in parameters and not any(c.startswith(f"{name}.") for c in columns):
            _unknown_column(section, name, where, span, columns)
    return found


_NAME = re.compile(r"[A-Za-z_]\w*")
_LAMBDA = re.compile(r"(?:\([\w\s,]*\)|\b\w+)\s*->")


def _check_keys(section: Section, engine: Engine, columns: Mapping[str, Column]) -> None:
    for field in ("partition_key", "primary_key", "sampling_key", "ttl"):
        text = getattr(engine, field)
        if text is not None:
            check_expression(section, text, f"ENGINE_{field.upper()}", engine.spans[field], columns)
    key = engine.sorting_key
    if key is None:
        return
    span = engine.spans["sorting_key"]
    for name, called, _ in expression_names(key):
        if called and _AGGREGATE.fullmatch(name):
            section.error("DF044", f"the sorting key calls the aggregate function `{name}`", span)
    for column in check_expression(section, key, "ENGINE_SORTING_KEY", span, columns):
        place = section.span_in(span, column.name)
        if engine.name == "ReplacingMergeTree" and column.name == engine.ver:
            section.error(
                "DF044",
                f"the sorting key holds `{column.name}`, the version that decides which row stays",
                place,
                "leave it out of `ENGINE_SORTING_KEY`",
            )
        if column.type.name == "Nullable":
            section.error(
                "DF044",
                f"the sorting key holds `{column.name}`, which is Nullable",
                place,
                "make the column not Nullable, with a DEFAULT if it can be missing",
            )
        elif column.type.name == "AggregateFunction":
            section.error(
                "DF044",
                f"the sorting key holds `{column.name}`, which is an aggregate state",
                place,
            )
