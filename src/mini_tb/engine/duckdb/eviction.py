"""What DuckDB remembers of buffers that it has let go, and how it is made to forget it.

Each buffer that a statement lets go of is noted in a queue, for when memory runs out; the note
keeps 200 bytes even when the buffer is long gone. DuckDB looks for such notes only in queues of
more than 32,768: a join or a group leaves up to 8 kB, all queues together 33 MB. It drops them,
however, while it looks for memory to free, and it looks when a lower limit of memory is asked for:
in vain here, so that the limit stays what it is.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LIMIT = "memory_limit"
"""The setting that is asked for; it must be changeable."""
_NOTE_BYTES = 200
_FEW = 10_000
"""So many notes are 2 MB: no reason to look."""
_SHARE = 8
"""Notes may take so small a part of the memory in use, too: what is read again after a look for
memory, from tables or from where rows went that are in no file yet, is then little for each
statement."""
_DEAD = "SELECT coalesce(sum(dead_nodes), 0)::BIGINT FROM duckdb_eviction_queues()"
_USED = "SELECT coalesce(sum(memory_usage_bytes), 0)::BIGINT FROM duckdb_memory()"
_HOLDS = "SELECT i FROM range(5000) AS t(i) ORDER BY hash(i)"
"""Not read to its end, its rows are memory that cannot be freed: the limit is out of reach."""


def forget_dead(writer: DuckDBPyConnection, limit: str | None) -> bool:
    """Drop the notes of buffers that are gone, if they take much for what memory is in use; whether
    that was so. `limit` is the memory's own, None that which DuckDB finds."""
    import duckdb

    with closing(writer.cursor()) as looking:
        dead, used = (_number(looking, query) for query in (_DEAD, _USED))
        if dead <= max(_FEW, used / (_NOTE_BYTES * _SHARE)):
            return False
        with closing(writer.cursor()) as holding:
            holding.execute(_HOLDS).fetchone()
            try:
                looking.execute(f"SET {LIMIT} = '1B'")
            except duckdb.OutOfMemoryException:
                return True
            # Nothing held it out of reach: it must not stay there.
            looking.execute(f"SET {LIMIT} = '{limit}'" if limit else f"RESET {LIMIT}")
        return True


def _number(connection: DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])
