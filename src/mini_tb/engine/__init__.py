"""Where data lives and statements run: `base` is the protocol, `duckdb` the embedded engine."""
