"""Compares mini-tb with ClickHouse, live and in process: `make conformance`.

    python tests/conformance/differential.py [--random 1000] [--seed 1] [--wide]

Makes random queries (`generator.py`), compares names, types and rows, and shrinks each
disagreement to a small query that still shows it. A query that mini-tb refuses by name is no
disagreement: the refusals are counted by their message. What `deviations.py` recognises is counted
apart, by its reason. Exit code 1 if there are disagreements that nothing explains.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from deviations import explanation
from generator import Generator, Query, widen
from record import answer
from test_conformance import Database, alike
from testfile import TableBlock, TestFile

from mini_tb.diagnostics import EngineError, UserError

QUERIES_A_TABLE = 250
SHRINKING_STEPS = 400
NOT_IMPLEMENTED = 48
_NO_UTF8 = re.compile(r"(?<!\\)\\x[89a-f][0-9a-f]")
"""A byte of a name that is no UTF-8, as `record` shows it; answers have U+FFFD there."""


@dataclass(frozen=True)
class Found:
    """What came of one query on both sides: `kind` is `same`, `both refuse`, `refused`, `accepted`
    (ClickHouse refuses), `engine` (an error of DuckDB), `name`, `type` or `value`."""

    kind: str
    detail: str = ""

    @property
    def is_disagreement(self) -> bool:
        return self.kind in ("engine", "name", "type", "value", "crash")


def compare(sql: str, session: Any, database: Database) -> Found:
    """Run the query on both sides."""
    try:
        theirs = answer(session, sql)
    except Exception as error:
        theirs, refusal = None, str(error)
    try:
        compiled = database.compile(sql)
    except UserError as error:
        if theirs is None:
            return Found("both refuse")
        return Found("refused", _reason(error))
    except Exception as error:
        return Found("crash", f"{type(error).__name__}: {error}")
    try:
        rows = database.rows(compiled)
    except EngineError as error:
        if theirs is not None and error.code == NOT_IMPLEMENTED:
            return Found("refused", str(error)[:100])
        return Found("both refuse") if theirs is None else Found("engine", str(error)[:300])
    except Exception as error:
        return Found("crash", f"{type(error).__name__}: {error}"[:300])
    if theirs is None:
        return Found("accepted", refusal[:200])
    names, types, expected = theirs
    ours = [str(column.type) for column in compiled.columns]
    if ours != types:
        return Found("type", f"ClickHouse {types}\n  mini-tb    {ours}")
    found = [column.name for column in compiled.columns]
    if [_escape(name) for name in found] != [_NO_UTF8.sub("\ufffd", name) for name in names]:
        return Found("name", f"ClickHouse {names}\n  mini-tb    {found}")
    if not same_rows(rows, expected, types):
        return Found("value", f"ClickHouse {expected}\n  mini-tb    {rows}")
    return Found("same")


def same_rows(found: Sequence[str], expected: Sequence[str], types: Sequence[str]) -> bool:
    """Whether the rows are alike."""
    has_float = any("Float" in t for t in types)
    return len(found) == len(expected) and all(
        alike(a, b, has_float=has_float) for a, b in zip(found, expected, strict=True)
    )


def _reason(error: UserError) -> str:
    return "; ".join(re.sub(r"`[^`]*[^\w`][^`]*`", "`…`", d.message) for d in error.diagnostics)


def _escape(name: str) -> str:
    return name.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")


def shrink(query: Query, kind: str, session: Any, database: Database) -> tuple[Query, Found]:
    """The smallest query found that disagrees in the same way."""
    found = compare(query.text(), session, database)
    steps = 0
    progress = True
    while progress and steps < SHRINKING_STEPS:
        progress = False
        tried: set[str] = set()
        for smaller in sorted(query.smaller(), key=lambda q: len(q.text())):
            text = smaller.text()
            if len(text) >= len(query.text()) or text in tried:
                continue
            tried.add(text)
            steps += 1
            again = compare(text, session, database)
            if again.kind == kind:
                query, found, progress = smaller, again, True
                break
            if steps >= SHRINKING_STEPS:
                break
    return query, found


@dataclass
class Tally:
    """What a run found."""

    kinds: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)
    shown: set[str] = field(default_factory=set)


def run_random(count: int, seed: int, session: Any) -> Tally:
    """Compare `count` random queries and print the disagreements, shrunk."""
    tally = Tally()
    generator = Generator(seed)
    done = 0
    while done < count:
        table = TableBlock(0, [], "t", generator.table())
        session.query("DROP TABLE IF EXISTS t")
        session.query(f"CREATE TABLE t ENGINE = Memory AS {table.sql}")
        database = Database(TestFile(Path("random"), [table]))
        for _ in range(min(QUERIES_A_TABLE, count - done)):
            query = generator.query()
            found = compare(query.text(), session, database)
            if found.is_disagreement:
                # After an error chdb sometimes gives the answer to another query.
                found = compare(query.text(), session, database)
            done += 1
            if found.is_disagreement:
                _settle(query, found, tally, session, database)
                continue
            tally.kinds[found.kind] += 1
            if found.kind == "refused":
                tally.refusals[found.detail] += 1
            if found.kind == "accepted":
                tally.accepted[re.sub(r"[\d.]+|'[^']*'", "…", found.detail[:110])] += 1
        database.engine.close()
        print(f"-- {done} queries: {dict(tally.kinds)}", file=sys.stderr, flush=True)
    return tally


def _settle(query: Query, found: Found, tally: Tally, session: Any, database: Database) -> None:
    """Shrink a disagreement; count it as explained, or show it."""
    small, again = shrink(query, found.kind, session, database)
    detail = (again if again.kind == found.kind else found).detail
    reason = explanation(found.kind, small.text(), detail)
    if reason is not None:
        tally.kinds["explained"] += 1
        tally.explained[reason.subject] += 1
        return
    tally.kinds[found.kind] += 1
    shape = re.sub(r"\d+", "0", small.text())
    if shape not in tally.shown:
        tally.shown.add(shape)
        print(f"[{found.kind}] {small.text()}\n  {detail}", flush=True)


def main() -> int:
    """The command; its exit code."""
    from chdb.session import Session

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, default=1000, metavar="N", help="how many queries")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wide", action="store_true", help="more kinds, functions and sources")
    options = parser.parse_args()
    if options.wide:
        widen()
    session = Session()
    session.query("SET session_timezone = 'UTC', max_threads = 1")
    tally = run_random(options.random, options.seed, session)
    for title, counts in (
        ("explained", tally.explained),
        ("refused", tally.refusals),
        ("only ClickHouse refuses", tally.accepted),
    ):
        for message, number in counts.most_common(30):
            print(f"{title} {number}× {message}")
    print(dict(tally.kinds))
    return 1 if tally.shown else 0


if __name__ == "__main__":
    sys.exit(main())
