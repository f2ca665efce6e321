"""Errors of a query, with the place in the file that a person wrote.

`QueryError` is a `UserError` that also carries ClickHouse's error number, which HTTP answers give
in `X-DB-Exception-Code`.
"""

from __future__ import annotations

from mini_tb.diagnostics import Diagnostic, UserError
from mini_tb.source import Fragment


class QueryError(UserError):
    """A query that cannot be compiled. `number` is ClickHouse's error number."""

    def __init__(self, diagnostic: Diagnostic, number: int) -> None:
        self.number = number
        super().__init__(diagnostic)


def query_error(
    code: str,
    message: str,
    fragment: Fragment,
    start: int,
    end: int,
    *,
    number: int,
    hint: str | None = None,
) -> QueryError:
    """A `QueryError` about [start, end) of the fragment's text."""
    return QueryError(
        Diagnostic(code, message, fragment.span(start, end), hint=hint),
        number,
    )
