"""Which family each function is in. Written by `python3 dev.py compat`; do not edit."""

FUNCTIONS = {
    "arithmetic": "abs byteSwap divide gcd lcm max2 min2 minus multiply negate plus",
    "division": (
        "divideOrNull intDiv intDivOrNull intDivOrZero mod modOrNull modulo moduloLegacy "
        "moduloOrNull moduloOrZero pmod pmodOrNull positiveModulo positiveModuloOrNull "
        "positive_modulo positive_modulo_or_null"
    ),
    "decimals": "divideDecimal multiplyDecimal",
    "arrays": (
        "CARDINALITY OCTET_LENGTH arrayCompact arrayConcat arrayElement arrayFlatten arrayPopBack "
        "arrayPopFront arrayPushBack arrayPushFront arrayResize arrayReverse arrayRotateLeft "
        "arrayRotateRight arraySlice arrayStringConcat arrayWithConstant arrayZip array_to_string "
        "empty emptyArrayDate emptyArrayDateTime emptyArrayFloat32 emptyArrayFloat64 "
        "emptyArrayInt16 emptyArrayInt32 emptyArrayInt64 emptyArrayInt8 emptyArrayString "
        "emptyArrayUInt16 emptyArrayUInt32 emptyArrayUInt64 emptyArrayUInt8 flatten length "
        "notEmpty range"
    ),
    "array_sets": (
        "arrayDistinct arrayEnumerate arrayEnumerateDense arrayEnumerateUniq arrayExcept "
        "arrayIntersect arraySymmetricDifference arrayUnion arrayUniq countEqual has hasAll "
        "hasAny hasSubstr indexOf"
    ),
    "higher_order": (
        "arrayAll arrayAvg arrayCount arrayCumSum arrayCumSumNonNegative arrayDifference "
        "arrayExists arrayFill arrayFilter arrayFirst arrayFirstIndex arrayFirstOrNull arrayFold "
        "arrayLast arrayLastIndex arrayLastOrNull arrayMap arrayMax arrayMin arrayProduct "
        "arrayReverseFill arrayReverseSort arrayReverseSplit arraySort arraySplit arraySum"
    ),
    "maps": (
        "MAP_FROM_ARRAYS map mapAdd mapAll mapApply mapConcat mapContains mapContainsKey "
        "mapContainsKeyLike mapContainsValue mapContainsValueLike mapExists mapExtractKeyLike "
        "mapExtractValueLike mapFilter mapFromArrays mapKeys mapPartialReverseSort mapPartialSort "
        "mapPopulateSeries mapReverseSort mapSort mapSubtract mapToArray mapUpdate mapValues"
    ),
    "comparison": (
        "equals greater greaterOrEquals ilike isDistinctFrom isNotDistinctFrom less lessOrEquals "
        "like notEquals notILike notLike"
    ),
    "logic": "and not or xor",
    "conditional": (
        "assumeNotNull caseWithExpr caseWithExpression caseWithoutExpr caseWithoutExpression "
        "coalesce firstNonDefault if ifNull isNotNull isNull isNullable isZeroOrNull multiIf "
        "nullIf toNullable transform"
    ),
    "extremes": "clamp greatest least",
    "conversion": (
        "CAST DATE accurateCast accurateCastOrDefault accurateCastOrNull "
        "parseDateTime32BestEffort parseDateTime32BestEffortOrNull "
        "parseDateTime32BestEffortOrZero parseDateTime64BestEffort "
        "parseDateTime64BestEffortOrNull parseDateTime64BestEffortOrZero "
        "parseDateTime64BestEffortUS parseDateTime64BestEffortUSOrNull "
        "parseDateTime64BestEffortUSOrZero parseDateTimeBestEffort parseDateTimeBestEffortOrNull "
        "parseDateTimeBestEffortOrZero parseDateTimeBestEffortUS parseDateTimeBestEffortUSOrNull "
        "parseDateTimeBestEffortUSOrZero toBool toDate toDate32 toDate32OrDefault toDate32OrNull "
        "toDate32OrZero toDateOrDefault toDateOrNull toDateOrZero toDateTime toDateTime32 "
        "toDateTime64 toDateTime64OrDefault toDateTime64OrNull toDateTime64OrZero "
        "toDateTimeOrDefault toDateTimeOrNull toDateTimeOrZero toDecimal128 toDecimal128OrDefault "
        "toDecimal128OrNull toDecimal128OrZero toDecimal256 toDecimal256OrDefault "
        "toDecimal256OrNull toDecimal256OrZero toDecimal32 toDecimal32OrDefault toDecimal32OrNull "
        "toDecimal32OrZero toDecimal64 toDecimal64OrDefault toDecimal64OrNull toDecimal64OrZero "
        "toDecimalString toFixedString toFloat32 toFloat32OrDefault toFloat32OrNull "
        "toFloat32OrZero toFloat64 toFloat64OrDefault toFloat64OrNull toFloat64OrZero toIPv4 "
        "toIPv4OrDefault toIPv4OrNull toIPv4OrZero toIPv6 toIPv6OrDefault toIPv6OrNull "
        "toIPv6OrZero toInt128 toInt128OrDefault toInt128OrNull toInt128OrZero toInt16 "
        "toInt16OrDefault toInt16OrNull toInt16OrZero toInt256 toInt256OrDefault toInt256OrNull "
        "toInt256OrZero toInt32 toInt32OrDefault toInt32OrNull toInt32OrZero toInt64 "
        "toInt64OrDefault toInt64OrNull toInt64OrZero toInt8 toInt8OrDefault toInt8OrNull "
        "toInt8OrZero toIntervalDay toIntervalHour toIntervalMicrosecond toIntervalMillisecond "
        "toIntervalMinute toIntervalMonth toIntervalNanosecond toIntervalQuarter toIntervalSecond "
        "toIntervalWeek toIntervalYear toLowCardinality toString toStringCutToZero toTime "
        "toTime64 toTime64OrNull toTime64OrZero toTimeOrNull toTimeOrZero toUInt128 "
        "toUInt128OrDefault toUInt128OrNull toUInt128OrZero toUInt16 toUInt16OrDefault "
        "toUInt16OrNull toUInt16OrZero toUInt256 toUInt256OrDefault toUInt256OrNull "
        "toUInt256OrZero toUInt32 toUInt32OrDefault toUInt32OrNull toUInt32OrZero toUInt64 "
        "toUInt64OrDefault toUInt64OrNull toUInt64OrZero toUInt8 toUInt8OrDefault toUInt8OrNull "
        "toUInt8OrZero toUUID toUUIDOrDefault toUUIDOrNull toUUIDOrZero"
    ),
    "datetime_parts": (
        "DAY DAYOFMONTH DAYOFWEEK DAYOFYEAR HOUR MICROSECOND MILLISECOND MINUTE MONTH NANOSECOND "
        "QUARTER SECOND TO_DAYS WEEK YEAR YEARWEEK timeZoneOf timeZoneOffset timezoneOf "
        "timezoneOffset toDayOfMonth toDayOfWeek toDayOfYear toDaysSinceYearZero toHour toISOWeek "
        "toISOYear toMicrosecond toMillisecond toMinute toMonth toMonthNumSinceEpoch toNanosecond "
        "toQuarter toRelativeDayNum toRelativeHourNum toRelativeMinuteNum toRelativeMonthNum "
        "toRelativeQuarterNum toRelativeSecondNum toRelativeWeekNum toRelativeYearNum toSecond "
        "toUnixTimestamp toUnixTimestamp64Micro toUnixTimestamp64Milli toUnixTimestamp64Nano "
        "toUnixTimestamp64Second toWeek toYYYYMM toYYYYMMDD toYYYYMMDDhhmmss toYear "
        "toYearNumSinceEpoch toYearWeek"
    ),
    "datetime_start": (
        "DATE_TRUNC LAST_DAY dateTrunc date_bin hop hopEnd hopStart timeSlot time_bucket "
        "toLastDayOfMonth toLastDayOfWeek toMonday toStartOfDay toStartOfFifteenMinutes "
        "toStartOfFiveMinute toStartOfFiveMinutes toStartOfHour toStartOfISOYear "
        "toStartOfInterval toStartOfMicrosecond toStartOfMillisecond toStartOfMinute "
        "toStartOfMonth toStartOfNanosecond toStartOfQuarter toStartOfSecond toStartOfTenMinutes "
        "toStartOfWeek toStartOfYear tumble tumbleEnd tumbleStart"
    ),
    "datetime_shift": (
        "ADDDATE SUBDATE addDate addDays addHours addInterval addMicroseconds addMilliseconds "
        "addMinutes addMonths addNanoseconds addQuarters addSeconds addTupleOfIntervals addWeeks "
        "addYears subDate subtractDays subtractHours subtractInterval subtractMicroseconds "
        "subtractMilliseconds subtractMinutes subtractMonths subtractNanoseconds subtractQuarters "
        "subtractSeconds subtractTupleOfIntervals subtractWeeks subtractYears"
    ),
    "datetime_between": "DATE_DIFF age dateDiff timeDiff timestampDiff timestamp_diff",
    "datetime_make": (
        "FROM_DAYS UTCTimestamp UTC_timestamp YYYYMMDDToDate YYYYMMDDToDate32 "
        "YYYYMMDDhhmmssToDateTime YYYYMMDDhhmmssToDateTime64 changeDay changeHour changeMinute "
        "changeMonth changeSecond changeYear curdate current_date current_timestamp "
        "fromDaysSinceYearZero fromDaysSinceYearZero32 fromModifiedJulianDay "
        "fromModifiedJulianDayOrNull fromUTCTimestamp fromUnixTimestamp64Micro "
        "fromUnixTimestamp64Milli fromUnixTimestamp64Nano fromUnixTimestamp64Second "
        "from_utc_timestamp localtimestamp makeDate makeDate32 makeDateTime makeDateTime64 now "
        "now64 nowInBlock nowInBlock64 toModifiedJulianDay toModifiedJulianDayOrNull toTimeZone "
        "toTimezone toUTCTimestamp to_utc_timestamp today yesterday"
    ),
    "datetime_format": (
        "DATE_FORMAT FROM_UNIXTIME TO_UNIXTIME dateName formatDateTime formatDateTimeInJodaSyntax "
        "fromUnixTimestamp fromUnixTimestampInJodaSyntax monthName parseDateTime parseDateTime64 "
        "parseDateTime64InJodaSyntax parseDateTime64InJodaSyntaxOrNull "
        "parseDateTime64InJodaSyntaxOrZero parseDateTime64OrNull parseDateTime64OrZero "
        "parseDateTimeInJodaSyntax parseDateTimeInJodaSyntaxOrNull "
        "parseDateTimeInJodaSyntaxOrZero parseDateTimeOrNull parseDateTimeOrZero str_to_date "
        "timeSlots"
    ),
    "financial": (
        "financialInternalRateOfReturn financialInternalRateOfReturnExtended "
        "financialNetPresentValue financialNetPresentValueExtended"
    ),
    "format_row": "formatRow formatRowNoNewline",
    "rounding": (
        "ceil ceiling floor round roundAge roundBankers roundDown roundDuration roundToExp2 trunc "
        "truncate"
    ),
    "math": (
        "acos acosh asin asinh atan atan2 atanh cbrt cos cosh degrees e erf erfc exp exp10 exp2 "
        "factorial hypot ifNotFinite intExp10 intExp2 isFinite isInfinite isNaN lgamma ln log "
        "log10 log1p log2 pi pow power radians sigmoid sign sin sinh sqrt tan tanh tgamma "
        "widthBucket width_bucket"
    ),
    "bits": (
        "bitAnd bitCount bitHammingDistance bitNot bitOr bitPositionsToArray bitRotateLeft "
        "bitRotateRight bitShiftLeft bitShiftRight bitTest bitTestAll bitTestAny bitXor "
        "bitmaskToArray"
    ),
    "bitmap": (
        "bitmapAnd bitmapAndCardinality bitmapAndnot bitmapAndnotCardinality bitmapBuild "
        "bitmapCardinality bitmapContains bitmapHasAll bitmapHasAny bitmapMax bitmapMin bitmapOr "
        "bitmapOrCardinality bitmapSubsetInRange bitmapSubsetLimit bitmapToArray bitmapTransform "
        "bitmapXor bitmapXorCardinality subBitmap"
    ),
    "integers": "avg2 digits isPrime isProbablePrime midpoint sqr",
    "random": (
        "fuzzBits rand rand32 rand64 randBernoulli randBinomial randCanonical randChiSquared "
        "randConstant randExponential randFisherF randLogNormal randNegativeBinomial randNormal "
        "randPoisson randStudentT randUniform randomFixedString randomPrintableASCII randomString "
        "randomStringUTF8"
    ),
    "reinterpret": (
        "reinterpret reinterpretAsDate reinterpretAsDateTime reinterpretAsDateTime64 "
        "reinterpretAsFixedString reinterpretAsFloat32 reinterpretAsFloat64 reinterpretAsInt128 "
        "reinterpretAsInt16 reinterpretAsInt256 reinterpretAsInt32 reinterpretAsInt64 "
        "reinterpretAsInt8 reinterpretAsString reinterpretAsUInt128 reinterpretAsUInt16 "
        "reinterpretAsUInt256 reinterpretAsUInt32 reinterpretAsUInt64 reinterpretAsUInt8 "
        "reinterpretAsUUID"
    ),
    "introspection": (
        "bar blockNumber blockSerializedSize blockSize buildId byteSize connectionId "
        "currentProfiles currentRoles defaultRoles defaultValueOfArgumentType "
        "defaultValueOfTypeName dumpColumnStructure enabledProfiles enabledRoles "
        "filesystemAvailable filesystemCapacity filesystemUnreserved getClientHTTPHeader getMacro "
        "getOSKernelVersion getServerPort getServerSetting getSetting getSizeOfEnumType "
        "hasColumnInTable identity ignore indexHint initialQueryID initialQueryStartTime "
        "isConstant lowCardinalityIndices lowCardinalityKeys materialize nodeNumber partitionId "
        "queryID revision serverUUID shardCount shardNum sleep sleepEachRow tcpPort throwIf "
        "toColumnTypeName toTypeName transactionID visibleWidth zookeeperSessionUptime"
    ),
    "session": (
        "currentDatabase currentUser current_database current_user database displayName fqdn "
        "fullHostName hostName hostname schema serverTimeZone serverTimezone timeZone timezone "
        "uptime user version"
    ),
    "states": (
        "arrayReduce arrayReduceInRanges finalizeAggregation initializeAggregation "
        "runningAccumulate"
    ),
    "encoding": (
        "FROM_BASE64 TO_BASE64 base32Decode base32Encode base58Decode base58Encode base64Decode "
        "base64Encode base64URLDecode base64URLEncode bin bitmaskToList char hex hilbertDecode "
        "hilbertEncode mortonDecode mortonEncode tryBase32Decode tryBase58Decode tryBase64Decode "
        "tryBase64URLDecode unbin unhex"
    ),
    "addresses": (
        "INET6_ATON INET6_NTOA INET_ATON INET_NTOA IPv4CIDRToRange IPv4NumToString "
        "IPv4NumToStringClassC IPv4StringToNum IPv4StringToNumOrDefault IPv4StringToNumOrNull "
        "IPv4ToIPv6 IPv6CIDRToRange IPv6NumToString IPv6StringToNum IPv6StringToNumOrDefault "
        "IPv6StringToNumOrNull MACNumToString MACStringToNum MACStringToOUI cutIPv6 "
        "isIPAddressInRange isIPv4String isIPv6String"
    ),
    "identifiers": (
        "ULIDStringToDateTime UUIDNumToString UUIDStringToNum UUIDToNum UUIDv7ToDateTime "
        "dateTime64ToSnowflakeID dateTimeToSnowflakeID dateTimeToUUIDv7 generateSerialID "
        "generateSnowflakeID generateULID generateUUIDv4 generateUUIDv7 snowflakeIDToDateTime "
        "snowflakeIDToDateTime64 sqid sqidEncode"
    ),
    "tuple_math": (
        "flattenTuple tupleConcat tupleDivide tupleDivideByNumber tupleHammingDistance "
        "tupleIntDiv tupleIntDivByNumber tupleIntDivOrZero tupleIntDivOrZeroByNumber tupleMinus "
        "tupleModulo tupleModuloByNumber tupleMultiply tupleMultiplyByNumber tupleNames "
        "tupleNegate tuplePlus tuplePositiveModuloByNumber tupleToNameValuePairs vectorDifference "
        "vectorSum"
    ),
    "distance": (
        "L1Distance L1Norm L1Normalize L2Distance L2Norm L2Normalize L2SquaredDistance "
        "L2SquaredNorm LinfDistance LinfNorm LinfNormalize LpDistance LpNorm LpNormalize "
        "arrayDotProduct cosineDistance distanceCosine distanceL1 distanceL2 distanceL2Squared "
        "distanceLinf distanceLp dotProduct normL1 normL2 normL2Squared normLinf normLp "
        "normalizeL1 normalizeL2 normalizeLinf normalizeLp scalarProduct"
    ),
    "geo": (
        "geoDistance geoToS2 geohashDecode geohashEncode geohashesInBox greatCircleAngle "
        "greatCircleDistance pointInEllipses pointInPolygon polygonConvexHullSpherical "
        "polygonsDistanceSpherical polygonsEqualsSpherical polygonsIntersectSpherical "
        "polygonsIntersectionCartesian polygonsIntersectionSpherical "
        "polygonsSymDifferenceCartesian polygonsSymDifferenceSpherical polygonsUnionCartesian "
        "polygonsUnionSpherical polygonsWithinSpherical readWKB readWKT s2CapContains s2CapUnion "
        "s2CellsIntersect s2GetNeighbors s2RectAdd s2RectContains s2RectIntersection s2RectUnion "
        "s2ToGeo"
    ),
    "geometry": (
        "ST_LineFromWKB ST_MLineFromWKB ST_MPointFromWKB ST_MPolyFromWKB ST_PointFromWKB "
        "ST_PolyFromWKB SVG WKB WKT areaCartesian areaSpherical flipCoordinates "
        "geometryIntersectCartesian perimeterCartesian perimeterSpherical polygonAreaCartesian "
        "polygonAreaSpherical polygonConvexHullCartesian polygonPerimeterCartesian "
        "polygonPerimeterSpherical polygonsDistanceCartesian polygonsEqualsCartesian "
        "polygonsIntersectCartesian polygonsWithinCartesian readWKBLineString "
        "readWKBMultiLineString readWKBMultiPoint readWKBMultiPolygon readWKBPoint readWKBPolygon "
        "readWKTLineString readWKTMultiLineString readWKTMultiPoint readWKTMultiPolygon "
        "readWKTPoint readWKTPolygon readWKTRing svg wkb wkt"
    ),
    "h3": (
        "geoToH3 h3CellAreaM2 h3CellAreaRads2 h3Distance h3EdgeAngle h3EdgeLengthKm h3EdgeLengthM "
        "h3ExactEdgeLengthKm h3ExactEdgeLengthM h3ExactEdgeLengthRads h3GetBaseCell "
        "h3GetDestinationIndexFromUnidirectionalEdge h3GetFaces "
        "h3GetIndexesFromUnidirectionalEdge h3GetOriginIndexFromUnidirectionalEdge "
        "h3GetPentagonIndexes h3GetRes0Indexes h3GetResolution h3GetUnidirectionalEdge "
        "h3GetUnidirectionalEdgeBoundary h3GetUnidirectionalEdgesFromHexagon h3HexAreaKm2 "
        "h3HexAreaM2 h3HexRing h3IndexesAreNeighbors h3IsPentagon h3IsResClassIII h3IsValid "
        "h3Line h3NumHexagons h3PointDistKm h3PointDistM h3PointDistRads h3PolygonToCells "
        "h3PolygonToCellsWithContainment h3ToCenterChild h3ToChildren h3ToGeo h3ToGeoBoundary "
        "h3ToParent h3ToString h3UnidirectionalEdgeIsValid h3kRing stringToH3"
    ),
    "readable": (
        "FORMAT_BYTES formatReadableDecimalSize formatReadableQuantity formatReadableSize "
        "formatReadableTimeDelta parseISO8601Duration parseReadableSize parseReadableSizeOrNull "
        "parseReadableSizeOrZero"
    ),
    "similarity": (
        "byteHammingDistance damerauLevenshteinDistance editDistance editDistanceUTF8 "
        "hasSubsequence hasSubsequenceCaseInsensitive hasSubsequenceCaseInsensitiveUTF8 "
        "hasSubsequenceUTF8 jaroSimilarity jaroWinklerSimilarity levenshteinDistance "
        "levenshteinDistanceUTF8 mismatches ngramDistance ngramDistanceCaseInsensitive "
        "ngramDistanceCaseInsensitiveUTF8 ngramDistanceUTF8 ngramSearch "
        "ngramSearchCaseInsensitive ngramSearchCaseInsensitiveUTF8 ngramSearchUTF8 "
        "stringJaccardIndex stringJaccardIndexUTF8"
    ),
    "grams": "sparseGrams sparseGramsHashes sparseGramsHashesUTF8 sparseGramsUTF8",
    "tokens": (
        "REGEXP_EXTRACT REGEXP_SUBSTR countMatches countMatchesCaseInsensitive extractAllGroups "
        "extractAllGroupsHorizontal extractAllGroupsVertical extractGroups hasAllToken "
        "hasAllTokens hasAnyToken hasAnyTokens hasToken hasTokenCaseInsensitive "
        "hasTokenCaseInsensitiveOrNull hasTokenOrNull ngrams regexpExtract tokens "
        "tokensForLikePattern"
    ),
    "arrays_more": (
        "arrayAUC arrayAUCPR arrayAutocorrelation arrayBottomK arrayElementOrNull "
        "arrayFlattenedLength arrayJaccardIndex arrayPRAUC arrayROCAUC arrayRemove arrayShiftLeft "
        "arrayShiftRight arrayTopK arrayTranspose arrayZipUnaligned array_remove "
        "emptyArrayToSingle indexOfAssumeSorted notHas replicate"
    ),
    "array_order": (
        "arrayEnumerateDenseRanked arrayEnumerateUniqRanked arrayPartialReverseSort "
        "arrayPartialShuffle arrayPartialSort arrayRandomSample arrayShuffle"
    ),
    "color": "colorOKLABToSRGB colorOKLCHToSRGB colorSRGBToOKLAB colorSRGBToOKLCH",
    "notations": (
        "NATURAL_SORT_KEY REGEXP_INSTR caseFoldUTF8 conv countDigits extractKeyValuePairs "
        "isDecimalOverflow mapFromString naturalSortKey natural_sort_key "
        "normalizeUTF8NFKCCasefold parseTimeDelta regexpInstr regexpPosition removeAccentsUTF8 "
        "removeDiacriticsUTF8 sqidDecode str_to_map"
    ),
    "samples": (
        "minSampleSizeContinous minSampleSizeContinuous minSampleSizeConversion proportionsZTest"
    ),
    "sequences": (
        "arrayLevenshteinDistance arrayLevenshteinDistanceWeighted arrayNormalizedGini "
        "arrayShingles arraySimilarity"
    ),
    "series": "seriesOutliersDetectTukey",
    "time_series": (
        "timeSeriesFromGrid timeSeriesMetricTypeToSuffixes timeSeriesPrometheusValueToString "
        "timeSeriesRange"
    ),
    "shingles": (
        "ngramMinHash ngramMinHashArg ngramMinHashArgCaseInsensitive "
        "ngramMinHashArgCaseInsensitiveUTF8 ngramMinHashArgUTF8 ngramMinHashCaseInsensitive "
        "ngramMinHashCaseInsensitiveUTF8 ngramMinHashUTF8 ngramSimHash "
        "ngramSimHashCaseInsensitive ngramSimHashCaseInsensitiveUTF8 ngramSimHashUTF8 "
        "wordShingleMinHash wordShingleMinHashArg wordShingleMinHashArgCaseInsensitive "
        "wordShingleMinHashArgCaseInsensitiveUTF8 wordShingleMinHashArgUTF8 "
        "wordShingleMinHashCaseInsensitive wordShingleMinHashCaseInsensitiveUTF8 "
        "wordShingleMinHashUTF8 wordShingleSimHash wordShingleSimHashCaseInsensitive "
        "wordShingleSimHashCaseInsensitiveUTF8 wordShingleSimHashUTF8"
    ),
    "phrases": "hasPhrase highlight matchPhrase",
    "texts": (
        "basename convertCharset isValidASCII matchCaseInsensitive notMatch "
        "notMatchCaseInsensitive reverseBySeparator stringBytesEntropy stringBytesUniq"
    ),
    "datetime_more": "localtime timestamp toDaysInMonth toInterval toTimeWithFixedDate",
    "utm": "UTMToGeo geoToUTM",
    "not_here": (
        "L2DistanceTransposed L2DistanceTransposedQuantized MGRSToGeo MVTBoundingBox "
        "MVTBoundingBoxMercator MVTEncodeGeom ST_AsMVTGeom _CAST __actionName __applyFilter "
        "__bitBoolMaskAnd __bitBoolMaskOr __bitSwapLastTwo __bitWrapperFunc __getScalar "
        "__groupingForCube __groupingForGroupingSets __groupingForRollup __groupingOrdinary "
        "__patchPartitionID __scalarSubqueryResult __toYearCalendarOnly addressToLine "
        "addressToLineWithInlines addressToSymbol aes_decrypt_mysql aes_encrypt_mysql aiClassify "
        "aiEmbed aiExtract aiFilter aiGenerate aiRedact aiSimilarity aiTranslate assignCentroid "
        "authUser authenticatedUser catboostEvaluate chdb connection_id cosineDistanceTransposed "
        "cosineDistanceTransposedQuantized currentHandler currentQueryID currentRequestURL "
        "currentSchemas current_query_id current_schemas cutToFirstSignificantSubdomainCustom "
        "cutToFirstSignificantSubdomainCustomRFC cutToFirstSignificantSubdomainCustomWithWWW "
        "cutToFirstSignificantSubdomainCustomWithWWWRFC decrypt defaultProfiles demangle "
        "dequantizeInt8ToBFloat16 detectCharset detectLanguage detectLanguageMixed "
        "detectLanguageUnknown detectProgrammingLanguage detectTonality dictGet dictGetAll "
        "dictGetChildren dictGetDate dictGetDateOrDefault dictGetDateTime "
        "dictGetDateTimeOrDefault dictGetDescendants dictGetFloat32 dictGetFloat32OrDefault "
        "dictGetFloat64 dictGetFloat64OrDefault dictGetHierarchy dictGetIPv4 dictGetIPv4OrDefault "
        "dictGetIPv6 dictGetIPv6OrDefault dictGetInt16 dictGetInt16OrDefault dictGetInt32 "
        "dictGetInt32OrDefault dictGetInt64 dictGetInt64OrDefault dictGetInt8 "
        "dictGetInt8OrDefault dictGetKeys dictGetOrDefault dictGetOrNull dictGetRoot "
        "dictGetString dictGetStringOrDefault dictGetUInt16 dictGetUInt16OrDefault dictGetUInt32 "
        "dictGetUInt32OrDefault dictGetUInt64 dictGetUInt64OrDefault dictGetUInt8 "
        "dictGetUInt8OrDefault dictGetUUID dictGetUUIDOrDefault dictHas dictIsIn "
        "distanceCosineTransposed distanceL2Transposed dotProductTransposed "
        "dotProductTransposedQuantized encrypt errorCodeToName evalMLMethod "
        "extractKeyValuePairsWithEscaping file firstSignificantSubdomainCustom "
        "firstSignificantSubdomainCustomRFC formatQuery formatQueryFromJSON formatQueryOrNull "
        "formatQuerySingleLine formatQuerySingleLineOrNull fuzzQuery generateRandomStructure "
        "geoToMGRS geometryIntersectSpherical getMaxTableNameLengthForDatabase "
        "getMergeTreeSetting getSettingOrDefault getTypeSerializationStreams globalInIgnoreSet "
        "globalNotInIgnoreSet globalNotNullInIgnoreSet globalNullInIgnoreSet globalVariable "
        "hasThreadFuzzer highlightQuery inIgnoreSet initial_query_id initial_query_start_time "
        "isMergeTreePartCoveredBy joinGet joinGetOrNull kqlBin kqlBinAt kqlDateTimeBinAt "
        "kqlDivide kqlMultiply kqlParameterCast kqlRangeCount kqlToTimespan logTrace "
        "mergeTreePartInfo naiveBayesClassifier naiveBayesClassifierWithAllProbs "
        "naiveBayesClassifierWithProb naiveBayesNgrams nested normalizeQuery "
        "normalizeQueryKeepNames normalizedQueryHash normalizedQueryHashKeepNames notInIgnoreSet "
        "notNullInIgnoreSet nullInIgnoreSet numericIndexedVectorAllValueSum "
        "numericIndexedVectorBuild numericIndexedVectorCardinality numericIndexedVectorGetValue "
        "numericIndexedVectorPointwiseAdd numericIndexedVectorPointwiseDivide "
        "numericIndexedVectorPointwiseEqual numericIndexedVectorPointwiseGreater "
        "numericIndexedVectorPointwiseGreaterEqual numericIndexedVectorPointwiseLess "
        "numericIndexedVectorPointwiseLessEqual numericIndexedVectorPointwiseMultiply "
        "numericIndexedVectorPointwiseNotEqual numericIndexedVectorPointwiseSubtract "
        "numericIndexedVectorShortDebugString numericIndexedVectorToMap obfuscateQuery "
        "obfuscateQueryWithSeed parseQueryToJSON pgGetUserById pgTableIsVisible pg_get_userbyid "
        "pg_table_is_visible quantizeBFloat16ToInt8 query_id randomHadamardTransform "
        "regionHierarchy regionIn regionToArea regionToCity regionToContinent regionToCountry "
        "regionToDistrict regionToName regionToPopulation regionToTopContinent runningConcurrency "
        "scalarProductTransposed seriesDecomposeSTL session_user showCertificate "
        "structureToCapnProtoSchema structureToProtobufSchema tid timeSeriesCopyTag "
        "timeSeriesCopyTags timeSeriesExtractTag timeSeriesGroupToSamplingKey "
        "timeSeriesGroupToTags timeSeriesIdToGroup timeSeriesIdToTags timeSeriesIdToTagsGroup "
        "timeSeriesJoinTags timeSeriesRemoveAllTagsExcept timeSeriesRemoveTag "
        "timeSeriesRemoveTags timeSeriesReplaceTag timeSeriesStoreTags timeSeriesTagsGroupToTags "
        "timeSeriesTagsToGroup timeSeriesTagsToMap timeSeriesThrowDuplicateSeriesIf toBFloat16 "
        "toBFloat16OrNull toBFloat16OrZero tokenizeQuery transactionLatestSnapshot "
        "transactionOldestSnapshot tryDecrypt unnest validateNestedArraySizes variantElement "
        "variantType"
    ),
    "hashing": (
        "BLAKE3 CRC32 CRC32IEEE CRC64 HMAC MD4 MD5 RIPEMD160 SHA1 SHA224 SHA256 SHA384 SHA512 "
        "SHA512_256 cityHash64 farmFingerprint64 farmHash64 gccMurmurHash halfMD5 hiveHash "
        "icebergHash intHash32 intHash64 javaHash javaHashUTF16LE jumpConsistentHash "
        "kafkaMurmurHash keccak256 kostikConsistentHash metroHash64 murmurHash2_32 murmurHash2_64 "
        "murmurHash3_128 murmurHash3_32 murmurHash3_64 sipHash128 sipHash128Keyed "
        "sipHash128Reference sipHash128ReferenceKeyed sipHash64 sipHash64Keyed wyHash64 xxHash32 "
        "xxHash64 xxHash64Spark xxh3 xxh3_128 yandexConsistentHash"
    ),
    "iceberg": "icebergBucket icebergTruncate",
    "json": (
        "JSONAllPaths JSONAllPathsWithTypes JSONAllValues JSONArrayLength JSONDynamicPaths "
        "JSONDynamicPathsWithTypes JSONExtract JSONExtractArrayRaw "
        "JSONExtractArrayRawCaseInsensitive JSONExtractBool JSONExtractBoolCaseInsensitive "
        "JSONExtractCaseInsensitive JSONExtractFloat JSONExtractFloatCaseInsensitive "
        "JSONExtractInt JSONExtractIntCaseInsensitive JSONExtractKeys JSONExtractKeysAndValues "
        "JSONExtractKeysAndValuesCaseInsensitive JSONExtractKeysAndValuesRaw "
        "JSONExtractKeysAndValuesRawCaseInsensitive JSONExtractKeysCaseInsensitive JSONExtractRaw "
        "JSONExtractRawCaseInsensitive JSONExtractString JSONExtractStringCaseInsensitive "
        "JSONExtractUInt JSONExtractUIntCaseInsensitive JSONHas JSONKey JSONLength JSONMergePatch "
        "JSONSharedDataPaths JSONSharedDataPathsWithTypes JSONType JSON_ARRAY_LENGTH JSON_EXISTS "
        "JSON_QUERY JSON_VALUE dynamicElement dynamicType isDynamicElementInSharedData "
        "isValidJSON jsonMergePatch prettyPrintJSON toJSONString"
    ),
    "json_simple": (
        "simpleJSONExtractBool simpleJSONExtractFloat simpleJSONExtractInt simpleJSONExtractRaw "
        "simpleJSONExtractString simpleJSONExtractUInt simpleJSONHas visitParamExtractBool "
        "visitParamExtractFloat visitParamExtractInt visitParamExtractRaw visitParamExtractString "
        "visitParamExtractUInt visitParamHas"
    ),
    "search": (
        "REGEXP_MATCHES REGEXP_REPLACE countSubstrings countSubstringsCaseInsensitive "
        "countSubstringsCaseInsensitiveUTF8 extract extractAll instr locate match "
        "multiSearchAllPositions multiSearchAllPositionsCaseInsensitive "
        "multiSearchAllPositionsCaseInsensitiveUTF8 multiSearchAllPositionsUTF8 multiSearchAny "
        "multiSearchAnyCaseInsensitive multiSearchAnyCaseInsensitiveUTF8 multiSearchAnyUTF8 "
        "multiSearchFirstIndex multiSearchFirstIndexCaseInsensitive "
        "multiSearchFirstIndexCaseInsensitiveUTF8 multiSearchFirstIndexUTF8 "
        "multiSearchFirstPosition multiSearchFirstPositionCaseInsensitive "
        "multiSearchFirstPositionCaseInsensitiveUTF8 multiSearchFirstPositionUTF8 position "
        "positionCaseInsensitive positionCaseInsensitiveUTF8 positionUTF8 replace replaceAll "
        "replaceOne replaceRegexpAll replaceRegexpOne"
    ),
    "patterns": (
        "multiFuzzyMatchAllIndices multiFuzzyMatchAny multiFuzzyMatchAnyIndex "
        "multiMatchAllIndices multiMatchAny multiMatchAnyIndex"
    ),
    "printf": "printf",
    "splitting": (
        "alphaTokens splitByAlpha splitByChar splitByNonAlpha splitByRegexp splitByString "
        "splitByWhitespace"
    ),
    "strings": (
        "CHARACTER_LENGTH CHAR_LENGTH SUBSTRING_INDEX appendTrailingCharIfAbsent ascii "
        "compareSubstrings concat concatAssumeInjective concatWithSeparator "
        "concatWithSeparatorAssumeInjective concat_ws decodeHTMLComponent decodeXMLComponent "
        "encodeXMLComponent endsWith endsWithCaseInsensitive endsWithCaseInsensitiveUTF8 "
        "endsWithUTF8 extractTextFromHTML firstLine format initcap initcapUTF8 isASCII "
        "isValidUTF8 lcase lengthUTF8 lower lowerUTF8 ltrim normalizeUTF8NFC normalizeUTF8NFD "
        "normalizeUTF8NFKC normalizeUTF8NFKD overlay overlayUTF8 regexpQuoteMeta repeat "
        "reverseUTF8 rtrim soundex space startsWith startsWithCaseInsensitive "
        "startsWithCaseInsensitiveUTF8 startsWithUTF8 substringIndex substringIndexUTF8 "
        "toValidUTF8 translate translateUTF8 trim trimBoth trimLeft trimRight ucase upper "
        "upperUTF8"
    ),
    "cutting": (
        "bitSlice byteSlice left leftPad leftPadUTF8 leftUTF8 lpad mid reverse right rightPad "
        "rightPadUTF8 rightUTF8 rpad substr substrUTF8 substring substringUTF8"
    ),
    "tuples": "array tuple tupleElement",
    "parts": "getSubcolumn",
    "url": (
        "URLHash URLHierarchy URLPathHierarchy cutFragment cutQueryString "
        "cutQueryStringAndFragment cutToFirstSignificantSubdomain "
        "cutToFirstSignificantSubdomainRFC cutToFirstSignificantSubdomainWithWWW "
        "cutToFirstSignificantSubdomainWithWWWRFC cutURLParameter cutWWW decodeURLComponent "
        "decodeURLFormComponent domain domainRFC domainWithoutWWW domainWithoutWWWRFC "
        "encodeURLComponent encodeURLFormComponent extractURLParameter extractURLParameterNames "
        "extractURLParameters firstSignificantSubdomain firstSignificantSubdomainRFC fragment "
        "netloc path pathFull port portRFC protocol queryString queryStringAndFragment "
        "topLevelDomain topLevelDomainRFC"
    ),
    "windows": (
        "cume_dist denseRank dense_rank lag lagInFrame lead leadInFrame neighbor "
        "nonNegativeDerivative nth_value ntile percentRank percent_rank rank rowNumberInAllBlocks "
        "rowNumberInBlock row_number runningDifference runningDifferenceStartingWithFirstValue"
    ),
}

AGGREGATES = {
    "simple": (
        "BIT_AND BIT_OR BIT_XOR any anyLast anyLastRespectNulls anyLast_respect_nulls "
        "anyRespectNulls anyValueRespectNulls any_respect_nulls any_value any_value_respect_nulls "
        "argAndMax argAndMin argMax argMin avg avgWeighted count firstValueRespectNulls "
        "first_value first_value_respect_nulls groupBitAnd groupBitOr groupBitXor "
        "lastValueRespectNulls last_value last_value_respect_nulls max max_by min min_by "
        "singleValueOrNull sum sumCount sumKahan sumWithOverflow"
    ),
    "moments": (
        "COVAR_POP COVAR_SAMP STD STDDEV STDDEV_POP STDDEV_SAMP VAR_POP VAR_SAMP corr corrMatrix "
        "corrStable covarPop covarPopMatrix covarPopStable covarSamp covarSampMatrix "
        "covarSampStable kurtPop kurtSamp regr_avgx regr_avgy regr_count regr_intercept regr_r2 "
        "regr_slope regr_sxx regr_sxy regr_syy simpleLinearRegression skewPop skewSamp stddevPop "
        "stddevPopStable stddevSamp stddevSampStable varPop varPopStable varSamp varSampStable"
    ),
    "unique": (
        "entropy groupUniqArray uniq uniqCombined uniqCombined64 uniqExact uniqHLL12 uniqTheta "
        "uniqUpTo"
    ),
    "bitmaps": "groupBitmap groupBitmapAnd groupBitmapOr groupBitmapXor",
    "arrays": (
        "array_agg distinctJSONPaths groupArray groupArrayInsertAt groupArrayIntersect "
        "groupArrayLast groupArrayMovingAvg groupArrayMovingSum groupArraySample groupArraySorted "
        "groupConcat group_concat mergedJSONPatch string_agg"
    ),
    "quantiles": (
        "median medianBFloat16 medianBFloat16Weighted medianDD medianDeterministic medianExact "
        "medianExactExclusive medianExactHigh medianExactInclusive medianExactLow "
        "medianExactWeighted medianExactWeightedInterpolated medianGK medianInterpolatedWeighted "
        "medianTDigest medianTDigestWeighted medianTiming medianTimingWeighted quantile "
        "quantileBFloat16 quantileBFloat16Weighted quantileDD quantileDeterministic quantileExact "
        "quantileExactExclusive quantileExactHigh quantileExactInclusive quantileExactLow "
        "quantileExactWeighted quantileExactWeightedInterpolated quantileGK "
        "quantileInterpolatedWeighted quantileTDigest quantileTDigestWeighted quantileTiming "
        "quantileTimingWeighted quantiles quantilesBFloat16 quantilesBFloat16Weighted quantilesDD "
        "quantilesDeterministic quantilesExact quantilesExactExclusive quantilesExactHigh "
        "quantilesExactInclusive quantilesExactLow quantilesExactWeighted "
        "quantilesExactWeightedInterpolated quantilesGK quantilesInterpolatedWeighted "
        "quantilesTDigest quantilesTDigestWeighted quantilesTiming quantilesTimingWeighted"
    ),
    "top": "anyHeavy approx_top_count approx_top_k approx_top_sum topK topKWeighted",
    "maps": (
        "maxMappedArrays minMappedArrays sumMapFiltered sumMapFilteredWithOverflow "
        "sumMapWithOverflow sumMappedArrays"
    ),
    "series": (
        "boundingRatio deltaSum deltaSumTimestamp exponentialMovingAverage "
        "exponentialTimeDecayedAvg exponentialTimeDecayedCount exponentialTimeDecayedMax "
        "exponentialTimeDecayedSum gini histogram intervalLengthSum largestTriangleThreeBuckets "
        "lttb maxIntersections maxIntersectionsPosition rankCorr sparkBar sparkbar"
    ),
    "events": "retention sequenceCount sequenceMatch sequenceMatchEvents windowFunnel",
    "statistics": (
        "analysisOfVariance anova categoricalInformationValue contingency cramersV "
        "cramersVBiasCorrected kolmogorovSmirnovTest mannWhitneyUTest meanZTest studentTTest "
        "studentTTestOneSample theilsU welchTTest"
    ),
    "histograms": "quantilePrometheusHistogram quantilesPrometheusHistogram",
    "unsupported": (
        "MVTEncode ST_AsMVT aggThrow array_concat_agg distinctDynamicTypes "
        "distinctJSONPathsAndTypes estimateCompressionRatio flameGraph groupFormat "
        "groupNumericIndexedVector hierarchicalKMeans nothing nothingNull nothingUInt64 "
        "sequenceNextNode stochasticLinearRegression stochasticLogisticRegression "
        "timeSeriesAvgToGrid timeSeriesBottomKMasks timeSeriesChangesToGrid timeSeriesCountToGrid "
        "timeSeriesDeltaToGrid timeSeriesDerivToGrid timeSeriesGroupArray "
        "timeSeriesIncreaseToGrid timeSeriesInstantDeltaToGrid timeSeriesInstantRateToGrid "
        "timeSeriesLastToGrid timeSeriesLastTwoSamples timeSeriesLimitKMasks timeSeriesMaxToGrid "
        "timeSeriesMinToGrid timeSeriesPredictLinearToGrid timeSeriesRateToGrid "
        "timeSeriesResampleToGridWithStaleness timeSeriesResetsToGrid timeSeriesSumToGrid "
        "timeSeriesTimestampOfMaxToGrid timeSeriesTimestampOfMinToGrid timeSeriesTopKMasks"
    ),
}
