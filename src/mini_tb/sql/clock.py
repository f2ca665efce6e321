"""`$now` in DuckDB's texts: the one time of a run, bound where it is read.

The same letters in a text or a name mean nothing.
"""

from __future__ import annotations

import re
from datetime import datetime

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\$now\b""")
NOW = "$now"


def binds_now(duck_sql: str) -> bool:
    """Whether the statement reads the time, so that it must be bound."""
    if NOW not in duck_sql:
        return False
    return any(match[0] == NOW for match in _TOKEN.finditer(duck_sql))


def at(duck_sql: str, moment: datetime) -> str:
    """The statement at a fixed time (UTC, without zone)."""
    literal = f"TIMESTAMP '{moment.isoformat(sep=' ')}'"
    return _TOKEN.sub(lambda match: literal if match[0] == NOW else match[0], duck_sql)
