"""SETTINGS of a query: which of ClickHouse's change the answer here.

A setting that this engine honours is kept in the scope. One that would change the answer, and is
not done here, is refused unless it asks for what happens anyway. All others that ClickHouse has
(`settings.txt`) are about resources, formats and the like: they are let through. What is none of
ClickHouse's is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from mini_tb.diagnostics import nearest
from mini_tb.sql.errors import query_error
from mini_tb.sql.scope import Scope
from mini_tb.sql.syntax import Node

HONOURED = frozenset({"join_use_nulls", "final"})

FIXED: Mapping[str, Any] = {
    "aggregate_functions_null_for_empty": 0,
    "any_join_distinct_right_table_keys": 0,
    "cast_keep_nullable": 0,
    "data_type_default_nullable": 0,
    "decimal_check_overflow": 1,
    "enable_positional_arguments": 1,
    "enable_unaligned_array_join": 0,
    "except_default_mode": "ALL",
    "extremes": 0,
    "force_grouping_standard_compatibility": 1,
    "group_by_use_nulls": 0,
    "intersect_default_mode": "ALL",
    "join_default_strictness": "ALL",
    "limit": 0,
    "offset": 0,
    "prefer_column_name_to_alias": 0,
    "totals_mode": "after_having_exclusive",
    "transform_null_in": 0,
    "union_default_mode": "",
    "use_with_fill_by_sorting_prefix": 1,
}
"""Settings that change answers, with the value that they have here."""


@cache
def setting_names() -> frozenset[str]:
    """All settings of ClickHouse's."""
    path = Path(__file__).with_name("settings.txt")
    return frozenset(path.read_text(encoding="ascii").split())


def check_settings(settings: Mapping[str, Any], node: Node, scope: Scope) -> Mapping[str, Any]:
    """The settings that hold in a query: those around it, and its own.

    Raises `QueryError` for one that does not exist, or whose value is not done here.
    """
    for name, value in settings.items():
        if name not in setting_names():
            guess = nearest(name, setting_names())
            raise query_error(
                "SQ232",
                f"unknown setting `{name}`",
                scope.fragment,
                node.start,
                node.end,
                number=115,
                hint=f"did you mean `{guess}`?" if guess else None,
            )
        if name in FIXED and str(value).upper() != str(FIXED[name]).upper():
            raise query_error(
                "SQ225",
                f"setting `{name} = {value}` is not supported",
                scope.fragment,
                node.start,
                node.end,
                number=48,
                hint=f"here it is always `{FIXED[name]}`",
            )
    own = {name: value for name, value in settings.items() if name in HONOURED}
    return {**scope.settings, **own}
