"""Syntax tree of a `.datasource` → `Datasource`, with everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mini_tb.dataclass import dataclass
from mini_tb.datafile.tree import (
    Block,
    ColumnDefinition,
    Indexes,
    Schema,
    Tree,
    content_fragment,
)
from mini_tb.diagnostics import Diagnostic, nearest
from mini_tb.project.engine import check_expression, lower_engine
from mini_tb.project.model import (
    BucketSource,
    Column,
    Connector,
    Datasource,
    DynamoDBSource,
    Index,
    KafkaSource,
    PostgresSource,
)
from mini_tb.project.section import Section
from mini_tb.types import DataType, TypeSyntaxError, parse_type


def lower_datasource(
    tree: Tree, name: str, env: Mapping[str, str], diagnostics: list[Diagnostic]
) -> Datasource | None:
    """The data source a tree describes; None if it has no columns. Adds what is wrong."""
    section = Section(tree, tree.entries, env, diagnostics)
    columns, unread = _columns(section)
    by_name = {column.name: column for column in columns}
    # With a column unread, every name in a key would seem to be a mistake.
    before = len(diagnostics)
    is_damaged = any(d.code in _SCHEMA_CODES for d in diagnostics)
    engine = lower_engine(section, by_name)
    indexes = _indexes(section, by_name)
    if is_damaged:
        diagnostics[before:] = [d for d in diagnostics[before:] if d.code != "DF043"]
    connector = _connector(section)
    shared_with = [
        workspace.strip()
        for entry in section.all("SHARED_WITH")
        for workspace in re.split(r"[,\n]", section.value(entry))
        if workspace.strip()
    ]
    query = section.last("FORWARD_QUERY")
    tokens = section.tokens(("READ", "APPEND"))
    tags, _ = section.tags()
    if not columns:
        return None
    return Datasource(
        name=name,
        columns=tuple(columns),
        engine=engine,
        description=section.description(),
        indexes=tuple(indexes),
        tokens=tuple(tokens),
        tags=tuple(tags),
        shared_with=tuple(shared_with),
        forward_query=(
            content_fragment(tree, query.body)
            if isinstance(query, Block) and query.body is not None
            else None
        ),
        skips_backfill="BACKFILL" in section,
        connector=connector,
        unread=unread,
        file=tree.file,
    )


_SCHEMA_CODES = frozenset(
    ("DF003", "DF013", "TY001", *(f"DF{number:03}" for number in range(20, 30)))
)

# Columns -----------------------------------------------------------------------------------


def _columns(section: Section) -> tuple[list[Column], frozenset[str]]:
    """The columns, and the names of those whose definitions are wrong."""
    entry = section.last("SCHEMA")
    if entry is None:
        section.error(
            "DF021", "expected a `SCHEMA`", None, "write `SCHEMA >` and one column a line"
        )
        return [], frozenset()
    if not isinstance(entry.content, Schema):
        return [], frozenset()
    columns: dict[str, Column] = {}
    unread = set()
    for definition in entry.content.columns:
        column = _column(section, definition)
        if column is None:
            unread.add(_name(definition))
            continue
        first = columns.setdefault(column.name, column)
        if first is not column:
            related = ((first.span, "first defined here"),) if first.span else ()
            section.diagnostics.append(
                Diagnostic(
                    "DF028",
                    f"the column `{column.name}` is defined twice",
                    column.span,
                    related=related,
                )
            )
    return list(columns.values()), frozenset(unread)


def _name(definition: ColumnDefinition) -> str:
    return definition.name.strip("`")


def _column(section: Section, definition: ColumnDefinition) -> Column | None:
    tree = section.tree
    name = _name(definition)
    span = tree.span_of(definition.name)
    default = str(definition.default) if definition.default is not None else None
    if definition.type is not None:
        kind = _type(section, definition)
    elif default is not None:
        kind = _type_of_default(default)
        if kind is None:
            section.error(
                "DF027",
                f"the type of `{name}` cannot be told from its DEFAULT",
                span,
                "write the type after the name",
            )
    else:
        kind = None
        section.error("DF027", f"expected a type or a DEFAULT after `{name}`", span)
    if kind is None:
        return None
    jsonpath = str(definition.jsonpath) if definition.jsonpath is not None else None
    if definition.jsonpath is not None and not definition.jsonpath.startswith("$"):
        section.error(
            "DF031",
            f"a jsonpath begins with `$`, not with `{definition.jsonpath[:1]}`",
            tree.span_of(definition.jsonpath),
            f"write `json:$.{definition.jsonpath.lstrip('.')}`",
        )
    if default is not None and default.upper() == "NULL" and kind.name == "Nullable":
        default = None
    codec = f"CODEC{definition.codec}" if definition.codec is not None else None
    return Column(name, kind, jsonpath, default, codec, span)


_STATE_IN_NULLABLE = re.compile(
    r"Nullable\(\s*SimpleAggregateFunction\(\s*(\w+)\s*,\s*(.+)\)\s*\)", re.DOTALL
)
_DEEPEST = 200  # brackets in a type; no real type has a tenth of it
# What the parser of types takes and a column of a data source may not have.
_REFUSED = (
    (re.compile(r"boolean", re.IGNORECASE), "write `Bool`, or `UInt8`"),
    (re.compile(r"\bDateTime64\b(?!\s*\()"), "write the precision: `DateTime64(3)`"),
    (re.compile(r"\bU?Int\b"), "write the width: `Int32`, `UInt64`, …"),
)


def _type(section: Section, definition: ColumnDefinition) -> DataType | None:
    token = definition.type
    assert token is not None  # the caller asked
    text = str(token)
    start = token.start
    for pattern, hint in _REFUSED:
        refused = pattern.search(text)
        if refused is not None:
            span = section.tree.span(start + refused.start(), start + refused.end())
            section.error("TY001", f"`{refused[0]}` is not a type of a column", span, hint)
            return None
    if text.count("(") > _DEEPEST:
        span = section.tree.span_of(token)
        section.error("TY001", "the type is nested too deep", span)
        return None
    state = _STATE_IN_NULLABLE.fullmatch(text)
    if state is not None:
        text = f"SimpleAggregateFunction({state[1]}, Nullable({state[2]}))"
    try:
        return parse_type(text)
    except TypeSyntaxError as error:
        at = start + min(error.offset, len(token))
        word = re.match(r"\w+", section.tree.source.text[at : start + len(token)])
        span = section.tree.span(at, at + len(word[0])) if word else section.tree.span(at, at)
        section.error("TY001", error.message, span, error.hint)
        return None


_TYPES_OF_DEFAULTS: tuple[tuple[str, str], ...] = (
    (r"'(?:[^'\\]|\\.|'')*'", "String"),
    (r"-?\d*\.\d+(?:[eE][+-]?\d+)?|-?\d+[eE][+-]?\d+", "Float64"),
    (r"true|false", "Bool"),
    (r"now\(\)|toDateTime\(.*\)", "DateTime"),
    (r"today\(\)|toDate\(.*\)", "Date"),
    (r"now64\(\)", "DateTime64(3)"),
    (r"generateUUIDv4\(\)|toUUID\(.*\)", "UUID"),
)
_WIDTHS = (8, 16, 32, 64)


def _type_of_default(text: str) -> DataType | None:
    """ClickHouse's type of a DEFAULT of the plain forms; None for any other expression."""
    number = re.fullmatch(r"-?\d+", text)
    if number is not None:
        value = int(text)
        for bits in _WIDTHS:
            if 0 <= value < 1 << bits:
                return parse_type(f"UInt{bits}")
            if -(1 << bits - 1) <= value < 0:
                return parse_type(f"Int{bits}")
        return None
    precision = re.fullmatch(r"now64\((\d)\)", text)
    if precision is not None:
        return parse_type(f"DateTime64({precision[1]})")
    conversion = re.fullmatch(r"to(U?Int\d+|Float\d+|String)\(.*\)", text, re.DOTALL)
    if conversion is not None:
        return parse_type(conversion[1])
    for pattern, name in _TYPES_OF_DEFAULTS:
        if re.fullmatch(pattern, text, re.DOTALL):
            return parse_type(name)
    return None


# Indexes -----------------------------------------------------------------------------------

_INDEX_TYPES = (
    "minmax", "set", "bloom_filter", "ngrambf_v1", "tokenbf_v1", "text", "hypothesis",
    "vector_similarity",
)  # fmt: skip


def _indexes(section: Section, columns: Mapping[str, Column]) -> list[Index]:
    entry = section.last("INDEXES")
    if entry is None or not isinstance(entry.content, Indexes):
        return []
    indexes: dict[str, Index] = {}
    for line in entry.content.indexes:
        name, span = line.name.strip("`"), section.tree.span_of(line.name)
        kind = re.match(r"\w+", line.type)
        if kind is None or kind[0] not in _INDEX_TYPES:
            guess = nearest(line.type, _INDEX_TYPES)
            section.error(
                "DF033",
                f"unknown kind of index `{line.type}`",
                section.tree.span_of(line.type),
                f"did you mean `{guess}`?" if guess else f"kinds are {', '.join(_INDEX_TYPES)}",
            )
        if name in indexes:
            section.error("DF034", f"the index `{name}` is defined twice", span)
        check_expression(
            section, line.expression, "INDEXES", section.tree.span_of(line.expression), columns
        )
        granularity = int(line.granularity) if line.granularity is not None else None
        indexes[name] = Index(name, str(line.expression), str(line.type), granularity, span)
    return list(indexes.values())


# Connectors --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Set:
    """Instructions that go together: any of `triggers` asks for all of `required`."""

    title: str
    triggers: tuple[str, ...]
    required: tuple[str, ...]


_SETS = (
    _Set(
        "a Kafka data source",
        ("KAFKA_CONNECTION_NAME", "KAFKA_TOPIC", "KAFKA_GROUP_ID"),
        ("KAFKA_CONNECTION_NAME", "KAFKA_TOPIC", "KAFKA_GROUP_ID"),
    ),
    _Set(
        "a DynamoDB data source",
        ("IMPORT_TABLE_ARN", "IMPORT_EXPORT_BUCKET"),
        ("IMPORT_CONNECTION_NAME", "IMPORT_TABLE_ARN", "IMPORT_EXPORT_BUCKET"),
    ),
    _Set(
        "a data source fed from a bucket",
        ("IMPORT_CONNECTION_NAME", "IMPORT_BUCKET_URI", "IMPORT_SCHEDULE"),
        ("IMPORT_CONNECTION_NAME", "IMPORT_BUCKET_URI", "IMPORT_SCHEDULE"),
    ),
    _Set(
        "a PostgreSQL data source",
        ("PG_CONNECTION_NAME", "PG_TABLE"),
        ("PG_CONNECTION_NAME", "PG_TABLE"),
    ),
)
_IMPORT_SCHEDULES = ("@auto", "@on-demand", "@once")


def _connector(section: Section) -> Connector | None:
    chosen = [s for s in _SETS if any(trigger in section for trigger in s.triggers)]
    names = {s.title for s in chosen}
    if "a DynamoDB data source" in names:  # its connection is not a bucket's
        chosen = [s for s in chosen if s.title != "a data source fed from a bucket"]
    if not chosen:
        return None
    first = chosen[0]
    trigger = next(name for name in first.triggers if name in section)
    if len(chosen) > 1:
        section.error(
            "DF061",
            f"a data source has one connector, not {first.title} and {chosen[1].title}",
            section.word_span(trigger),
        )
        return None
    missing = [name for name in first.required if section.text(name) is None]
    if missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        section.error("DF060", f"{first.title} needs {listed}", section.word_span(trigger))
        return None

    def text(name: str) -> str:
        return section.text(name) or ""

    if "KAFKA_TOPIC" in first.required:
        return KafkaSource(
            connection=text("KAFKA_CONNECTION_NAME"),
            topic=text("KAFKA_TOPIC"),
            group_id=text("KAFKA_GROUP_ID"),
            auto_offset_reset=section.text("KAFKA_AUTO_OFFSET_RESET"),
            store_raw_value=section.text("KAFKA_STORE_RAW_VALUE"),
            store_headers=section.text("KAFKA_STORE_HEADERS"),
            key_format=section.text("KAFKA_KEY_FORMAT"),
            value_format=section.text("KAFKA_VALUE_FORMAT"),
        )
    if "PG_TABLE" in first.required:
        return PostgresSource(text("PG_CONNECTION_NAME"), text("PG_TABLE"))
    if "IMPORT_TABLE_ARN" in first.required:
        return DynamoDBSource(
            text("IMPORT_CONNECTION_NAME"), text("IMPORT_TABLE_ARN"), text("IMPORT_EXPORT_BUCKET")
        )
    schedule = text("IMPORT_SCHEDULE")
    if schedule not in _IMPORT_SCHEDULES:
        allowed = ", ".join(f"`{value}`" for value in _IMPORT_SCHEDULES)
        section.error(
            "DF062",
            f"`IMPORT_SCHEDULE` takes {allowed}, not `{schedule}`",
            section.span("IMPORT_SCHEDULE"),
        )
    form = section.text("IMPORT_FORMAT")
    return BucketSource(
        connection=text("IMPORT_CONNECTION_NAME"),
        uri=text("IMPORT_BUCKET_URI"),
        schedule=schedule,
        from_timestamp=section.text("IMPORT_FROM_TIMESTAMP"),
        format=form.lower() if form else None,
    )
