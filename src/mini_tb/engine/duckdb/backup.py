"""A copy of the database file that is consistent, and checked before it counts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from mini_tb.diagnostics import UserError
from mini_tb.types.duckdb import quote_identifier as quote

if TYPE_CHECKING:
    from mini_tb.engine.duckdb.connection import Connections

_COUNTS = (
    "SELECT schema_name, table_name, estimated_size FROM duckdb_tables()"
    " WHERE NOT temporary ORDER BY ALL"
)


def copy_database(connections: Connections, target: Path) -> None:
    """Copy the file to `target`, which must not exist. The caller holds the writer, so nothing is
    committed meanwhile: after a checkpoint the file alone is the whole database.

    Raises `UserError` RT006.
    """
    import duckdb

    source = connections.path
    if source is None:
        raise _failed(target, "a database in memory has no file")
    if target.exists():
        raise _failed(target, "it exists")
    unfinished = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        connections.writer.execute("CHECKPOINT")
        shutil.copyfile(source, unfinished)
        log = source.with_name(source.name + ".wal")
        if log.exists():
            # A reader that began earlier can keep the checkpoint from emptying the log.
            shutil.copyfile(log, unfinished.with_name(unfinished.name + ".wal"))
        check_database(unfinished, connections.writer.execute(_COUNTS).fetchall())
        unfinished.replace(target)
    except (OSError, duckdb.Error) as error:
        unfinished.unlink(missing_ok=True)
        raise _failed(target, str(error)) from error


def restore_database(backup: Path, target: Path) -> None:
    """Put a checked copy of `backup` in the place of the database `target`, which nobody may have
    open. Raises `UserError` RT001 if somebody has, RT006 if the backup is damaged."""
    import duckdb

    from mini_tb.engine.duckdb.connection import Connections, Settings

    if target.exists():
        # Only the one who can open it may replace it; its log goes into the file, too.
        Connections(target, Settings()).close()
    unfinished = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(backup, unfinished)
        check_database(unfinished)
        unfinished.replace(target)
    except (OSError, duckdb.Error) as error:
        unfinished.unlink(missing_ok=True)
        message = f"cannot restore `{backup}`: {error}"
        raise UserError.of("RT006", message, hint="the database is as it was") from error


def check_database(path: Path, expected: list[tuple[object, ...]] | None = None) -> None:
    """Open a database file, read every table, and take its log into it. Raises `duckdb.Error` if
    it is damaged, `UserError` RT006 if tables are not the `expected` ones."""
    import duckdb

    with duckdb.connect(str(path), config={"enable_external_access": False}) as copy:
        tables = copy.execute(_COUNTS).fetchall()
        for schema, table, _ in tables:
            # Every block is read, and so its checksum compared.
            name = f"{quote(str(schema))}.{quote(str(table))}"
            copy.execute(f"SELECT bit_xor(hash(t)) FROM {name} AS t").fetchall()
        copy.execute("CHECKPOINT")
    if expected is not None and tables != expected:
        raise _failed(path, "the copy does not hold the same tables")


def _failed(target: Path, why: str) -> UserError:
    return UserError.of("RT006", f"cannot back up to `{target}`: {why}", status=409)
