"""The one table of rules: which input is stored, takes the default, or goes to quarantine.

Every value of an event, a file or a fixture is stored, replaced by the column's default, or
refused; a row with a refused value goes to quarantine. What is stored is what ClickHouse stores for
the same input. What ClickHouse would bend to make it fit (an integer that wraps around, a date that
is clamped or that no calendar has) is refused.

`coerce` does it value by value, `columnar` for whole columns; the reference page is made from here.
"""

from __future__ import annotations

from mini_tb.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table, for people: what a family of types takes."""

    types: str
    stored: str
    refused: str


RULES: tuple[Rule, ...] = (
    Rule(
        "`Int8` … `Int256`, `UInt8` … `UInt256`",
        'integers; text of an integer (`"3"`); `true` is 1, `false` is 0',
        "fractions and exponents (`1.5`, `1.0`, `1e3`), other text, numbers beyond its range",
    ),
    Rule(
        "`Float32`, `Float64`",
        'numbers; text of a number (`"1.5"`, `"nan"`, `"inf"`); `true` is 1, `false` is 0',
        "other text, the empty text, numbers beyond the type's range",
    ),
    Rule(
        "`Decimal(P, S)`",
        "numbers and text of numbers, every digit kept; digits after the S-th are cut off",
        "more digits before the point than P − S, other text",
    ),
    Rule("`Bool`", "`true`, `false`, `1`, `0`", "anything else, text too"),
    Rule(
        "`String`",
        "text; numbers, booleans, objects and arrays as the text that was sent (`1.50`, `{}`)",
        "bytes that are not UTF-8",
    ),
    Rule("`FixedString(N)`", "text of at most N bytes, filled up with NUL", "longer text, no text"),
    Rule(
        "`Date`, `Date32`",
        "`2024-01-02`, `2024/1/2`, `20240102`; an integer is days since 1970",
        "dates that the calendar or the type does not have, dates with a time",
    ),
    Rule(
        "`DateTime`",
        "ISO 8601 and what people write (see below), in the column's zone unless it says its own; "
        "text of 9, 10, 13, 16 or 19 digits is an epoch; a number is seconds since 1970; "
        "fractions are dropped",
        "text that is no date, moments before 1970 or after 2106",
    ),
    Rule(
        "`DateTime64(P)`",
        "as `DateTime`, with P digits of the fraction kept; a number is seconds since 1970",
        "text that is no date, moments before 1900 or after 2299",
    ),
    Rule(
        "`UUID`",
        "32 hexadecimal digits, with or without the four hyphens",
        "anything else",
    ),
    Rule(
        "`IPv4`, `IPv6`", "the address as text; an IPv4 address is an IPv6 one too", "anything else"
    ),
    Rule("`Enum8`, `Enum16`", "a member's name, or its number", "anything else"),
    Rule(
        "`Array(T)`",
        "an array; elements by T's rule, a null element is T's zero value (NULL if T is Nullable)",
        "anything but an array; a refused element",
    ),
    Rule(
        "`Map(K, V)`",
        "an object; keys by K's rule, values by V's, a null value is V's zero value",
        "anything but an object; a key that comes twice; a refused key or value",
    ),
    Rule(
        "`Tuple(…)`",
        "named: an object, missing and null fields are zero values; unnamed: an array of that size",
        "anything else; a refused element",
    ),
    Rule("`JSON`", "an object, as it was sent", "anything but an object"),
    Rule("`Nullable(T)`", "as T; missing and `null` are NULL", "as T"),
    Rule("`LowCardinality(T)`, `SimpleAggregateFunction(f, T)`", "as T", "as T"),
    Rule("`AggregateFunction(…)`", "nothing", "everything: states are written by materializations"),
)
"""The rules, for people; the reference page is made from them."""

NO_VALUE: tuple[tuple[str, str, str], ...] = (
    ("Nullable, no DEFAULT", "NULL", "NULL"),
    ("Nullable with DEFAULT", "the DEFAULT", "NULL"),
    ("not Nullable, with DEFAULT", "the DEFAULT", "the DEFAULT"),
    ("not Nullable, no DEFAULT", "quarantine", "quarantine"),
)
"""A column, and what it gets for a missing key and for `null`."""
