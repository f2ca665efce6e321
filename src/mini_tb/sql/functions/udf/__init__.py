"""What DuckDB cannot compute itself, over Arrow arrays; see `mini_tb.sql.duckdb.udf`."""
