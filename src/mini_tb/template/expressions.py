"""Python inside of tags: parsed by the standard library, and checked before anything runs.

`{{ }}` takes only what `_VALUE_NODES` and the names of `functions.FUNCTIONS` list. `{% %}`
takes any expression except what reaches into Python itself: private names, frame and code
attributes, and builtins that touch more than values. Nothing here evaluates anything.
"""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
import warnings
from collections.abc import Iterator
from typing import TypeVar

from mini_tb.dataclass import dataclass
from mini_tb.template.errors import TemplateError
from mini_tb.template.functions import FUNCTIONS


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VALUE_METHODS = frozenset({"split", "get", "join", "replace"})
_VALUE_NODES = (
    ast.Constant,
    ast.Name,
    ast.BinOp,
    ast.UnaryOp,
    ast.Call,
    ast.keyword,
    ast.Subscript,
    ast.Slice,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.Dict,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.IfExp,
    ast.expr_context,
    ast.Add,
    ast.Sub,
    ast.Mult,
    ast.USub,
    ast.Not,
)
_DENIED_NODES = (ast.Yield, ast.YieldFrom, ast.Await, ast.Starred)
_DENIED_CALLS = _words(
    """eval exec compile getattr setattr delattr hasattr globals locals vars dir type object super
    open input print help breakpoint memoryview classmethod staticmethod property exit quit id hash
    callable format"""
)
_DENIED_ATTRIBUTES = _words(
    """format format_map mro translate maketrans to_bytes from_bytes expandtabs gi_frame gi_code
    gi_yieldfrom f_globals f_locals f_builtins f_back f_code f_trace tb_frame tb_next cr_frame
    cr_code cr_await cr_origin ag_frame ag_code ag_await co_code co_consts co_names func_globals
    func_code func_closure func_defaults"""
)
# Parameters of a request that are taken: they can never reach a template.
RESERVED_NAMES = frozenset({"format", "q"})
_SPECIAL_WORDS = frozenset(keyword.kwlist) - {"None", "True", "False"}
# Arguments that Jinja2 adds to calls on its own account.
_JINJA_KEYWORDS = frozenset({"_loop_vars", "_block_vars"})
# Keywords that no expression can hold, so that whoever writes one meant a name.
_STATEMENT_WORDS = _SPECIAL_WORDS - _words("and or not in is if else for lambda await async yield")

_Statement = TypeVar("_Statement", bound=ast.stmt)
_Tree = TypeVar("_Tree", bound=ast.AST)


@dataclass(frozen=True, slots=True)
class Loop:
    """`{% for target in items %}`"""

    target: ast.expr
    items: ast.expr


@dataclass(frozen=True, slots=True)
class Handler:
    """`{% except exceptions as name %}`; no exceptions means any."""

    exceptions: tuple[str, ...]
    name: str | None


def parse_value(text: str, offset: int) -> ast.expr:
    """The checked expression of `{{ text }}`; `offset` is where `text` starts."""
    source = _Source(text, offset)
    expression = source.expression()
    bound = _bound_by_lambdas(expression)
    for node, parent in _walk(expression):
        source.check_value(node, parent)
        source.check_name(node, parent, bound)
    return expression


def parse_statement(text: str, offset: int) -> ast.expr:
    """The checked expression of `{% if text %}`, `elif` and `while`."""
    source = _Source(text, offset)
    return source.checked(source.expression())


def parse_loop(text: str, offset: int) -> Loop:
    """The checked target and items of `{% for text %}`."""
    source = _Source(text, offset, "for ", ":\n pass")
    statement = source.clause(ast.For)
    source.check_target(statement.target)
    source.checked(statement.target)
    return Loop(statement.target, source.checked(statement.iter))


def parse_handler(text: str, offset: int) -> Handler:
    """What `{% except text %}` catches."""
    if not text:
        return Handler((), None)
    source = _Source(text, offset, "try:\n pass\nexcept ", ":\n pass")
    statement = source.clause(ast.Try)
    handler = statement.handlers[0]
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = []
    for item in caught:
        if not isinstance(item, ast.Name):
            raise source.forbidden(item or handler, "`except` takes names of exceptions")
        names.append(item.id)
    return Handler(tuple(names), handler.name)


def parse_assignment(text: str, offset: int) -> ast.Assign | ast.AugAssign | ast.Expr:
    """The checked statement of `{% set text %}`: exactly one assignment or expression."""
    source = _Source(text, offset)
    body = source.parse("exec")
    if not isinstance(body, ast.Module) or len(body.body) != 1:
        raise source.forbidden(None, "`set` takes exactly one assignment")
    statement = body.body[0]
    if not isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr):
        raise source.forbidden(statement, "`set` takes an assignment")
    targets = (
        statement.targets
        if isinstance(statement, ast.Assign)
        else [statement.target]
        if isinstance(statement, ast.AugAssign)
        else []
    )
    for target in targets:
        source.check_target(target)
    source.checked(statement)
    return statement


def parse_nothing(text: str, offset: int) -> None:
    """Raises unless a tag that takes nothing got nothing."""
    if text:
        raise TemplateError("expression_syntax", f"unexpected `{text}` in the tag", offset=offset)


class _Source:
    """A piece of Python text in a template, with what must stand around it to be parsed."""

    def __init__(self, text: str, offset: int, before: str = "", after: str = "") -> None:
        self.text = text
        self.offset = offset
        self.before = before
        self.after = after

    def parse(self, mode: str) -> ast.AST:
        python = self.before + self.text + self.after
        try:
            if "\\" not in python and not re.search(r"\d[A-Za-z]", python):
                return ast.parse(python, mode=mode)
            # Python warns of doubtful escapes and of `1if x`; templates are not its business.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(python, mode=mode)
        except SyntaxError as error:
            raise self.syntax_error(error) from None
        except (ValueError, RecursionError, MemoryError):
            raise self.wrong("expression_syntax", "the expression cannot be parsed") from None

    def expression(self) -> ast.expr:
        if "\n" in self.text or self.text.startswith("yield"):
            # A tag may span lines; Python needs brackets for that, and to read `yield` as a value.
            self.before, self.after = "(", "\n)"
        tree = self.parse("eval")
        assert isinstance(tree, ast.Expression)
        return tree.body

    def clause(self, kind: type[_Statement]) -> _Statement:
        tree = self.parse("exec")
        body = tree.body if isinstance(tree, ast.Module) else []
        statement = body[0] if len(body) == 1 else None
        if not isinstance(statement, kind):
            raise self.wrong("expression_syntax", f"`{_shortened(self.text)}` is not one clause")
        return statement

    def syntax_error(self, error: SyntaxError) -> TemplateError:
        word = self.misused_keyword()
        if word is not None:
            return self.wrong(
                "template_parse", f"`{word}` is a Python keyword and cannot name a parameter"
            )
        return self.wrong(
            "expression_syntax", f"`{_shortened(self.text)}` is not a Python expression"
        )

    def misused_keyword(self) -> str | None:
        """A keyword that stands where only a name can: `String(from, 'x')`."""
        previous = ""
        try:
            for token in tokenize.generate_tokens(io.StringIO(self.text).readline):
                if token.string in _STATEMENT_WORDS:
                    return token.string
                if previous in _SPECIAL_WORDS and token.string in (",", ")"):
                    return previous
                previous = token.string
        except (tokenize.TokenError, SyntaxError):
            pass
        return None

    def place(self, node: ast.AST | None) -> int:
        """Offset in the template of a node."""
        line = getattr(node, "lineno", None)
        if line is None:
            return self.offset
        lines = (self.before + self.text + self.after).splitlines(keepends=True)
        column: int = getattr(node, "col_offset", 0)
        start = sum(map(len, lines[: line - 1]))
        inside = len(lines[line - 1].encode()[:column].decode(errors="ignore"))
        return self.offset + min(max(0, start + inside - len(self.before)), len(self.text))

    def wrong(self, kind: str, detail: str, node: ast.AST | None = None) -> TemplateError:
        return TemplateError(kind, detail, offset=self.place(node))

    def forbidden(self, node: ast.AST | None, detail: str) -> TemplateError:
        return self.wrong("forbidden_construct", detail, node)

    def checked(self, tree: _Tree) -> _Tree:
        """`tree`, if a statement may hold it."""
        bound = _bound_by_lambdas(tree)
        for node, parent in _walk(tree):
            self.check_name(node, parent, bound)
            if isinstance(node, _DENIED_NODES):
                raise self.forbidden(node, f"{_described(node)} is not allowed in a template")
            if isinstance(node, ast.comprehension) and node.is_async:
                raise self.forbidden(node.target, "async is not allowed in a template")
            if isinstance(node, ast.Attribute):
                self.check_attribute(node)
                if not (isinstance(parent, ast.Call) and parent.func is node):
                    raise self.forbidden(node, f"method `{node.attr}` can only be called")
            if isinstance(node, ast.Lambda):
                self.check_lambda(node)
            self.check_call(node)
            if isinstance(node, ast.NamedExpr | ast.comprehension):
                self.check_target(node.target, subscripts=False)
            if isinstance(node, ast.Constant):
                self.check_constant(node)
            if (
                isinstance(node, ast.Name)
                and node.id in _DENIED_CALLS
                and isinstance(parent, ast.Call)
                and parent.func is node
            ):
                raise self.forbidden(node, f"`{node.id}()` is not allowed in a template")
        return tree

    def check_value(self, node: ast.AST, parent: ast.AST | None) -> None:
        """Raises unless `{{ }}` may hold this node."""
        if isinstance(node, ast.Attribute):
            if not (isinstance(parent, ast.Call) and parent.func is node):
                raise self.forbidden(node, f"attribute `{node.attr}` is not allowed here")
            if node.attr not in _VALUE_METHODS:
                raise self.forbidden(node, f"method `{node.attr}()` is not allowed here")
            return
        if not isinstance(node, _VALUE_NODES):
            raise self.forbidden(
                node if hasattr(node, "lineno") else parent,
                f"{_described(node)} is not allowed in `{{{{ }}}}`",
            )
        self.check_call(node)
        if isinstance(node, ast.Constant):
            self.check_constant(node)
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                if node.func.id not in FUNCTIONS:
                    raise self.forbidden(node, f"invalid function name `{node.func.id}`")
            elif not isinstance(node.func, ast.Attribute):
                raise self.forbidden(node, "only functions and methods can be called")
        if isinstance(node, ast.Subscript) and not isinstance(
            node.slice, ast.Constant | ast.Subscript | ast.Slice
        ):
            raise self.forbidden(node.slice, "an index must be a constant")

    def check_constant(self, node: ast.Constant) -> None:
        if not isinstance(node.value, str | int | float | None):
            raise self.forbidden(node, f"literal `{node.value!r}` is not allowed in a template")

    def check_name(self, node: ast.AST, parent: ast.AST | None, bound: frozenset[str]) -> None:
        """Raises for private names, and for names that a request can never send."""
        if not isinstance(node, ast.Name):
            return
        if node.id.startswith("__") and node.id.endswith("__"):
            raise self.forbidden(node, f"`{node.id}` is not allowed in a template")
        is_called = isinstance(parent, ast.Call) and parent.func is node
        if node.id in RESERVED_NAMES and not is_called and node.id not in bound:
            raise self.wrong(
                "reserved_parameter_name",
                f"`{node.id}` is a reserved name and cannot be a parameter",
                node,
            )

    def check_attribute(self, node: ast.Attribute) -> None:
        if node.attr.startswith("_") or node.attr in _DENIED_ATTRIBUTES:
            raise self.forbidden(node, f"attribute `{node.attr}` is not allowed in a template")

    def check_call(self, node: ast.AST) -> None:
        """Raises for arguments that no function of templates takes."""
        if isinstance(node, ast.Dict) and None in node.keys:
            raise self.forbidden(node, "`**` is not allowed in a template")
        if not isinstance(node, ast.Call):
            return
        names = [keyword.arg for keyword in node.keywords]
        if None in names or not _JINJA_KEYWORDS.isdisjoint(names):
            raise self.forbidden(node, "`**` is not allowed in a template")
        if len(set(names)) < len(names):
            raise self.wrong("expression_syntax", "an argument is given twice", node)
        row = FUNCTIONS.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if (
            row is not None
            and row.parameter == "typed"
            and node.args
            and isinstance(node.args[0], ast.List | ast.Tuple | ast.Set | ast.Dict)
        ):
            raise self.wrong(
                "reserved_parameter_name", f"`{row.name}()` needs the name of a parameter", node
            )

    def check_lambda(self, node: ast.Lambda) -> None:
        arguments = node.args
        if (
            arguments.defaults
            or arguments.kwonlyargs
            or arguments.posonlyargs
            or arguments.vararg
            or arguments.kwarg
        ):
            raise self.forbidden(node, "a lambda takes plain arguments only")

    def check_target(self, target: ast.expr, *, subscripts: bool = True) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            for item in target.elts:
                self.check_target(item, subscripts=False)
        elif not isinstance(target, ast.Name | ast.Subscript) or (
            isinstance(target, ast.Subscript) and not subscripts
        ):
            raise self.forbidden(target, "only names can be assigned")


def _bound_by_lambdas(tree: ast.AST) -> frozenset[str]:
    return frozenset(
        argument.arg
        for node in ast.walk(tree)
        if isinstance(node, ast.Lambda)
        for argument in node.args.args
    )


def _walk(tree: ast.AST) -> Iterator[tuple[ast.AST, ast.AST | None]]:
    """Every node with its parent, outermost first."""
    todo: list[tuple[ast.AST, ast.AST | None]] = [(tree, None)]
    for node, parent in todo:
        yield node, parent
        todo.extend((child, node) for child in ast.iter_child_nodes(node))


_DESCRIPTIONS = {
    "Attribute": "attribute access",
    "Await": "await",
    "BoolOp": "`and`/`or`",
    "Compare": "a comparison",
    "DictComp": "a comprehension",
    "GeneratorExp": "a comprehension",
    "Lambda": "a lambda",
    "ListComp": "a comprehension",
    "NamedExpr": "an assignment expression",
    "SetComp": "a comprehension",
    "Starred": "`*`",
    "Yield": "yield",
    "YieldFrom": "yield",
}


def _described(node: ast.AST) -> str:
    name = type(node).__name__
    return _DESCRIPTIONS.get(name, f"the operator {name}")


def _shortened(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
