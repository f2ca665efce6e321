"""Arguments that a function's text repeats are computed once, under a name.

DuckDB computes equal expressions of a row once, but its text would grow with every level of
nesting, what is inside a lambda would be computed for every element, and a random number would be
drawn anew each time. SQL has no `let` in expressions; `list_transform([x], lambda v: …)[1]` is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from mini_tb.sql.functions.aggregates.rows import is_unnesting
from mini_tb.sql.tree import Column, Const, Expr, LambdaExpr, Local, Param

_MOST_REPEATED = 600
"""Characters that a repeated argument may add to the text."""
_MOST_IN_LAMBDA = 60
"""Characters of an argument that may stand inside a lambda of the text."""
_CHANCE = ("random()", "gen_random_uuid(", "uuidv4(", "uuidv7(")
_NAME = "once"


def uses_chance(sql: str) -> bool:
    """Whether DuckDB's text may give something else each time it is computed."""
    return any(word in sql for word in _CHANCE)


def is_simple(expr: Expr) -> bool:
    """Whether repeating the expression costs nothing."""
    return isinstance(expr, Const | Param | Column | Local | LambdaExpr)


def computed_once(
    args: Sequence[str],
    simple: Sequence[bool],
    lower: Callable[[list[str]], str],
    is_of_rows: Callable[[int], bool] = lambda index: False,
) -> str:
    """`lower(args)`, with a name in place of the arguments that it repeats. `is_of_rows` says
    whether an argument holds an aggregate."""
    if all(simple):
        return lower(list(args))
    marks = [
        sql if plain else f"\x01{i}\x02"
        for i, (sql, plain) in enumerate(zip(args, simple, strict=True))
    ]
    text = lower(marks)
    if is_unnesting(text) or " OVER (" in text:
        # Subqueries and windows cannot stand inside a lambda: the arguments are repeated.
        return lower(list(args))
    named: list[int] = []
    for i, (sql, mark) in enumerate(zip(args, marks, strict=True)):
        if sql != mark and _is_costly(text, mark, sql):
            named.append(i)
    if not named:
        # Lowered from their own texts: AND looks into them for the conditions that they are.
        return lower(list(args))
    # An aggregate over a lambda has to stay outside of ours: DuckDB gives the database up there.
    # And so does a subquery, which it does not take there.
    named += [
        i
        for i, sql in enumerate(args)
        if i not in named and not simple[i]
        if "(SELECT " in sql or ("lambda" in sql and is_of_rows(i))
    ]
    for i, (sql, mark) in enumerate(zip(args, marks, strict=True)):
        if sql == mark:
            continue
        name = f"struct_extract({_NAME}, 'a{i}')" if len(named) > 1 else _NAME
        text = text.replace(mark, name if i in named else sql)
    value = args[named[0]]
    if len(named) > 1:
        value = "{" + ", ".join(f"a{i}: {args[i]}" for i in named) + "}"
    return f"list_transform([{value}], lambda {_NAME}: {text})[1]"


def _is_costly(text: str, mark: str, sql: str) -> bool:
    """Whether `sql` in place of `mark` is too long, computed too often, or not the same twice."""
    count = text.count(mark)
    if not count:
        return False
    if _is_in_lambda(text, mark):
        return len(sql) > _MOST_IN_LAMBDA or uses_chance(sql)
    if count == 1:
        return False
    return (count - 1) * len(sql) > _MOST_REPEATED or uses_chance(sql)


_MARKS = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\blambda\b|[()]|\x01\d+\x02")


def _is_in_lambda(text: str, mark: str) -> bool:
    """Whether the mark stands in the body of a lambda, which the function around it ends."""
    if "lambda" not in text:
        return False
    depth, lambdas = 0, list[int]()
    for token in _MARKS.findall(text):
        if token == mark and lambdas:
            return True
        if token == "lambda":
            lambdas.append(depth)
        elif token == "(":
            depth += 1
        elif token == ")":
            depth -= 1
            while lambdas and lambdas[-1] > depth:
                lambdas.pop()
    return False
