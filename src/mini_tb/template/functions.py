"""The functions of the template language: one row of `FUNCTIONS` each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from functools import cached_property
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.template import evaluators
from mini_tb.template.evaluators import (
    CACHE_TTLS,
    DAY,
    FEATURES,
    SECOND,
    cast,
    date_difference,
    feature,
    python,
)


@dataclass(frozen=True)
class Function:
    """A row of the table. `parameter` says how its first argument declares a parameter:
    `typed` with the type of the function's name, `untyped` as plain text, or not at all (None)."""

    name: str
    group: str
    evaluate: Callable[..., Any]
    doc: str
    parameter: str | None = None

    @cached_property
    def signature(self) -> inspect.Signature:
        """The signature as templates see it."""
        signature = inspect.signature(self.evaluate)
        parameters = list(signature.parameters.values())[1:]
        return signature.replace(
            parameters=[p.replace(annotation=p.empty) for p in parameters],
            return_annotation=signature.empty,
        )

    def misfit(self, arguments: int, keywords: Collection[str]) -> tuple[str, str] | None:
        """The (kind, detail) of the error if a call with these arguments does not fit."""
        named = self.signature.parameters
        takes_any = any(p.kind is p.VAR_KEYWORD for p in named.values())
        unknown = next((k for k in keywords if not takes_any and k not in named), None)
        if unknown is not None:
            return "unknown_named_argument", f"`{self.name}()` has no argument `{unknown}`"
        try:
            self.signature.bind(*range(arguments), **dict.fromkeys(keywords))
        except TypeError as error:
            return "function_arity", f"`{self.name}()`: {error}"
        return None


_INTEGERS = tuple(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64, 128, 256))

_Row = tuple[str, Callable[..., Any], str]


def _rows(group: str, parameter: str | None, *rows: _Row) -> list[Function]:
    return [Function(name, group, evaluate, doc, parameter) for name, evaluate, doc in rows]


_TABLE = [
    *_rows(
        "Typed parameters",
        "typed",
        *((name, cast(name), f"A number, written as `to{name}('…')`.") for name in _INTEGERS),
        ("Float32", cast("Float32"), "A number, written as `toFloat32('…')`."),
        ("Float64", cast("Float64"), "A number, written as `toFloat64('…')`."),
        ("String", cast("String"), "Any text, quoted."),
        ("Date", cast("Date"), "`YYYY-MM-DD`, quoted."),
        ("DateTime", cast("DateTime"), "`YYYY-MM-DD hh:mm:ss` or `DD-MM-YYYY hh:mm:ss`, quoted."),
        ("DateTime64", cast("DateTime64"), "As `DateTime` with a fraction of seconds, quoted."),
        (
            "Boolean",
            evaluators.boolean,
            "1 or 0. Null, empty, `0` and `false` are 0, anything else is 1; missing is 0.",
        ),
        (
            "Array",
            evaluators.array,
            "A list, or text split at its commas; every element is checked as `type`.",
        ),
        (
            "JSON",
            evaluators.parse_json,
            "The parameter parsed as JSON: an object, a list or a plain value; missing is `{}`.",
        ),
    ),
    *_rows(
        "Other parameters",
        None,
        ("Int", evaluators.plain_integer, "As `Int32`, written bare."),
        ("Integer", evaluators.plain_integer, "As `Int32`, written bare."),
    ),
    *_rows(
        "Other parameters",
        "untyped",
        ("defined", evaluators.defined, "Whether a value was passed, even an empty one."),
    ),
    *_rows(
        "Identifiers",
        "untyped",
        ("column", evaluators.column, "A quoted column; dots separate its parts."),
        (
            "columns",
            evaluators.columns,
            "Comma-separated columns, each quoted; with `fn` each aggregated under its name.",
        ),
    ),
    *_rows(
        "Identifiers",
        None,
        ("symbol", evaluators.symbol, "One quoted identifier, dots kept inside."),
        ("table", evaluators.table, "The name of a data source or pipe."),
        ("TABLE", evaluators.table, "The same as `table`."),
    ),
    *_rows(
        "SQL",
        "untyped",
        (
            "sql_and",
            evaluators.sql_and,
            "`column=value` conditions joined by `and`; null ones are left out. A suffix chooses "
            "the operator: `__in`, `__not_in`, `__gt`, `__gte`, `__lt`, `__lte`.",
        ),
    ),
    *_rows(
        "SQL",
        None,
        (
            "sql_unescape",
            evaluators.sql_unescape,
            "Quoted text in which the substring `what` is not escaped, such as `%` for LIKE.",
        ),
    ),
    *_rows(
        "Lists and dates",
        "untyped",
        (
            "split_to_array",
            evaluators.split_to_array,
            "The text split at the separator, each piece trimmed.",
        ),
        (
            "enumerate_with_last",
            evaluators.enumerate_with_last,
            "Pairs of (is this the last, item).",
        ),
        ("day_diff", evaluators.day_diff(), "Whole days between two dates, never negative."),
        *(
            (
                f"date_diff_in_{unit}",
                date_difference(seconds, date_format),
                f"Whole {unit} between two dates, never negative.",
            )
            for unit, seconds, date_format in (
                ("days", 86_400, DAY),
                ("hours", 3_600, SECOND),
                ("minutes", 60, SECOND),
                ("seconds", 1, SECOND),
            )
        ),
    ),
    *_rows(
        "Errors",
        None,
        ("error", evaluators.error, "Ends the request with status 400 and the message."),
        (
            "custom_error",
            evaluators.custom_error,
            "Ends the request with the status; a dictionary becomes the JSON body.",
        ),
    ),
    *_rows(
        "Settings",
        None,
        ("max_threads", evaluators.max_threads, "Threads that the query may use."),
        ("cache_ttl", evaluators.cache_ttl, f"Keeps the result: {', '.join(CACHE_TTLS)}."),
        ("backend_hint", evaluators.backend_hint, "Prefers one replica; null clears it."),
        ("activate", feature("activate"), f"Switches on: {', '.join(FEATURES['activate'])}."),
        ("disable", feature("disable"), f"Switches off: {', '.join(FEATURES['disable'])}."),
    ),
    *_rows(
        "Secrets",
        None,
        (
            "tb_secret",
            evaluators.tb_secret,
            "A secret of the workspace as a bound parameter, else the default.",
        ),
        ("tb_var", evaluators.tb_secret, "The same as `tb_secret`."),
    ),
    *_rows(
        "Python",
        None,
        ("len", python(len), "Length of a list or text."),
        ("list", python(list), "A list of the items."),
        ("min", python(min), "The least."),
        ("max", python(max), "The greatest."),
        ("int", python(int), "A whole number, written bare."),
        ("float", python(float), "A floating-point number, written bare."),
    ),
]

# Arguments of typed parameters that change nothing but their documentation.
DOCUMENTATION = ("description", "required", "example", "format", "enum")

FUNCTIONS: dict[str, Function] = {row.name: row for row in _TABLE}

# Names that statements have, beside the table's, for the same functions.
STATEMENT_ALIASES = {"Symbol": FUNCTIONS["symbol"], "Column": FUNCTIONS["symbol"]}
