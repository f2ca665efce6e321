"""The embedded engine: streaming, limits, cancelling, transactions, and what SQL cannot reach."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mini_tb.diagnostics import EngineError, UserError
from mini_tb.engine.duckdb import DuckDBEngine, Settings
from mini_tb.engine.duckdb.errors import Code, from_duckdb
from mini_tb.project import Column, Datasource
from mini_tb.sql import Compiled, compile_query
from mini_tb.sql.catalog import Tables
from mini_tb.types import parse_type


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    opened = DuckDBEngine.open(tmp_path / "data.duckdb", Settings(readers=2, reader_wait_s=0.05))
    yield opened
    opened.close()


def raw(duck_sql: str, **parameters: tuple[str, str]) -> Compiled:
    """A compiled statement of DuckDB's own SQL, as if the compiler had let it through."""
    return Compiled(duck_sql, (), parameters, frozenset(), frozenset(), ())


LONG = raw("SELECT sum(sin(a.i + b.i)) FROM range(1000000) a(i), range(1000000) b(i)")
MANY = raw("SELECT i, i * 2 AS j FROM range(1000000) r(i)")


def test_large_answers_come_in_batches_and_give_the_reader_back(engine: DuckDBEngine) -> None:
    for _ in range(5):  # more than there are readers
        with engine.execute(MANY) as result:
            batch = next(result.batches())
            assert 0 < batch.num_rows < 1_000_000
    with engine.execute(MANY) as result:
        assert result.arrow().num_rows == 1_000_000
        assert result.rows_read == 1_000_000


def test_a_statement_that_was_quick_finds_a_reader_beside_slow_ones() -> None:
    quick, slow = raw("SELECT 1 AS i"), raw("SELECT 2 AS i")
    engine = DuckDBEngine.open(settings=Settings(readers=1, reader_wait_s=0.01))
    try:
        with engine.execute(quick):
            pass
        with engine.execute(MANY):  # has the only reader
            with engine.execute(quick) as result:
                assert result.rows() == [(1,)]
            with pytest.raises(EngineError):
                engine.execute(slow)
    finally:
        engine.close()


def test_small_answers_are_the_same_the_first_time_and_later(engine: DuckDBEngine) -> None:
    statement = raw(
        "SELECT i, i / 2.0 AS f, 't' || i AS t, [i] AS l, DATE '2024-01-02' AS d,"
        " TIMESTAMP '2024-01-02 03:04:05.000006' AS ts, CASE WHEN i > 1 THEN i END AS n"
        " FROM range(3) r(i) WHERE i >= $p1",
        p1=("", "_1"),
    )
    tables = []
    for _ in range(3):
        with engine.execute(statement, {"p1": 0, "unused": 1}) as result:
            tables.append(result.arrow())
    assert tables[0] == tables[1] == tables[2]
    assert tables[0].schema == tables[2].schema
    with engine.execute(statement, {"p1": 7}) as result:
        assert result.rows() == []
    with engine.execute(statement, {"p1": 2}) as result:
        assert [row[0] for row in result.rows()] == [2]


def test_an_answer_that_was_small_may_become_large(engine: DuckDBEngine) -> None:
    statement = raw("SELECT i FROM range(CAST($p1 AS BIGINT)) r(i)", p1=("", "_1"))
    for size in (3, 3, 100_000, 3):
        with engine.execute(statement, {"p1": size}) as result:
            assert result.arrow().num_rows == size


def test_wide_values_come_out_as_they_are(engine: DuckDBEngine) -> None:
    statement = raw("SELECT 340282366920938463463374607431768211455::UHUGEINT AS u, uuid() AS x")
    for _ in range(2):
        with engine.execute(statement) as result:
            value = result.arrow().column(0)[0].as_py()
            assert int.from_bytes(value, "little") == 2**128 - 1


def test_a_statement_ends_at_its_deadline(engine: DuckDBEngine) -> None:
    with pytest.raises(EngineError) as error:
        engine.execute(LONG, timeout_s=0.1)
    assert (error.value.code, error.value.status) == (Code.TIMEOUT_EXCEEDED, 408)
    with engine.execute(raw("SELECT 1 AS a"), timeout_s=5) as result:
        assert result.rows() == [(1,)]


def test_a_statement_can_be_cancelled_from_another_thread(engine: DuckDBEngine) -> None:
    result = engine.execute(MANY)
    result.cancel()
    with pytest.raises(EngineError) as error:
        result.arrow()
    assert error.value.code == Code.QUERY_WAS_CANCELLED
    with engine.execute(raw("SELECT 1 AS a")) as after:
        assert after.rows() == [(1,)]


def test_readers_are_bounded(engine: DuckDBEngine) -> None:
    held = [engine.execute(MANY) for _ in range(2)]
    with pytest.raises(EngineError) as error:
        engine.execute(raw("SELECT 1 AS a"))
    assert (error.value.code, error.value.status) == (Code.TOO_MANY_SIMULTANEOUS_QUERIES, 503)
    for result in held:
        result.close()
    with engine.execute(raw("SELECT 1 AS a")) as result:
        assert result.rows() == [(1,)]


def test_memory_is_limited(tmp_path: Path) -> None:
    settings = Settings(memory_limit="60MB", temp_directory=tmp_path / "spill")
    engine = DuckDBEngine.open(tmp_path / "data.duckdb", settings)
    with pytest.raises(EngineError) as error:
        engine.execute(raw("SELECT len(list(i)) FROM range(100000000) r(i)"))
    assert error.value.code == Code.MEMORY_LIMIT_EXCEEDED
    engine.close()


def test_a_transaction_is_all_or_nothing(engine: DuckDBEngine) -> None:
    made = Datasource("t", (Column("a", parse_type("Int32")),))
    with engine.transaction() as tx:
        tx.create_table("t", made)
        tx.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(EngineError), engine.transaction() as tx:
        tx.execute("INSERT INTO t VALUES (2)")
        tx.execute("ALTER TABLE t ADD COLUMN b INTEGER")
        tx.execute("INSERT INTO nowhere VALUES (1)")
    with engine.transaction() as outer, engine.transaction() as tx:
        assert outer is tx
        assert tx.fetch("SELECT * FROM t") == [(1,)]


def test_readers_see_only_what_is_committed(engine: DuckDBEngine) -> None:
    with engine.transaction() as tx:
        tx.create_table("t", Datasource("t", (Column("a", parse_type("Int32")),)))
    with engine.transaction() as tx:
        tx.execute("INSERT INTO t VALUES (1)")
        with engine.execute(raw("SELECT count(*) AS n FROM t")) as result:
            assert result.rows() == [(0,)]
    with engine.execute(raw("SELECT count(*) AS n FROM t")) as result:
        assert result.rows() == [(1,)]


def test_the_writer_is_one_at_a_time(engine: DuckDBEngine) -> None:
    with engine.transaction() as tx:
        tx.create_table("t", Datasource("t", (Column("a", parse_type("Int64")),)))

    def add() -> None:
        for _ in range(20):
            with engine.transaction() as tx:
                found = tx.fetch("SELECT coalesce(max(a), 0) FROM t")[0][0]
                tx.execute(f"INSERT INTO t VALUES ({found + 1})")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.execute(raw("SELECT count(DISTINCT a) AS n, max(a) AS m FROM t")) as result:
        assert result.rows() == [(80, 80)]


OUTSIDE = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_parquet('https://example.com/x.parquet')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM '/etc/passwd'",
    "ATTACH '/tmp/other.duckdb'",
    "COPY (SELECT 1) TO '/tmp/out.csv'",
    "EXPORT DATABASE '/tmp/out'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET threads = 64",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "PRAGMA threads = 64",
    "SELECT getenv('HOME') AS h",
]


@pytest.mark.parametrize("statement", OUTSIDE)
def test_statements_reach_nothing_outside(engine: DuckDBEngine, statement: str) -> None:
    with pytest.raises(EngineError), engine.execute(raw(statement)) as result:
        result.rows()


def test_python_variables_are_no_tables(engine: DuckDBEngine) -> None:
    import pyarrow as pa

    secret = pa.table({"a": [1]})
    with pytest.raises(EngineError):
        engine.execute(raw("SELECT * FROM secret"))
    assert secret.num_rows == 1


def test_errors_carry_clickhouse_numbers(engine: DuckDBEngine) -> None:
    cases: dict[str, Any] = {
        "SELEC 1": Code.SYNTAX_ERROR,
        "SELECT * FROM nowhere": Code.UNKNOWN_TABLE,
        "SELECT nothing(1)": Code.UNKNOWN_FUNCTION,
        "SELECT CAST('x' AS INTEGER) AS a": Code.CANNOT_PARSE_TEXT,
        "SELECT error('DB::395: my own text') AS a": 395,
    }
    for statement, code in cases.items():
        with pytest.raises(EngineError) as error:
            engine.execute(raw(statement))
        assert (statement, error.value.code) == (statement, code)
    assert str(error.value) == "my own text"


def test_another_process_cannot_open_the_file(engine: DuckDBEngine) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from mini_tb.diagnostics import UserError\n"
        "from mini_tb.engine.duckdb import DuckDBEngine\n"
        "try: DuckDBEngine.open(Path(sys.argv[1]))\n"
        "except UserError as error: print(error.diagnostics[0].code, error.status)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(engine.path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["RT001", "409"]


def test_the_same_process_cannot_open_it_twice(engine: DuckDBEngine) -> None:
    with pytest.raises(UserError) as error:
        DuckDBEngine.open(engine.path)
    assert error.value.diagnostics[0].code == "RT001"


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "data.duckdb"
    path.write_bytes(b"not a database at all" * 1000)
    before = path.read_bytes()
    with pytest.raises(UserError) as error:
        DuckDBEngine.open(path)
    assert error.value.diagnostics[0].code == "RT003"
    assert path.read_bytes() == before


def test_what_was_committed_is_there_after_closing(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "data.duckdb"
    engine = DuckDBEngine.open(path)
    with engine.transaction() as tx:
        tx.create_table("t", Datasource("t", (Column("a", parse_type("Int32")),)))
        tx.execute("INSERT INTO t VALUES (1)")
    engine.close()
    again = DuckDBEngine.open(path)
    with again.execute(compile_query("SELECT 1 AS one", Tables())) as result:
        assert result.columns[0].name == "one"
    assert again.fetch("SELECT a FROM t") == [(1,)]
    again.close()


def test_a_checkpoint_does_not_wait_for_background_work(engine: DuckDBEngine) -> None:
    with engine.background() as tx:
        tx.execute("CREATE TABLE made AS SELECT 1 AS a")
        assert not engine.checkpoint()
    assert engine.checkpoint()


@pytest.mark.parametrize(
    ("native", "code", "said"),
    [
        (
            'TransactionContext Error: Failed to commit: Could not write file "/srv/x.wal":'
            " No space left on device",
            Code.NOT_ENOUGH_SPACE,
            "No space left",
        ),
        (
            "TransactionContext Error: Failed to commit: Corrupt database file: /srv/x",
            Code.CANNOT_READ_ALL_DATA,
            "damaged",
        ),
        (
            'TransactionContext Error: Failed: Could not sync file "/srv/x": Input/output error',
            Code.CANNOT_WRITE_TO_FILE,
            "disk",
        ),
    ],
)
def test_what_is_wrong_with_the_disk_is_said_without_paths(
    native: str, code: Code, said: str
) -> None:
    import duckdb

    for made in (duckdb.IOException, duckdb.FatalException, duckdb.TransactionException):
        error = from_duckdb(made(native))
        assert (error.code, error.status) == (code, 503)
        assert said in str(error) and "/srv" not in str(error)


@pytest.mark.parametrize(
    ("native", "said"),
    [
        ("Failed to cast decimal value -157766399 to type UINT32", "Convert overflow"),
        ("Could not cast value 1234567890123 to DECIMAL(9,2)", "Convert overflow"),
        (
            'Casting value "12345678.12" to type DECIMAL(9,2) failed: value is out of range!',
            "Convert overflow",
        ),
        (
            "Overflow in multiplication of DECIMAL(18) (12345678901212 * 12345678901212).",
            "Decimal math overflow",
        ),
    ],
)
def test_what_decimals_do_not_hold_is_clickhouses_error(native: str, said: str) -> None:
    import duckdb

    error = from_duckdb(duckdb.ConversionException(f"Conversion Error: {native}"))
    assert (error.code, str(error)) == (Code.DECIMAL_OVERFLOW, said)
