"""The meaning of a project: what its datafiles say, as frozen values.

Two resources compare equal exactly when they mean the same, wherever they stand: spans and the
original files take no part in `==`, so that a deployment's diff is a comparison of values.
Expressions (keys, TTL, defaults) are ClickHouse text, as written. Every resource keeps the file it
was read from, which is what a server hands back when somebody asks for the datafile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING

from mini_tb.dataclass import dataclass
from mini_tb.source import Fragment, SourceFile, Span

if TYPE_CHECKING:
    from mini_tb.types import DataType

NO_SPANS: Mapping[str, Span] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a data source.

    `jsonpath` is the bare path (`$.a.b`), `default` the expression after DEFAULT, `codec` the text
    `CODEC(…)`.
    """

    name: str
    type: DataType
    jsonpath: str | None = None
    default: str | None = None
    codec: str | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Engine:
    """The table engine and its parameters; None where the file says nothing.

    `name` is ClickHouse's own spelling. `columns` are the names SummingMergeTree sums.
    `spans` says where each field was written.
    """

    name: str = "MergeTree"
    sorting_key: str | None = None
    partition_key: str | None = None
    primary_key: str | None = None
    sampling_key: str | None = None
    ttl: str | None = None
    ver: str | None = None
    is_deleted: str | None = None
    sign: str | None = None
    version: str | None = None
    columns: tuple[str, ...] = ()
    settings: str | None = None
    spans: Mapping[str, Span] = field(default_factory=lambda: NO_SPANS, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Index:
    """A data skipping index; `type` keeps its arguments: `bloom_filter(0.01)`."""

    name: str
    expression: str
    type: str
    granularity: int | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A `TOKEN` line: a static token that may read from, or append to, the resource."""

    name: str
    permission: str  # READ or APPEND
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class KafkaSource:
    """A data source fed by a Kafka topic; the option texts are as written."""

    connection: str
    topic: str
    group_id: str
    auto_offset_reset: str | None = None
    store_raw_value: str | None = None
    store_headers: str | None = None
    key_format: str | None = None
    value_format: str | None = None


@dataclass(frozen=True, slots=True)
class BucketSource:
    """A data source fed from files of a bucket (S3 or GCS, by its connection)."""

    connection: str
    uri: str
    schedule: str  # @auto, @on-demand or @once
    from_timestamp: str | None = None
    format: str | None = None


@dataclass(frozen=True, slots=True)
class DynamoDBSource:
    """A data source fed by a DynamoDB table."""

    connection: str
    table_arn: str
    export_bucket: str


@dataclass(frozen=True, slots=True)
class PostgresSource:
    """A data source that mirrors a PostgreSQL table."""

    connection: str
    table: str


Connector = KafkaSource | BucketSource | DynamoDBSource | PostgresSource


@dataclass(frozen=True, slots=True)
class Datasource:
    """One table: what is stored, how, and who may touch it."""

    name: str
    columns: tuple[Column, ...]
    engine: Engine = field(default_factory=Engine)
    description: str = ""
    indexes: tuple[Index, ...] = ()
    tokens: tuple[Token, ...] = ()
    tags: tuple[str, ...] = ()
    shared_with: tuple[str, ...] = ()
    forward_query: Fragment | None = None
    skips_backfill: bool = False
    connector: Connector | None = None
    unread: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    """The names of columns whose definitions are wrong."""
    file: SourceFile | None = field(default=None, compare=False, repr=False)

    def column(self, name: str) -> Column | None:
        """The column of that name, if there is one."""
        for column in self.columns:
            if column.name == name:
                return column
        return None

    @property
    def span(self) -> Span | None:
        """The start of its file."""
        return self.file.span(0) if self.file else None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The node is published as an HTTP endpoint."""


@dataclass(frozen=True, slots=True)
class Materialization:
    """The node's rows are written to `target` whenever its source gets rows."""

    target: str
    is_altered_in_place: bool = False  # DEPLOYMENT_METHOD alter
    target_span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Copy:
    """The node's rows are written to `target` on a schedule or on demand.

    `schedule` is a cron expression; None means on demand. `mode` is `append` or `replace`.
    """

    target: str
    schedule: str | None = None
    mode: str = "append"
    on_demand_compute: bool = False
    target_span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class KafkaSink:
    """The node's rows go to a Kafka topic; `schedule` None means on demand."""

    connection: str
    topic: str
    schedule: str | None = None


@dataclass(frozen=True, slots=True)
class BucketSink:
    """The node's rows go to files of a bucket; `schedule` None means on demand."""

    connection: str
    uri: str
    file_template: str
    schedule: str | None = None
    format: str = "csv"
    compression: str | None = None
    strategy: str = "new"


Sink = KafkaSink | BucketSink
Publication = Endpoint | Materialization | Copy | KafkaSink | BucketSink


@dataclass(frozen=True, slots=True)
class Node:
    """One step of a pipe.

    `sql` is the block's text without the lines a datafile drops, and it knows where every
    character stands in the file. A template (`is_template`) has lost its leading `%`.
    `kind` says how the node is published; None is a plain step.
    """

    name: str
    sql: Fragment
    is_template: bool = False
    description: str = ""
    kind: Publication | None = None
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Pipe:
    """A chain of nodes of which at most one is published.

    A pipe without a published node is SQL that others share: selecting from the pipe's name reads
    its last node.
    """

    name: str
    nodes: tuple[Node, ...]
    description: str = ""
    tokens: tuple[Token, ...] = ()
    tags: tuple[str, ...] = ()
    file: SourceFile | None = field(default=None, compare=False, repr=False)

    def node(self, name: str) -> Node | None:
        """The node of that name, if there is one."""
        for node in self.nodes:
            if node.name == name:
                return node
        return None

    @property
    def published(self) -> Node | None:
        """The node with a TYPE, if any."""
        for node in self.nodes:
            if node.kind is not None:
                return node
        return None

    @property
    def output(self) -> Node:
        """The node that the pipe's name stands for: the published one, else the last."""
        return self.published or self.nodes[-1]

    @property
    def endpoint(self) -> Node | None:
        """The node published as an endpoint, if any."""
        node = self.published
        return node if node is not None and isinstance(node.kind, Endpoint) else None

    @property
    def span(self) -> Span | None:
        """The start of its file."""
        return self.file.span(0) if self.file else None


@dataclass(frozen=True, slots=True)
class Connection:
    """One external system. `settings` are (instruction, value) pairs with secrets filled in."""

    name: str
    type: str
    settings: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    file: SourceFile | None = field(default=None, compare=False, repr=False)

    def setting(self, name: str, default: str | None = None) -> str | None:
        """The value of a setting by its instruction's name."""
        return dict(self.settings).get(name, default)


Resource = Datasource | Pipe | Connection


@dataclass(frozen=True, slots=True)
class Project:
    """All resources of a project by name, in the order of their files."""

    datasources: Mapping[str, Datasource] = field(default_factory=dict)
    pipes: Mapping[str, Pipe] = field(default_factory=dict)
    connections: Mapping[str, Connection] = field(default_factory=dict)

    def resources(self) -> Iterator[Resource]:
        """Every resource: connections, then data sources, then pipes."""
        yield from self.connections.values()
        yield from self.datasources.values()
        yield from self.pipes.values()
