"""Aggregate functions that this engine does not have, each with its reason."""

from __future__ import annotations

from mini_tb.sql.functions.aggregates.base import Base
from mini_tb.types import STRING

_REASONS = {
    "it draws vector map tiles": "MVTEncode ST_AsMVT",
    "it is a test of ClickHouse's own": "aggThrow",
    "it describes how ClickHouse stores a column": (
        "distinctDynamicTypes distinctJSONPathsAndTypes estimateCompressionRatio"
    ),
    "it reads ClickHouse's own profiles": "flameGraph",
    "it prints a format inside of a query": "groupFormat",
    "numeric indexed vectors are ClickHouse's own": "groupNumericIndexedVector",
    "it trains a model": (
        "stochasticLinearRegression stochasticLogisticRegression hierarchicalKMeans"
    ),
    "it is ClickHouse's own, for columns without a type": "nothing nothingNull nothingUInt64",
    "write `groupArrayArray`": "array_concat_agg",
    "it is experimental in ClickHouse": "sequenceNextNode",
    "it reads Prometheus' time series": (
        "timeSeriesAvgToGrid timeSeriesBottomKMasks timeSeriesChangesToGrid "
        "timeSeriesCountToGrid timeSeriesDeltaToGrid timeSeriesDerivToGrid timeSeriesGroupArray "
        "timeSeriesIncreaseToGrid timeSeriesInstantDeltaToGrid timeSeriesInstantRateToGrid "
        "timeSeriesLastToGrid timeSeriesLastTwoSamples timeSeriesLimitKMasks "
        "timeSeriesMaxToGrid timeSeriesMinToGrid timeSeriesPredictLinearToGrid "
        "timeSeriesRateToGrid timeSeriesResampleToGridWithStaleness timeSeriesResetsToGrid "
        "timeSeriesSumToGrid timeSeriesTimestampOfMaxToGrid timeSeriesTimestampOfMinToGrid "
        "timeSeriesTopKMasks"
    ),
}


def _refused(name: str, reason: str) -> Base:
    return Base(
        name,
        STRING,
        lambda f: STRING,
        lambda f, rows: "",
        lambda f, rows: "",
        lambda f, s: s,
        args=(0, None),
        params=(0, None),
        any_case=True,
        unsupported=reason,
    )


BASES = tuple(
    _refused(name, reason) for reason, names in _REASONS.items() for name in names.split()
)
