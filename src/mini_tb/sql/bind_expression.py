"""Syntax → typed expressions: names resolved, functions found in the table, types inferred."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mini_tb.diagnostics import nearest
from mini_tb.sql import syntax
from mini_tb.sql.aggregate_of_arithmetic import moved_out
from mini_tb.sql.apply import apply
from mini_tb.sql.bind_in import bind_in
from mini_tb.sql.bind_nested import whole
from mini_tb.sql.bind_star import expand_star
from mini_tb.sql.bind_window import bind_window
from mini_tb.sql.errors import QueryError, query_error
from mini_tb.sql.functions import FUNCTIONS
from mini_tb.sql.functions.aggregate import Unsupported, bind_aggregate, is_aggregate
from mini_tb.sql.functions.aggregates.registry import AGGREGATES
from mini_tb.sql.functions.conditional import check_condition
from mini_tb.sql.functions.constants import integer_type, python_value
from mini_tb.sql.functions.function import (
    ArgumentError,
    Function,
    constant,
)
from mini_tb.sql.functions.json_path import declared
from mini_tb.sql.scope import Scope, all_column_names
from mini_tb.sql.settings import followed
from mini_tb.sql.tree import (
    Aggregate,
    ArrayJoinCall,
    BoundSelect,
    Call,
    Const,
    ExistsQuery,
    Expr,
    Grouping,
    LambdaExpr,
    Local,
    Param,
    ScalarQuery,
    Window,
)
from mini_tb.types import (
    BOOL,
    FLOAT64,
    NOTHING,
    STRING,
    STRING_BYTES,
    UINT8,
    UINT64,
    DataType,
    nullable,
    parse_type,
)

if TYPE_CHECKING:
    from mini_tb.sql.bind_query import QueryBinder

BARE_FUNCTIONS = {"curdate", "current_database", "current_date", "current_timestamp"}
BARE_FUNCTIONS |= {"current_user", "localtime", "localtimestamp", "now", "today", "user"}
"""Functions that are called without parentheses where no column has their name."""

IN_WINDOW = "a window function"
IN_AGGREGATE = "another aggregate function"
"""Clauses of `Scope.clause`: where aggregates stand, and nothing that is computed after them."""

MOST_CALLS = 2000
"""Calls in what an alias stands for: each use of another alias repeats that one's, so that a chain
of them doubles with every link. ClickHouse bounds it as well (TOO_BIG_AST)."""
_IN = {"in": False, "notin": True, "globalin": False, "globalnotin": True}
_NULL_IN = {"nullin": False, "notnullin": True, "globalnullin": False, "globalnotnullin": True}
"""NULL as a value to look for: it is in no list, so the answer is never NULL."""


class ExpressionBinder:
    """Binds the expressions of one scope. `queries` binds the subqueries in them."""

    def __init__(self, scope: Scope, queries: QueryBinder) -> None:
        self.scope = scope
        self.queries = queries

    # Entry -------------------------------------------------------------------------------

    def bind(self, node: syntax.Expression) -> Expr:
        """The typed expression of `node`. Raises `QueryError` with its place."""
        try:
            return _BINDERS[type(node)](self, node)
        except ArgumentError as error:
            raise self.error("SQ204", error.message, node, number=error.code) from None

    def error(
        self, code: str, message: str, node: syntax.Node, *, number: int, hint: str | None = None
    ) -> QueryError:
        """An error at the place of `node`."""
        return query_error(
            code, message, self.scope.fragment, node.start, node.end, number=number, hint=hint
        )

    # Leaves ------------------------------------------------------------------------------

    def constant(self, node: syntax.Constant) -> Expr:
        value = node.value
        if value is None:
            return Const(nullable(NOTHING), None)
        if isinstance(value, bool):
            return Const(BOOL, value)
        if isinstance(value, int):
            return Const(integer_type(value), value)
        if isinstance(value, float):
            return Const(FLOAT64, value)
        if not value.isascii() and any("\ud800" <= mark <= "\udfff" for mark in value):
            return Const(STRING_BYTES, value.encode("utf-8", "surrogateescape"))
        return Const(STRING, value)

    def parameter(self, node: syntax.Parameter) -> Expr:
        data_type = parse_type(node.type)
        inlined, value = self.queries.parameter_value(self.scope.view, node.name)
        if inlined:
            return Const(data_type, python_value(value, data_type))
        name = self.queries.parameter(self.scope.view, node.name)
        if not self.queries.is_text(self.scope.view, node.name):
            return Param(data_type, name)
        from mini_tb.sql.query_parameters import texts_of

        text = Param(texts_of(data_type), name)
        return self.apply("CAST", [text, Const(STRING, node.type)], node)

    def name(self, node: syntax.Name) -> Expr:
        found = self.find(node)
        if found is None:
            found = self.find_outward(node)
        if found is None and node.parts[0].lower() in BARE_FUNCTIONS and len(node.parts) == 1:
            return self.call(syntax.Call(node.start, node.end, node.parts[0], []))
        if found is None:
            known = nearest(node.parts[-1], all_column_names(self.scope))
            raise self.error(
                "NM201",
                f"unknown column `{'.'.join(node.parts)}`",
                node,
                number=47,
                hint=f"did you mean `{known}`?" if known else None,
            )
        return found

    def find(self, node: syntax.Name) -> Expr | None:
        """What a name means in this SELECT; None if nothing."""
        parts, scope = node.parts, self.scope
        if (local := scope.local(parts[0])) is not None:
            return self.elements(local, parts[1:], node)
        found = self.alias(node)
        if found is not None:
            return found
        for column, take in scope.columns(parts):
            if column.name == parts[0] and scope.is_ambiguous(parts[0]):
                raise self.error(
                    "NM205",
                    f"several of the joined tables have a column `{parts[0]}`",
                    node,
                    number=207,
                    hint="write the table's name before it",
                )
            return self.elements(column.expr, parts[take:], node)
        nested = whole(scope.relations, parts)
        return None if nested is None else self.elements(nested[0], parts[nested[1] :], node)

    def find_outward(self, node: syntax.Name) -> Expr | None:
        """What a name means in the SELECTs around this one; None if nothing.

        An alias of theirs stands for its expression, whose names are looked for here first.
        """
        parts, scope, is_closed = node.parts, self.scope, False
        while scope.parent is not None:
            is_closed = is_closed or scope.is_closed
            scope = scope.parent
            name, expression = parts[0], scope.aliases.get(parts[0])
            if (
                expression is not None
                and not isinstance(expression, syntax.Lambda)
                and name not in scope.expanding
                and name not in self.scope.expanding
            ):
                return self.elements(self.aliased(name, expression), parts[1:], node)
            for column, take in () if is_closed else scope.columns(parts):
                self.mark_correlated(scope)
                return self.elements(column.expr, parts[take:], node)
        return None

    def mark_correlated(self, outer: Scope) -> None:
        """Note that a column of `outer` is read in here."""
        scope: Scope | None = self.scope
        while scope is not None and scope is not outer:
            scope.is_correlated = True
            scope = scope.parent

    def alias(self, node: syntax.Name) -> Expr | None:
        """What an alias of this SELECT means here; None if the name is not one."""
        name = node.parts[0]
        expression = self.scope.aliases.get(name)
        if (
            expression is None
            or name in self.scope.expanding
            or isinstance(expression, syntax.Lambda)
        ):
            return None
        bound = self.aliased(name, expression)
        has_elements = bound.type.is_tuple or bound.type.bare.name in ("JSON", "Dynamic", "Nested")
        if len(node.parts) > 1 and not has_elements and any(self.scope.columns(node.parts)):
            return None  # `t.a` where `t` is an alias too, but of a value without parts
        if self.scope.clause is not None:
            self.refuse_aggregates(bound, name, node)
        return self.elements(bound, node.parts[1:], node)

    def aliased(self, name: str, expression: syntax.Expression) -> Expr:
        """The expression of an alias, bound once for each set of columns that aliases hide."""
        scope = self.scope
        # Inside the expression of an alias, its name is that of a column, if there is one.
        key = (name, *(n for n in scope.expanding if next(scope.columns((n,)), None) is not None))
        if key in scope.bound_aliases:
            return scope.bound_aliases[key]
        scope.expanding.append(name)
        locals_, scope.locals = scope.locals, []
        clause, scope.clause = scope.clause, None
        try:
            bound = self.bind(expression)
        finally:
            scope.expanding.pop()
            scope.locals = locals_
            scope.clause = clause
        scope.bound_aliases[key] = bound
        return self.bounded(bound, name, expression)

    def bounded(self, expr: Expr, name: str, node: syntax.Node) -> Expr:
        """What `name` stands for, unless it is too much to be written out where it is used."""
        size = self.size(expr)
        if size > MOST_CALLS:
            hint = "compute what is used again in a node or subquery of its own"
            message = f"`{name}` is too large when the aliases in it are written out"
            raise self.error("SQ006", message, node, number=168, hint=hint)
        self.scope.sizes[id(expr)] = expr, size
        return expr

    def size(self, expr: Expr) -> int:
        """How many calls an expression is when it is written out."""
        known = self.scope.sizes.get(id(expr))
        if known is not None:
            return known[1]
        return isinstance(expr, Call) + sum(map(self.size, expr.children()))

    def refuse_aggregates(self, expr: Expr, name: str, node: syntax.Node) -> None:
        """An error if what a name stands for aggregates rows, in a clause that is computed before
        that."""
        for part in expr.walk():
            if isinstance(part, Aggregate | Window):
                self.refuse_aggregate(name, node, is_window=isinstance(part, Window))

    def refuse_aggregate(self, name: str, node: syntax.Node, *, is_window: bool) -> None:
        """An error if an aggregate or a window function cannot stand where `node` is."""
        clause = self.scope.clause
        if clause is None or (clause == IN_WINDOW and not is_window):
            return
        hint = None
        if clause in ("WHERE", "PREWHERE"):
            hint = "filter by it in QUALIFY" if is_window else "filter by it in HAVING"
        kind = "window function" if is_window else "aggregate function"
        raise self.error(
            "SQ212", f"{kind} `{name}` cannot stand in {clause}", node, number=184, hint=hint
        )

    def elements(self, expr: Expr, parts: Sequence[str], node: syntax.Node) -> Expr:
        """`expr.a.b`: elements of tuples, paths of JSON, and other parts of what is stored."""
        parts = list(parts)
        while parts:
            part = self.step(expr, parts)
            is_whole = expr.type.is_tuple or expr.type.bare.name in ("JSON", "Dynamic")
            is_whole = is_whole and part != "null"
            name = "tupleElement" if is_whole else "getSubcolumn"
            expr = self.apply(name, [expr, Const(STRING, part)], node)
        return expr

    def step(self, expr: Expr, parts: list[str]) -> str:
        """The next step of a path, taken off: in JSON the names up to one with a meaning of its
        own, or to the end of a path that has a type."""
        count = 1
        if expr.type.bare.name in ("JSON", "Dynamic"):
            known = declared(expr.type) if expr.type.bare.name == "JSON" else {}
            is_name = [part[0] not in ":^[" for part in parts]
            most = is_name.index(False) if False in is_name else len(parts)
            typed = [i for i in range(1, most + 1) if ".".join(parts[:i]) in known]
            count = max(typed, default=most) or 1
        path = ".".join(parts[:count])
        del parts[:count]
        return path

    # Calls -------------------------------------------------------------------------------

    def call(self, node: syntax.Call) -> Expr:
        name = node.name
        folded = name.lower()
        if folded in _IN:
            return bind_in(node, self, negated=_IN[folded])
        if folded in _NULL_IN:
            negated = _NULL_IN[folded]
            found = bind_in(node, self, negated=negated)
            return self.apply("ifNull", [found, Const(UINT8, int(negated))], node)
        if folded == "exists" and len(node.args) == 1 and isinstance(node.args[0], syntax.Subquery):
            inner = self.scope.child()
            return ExistsQuery(
                UINT8, self.queries.query(node.args[0].query, inner), inner.is_correlated
            )
        if name == "arrayJoin":
            return self.array_join(node)
        if folded == "grouping":
            return Grouping(UINT64, self.values(node.args))
        if (user := self.user_lambda(name)) is not None:
            return self.inline(user, node)
        if is_aggregate(name):
            return self.aggregate(node)
        function = FUNCTIONS.find(name)
        if function is None:
            known = nearest(name, [*AGGREGATES.all(), *FUNCTIONS.all()])
            raise self.error(
                "SQ201",
                f"unknown function `{name}`",
                node,
                number=46,
                hint=f"did you mean `{known}`?"
                if known
                else "mini-tb's table of functions does not have it; the ClickHouse engine runs it",
            )
        function = followed(function, self.scope.settings)
        if function.unsupported is not None:
            raise self.error(
                "SQ202",
                f"function `{name}` is not supported: {function.unsupported}",
                node,
                number=48,
                hint="the ClickHouse engine runs it",
            )
        if function.window_only and node.over is None:
            raise self.error("SQ205", f"`{name}` needs an OVER clause", node, number=63)
        if node.over is None:
            return self.apply(function, self.arguments(function, node), node)
        if not function.window_only:
            message = f"`{name}` is no aggregate or window function, and takes no OVER clause"
            raise self.error("SQ205", message, node, number=63)
        with self.inside(node):
            bound = self.apply(function, self.arguments(function, node), node)
            assert isinstance(bound, Call)
            return bind_window(bound, node, self)

    @contextmanager
    def inside(self, node: syntax.Call) -> Iterator[None]:
        """The arguments of an aggregate or window function: others can stand in them or not."""
        scope = self.scope
        is_window = node.over is not None
        self.refuse_aggregate(node.name, node, is_window=is_window)
        clause, scope.clause = scope.clause, IN_WINDOW if is_window else IN_AGGREGATE
        try:
            yield
        finally:
            scope.clause = clause

    def arguments(self, function: Function, node: syntax.Call) -> list[Expr]:
        """The bound arguments; lambdas after the others, whose types give their parameters."""
        nodes = list(node.args)
        is_lambda = [self.as_lambda(arg) for arg in nodes]
        if not any(is_lambda) or function.lambda_types is None:
            return self.values(nodes)
        others = [
            None if lam else self.argument(arg) for arg, lam in zip(nodes, is_lambda, strict=True)
        ]
        types = [other.type for other in others if other is not None]
        bound: list[Expr] = []
        for lam, other in zip(is_lambda, others, strict=True):
            if lam is None:
                assert other is not None
                bound.append(other)
            else:
                made = self.lambda_(lam, function.lambda_types(types, len(lam.params)))
                made.folds, made.predicate = function.folds, function.predicate
                if function.predicate and made.type != NOTHING:
                    check_condition(made.body)
                bound.append(made)
        return bound

    def values(self, nodes: list[syntax.Expression]) -> list[Expr]:
        """The bound arguments; a star is all the columns that it stands for."""
        bound: list[Expr] = []
        for node in nodes:
            if isinstance(node, syntax.Star):
                bound += [expr for _name, expr in expand_star(node, self)]
            else:
                bound.append(self.argument(node))
        return bound

    def argument(self, node: syntax.Expression) -> Expr:
        if isinstance(node, syntax.Lambda):
            raise self.error("SQ206", "a lambda is not expected here", node, number=43)
        return self.bind(node)

    def as_lambda(self, node: syntax.Expression) -> syntax.Lambda | None:
        """The lambda that an argument is: written there, an alias of one, or a function's name."""
        if isinstance(node, syntax.Lambda):
            return node
        if isinstance(node, syntax.Name) and len(node.parts) == 1:
            return self.user_lambda(node.parts[0])
        return None

    def user_lambda(self, name: str) -> syntax.Lambda | None:
        """`WITH x -> … AS name` of this SELECT or one further out."""
        scope: Scope | None = self.scope
        while scope is not None:
            found = scope.aliases.get(name)
            if isinstance(found, syntax.Lambda):
                return found
            scope = scope.parent
        return None

    def lambda_(self, node: syntax.Lambda, types: Sequence[DataType]) -> LambdaExpr:
        """A lambda whose parameters have these types."""
        if len(types) < len(node.params):
            raise self.error(
                "SQ206", f"the lambda takes {len(node.params)} parameters here", node, number=43
            )
        # Named by depth and place, so that the same lambda bound twice is the same expression.
        depth = len(self.scope.locals)
        params = tuple(
            Local(t, f"{name}_{depth}_{i}" if i else f"{name}_{depth}")
            for i, (name, t) in enumerate(zip(node.params, types, strict=False))
        )
        self.scope.locals.append(dict(zip(node.params, params, strict=True)))
        try:
            body = self.bind(node.body)
        finally:
            self.scope.locals.pop()
        return LambdaExpr(body.type, params, body)

    def inline(self, user: syntax.Lambda, node: syntax.Call) -> Expr:
        """A call of a named lambda: its body, with the arguments in place of its parameters."""
        if len(user.params) != len(node.args):
            raise self.error(
                "SQ203",
                f"`{node.name}` takes {len(user.params)} arguments, found {len(node.args)}",
                node,
                number=42,
            )
        args = [self.bounded(self.bind(arg), node.name, arg) for arg in node.args]
        self.scope.locals.append(dict(zip(user.params, args, strict=True)))
        try:
            return self.bounded(self.bind(user.body), node.name, node)
        finally:
            self.scope.locals.pop()

    def apply(self, function: Function | str, args: list[Expr], node: syntax.Node) -> Expr:
        """The call of a function on bound arguments; errors are placed at `node`."""
        try:
            return apply(function, args)
        except ArgumentError as error:
            name = function if isinstance(function, str) else function.name
            code = "SQ203" if error.code == 42 else "SQ204"
            raise self.error(code, f"`{name}`: {error.message}", node, number=error.code) from None

    def aggregate(self, node: syntax.Call) -> Expr:
        params = [constant(self.bind(param)) for param in node.params or []]
        with self.inside(node):
            args = self.values(node.args)
            try:
                bound = bind_aggregate(
                    node.name,
                    params,
                    args,
                    distinct=node.distinct,
                    respect_nulls=node.null_treatment == "RESPECT NULLS",
                    is_windowed=node.over is not None,
                    row=next((c.expr for r in self.scope.relations for c in r.columns), None),
                )
            except Unsupported as error:
                hint = "the ClickHouse engine runs it"
                raise self.error("SQ202", error.message, node, number=48, hint=hint) from None
            filter_ = None
            if node.filter is not None:
                filter_ = self.bind(node.filter)
                check_condition(filter_)
            expr = Aggregate(bound.type, bound, args, filter_)
            if node.over is not None:
                return bind_window(expr, node, self)
            return expr if node.distinct else moved_out(node.name, expr)

    def array_join(self, node: syntax.Call) -> Expr:
        if len(node.args) != 1:
            raise self.error("SQ203", "`arrayJoin` takes one array", node, number=42)
        array = self.bind(node.args[0])
        if array.type.is_map:
            array = self.apply("mapToArray", [array], node)
        if not array.type.is_array:
            raise self.error(
                "SQ204", f"`arrayJoin` takes an array, found `{array.type}`", node, number=53
            )
        for existing in self.scope.array_joins:
            if existing.array == array:
                return existing
        call = ArrayJoinCall(array.type.element, array, len(self.scope.array_joins))
        self.scope.array_joins.append(call)
        return call

    # Others ------------------------------------------------------------------------------

    def subquery(self, node: syntax.Subquery) -> Expr:
        """`(SELECT …)` as a value: without rows it is NULL, so the type is Nullable where it can
        be; several columns are a Tuple."""
        inner = self.scope.child()
        query = self.queries.query(node.query, inner)
        if inner.is_correlated and isinstance(query, BoundSelect) and query.group_by == []:
            query.is_keyed = True  # an aggregate of no rows is NULL here, not 0
        types = [column.type for column in query.columns]
        if len(types) == 1:
            is_plain = types[0].name != "LowCardinality"
            single = nullable(types[0].plain) if is_plain else types[0]
            return ScalarQuery(single, query, inner.is_correlated)
        names = tuple(column.name for column in query.columns)
        if len({name.lower() for name in names}) < len(names):
            names = ()
        return ScalarQuery(DataType("Tuple", tuple(types), (), names), query, inner.is_correlated)

    def star(self, node: syntax.Star) -> Expr:
        raise self.error("SQ207", "`*` is not expected here", node, number=36)

    def stray_lambda(self, node: syntax.Lambda) -> Expr:
        raise self.error("SQ206", "a lambda is not expected here", node, number=43)


_BINDERS: dict[type[syntax.Expression], Callable[[ExpressionBinder, Any], Expr]] = {
    syntax.Constant: ExpressionBinder.constant,
    syntax.Parameter: ExpressionBinder.parameter,
    syntax.Name: ExpressionBinder.name,
    syntax.Call: ExpressionBinder.call,
    syntax.Subquery: ExpressionBinder.subquery,
    syntax.Star: ExpressionBinder.star,
    syntax.Lambda: ExpressionBinder.stray_lambda,
}
