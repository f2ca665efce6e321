"""What DuckDB cannot compute itself, as functions over Arrow arrays; see `mini_tb.sql.duckdb.udf`."""
