"""What loading a project asks of the languages inside datafiles: templates and SQL.

The defaults load `template` and `sql` when first needed; a test or a tool may hand in others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mini_tb.diagnostics import Diagnostic, UserError
from mini_tb.source import Fragment, SourceFile

CheckTemplate = Callable[
    [Fragment, Mapping[str, str]], tuple[Fragment | None, Sequence[Diagnostic]]
]
"""(template, secrets) → its SQL with stand-ins for parameters, if it renders, and what is wrong."""

RenderFile = Callable[[SourceFile, Mapping[str, str]], tuple[Fragment, Sequence[Diagnostic]]]
"""(file, secrets) → its text with `tb_secret(…)` filled in, and what is wrong."""

Tables = Callable[[str], Sequence[tuple[str, int, int]]]
"""SQL → the tables it names: (name, start, end). SQL that does not parse has none."""


def _check_template(
    template: Fragment, secrets: Mapping[str, str]
) -> tuple[Fragment | None, Sequence[Diagnostic]]:
    from mini_tb.template import check_template

    return check_template(template, secrets)


def _render_file(
    file: SourceFile, secrets: Mapping[str, str]
) -> tuple[Fragment, Sequence[Diagnostic]]:
    from mini_tb.template import render_file

    return render_file(file, secrets)


def _tables(ch_sql: str) -> Sequence[tuple[str, int, int]]:
    from mini_tb.sql.tables import tables

    try:
        return tables(ch_sql)
    except UserError:
        return ()  # whoever compiles the query says what is wrong with it


@dataclass(frozen=True, slots=True)
class Readers:
    """The three questions, each answered by a function."""

    check_template: CheckTemplate = _check_template
    render_file: RenderFile = _render_file
    tables: Tables = _tables
