"""Syntax tree of a `.pipe` → `Pipe`, with everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from mini_tb.dataclass import dataclass
from mini_tb.datafile.tree import Block, NodeSection, Tree, content_fragment
from mini_tb.diagnostics import Diagnostic
from mini_tb.project.model import (
    BucketSink,
    Copy,
    Endpoint,
    KafkaSink,
    Materialization,
    Node,
    Pipe,
    Publication,
)
from mini_tb.project.section import Section


def lower_pipe(
    tree: Tree, name: str, env: Mapping[str, str], diagnostics: list[Diagnostic]
) -> Pipe | None:
    """The pipe a tree describes; None if it has no node with a query. Adds what is wrong."""
    whole = Section(tree, tree.all_entries(), env, diagnostics)
    header = Section(tree, tree.entries, env, diagnostics)
    if not tree.nodes and not any(_is_attribute(n) or n in ("SQL", "TYPE") for n in header.names()):
        whole.error("DF070", "expected at least one `NODE`", None, "write `NODE name` and `SQL >`")
    nodes: list[Node] = []
    published: Node | None = None
    for section in tree.nodes:
        node = _node(Section(tree, section.entries, env, diagnostics), section)
        if node is None:
            continue
        if node.kind is not None:
            if published is not None:
                related = ((published.span, "the first one"),) if published.span else ()
                diagnostics.append(
                    Diagnostic(
                        "DF071",
                        f"`{node.name}` is published too, but only one node of a pipe can be",
                        node.span,
                        hint="move it to a pipe of its own",
                        related=related,
                    )
                )
            published = published or node
        nodes.append(node)
    tokens = whole.tokens(("READ",))
    tags, _ = whole.tags()
    if not nodes:
        return None
    return Pipe(
        name=name,
        nodes=tuple(nodes),
        description=header.description(),
        tokens=tuple(tokens),
        tags=tuple(tags),
        file=tree.file,
    )


def _node(section: Section, written: NodeSection) -> Node | None:
    name = section.substitute(written.name)
    span = section.lexeme_span(written.value or written.word)
    entry = section.last("SQL")
    kind = _publication(section, name)
    if not isinstance(entry, Block) or entry.body is None:
        if entry is None:
            section.error(
                "DF078", f"the node `{name}` has no query", span, "write `SQL >` and the query"
            )
        return None
    sql = content_fragment(section.tree, entry.body)
    is_template = sql.text.lstrip().startswith("%")
    if is_template:
        start = sql.text.index("%") + 1
        rest = sql.text[start:]
        sql = sql.cut(start + len(rest) - len(rest.lstrip()))
    elif re.search(r"\{\{.*?\}\}|\{%.*?%\}", sql.text):
        at = min(i for i in (sql.text.find("{{"), sql.text.find("{%")) if i >= 0)
        section.warn(
            "DF079",
            f"`{name}` holds template tags but is no template, so they are plain text",
            sql.span(at, at + 2),
            "write `%` on the first line of the query",
        )
    if not sql.text.strip():
        section.error("DF078", f"the query of `{name}` is empty", section.word_span("SQL"))
    return Node(name, sql, is_template, section.description(), kind, span)


# Publications ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a TYPE takes and how it is read; `takes` None lets everything pass."""

    read: Callable[[Section, str], Publication | None]
    takes: tuple[str, ...] | None = ()


def _publication(section: Section, name: str) -> Publication | None:
    written = (section.text("TYPE") or "standard").lower()
    rule = _RULES.get(written)
    if rule is None:
        return None  # the syntax tree's own checks said so
    attributes = [n for n in section.names() if _is_attribute(n)]
    for attribute in attributes:
        if rule.takes is None:
            section.warn(
                "DF073",
                f"`{attribute}` has no effect on {_TITLES[written]}",
                section.word_span(attribute),
            )
        elif attribute not in rule.takes:
            meant = next((t for t, r in _RULES.items() if r.takes and attribute in r.takes), None)
            hint = f"write `TYPE {meant}`" if meant and written == "standard" else None
            other = _SWAPPED.get((written, attribute))
            section.error(
                "DF073",
                f"`{attribute}` is not allowed in {_TITLES[written]}",
                section.word_span(attribute),
                f"write `{other}`" if other else hint,
            )
    if written == "standard":
        _, pairs = section.tags()
        if pairs:
            section.error(
                "DF073",
                f"`{pairs[0]}` is a tag of published nodes, and `{name}` is not published",
                section.span("TAGS"),
            )
    return rule.read(section, name)


def _is_attribute(name: str) -> bool:
    return name in _ATTRIBUTES


def _required(section: Section, title: str, *names: str) -> bool:
    """Whether all of these are given; says which are not."""
    missing = [f"`{name}`" for name in names if section.text(name) is None]
    if missing:
        section.error("DF074", f"{title} needs {', '.join(missing)}", section.word_span("TYPE"))
    return not missing


def _materialization(section: Section, name: str) -> Publication | None:
    if not _required(section, "a materialization", "DATASOURCE"):
        return None
    return Materialization(
        section.text("DATASOURCE") or "",
        "DEPLOYMENT_METHOD" in section,
        section.span("DATASOURCE"),
    )


_YES = ("y", "yes", "t", "true", "on", "1")
_NO = ("n", "no", "f", "false", "off", "0")


def _copy(section: Section, name: str) -> Publication | None:
    mode = section.text("COPY_MODE") or "append"
    if mode not in ("append", "replace"):
        section.error(
            "DF075",
            f"`COPY_MODE` is `append` or `replace`, not `{mode}`",
            section.span("COPY_MODE"),
            "write it in lower case" if mode.lower() in ("append", "replace") else None,
        )
    compute = (section.text("ON_DEMAND_COMPUTE") or "no").lower()
    if compute not in _YES + _NO:
        section.error(
            "DF075",
            f"`ON_DEMAND_COMPUTE` is yes or no, not `{compute}`",
            section.span("ON_DEMAND_COMPUTE"),
        )
    schedule = _schedule(section, "COPY_SCHEDULE")
    if not _required(section, "a copy", "TARGET_DATASOURCE"):
        return None
    return Copy(
        section.text("TARGET_DATASOURCE") or "",
        schedule,
        mode,
        compute in _YES,
        section.span("TARGET_DATASOURCE"),
    )


def _schedule(section: Section, name: str) -> str | None:
    """A cron expression; None means on demand."""
    text = section.text(name)
    if text is None or text == "@on-demand":
        return None
    if "tb_secret" in text:
        section.error("DF076", f"`{name}` cannot hold a secret", section.span(name))
        return None
    if not is_cron(text):
        section.error(
            "DF076",
            f"`{name}` takes `@on-demand` or a cron expression, not `{text}`",
            section.span(name),
            "a cron expression has five fields: minute, hour, day, month, weekday",
        )
        return None
    return text


def is_cron(text: str) -> bool:
    """Whether it is a schedule: five fields, six with seconds, or an alias like `@daily`."""
    # The plain cases need no library, whose import takes longer than all the rest of a pipe.
    if re.fullmatch(r"(?:\*|\*/[1-9]|[1-9])( (?:\*|\*/[1-9]|[1-9])){2} \* \*", text):
        return True
    from croniter import croniter

    return bool(croniter.is_valid(text))


_KAFKA_SINK = ("EXPORT_KAFKA_TOPIC",)
_BUCKET_SINK = (
    "EXPORT_BUCKET_URI", "EXPORT_FILE_TEMPLATE", "EXPORT_FORMAT", "EXPORT_COMPRESSION",
    "EXPORT_STRATEGY", "EXPORT_WRITE_STRATEGY",
)  # fmt: skip


def _sink(section: Section, name: str) -> Publication | None:
    kafka = [n for n in _KAFKA_SINK if n in section]
    bucket = [n for n in _BUCKET_SINK if n in section]
    schedule = _schedule(section, "EXPORT_SCHEDULE")
    span = section.word_span("TYPE")
    if kafka and bucket:
        section.error(
            "DF077",
            f"a sink writes to Kafka or to a bucket: `{kafka[0]}` and `{bucket[0]}` exclude"
            " each other",
            section.word_span(bucket[0]),
        )
        return None
    common = ("EXPORT_CONNECTION_NAME", "EXPORT_SCHEDULE")
    if not kafka and not bucket:
        missing = [n for n in common if n not in section]
        added = f" and {', '.join(f'`{n}`' for n in missing)}" if missing else ""
        section.error(
            "DF077",
            "a sink needs somewhere to write to",
            span,
            "add `EXPORT_KAFKA_TOPIC`, or `EXPORT_BUCKET_URI` with `EXPORT_FILE_TEMPLATE`" + added,
        )
        return None

    def text(name: str) -> str:
        return section.text(name) or ""

    if kafka:
        if not _required(section, "a sink to Kafka", *common, *_KAFKA_SINK):
            return None
        return KafkaSink(text("EXPORT_CONNECTION_NAME"), text("EXPORT_KAFKA_TOPIC"), schedule)
    required = (*common, "EXPORT_BUCKET_URI", "EXPORT_FILE_TEMPLATE")
    if not _required(section, "a sink to a bucket", *required):
        return None
    strategy = section.text("EXPORT_WRITE_STRATEGY") or section.text("EXPORT_STRATEGY") or "new"
    return BucketSink(
        connection=text("EXPORT_CONNECTION_NAME"),
        uri=text("EXPORT_BUCKET_URI"),
        file_template=text("EXPORT_FILE_TEMPLATE"),
        schedule=schedule,
        format=(section.text("EXPORT_FORMAT") or "csv").lower(),
        compression=section.text("EXPORT_COMPRESSION"),
        strategy=strategy.lower(),
    )


def _stream(section: Section, name: str) -> Publication | None:
    section.warn(
        "DF080",
        f"nodes of type `stream` are not run; `{name}` is read as a plain node",
        section.span("TYPE"),
    )
    return None


_RULES: dict[str, _Rule] = {
    "standard": _Rule(lambda section, name: None),
    "endpoint": _Rule(lambda section, name: Endpoint(), None),
    "materialized": _Rule(_materialization, ("DATASOURCE", "DEPLOYMENT_METHOD")),
    "copy": _Rule(_copy, ("TARGET_DATASOURCE", "COPY_SCHEDULE", "COPY_MODE", "ON_DEMAND_COMPUTE")),
    "sink": _Rule(
        _sink, ("EXPORT_CONNECTION_NAME", "EXPORT_SCHEDULE", *_KAFKA_SINK, *_BUCKET_SINK)
    ),
    "stream": _Rule(_stream, None),
}
_TITLES = {
    "standard": "a node that is not published",
    "endpoint": "an endpoint",
    "materialized": "a materialization",
    "copy": "a copy",
    "sink": "a sink",
    "stream": "a stream",
}
_ATTRIBUTES = {name for rule in _RULES.values() for name in rule.takes or ()}
_SWAPPED = {
    ("materialized", "TARGET_DATASOURCE"): "DATASOURCE",
    ("copy", "DATASOURCE"): "TARGET_DATASOURCE",
}
