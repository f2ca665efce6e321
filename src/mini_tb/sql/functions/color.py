"""Colours between sRGB and OKLab, with its polar form OKLCH."""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.aggregates.rows import let
from mini_tb.sql.functions.function import ArgumentError, Function
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import FLOAT64, DataType, tuple_of
from mini_tb.types.duckdb import field_names, quote_string

Matrix = tuple[tuple[float, float, float], ...]

# Björn Ottosson, "A perceptual color space for image processing", 2020.
_RGB_TO_LMS: Matrix = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_LMS_TO_LAB: Matrix = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.45059370996),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
_LAB_TO_LMS: Matrix = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_LMS_TO_RGB: Matrix = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)
_GAMMA = "2.2"
# As many digits as ClickHouse has.
_DEGREES, _RADIANS = "57.2957795131", "0.01745329251"


def _returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if not t.is_tuple or len(t.types) != 3 or not all(e.is_number for e in t.types):
        raise ArgumentError(f"illegal type `{t}`, expected a tuple of three numbers")
    if len(args) > 1 and not args[1].type.is_number:
        raise ArgumentError(f"illegal type `{args[1].type}` of a gamma, expected a number")
    return tuple_of(FLOAT64, FLOAT64, FLOAT64)


def _parts(call: Call, args: list[str]) -> list[str]:
    """The three numbers."""
    names = field_names(call.args[0].type.bare)
    return [f"CAST(struct_extract({args[0]}, {quote_string(n)}) AS DOUBLE)" for n in names]


def _gamma(args: list[str]) -> str:
    return f"CAST({args[1] if len(args) > 1 else _GAMMA} AS DOUBLE)"


def _times(matrix: Matrix, vector: Sequence[str]) -> list[str]:
    rows = (" + ".join(f"{k} * {v}" for k, v in zip(row, vector, strict=True)) for row in matrix)
    return [f"({row})" for row in rows]


def _list(items: Sequence[str]) -> str:
    return f"[{', '.join(items)}]"


def _of(name: str) -> list[str]:
    return [f"{name}[{i}]" for i in (1, 2, 3)]


def _tuple(items: Sequence[str]) -> str:
    return "{" + ", ".join(f"'{i}': {item}" for i, item in enumerate(items, 1)) + "}"


def _lab(call: Call, args: list[str]) -> str:
    """The list of L, a and b of an sRGB colour."""
    gamma = _gamma(args)
    linear = _list([f"pow({part} / 255, {gamma})" for part in _parts(call, args)])

    def cones(rgb: str) -> str:
        return _list(
            [f"sign{lms} * pow(abs{lms}, 1.0 / 3)" for lms in _times(_RGB_TO_LMS, _of(rgb))]
        )

    return let(let(linear, cones), lambda lms: _list(_times(_LMS_TO_LAB, _of(lms))))


def _rgb(lab: Sequence[str], gamma: str) -> str:
    """The sRGB colour of L, a and b, each part cut at 0 and 255."""
    cones = _list([f"pow({lms}, 3)" for lms in _times(_LAB_TO_LMS, lab)])

    def parts(lms: str) -> str:
        linear = _times(_LMS_TO_RGB, _of(lms))
        return _tuple([f"pow(least(greatest({p}, 0), 1), 1 / {gamma}) * 255" for p in linear])

    return let(cones, parts)


def _lower_to_lab(call: Call, args: list[str]) -> str:
    return let(_lab(call, args), lambda lab: _tuple(_of(lab)))


def _lower_to_lch(call: Call, args: list[str]) -> str:
    def polar(lab: str) -> str:
        lightness, a, b = _of(lab)
        hue = f"(atan2({b}, {a}) * {_DEGREES}::DOUBLE)"
        hue = f"CASE WHEN {hue} < 0 THEN {hue} + 360 ELSE {hue} END"
        return _tuple([lightness, f"sqrt({a} * {a} + {b} * {b})", hue])

    return let(_lab(call, args), polar)


def _lower_from_lab(call: Call, args: list[str]) -> str:
    return _rgb(_parts(call, args), _gamma(args))


def _lower_from_lch(call: Call, args: list[str]) -> str:
    lightness, chroma, hue = _parts(call, args)
    angle = f"{hue} * {_RADIANS}::DOUBLE"
    lab = [lightness, f"{chroma} * cos({angle})", f"{chroma} * sin({angle})"]
    return let(_list(lab), lambda name: _rgb(_of(name), _gamma(args)))


ROWS = tuple(
    Function(name, _returns, lower, args=(1, 2))
    for name, lower in (
        ("colorSRGBToOKLAB", _lower_to_lab),
        ("colorSRGBToOKLCH", _lower_to_lch),
        ("colorOKLABToSRGB", _lower_from_lab),
        ("colorOKLCHToSRGB", _lower_from_lch),
    )
)
