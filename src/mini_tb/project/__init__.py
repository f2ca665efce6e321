"""What a project means: its resources as values, their names and dependencies, what is wrong.

`load_project` turns the texts of datafiles into a `Project` and diagnostics; `read_folder` is the
one thin place that touches the disk.
"""

from mini_tb.project.model import (
    BucketSink,
    BucketSource,
    Column,
    Connection,
    Connector,
    Copy,
    Datasource,
    DynamoDBSource,
    Endpoint,
    Engine,
    Index,
    KafkaSink,
    KafkaSource,
    Materialization,
    Node,
    Pipe,
    PostgresSource,
    Project,
    Publication,
    Resource,
    Sink,
    Token,
)

__all__ = [
    "BucketSink",
    "BucketSource",
    "Column",
    "Connection",
    "Connector",
    "Copy",
    "Datasource",
    "DynamoDBSource",
    "Endpoint",
    "Engine",
    "Index",
    "KafkaSink",
    "KafkaSource",
    "Materialization",
    "Node",
    "Pipe",
    "PostgresSource",
    "Project",
    "Publication",
    "Resource",
    "Sink",
    "Token",
]
