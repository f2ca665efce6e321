"""Variance, covariance, correlation, regression: aggregates of sums of powers.

ClickHouse computes them from the sums themselves (the `…Stable` ones do not), and so does this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mini_tb.sql.functions.aggregates.base import (
    NAN,
    Base,
    Leaf,
    Part,
    Types,
    double,
    fields,
    listed,
    native,
)
from mini_tb.sql.functions.aggregates.rows import ITEM, columns_of, let, unnested
from mini_tb.types import FLOAT32, FLOAT64, UINT64, DataType, array, tuple_of

Fields = Mapping[str, str]

INFINITY = "CAST('inf' AS DOUBLE)"
_FLOAT32_END = "3.4028234663852886e38"


def _float(types: Types, params: Sequence[Any]) -> DataType:
    return FLOAT32 if all(t == FLOAT32 for t in types) else FLOAT64


def _power(n: int) -> Part:
    return Part("sum", lambda x: " * ".join([double(x)] * n))


_COUNT = Part("count", lambda *xs: "", UINT64)
_X1, _X2, _X3, _X4 = (_power(n) for n in (1, 2, 3, 4))


def _spread(s: Fields, x: str = "x1", xx: str = "x2") -> str:
    """n · variance: the sum of the squared distances from the mean."""
    return f"({s[xx]} - {s[x]} * {s[x]} / {s['n']})"


def _population(s: Fields) -> str:
    return _not_negative(f"{_spread(s)} / {s['n']}")


def _sample(s: Fields) -> str:
    return _not_negative(f"{_spread(s)} / ({s['n']} - 1)")


def _not_negative(variance: str) -> str:
    """0 for less, and for nan, which infinite values and sums give."""
    return f"greatest(0.0, coalesce(nullif({variance}, {NAN}), 0.0))"


def _third(s: Fields) -> str:
    n, a, b, c = s["n"], s["x1"], s["x2"], s["x3"]
    return f"(({c} - (3 * {b} - 2 * {a} * {a} / {n}) * {a} / {n}) / {n})"


def _fourth(s: Fields) -> str:
    n, a, b, c, d = s["n"], s["x1"], s["x2"], s["x3"], s["x4"]
    inner = f"(6 * {b} - 3 * {a} * {a} / {n}) * {a} / {n}"
    return f"(({d} - (4 * {c} - {inner}) * {a} / {n}) / {n})"


def _at_least(count: int, text: str, s: Fields, fewer: str = NAN) -> str:
    """`text` if there are so many rows; `fewer` for fewer, NULL for none."""
    known = f"CASE WHEN {s['n']} >= {count} THEN {text} WHEN {s['n']} > 0 THEN {fewer} END"
    return known if count > 1 else f"CASE WHEN {s['n']} > 0 THEN {text} END"


def _narrow(f: Leaf, text: str) -> str:
    """A DOUBLE that a Float32 can hold: infinite beyond its ends."""
    if f.type != FLOAT32:
        return text
    return let(
        text,
        lambda v: (
            f"CASE WHEN abs({v}) <= {_FLOAT32_END} OR isnan({v}) THEN {v} "
            f"ELSE sign({v}) * {INFINITY} END"
        ),
    )


def _moments(name: str, order: int, finish: Callable[[Fields], str], *aliases: str) -> Base:
    parts = {"n": _COUNT, "x1": _X1, "x2": _X2, "x3": _X3, "x4": _X4}
    kept = dict(list(parts.items())[: order + 1])
    return fields(
        name,
        _float,
        kept,
        lambda f, s: _narrow(f, finish(s)),
        empty=lambda f: f"CAST({NAN} AS {'FLOAT' if f.type == FLOAT32 else 'DOUBLE'})",
        aliases=aliases,
        any_case=bool(aliases),
        needs_numbers=True,
    )


def _scaled(moment: Callable[[Fields], str], of: Callable[[Fields], str], power: str) -> Any:
    def finish(s: Fields) -> str:
        spread = of(s)
        text = f"CASE WHEN {spread} > 0 THEN {moment(s)} / pow({spread}, {power}) ELSE {NAN} END"
        return _at_least(2, text, s)

    return finish


def _stable(name: str, function: str) -> Base:
    """Welford's algorithm, which is DuckDB's own; the state is the list of the numbers."""
    return listed(
        name,
        FLOAT64,
        lambda f, items: _of_list(items, function),
        value=lambda f, rows: _known(rows.call(function, double(rows.args[0])), rows.call("count")),
        columns=lambda f, args: (double(args[0]),),
        row=lambda f: FLOAT64,
        empty=INFINITY,
        needs_numbers=True,
    )


def _of_list(items: str, function: str) -> str:
    return let(items, lambda xs: _known(f"list_aggregate({xs}, '{function}')", f"len({xs})"))


def _known(text: str, count: str) -> str:
    """The stable ones answer inf for too few rows, where the others answer nan."""
    return f"CASE WHEN {count} > 0 THEN coalesce({text}, {INFINITY}) END"


VARIANCES = (
    _moments("varPop", 2, lambda s: _at_least(1, _population(s), s), "VAR_POP"),
    _moments("varSamp", 2, lambda s: _at_least(2, _sample(s), s), "VAR_SAMP"),
    _moments(
        "stddevPop",
        2,
        lambda s: _at_least(1, f"sqrt({_population(s)})", s),
        "STDDEV_POP",
        "STD",
    ),
    _moments(
        "stddevSamp",
        2,
        lambda s: _at_least(2, f"sqrt({_sample(s)})", s),
        "STDDEV_SAMP",
        "STDDEV",
    ),
    _moments("skewPop", 3, _scaled(_third, _population, "1.5")),
    _moments("skewSamp", 3, _scaled(_third, _sample, "1.5")),
    _moments("kurtPop", 4, _scaled(_fourth, _population, "2")),
    _moments("kurtSamp", 4, _scaled(_fourth, _sample, "2")),
    _stable("varPopStable", "var_pop"),
    _stable("varSampStable", "var_samp"),
    _stable("stddevPopStable", "stddev_pop"),
    _stable("stddevSampStable", "stddev_samp"),
)

# Two variables -------------------------------------------------------------------------------

_PAIR = {
    "n": _COUNT,
    "x1": Part("sum", lambda x, y: double(x)),
    "y1": Part("sum", lambda x, y: double(y)),
    "xy": Part("sum", lambda x, y: f"{double(x)} * {double(y)}"),
    "x2": Part("sum", lambda x, y: f"{double(x)} * {double(x)}"),
    "y2": Part("sum", lambda x, y: f"{double(y)} * {double(y)}"),
}


def _covariation(s: Fields) -> str:
    return f"({s['xy']} - {s['x1']} * {s['y1']} / {s['n']})"


def _correlation(s: Fields) -> str:
    n = s["n"]
    above = f"({n} * {s['xy']} - {s['x1']} * {s['y1']})"
    below = f"sqrt(({n} * {s['x2']} - {s['x1']} * {s['x1']}) * "
    below += f"({n} * {s['y2']} - {s['y1']} * {s['y1']}))"
    return f"{above} / {below}"


def _pair(
    name: str,
    keys: str,
    finish: Callable[[Fields], str],
    *aliases: str,
    returns: Any = _float,
    any_case: bool = False,
    is_stable: bool = False,
) -> Base:
    none = INFINITY if is_stable else NAN
    return fields(
        name,
        returns,
        {key: _PAIR[key] for key in keys.split()},
        lambda f, s: _narrow(f, finish(s)),
        args=(2, 2),
        check=None if is_stable else native(name),
        empty=lambda f: f"CAST({none} AS {'FLOAT' if f.type == FLOAT32 else 'DOUBLE'})",
        aliases=aliases,
        needs_numbers=True,
        any_case=any_case or bool(aliases),
    )


def _cov_pop(s: Fields) -> str:
    return _at_least(1, f"{_covariation(s)} / {s['n']}", s)


def _cov_samp(s: Fields) -> str:
    return _at_least(2, f"{_covariation(s)} / ({s['n']} - 1)", s)


def _fit(s: Fields) -> tuple[str, str]:
    """Slope and intercept of y over x."""
    n = s["n"]
    divisor = f"({s['x2']} * {n} - {s['x1']} * {s['x1']})"
    k = f"(({s['xy']} * {n} - {s['x1']} * {s['y1']}) / {divisor})"
    return k, f"(({s['y1']} - {k} * {s['x1']}) / {n})"


def _line(f: Leaf, s: Fields) -> str:
    k, b = _fit(s)
    some = f"{{'k': {k}, 'b': {b}}}"
    return f"CASE WHEN {s['n']} > 0 THEN {some} END"


def _regression(name: str, finish: Callable[[Fields], str]) -> Base:
    """The SQL standard's functions take (y, x)."""

    def turned(s: Fields) -> str:
        turn = {"n": "n", "x1": "y1", "y1": "x1", "x2": "y2", "y2": "x2", "xy": "xy"}
        return finish({key: s[name] for key, name in turn.items()})

    return _pair(name, "n x1 y1 xy x2 y2", turned, returns=FLOAT64, any_case=True)


def _squares(x: str, xx: str) -> Callable[[Fields], str]:
    return lambda s: _at_least(1, _spread(s, x, xx), s)


def _determination(s: Fields) -> str:
    """The square of the correlation; 1 where y never changes."""
    x, y = _spread(s, "x1", "x2"), _spread(s, "y1", "y2")
    both = f"{_covariation(s)} * {_covariation(s)} / ({x} * {y})"
    text = f"CASE WHEN {x} = 0 THEN {NAN} WHEN {y} = 0 THEN 1 ELSE {both} END"
    return _at_least(1, text, s)


PAIRS = (
    _pair("covarPop", "n x1 y1 xy", _cov_pop, "COVAR_POP"),
    _pair("covarSamp", "n x1 y1 xy", _cov_samp, "COVAR_SAMP"),
    _pair("covarPopStable", "n x1 y1 xy", _cov_pop, returns=FLOAT64, is_stable=True),
    _pair(
        "covarSampStable",
        "n x1 y1 xy",
        lambda s: _at_least(2, f"{_covariation(s)} / ({s['n']} - 1)", s, INFINITY),
        returns=FLOAT64,
        is_stable=True,
    ),
    _pair(
        "corr",
        "n x1 y1 xy x2 y2",
        lambda s: _at_least(1, _correlation(s), s),
        any_case=True,
    ),
    _pair(
        "corrStable",
        "n x1 y1 xy x2 y2",
        lambda s: _at_least(2, _correlation(s), s, INFINITY),
        returns=FLOAT64,
        is_stable=True,
    ),
    fields(
        "simpleLinearRegression",
        tuple_of(FLOAT64, FLOAT64, names=("k", "b")),
        {key: _PAIR[key] for key in ("n", "x1", "y1", "xy", "x2")},
        _line,
        args=(2, 2),
        empty=f"{{'k': {NAN}, 'b': {NAN}}}",
        needs_numbers=True,
    ),
    fields(
        "regr_count",
        UINT64,
        {"n": _COUNT},
        lambda f, s: s["n"],
        args=(2, 2),
        nulls="skip",
        needs_numbers=True,
        any_case=True,
    ),
    _regression("regr_slope", lambda s: _at_least(1, _fit(s)[0], s)),
    _regression("regr_intercept", lambda s: _at_least(1, _fit(s)[1], s)),
    _regression("regr_avgx", lambda s: _at_least(1, f"{s['x1']} / {s['n']}", s)),
    _regression("regr_avgy", lambda s: _at_least(1, f"{s['y1']} / {s['n']}", s)),
    _regression("regr_sxx", _squares("x1", "x2")),
    _regression("regr_syy", _squares("y1", "y2")),
    _regression("regr_sxy", lambda s: _at_least(1, _covariation(s), s)),
    _regression("regr_r2", _determination),
)

# Matrices ------------------------------------------------------------------------------------


def _matrix(name: str, pair: Callable[[Fields], str]) -> Base:
    """Every argument with every other: the state is the list of the rows."""

    def finish(f: Leaf, items: str) -> str:
        count = len(f.types)
        columns = [double(c) for c in columns_of(ITEM, count)]

        def cell(i: int, j: int) -> str:
            x, y = columns[i], columns[j]
            texts = {key: f"sum({part.text(x, y)})" for key, part in _PAIR.items() if key != "n"}
            return f"coalesce({pair({**texts, 'n': 'count(*)'})}, {NAN})"

        lines = [f"[{', '.join(cell(i, j) for j in range(count))}]" for i in range(count)]
        return f"(SELECT [{', '.join(lines)}] FROM {unnested(items)})"

    return listed(
        name,
        array(array(FLOAT64)),
        finish,
        args=(1, None),
        nulls="skip",
        columns=lambda f, args: tuple(double(arg) for arg in args),
        row=lambda f: FLOAT64 if len(f.types) == 1 else tuple_of(*(FLOAT64 for _ in f.types)),
        needs_numbers=True,
        check=native(name),
    )


MATRICES = (
    _matrix("covarPopMatrix", _cov_pop),
    _matrix("covarSampMatrix", _cov_samp),
    _matrix("corrMatrix", lambda s: _at_least(1, _correlation(s), s)),
)

BASES = (*VARIANCES, *PAIRS, *MATRICES)
