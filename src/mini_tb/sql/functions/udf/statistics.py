"""Statistical tests of the samples of one group: statistic, p-value and confidence interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.values import python_udf

Numbers = Sequence[float]
_NORMAL = NormalDist()
NAN = math.nan

# Distributions -------------------------------------------------------------------------------


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - incomplete_beta(b, a, 1.0 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    tiny = 1e-300
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1)
    d = 1.0 / (d if abs(d) > tiny else tiny)
    h = d
    for m in range(1, 500):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 + step * d
            d = 1.0 / (d if abs(d) > tiny else tiny)
            c = 1.0 + step / (c if abs(c) > tiny else tiny)
            h *= d * c
        if abs(d * c - 1.0) < 1e-16:
            break
    return front * h / a


def student_two_sided(t: float, freedom: float) -> float:
    """P(|T| > |t|) of Student's distribution."""
    return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))


def student_quantile(p: float, freedom: float) -> float:
    """The t above which a share of p/2 lies, p two-sided; by bisection."""
    low, high = 0.0, 1e6
    for _ in range(200):
        middle = (low + high) / 2
        if student_two_sided(middle, freedom) > p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


# Tests ---------------------------------------------------------------------------------------


def _split(values: Numbers, samples: Numbers) -> tuple[list[float], list[float]]:
    """The values of sample 0 and of the other one."""
    first = [v for v, s in zip(values, samples, strict=True) if s == 0]
    second = [v for v, s in zip(values, samples, strict=True) if s != 0]
    return first, second


def _mean(values: Numbers) -> float:
    return math.fsum(values) / len(values)


def _squares(values: Numbers) -> float:
    mean = _mean(values)
    return math.fsum((v - mean) ** 2 for v in values)


def _with_interval(
    t: float, freedom: float, difference: float, error: float, level: float
) -> list[float]:
    p = min(1.0, max(0.0, student_two_sided(t, freedom)))
    found = [t, p]
    if level:
        margin = student_quantile(1 - level, freedom) * error
        found += [difference - margin, difference + margin]
    return found


def student_test(values: Numbers, samples: Numbers, level: float) -> list[float]:
    """Student's t-test of two independent samples of equal variance."""
    x, y = _split(values, samples)
    if not x or not y or len(x) + len(y) <= 2:
        return [NAN] * 4
    freedom = len(x) + len(y) - 2
    pooled = (_squares(x) + _squares(y)) / freedom
    error = math.sqrt(pooled * (1 / len(x) + 1 / len(y)))
    if not error:
        return [NAN] * 4
    difference = _mean(x) - _mean(y)
    apart = 0.0
    if len(x) > 1 and len(y) > 1:
        # ClickHouse's interval takes the error of unpooled variances.
        apart = math.sqrt(_squares(x) / (len(x) - 1) / len(x) + _squares(y) / (len(y) - 1) / len(y))
    return _with_interval(difference / error, freedom, difference, apart, level)


def welch_test(values: Numbers, samples: Numbers, level: float) -> list[float]:
    """Welch's t-test: variances may differ."""
    x, y = _split(values, samples)
    if len(x) < 2 or len(y) < 2:
        return [NAN] * 4
    a, b = _squares(x) / (len(x) - 1) / len(x), _squares(y) / (len(y) - 1) / len(y)
    if not a + b:
        return [NAN] * 4
    freedom = (a + b) ** 2 / (a * a / (len(x) - 1) + b * b / (len(y) - 1))
    difference, error = _mean(x) - _mean(y), math.sqrt(a + b)
    return _with_interval(difference / error, freedom, difference, error, level)


def student_one(moments: Numbers) -> list[float]:
    """Student's t-test of one sample: count, mean, variance, and the mean it should have."""
    count, mean, variance, expected = moments
    if count < 2 or not variance:
        return [NAN, NAN]
    t = (mean - expected) / math.sqrt(variance / count)
    return [t, student_two_sided(t, count - 1)]


def _ranks(values: Numbers) -> tuple[list[float], float]:
    """Ranks from 1, equal values sharing their mean, and the correction of variance for ties."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    ranks = [0.0] * len(values)
    ties = 0.0
    at = 0
    while at < len(order):
        end = at
        while end + 1 < len(order) and values[order[end + 1]] == values[order[at]]:
            end += 1
        for i in range(at, end + 1):
            ranks[order[i]] = (at + end) / 2 + 1
        size = end - at + 1
        ties += size**3 - size
        at = end + 1
    n = len(values)
    return ranks, 1 - ties / (n**3 - n) if n > 1 else 0.0


def mann_whitney(
    values: Numbers, samples: Numbers, alternative: str, continuity: float
) -> list[float]:
    """The Mann-Whitney rank test by the normal approximation."""
    x, y = _split(values, samples)
    if not x or not y:
        return [NAN, NAN]
    ranks, ties = _ranks([*x, *y])
    n, m = len(x), len(y)
    u1 = math.fsum(ranks[:n]) - n * (n + 1) / 2
    u2 = n * m - u1
    mean = n * m / 2 + (0.5 if continuity else 0.0)
    deviation = math.sqrt(ties * n * m * (n + m + 1) / 12)
    u = {"greater": u1, "less": u2}.get(alternative, max(u1, u2))
    if not deviation:
        return [u1, NAN]
    z = (u - mean) / deviation
    if alternative == "two-sided":
        z = abs(z)
    p = 1 - _NORMAL.cdf(z)
    return [u1, 2 * p if alternative == "two-sided" else p]


def kolmogorov_smirnov(
    values: Numbers, samples: Numbers, alternative: str, method: str
) -> list[float]:
    """The two-sample Kolmogorov-Smirnov test."""
    x, y = (sorted(part) for part in _split(values, samples))
    if not x or not y:
        return [NAN, NAN]
    n, m = len(x), len(y)
    above = below = 0.0
    i = j = 0
    while i < n and j < m:
        at = min(x[i], y[j])
        while i < n and x[i] <= at:
            i += 1
        while j < m and y[j] <= at:
            j += 1
        above = max(above, i / n - j / m)
        below = max(below, j / m - i / n)
    d = {"greater": above, "less": below}.get(alternative, max(above, below))
    exact = method == "exact" or (method == "auto" and max(n, m) <= 10000)
    p = _ks_exact(n, m, d, alternative) if exact else _ks_asymptotic(n, m, d, alternative)
    return [d, min(1.0, max(0.0, p))]


def _ks_exact(n: int, m: int, d: float, alternative: str) -> float:
    """The share of paths through the grid of both samples that stray as far as d."""
    two_sided = alternative == "two-sided"
    limit = (0.5 + math.floor(d * n * m - 1e-7)) / (n * m)
    weights: list[float] = [0.0] * (m + 1)
    for j in range(m + 1):
        weights[j] = 0.0 if _strays(0, j, n, m, limit, two_sided) else 1.0
        if j and not weights[j - 1]:
            weights[j] = 0.0
    for i in range(1, n + 1):
        scale = i / (i + m)
        weights[0] = 0.0 if _strays(i, 0, n, m, limit, two_sided) else scale * weights[0]
        for j in range(1, m + 1):
            if _strays(i, j, n, m, limit, two_sided):
                weights[j] = 0.0
            else:
                weights[j] = scale * weights[j] + weights[j - 1]
    return 1 - weights[m]


def _strays(i: int, j: int, n: int, m: int, limit: float, two_sided: bool) -> bool:
    difference = i / n - j / m
    return (abs(difference) if two_sided else difference) > limit


def _ks_asymptotic(n: int, m: int, d: float, alternative: str) -> float:
    size = n * m / (n + m)
    if alternative != "two-sided":
        return math.exp(-2 * size * d * d)
    z = math.sqrt(size) * d
    return 2 * math.fsum((-1) ** (k - 1) * math.exp(-2 * k * k * z * z) for k in range(1, 101))


def mean_z(
    values: Numbers, samples: Numbers, first: float, second: float, level: float
) -> list[float]:
    """The z-test of two means whose variances are known."""
    x, y = _split(values, samples)
    if not x or not y:
        return [NAN] * 4
    difference = _mean(x) - _mean(y)
    error = math.sqrt(first / len(x) + second / len(y))
    z = difference / error
    margin = _NORMAL.inv_cdf(1 - (1 - level) / 2) * error
    p = math.erfc(abs(z) / math.sqrt(2))
    return [z, p, difference - margin, difference + margin]


def anova(values: Numbers, samples: Numbers) -> list[float]:
    """One-way analysis of variance over the groups that the index names."""
    groups: dict[float, list[float]] = {}
    for value, sample in zip(values, samples, strict=True):
        groups.setdefault(sample, []).append(value)
    if len(groups) < 2 or len(values) <= len(groups):
        return [NAN, NAN]
    mean = _mean(values)
    between = math.fsum(len(g) * (_mean(g) - mean) ** 2 for g in groups.values())
    within = math.fsum(_squares(g) for g in groups.values())
    a, b = len(groups) - 1, len(values) - len(groups)
    if not within:
        return [NAN, NAN]
    f = (between / a) / (within / b)
    return [f, incomplete_beta(b / 2, a / 2, b / (b + a * f))]


def proportions(
    successes: float, others: float, trials: float, other_trials: float, level: float, pooled: bool
) -> list[float]:
    """Whether the shares of successes in two samples differ: z, p, and between what bounds their
    difference lies."""
    are_shares = 0 < successes <= trials and 0 < others <= other_trials
    is_both = successes == trials and others == other_trials
    if not are_shares or is_both or not 0 <= level <= 1:
        return [NAN] * 4
    if level == 1:
        raise ValueError("DB::1001: no interval has all of the normal distribution in it")
    first, second = successes / trials, others / other_trials
    spread = math.sqrt(first * (1 - first) / trials + second * (1 - second) / other_trials)
    error = spread
    if pooled:
        both = (successes + others) / (trials + other_trials)
        error = math.sqrt(both * (1 - both) * (1 / trials + 1 / other_trials))
    z = (first - second) / error
    p = 2 * (1 - math.erfc(-abs(z) / math.sqrt(2)) / 2)
    reach = _NORMAL.inv_cdf((1 + level) / 2) * spread
    return [z, p, first - second - reach, first - second + reach]


def _test(name: str, more: tuple[str, ...], function: Callable[..., list[float]]) -> Udf:
    """A test of a group's lists."""
    return python_udf(name, ("DOUBLE[]", *more), "DOUBLE[]", function, is_of_group=True)


UDFS = (
    python_udf("mt_proportions", (*["DOUBLE"] * 5, "BOOLEAN"), "DOUBLE[]", proportions),
    _test("mt_student_test", ("DOUBLE[]", "DOUBLE"), student_test),
    _test("mt_welch_test", ("DOUBLE[]", "DOUBLE"), welch_test),
    _test("mt_student_one", (), student_one),
    _test("mt_mann_whitney", ("DOUBLE[]", "VARCHAR", "DOUBLE"), mann_whitney),
    _test("mt_kolmogorov_smirnov", ("DOUBLE[]", "VARCHAR", "VARCHAR"), kolmogorov_smirnov),
    _test("mt_mean_z", ("DOUBLE[]", "DOUBLE", "DOUBLE", "DOUBLE"), mean_z),
    _test("mt_anova", ("DOUBLE[]",), anova),
)
