"""Functions that only make sense over a window, and those that look at the rows around them.

`WINDOW_TEXTS` says how the window-only ones are computed, given an `Over`. Where ClickHouse finds
no row, it answers the type's default and not NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.dataclass import dataclass
from mini_tb.sql.functions.arithmetic import number_result
from mini_tb.sql.functions.constants import literal, zero
from mini_tb.sql.functions.convert import lower_cast
from mini_tb.sql.functions.convert_number import without_effects
from mini_tb.sql.functions.function import ArgumentError, Function, integer
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    FLOAT64,
    INT32,
    INT64,
    UINT64,
    DataType,
    NoSupertype,
    least_supertype,
    to_duckdb,
)


@dataclass(frozen=True, slots=True)
class Over:
    """A window, in DuckDB's texts; `frame` is (unit, first bound, last bound) where it is given."""

    partition: str = ""
    order: str = ""
    frame: tuple[str, str, str] | None = None

    def clause(self) -> str:
        """The OVER clause with the frame."""
        frame = "{} BETWEEN {} AND {}".format(*self.frame) if self.frame else ""
        return self._clause(self.partition, self.order, frame)

    def unframed(self) -> str:
        """The OVER clause of the partition in its order."""
        return self._clause(self.partition, self.order)

    def whole(self) -> str:
        """The OVER clause of the partition."""
        return self._clause(self.partition)

    def from_first(self) -> str:
        """From the first row of the frame to the end of the partition."""
        unit, first, _ = self._frame()
        frame = f"{unit} BETWEEN {first} AND UNBOUNDED FOLLOWING"
        return self._clause(self.partition, self.order, frame)

    def to_last(self) -> str:
        """From the start of the partition to the last row of the frame."""
        unit, _, last = self._frame()
        frame = f"{unit} BETWEEN UNBOUNDED PRECEDING AND {last}"
        return self._clause(self.partition, self.order, frame)

    def _frame(self) -> tuple[str, str, str]:
        if self.frame is not None:
            return self.frame
        return (
            "RANGE",
            "UNBOUNDED PRECEDING",
            "CURRENT ROW" if self.order else "UNBOUNDED FOLLOWING",
        )

    @property
    def starts_with_partition(self) -> bool:
        """Whether no row of the partition lies before the frame."""
        return self._frame()[1] == "UNBOUNDED PRECEDING"

    @property
    def ends_with_partition(self) -> bool:
        """Whether no row of the partition lies after the frame."""
        return self._frame()[2] == "UNBOUNDED FOLLOWING"

    @staticmethod
    def _clause(partition: str, order: str = "", frame: str = "") -> str:
        parts = [f"PARTITION BY {without_effects(partition)}"] if partition else []
        parts += [f"ORDER BY {without_effects(order)}"] if order else []
        parts += [frame] if frame else []
        return f"OVER ({' '.join(parts)})"


WindowText = Callable[[Call, Sequence[str], Over], str]


def _shift_type(args: Sequence[Expr]) -> DataType:
    t = _without_low_cardinality(args[0].type)
    if len(args) > 1 and not args[1].type.is_integer:
        raise ArgumentError(f"the offset must be an integer, found `{args[1].type}`", 36)
    if len(args) > 2:
        other = args[2].type
        try:
            fits = least_supertype([t, _without_low_cardinality(other)]) == t
        except NoSupertype:
            fits = False
        if not fits:
            raise ArgumentError(f"the default of type `{other}` does not fit into `{t}`", 36)
    return t


def _without_low_cardinality(t: DataType) -> DataType:
    return t.types[0] if t.name == "LowCardinality" else t


def _default(call: Call, args: Sequence[str]) -> str:
    """What stands where there is no row: the third argument, or the type's default."""
    if len(args) > 2:
        return lower_cast(call.args[2].type, call.type, args[2])
    return literal(zero(call.type), call.type)


def _shift(call: Call, args: Sequence[str], over: Over) -> str:
    function = call.function.name[:4].removesuffix("I")
    offset = f"CAST({args[1]} AS BIGINT)" if len(args) > 1 else "1"
    return f"{function}({args[0]}, {offset}, {_default(call, args)}) {over.unframed()}"


def _shift_in_frame(call: Call, args: Sequence[str], over: Over) -> str:
    is_lag = call.function.name.startswith("lag")
    function = "lag" if is_lag else "lead"
    offset = f"CAST({args[1]} AS BIGINT)" if len(args) > 1 else "1"
    shifted = f"{function}({args[0]}, {offset}, {_default(call, args)}) {over.unframed()}"
    target = f"row_number() {over.unframed()} {'-' if is_lag else '+'} {offset}"
    inside = []
    if not over.starts_with_partition:
        rest = f"count(*) {over.from_first()}"
        inside.append(f"{target} > count(*) {over.whole()} - {rest}")
    if not over.ends_with_partition and not _ends_at_current(is_lag, over):
        inside.append(f"{target} <= count(*) {over.to_last()}")
    if not inside:
        return shifted
    return f"CASE WHEN {' AND '.join(inside)} THEN {shifted} ELSE {_default(call, args)} END"


def _ends_at_current(is_lag: bool, over: Over) -> bool:
    """Whether the row before is surely in a frame that ends at this row."""
    return is_lag and (over.frame is None or over.frame[2] in ("CURRENT ROW",))


def _nth_value(call: Call, args: Sequence[str], over: Over) -> str:
    found = f"nth_value({args[0]}, CAST({args[1]} AS BIGINT)) {over.clause()}"
    return found if call.type.is_nullable else f"coalesce({found}, {_default(call, args[:1])})"


def _ranking(text: str) -> WindowText:
    def lower(call: Call, args: Sequence[str], over: Over) -> str:
        duck = to_duckdb(call.type)
        return f"CAST({text.format(*args)} {over.unframed()} AS {duck})"

    return lower


def _derivative(call: Call, args: Sequence[str], over: Over) -> str:
    """Change a second (or an interval), never below zero."""
    value, moment = f"CAST({args[0]} AS DOUBLE)", f"epoch({args[1]})"
    unit = f"({args[2]})" if len(args) > 2 else "1"
    seconds = _SECONDS[str(call.args[2].type.params[0])] if len(args) > 2 else 1
    change = f"{value} - lag({value}) {over.unframed()}"
    passed = f"{moment} - lag({moment}) {over.unframed()}"
    rate = f"({change}) / nullif({passed}, 0) * {unit} * {seconds}"
    return f"CASE WHEN {passed} > 0 THEN greatest(0.0, {rate}) ELSE 0.0 END"


_SECONDS = {
    "Nanosecond": 1e-9,
    "Microsecond": 1e-6,
    "Millisecond": 1e-3,
    "Second": 1,
    "Minute": 60,
    "Hour": 3600,
    "Day": 86400,
    "Week": 604800,
}


def _derivative_type(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_number or not args[1].type.is_datetime:
        raise ArgumentError("takes a number, a DateTime and an optional interval")
    if len(args) > 2 and (
        not args[2].type.is_interval or str(args[2].type.params[0]) not in _SECONDS
    ):
        raise ArgumentError(f"illegal type `{args[2].type}`, expected an interval of fixed length")
    return FLOAT64


def _window(
    name: str,
    returns: DataType | Callable[[Sequence[Expr]], DataType],
    args: tuple[int, int],
    *aliases: str,
    any_case: bool = False,
) -> Function:
    return Function(
        name,
        returns,
        "",
        args=args,
        nulls=False,
        window_only=True,
        bytes_ok=True,
        aliases=aliases,
        any_case=any_case,
    )


WINDOW_TEXTS: dict[str, WindowText] = {
    "row_number": _ranking("row_number()"),
    "rank": _ranking("rank()"),
    "denseRank": _ranking("dense_rank()"),
    "percentRank": _ranking("percent_rank()"),
    "cume_dist": _ranking("cume_dist()"),
    "ntile": _ranking("ntile(CAST({0} AS BIGINT))"),
    "lag": _shift,
    "lead": _shift,
    "lagInFrame": _shift_in_frame,
    "leadInFrame": _shift_in_frame,
    "nth_value": _nth_value,
    "nonNegativeDerivative": _derivative,
}

# Rows around ---------------------------------------------------------------------------------
# They look at rows as they come, without a window: DuckDB's `OVER ()` keeps that order.


def _difference_type(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if t.is_number:
        return number_result(t, t, minus=True)
    if t.is_date_or_datetime and t.bare.name != "DateTime64":
        return INT32 if t.bare.name == "Date" else INT64
    raise ArgumentError(f"illegal type `{t}`, expected a number or a date")


def _difference(call: Call, args: list[str]) -> str:
    t, (value,) = call.args[0].type.bare, args
    if t.is_date_or_datetime:
        value = f"date_diff('day', DATE '1970-01-01', {value})" if t.is_date else f"epoch({value})"
    wide = "DOUBLE" if t.is_float else to_duckdb(t) if t.is_decimal else "HUGEINT"
    value = f"CAST({value} AS {wide})"
    first = value if call.function.name.endswith("Value") else f"CAST(0 AS {wide})"
    before = (
        f"CASE WHEN row_number() OVER () = 1 THEN {first} ELSE {value} - lag({value}) OVER () END"
    )
    return f"CAST({before} AS {to_duckdb(call.type)})"


def _neighbor_type(args: Sequence[Expr]) -> DataType:
    t = _without_low_cardinality(args[0].type)
    if len(args) < 3:
        return t
    try:
        return least_supertype([t, args[2].type])
    except NoSupertype as error:
        raise ArgumentError(str(error), 386) from None


def _neighbor(call: Call, args: list[str]) -> str:
    offset = integer(call.args[1])
    function = "lag" if offset < 0 else "lead"
    value = lower_cast(call.args[0].type, call.type, args[0])
    return f"{function}({value}, {abs(offset)}, {_default(call, args)}) OVER ()"


ROWS = (
    _window("row_number", UINT64, (0, 0), any_case=True),
    _window("rank", UINT64, (0, 0), any_case=True),
    _window("denseRank", UINT64, (0, 0), "dense_rank", any_case=True),
    _window("percentRank", FLOAT64, (0, 0), "percent_rank", any_case=True),
    _window("cume_dist", FLOAT64, (0, 0), any_case=True),
    _window("ntile", UINT64, (1, 1), any_case=True),
    _window("lag", _shift_type, (1, 3), any_case=True),
    _window("lead", _shift_type, (1, 3), any_case=True),
    _window("lagInFrame", _shift_type, (1, 3)),
    _window("leadInFrame", _shift_type, (1, 3)),
    _window(
        "nth_value", lambda args: _without_low_cardinality(args[0].type), (2, 2), any_case=True
    ),
    _window("nonNegativeDerivative", _derivative_type, (2, 3)),
    Function("runningDifference", _difference_type, _difference),
    Function("runningDifferenceStartingWithFirstValue", _difference_type, _difference),
    Function("neighbor", _neighbor_type, _neighbor, args=(2, 3), nulls=False, bytes_ok=True),
    Function("rowNumberInAllBlocks", UINT64, "row_number() OVER () - 1", args=(0, 0), per_row=True),
    Function("rowNumberInBlock", UINT64, "row_number() OVER () - 1", args=(0, 0), per_row=True),
)
