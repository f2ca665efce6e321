"""Hilbert's curve through the points of two numbers of 32 bits."""

from __future__ import annotations

from mini_tb.sql.functions.udf.machine import Row, kernel_udf

_END = 1 << 32


def _place(row: Row) -> None:
    """The place of a point on the curve: two bits for each quarter it lies in, the largest first,
    within which the curve runs turned or mirrored. 0 for a number of more than 32 bits."""
    body = row.body
    x, y = body.variable(row.number(0)), body.variable(row.number(1))
    place, side = body.variable(0), body.variable(_END >> 1)
    with body.when((x | y) >= _END):
        side.set(0)
    with body.repeat(lambda: side > 0):
        right, upper = (((number & side) > 0).long() for number in (x, y))
        place.set((place << 2) | (right * 3 ^ upper))
        with body.when(upper < 1):
            mirrored = body.number(0) - right
            before = x ^ mirrored
            x.set(y ^ mirrored)
            y.set(before)
        side.set(side >> 1)
    row.result.put(place)


def _point(row: Row) -> None:
    """The point at a place of the curve, the first number above the second."""
    body = row.body
    place = body.variable(row.number(0))
    x, y, side = body.variable(0), body.variable(0), body.variable(1)
    with body.repeat(lambda: side < _END):
        right = (place >> 1) & 1
        upper = (place ^ right) & 1
        with body.when(upper < 1):
            mirrored = (body.number(0) - right) & (side - 1)
            before = x ^ mirrored
            x.set(y ^ mirrored)
            y.set(before)
        x.set(x + side * right)
        y.set(y + side * upper)
        place.set(place >> 2)
        side.set(side << 1)
    row.result.put((x << 32) | y)


UDFS = (
    kernel_udf("mt_hilbert", ("UBIGINT", "UBIGINT"), "UBIGINT", _place),
    kernel_udf("mt_hilbert_point", ("UBIGINT",), "UBIGINT", _point),
)
