"""`Template`: parsed once, rendered often, as text or bound.

    template = Template.parse("SELECT * FROM t WHERE id = {{Int32(id)}}")
    template.render({"id": "7"}).text   # SELECT * FROM t WHERE id = toInt32('7')
    template.bind({"id": "7"}).sql      # SELECT * FROM t WHERE id = {_1:Int32}

Both forms come from one evaluation and mean the same. Everything that is wrong with the template or
with the values given to it is a `TemplateError`.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from mini_tb.dataclass import dataclass
from mini_tb.source import Piece
from mini_tb.template import casts
from mini_tb.template.errors import TemplateError
from mini_tb.template.evaluators import Rendering
from mini_tb.template.output import Chunk, assemble_bound, assemble_text
from mini_tb.template.parameters import (
    RESERVED_NAMES,
    Parameter,
    find_assigned,
    find_calls,
    find_parameters,
    find_tables,
)
from mini_tb.template.tags import Node, parse_tags
from mini_tb.template.values import NO_VALUE, Value, reread

if TYPE_CHECKING:
    from mini_tb.template.compiler import Program

# What a check without values cannot know: a request may still give what is missing.
_UNKNOWN_IN_CHECK = frozenset(
    (
        *("required_missing", "type_validation", "null_expression", "null_identifier"),
        *("column_default_missing", "column_arg_type", "python_type_error", "index_error"),
        *("missing_key", "json_parse", "json_get_on_non_object", "date_format"),
        "sql_and_operand",
    )
)


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text form. `query_params` are the secrets it refers to, with their ClickHouse types;
    `pieces` map the text back to offsets of the template."""

    text: str
    settings: dict[str, Any] = field(default_factory=dict)
    query_params: dict[str, str] = field(default_factory=dict)
    pieces: Sequence[Piece] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Bound:
    """The bound form: `sql` with a placeholder `{_1:Type}` for each of `values`, and with
    `{name: String}` for each secret of `query_params`. `tells_time`: the same parameters may give
    something else later."""

    sql: str
    values: tuple[Value, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    query_params: dict[str, str] = field(default_factory=dict)
    pieces: Sequence[Piece] = field(default=(), repr=False)
    tells_time: bool = False


def template_text(sql: str) -> tuple[str, int] | None:
    """The template in a node's SQL with its offset, or None if the SQL is none.

    SQL is a template if its first character that is not blank is `%`; the rest is the template.
    """
    start = len(sql) - len(sql.lstrip())
    if not sql.startswith("%", start):
        return None
    return sql[start + 1 :], start + 1


class Template:
    """A parsed template. It never changes: keep it, and render it from any thread."""

    def __init__(self, text: str, tree: list[Node]) -> None:
        self.text = text
        self._tree = tree
        self._checked: tuple[frozenset[str], Rendered | TemplateError] | None = None

    @staticmethod
    @lru_cache(maxsize=4096)
    def parse(text: str) -> Template:
        """Parses and checks a template. Raises `TemplateError` with the offset of a mistake.

        The same text gives the same object, so that checking, compiling and serving a project
        compile each template once."""
        return Template(text, parse_tags(text))

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters that the template declares."""
        return find_parameters(self._tree)

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """The constant names in `table('name')`."""
        return find_tables(self._tree)

    @property
    def reserved_names(self) -> tuple[str, ...]:
        """Parameters whose names requests use for other things: worth a warning."""
        names = dict.fromkeys(p.name for p in self.parameters if p.name in RESERVED_NAMES)
        return tuple(names)

    @property
    def literal_parameters(self) -> tuple[Any, ...]:
        """Literals that stand where a parameter's name belongs: `Int32(5)`."""
        return tuple(p.name for p in self.parameters if not isinstance(p.name, str))

    def render(
        self,
        params: Mapping[str, Any],
        *,
        secrets: Collection[str] = (),
        check: bool = False,
        now: datetime | None = None,
    ) -> Rendered:
        """The text with the values written into it.

        `params` are text, or native values from JSON; `secrets` the names that exist. In `check`
        every name without a value is a stand-in. `now` is the time of `job_timestamp`.
        """
        chunks, rendering = self._evaluate(params, secrets, check, now)
        made = assemble_text(chunks)
        return Rendered(made.text, rendering.settings, rendering.query_params, made.pieces)

    def bind(
        self,
        params: Mapping[str, Any],
        *,
        secrets: Collection[str] = (),
        now: datetime | None = None,
    ) -> Bound:
        """The SQL with placeholders, and the values: nothing of the caller's is in the SQL but
        quoted identifiers."""
        chunks, rendering = self._evaluate(params, secrets, False, now)
        made = assemble_bound(chunks)
        return Bound(
            made.text,
            made.values,
            rendering.settings,
            rendering.query_params,
            made.pieces,
            rendering.tells_time,
        )

    def check(self, *, secrets: Collection[str] = ()) -> TemplateError | None:
        """What is wrong with the template whatever values it gets, or None."""
        if self.literal_parameters:
            return TemplateError(
                "reserved_parameter_name",
                f"the literal {self.literal_parameters[0]!r} stands where a parameter's name "
                "belongs",
            )
        try:
            rendered = self.checked(secrets=secrets)
        except TemplateError as error:
            return None if error.kind in _UNKNOWN_IN_CHECK else error
        if not rendered.text.strip():
            return TemplateError("template_parse", "without parameters the template is empty")
        return None

    def checked(self, *, secrets: Collection[str] = ()) -> Rendered:
        """`render` with nothing given, in `check`: worked out once for the same secrets. Raises
        `TemplateError`."""
        names = frozenset(secrets)
        if self._checked is None or self._checked[0] != names:
            try:
                made: Rendered | TemplateError = self.render({}, secrets=names, check=True)
            except TemplateError as error:
                made = error
            self._checked = (names, made)
        found = self._checked[1]
        if isinstance(found, TemplateError):
            raise found.with_traceback(None)
        return found

    # --- evaluation

    @cached_property
    def _program(self) -> Program:
        # Jinja2 is loaded here, when something is rendered for the first time.
        from mini_tb.template.compiler import compile_tree

        return compile_tree(self._tree)

    @cached_property
    def _array_types(self) -> dict[str, str]:
        """Element types of the parameters that are arrays."""
        return {
            p.name: p.type[6:-1]
            for p in self.parameters
            if p.type.startswith("Array(") and isinstance(p.name, str)
        }

    @cached_property
    def _required(self) -> tuple[str, ...]:
        """Parameters that only a request can give a value."""
        assigned = find_assigned(self._tree)
        given = {p.name for p in self.parameters if p.default is not None}
        return tuple(
            dict.fromkeys(
                p.name
                for p in self.parameters
                if isinstance(p.name, str)
                and not p.used_in
                and p.name not in given
                and p.name not in assigned
            )
        )

    def _evaluate(
        self,
        params: Mapping[str, Any],
        secrets: Collection[str],
        check: bool,
        now: datetime | None,
    ) -> tuple[Sequence[Chunk], Rendering]:
        from mini_tb.template.runtime import FAILURES, Exhausted, Names, Runtime, failure

        program = self._program
        rendering = Rendering(
            check, secrets, lambda: [n for n in self._required if params.get(n) is None]
        )
        names = Names(NO_VALUE if check else None, now)
        runtime = Runtime(rendering, names, program.texts)
        try:
            for name, value in params.items():
                if value is not None:
                    names[name] = self._native(name, value)
            program.run(runtime)
        except (Exhausted, *FAILURES) as error:
            wrong = failure(error)
            if wrong.offset is None:
                wrong.offset = program.offset_of(error.__traceback__)
            if wrong.kind == "type_validation" and wrong.parameter is None:
                wrong.parameter = self._misfit(params)
            raise wrong from None
        rendering.tells_time = names.tells_time
        return runtime.chunks, rendering

    def _misfit(self, params: Mapping[str, Any]) -> str | None:
        """The first parameter whose value does not fit its declared type."""
        for parameter in self.parameters:
            value = params.get(parameter.name)
            try:
                if value is not None and parameter.type in casts.STAND_INS:
                    casts.validate(parameter.type, value)
                elif value is not None and parameter.type.startswith("Array("):
                    casts.elements(parameter.type[6:-1], value)
            except TemplateError:
                return str(parameter.name)
        return None

    def _native(self, name: str, value: Any) -> Any:
        """A parameter's value as the template sees it: text for an array becomes a list."""
        if isinstance(value, str):
            element_type = self._array_types.get(name)
            if element_type is None or element_type == "Symbol":
                return value
            try:
                return [_plain(item) for item in casts.elements(element_type, value)]
            except TemplateError:
                return value
        # A template may change lists; the caller's stay as they are.
        return deepcopy(value) if isinstance(value, list | dict) else value


def _plain(item: Any) -> Any:
    if isinstance(item, str):
        return reread(item)
    if isinstance(item, float):
        return float(item)
    return int(item) if isinstance(item, int) else item


def render_datafile(text: str, secrets: Mapping[str, str]) -> Rendered:
    """A `.datasource` or `.connection` file with the values of its secrets written into it.

    Only `tb_secret` and `tb_var` may be called. An empty value is written as `""`.
    """
    if not any(opening in text for opening in ("{{", "{%", "{#")):
        return Rendered(text, pieces=(Piece(0, 0, len(text)),))
    template = Template.parse(text)
    for offset, call in find_calls(template._tree):
        name = ast.unparse(call.func)
        if name not in ("tb_secret", "tb_var"):
            raise TemplateError(
                "forbidden_construct",
                f"`{name}()` cannot be called here, only `tb_secret()`",
                offset=offset,
            )
    return template.render({}, secrets=dict(secrets))
