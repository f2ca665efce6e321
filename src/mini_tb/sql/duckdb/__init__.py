"""DuckDB as a target: the bound tree as DuckDB's text."""
