"""Resources as Tinybird's clients read them: the JSON objects of data sources, pipes, tokens, jobs.

Clients unpack some of these objects into exact keys, so keys are neither added nor left out
lightly. Timestamps are `YYYY-MM-DD HH:MM:SS.ffffff` in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mini_tb.project import (
    BucketSink,
    BucketSource,
    Copy,
    Datasource,
    DynamoDBSource,
    Endpoint,
    KafkaSink,
    KafkaSource,
    Materialization,
    Node,
    Pipe,
    PostgresSource,
)

if TYPE_CHECKING:
    from mini_tb.project import Column, Index
    from mini_tb.workspace.jobs import Job
    from mini_tb.workspace.secrets import Secret
    from mini_tb.workspace.tokens import Token

SERVICES = {
    KafkaSource: "kafka",
    BucketSource: "s3",
    DynamoDBSource: "dynamodb",
    PostgresSource: "postgres",
}
NODE_TYPES = {
    Endpoint: "endpoint",
    Materialization: "materialized",
    Copy: "copy",
    KafkaSink: "sink",
    BucketSink: "sink",
}
JOB_HOST = "http://localhost:8001"
"""What job addresses begin with: clients put their own host in its place."""

Identify = Callable[[str, str], str]
"""Kind and name → id: of a `datasource`, a `pipe`, a `node` (as `pipe.node`)."""
Times = tuple[datetime | None, datetime | None]
"""When a resource was created and last changed."""


def timestamp(moment: datetime | None) -> str:
    """A moment as resources write it."""
    found = moment or datetime(1970, 1, 1, tzinfo=UTC)
    if found.tzinfo is not None:
        found = found.astimezone(UTC)
    return found.strftime("%Y-%m-%d %H:%M:%S.%f")


def selected(item: Mapping[str, Any], attrs: str, always: Iterable[str] = ()) -> dict[str, Any]:
    """The item, or only the keys that `attrs` (a comma-separated list) names."""
    wanted = [name.strip() for name in attrs.split(",") if name.strip()]
    if not wanted:
        return dict(item)
    return {name: item[name] for name in dict.fromkeys((*wanted, *always)) if name in item}


# Data sources --------------------------------------------------------------------------------


def datasource(
    found: Datasource,
    identify: Identify,
    times: Times,
    *,
    row_count: int,
    size: int,
    quarantine_rows: int,
    used_by: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """A data source with its counts."""
    service = SERVICES.get(type(found.connector)) if found.connector else None
    engine = found.engine
    return {
        "id": identify("datasource", found.name),
        "name": found.name,
        "description": found.description,
        "type": service or "csv",
        "service": service,
        "cluster": "Public",
        "created_at": timestamp(times[0]),
        "updated_at": timestamp(times[1]),
        "replicated": False,
        "version": 0,
        "project": None,
        "headers": {},
        "tags": {},
        "shared_with": list(found.shared_with),
        "engine": {
            "engine": engine.name,
            "engine_sorting_key": engine.sorting_key or "",
            "engine_partition_key": engine.partition_key or "",
            "engine_primary_key": engine.primary_key or engine.sorting_key or "",
        },
        "columns": [column(c) for c in found.columns],
        "indexes": [index(i) for i in found.indexes],
        "statistics": {"bytes": size, "row_count": row_count},
        "stats": {"bytes": size, "row_count": row_count},
        "new_columns_detected": {},
        "quarantine_rows": quarantine_rows,
        "used_by": list(used_by),
        "forward_query": found.forward_query.text if found.forward_query else None,
    }


def column(found: Column) -> dict[str, Any]:
    """A column: exactly these keys."""
    return {
        "name": found.name,
        "type": str(found.type),
        "codec": found.codec,
        "default_value": f"DEFAULT {found.default}" if found.default else None,
        "jsonpath": found.jsonpath,
        "nullable": found.type.is_nullable,
        "normalized_name": found.name,
    }


def index(found: Index) -> dict[str, Any]:
    """A data skipping index."""
    return {
        "name": found.name,
        "expr": found.expression,
        "type_full": found.type,
        "granularity": found.granularity or 1,
    }


# Pipes ---------------------------------------------------------------------------------------


def pipe_type(found: Pipe) -> str:
    """How a pipe is published: `endpoint`, `copy`, `materialized`, `sink` or `default`."""
    node = found.published
    return NODE_TYPES[type(node.kind)] if node is not None and node.kind else "default"


def pipe(
    found: Pipe,
    identify: Identify,
    times: Times,
    *,
    node_attrs: str = "",
    details: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """A pipe with its nodes. `details` adds to nodes by name (their parameters, dependencies)."""
    endpoint = found.endpoint
    nodes = [
        selected(
            {**node(n, found, identify, times), **(details or {}).get(n.name, {})},
            node_attrs,
        )
        for n in found.nodes
    ]
    published = found.published
    item: dict[str, Any] = {
        "id": identify("pipe", found.name),
        "name": found.name,
        "description": found.description,
        "type": pipe_type(found),
        "endpoint": identify("node", f"{found.name}.{endpoint.name}") if endpoint else None,
        "url": f"{JOB_HOST}/v0/pipes/{found.name}.json" if endpoint else None,
        "created_at": timestamp(times[0]),
        "updated_at": timestamp(times[1]),
        "parent": None,
        "tags": {},
        "nodes": nodes,
        "copy_node": None,
        "sink_node": None,
        "schedule": {},
    }
    if published is not None and isinstance(published.kind, Copy):
        item["copy_node"] = identify("node", f"{found.name}.{published.name}")
        item["schedule"] = {"cron": published.kind.schedule}
        item["copy_target_datasource"] = identify("datasource", published.kind.target)
    if published is not None and isinstance(published.kind, KafkaSink | BucketSink):
        item["sink_node"] = identify("node", f"{found.name}.{published.name}")
        item["schedule"] = {"cron": published.kind.schedule}
    return item


def node(found: Node, parent: Pipe, identify: Identify, times: Times) -> dict[str, Any]:
    """One node of a pipe. The first node with a type that is neither `standard` nor `default` is
    the pipe's output."""
    kind = found.kind
    target = kind.target if isinstance(kind, Copy | Materialization) else None
    target_id = identify("datasource", target) if target else None
    return {
        "id": identify("node", f"{parent.name}.{found.name}"),
        "name": found.name,
        "sql": ("%\n" if found.is_template else "") + found.sql.text,
        "description": found.description or None,
        "node_type": NODE_TYPES[type(kind)] if kind else "standard",
        "type": NODE_TYPES[type(kind)] if kind else "standard",
        "materialized": target_id if isinstance(kind, Materialization) else None,
        "copy_target_datasource": target_id if isinstance(kind, Copy) else None,
        "mode": kind.mode if isinstance(kind, Copy) else None,
        "cluster": None,
        "tags": {},
        "created_at": timestamp(times[0]),
        "updated_at": timestamp(times[1]),
        "version": 0,
        "project": None,
        "ignore_sql_errors": False,
        "dependencies": [],
        "params": [],
    }


# Tokens, secrets, jobs -----------------------------------------------------------------------


def token(found: Token) -> dict[str, Any]:
    """A static token. Every scope has `type`, and `resource` if it is about one."""
    return {
        "id": found.id,
        "name": found.name,
        "token": found.text,
        "description": found.description,
        "scopes": [scope.as_json() for scope in found.scopes],
        "origin": {"type": "DS" if found.origin == "datafile" else "C"},
        "is_internal": found.origin == "workspace",
        "created_at": timestamp(found.created_at),
        "updated_at": timestamp(found.created_at),
        "host": None,
    }


def secret(found: Secret) -> dict[str, Any]:
    """A secret, without its value."""
    return {
        "name": found.name,
        "type": "secret",
        "created_at": timestamp(found.created_at),
        "updated_at": timestamp(found.updated_at),
        "edited_by": "",
    }


def job(found: Job, progress: float | None = None) -> dict[str, Any]:
    """A job; what its kind adds stands beside, and the percentage that is done, if known."""
    item = {
        "id": found.id,
        "job_id": found.id,
        "kind": found.kind,
        "status": found.status,
        "created_at": timestamp(found.created_at),
        "updated_at": timestamp(found.updated_at),
        "started_at": timestamp(found.started_at) if found.started_at else None,
        "is_cancellable": found.is_cancellable,
        "job_url": f"{JOB_HOST}/v0/jobs/{found.id}",
        **found.details,
    }
    if progress is not None:
        item["progress_percentage"] = round(progress, 1)
    if found.error:
        item["error"] = found.error
        item["errors"] = [found.error]
    return item
