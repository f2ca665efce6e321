"""`*`, `t.*`, `COLUMNS(…)` and their transformers: which columns they stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from mini_tb.dataclass import dataclass
from mini_tb.sql import syntax
from mini_tb.sql.label import Labels
from mini_tb.sql.naming import Namer
from mini_tb.sql.scope import named
from mini_tb.sql.tree import Const, Expr
from mini_tb.types import STRING
from mini_tb.types.duckdb import field_names, quote_string

if TYPE_CHECKING:
    from mini_tb.sql.bind_expression import ExpressionBinder

SUBJECT = "\0column"
"""The name of the column in the call that APPLY makes."""


@dataclass(slots=True)
class _Item:
    """A column: the name it has in the answer, what it is, and how it reads inside a call."""

    name: str
    expr: Expr
    form: str


def expand_star(star: syntax.Star, binder: ExpressionBinder) -> Iterator[tuple[str, Expr]]:
    """(name, expression) of each column that the star stands for, transformed."""
    labels = Labels(binder.scope)
    items = [
        _Item(name, expr, labels.column(name, expr) if star.transformers else name)
        for name, expr in _columns(star, binder)
    ]
    for kind, subject, params in star.transformers:
        items = list(_TRANSFORMERS[kind](subject, params, items, binder, star))
    return ((item.name, item.expr) for item in items)


def untupled(
    call: syntax.Call, binder: ExpressionBinder
) -> Iterator[tuple[str | None, syntax.Expression]]:
    """(name, expression) of each element of the tuple in `untuple(…)`; the name is None where the
    expression gives it. Raises `QueryError`."""
    if len(call.args) != 1:
        raise binder.error("SQ203", "`untuple` takes one argument", call, number=42)
    (arg,) = call.args
    t = binder.bind(arg).type
    if not t.is_tuple:
        message = f"`untuple`: illegal type `{t}`, expected a Tuple"
        raise binder.error("SQ204", message, arg, number=1)
    for name in field_names(t.bare):
        key = syntax.Constant(call.start, call.end, name, quote_string(name))
        made = syntax.Call(call.start, call.end, "tupleElement", [arg, key])
        yield (f"{call.alias}.{name}" if call.alias else None), made


def _columns(star: syntax.Star, binder: ExpressionBinder) -> list[tuple[str, Expr]]:
    """The columns before the transformers."""
    scope = binder.scope
    if star.columns is not None:
        return [
            (name, binder.name(syntax.Name(star.start, star.end, tuple(name.split(".")))))
            for name in star.columns
        ]
    relations = scope.relations
    if star.qualifier:
        qualifier = ".".join(star.qualifier)
        found = [one for relation in relations for one in named(relation, qualifier)]
        if not found:
            return _elements(star, binder)
        relations = found[:1]
    if not relations:
        raise binder.error("SQ207", "`*` needs a FROM", star, number=51)
    columns = [(c.name, c.expr) for relation in relations for c in relation.columns if c.starred]
    if star.pattern is None:
        return columns
    matches = _pattern(star.pattern, star, binder)
    return [(name, expr) for name, expr in columns if matches.search(name)]


def _elements(star: syntax.Star, binder: ExpressionBinder) -> list[tuple[str, Expr]]:
    """The elements of a column that is a Tuple: `t.*`."""
    qualifier = ".".join(star.qualifier)
    column = binder.find(syntax.Name(star.start, star.end, star.qualifier))
    if column is None or not column.type.is_tuple:
        raise binder.error("NM202", f"unknown table `{qualifier}`", star, number=47)
    return [
        (f"{qualifier}.{name}", binder.apply("tupleElement", [column, Const(STRING, name)], star))
        for name in field_names(column.type.bare)
    ]


def _pattern(pattern: str, star: syntax.Star, binder: ExpressionBinder) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        message = f"`{pattern}` is no regular expression: {error}"
        raise binder.error("SQ219", message, star, number=427) from None


def _except(
    subject: list[str] | str,
    _params: Any,
    items: list[_Item],
    binder: ExpressionBinder,
    star: syntax.Star,
) -> Iterator[_Item]:
    if isinstance(subject, str):
        matches = _pattern(subject, star, binder)
        yield from (item for item in items if not matches.search(item.name))
    else:
        yield from (item for item in items if item.name not in subject)


def _replace(
    subject: list[tuple[str, syntax.Expression]],
    _params: Any,
    items: list[_Item],
    binder: ExpressionBinder,
    _star: syntax.Star,
) -> Iterator[_Item]:
    replacements = dict(subject)
    namer = Namer(binder.queries.text_of(binder.scope.view))
    for item in items:
        made = replacements.get(item.name)
        if made is not None:
            yield _Item(item.name, binder.bind(made), namer.form(made))
        else:
            yield item


def _apply(
    subject: str | syntax.Lambda,
    params: Any,
    items: list[_Item],
    binder: ExpressionBinder,
    star: syntax.Star,
) -> Iterator[_Item]:
    column = syntax.Name(star.start, star.end, (SUBJECT,))
    call: syntax.Expression
    if isinstance(subject, syntax.Lambda):
        call = _substitute(subject.body, subject.params[0], column)
    else:
        call = syntax.Call(star.start, star.end, subject, [column], params)
    locals_ = binder.scope.locals
    for item in items:

        def reads(name: syntax.Name | syntax.Star, form: str = item.form) -> str:
            if isinstance(name, syntax.Star):
                return "*"
            return form if name.parts == (SUBJECT,) else ".".join(name.parts)

        form = Namer(binder.queries.text_of(binder.scope.view), reads).form(call)
        locals_.append({SUBJECT: item.expr})
        try:
            yield _Item(form, binder.bind(call), form)
        finally:
            locals_.pop()


_TRANSFORMERS: dict[str, Callable[..., Iterator[_Item]]] = {
    "EXCEPT": _except,
    "REPLACE": _replace,
    "APPLY": _apply,
}


def _substitute(
    node: syntax.Expression, name: str, replacement: syntax.Expression
) -> syntax.Expression:
    if isinstance(node, syntax.Name) and node.parts[0] == name:
        return replacement
    if isinstance(node, syntax.Call):
        args = [_substitute(arg, name, replacement) for arg in node.args]
        return syntax.Call(
            node.start, node.end, node.name, args, node.params, operator=node.operator
        )
    if isinstance(node, syntax.Lambda) and name not in node.params:
        body = _substitute(node.body, name, replacement)
        return syntax.Lambda(node.start, node.end, node.params, body)
    return node
