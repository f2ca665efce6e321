"""Rows from the outside: bodies and files → typed rows, quarantine, and one writer that commits.

| step | module |
|---|---|
| a body or file, decompressed, of bounded size | `body`, `files` |
| which columns it fills, by which paths | `intake`, `jsonpath` |
| JSON, the fastest way first | `decode`: `strict`, `columnar` (by `plain`), `exact` (`jsontext`) |
| large bodies, in pieces | `bulk`, `sieve` |
| CSV and Parquet | `delimited` with `cells`, `parquet` |
| what is stored, defaulted, refused | `rules` (for people), `column`, `coerce` (exactly) |
| by type | `numbers`, `texts`, `moments`; containers in `coerce` |
| what became of it | `decoded`, `quarantine` |
| the rows on their way into a table | `block`, `writer` |
| a schema guessed from a sample | `analyze` |
"""
