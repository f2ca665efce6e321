"""Table functions: `numbers(n)`, `values(…)`, … and the tables of `system` that are like them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import nearest
from mini_tb.sql import syntax
from mini_tb.sql.bind_expression import ExpressionBinder
from mini_tb.sql.constancy import is_constant
from mini_tb.sql.errors import QueryError, query_error
from mini_tb.sql.functions.conditional import supertype
from mini_tb.sql.functions.constants import zero
from mini_tb.sql.functions.convert import IN_LIST, convert
from mini_tb.sql.functions.function import ArgumentError, constant, integer, text
from mini_tb.sql.generate_random import random_values
from mini_tb.sql.inline_data import Row, guess_columns, read_rows, value_of
from mini_tb.sql.scope import Scope
from mini_tb.sql.tree import (
    Call,
    Column,
    Const,
    Expr,
    FunctionRelation,
    Relation,
    RelationColumn,
    ValuesRelation,
    contains,
)
from mini_tb.sql.tree import ScalarQuery as _ScalarQuery
from mini_tb.types import INT64, STRING, UINT8, UINT64, DataType, parse_type

if TYPE_CHECKING:
    from mini_tb.sql.bind_query import QueryBinder

_OTHER_SYSTEMS = """
    arrowFlight arrowstream azureBlobStorage azureBlobStorageCluster bigquery cluster
    clusterAllReplicas cosn deltaLake deltaLakeAzure deltaLakeAzureCluster deltaLakeCluster
    deltaLakeLocal deltaLakeS3 deltaLakeS3Cluster gcs hdfs hdfsCluster hudi hudiCluster iceberg
    icebergAzure icebergAzureCluster icebergCluster icebergHDFS icebergHDFSCluster icebergLocal
    icebergLocalCluster icebergS3 icebergS3Cluster jdbc mongodb mysql odbc oss paimon paimonAzure
    paimonAzureCluster paimonCluster paimonHDFS paimonHDFSCluster paimonLocal paimonS3
    paimonS3Cluster postgresql redis remote remoteSecure s3 s3Cluster sqlite url urlCluster ytsaurus
"""
_FILES = "executable file fileCluster filesystem fuzzJSON fuzzQuery input python"
_PROMETHEUS = """
    prometheusQuery prometheusQueryRange timeSeriesData timeSeriesMetricFamilies timeSeriesMetrics
    timeSeriesSamples timeSeriesSelector timeSeriesTags
"""
_ABSENT = """
    dictionary eval loop merge mergeTreeAnalyzeIndexes mergeTreeAnalyzeIndexesUUID
    mergeTreeCodecBlockCounts mergeTreeIndex mergeTreeProjection mergeTreeTextIndex primes
    SQLStandardValues view viewExplain viewIfPermitted
"""
REFUSED: Mapping[str, str] = {
    name: reason
    for names, reason in (
        (_OTHER_SYSTEMS, "queries read no other systems"),
        (_FILES, "queries read no files and run no programs"),
        (_PROMETHEUS, "it reads Prometheus' time series"),
        (_ABSENT, "this engine does not have it"),
    )
    for name in names.split()
}
"""Table functions of ClickHouse that do not run here, and why."""


def bind_table_function(item: syntax.TableFunction, scope: Scope, queries: QueryBinder) -> Relation:
    """The relation of a table function in FROM. Raises `QueryError`."""
    make = _FUNCTIONS.get(item.name) or _FUNCTIONS.get(item.name.lower())
    if make is None:
        raise _unknown(item, scope)
    call = _Call(item, scope, queries, ExpressionBinder(scope, queries), queries.fresh("t"))
    try:
        return make(call)
    except ArgumentError as error:
        raise call.error(error.message, item, number=error.code) from None


def system_table(item: syntax.TableName, scope: Scope, queries: QueryBinder) -> Relation | None:
    """`system.one`, `system.numbers`, … ; None for any other name."""
    if len(item.parts) != 2 or item.parts[0] != "system" or item.parts[1] not in _SYSTEM:
        return None
    make = _SYSTEM[item.parts[1]]
    function = syntax.TableFunction(item.start, item.end, item.parts[1], [], item.alias)
    call = _Call(function, scope, queries, ExpressionBinder(scope, queries), queries.fresh("t"))
    return make(call, item.parts[1], ".".join(item.parts))


@dataclass(slots=True)
class _Call:
    """A table function as called: what makes its relation."""

    item: syntax.TableFunction
    scope: Scope
    queries: QueryBinder
    binder: ExpressionBinder
    alias: str

    def error(self, message: str, node: syntax.Node, number: int = 36) -> QueryError:
        return query_error(
            "SQ231",
            f"table function `{self.item.name}`: {message}",
            self.scope.fragment,
            node.start,
            node.end,
            number=number,
        )

    def count(self, *, least: int, most: int) -> None:
        """Check how many arguments there are."""
        found = len(self.item.args)
        if not least <= found <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise self.error(f"takes {wanted} arguments, found {found}", self.item, 42)

    def bound(self) -> list[Expr]:
        """The arguments, bound."""
        args: list[Expr] = []
        for arg in self.item.args:
            if not isinstance(arg, syntax.Expression):
                raise self.error("takes no query", arg)
            args.append(self.binder.bind(arg))
        return args

    def unsigned(self) -> list[Expr]:
        """The arguments as constant whole numbers that are not negative."""
        args = []
        for node, arg in zip(self.item.args, self.bound(), strict=True):
            is_known = is_constant(arg) or contains(arg, _ScalarQuery)
            if not arg.type.is_number or not is_known or contains(arg, Column):
                raise self.error(f"expected a constant number, found `{arg.type}`", node, 43)
            if isinstance(arg, Const) and (arg.value < 0 or arg.value != int(arg.value)):
                raise self.error(f"{arg.value} is not a UInt64", node, 43)
            if isinstance(arg, Call) and arg.function.name == "negate":
                raise self.error("a number below zero is not a UInt64", node, 43)
            args.append(convert(arg, INT64))
        return args

    def relation(
        self, columns: list[tuple[str, DataType]], template: str, args: list[Expr], *names: str
    ) -> FunctionRelation:
        """A relation of DuckDB text whose columns are called as these are."""
        offered = [RelationColumn(name, Column(t, self.alias, name)) for name, t in columns]
        alias = self.item.alias
        return FunctionRelation(self.alias, (alias,) if alias else names, offered, template, args)


def _unknown(item: syntax.TableFunction, scope: Scope) -> QueryError:
    reason = REFUSED.get(item.name)
    if reason is not None:
        message, hint = f"table function `{item.name}` is not supported: {reason}", None
    else:
        known = nearest(item.name, _FUNCTIONS)
        message = f"unknown table function `{item.name}`"
        hint = f"did you mean `{known}`?" if known else None
    return query_error("SQ230", message, scope.fragment, item.start, item.end, number=46, hint=hint)


# Series --------------------------------------------------------------------------------------

ENDLESS = "9223372036854775807"


def _numbers(call: _Call) -> Relation:
    """`numbers()`, `numbers(count)`, `numbers(start, count[, step])`."""
    call.count(least=0, most=3)
    args = call.unsigned()
    columns = [("number", UINT64)]
    if not args:
        return call.relation(columns, _range("0", ENDLESS, "1", "number"), [])
    if len(args) == 1:
        series = _series(args, "0", "{0}")
    elif len(args) == 2:
        series = _series(args, "{0}", "{0} + {1}")
    else:
        series = _series(args, "{0}", "{0} + {1}", "{2}")
    return call.relation(columns, series.format(name="number"), args)


def _series(args: list[Expr], start: str, end: str, step: str = "1") -> str:
    """DuckDB text of the numbers in [start, end); `{name}` is left to be filled in."""
    if any(contains(arg, _ScalarQuery) for arg in args):
        # DuckDB's table functions take no subqueries.
        text = f"SELECT CAST(unnest(range({start}, {end}, {step})) AS UBIGINT) AS {{name}}"
    else:
        text = _range(start, end, step, "{name}")
    return text.replace("{0}", "{{0}}").replace("{1}", "{{1}}").replace("{2}", "{{2}}")


def bound_series(source: Relation | None, where: Expr | None) -> None:
    """End a series without an end where a condition does: `number < 10`."""
    if not isinstance(source, FunctionRelation) or ENDLESS not in source.template or where is None:
        return
    for condition in _conditions(where):
        limits = _limits(condition, source.columns[0].expr)
        if limits:
            first = len(source.args)
            listed = ", ".join(f"CAST({{{first + i}}} AS BIGINT)" for i in range(len(limits)))
            last = f"greatest({listed})" if len(limits) > 1 else listed
            source.template = source.template.replace(ENDLESS, f"{last} + 1")
            source.args += limits
            return


def _conditions(where: Expr) -> list[Expr]:
    """The parts of a condition that all have to hold."""
    if not isinstance(where, Call) or where.function.name != "and":
        return [where]
    return [part for arg in where.args for part in _conditions(arg)]


def _limits(condition: Expr, column: Expr) -> list[Expr]:
    """The integers, constants, of which none is below a column if a condition holds."""
    if not isinstance(condition, Call) or len(condition.args) < 2:
        return []
    name, (left, *rest) = condition.function.name, condition.args
    if name in ("greater", "greaterOrEquals"):
        left, rest = rest[0], [left]
    elif name not in ("less", "lessOrEquals", "equals") and condition.function is not IN_LIST:
        return []
    is_known = all(is_constant(value) and value.type.is_integer for value in rest)
    return rest if left == column and is_known else []


def _range(start: str, end: str, step: str, name: str, value: str = "range") -> str:
    return f"SELECT CAST({value} AS UBIGINT) AS {name} FROM range({start}, {end}, {step})"


def _generate_series(call: _Call) -> Relation:
    """`generateSeries(first, last[, step])`, the last included."""
    call.count(least=2, most=3)
    args = call.unsigned()
    series = _series(args, "{0}", "{1} + 1", "{2}" if len(args) == 3 else "1")
    name = "generate_series"
    return call.relation([(name, UINT64)], series.format(name=name), args)


def _zeros(call: _Call) -> Relation:
    """`zeros(count)`."""
    call.count(least=0, most=1)
    args = call.unsigned()
    end = "{0}" if args else ENDLESS
    template = f"SELECT CAST(0 AS UTINYINT) AS zero FROM range(0, {end})"
    return call.relation([("zero", UINT8)], template, args)


# Rows ----------------------------------------------------------------------------------------


def _structure(description: str, call: _Call) -> list[tuple[str, DataType]]:
    """The columns of `'a UInt8, b String'`."""
    made = parse_type(f"Tuple({description})")
    if not made.names:
        raise call.error("expected `'name Type, …'`", call.item)
    return list(zip(made.names, made.types, strict=True))


def _values(call: _Call) -> Relation:
    """`values(['structure',] row, …)`: a row is a tuple, or the value of its only column."""
    nodes = [arg for arg in call.item.args if isinstance(arg, syntax.Expression)]
    if not nodes or len(nodes) < len(call.item.args):
        raise call.error("takes rows", call.item, 42)
    columns: list[tuple[str, DataType]] | None = None
    first = nodes[0]
    is_structure = isinstance(first, syntax.Constant) and isinstance(first.value, str)
    if is_structure and (len(nodes) > 1 or " " in str(getattr(first, "value", ""))):
        columns = _structure(text(call.binder.bind(first)), call)
        nodes = nodes[1:]
    rows = [_row(node, call, columns) for node in nodes]
    width = len(columns) if columns is not None else len(rows[0])
    for node, row in zip(nodes, rows, strict=True):
        if len(row) != width:
            raise call.error(f"a row of {len(row)} values among rows of {width}", node)
    if columns is None:
        columns = [(f"c{i + 1}", supertype([row[i].type for row in rows])) for i in range(width)]
    for i, name in enumerate(call.item.columns[:width]):
        columns[i] = (name, columns[i][1])
    types = [t for _name, t in columns]
    made = [[convert(cell, t) for cell, t in zip(row, types, strict=True)] for row in rows]
    offered = [
        RelationColumn(name, Column(t, call.alias, f"c{i}")) for i, (name, t) in enumerate(columns)
    ]
    names = (call.item.alias,) if call.item.alias else ()
    return ValuesRelation(call.alias, names, offered, types, made)


def _row(
    node: syntax.Expression, call: _Call, columns: list[tuple[str, DataType]] | None
) -> list[Expr]:
    """The values of a row."""
    is_tuple = isinstance(node, syntax.Call) and node.name == "tuple"
    if is_tuple and (columns is None or len(columns) > 1):
        assert isinstance(node, syntax.Call)
        return [call.binder.bind(arg) for arg in node.args]
    return [call.binder.bind(node)]


def _format(call: _Call) -> Relation:
    """`format(name[, 'structure'], 'data')`."""
    call.count(least=2, most=3)
    first = call.item.args[0]
    name = first.parts[-1] if isinstance(first, syntax.Name) else None
    args = [
        call.binder.bind(arg)
        for arg in call.item.args[0 if name is None else 1 :]
        if isinstance(arg, syntax.Expression)
    ]
    if name is None:
        name = text(args.pop(0))
    columns = _structure(text(args[0]), call) if len(args) == 2 else None
    names = None if columns is None else [column for column, _type in columns]
    rows = read_rows(name, text(args[-1]), names)
    if columns is None:
        columns = guess_columns(rows)
    types = [t for _name, t in columns]
    made = [[_given(row, column, t) for column, t in columns] for row in rows]
    offered = [
        RelationColumn(column, Column(t, call.alias, f"c{i}"))
        for i, (column, t) in enumerate(columns)
    ]
    aliases = (call.item.alias,) if call.item.alias else ()
    return ValuesRelation(call.alias, aliases, offered, types, made)


def _given(row: Row, column: str, t: DataType) -> Expr:
    """The value of a column in a row; the default where it is missing, or NULL cannot be."""
    value = row.get(column)
    if value is None and not t.is_nullable:
        return Const(t, zero(t))
    return value_of(value, t)


def _null(call: _Call) -> Relation:
    """`null('structure')`: no rows."""
    call.count(least=1, most=1)
    columns = _structure(text(call.bound()[0]), call)
    offered = [
        RelationColumn(name, Column(t, call.alias, f"c{i}")) for i, (name, t) in enumerate(columns)
    ]
    names = (call.item.alias,) if call.item.alias else ()
    return ValuesRelation(call.alias, names, offered, [t for _name, t in columns], [])


def _generate_random(call: _Call) -> Relation:
    """`generateRandom('structure'[, seed[, max string length[, max array length]]])`, endless."""
    call.count(least=1, most=4)
    args = call.bound()
    columns = _structure(text(args[0]), call)
    seed = None if len(args) < 2 or constant(args[1]) is None else integer(args[1])
    lengths = [integer(arg) for arg in args[2:]]
    string, array = [*lengths, *(10, 10)[len(lengths) :]]
    template = random_values(columns, seed, string, array)
    return call.relation(columns, template, [])


_FUNCTIONS: dict[str, Callable[[_Call], Relation]] = {
    "numbers": _numbers,
    "numbers_mt": _numbers,
    "generate_series": _generate_series,
    "generateSeries": _generate_series,
    "zeros": _zeros,
    "zeros_mt": _zeros,
    "values": _values,
    "null": _null,
    "generateRandom": _generate_random,
    "format": _format,
}
SUPPORTED = tuple(_FUNCTIONS)
"""The names of the table functions that run."""


def _system_numbers(call: _Call, *names: str) -> Relation:
    template = _range("0", ENDLESS, "1", "number")
    return call.relation([("number", UINT64)], template, [], *names)


def _system_zeros(call: _Call, *names: str) -> Relation:
    template = f"SELECT CAST(0 AS UTINYINT) AS zero FROM range(0, {ENDLESS})"
    return call.relation([("zero", UINT8)], template, [], *names)


def _system_one(call: _Call, *names: str) -> Relation:
    return call.relation([("dummy", UINT8)], "SELECT CAST(0 AS UTINYINT) AS dummy", [], *names)


def _system_time_zones(call: _Call, *names: str) -> Relation:
    from zoneinfo import available_timezones

    listed = ", ".join(f"'{zone}'" for zone in sorted(available_timezones()))
    template = f"SELECT unnest([{listed}]) AS time_zone"
    return call.relation([("time_zone", STRING)], template, [], *names)


_SYSTEM: dict[str, Callable[..., Relation]] = {
    "one": _system_one,
    "numbers": _system_numbers,
    "numbers_mt": _system_numbers,
    "time_zones": _system_time_zones,
    "zeros": _system_zeros,
    "zeros_mt": _system_zeros,
}
