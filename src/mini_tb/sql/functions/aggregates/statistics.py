"""Statistical tests, and measures of how two columns go together.

The statistics are SQL over the rows; the distributions behind a `p_value` are functions of
`udf.statistics`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mini_tb.sql.functions.aggregates.base import NAN, Base, Leaf, Types, double, listed
from mini_tb.sql.functions.aggregates.rows import ITEM, columns_of, elements, let, unnested
from mini_tb.sql.functions.function import ArgumentError
from mini_tb.types import BOOL, FLOAT64, UINT8, DataType, array, tuple_of
from mini_tb.types.duckdb import quote_string

# Tests of two samples ------------------------------------------------------------------------


def _result(statistic: str, *, interval: bool = False) -> DataType:
    names = [statistic, "p_value"]
    if interval:
        names += ["confidence_interval_low", "confidence_interval_high"]
    return tuple_of(*(FLOAT64 for _ in names), names=tuple(names))


def _interval_type(statistic: str, needed: int) -> Callable[[Types, Sequence[Any]], DataType]:
    """With `needed` parameters the answer has a confidence interval."""

    def returns(types: Types, params: Sequence[Any]) -> DataType:
        return _result(statistic, interval=len(params) >= needed)

    return returns


def _sample_check(types: Types, params: Sequence[Any]) -> None:
    if len(types) > 1 and not types[1].is_integer and not types[1].is_bool:
        raise ArgumentError(f"illegal type `{types[1]}` of the sample's index", 43)


def _empty(f: Leaf) -> str:
    return "{" + ", ".join(f"'{name}': {NAN}" for name in f.type.bare.names) + "}"


def _test(
    name: str,
    udf: str,
    returns: Any,
    params: tuple[int, int],
    *,
    args: int = 2,
    defaults: Sequence[Any] = (),
    aliases: tuple[str, ...] = (),
    any_case: bool = False,
) -> Base:
    """A test computed by `udf` of the values, the samples' indexes and the parameters."""

    def finish(f: Leaf, items: str) -> str:
        given = [*f.params, *defaults[len(f.params) :]]
        texts = [quote_string(p) if isinstance(p, str) else double(repr(p)) for p in given]

        def over(xs: str) -> str:
            rows = elements(xs, 2)
            values = rows.call("list", rows.args[0])
            samples = rows.call("list", rows.args[1])
            return f"{udf}({', '.join([values, samples, *texts])})"

        found = let(items, over)
        names = f.type.bare.names
        return let(
            found,
            lambda r: (
                f"CASE WHEN {r} IS NOT NULL THEN "
                + "{"
                + ", ".join(f"'{n}': {r}[{i + 1}]" for i, n in enumerate(names))
                + "} END"
            ),
        )

    def columns(f: Leaf, texts: tuple[str, ...]) -> tuple[str, ...]:
        value = double(texts[0])
        return (value, double(texts[1])) if args == 2 else (value, double("0"))

    return listed(
        name,
        returns,
        finish,
        columns=columns,
        row=lambda f: tuple_of(FLOAT64, FLOAT64),
        args=(1, 2) if args == 1 else (2, 2),
        params=params,
        empty=_empty,
        needs_numbers=True,
        check=_sample_check,
        aliases=aliases,
        any_case=any_case,
    )


def _one_sample(f: Leaf, items: str) -> str:
    def over(xs: str) -> str:
        rows = elements(xs, 2)
        n = rows.call("count")
        mean, spread = rows.call("avg", rows.args[0]), rows.call("var_samp", rows.args[0])
        mu = rows.call("first", rows.args[1])
        found = f"mt_student_one([{n}, {mean}, {spread}, {mu}])"
        return f"{{'t_statistic': ({found})[1], 'p_value': ({found})[2]}}"

    return let(items, over)


TESTS = (
    _test(
        "studentTTest", "mt_student_test", _interval_type("t_statistic", 1), (0, 1), defaults=[0]
    ),
    _test("welchTTest", "mt_welch_test", _interval_type("t_statistic", 1), (0, 1), defaults=[0]),
    _test(
        "mannWhitneyUTest",
        "mt_mann_whitney",
        _result("u_statistic"),
        (0, 2),
        defaults=["two-sided", 1],
    ),
    _test(
        "kolmogorovSmirnovTest",
        "mt_kolmogorov_smirnov",
        _result("d_statistic"),
        (0, 2),
        defaults=["two-sided", "auto"],
        any_case=True,
    ),
    _test("meanZTest", "mt_mean_z", _result("z_statistic", interval=True), (3, 3)),
    _test(
        "analysisOfVariance",
        "mt_anova",
        _result("f_statistic"),
        (0, 0),
        aliases=("anova",),
        any_case=True,
    ),
    listed(
        "studentTTestOneSample",
        _result("t_statistic"),
        _one_sample,
        columns=lambda f, args: (double(args[0]), double(args[1])),
        row=lambda f: tuple_of(FLOAT64, FLOAT64),
        args=(2, 2),
        empty=_empty,
        needs_numbers=True,
    ),
)

# Contingency ---------------------------------------------------------------------------------


def _association(name: str) -> Base:
    """Computed of the counts of the pairs of values."""

    def finish(f: Leaf, items: str) -> str:
        a, b = columns_of(ITEM, 2)
        pairs = (
            f"SELECT CAST({a} AS VARCHAR) AS a, CAST({b} AS VARCHAR) AS b, "
            f"CAST(count(*) AS DOUBLE) AS n FROM {unnested(items)} GROUP BY a, b"
        )
        found = f"mt_association(list(a), list(b), list(n), '{name}')"
        return f"(SELECT {found} FROM ({pairs}))"

    return listed(name, FLOAT64, finish, args=(2, 2), empty=NAN)


def _information_check(types: Types, params: Sequence[Any]) -> None:
    for t in types:
        if t not in (UINT8, BOOL):
            message = f"illegal type `{t}` of an argument of `categoricalInformationValue`"
            raise ArgumentError(f"{message}, expected UInt8")


def _information(f: Leaf, items: str) -> str:
    """For each category column: how much it says about the last column, a tag of 0 or 1."""
    *categories, tag = columns_of(ITEM, len(f.types))
    ones = f"sum(CAST({tag} <> 0 AS DOUBLE)) FILTER (WHERE {{c}} <> 0)"
    zeros = f"sum(CAST({tag} = 0 AS DOUBLE)) FILTER (WHERE {{c}} <> 0)"
    all_ones, all_zeros = f"sum(CAST({tag} <> 0 AS DOUBLE))", f"sum(CAST({tag} = 0 AS DOUBLE))"
    texts = []
    for category in categories:
        good = f"({ones.format(c=category)} / {all_ones})"
        bad = f"({zeros.format(c=category)} / {all_zeros})"
        texts.append(f"({good} - {bad}) * ln({good} / {bad})")
    return f"(SELECT [{', '.join(texts)}] FROM {unnested(items)})"


ASSOCIATIONS = (
    _association("cramersV"),
    _association("cramersVBiasCorrected"),
    _association("contingency"),
    _association("theilsU"),
    listed(
        "categoricalInformationValue",
        array(FLOAT64),
        _information,
        args=(2, None),
        nulls="skip",
        check=_information_check,
    ),
)

BASES = (*TESTS, *ASSOCIATIONS)
