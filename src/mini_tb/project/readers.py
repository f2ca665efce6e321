"""What loading a project asks of the languages inside datafiles: templates and SQL.

The defaults load `template` and `sql` when first needed; a test or a tool may hand in others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import Diagnostic, Severity, UserError
from mini_tb.source import Fragment, SourceFile

if TYPE_CHECKING:
    from mini_tb.template import TemplateError

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
    from mini_tb.template import Template, TemplateError

    found: list[Diagnostic] = []
    try:
        parsed = Template.parse(template.text)
        wrong = parsed.check(secrets=secrets)
        if wrong is not None:
            raise wrong
    except TemplateError as error:
        return None, [_diagnostic(error, template)]
    for name in parsed.reserved_names:
        at = max(0, template.text.find(name))
        found.append(
            Diagnostic(
                "TM006",
                f"requests use `{name}` for something else, so this parameter may not get a value",
                template.span(at, at + len(name)),
                Severity.WARNING,
                "give the parameter another name",
            )
        )
    try:
        rendered = parsed.checked(secrets=secrets)
    except TemplateError:
        return None, found  # only a request can give what it needs
    return template.derive(rendered.text, rendered.pieces), found


def _diagnostic(error: TemplateError, template: Fragment) -> Diagnostic:
    at = error.offset if error.offset is not None else 0
    hint = "set the secret, or give a default" if error.kind == "secret_not_available" else None
    # The template counts its own lines; the place says the file's.
    message = re.sub(r" (?:opened )?in line \d+$", "", error.detail)
    code = _CODES.get(error.kind, "TM005")
    return Diagnostic(code, message, template.span(at, at + 1), hint=hint)


_CODES = {
    "template_parse": "TM001",
    "unclosed_block": "TM001",
    "expression_syntax": "TM001",
    "forbidden_construct": "TM002",
    "not_a_function": "TM002",
    "reserved_parameter_name": "TM003",
    "secret_not_available": "TM004",
}


def _render_file(
    file: SourceFile, secrets: Mapping[str, str]
) -> tuple[Fragment, Sequence[Diagnostic]]:
    from mini_tb.template import TemplateError, render_datafile

    whole = Fragment.of(file, 0, len(file.text))
    try:
        rendered = render_datafile(file.text, secrets)
    except TemplateError as error:
        return whole, [_diagnostic(error, whole)]
    return whole.derive(rendered.text, rendered.pieces), ()


def _tables(ch_sql: str) -> Sequence[tuple[str, int, int]]:
    from mini_tb.sql import tables

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
