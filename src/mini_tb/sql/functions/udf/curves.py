"""Areas under the curves of a classifier, from scores and labels; one array at a time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from mini_tb.sql.functions.udf.values import python_udf


def _steps(scores: Sequence[float], labels: Sequence[float]) -> list[tuple[int, int]]:
    """True and false positives so far, by falling score; equal scores are one step."""
    if len(scores) != len(labels):
        raise ValueError("DB::190: scores and labels must be arrays of equal sizes")
    ranked = sorted(zip(scores, labels, strict=True), key=lambda pair: -pair[0])
    steps, true, false = [], 0, 0
    for _, group in groupby(ranked, key=lambda pair: pair[0]):
        for _, label in group:
            true, false = true + (label > 0), false + (label <= 0)
        steps.append((true, false))
    return steps


def roc_area(scores: Sequence[float], labels: Sequence[float]) -> float:
    """The area under the receiver operating curve; nan if only one class is there."""
    area, before = 0.0, (0, 0)
    for true, false in _steps(scores, labels):
        area += (false - before[1]) * (true + before[0]) / 2
        before = true, false
    total = before[0] * before[1]
    return area / total if total else float("nan")


def pr_area(scores: Sequence[float], labels: Sequence[float]) -> float:
    """The area under the curve of precision over recall; 0 without positives."""
    area, before = 0.0, 0
    for true, false in _steps(scores, labels):
        area += (true - before) * true / (true + false)
        before = true
    return area / before if before else 0.0


_LISTS = ("DOUBLE[]", "DOUBLE[]")

UDFS = (
    python_udf("mt_roc_area", _LISTS, "DOUBLE", roc_area),
    python_udf("mt_pr_area", _LISTS, "DOUBLE", pr_area),
)
