"""The HTTP shell around workspaces: Tinybird's API, and ClickHouse's own interface beside it.

`create_app` makes the ASGI application, `serve` runs it. Handlers (`routes/`) are plain functions
that run in bounded thread pools, so that the event loop never waits for a database; they take a
`Call` and return what to answer. Everything wrong leaves through one place (`errors`).
"""
