"""What stands in FROM as DuckDB's text: each relation under its own alias.

What `unnest` gives stands in a SELECT around its source, under the source's alias. In a LATERAL
beside it, DuckDB would take no condition through to the source, and one of an element would make a
join of the two that loses the order of rows; this is left where the source is a join.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mini_tb.sql import tree
from mini_tb.sql.functions.carrier import carrier
from mini_tb.sql.functions.convert_number import failure, without_effects
from mini_tb.sql.functions.logic import truth
from mini_tb.types import to_duckdb
from mini_tb.types.duckdb import quote_identifier

if TYPE_CHECKING:
    from mini_tb.sql.duckdb.lower import Lowering


def lower_relation(low: Lowering, relation: tree.Relation) -> str:
    """DuckDB text of something in FROM, with its alias."""
    return _RELATIONS[type(relation)](low, relation)


def _table(low: Lowering, relation: tree.TableRelation) -> str:
    if relation.sample is None:
        return f"{relation.text} AS {relation.alias}"
    condition = truth(relation.sample, low.expr(relation.sample))
    alias = relation.alias
    return f"(SELECT * FROM {relation.text} AS {alias} WHERE {condition}) AS {alias}"


def _query(low: Lowering, relation: tree.QueryRelation) -> str:
    shared = relation.shared
    if shared is None or (shared.uses < 2 and not shared.is_recursive):
        return f"({low.query(relation.query)}) AS {relation.alias}"
    low.share(shared)
    return f"{shared.name} AS {relation.alias}"


def _function(low: Lowering, relation: tree.FunctionRelation) -> str:
    text = relation.template.format(*(low.expr(arg) for arg in relation.args))
    return f"({text}) AS {relation.alias}"


def _values(low: Lowering, relation: tree.ValuesRelation) -> str:
    names = [f"c{i}" for i in range(len(relation.types))]
    if not relation.rows:
        items = ", ".join(
            f"CAST(NULL AS {to_duckdb(t)}) AS {name}"
            for name, t in zip(names, relation.types, strict=True)
        )
        return f"(SELECT {items} WHERE FALSE) AS {relation.alias}"
    rows = ", ".join(f"({', '.join(map(low.expr, row))})" for row in relation.rows)
    return f"(VALUES {rows}) AS {relation.alias}({', '.join(names)})"


def _join(low: Lowering, relation: tree.JoinRelation) -> str:
    kind, strictness = relation.kind, relation.strictness
    if kind == "PASTE":
        return _paste(low, relation)
    left, right = lower_relation(low, relation.left), _right(low, relation.right)
    if kind == "CROSS" or (relation.on is None and kind == "INNER"):
        return f"{left} CROSS JOIN {right}"
    on = "TRUE" if relation.on is None else low.filter(relation.on)
    if strictness == "ASOF":
        return f"{left} ASOF {kind} JOIN {right} ON {on}"
    if strictness in ("ANY", "SEMI", "ANTI"):
        return _strict_join(low, relation, on)
    return f"{left} {kind} JOIN {right} ON {on}"


def _right(low: Lowering, relation: tree.Relation) -> str:
    """The right side of a join; a join there needs parentheses."""
    text = lower_relation(low, relation)
    return f"({text})" if len(aliases(relation)) > 1 else text


def _strict_join(low: Lowering, relation: tree.JoinRelation, on: str) -> str:
    """ANY, SEMI and ANTI: the other side has one row a key, the first one."""
    kind, strictness = relation.kind, relation.strictness
    if strictness == "ANTI":
        kept, other = relation.left, relation.right
        if kind == "RIGHT":
            kept, other = other, kept
        return f"{lower_relation(low, kept)} ANTI JOIN {_right(low, other)} ON {on}"
    left, right = lower_relation(low, relation.left), _right(low, relation.right)
    if relation.is_each:
        alias, join = _own(relation.right), "INNER" if strictness == "SEMI" else kind
        first = f"SELECT {alias}.* FROM {right} WHERE {on} LIMIT 1"
        return f"{left} {join} JOIN LATERAL ({first}) AS {alias} ON TRUE"
    if kind in ("LEFT", "INNER"):
        keys, filters = relation.right_keys, relation.right_filters
        right = _first_of_key(low, relation.right, keys, filters)
    if kind in ("RIGHT", "INNER"):
        left = _first_of_key(low, relation.left, relation.left_keys, relation.left_filters)
    return f"{left} {'INNER' if strictness == 'SEMI' else kind} JOIN {right} ON {on}"


def _first_of_key(
    low: Lowering, relation: tree.Relation, keys: list[tree.Expr], filters: list[tree.Expr]
) -> str:
    """The relation under its own alias, with the first row of each key that passes the filters."""
    partition = ", ".join(low.expr(key) for key in keys)
    over = f"PARTITION BY {without_effects(partition)}" if partition else ""
    source = lower_relation(low, relation)
    where = " AND ".join(low.filter(condition) for condition in filters)
    if where:
        source += f" WHERE {where}"
    alias = _own(relation)
    return f"(SELECT {alias}.* FROM {source} QUALIFY row_number() OVER ({over}) = 1) AS {alias}"


def _paste(low: Lowering, relation: tree.JoinRelation) -> str:
    """Row by row, as far as both sides go."""
    sides = [lower_relation(low, side) for side in (relation.left, relation.right)]
    left, right = _own(relation.left), _own(relation.right)
    numbered = [
        f"(SELECT {alias}.*, row_number() OVER () AS _paste FROM {side}) AS {alias}"
        for alias, side in ((left, sides[0]), (right, sides[1]))
    ]
    return f"{numbered[0]} INNER JOIN {numbered[1]} ON {left}._paste = {right}._paste"


def _array_join(low: Lowering, relation: tree.ArrayJoinRelation) -> str:
    source = lower_relation(low, relation.source)
    around = aliases(relation.source)
    if len(around) == 1:
        low.homes[relation.alias] = around[0]
    items = []
    first = ""
    for i, (_name, array) in enumerate(relation.arrays):
        text = low.expr(array)
        cases = []
        if first:
            message = "Sizes of ARRAY-JOIN-ed arrays do not match"
            cases.append(f"WHEN len({text}) <> len({first}) THEN {failure(190, message)}")
        if relation.left:
            # One row for an empty array; the column's default takes the place of NULL.
            cases.append(f"WHEN len({text}) = 0 THEN CAST([NULL] AS {_storage(array)})")
        first = first or text
        if cases:
            text = f"CASE {' '.join(cases)} ELSE {text} END"
        name = f"e{i}" if len(around) > 1 else element_name(relation.alias, f"e{i}")
        items.append(f"unnest({text}) AS {name}")
    if len(around) > 1:
        return f"{source}, LATERAL (SELECT {', '.join(items)}) AS {relation.alias}"
    return f"(SELECT {around[0]}.*, {', '.join(items)} FROM {source}) AS {around[0]}"


def _storage(array: tree.Expr) -> str:
    return to_duckdb(carrier(array.type))


def element_name(alias: str, name: str) -> str:
    """The column in which a relation's source has what is that relation's column."""
    return quote_identifier(f"{alias} {name}")


def unnested(
    low: Lowering, sources: Sequence[str], around: list[str], calls: Sequence[tree.ArrayJoinCall]
) -> tuple[list[str], list[str]]:
    """FROM's items and their aliases with the elements of `arrayJoin(…)`s."""
    sources, around = list(sources), list(around)
    for call in calls:
        slot, item = f"aj{call.slot}", f"unnest({low.expr(call.array)})"
        if len(sources) == len(around) == 1:
            home, name = around[0], element_name(slot, "v")
            sources = [f"(SELECT {home}.*, {item} AS {name} FROM {sources[0]}) AS {home}"]
            low.substitutes.append((call, f"{home}.{name}"))
        else:
            sources.append(f"LATERAL (SELECT {item} AS v) AS {slot}")
            around.append(slot)
            low.substitutes.append((call, f"{slot}.v"))
    return sources, around


def gathered(
    around: Sequence[str], inside: str, names: Sequence[str], values: Sequence[str]
) -> str:
    """FROM (and WHERE) as one relation, with values of each row beside its columns: `names` mean
    them. What columns there were are still read by the aliases that they had, `around`."""
    items = ", ".join(f"{value} AS {name}" for name, value in zip(names, values, strict=True))
    if len(around) == 1:
        return f"(SELECT *, {items} {inside}) AS {around[0]}"
    rows = "".join(f"struct_pack(*COLUMNS({alias}.*)) AS {alias}, " for alias in around)
    return f"(SELECT {rows}{items} {inside}) AS {names[0]}_row"


def aliases(relation: tree.Relation | None) -> list[str]:
    """The aliases in FROM's text, from left to right."""
    if relation is None:
        return []
    if isinstance(relation, tree.JoinRelation):
        return [*aliases(relation.left), *aliases(relation.right)]
    if isinstance(relation, tree.ArrayJoinRelation):
        around = aliases(relation.source)
        return around if len(around) == 1 else [*around, relation.alias]
    return [relation.alias]


def _own(relation: tree.Relation) -> str:
    """The alias by which all columns of a relation are read, if there is one."""
    around = aliases(relation)
    return around[0] if len(around) == 1 else relation.alias


_RELATIONS: dict[type[tree.Relation], Callable[[Lowering, Any], str]] = {
    tree.TableRelation: _table,
    tree.QueryRelation: _query,
    tree.FunctionRelation: _function,
    tree.ValuesRelation: _values,
    tree.JoinRelation: _join,
    tree.ArrayJoinRelation: _array_join,
}
