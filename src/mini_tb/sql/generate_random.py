"""`generateRandom`: rows of any types. The values are random, so only their shape is ClickHouse's;
with a seed they are the same in every run."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.function import ArgumentError
from mini_tb.types import DataType, to_duckdb
from mini_tb.types.duckdb import field_names, quote_identifier

PRINTABLE = 95
"""How many printable ASCII characters there are, from the blank on."""


def random_values(
    columns: Sequence[tuple[str, DataType]], seed: int | None, string: int, array: int
) -> str:
    """DuckDB text of an endless SELECT of such columns; strings and arrays have at most that
    length. Braces are doubled: it is a template."""
    made = _Random(seed, string, array)
    items = ", ".join(f"{made.value(t, 'range')} AS {quote_identifier(n)}" for n, t in columns)
    text = f"SELECT {items} FROM range(0, 9223372036854775807)"
    return text.replace("{", "{{").replace("}", "}}")


class _Random:
    def __init__(self, seed: int | None, string: int, array: int) -> None:
        self.seed = seed
        self.string = string
        self.array = array
        self.places = 0

    def number(self, row: str) -> str:
        """A UBIGINT that nothing else in the row has."""
        self.places += 1
        seed = "random()" if self.seed is None else str(self.seed)
        return f"hash({row}, {self.places}, {seed})"

    def below(self, limit: int, row: str) -> str:
        return f"({self.number(row)} % {limit})"

    def value(self, t: DataType, row: str) -> str:
        """DuckDB text of a random value of the type."""
        bare, duck = t.bare, to_duckdb(t)
        if t.is_nullable:
            return f"CASE WHEN {self.below(16, row)} > 0 THEN {self.value(bare, row)} END"
        if bare.is_bool:
            return f"({self.below(2, row)} = 1)"
        if bare.is_integer and bare.bits <= 64:
            shift = 1 << (bare.bits - 1) if bare.is_signed else 0
            whole = f"CAST({self.below(1 << bare.bits, row)} AS HUGEINT)"
            return f"CAST({whole} - {shift} AS {duck})"
        if bare.is_float:
            return f"CAST({self.number(row)} / 1e9 - 9e9 AS {duck})"
        if bare.is_decimal:
            return f"CAST({self.below(10 ** min(bare.params[0] - bare.scale, 9), row)} AS {duck})"
        if bare.name == "String":
            return self.text(row)
        if bare.name == "UUID":
            return f"CAST(md5(CAST({self.number(row)} AS VARCHAR)) AS UUID)"
        if bare.is_date:
            return f"(DATE '1970-01-01' + CAST({self.below(65536, row)} AS INTEGER))"
        if bare.is_datetime:
            second = f"CAST({self.below(1 << 32, row)} AS BIGINT)"
            return f"CAST(make_timestamp({second} * 1000000) AS {duck})"
        if bare.is_enum:
            names = [name for name, _number in bare.params]
            index = f"1 + CAST({self.below(len(names), row)} AS BIGINT)"
            return f"enum_range(CAST(NULL AS {duck}))[{index}]"
        if bare.name == "IPv4":
            return f"CAST({self.below(1 << 32, row)} AS UINTEGER)"
        if bare.is_array:
            indexes = f"range(CAST({self.below(self.array + 1, row)} AS BIGINT))"
            self.places += 1
            index = f"i{self.places}"
            inner = self.value(bare.element, f"{row}, {index}")
            return f"list_transform({indexes}, lambda {index}: {inner})"
        if bare.is_tuple:
            fields = zip(field_names(bare), bare.types, strict=True)
            parts = (f"{quote_identifier(n)}: {self.value(e, row)}" for n, e in fields)
            return "{" + ", ".join(parts) + "}"
        raise ArgumentError(f"makes no values of `{t}`", 48)

    def text(self, row: str) -> str:
        self.places += 1
        index = f"i{self.places}"
        length = f"CAST({self.below(self.string + 1, row)} AS BIGINT)"
        mark = f"chr(CAST(32 + {self.below(PRINTABLE, f'{row}, {index}')} AS INTEGER))"
        return f"array_to_string(list_transform(range({length}), lambda {index}: {mark}), '')"
