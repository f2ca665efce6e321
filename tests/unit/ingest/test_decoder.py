"""The database that decodes."""

from __future__ import annotations

import duckdb
import pytest

from mini_tb.ingest.decoder import decoder

FATAL = "SELECT TRY_CAST(n::BIGNUM - 99999999999999999999999999999999999999::BIGNUM AS TINYINT)"


def test_a_database_that_duckdb_has_given_up_is_replaced() -> None:
    with pytest.raises(duckdb.InternalException), decoder() as connection:
        connection.execute(f"{FATAL} FROM range(3) AS r(n)").fetchall()
    with decoder() as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]
