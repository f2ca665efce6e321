"""What the functions of the template language do, one evaluator each; `functions` is their table.

An evaluator gets the `Rendering` it is called in and the call's arguments. Its Python signature is
the function's: a call that does not fit it is an error of the template. Results are plain Python
values, or `Sql` where the function writes SQL itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.template import casts
from mini_tb.template.errors import TemplateError
from mini_tb.template.values import (
    Part,
    Placeholder,
    Sql,
    TypedFloat,
    TypedInt,
    alias,
    array_value,
    dotted,
    identifier,
    literal_value,
    number_value,
    quote,
    sql_parts,
    string_value,
    table_name,
)


@dataclass(slots=True)
class Rendering:
    """What functions may see and change of one rendering.

    `secrets` are the names that exist; a mapping to their values writes the values themselves (in
    datafiles). `required` lists the parameters that have neither value nor default. `settings` and
    `query_params` (secret → ClickHouse type) are filled by the functions that are called.
    `tells_time`: it depends on when it is.
    """

    check: bool
    secrets: Collection[str]
    required: Callable[[], list[str]]
    settings: dict[str, Any] = field(default_factory=dict)
    query_params: dict[str, str] = field(default_factory=dict)
    tells_time: bool = False

    @property
    def secret_values(self) -> Mapping[str, str] | None:
        """The values to write for secrets; None where a secret is a bound parameter."""
        return self.secrets if isinstance(self.secrets, Mapping) else None


# --- parameters ----------------------------------------------------------------------------------


def _given(run: Rendering, value: Any, default: Any, defined: Any, stand_in: Any) -> Any:
    """The value of a parameter, its default, or None where it may stay undefined."""
    if isinstance(value, Placeholder):
        return stand_in if default is None else default
    if value is not None:
        return value
    if default is not None:
        return default
    if defined is False:
        return None
    names = ", ".join(f"`{name}`" for name in run.required())
    detail = "Required parameter is not defined"
    raise TemplateError("required_missing", f"{detail}: {names}" if names else detail)


def cast(type_name: str) -> Callable[..., Any]:
    """The evaluator of a typed parameter. The last five arguments are documentation only."""

    validate, stand_in = casts.validate, casts.STAND_INS[type_name]

    def evaluate(
        run: Rendering,
        name: Any,
        default: Any = None,
        defined: Any = True,
        required: Any = None,
        description: Any = None,
        enum: Any = None,
        example: Any = None,
        format: Any = None,
    ) -> Any:
        if isinstance(name, Sql) and type_name == "String" and "{" in name:
            return name  # a secret stays a bound parameter
        value = _given(run, name, default, defined, stand_in)
        return None if value is None else validate(type_name, value)

    return evaluate


def plain_integer(
    run: Rendering,
    name: Any,
    default: Any = None,
    defined: Any = True,
    required: Any = None,
    description: Any = None,
    enum: Any = None,
    example: Any = None,
    format: Any = None,
) -> Any:
    """An Int32 that is written bare."""
    value = _given(run, name, default, defined, "0")
    return None if value is None else int(casts.validate("Int32", value))


def boolean(run: Rendering, name: Any, default: Any = None) -> int:
    """1 or 0; a missing parameter is its default, or 0."""
    missing = name is None or isinstance(name, Placeholder)
    return casts.boolean(default if missing else name)


def array(
    run: Rendering,
    name: Any,
    type: Any = "String",
    default: Any = None,
    defined: Any = True,
    required: Any = None,
    description: Any = None,
    enum: Any = None,
    example: Any = None,
    format: Any = None,
) -> Any:
    """An array, each of its elements checked."""
    type_name = type if isinstance(type, str) else "String"
    value = _given(run, name, default, defined, _array_stand_in(type_name))
    if value is None:
        return None
    items = casts.elements(type_name, value)
    if type_name == "Symbol":
        names: list[Part] = []
        for item in items:
            names += [",", identifier(item)] if names else [identifier(item)]
        return Sql("[", *names, "]")
    if not items:
        return Sql("[]")
    parts = [_element(item) for item in items]
    whole = array_value([part.value for part in parts], [part.text for part in parts])
    if whole is not None:
        return Sql(whole)
    separated: list[Part] = [parts[0]]
    for part in parts[1:]:
        separated += [",", part]
    return Sql("[", *separated, "]")


def _array_stand_in(type_name: str) -> list[Any]:
    stand_in = casts.STAND_INS.get(type_name)
    return [""] if stand_in is None or type_name == "String" else [stand_in] * 2


def _element(item: Any) -> Any:
    if isinstance(item, TypedInt):
        return number_value(int(item))
    if isinstance(item, TypedFloat):
        return number_value(float(item))
    return number_value(item) if isinstance(item, int) else string_value(item)


def parse_json(run: Rendering, name: Any, default: Any = None) -> Any:
    """The parameter as JSON; native values stay as they are."""
    value = name
    if isinstance(name, Placeholder) and default is not None:
        value = default
    elif name is None:
        value = {} if default is None else default
    if not isinstance(value, str):
        return value
    try:
        return json.loads(str(value))
    except (ValueError, RecursionError):
        raise TemplateError("json_parse", f"Error parsing JSON: '{value[:200]}'") from None


def defined(run: Rendering, name: Any) -> bool:
    """Whether the parameter has a value."""
    return name is not None and not isinstance(name, Placeholder)


# --- identifiers ---------------------------------------------------------------------------------


def column(run: Rendering, name: Any, default: Any = None) -> Sql:
    """A column, quoted."""
    if name is None or isinstance(name, Placeholder):
        if default is None:
            raise TemplateError(
                "column_default_missing", "`column()` has no value and needs a default"
            )
        name = default
    return dotted(str(name))


_AGGREGATE = re.compile(r"[A-Za-z_]\w*(\([\w\s.,]*\))?\Z")


def columns(run: Rendering, name: Any, default: Any = None, fn: Any = None) -> Sql:
    """Columns, quoted, each aggregated by `fn` if given."""
    if name is None or isinstance(name, Placeholder):
        if default is None:
            raise TemplateError(
                "column_default_missing", "`columns()` has no value and needs a default"
            )
        name = default
    if not isinstance(name, str):
        raise TemplateError(
            "column_arg_type", "`columns()` takes column names as text, separated by commas"
        )
    if fn is not None and not _AGGREGATE.match(str(fn)):
        raise TemplateError("column_arg_type", f"`{fn}` is not the name of a function")
    parts: list[Part] = []
    for column in (piece.strip() for piece in str(name).split(",")):
        if parts:
            parts.append(",")
        if fn is None:
            parts += dotted(column).parts
        else:
            parts += [f"{fn}(", *dotted(column).parts, ") as ", alias(column)]
    return Sql(*parts)


def symbol(run: Rendering, name: Any, quote: Any = "`") -> Sql:
    """One identifier, quoted."""
    mark = '"' if quote == '"' else "`"
    return Sql(identifier(_identifier_text(name, "symbol"), mark))


def table(run: Rendering, name: Any) -> Sql:
    """The name of a table."""
    return table_name(_identifier_text(name, "table"))


def _identifier_text(name: Any, function: str) -> str:
    if isinstance(name, Placeholder):
        return str(casts.STAND_INS["Symbol"])
    if name is None:
        raise TemplateError("null_identifier", f"`{function}()` got null, it needs a name")
    return str(name)


# --- SQL -----------------------------------------------------------------------------------------

_OPERATORS = {"in": "in", "not_in": "not in", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def sql_and(run: Rendering, /, **operands: Any) -> Sql:
    """Conditions joined by `and`; null operands are left out."""
    parts: list[Part] = []
    for key, operand in operands.items():
        if operand is None:
            continue
        column, _, suffix = key.rpartition("__")
        if not column:
            column, operator = key, "="
        elif suffix in _OPERATORS:
            operator = _OPERATORS[suffix]
        else:
            known = ", ".join(_OPERATORS)
            raise TemplateError(
                "sql_and_operand", f"operand `{suffix}` of `{key}` is not one of {known}"
            )
        parts += [" and "] if parts else []
        parts += [f"{column} {operator} ", *sql_parts(operand)]
    return Sql(*parts)


def sql_unescape(run: Rendering, value: Any, what: Any = "") -> Any:
    """Quoted text in which `what` is not escaped; quotes and backslashes always are."""
    if value is None:
        raise TemplateError("null_identifier", "`sql_unescape()` got null, it needs text")
    literal = quote(str(value))
    kept = str(what)
    if kept and not set(kept) & set("'\\"):
        literal = "'" + literal[1:-1].replace(quote(kept)[1:-1], kept) + "'"
    return Sql(literal_value(literal))


def split_to_array(run: Rendering, name: Any, default: Any = "", separator: Any = ",") -> Any:
    """Trimmed pieces of text."""
    value = default if name is None or isinstance(name, Placeholder) else name
    if isinstance(value, list | tuple):
        return [item.strip() if isinstance(item, str) else item for item in value]
    return [piece.strip() for piece in str(value).split(str(separator))]


def enumerate_with_last(run: Rendering, items: Any) -> list[tuple[bool, Any]]:
    """Pairs of (is this the last, item)."""
    listed = list(items)
    return [(index == len(listed) - 1, item) for index, item in enumerate(listed)]


# --- dates ---------------------------------------------------------------------------------------

DAY, SECOND = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"


def date_difference(seconds: int, default_format: str) -> Callable[..., Any]:
    """The evaluator of whole units between two dates, a unit being `seconds` long."""

    def evaluate(
        run: Rendering,
        date_1: Any,
        date_2: Any,
        date_format: Any = default_format,
        backup_date_format: Any = None,
        none_if_error: Any = False,
    ) -> int | None:
        if isinstance(date_1, Placeholder) or isinstance(date_2, Placeholder):
            return 0
        try:
            first, second = (
                _parse_date(date, date_format, backup_date_format) for date in (date_1, date_2)
            )
            difference = first - second
        except (ValueError, TypeError):
            if none_if_error:
                return None
            raise TemplateError(
                "date_format",
                f"dates '{date_1}' and '{date_2}' must have the format {date_format}",
            ) from None
        return int(abs(difference.total_seconds()) // seconds)

    return evaluate


def _parse_date(date: Any, date_format: Any, backup: Any) -> datetime:
    try:
        return datetime.strptime(date, date_format)
    except (ValueError, TypeError):
        if backup is None:
            raise
        return datetime.strptime(date, backup)


def day_diff() -> Callable[..., Any]:
    """The evaluator of whole days between two dates."""

    difference = date_difference(86_400, DAY)

    def evaluate(
        run: Rendering, date_1: Any, date_2: Any, none_if_error: Any = False
    ) -> int | None:
        result: int | None = difference(run, date_1, date_2, none_if_error=none_if_error)
        return result

    return evaluate


# --- errors and settings -------------------------------------------------------------------------

_NO_ERROR = "-- {x} \n"


def error(run: Rendering, message: Any, status: Any = 400) -> Sql:
    """Ends the rendering with a message."""
    if run.check:
        return Sql(_NO_ERROR)
    raise TemplateError("error_function", str(message))


def custom_error(run: Rendering, value: Any, status: Any = 400) -> Sql:
    """Ends the rendering with a message or a JSON body, and a status."""
    if run.check:
        return Sql(_NO_ERROR)
    known = isinstance(status, int) and not isinstance(status, bool) and 400 <= status <= 599
    raise TemplateError(
        "custom_error",
        str(value),
        status=int(status) if known else 400,
        body=value if isinstance(value, dict) else None,
    )


def _comment(text: str) -> Sql:
    return Sql("-- " + " ".join(text.splitlines()) + "\n")


def max_threads(run: Rendering, threads: Any) -> Sql:
    """Sets the number of threads; a bad number only shows in the comment."""
    try:
        run.settings["max_threads"] = int(threads)
    except (ValueError, TypeError, OverflowError):
        return _comment(f"max_threads: wrong argument {threads}")
    return _comment(f"max_threads {int(threads)}")


CACHE_TTLS = ("5s", "1m", "5m", "30m", "1h")


def cache_ttl(run: Rendering, ttl: Any) -> Sql:
    """Sets how long a result is kept."""
    if ttl not in CACHE_TTLS:
        raise TemplateError(
            "cache_ttl_value", f"`cache_ttl()` takes one of {', '.join(CACHE_TTLS)}, not '{ttl}'"
        )
    run.settings["cache_ttl"] = str(ttl)
    return _comment(f"cache_ttl {ttl}")


def backend_hint(run: Rendering, hint: Any) -> Sql:
    """Sets the preferred replica."""
    run.settings["backend_hint"] = None if hint is None or hint is False else str(hint)
    return _comment(f"backend_hint {hint}")


FEATURES = {
    "activate": ("analyzer", "parallel_replicas", "optimize_aggregation_in_order"),
    "disable": ("analyzer",),
}


def feature(setting: str) -> Callable[..., Any]:
    """The evaluator of `activate` or `disable`."""

    def evaluate(run: Rendering, feature: Any) -> Sql:
        if feature not in FEATURES[setting]:
            known = ", ".join(FEATURES[setting])
            raise TemplateError(
                "feature_value", f"`{setting}()` takes one of {known}, not '{feature}'"
            )
        run.settings[setting] = sorted({*run.settings.get(setting, ()), str(feature)})
        return _comment(f"{setting} {feature}")

    return evaluate


# --- secrets -------------------------------------------------------------------------------------

_SECRET_NAME = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)


def tb_secret(run: Rendering, name: Any, default: Any = None) -> Any:
    """A secret as a bound parameter (its value in a datafile), else the default."""
    known = isinstance(name, str) and name in run.secrets
    values = run.secret_values
    if values is not None:
        if not known and default is None:
            raise _no_secret(name)
        return Sql(str(values[name] if known else default) or '""')
    named = isinstance(name, str) and not isinstance(name, Placeholder)
    if named and _SECRET_NAME.match(name) and (known or (run.check and default is None)):
        run.query_params[name] = "String"
        return Sql(f"{{{name}: String}}")
    if default is None:
        raise _no_secret(name)
    return default if isinstance(default, Sql) else str(default)


def _no_secret(name: Any) -> TemplateError:
    return TemplateError(
        "secret_not_available", f"Cannot access secret '{name}'. Check it exists in the workspace"
    )


# --- plain Python --------------------------------------------------------------------------------


def python(function: Callable[..., Any]) -> Callable[..., Any]:
    """The evaluator of one of Python's own functions."""

    def evaluate(run: Rendering, /, *values: Any, **options: Any) -> Any:
        return function(*values, **options)

    return evaluate
