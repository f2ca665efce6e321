"""Areas under the curves of a classifier, from scores and labels; one array at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from mini_tb.sql.duckdb.udf import Udf


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
    """The area under the curve of precision over recall; nan without positives."""
    area, before = 0.0, 0
    for true, false in _steps(scores, labels):
        area += (true - before) * true / (true + false)
        before = true
    return area / before if before else float("nan")


def _over(function: Callable[[Any, Any], float]) -> Callable[[Any, Any], Any]:
    def over(scores: Any, labels: Any) -> Any:
        import pyarrow as pa

        pairs = zip(scores.to_pylist(), labels.to_pylist(), strict=True)
        found = [None if s is None or known is None else function(s, known) for s, known in pairs]
        return pa.array(found, pa.float64())

    return over


UDFS = (
    Udf("mt_roc_area", ("DOUBLE[]", "DOUBLE[]"), "DOUBLE", _over(roc_area)),
    Udf("mt_pr_area", ("DOUBLE[]", "DOUBLE[]"), "DOUBLE", _over(pr_area)),
)
