"""The queries of the conformance files: DuckDB's answers against ClickHouse's recorded ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pytest
from testfile import ErrorBlock, QueryBlock, TestFile, read

from mini_tb.diagnostics import UserError
from mini_tb.engine.duckdb import DuckDBEngine
from mini_tb.formats import Answer, write
from mini_tb.sql import Compiled, Table, TableColumn, Tables, compile_query

HERE = Path(__file__).parent
NOW = datetime.now(UTC).replace(tzinfo=None)


@lru_cache(maxsize=1)
def load(path: Path) -> TestFile:
    return read(path)


def cases() -> Iterator[object]:
    for path in sorted(HERE.rglob("*.test")):
        for index, block in enumerate(load(path).blocks):
            if isinstance(block, QueryBlock | ErrorBlock):
                name = f"{path.relative_to(HERE).with_suffix('')}:{block.line}"
                yield pytest.param(path, index, id=name)


class Database:
    """A file's tables in a database of its own."""

    def __init__(self, file: TestFile) -> None:
        self.file = file
        self.engine = DuckDBEngine.open(None)
        entries: dict[str, Table] = {}
        self.catalog = Tables(entries)
        for block in file.tables:
            compiled = compile_query(block.sql, self.catalog)
            with self.engine.transaction() as transaction:
                transaction.execute(f'CREATE TABLE "{block.name}" AS {compiled.duck_sql}')
            columns = tuple(TableColumn(c.name, c.type) for c in compiled.columns)
            entries[block.name] = Table(block.name, f'"{block.name}"', columns)

    def compile(self, sql: str) -> Compiled:
        return compile_query(sql, self.catalog)

    def rows(self, compiled: Compiled) -> list[str]:
        """The answer as lines of TSV."""
        with self.engine.execute(compiled, {"now": NOW}) as result:
            answer = Answer(compiled.columns, result.batches(), totals=result.totals)
            text = b"".join(write(answer, "TabSeparated"))
        return text.decode("utf-8", "backslashreplace").split("\n")[:-1]


class Databases:
    """The database of the file whose cases run now; the one before is closed."""

    current: Database | None = None

    def of(self, path: Path) -> Database:
        if self.current is None or self.current.file.path != path:
            self.close()
            self.current = Database(load(path))
        return self.current

    def close(self) -> None:
        if self.current is not None:
            self.current.engine.close()
            self.current = None


@pytest.fixture(scope="module")
def databases() -> Iterator[Databases]:
    databases = Databases()
    yield databases
    databases.close()


FLOAT = re.compile(r"(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)")


def alike(found: str, expected: str, *, has_float: bool) -> bool:
    """Equal; floats but for the last digits, since sums may be taken in another order."""
    if found == expected or not has_float:
        return found == expected
    ours, theirs = FLOAT.split(found), FLOAT.split(expected)
    return len(ours) == len(theirs) and all(
        a == b or (i % 2 == 1 and float(a) == pytest.approx(float(b), rel=1e-11, abs=1e-13))
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True))
    )


@pytest.mark.parametrize(("path", "index"), list(cases()))
def test_conformance(path: Path, index: int, databases: Databases) -> None:
    database = databases.of(path)
    block = database.file.blocks[index]
    if isinstance(block, ErrorBlock):
        with pytest.raises(UserError) as error:
            database.compile(block.sql)
        assert [found.code for found in error.value.diagnostics] == [block.code]
        return
    assert isinstance(block, QueryBlock)
    assert block.rows is not None, "not recorded yet: make record"
    compiled = database.compile(block.sql)
    assert [str(column.type) for column in compiled.columns] == block.types
    if block.names is not None:
        assert [column.name for column in compiled.columns] == block.names
    rows = database.rows(compiled)
    has_float = any("Float" in t for t in block.types)
    if len(rows) == len(block.rows) and all(
        alike(a, b, has_float=has_float) for a, b in zip(rows, block.rows, strict=True)
    ):
        return
    assert rows == block.rows, compiled.duck_sql
