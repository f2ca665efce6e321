"""The table of instructions: what a datafile may say, in one place.

The lexer (which words end a block), the parser (which shapes they take), the formatter (in which
order they stand), the checks (what replaced an old spelling) and the reference documentation all
read these rows. Adding an instruction is adding a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import Severity


class Kind(Enum):
    """What a file describes; the value is its extension."""

    DATASOURCE = "datasource"
    PIPE = "pipe"
    CONNECTION = "connection"

    @staticmethod
    def of(path: str) -> Kind | None:
        """The kind of a path by its extension; None for `.incl`, which has its host's, and rest."""
        return _EXTENSIONS.get(path.rpartition(".")[2])


_EXTENSIONS = {kind.value: kind for kind in Kind}


class Shape(Enum):
    """How an instruction takes its value."""

    LINE = "line"  # INSTRUCTION value
    BLOCK = "block"  # INSTRUCTION > and the lines below
    BOTH = "line or block"


class Level(Enum):
    """What an instruction belongs to."""

    FILE = "file"
    NODE = "node"
    EITHER = "either"  # the node it follows, else the file


@dataclass(frozen=True, slots=True)
class Old:
    """An old spelling: a warning where going on is safe, an error where it is not."""

    severity: Severity
    instead: str
    is_read: bool = False  # it still takes effect, as its `field` says


@dataclass(frozen=True, slots=True)
class Instruction:
    """One row. `field` names what it fills in the project's model; '' when nothing.

    `values` are the only ones allowed, if not empty. `is_foreign` marks words that Tinybird's own
    parser does not know here and takes for the text of a block: they count only in capitals.
    """

    name: str
    kind: Kind
    field: str
    doc: str
    shape: Shape = Shape.LINE
    level: Level = Level.FILE
    aliases: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    may_be_empty: bool = False  # a quoted empty value means "none"
    repeats: bool = False  # several lines add up; otherwise the last one counts
    grammar: str = ""  # the start rule of its value, when it has a grammar of its own
    group: str = ""  # instructions of a group stand together when formatted
    old: Old | None = None
    is_foreign: bool = False


_WARNING, _ERROR = Severity.WARNING, Severity.ERROR
_BOTH, _BLOCK = Shape.BOTH, Shape.BLOCK
_NODE = Level.NODE


def _engine(kind: Kind) -> Iterator[Instruction]:
    rows = (
        ("ENGINE", "name", "The table engine: MergeTree (the default), ReplacingMergeTree, …"),
        ("ENGINE_PARTITION_KEY", "partition_key", "Expression that splits the table in parts."),
        ("ENGINE_SORTING_KEY", "sorting_key", "Columns or expressions the rows are sorted by."),
        ("ENGINE_PRIMARY_KEY", "primary_key", "A prefix of the sorting key kept in memory."),
        ("ENGINE_SAMPLING_KEY", "sampling_key", "Expression that SAMPLE selects by."),
        ("ENGINE_VER", "ver", "ReplacingMergeTree: the row with the greatest value stays."),
        ("ENGINE_IS_DELETED", "is_deleted", "ReplacingMergeTree: 1 marks a deleted row."),
        ("ENGINE_SIGN", "sign", "CollapsingMergeTree: 1 for a state, -1 for its cancellation."),
        ("ENGINE_VERSION", "version", "VersionedCollapsingMergeTree: the state's version."),
        ("ENGINE_COLUMNS", "columns", "SummingMergeTree: the columns that are summed."),
        ("ENGINE_TTL", "ttl", 'When rows expire; `""` for never.'),
        ("ENGINE_SETTINGS", "settings", "ClickHouse settings of the table: `name=value, …`."),
    )
    in_pipe = kind is Kind.PIPE
    old = Old(_WARNING, "write it in the `.datasource` file of the target") if in_pipe else None
    for name, field, doc in rows:
        yield Instruction(
            name,
            kind,
            "" if in_pipe else f"engine.{field}",
            doc,
            _BOTH,
            _NODE if in_pipe else Level.FILE,
            may_be_empty=True,
            group="engine",
            old=old,
            is_foreign=in_pipe,
        )
    gone = Old(_ERROR, "the Join engine is not supported; join with the data source itself")
    for name in ("ENGINE_JOIN_STRICTNESS", "ENGINE_JOIN_TYPE", "ENGINE_KEY_COLUMNS"):
        yield Instruction(
            name, kind, "", "Of the Join engine.", old=gone, group="engine", is_foreign=in_pipe
        )
    whole = Old(_ERROR, "write `ENGINE` and the `ENGINE_…` options one by one")
    yield Instruction(
        "ENGINE_FULL", kind, "", "The engine's clause as one.", old=whole, is_foreign=in_pipe
    )


def _common(kind: Kind) -> Iterator[Instruction]:
    level = Level.EITHER if kind is Kind.PIPE else Level.FILE
    yield Instruction(
        "DESCRIPTION", kind, "description", "What it is, for people.", _BOTH, level,
        may_be_empty=True,
    )  # fmt: skip
    if kind is not Kind.CONNECTION:
        yield Instruction(
            "TOKEN",
            kind,
            "tokens",
            "A token that may use the resource: `TOKEN name READ`, in a data source also `APPEND`.",
            repeats=True,
        )
        yield Instruction(
            "TAGS", kind, "tags", "Names to filter resources by: `a, b`.", _BOTH, repeats=True
        )
    yield Instruction(
        "INCLUDE",
        kind,
        "",
        'Takes in the lines of a `.incl` file: `INCLUDE "common.incl" "NAME=value"`, where '
        "`$NAME` in that file is replaced by the value.",
        level=level,
        repeats=True,
    )
    ignored = Old(_WARNING, "remove it: a deployment versions all resources together")
    yield Instruction("VERSION", kind, "", "Version of the resource.", old=ignored)
    yield Instruction(
        "MAINTAINER",
        kind,
        "",
        "Who looks after it.",
        old=Old(_ERROR, "remove it, or say it in `DESCRIPTION`"),
        is_foreign=True,
    )


def _datasource() -> Iterator[Instruction]:
    kind = Kind.DATASOURCE
    yield from _common(kind)
    yield Instruction(
        "SCHEMA",
        kind,
        "columns",
        "The columns: name, type, jsonpath, DEFAULT, CODEC.",
        _BOTH,
        grammar="schema",
    )
    yield Instruction(
        "INDEXES",
        kind,
        "indexes",
        "Data skipping indexes, one a line: `INDEX name expression TYPE kind GRANULARITY n`.",
        _BOTH,
        grammar="indexes",
    )
    yield from _engine(kind)
    for name in ("PARTITION_KEY", "SORTING_KEY", "PRIMARY_KEY", "SAMPLING_KEY", "TTL"):
        yield Instruction(
            name,
            kind,
            f"engine.{name.lower()}",
            f"Old spelling of `ENGINE_{name}`.",
            may_be_empty=True,
            group="engine",
            old=Old(_WARNING, f"write `ENGINE_{name}`", is_read=True),
        )
    yield Instruction(
        "KAFKA_CONNECTION_NAME",
        kind,
        "connector.connection",
        "The Kafka connection to read from.",
        group="kafka",
    )
    for name, doc in (
        ("TOPIC", "The topic to read."),
        ("GROUP_ID", "The consumer group; one for each data source."),
        ("AUTO_OFFSET_RESET", "Where a new group starts: `latest` or `earliest`."),
        ("STORE_RAW_VALUE", "Whether to keep the whole message in `__value`."),
        ("STORE_HEADERS", "Whether to keep the message's headers in `__headers`."),
        ("KEY_FORMAT", "Format of keys: avro, json_with_schema, json_without_schema."),
        ("VALUE_FORMAT", "Format of values: avro, json_with_schema, json_without_schema."),
    ):
        yield Instruction(f"KAFKA_{name}", kind, f"connector.{name.lower()}", doc, group="kafka")
    for name, field, doc in (
        ("CONNECTION_NAME", "connection", "The bucket or DynamoDB connection to read from."),
        ("BUCKET_URI", "uri", "Which files: `s3://bucket/path/*.csv`."),
        ("FORMAT", "format", "csv, ndjson or parquet."),
        ("SCHEDULE", "schedule", "`@auto`, `@on-demand` or `@once`."),
        ("FROM_TIMESTAMP", "from_timestamp", "Skip files older than this ISO timestamp."),
        ("TABLE_ARN", "table_arn", "The DynamoDB table."),
        ("EXPORT_BUCKET", "export_bucket", "The bucket that DynamoDB exports to."),
    ):
        yield Instruction(f"IMPORT_{name}", kind, f"connector.{field}", doc, group="import")
    yield Instruction(
        "PG_CONNECTION_NAME", kind, "connector.connection", "The PostgreSQL connection.",
        group="pg",
    )  # fmt: skip
    yield Instruction("PG_TABLE", kind, "connector.table", "The table to mirror.", group="pg")
    yield Instruction(
        "SHARED_WITH",
        kind,
        "shared_with",
        "Workspaces that may read it, separated by commas or lines.",
        _BOTH,
        repeats=True,
    )
    yield Instruction(
        "FORWARD_QUERY",
        kind,
        "forward_query",
        "How rows of the live version become rows of this one when the schema changes.",
        _BLOCK,
    )
    yield Instruction(
        "BACKFILL",
        kind,
        "skips_backfill",
        "`skip`: do not fill it again from its materialization when deployed.",
        values=("skip",),
    )
    for name, instead in (
        ("KAFKA_TARGET_PARTITIONS", "remove it: partitions are followed by themselves"),
        ("KAFKA_KEY_AVRO_DESERIALIZATION", "write `KAFKA_KEY_FORMAT avro` if keys are Avro"),
        ("KAFKA_STORE_BINARY_HEADERS", "write `KAFKA_STORE_HEADERS`"),
        ("IMPORT_SERVICE", "remove it: the connection says the service"),
        ("IMPORT_EXTERNAL_DATASOURCE", "remove it: the connection says the source"),
        ("IMPORT_STRATEGY", "remove it: files are appended; to replace rows use a copy pipe"),
        ("EXPORT_SERVICE", "remove it: the connection says the service"),
    ):
        yield Instruction(name, kind, "", "No longer used.", old=Old(_WARNING, instead))
    for name, instead in (
        ("SOURCE", "send the data with the Events API or append a file"),
        ("IMPORT_QUERY", "queries of external warehouses are not supported; import files"),
    ):
        yield Instruction(name, kind, "", "No longer used.", old=Old(_ERROR, instead))


def _pipe() -> Iterator[Instruction]:
    kind = Kind.PIPE
    yield from _common(kind)
    yield Instruction(
        "NODE", kind, "nodes", "Starts a node: one step of the pipe.", aliases=("SCOPE",),
        level=_NODE, repeats=True,
    )  # fmt: skip
    yield Instruction(
        "SQL",
        kind,
        "sql",
        "The node's query. A first `%` makes it a template.",
        _BLOCK,
        _NODE,
    )
    yield Instruction(
        "TYPE",
        kind,
        "kind",
        "How the node is published: endpoint, materialized, copy, sink; standard is not at all.",
        level=_NODE,
        values=("endpoint", "materialized", "copy", "sink", "standard", "stream"),
        group="type",
    )
    for name, field, doc, aliases in (
        ("DATASOURCE", "kind.target", "Materialization: the data source it writes to.", ()),
        (
            "DEPLOYMENT_METHOD",
            "kind.is_altered_in_place",
            "Materialization: `alter` changes the query and keeps the target's rows.",
            (),
        ),
        ("TARGET_DATASOURCE", "kind.target", "Copy: the data source it writes to.", ()),
        ("COPY_MODE", "kind.mode", "Copy: `append` (the default) or `replace`.", ("MODE",)),
        ("COPY_SCHEDULE", "kind.schedule", "Copy: a cron expression or `@on-demand`.", ()),
        ("ON_DEMAND_COMPUTE", "kind.on_demand_compute", "Copy: run on separate compute.", ()),
        ("EXPORT_CONNECTION_NAME", "kind.connection", "Sink: the connection to write to.", ()),
        ("EXPORT_KAFKA_TOPIC", "kind.topic", "Sink to Kafka: the topic.", ()),
        ("EXPORT_BUCKET_URI", "kind.uri", "Sink to a bucket: `s3://bucket/path`.", ()),
        (
            "EXPORT_FILE_TEMPLATE",
            "kind.file_template",
            "Sink to a bucket: the files' names, which may hold columns: `{at, '%Y'}`.",
            (),
        ),
        ("EXPORT_FORMAT", "kind.format", "Sink to a bucket: csv, ndjson or parquet.", ()),
        ("EXPORT_COMPRESSION", "kind.compression", "Sink to a bucket: none, gz, zst, …", ()),
        ("EXPORT_STRATEGY", "kind.strategy", "Sink to a bucket: `new` or `truncate`.", ()),
        ("EXPORT_WRITE_STRATEGY", "kind.strategy", "The same as `EXPORT_STRATEGY`.", ()),
        ("EXPORT_SCHEDULE", "kind.schedule", "Sink: a cron expression or `@on-demand`.", ()),
    ):
        yield Instruction(
            name,
            kind,
            field,
            doc,
            level=_NODE,
            aliases=aliases,
            values=("alter",) if name == "DEPLOYMENT_METHOD" else (),
            group="type",
        )
    yield Instruction(
        "FILTER", kind, "", "Row filter of a node.", level=_NODE,
        old=Old(_ERROR, "write the condition in the node's SQL"),
    )  # fmt: skip
    yield Instruction(
        "EXPORT_SERVICE", kind, "", "No longer used.", level=_NODE,
        old=Old(_WARNING, "remove it: the connection says the service"),
    )  # fmt: skip
    yield Instruction(
        "CACHE",
        kind,
        "",
        "Cache of an endpoint.",
        level=_NODE,
        old=Old(_ERROR, "call `{{cache_ttl('1m')}}` in the node's SQL"),
        is_foreign=True,
    )
    yield from _engine(kind)


def _connection() -> Iterator[Instruction]:
    kind = Kind.CONNECTION
    yield from _common(kind)
    yield Instruction(
        "TYPE",
        kind,
        "type",
        "What it connects to: kafka, s3, gcs, dynamodb, postgres.",
        group="connection",
    )
    for name, doc in (
        ("KAFKA_BOOTSTRAP_SERVERS", "Brokers: `host:port`, separated by commas."),
        ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL (the default), PLAINTEXT, …"),
        ("KAFKA_SASL_MECHANISM", "PLAIN (the default), SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER."),
        ("KAFKA_KEY", "The user."),
        ("KAFKA_SECRET", "The password."),
        ("KAFKA_SCHEMA_REGISTRY_URL", "The schema registry."),
        ("KAFKA_SSL_CA_PEM", "The certificate authority's certificate."),
        ("KAFKA_SASL_OAUTHBEARER_METHOD", "How the OAuth token is made."),
        ("KAFKA_SASL_OAUTHBEARER_AWS_REGION", "OAuth on AWS: the region."),
        ("KAFKA_SASL_OAUTHBEARER_AWS_ROLE_ARN", "OAuth on AWS: the role."),
        ("KAFKA_SASL_OAUTHBEARER_AWS_EXTERNAL_ID", "OAuth on AWS: the external id."),
        ("S3_REGION", "The bucket's region."),
        ("S3_ARN", "The role to assume."),
        ("S3_ACCESS_KEY", "The access key."),
        ("S3_SECRET", "The secret of the access key."),
        ("GCS_SERVICE_ACCOUNT_CREDENTIALS_JSON", "The service account's key file, as JSON."),
        ("GCS_HMAC_ACCESS_ID", "The HMAC key's access id."),
        ("GCS_HMAC_SECRET", "The HMAC key's secret."),
        ("DYNAMODB_ARN", "The role to assume."),
        ("DYNAMODB_REGION", "The table's region."),
        ("PG_HOST", "The server."),
        ("PG_PORT", "Its port."),
        ("PG_DATABASE", "The database."),
        ("PG_USER", "The user."),
        ("PG_PASSWORD", "The password."),
        ("PG_SSL_MODE", "How the connection is encrypted."),
    ):
        yield Instruction(
            name,
            kind,
            "settings",
            doc,
            _BOTH if name == "KAFKA_SSL_CA_PEM" else Shape.LINE,
            aliases=_GCS_ALIASES.get(name, ()),
            may_be_empty=True,
            group="connection",
        )
    yield Instruction(
        "KAFKA_KEY_AVRO_DESERIALIZATION",
        kind,
        "",
        "No longer used.",
        old=Old(_WARNING, "write `KAFKA_KEY_FORMAT avro` in the data source"),
    )


_GCS_ALIASES = {
    "GCS_HMAC_ACCESS_ID": ("GCS_ACCESS_ID",),
    "GCS_HMAC_SECRET": ("GCS_SECRET",),
}

INSTRUCTIONS: tuple[Instruction, ...] = (*_datasource(), *_pipe(), *_connection())


def _by_kind(kind: Kind) -> dict[str, Instruction]:
    rows = {row.name: row for row in INSTRUCTIONS if row.kind is kind}
    return rows | {alias: row for row in rows.values() for alias in row.aliases}


BY_KIND: dict[Kind, dict[str, Instruction]] = {kind: _by_kind(kind) for kind in Kind}
"""For each kind of file its instructions by name and alias, in capitals, in table order."""


def elsewhere(word: str, kind: Kind) -> Kind | None:
    """Another kind of file in which `word` is a living instruction."""
    for other, rows in BY_KIND.items():
        row = rows.get(word.upper())
        if other is not kind and row is not None and row.old is None:
            return other
    return None
