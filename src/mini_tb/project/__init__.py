"""What a project means: its resources as values, their names and dependencies, what is wrong.

`load_project` turns the texts of datafiles into a `Project` and diagnostics; `read_folder` is the
one thin place that touches the disk.
"""

from mini_tb.project.checks import Check
from mini_tb.project.folder import Folder, find_project, read_folder
from mini_tb.project.graph import Graph, Reference, resolve
from mini_tb.project.load import Loaded, load_project, read_project
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
from mini_tb.project.readers import Readers

__all__ = [
    "BucketSink",
    "BucketSource",
    "Check",
    "Column",
    "Connection",
    "Connector",
    "Copy",
    "Datasource",
    "DynamoDBSource",
    "Endpoint",
    "Engine",
    "Folder",
    "Graph",
    "Index",
    "KafkaSink",
    "KafkaSource",
    "Loaded",
    "Materialization",
    "Node",
    "Pipe",
    "PostgresSource",
    "Project",
    "Publication",
    "Readers",
    "Reference",
    "Resource",
    "Sink",
    "Token",
    "find_project",
    "load_project",
    "read_folder",
    "read_project",
    "resolve",
]
