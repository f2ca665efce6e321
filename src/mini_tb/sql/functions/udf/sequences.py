"""Arrays compared element by element, a row at a time: each takes time by the product of their
lengths, or is sorted."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mini_tb.sql.functions.udf.values import python_udf

Items = Sequence[str | None]
"""A text is a sequence, too."""


def distance(first: Items, second: Items) -> int:
    """Levenshtein's distance: how many elements are put in, taken out or changed."""
    row = list(range(len(second) + 1))
    for i, x in enumerate(first, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(second, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def weighted_distance(
    first: Items, second: Items, out: Sequence[float], into: Sequence[float], alike: bool
) -> float:
    """The weights of the elements that are put in and taken out; `alike`: as a share of all, from 1
    for none to 0."""
    for items, weights in ((first, out), (second, into)):
        if len(items) != len(weights):
            raise ValueError("DB::190: an array and its weights are of different sizes")
    row = [0.0]
    for weight in into:
        row.append(row[-1] + weight)
    for x, weight in zip(first, out, strict=True):
        before, row[0] = row[0], row[0] + weight
        for j, y in enumerate(second, 1):
            least = min(row[j] + weight, row[j - 1] + into[j - 1])
            before, row[j] = row[j], before if x == y else least
    if not alike:
        return row[-1]
    total = sum(out) + sum(into)
    return 1 - row[-1] / total if total else 1.0


def _gini(labels: Sequence[float]) -> float:
    """Gini's coefficient of labels in the order in which they were predicted."""
    total, reached, area = sum(labels), 0.0, 0.0
    if not total:
        return math.nan
    for label in labels:
        reached += label
        area += reached
    return (area / total - (len(labels) + 1) / 2) / len(labels)


def normalized_gini(predicted: Sequence[float], labels: Sequence[float]) -> dict[str, float]:
    """Gini's coefficients of the prediction and of the best one, and the first as a share of the
    second."""
    if len(predicted) != len(labels):
        raise ValueError("DB::44: predictions and labels must be of the same size")
    order = sorted(range(len(labels)), key=lambda i: predicted[i])[::-1]
    found, best = _gini([labels[i] for i in order]), _gini(sorted(labels, reverse=True))
    return {"1": found, "2": best, "3": found / best if best else math.nan}


_T, _D, _GINIS = "VARCHAR[]", "DOUBLE[]", 'STRUCT("1" DOUBLE, "2" DOUBLE, "3" DOUBLE)'

UDFS = (
    python_udf("mt_array_distance", (_T, _T), "UINTEGER", distance),
    python_udf(
        "mt_array_weighted_distance", (_T, _T, _D, _D, "BOOLEAN"), "DOUBLE", weighted_distance
    ),
    python_udf("mt_normalized_gini", (_D, _D), _GINIS, normalized_gini),
)
