"""Families that this engine does not have, each with its reason."""

from __future__ import annotations

from mini_tb.sql.functions.function import unsupported

_NUMBERS = (f"{kind}{bits}" for kind in ("Int", "UInt") for bits in (8, 16, 32, 64))
_TYPES = ("Date", "DateTime", "Float32", "Float64", "IPv4", "IPv6", "String", "UUID", *_NUMBERS)

REASONS = {
    "values are not encrypted here": "encrypt decrypt tryDecrypt aes_encrypt_mysql "
    "aes_decrypt_mysql",
    "there is no dictionary here; join the data source instead": (
        "dictGet dictGetAll dictGetChildren dictGetDescendants dictGetHierarchy dictGetKeys "
        "dictGetOrDefault dictGetOrNull dictGetRoot dictHas dictIsIn "
        + " ".join(f"dictGet{t} dictGet{t}OrDefault" for t in _TYPES)
    ),
    "there is no geobase here; join a data source of regions instead": (
        "regionHierarchy regionIn regionToArea regionToCity regionToContinent regionToCountry "
        "regionToDistrict regionToName regionToPopulation regionToTopContinent"
    ),
    "there is no Join table here; join the data source instead": "joinGet joinGetOrNull",
    "models are not called from queries here": (
        "catboostEvaluate evalMLMethod assignCentroid naiveBayesClassifier naiveBayesNgrams "
        "naiveBayesClassifierWithAllProbs naiveBayesClassifierWithProb detectCharset "
        "detectLanguage detectLanguageMixed detectLanguageUnknown detectProgrammingLanguage "
        "detectTonality"
    ),
    "queries ask no AI service": (
        "aiClassify aiEmbed aiExtract aiFilter aiGenerate aiRedact aiSimilarity aiTranslate"
    ),
    "it is for queries in Kusto's language": (
        "kqlBin kqlBinAt kqlDateTimeBinAt kqlDivide kqlMultiply kqlParameterCast kqlRangeCount "
        "kqlToTimespan"
    ),
    "numeric indexed vectors are ClickHouse's own": (
        "numericIndexedVectorAllValueSum numericIndexedVectorBuild "
        "numericIndexedVectorCardinality numericIndexedVectorGetValue "
        "numericIndexedVectorPointwiseAdd numericIndexedVectorPointwiseDivide "
        "numericIndexedVectorPointwiseEqual numericIndexedVectorPointwiseGreater "
        "numericIndexedVectorPointwiseGreaterEqual numericIndexedVectorPointwiseLess "
        "numericIndexedVectorPointwiseLessEqual numericIndexedVectorPointwiseMultiply "
        "numericIndexedVectorPointwiseNotEqual numericIndexedVectorPointwiseSubtract "
        "numericIndexedVectorShortDebugString numericIndexedVectorToMap"
    ),
    "there is no type QBit or BFloat16 here": (
        "L2DistanceTransposed distanceL2Transposed L2DistanceTransposedQuantized "
        "cosineDistanceTransposed distanceCosineTransposed cosineDistanceTransposedQuantized "
        "dotProductTransposed scalarProductTransposed dotProductTransposedQuantized "
        "dequantizeInt8ToBFloat16 quantizeBFloat16ToInt8 toBFloat16 toBFloat16OrNull "
        "toBFloat16OrZero randomHadamardTransform"
    ),
    "the types of the values of a Dynamic or Variant column are not kept": (
        "variantElement variantType"
    ),
    "it reads Prometheus' time series": (
        "timeSeriesCopyTag timeSeriesCopyTags timeSeriesExtractTag timeSeriesGroupToSamplingKey "
        "timeSeriesGroupToTags timeSeriesIdToGroup timeSeriesIdToTags timeSeriesIdToTagsGroup "
        "timeSeriesJoinTags timeSeriesRemoveAllTagsExcept timeSeriesRemoveTag "
        "timeSeriesRemoveTags timeSeriesReplaceTag timeSeriesStoreTags "
        "timeSeriesTagsGroupToTags timeSeriesTagsToGroup timeSeriesTagsToMap "
        "timeSeriesThrowDuplicateSeriesIf"
    ),
    "series are not taken apart here": "seriesDecomposeSTL",
    "tables are not made at random here": "generateRandomStructure",
    "queries are not taken apart by queries here": (
        "formatQuery formatQueryFromJSON formatQueryOrNull formatQuerySingleLine "
        "formatQuerySingleLineOrNull fuzzQuery highlightQuery obfuscateQuery "
        "obfuscateQueryWithSeed normalizeQuery normalizeQueryKeepNames normalizedQueryHash "
        "normalizedQueryHashKeepNames parseQueryToJSON tokenizeQuery"
    ),
    "it looks into a ClickHouse server": (
        "addressToLine addressToLineWithInlines addressToSymbol authUser authenticatedUser "
        "connection_id currentHandler currentQueryID current_query_id "
        "currentRequestURL current_schemas currentSchemas defaultProfiles demangle "
        "errorCodeToName getMaxTableNameLengthForDatabase getMergeTreeSetting "
        "getSettingOrDefault getTypeSerializationStreams globalVariable hasThreadFuzzer "
        "initial_query_id initial_query_start_time isMergeTreePartCoveredBy logTrace "
        "mergeTreePartInfo pgGetUserById pg_get_userbyid pgTableIsVisible "
        "pg_table_is_visible query_id runningConcurrency session_user showCertificate tid "
        "transactionLatestSnapshot transactionOldestSnapshot"
    ),
    "queries read no files and no other systems": (
        "file structureToCapnProtoSchema structureToProtobufSchema"
    ),
    "it is ClickHouse's own, inside of its queries": (
        "_CAST __actionName __applyFilter __bitBoolMaskAnd __bitBoolMaskOr __bitSwapLastTwo "
        "__bitWrapperFunc __getScalar __groupingForCube __groupingForGroupingSets "
        "__groupingForRollup __groupingOrdinary __patchPartitionID __scalarSubqueryResult "
        "__toYearCalendarOnly globalInIgnoreSet globalNotInIgnoreSet globalNotNullInIgnoreSet "
        "globalNullInIgnoreSet inIgnoreSet notInIgnoreSet notNullInIgnoreSet nullInIgnoreSet "
        "nested validateNestedArraySizes chdb"
    ),
    "write `arrayJoin`": "unnest",
    "shapes are not drawn as tiles here": (
        "MVTBoundingBox MVTBoundingBoxMercator MVTEncodeGeom ST_AsMVTGeom"
    ),
    "shapes are not compared on a sphere here": "geometryIntersectSpherical",
    "places are not projected to such grids here": "MGRSToGeo geoToMGRS",
    "hosts are not cut by lists of one's own here": (
        "cutToFirstSignificantSubdomainCustom cutToFirstSignificantSubdomainCustomRFC "
        "cutToFirstSignificantSubdomainCustomWithWWW "
        "cutToFirstSignificantSubdomainCustomWithWWWRFC firstSignificantSubdomainCustom "
        "firstSignificantSubdomainCustomRFC"
    ),
    "it is not computed here yet": "extractKeyValuePairsWithEscaping",
}
"""Names of functions that are known but not computed, by the reason that a caller reads."""

ROWS = tuple(
    row for reason, names in REASONS.items() for row in unsupported(reason, *names.split())
)
