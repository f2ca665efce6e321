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
from typing import TYPE_CHECKING, Any

from mini_tb.diagnostics import nearest
from mini_tb.sql.errors import query_error
from mini_tb.sql.scope import Scope
from mini_tb.sql.syntax import Node

if TYPE_CHECKING:
    from mini_tb.sql.functions.function import Function

HONOURED = frozenset(
    {
        "final",
        "function_json_value_return_type_allow_complex",
        "function_json_value_return_type_allow_nullable",
        "join_use_nulls",
    }
)

FIXED: Mapping[str, Any] = {
    "additional_result_filter": "",
    "additional_table_filters": "{}",
    "aggregate_functions_null_for_empty": 0,
    "any_join_distinct_right_table_keys": 0,
    "asterisk_include_alias_columns": 0,
    "asterisk_include_materialized_columns": 0,
    "bool_false_representation": "false",
    "bool_true_representation": "true",
    "cast_ipv4_ipv6_default_on_conversion_error": 0,
    "cast_keep_nullable": 0,
    "cast_string_to_date_time_mode": "best_effort",
    "count_distinct_implementation": "uniqExact",
    "count_matches_stop_at_empty_match": 0,
    "data_type_default_nullable": 0,
    "date_time_64_output_format_cut_trailing_zeros_align_to_groups_of_thousands": 0,
    "date_time_output_format": "simple",
    "date_time_overflow_behavior": "ignore",
    "decimal_check_overflow": 1,
    "dialect": "clickhouse",
    "empty_result_for_aggregation_by_constant_keys_on_empty_set": 1,
    "empty_result_for_aggregation_by_empty_set": 0,
    "enable_extended_results_for_datetime_functions": 0,
    "enable_named_columns_in_function_tuple": 0,
    "enable_positional_arguments": 1,
    "enable_unaligned_array_join": 0,
    "except_default_mode": "ALL",
    "extremes": 0,
    "force_grouping_standard_compatibility": 1,
    "format_csv_delimiter": ",",
    "format_csv_null_representation": "\\N",
    "format_tsv_null_representation": "\\N",
    "formatdatetime_e_with_space_padding": 0,
    "formatdatetime_f_prints_scale_number_of_digits": 0,
    "formatdatetime_f_prints_single_zero": 0,
    "formatdatetime_format_without_leading_zeros": 0,
    "formatdatetime_parsedatetime_m_is_month_name": 1,
    "function_date_trunc_return_type_behavior": 0,
    "function_locate_has_mysql_compatible_argument_order": 1,
    "function_visible_width_behavior": 1,
    "functions_h3_default_if_invalid": 0,
    "geo_distance_returns_float64_on_float64_arguments": 1,
    "geotoh3_argument_order": "lat_lon",
    "group_by_use_nulls": 0,
    "h3togeo_lon_lat_result_order": 0,
    "inject_random_order_for_select_without_order_by": 0,
    "intersect_default_mode": "ALL",
    "interval_output_format": "numeric",
    "join_any_take_last_row": 0,
    "join_default_strictness": "ALL",
    "least_greatest_legacy_null_behavior": 0,
    "legacy_column_name_of_tuple_literal": 0,
    "limit": 0,
    "offset": 0,
    "output_format_always_write_decimal_point_in_float_and_decimal": 0,
    "output_format_csv_crlf_end_of_line": 0,
    "output_format_decimal_trailing_zeros": 0,
    "output_format_float_precision": 0,
    "output_format_json_array_of_rows": 0,
    "output_format_json_escape_forward_slashes": 1,
    "output_format_json_map_as_array_of_tuples": 0,
    "output_format_json_named_tuples_as_objects": 1,
    "output_format_json_quote_64bit_floats": 0,
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_decimals": 0,
    "output_format_json_quote_denormals": 0,
    "output_format_json_skip_null_value_in_named_tuples": 0,
    "output_format_trim_fixed_string": 0,
    "output_format_tsv_crlf_end_of_line": 0,
    "parsedatetime_e_requires_space_padding": 0,
    "parsedatetime_parse_without_leading_zeros": 1,
    "prefer_column_name_to_alias": 0,
    "session_timezone": "UTC",
    "splitby_max_substrings_includes_remaining_string": 0,
    "totals_mode": "after_having_exclusive",
    "transform_null_in": 0,
    "use_legacy_to_time": 0,
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
        if name in FIXED and _plain(value) != _plain(FIXED[name]):
            raise query_error(
                "SQ225",
                f"setting `{name} = {value}` is not supported",
                scope.fragment,
                node.start,
                node.end,
                number=48,
                hint=f"here it is always `{FIXED[name]}`",
            )
    own = {name: _plain(value) != "0" for name, value in settings.items() if name in HONOURED}
    return {**scope.settings, **own}


def _plain(value: Any) -> str:
    """A value as text that compares: `true` is 1."""
    found = str(value).upper()
    return {"TRUE": "1", "FALSE": "0"}.get(found, found)


def followed(function: Function, settings: Mapping[str, Any]) -> Function:
    """The function as the settings of a query make it."""
    if function.name != "JSON_VALUE" or not settings:
        return function
    from mini_tb.sql.functions.json import json_value

    prefix = "function_json_value_return_type_allow_"
    return json_value(
        is_nullable=bool(settings.get(f"{prefix}nullable")),
        takes_all=bool(settings.get(f"{prefix}complex")),
    )
