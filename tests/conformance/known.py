"""The names that ClickHouse knows, in `known.txt`: read, and recorded from ClickHouse itself.

python3 dev.py record
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent / "known.txt"


class Kind(Enum):
    """What a name is the name of."""

    FUNCTION = "function"
    AGGREGATE = "aggregate"
    COMBINATOR = "combinator"
    TABLE_FUNCTION = "table"


_QUERIES = {
    Kind.FUNCTION: "SELECT name, case_insensitive FROM system.functions WHERE NOT is_aggregate",
    Kind.AGGREGATE: "SELECT name, case_insensitive FROM system.functions WHERE is_aggregate",
    Kind.COMBINATOR: "SELECT name, 0 FROM system.aggregate_function_combinators",
    Kind.TABLE_FUNCTION: "SELECT name, 0 FROM system.table_functions",
}


@dataclass(frozen=True, slots=True)
class Name:
    """A name, and whether ClickHouse takes it in any case."""

    kind: Kind
    text: str
    any_case: bool


def names() -> list[Name]:
    """The recorded names."""
    found = []
    for line in PAGE.read_text().splitlines():
        kind, _, text = line.partition(" ")
        found.append(Name(Kind(kind), text.removesuffix("~"), text.endswith("~")))
    return found


def record(session: Any) -> None:
    """Write down what ClickHouse knows today."""
    lines = []
    for kind, query in _QUERIES.items():
        answer = session.query(f"SELECT * FROM ({query}) ORDER BY 1", "TabSeparated").bytes()
        for line in answer.decode().splitlines():
            text, any_case = line.split("\t")
            lines.append(f"{kind.value} {text}{'~' if any_case == '1' else ''}")
    PAGE.write_text("\n".join(lines) + "\n")
