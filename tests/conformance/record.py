"""Records ClickHouse's answers into the conformance files: `make record`.

    python tests/conformance/record.py [--all | --compare] [FILE…]

Queries without an answer are run on real ClickHouse in process (chdb, the `clickhouse` extra) and
their types and rows are written below them; `--all` records every query anew; `--compare` writes
nothing and reports where ClickHouse answers otherwise today. A query that ClickHouse refuses is
reported and left as it is. Without files, the names that ClickHouse knows are recorded too.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import known
from testfile import QueryBlock, TestFile, read

HERE = Path(__file__).parent


def answer(session: Any, sql: str) -> tuple[list[str], list[str], list[str]]:
    """Names, types and rows (TSV) of ClickHouse's answer."""
    try:
        found = session.query(sql, "TabSeparatedWithNamesAndTypes")
    except Exception:
        # What it had written before the error would stand before the next answer.
        session.query("SELECT 1")
        raise
    text = found.bytes().decode("utf-8", "backslashreplace")
    names, types, *rows = text.split("\n")[:-1]
    return names.split("\t"), [_unescape(t) for t in types.split("\t")], rows


def _unescape(text: str) -> str:
    return text.replace("\\'", "'").replace("\\\\", "\\")


def record(file: TestFile, session: Any, *, everything: bool) -> int:
    """Fill in the answers; how many queries ClickHouse refused."""
    refused = 0
    for table in file.tables:
        session.query(f"DROP TABLE IF EXISTS {table.name}")
        session.query(f"CREATE TABLE {table.name} ENGINE = Memory AS {table.sql}")
    for block in file.blocks:
        if isinstance(block, QueryBlock) and (everything or block.rows is None):
            try:
                _, block.types, block.rows = answer(session, block.sql)
            except Exception as error:
                refused += 1
                print(f"{file.path}:{block.line}: {block.sql}\n    {str(error)[:400]}")
    for table in file.tables:
        session.query(f"DROP TABLE {table.name}")
    return refused


def main() -> int:
    """The command; its exit code."""
    from chdb.session import Session

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="record every query anew")
    parser.add_argument("--compare", action="store_true", help="write nothing, report differences")
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args()
    session = Session()
    session.query("SET session_timezone = 'UTC'")
    if not options.files and not options.compare:
        known.record(session)
    wrong = 0
    for path in options.files or sorted(HERE.rglob("*.test")):
        file = read(path)
        wrong += record(file, session, everything=options.all or options.compare)
        if options.compare:
            wrong += differences(read(path), file)
        else:
            path.write_text(file.text())
    return 1 if wrong else 0


def differences(recorded: TestFile, now: TestFile) -> int:
    """Report the queries whose types or rows are others now; how many there are."""
    count = 0
    for old, new in zip(recorded.blocks, now.blocks, strict=True):
        if isinstance(old, QueryBlock) and isinstance(new, QueryBlock):
            if (old.types, old.rows) == (new.types, new.rows):
                continue
            count += 1
            print(f"{recorded.path}:{old.line}: {old.sql}")
            print(f"    recorded: {old.types} {old.rows}\n    now:      {new.types} {new.rows}")
    return count


if __name__ == "__main__":
    sys.exit(main())
