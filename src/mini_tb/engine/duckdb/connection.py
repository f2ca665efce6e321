"""The database file: opening it, shutting it off from the machine, its writer and its readers.

One process owns the file. Inside, one connection writes; a small pool of cursors reads. After the
settings are made they are locked: no statement can reach files, the network, extensions or the
configuration, whatever text arrives (`enable_external_access` and `lock_configuration`), but for
the limit of memory, for `eviction`'s sake.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import EngineError, UserError
from mini_tb.engine.duckdb import eviction
from mini_tb.engine.duckdb.errors import Code, from_duckdb, lost
from mini_tb.engine.duckdb.idle import Idle

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


LONG_RUNS = 2
"""How many long pieces of work beside the writer can tell their progress at a time."""
_TELLS_PROGRESS = ("SET enable_progress_bar = true", "SET enable_progress_bar_print = false")

_METRICS = ("type", "rows_scanned", "intermediate_rows", "intermediate_size_bytes")
_COUNTS_ROWS = (
    "SET enable_profiling = 'no_output'",
    f"SET tracked_metrics = {[f'operator.{name}' for name in _METRICS]}",
)
"""What counts rows for the `statistics` of answers. To tell of everything else, too, would cost a
quarter of a millisecond a statement."""

TOP_ROWS = 1_000_000
"""For `ORDER BY … LIMIT` up to so many rows, DuckDB reads what it orders by first, and the other
columns only of the rows that are left: the first hundred of three million rows with eight texts
take 25 ms, and 700 otherwise. Where there is only a LIMIT it does so from this number on, to no
avail: 100,000 rows take twice as long. Its own number is 50."""

CALM_S = 0.2
"""So long after a commit rows are taken to come in still."""

QUICK_S = 0.05
"""A statement that was through in so long is quick."""
PATIENCE_S = 0.15
"""A quick statement waits so long for a reader as others do, then it takes one that is kept for
such: a second of somebody's arithmetic is not everybody's. Where all are quick, waits are shorter,
and one reader more would cost who writes beside them a third of its pace."""

CLOSING_S = 5.0
"""So long closing waits for readers to come back."""

UDF_PREFIX = "mt_"
"""What the names of our own functions in compiled statements begin with."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How much of the machine the engine may take; None means a default made from the machine.

    `threads` is how many threads one big statement may use beside its own, `readers` how many
    statements run at a time. Measured: one reader more than there are cores, with one thread each,
    keeps the cores busy while Python writes an answer (177 answers a second on two, 150 without
    it). While rows come in it rests, which leaves the writer its latency. One more is for quick
    statements that find all others taken by slow ones.
    """

    memory_limit: str | None = None
    temp_directory: Path | None = None
    threads: int | None = None
    readers: int | None = None
    reader_wait_s: float = 30.0
    checkpoint_threshold: str = "256MB"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Connections:
    """An open database: `writer`, and `lease`/`give_back` for its readers.

    DuckDB gives a database up for good when it meets a mistake of its own: every statement fails
    from then on (`is_lost`). What was committed is in the file; `reopened` opens it again.
    """

    def __init__(
        self,
        path: Path | None,
        settings: Settings,
        write_lock: threading.RLock | None = None,
    ) -> None:
        self.path = path
        self.settings = settings
        self.write_lock = write_lock or threading.RLock()
        self.is_lost = False
        self._is_closed = False
        cores = _cores()
        self.writer = _open(path, settings, max(1, settings.threads or cores // 2))
        self._idle: Idle[DuckDBPyConnection | None] = Idle()
        """Readers that nobody has; None when there will be no more."""
        self._resting: Idle[DuckDBPyConnection] = Idle()
        self._rows_came_at = -CALM_S
        count = settings.readers or max(2, cores) + 1
        self._one_may_rest = count > max(2, cores)
        self._readers = [self._reader() for _ in range(count)]
        for reader in self._readers:
            self._idle.put(reader)
        self._spare = self._reader()
        self._kept: Idle[DuckDBPyConnection] = Idle()
        """`_spare`, for quick statements, when nobody has it."""
        self._kept.put(self._spare)
        self._long: Idle[DuckDBPyConnection] = Idle()
        self._telling = [self.writer.cursor() for _ in range(LONG_RUNS)]
        for connection in self._telling:
            for setting in _TELLS_PROGRESS:
                connection.execute(setting)
            self._long.put(connection)
        self.writer.execute(f"SET allowed_configs = ['{eviction.LIMIT}']")
        self.writer.execute("SET lock_configuration = true")
        self._function_cursor = self.writer.cursor()
        self._functions: threading.Thread | None = None
        self._functions_lock = threading.Lock()

    def _reader(self) -> DuckDBPyConnection:
        reader = self.writer.cursor()
        for setting in _COUNTS_ROWS:
            reader.execute(setting)
        return reader

    def load_functions(self) -> threading.Thread:
        """Begin to make the functions that DuckDB does not have known to it, unless that has begun:
        it takes a while, beside whatever else is done, and most statements need none of them."""
        with self._functions_lock:
            if self._functions is None:
                self._functions = threading.Thread(
                    target=self._register, name="functions", daemon=True
                )
                self._functions.start()
            return self._functions

    def wait_for_functions(self) -> None:
        """Returns once they are known. A transaction that began before does not see them."""
        self.load_functions().join()

    def _register(self) -> None:
        from mini_tb.sql.duckdb.udf import register

        register(self._function_cursor)
        self._function_cursor.close()

    def lease(self, *, is_quick: bool = False) -> DuckDBPyConnection:
        """A reader of one's own until `give_back`; `is_quick` says that the statement was, before.
        Raises `EngineError` 202 (HTTP 503) when all stay busy for `reader_wait_s` seconds."""
        if not self._rows_come_in and (rested := self._resting.at_once()) is not None:
            return rested
        found = self._wait_for_one(is_quick)
        if found is None:
            self._idle.put(None)  # for the next one who waits
            raise lost("The engine is closed, or starts anew; try again")
        return found

    def _wait_for_one(self, is_quick: bool) -> DuckDBPyConnection | None:
        left_s = self.settings.reader_wait_s
        while left_s > 0:
            wait_s = min(PATIENCE_S, left_s) if is_quick else left_s
            try:
                return self._idle.take(wait_s)
            except TimeoutError:
                left_s -= wait_s
            if is_quick and (spare := self._kept.at_once()) is not None:
                return spare
        text = "Too many simultaneous queries; try again"
        raise EngineError(text, code=Code.TOO_MANY_SIMULTANEOUS_QUERIES, status=503)

    def give_back(self, reader: DuckDBPyConnection) -> None:
        """The reader has no open result any more."""
        if self._is_closed:
            reader.close()
            return
        if reader is self._spare:
            self._kept.put(reader)
            return
        rests = self._one_may_rest and self._rows_come_in and not self._resting
        (self._resting if rests else self._idle).put(reader)

    @property
    def leased(self) -> int:
        """How many readers are out."""
        taken = len(self._readers) - len(self._idle) - len(self._resting)
        return taken + 1 - len(self._kept)

    def rows_came_in(self) -> None:
        """Rows have been committed: readers make room for the next ones."""
        self._rows_came_at = time.monotonic()

    @property
    def _rows_come_in(self) -> bool:
        return time.monotonic() - self._rows_came_at < CALM_S

    def lease_writer(self) -> DuckDBPyConnection:
        """A connection for long work beside the writer, until `give_back_writer`: one that tells
        its progress as long as there are any."""
        return self._long.at_once() or self.writer.cursor()

    def give_back_writer(self, connection: DuckDBPyConnection) -> None:
        """The work is over, its transaction too."""
        if connection in self._telling:
            self._long.put(connection)
        else:
            connection.close()

    def forget_dead_buffers(self) -> bool:
        """See `eviction`; whether there was much to forget."""
        return eviction.forget_dead(self.writer, self.settings.memory_limit)

    def failed(self, error: BaseException) -> EngineError:
        """What the failure of a statement means; notes whether it has cost the database."""
        if type(error).__name__ in ("FatalException", "InternalException"):
            self.is_lost = True
        return from_duckdb(error)

    def reopened(self) -> Connections:
        """The same database, opened again after it was lost. Who reads or writes now fails; with
        the memory everything is gone. Raises `EngineError` (HTTP 503) while one of them still holds
        it, and for a database in memory."""
        self.close()
        if self.path is None:
            raise lost("The database was in memory, and is lost")
        try:
            return Connections(self.path, self.settings, self.write_lock)
        except UserError as error:
            raise lost("The engine starts anew after an internal error; try again") from error

    def close(self) -> None:
        """Stop what runs, then close: the file is complete and free for another process."""
        if self._is_closed:
            return
        if self._functions is not None:
            self._functions.join()
        for reader in (*self._readers, self._spare):
            with suppress(Exception):  # closed by its own failure
                reader.interrupt()
        if (rested := self._resting.at_once()) is not None:
            self._idle.put(rested)
        deadline = time.monotonic() + CLOSING_S
        for _ in self._readers:
            with suppress(TimeoutError):
                back = self._idle.take(deadline - time.monotonic())
                if back is not None:
                    back.close()
        with suppress(TimeoutError):
            self._kept.take(deadline - time.monotonic()).close()
        self._is_closed = True  # a reader that comes back later is closed when it does
        self._idle.put(None)
        for connection in self._telling:
            connection.close()
        with self.write_lock:
            self.writer.close()


def _open(path: Path | None, settings: Settings, threads: int) -> DuckDBPyConnection:
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": threads,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "checkpoint_threshold": settings.checkpoint_threshold,
        # Every value crosses to Arrow and back as it is: 128-bit integers, UUIDs, JSON.
        "arrow_lossless_conversion": True,
        "preserve_insertion_order": True,
        "default_null_order": "nulls_last",
        "late_materialization_max_rows": TOP_ROWS,
    }
    if settings.memory_limit:
        config["memory_limit"] = settings.memory_limit
    if path is not None:
        spill = settings.temp_directory or path.with_name(path.name + ".tmp")
        config["temp_directory"] = str(spill)
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        writer = duckdb.connect(str(path) if path else ":memory:", config=config)
    except (duckdb.Error, OSError) as error:
        raise _cannot_open(path, str(error)) from error
    if writer.execute("SELECT current_setting('lock_configuration')").fetchall() == [(True,)]:
        # DuckDB gives every opener in a process the same database: it is open here already.
        writer.close()
        raise _is_open(path)
    writer.execute("SET python_enable_replacements = false")
    writer.execute("SET TimeZone = 'UTC'")
    writer.execute("SET GLOBAL order_by_non_integer_literal = true")
    writer.execute("SET enable_external_access = false")
    return writer


def _is_open(path: Path | None) -> UserError:
    hint = "talk to the running server, or stop it"
    return UserError.of("RT001", f"`{path}` is open elsewhere", hint=hint, status=409)


def _cannot_open(path: Path | None, text: str) -> UserError:
    """What to tell a person who owns the file; nothing on disk was changed."""
    where = f"`{path}`"
    if "lock" in text and "onflict" in text:
        return _is_open(path)
    if "newer" in text or "storage version" in text or "version number" in text:
        hint = "open it with the version of mini-tb that wrote it"
        return UserError.of("RT002", f"{where} was written by a newer version", hint=hint)
    if "not a valid DuckDB" in text or "orrupt" in text or "checksum" in text:
        hint = "restore it from a backup; the file was left as it is"
        return UserError.of("RT003", f"{where} is damaged or no database", hint=hint)
    if "ermission" in text or "ead-only" in text:
        return UserError.of("RT004", f"{where} cannot be written", hint="check its permissions")
    first_line = text.splitlines()[0] if text else "unknown reason"
    return UserError.of("RT005", f"cannot open {where}: {first_line}")
