"""Conversions by name: `CAST`, `toInt32`, `toStringOrNull`'s kin, `parseDateTimeBestEffort`, …"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from mini_tb.dataclass import dataclass
from mini_tb.sql.functions import convert_moment, zone
from mini_tb.sql.functions.constants import literal, typed_default
from mini_tb.sql.functions.convert import fixed_string, lower_cast, try_text, unreadable
from mini_tb.sql.functions.convert_accurate import accurate
from mini_tb.sql.functions.convert_number import failure
from mini_tb.sql.functions.convert_text import to_text
from mini_tb.sql.functions.function import (
    ArgumentError,
    Function,
    integer,
    keep_low_cardinality,
    text,
)
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    BOOL,
    DATE,
    DATE32,
    FLOAT32,
    FLOAT64,
    IPV4,
    IPV6,
    NOTHING,
    STRING,
    STRING_BYTES,
    UUID,
    DataType,
    TypeSyntaxError,
    datetime,
    datetime64,
    decimal,
    low_cardinality,
    nullable,
    parse_type,
)
from mini_tb.types import fixed_string as fixed_string_type
from mini_tb.types.datatype import interval
from mini_tb.types.family import DECIMAL_WIDTHS, INTERVAL_UNITS

Target = Callable[[Sequence[Expr]], DataType]
"""The type that a conversion function converts to, from its arguments."""


def _type_argument(arg: Expr) -> DataType:
    try:
        return parse_type(text(arg))
    except TypeSyntaxError as error:
        raise ArgumentError(error.message, 50) from None


# CAST ----------------------------------------------------------------------------------


def _cast_returns(args: Sequence[Expr]) -> DataType:
    target = _type_argument(args[1])
    source = args[0].type
    if source.is_nothing and source.is_nullable and not target.is_nullable:
        raise ArgumentError(f"NULL cannot be converted to `{target}`, which is not Nullable", 349)
    lower_cast(source, target, "")
    if source.zone and target.bare.is_datetime and target.zone is None:
        kept = seen_in(target.bare, source.zone)  # the zone stays
        return nullable(kept) if target.is_nullable else kept
    return target


def _lower_cast(call: Call, args: list[str]) -> str:
    source, target = call.args[0].type, call.type
    converted = lower_cast(source, target, args[0])
    if source.is_nullable and not target.is_nullable:
        null = failure(349, "Cannot convert NULL value to non-Nullable type")
        return f"CASE WHEN {args[0]} IS NULL THEN {null} ELSE {converted} END"
    return converted


def _lower_accurate(call: Call, args: list[str]) -> str:
    source, target = call.args[0].type, call.type
    if source == NOTHING:
        return lower_cast(source, target, args[0])
    found = accurate(source, target, args[0])
    name = str(target.bare).replace("'", "")
    unsafe = failure(70, f"Value in column cannot be safely converted into type {name}")
    return f"CASE WHEN {args[0]} IS NOT NULL THEN coalesce({found}, {unsafe}) END"


def _lower_accurate_or_null(call: Call, args: list[str]) -> str:
    return accurate(call.args[0].type, call.type, args[0])


def _accurate_returns(args: Sequence[Expr]) -> DataType:
    target = _type_argument(args[1])
    accurate(args[0].type, target, "")
    return target


def _accurate_default_returns(args: Sequence[Expr]) -> DataType:
    target = _accurate_returns(args)
    if len(args) > 2 and not _same_moment(args[2].type.bare, target.bare):
        raise ArgumentError(f"the default must be of type `{target}`, found `{args[2].type}`")
    found = nullable(target) if args[0].type.is_nullable and target.is_nullable else target
    return _kept_low(args, found)


def _same_moment(t: DataType, target: DataType) -> bool:
    """Whether a default has the type of what is converted; a moment may be told in another zone."""
    if not t.is_datetime:
        return t == target
    return t.name == target.name and t.scale == target.scale


def _kept_low(args: Sequence[Expr], found: DataType) -> DataType:
    """In a dictionary if the value is; what has a scale is never."""
    if found.bare.name in ("Decimal", "DateTime64"):
        return found
    return keep_low_cardinality(args, found)


def _or_default(call: Call, found: str, default: str | None) -> str:
    target = call.type.bare
    return f"coalesce({found}, {default or literal(typed_default(target), target)})"


def _lower_accurate_or_default(call: Call, args: list[str]) -> str:
    found = accurate(call.args[0].type, call.type, args[0])
    return _or_default(call, found, args[2] if len(args) > 2 else None)


# to<Type>, to<Type>OrNull, to<Type>OrZero, to<Type>OrDefault -----------------------------


@dataclass(frozen=True, slots=True)
class Conversion:
    """`to<name>` and its kin: the type they convert to, how many parameters (a scale, a precision)
    must follow the value, how many more may (a time zone)."""

    name: str
    target: Target
    required: int = 0
    optional: int = 0
    variants: bool = True
    has_default: bool = True
    aliases: tuple[str, ...] = ()
    any_case: bool = False

    def head(self, args: Sequence[Expr]) -> int:
        """How many of the arguments are the value and its parameters; after them: the default."""
        count = 1 + self.required
        while count < len(args) and count <= self.required + self.optional:
            if not (args[count].type.is_string or args[count].type.is_integer):
                break
            count += 1
        return count

    def rows(self) -> Iterator[Function]:
        """Their rows."""
        least, most = 1 + self.required, 1 + self.required + self.optional
        yield Function(
            f"to{self.name}",
            self._plain_returns,
            _lower_to,
            args=(least, most),
            bytes_ok=True,
            aliases=self.aliases,
            any_case=self.any_case,
        )
        # A scale in seconds can be left out where the text may be none.
        arity = (1 if self.name.endswith("Time64") else least, most)
        if not self.variants:
            return
        name = f"to{self.name}Or"
        yield Function(
            f"{name}Null",
            lambda args: nullable(self._text_returns(args)),
            _tried,
            args=arity,
            bytes_ok=True,
        )
        yield Function(f"{name}Zero", self._text_returns, _lower_or_zero, args=arity, bytes_ok=True)
        if not self.has_default:
            return
        yield Function(
            f"{name}Default",
            self._default_returns,
            self._lower_or_default,
            args=(least, most + 1),
            nulls=False,
            takes_nothing=True,
            bytes_ok=True,
        )

    def _plain_returns(self, args: Sequence[Expr]) -> DataType:
        found = self.target(args)
        if found.is_date:
            zone.argument(args, 1)
        lower_cast(args[0].type, found, "")
        return found

    def _text_returns(self, args: Sequence[Expr]) -> DataType:
        found, source = self.target(args), args[0].type
        if not source.is_string and not (found.is_date_or_datetime and source.is_number):
            raise ArgumentError(f"takes a String, found `{source}`")
        if not source.is_string:
            accurate(source, found, "")
        return found

    def _default_returns(self, args: Sequence[Expr]) -> DataType:
        if args[0].type.is_nothing and args[0].type.is_nullable:
            raise ArgumentError("takes a value, found NULL")
        head = self.head(args)
        found = self.target(args[:head])
        if head < len(args) - 1:
            raise ArgumentError(f"takes at most {head + 1} arguments", 42)
        if head < len(args) and not _same_moment(args[head].type.bare, found):
            raise ArgumentError(f"the default must be of type `{found}`, found `{args[head].type}`")
        accurate(args[0].type, found, "")
        return _kept_low(args, found)

    def _lower_or_default(self, call: Call, args: list[str]) -> str:
        found = accurate(call.args[0].type, call.type.bare, args[0])
        head = self.head(call.args)
        return _or_default(call, found, args[head] if head < len(args) else None)


def seen_in(source: DataType, zone_name: str | None) -> DataType:
    """A DateTime type with another zone; other types as they are."""
    if zone_name is None or not source.is_datetime:
        return source
    bare = source.bare
    return datetime(zone_name) if bare.name == "DateTime" else datetime64(bare.scale, zone_name)


def _lower_to(call: Call, args: list[str]) -> str:
    source, target = call.args[0].type, call.type
    if target.is_date and len(call.args) > 1:
        given = text(call.args[1])
        if source.is_number:
            return convert_moment.from_number(source.bare, target.bare, args[0], given)
        source = seen_in(source, given)
    # Of all of them, only this one has no NULL for a text that it cannot read.
    strict = target.bare.name == "DateTime64"
    return lower_cast(source, target.bare if strict else target, args[0])


def _tried(call: Call, args: list[str]) -> str:
    source, target = call.args[0].type, call.type.bare
    if not source.is_string:
        return accurate(source, target, args[0])
    is_padded = source.bare.name == "FixedString" and target.is_decimal
    return try_text(target, f"decode({args[0]})" if is_padded else to_text(source, args[0]))


def _lower_or_zero(call: Call, args: list[str]) -> str:
    found = _or_default(call, _tried(call, args), None)
    if call.args[0].type.is_nullable:
        return f"CASE WHEN {args[0]} IS NOT NULL THEN {found} END"
    return found


def _fixed(target: DataType) -> Target:
    return lambda args: target


def _datetime_target(args: Sequence[Expr]) -> DataType:
    given = zone.argument(args, 1)
    return datetime(given if given is not None else args[0].type.zone)


def _precision(args: Sequence[Expr]) -> int:
    precision = integer(args[1]) if len(args) > 1 else 3
    if not 0 <= precision <= 9:
        raise ArgumentError(f"precision {precision} is not between 0 and 9", 69, 1)
    return precision


def _datetime64_target(args: Sequence[Expr]) -> DataType:
    given = zone.argument(args, 2)
    return datetime64(_precision(args), given if given is not None else args[0].type.zone)


def _time64_target(args: Sequence[Expr]) -> DataType:
    return DataType("Time64", params=(_precision(args),))


def _decimal_target(width: int) -> Target:
    def target(args: Sequence[Expr]) -> DataType:
        scale = integer(args[1])
        if not 0 <= scale <= width:
            raise ArgumentError(f"scale {scale} is not between 0 and {width}", 69, 1)
        return decimal(width, scale)

    return target


_INTEGERS = tuple(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64, 128, 256))
CONVERSIONS = (
    *(Conversion(name, _fixed(DataType(name))) for name in _INTEGERS),
    Conversion("Float32", _fixed(FLOAT32)),
    Conversion("Float64", _fixed(FLOAT64)),
    *(Conversion(name, _decimal_target(width), 1) for name, width in DECIMAL_WIDTHS.items()),
    Conversion("Date", _fixed(DATE), 0, 1, aliases=("DATE",), any_case=True),
    Conversion("Date32", _fixed(DATE32), 0, 1),
    Conversion("DateTime", _datetime_target, 0, 1),
    Conversion("DateTime32", _datetime_target, 0, 1, variants=False),
    Conversion("DateTime64", _datetime64_target, 1, 1),
    Conversion("Time", _fixed(DataType("Time")), has_default=False),
    Conversion("Time64", _time64_target, 1, 0, has_default=False),
    Conversion("UUID", _fixed(UUID)),
    Conversion("IPv4", _fixed(IPV4)),
    Conversion("IPv6", _fixed(IPV6)),
    *(
        Conversion(f"Interval{unit}", _fixed(interval(unit)), variants=False)
        for unit in INTERVAL_UNITS
    ),
)


def _bool_returns(args: Sequence[Expr]) -> DataType:
    """Of NULL it is a Bool, too."""
    source = args[0].type
    lower_cast(source, BOOL, "")
    return keep_low_cardinality(args, nullable(BOOL) if source.is_nullable else BOOL)


def _low_cardinality_returns(args: Sequence[Expr]) -> DataType:
    source = args[0].type
    if not source.can_be_low_cardinality:
        raise ArgumentError(f"`{source}` cannot be inside LowCardinality")
    return low_cardinality(source)


# Text ------------------------------------------------------------------------------------


def _string_returns(args: Sequence[Expr]) -> DataType:
    if len(args) > 1 and not args[0].type.is_datetime:
        raise ArgumentError("takes a time zone only with a DateTime", 43, 1)
    if not zone.is_of_row(args, 1):
        zone.argument(args, 1)
    return STRING_BYTES if args[0].type.bare == STRING_BYTES else STRING


def _lower_string(call: Call, args: list[str]) -> str:
    source = call.args[0].type
    if call.type.is_bytes:
        return args[0]
    if zone.is_of_row(call.args, 1):
        wall = zone.wall_of_row(source.bare, args[0], args[1])
        return to_text(_in_utc(source.bare), wall)
    return to_text(source, args[0], text(call.args[1]) if len(args) > 1 else None)


def _in_utc(t: DataType) -> DataType:
    return datetime("UTC") if t.name == "DateTime" else datetime64(t.scale, "UTC")


def _fixed_returns(args: Sequence[Expr]) -> DataType:
    length = integer(args[1])
    if not 1 <= length <= 0xFFFFFF:
        raise ArgumentError(f"length {length} is not between 1 and 16777215", 69, 1)
    fixed_string(args[0].type, length, "")
    return fixed_string_type(length)


def _lower_fixed(call: Call, args: list[str]) -> str:
    return fixed_string(call.args[0].type.bare, int(call.type.bare.params[0]), args[0])


_TIE = 40
"""How many digits more tell that a float is in the middle of two texts: 5 and zeros."""


def _decimal_string(call: Call, args: list[str]) -> str:
    t, scale = call.args[0].type.bare, integer(call.args[1])
    if t.is_float:
        return _float_digits(f"CAST({args[0]} AS DOUBLE)", scale)
    number = f"CAST({args[0]} AS UTINYINT)" if t.is_bool else args[0]
    text = f"CAST({number} AS VARCHAR)"
    digits = t.scale if t.is_decimal else 0
    if scale >= digits:
        point = "." if scale and not digits else ""
        return f"({text} || '{point}{'0' * (scale - digits)}')"
    rounded = f"CAST(CAST({number} AS DECIMAL(38, {scale})) AS VARCHAR)"
    sign = f"CASE WHEN {number} < 0 AND NOT starts_with({rounded}, '-') THEN '-' ELSE '' END"
    return f"({sign} || {rounded} || '{'' if scale else '.'}')"


def _float_digits(sql: str, scale: int) -> str:
    """The digits that a float has, rounded half away from zero."""
    shown = f"format('{{:.{scale}f}}', {sql})"
    away = f"format('{{:.{scale}f}}', nextafter({sql}, sign({sql}) * CAST('inf' AS DOUBLE)))"
    more = f"format('{{:.{scale + _TIE}f}}', {sql})"
    tie = f"suffix({more}, '5{'0' * (_TIE - 1)}')"
    return f"CASE WHEN isnan({sql}) THEN 'nan' WHEN {tie} THEN {away} ELSE {shown} END"


def _decimal_string_returns(args: Sequence[Expr]) -> DataType:
    if not args[0].type.is_number:
        raise ArgumentError(f"takes a number, found `{args[0].type}`")
    most = 60 if args[0].type.is_float else 77
    if not 0 <= integer(args[1]) <= most:
        raise ArgumentError(f"takes at most {most} digits after the point", 28, 1)
    return STRING


# parseDateTimeBestEffort -----------------------------------------------------------------


def _best_effort_rows(name: str, precise: bool, month_first: bool) -> Iterator[Function]:
    """`name` and its OrNull and OrZero."""

    def target(args: Sequence[Expr]) -> DataType:
        if not args[0].type.is_string:
            raise ArgumentError(f"takes a String, found `{args[0].type}`")
        if not precise:
            return datetime(zone.argument(args, 1))
        return datetime64(_precision(args), zone.argument(args, 2))

    def read(call: Call, args: list[str]) -> str:
        source = to_text(call.args[0].type, args[0])
        return convert_moment.best_effort(call.type.bare, source, month_first=month_first)

    def lower(call: Call, args: list[str]) -> str:
        found = f"coalesce({read(call, args)}, {unreadable(call.type.bare)})"
        return f"CASE WHEN {args[0]} IS NOT NULL THEN {found} END"

    def or_zero(call: Call, args: list[str]) -> str:
        found = _or_default(call, read(call, args), None)
        return f"CASE WHEN {args[0]} IS NOT NULL THEN {found} END"

    arity = (1, 3 if precise else 2)
    yield Function(name, target, lower, args=arity, bytes_ok=True)
    yield Function(
        f"{name}OrNull", lambda args: nullable(target(args)), read, args=arity, bytes_ok=True
    )
    yield Function(f"{name}OrZero", target, or_zero, args=arity, bytes_ok=True)


_BEST_EFFORT = (
    ("parseDateTimeBestEffort", False, False),
    ("parseDateTime32BestEffort", False, False),
    ("parseDateTime64BestEffort", True, False),
    ("parseDateTimeBestEffortUS", False, True),
    ("parseDateTime64BestEffortUS", True, True),
)

ROWS = (
    Function("toBool", _bool_returns, _lower_to, nulls=False, bytes_ok=True),
    Function(
        "CAST",
        _cast_returns,
        _lower_cast,
        args=(2, 2),
        nulls=False,
        bytes_ok=True,
        any_case=True,
        inner_low_cardinality=True,
        takes_nothing=True,
    ),
    Function(
        "accurateCast",
        _accurate_returns,
        _lower_accurate,
        args=(2, 2),
        nulls=False,
        bytes_ok=True,
        takes_nothing=True,
    ),
    Function(
        "accurateCastOrNull",
        lambda args: nullable(_accurate_returns(args)),
        _lower_accurate_or_null,
        args=(2, 2),
        nulls=False,
        bytes_ok=True,
        takes_nothing=True,
    ),
    Function(
        "accurateCastOrDefault",
        _accurate_default_returns,
        _lower_accurate_or_default,
        args=(2, 3),
        nulls=False,
        bytes_ok=True,
        takes_nothing=True,
    ),
    *(row for conversion in CONVERSIONS for row in conversion.rows()),
    *(row for form in _BEST_EFFORT for row in _best_effort_rows(*form)),
    Function("toString", _string_returns, _lower_string, args=(1, 2), bytes_ok=True),
    Function("toFixedString", _fixed_returns, _lower_fixed, args=(2, 2), bytes_ok=True),
    Function("toStringCutToZero", STRING, "split_part({0}, chr(0), 1)", exact=True),
    Function(
        "toDecimalString", _decimal_string_returns, _decimal_string, args=(2, 2), any_case=True
    ),
    Function(
        "toLowCardinality",
        _low_cardinality_returns,
        "{0}",
        nulls=False,
        exact=True,
        bytes_ok=True,
    ),
)
