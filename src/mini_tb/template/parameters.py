"""The parameters that a template declares, read from its tree without running it.

A typed use (`Int32(x, 5)`) declares a parameter with its type, default and documentation; a bare
name declares a String. `{{ }}` are read before statements, so that a typed use in the body of an
`if` wins over the bare name in its condition. Names that a template assigns are listed, too, as the
service does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import field
from typing import Any, NamedTuple

from mini_tb.dataclass import dataclass
from mini_tb.template import tags
from mini_tb.template.expressions import Loop
from mini_tb.template.functions import DOCUMENTATION, FUNCTIONS

_MAX_SAFE_INTEGER = 2**53 - 1
# Requests use these for other things; a template may, with a warning.
RESERVED_NAMES = frozenset(
    (
        *("__tb__csv_header", "__tb__semver", "debug", "debug_source_tables", "explain"),
        *("finalize_aggregations", "job_timestamp", "pipeline", "playground", "query_id"),
        *("release_replacements", "tag", "template_parameters", "token"),
        "output_format_json_quote_64bit_integers",
        "output_format_json_quote_denormals",
        "output_format_parquet_string_as_string",
    )
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as its first use declares it.

    `name` is a string unless the template gave a literal (`Int32(5)`), which is a mistake.
    `documentation` holds the documentation keywords that were given. `used_in` is `function_call`
    for a name that only helps a function such as `defined` or `column`.
    """

    name: Any
    type: str
    default: Any = None
    documentation: dict[str, Any] = field(default_factory=dict)
    used_in: str | None = None
    is_typed: bool = False

    @property
    def is_required(self) -> bool:
        """Whether a request must give it: said so, or nothing else can give it a value."""
        return bool(self.documentation.get("required", self.default is None))

    def to_json(self) -> dict[str, Any]:
        """The parameter as clients of the API see it."""
        shown = {"name": self.name, "type": self.type, "default": self.default}
        shown |= self.documentation
        return shown | ({"used_in": self.used_in} if self.used_in else {})


def find_parameters(tree: list[tags.Node]) -> tuple[Parameter, ...]:
    """The parameters of a template, in the order in which they are read."""
    finder = _Finder()
    for _, expression in sorted(_expressions(tree), key=lambda found: found[0].is_statement):
        finder.read(expression)
    return tuple(finder.found)


def find_calls(tree: list[tags.Node]) -> Iterator[tuple[int, ast.Call]]:
    """Every call in a template, with the offset of its tag."""
    for place, expression in _expressions(tree):
        for node in ast.walk(expression):
            if isinstance(node, ast.Call):
                yield place.offset, node


def find_tables(tree: list[tags.Node]) -> tuple[str, ...]:
    """The constant names in `table('name')`, each once."""
    names: dict[str, None] = {}
    for _, call in find_calls(tree):
        is_table = isinstance(call.func, ast.Name) and call.func.id in ("table", "TABLE")
        if is_table and call.args:
            name = call.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                names[name.value] = None
    return tuple(names)


def find_assigned(tree: list[tags.Node]) -> frozenset[str]:
    """The names that the template itself gives values."""
    return frozenset(
        node.id
        for _, expression in _expressions(tree)
        for node in ast.walk(expression)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )


class _Place(NamedTuple):
    """The tag that Python stands in: a statement, or `{{ }}`."""

    offset: int
    is_statement: bool


def _expressions(tree: list[tags.Node]) -> Iterator[tuple[_Place, ast.AST]]:
    """The Python of all tags, in the order of the text."""
    for node in tree:
        if isinstance(node, tags.Output):
            yield _Place(node.offset, False), node.value
        elif isinstance(node, tags.Set):
            yield _Place(node.offset, True), node.statement
        elif isinstance(node, tags.Block):
            for section in node.sections:
                place = _Place(section.offset, True)
                if isinstance(section.head, Loop):
                    yield place, section.head.target
                    yield place, section.head.items
                elif isinstance(section.head, ast.AST):
                    yield place, section.head
                yield from _expressions(section.body)


class _Finder:
    def __init__(self) -> None:
        self.found: list[Parameter] = []

    def read(self, tree: ast.AST) -> None:
        """Adds the parameters of one expression: those of calls first, then bare names."""
        bare: list[str] = []
        self.visit(tree, bare, frozenset())
        for name in bare:
            self.add(Parameter(name, "String"))

    def add(self, parameter: Parameter) -> None:
        known = [other for other in self.found if other.name == parameter.name]
        if parameter.used_in:
            if known:
                return
        elif not parameter.is_typed and any(other.is_typed for other in known):
            return
        else:
            self.found = [o for o in self.found if not (o in known and o.used_in)]
        self.found.append(parameter)

    def visit(self, node: ast.AST, bare: list[str], local: frozenset[str]) -> None:
        if isinstance(node, ast.Name):
            if node.id not in local:
                bare.append(node.id)
        elif isinstance(node, ast.Call):
            self.visit_call(node, bare, local)
        else:
            local |= _bound_by(node)
            for child in ast.iter_child_nodes(node):
                self.visit(child, bare, local)

    def visit_call(self, node: ast.Call, bare: list[str], local: frozenset[str]) -> None:
        if not isinstance(node.func, ast.Name):
            for child in ast.iter_child_nodes(node):
                self.visit(child, bare, local)
            return
        row = FUNCTIONS.get(node.func.id)
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        if row is not None and row.parameter == "typed" and arguments:
            arguments = self.typed(node, bare, local)
        elif row is not None and row.parameter == "untyped":
            named = arguments if row.name == "sql_and" else arguments[:1]
            for argument in named:
                if isinstance(argument, ast.Name) and argument.id not in local:
                    self.add(Parameter(argument.id, "String", used_in="function_call"))
        # Of other arguments only calls are read: a name there says nothing of a parameter.
        for argument in arguments:
            for inner in ast.walk(argument):
                if isinstance(inner, ast.Call):
                    self.visit(inner, bare, local)
                    break

    def typed(self, node: ast.Call, bare: list[str], local: frozenset[str]) -> list[ast.expr]:
        """Adds what a typed use declares; returns the arguments that are still to be read."""
        assert isinstance(node.func, ast.Name)
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        positional = list(node.args)
        name = positional.pop(0) if positional else keywords.pop("name", None)
        type_name = node.func.id
        if type_name == "Array":
            element = positional.pop(0) if positional else keywords.get("type")
            element_type = _constant(element)
            type_name = f"Array({element_type if isinstance(element_type, str) else 'String'})"
        default = positional[0] if positional else keywords.get("default")
        if isinstance(name, ast.Name) and name.id not in local:
            declared: Any = name.id
        elif isinstance(name, ast.Constant) and name.value is not None:
            declared = name.value
        else:
            if isinstance(name, ast.BinOp | ast.Subscript | ast.JoinedStr | ast.IfExp):
                self.visit(name, bare, local)
            return [*([name] if isinstance(name, ast.Call) else []), *positional]
        documentation = {
            key: _constant(keywords[key]) for key in (*DOCUMENTATION, "defined") if key in keywords
        }
        self.add(Parameter(declared, type_name, _constant(default), documentation, is_typed=True))
        return positional


def _bound_by(node: ast.AST) -> frozenset[str]:
    """The names that a lambda or a comprehension binds inside of itself."""
    if isinstance(node, ast.Lambda):
        return frozenset(argument.arg for argument in node.args.args)
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return frozenset(
            name.id
            for generator in node.generators
            for name in ast.walk(generator.target)
            if isinstance(name, ast.Name)
        )
    return frozenset()


def _constant(node: ast.expr | None) -> Any:
    """The constant that an expression is, as JSON can hold it; None for anything else."""
    if node is None:
        return None
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _MAX_SAFE_INTEGER:
        return str(value)
    return sorted(value, key=repr) if isinstance(value, set) else value
