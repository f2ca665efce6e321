"""More kinds of columns, functions and sources for random queries: `differential.py --wide`.

What projects use beside what `generator.py` has: JSON in strings, URLs, texts of times, maps of
texts, tuples and arrays of them, enums, FixedStrings, addresses, times in zones; ARRAY JOIN, joins
of all kinds, funnels, states. The tables are written as those there.
"""

from __future__ import annotations

COLUMNS = {
    "ms": ("Map(String,String)", "texts", "{} {'a':'x','b':''} {'k1':'é','a':'7'}"),
    "fs": ("FixedString(3)", "fixed", "'abc' 'x' ''"),
    "e": ("Enum8('a'=1,'b'=2,'zz'=-3)", "enum", "'a' 'b' 'zz'"),
    "ip": ("IPv4", "ip", "'0.0.0.0' '192.168.1.77' '255.255.255.255'"),
    "tny": (
        "DateTime64(6,'America/New_York')",
        "time",
        """'2024-03-10 03:30:00.123456' '2024-11-03 01:30:00' '2025-07-01 00:00:00.000001'""",
    ),
    "nt64": ("Nullable(DateTime64(3,'Asia/Tokyo'))", "time", "NULL '2026-01-01 00:00:00.999'"),
    "d38": ("Decimal(38,10)", "decimal", "0 1.0000000001 -1234567.25"),
    "js": (
        "String",
        "json",
        """'{"a":1,"b":"x","c":[1,"y",{"d":null}],"f":1.5,"g":true}' '' '[1,2,"z"]'
        '{"b":"é\\\\n"}' '{"a":"12","b":null,"c":[],"o":{"p":[1,2,3],"q":"é"} }'
        '{"a":-7.25,"c":["a","b"],"f":3}'""",
    ),
    "url": (
        "String",
        "url",
        """'https://www.example.co.uk:8080/a/b?utm_source=x&q=a%20b#frag' '' 'not a url'
        'http://blog.tinybird.co/post?id=7' '//cdn.site.com/x.js'
        'https://u:pw@host.io/?a=1&a=2'""",
    ),
    "tp": ("Tuple(String,Int32)", "tuple", "('a',1) ('',-7)"),
    "atp": ("Array(Tuple(String,Int64))", "tuples", "[] [('a',1),('b',-2)] [('z',0)]"),
    "aai": ("Array(Array(Int32))", "nested", "[] [[1,2],[]] [[-5]]"),
    "ad": ("Array(Date)", "dates", "[] ['2024-02-29','2023-01-01']"),
    "tx": (
        "String",
        "moment",
        """'2024-02-29' '2024-02-29 10:20:30' '2024-02-29T10:20:30.5Z' '' 'x' '1700000000'
        '2024-02-29 10:20:30+02:00' 'Feb 3, 2021' '20240229'""",
    ),
}

LITERALS = {
    "texts": "map('a','b') map('x','','y','z')",
    "fixed": "toFixedString('a',3) toFixedString('xyz',3)",
    "enum": "CAST('a','Enum8(\\'a\\'=1,\\'b\\'=2)')",
    "ip": "toIPv4('10.0.0.1')",
    "json": '\'{"a":3,"b":"str"}\' \'{}\' \'{"c":[1,2]}\'',
    "url": "'https://a.b.com/p/q?x=1#f' 'www.x.org'",
    "tuple": "('a',1) ('b',300)",
    "tuples": "[('a',1)] [('b',2),('a',1)]",
    "nested": "[[1],[2,3]] [[]]",
    "dates": "[toDate('2024-01-31')]",
    "moment": "'2024-05-05_05:05:05' '2024-05-05'",
}

TEMPLATES = {
    "fixed": """
        if({bool}, {fixed}, {fixed})|coalesce({fixed}, {fixed})
    """,
    "int": """
        length({fixed})|JSONExtractInt({json}, 'a')|JSONLength({json})|JSONLength({json}, 'c')
        JSONHas({json}, 'a')|JSONExtractUInt({json}, 'a')|JSONExtract({json}, 'a', 'Int32')
        JSONExtractBool({json}, 'g')|simpleJSONExtractInt({json}, 'a')
        JSONExtract({json}, 'a', 'Nullable(Int64)')|isValidJSON({json})
        JSONExtractInt({json}, 'c', 1)|port({url})|length(extractURLParameterNames({url}))
        CAST({enum} AS Int8)|{tuple}.2|tupleElement({tuple}, 2)|IPv4StringToNum({str})
        arraySum(x -> x.2, {tuples})|length({tuples})|arraySum(arrayFlatten({nested}))
        arrayMax(arrayMap(x -> length(x), {nested}))|{nested}[1][{small}]|toUInt32({ip})
        toUnixTimestamp(parseDateTimeBestEffort({moment}))|length({texts})|{tuples}[1].2
        dateDiff('minute', {time}, {time})|dateDiff('second', {time}, {time})
        age('day', {time}, {time})|dateDiff('week', {date}, {time})
        dateDiff('quarter', {date}, {date})|toRelativeDayNum({time})|EXTRACT(YEAR FROM {time})
        toHour({time}, 'Asia/Tokyo')|toYYYYMM({time}, 'America/New_York')
        toUnixTimestamp({moment})|arrayReduce('max', {ints})|arrayReduce('uniq', {strs})
        bitmapCardinality(bitmapBuild({ints}))|toISOYear({date})|toStartOfHour({time}) = {time}
        arrayFirstIndex(x -> x > 1, {ints})
        CASE {str} WHEN 'a' THEN 1 WHEN 'b' THEN {int} ELSE {int} END|murmurHash2_64({str})
        toInt64OrZero({str})|toInt64OrDefault({str})|toUInt16OrZero({str})
        CAST({int} AS Nullable(Int16))|{int}::Int64|toUInt32OrNull({str})
        accurateCastOrNull({num}, 'UInt8')|toInt128({int})|countMatches({str}, '[a-z]')
        multiSearchFirstIndex({str}, ['a', 'l'])|locate({str}, 'a')|positionUTF8({str}, {str})
        arrayDotProduct({ints}, {ints})|farmHash64({str}, {int})|cityHash64({str}, {int})
        sipHash64({any}, {str})|arrayCount({ints})|arrayProduct([{small}, {small}])
        toDaysSinceYearZero({date})|byteSwap({small})|ifNull(toInt32OrNull({str}), {int})
        multiIf({int} < 10, 1, {int} < 100, 2, 3)|min2({int}, {int})|max2({int}, {float})
        editDistance({str}, {str})|ngramDistance({str}, {str}) > 0.5|toDayOfWeek({time}, 1)
    """,
    "float": """
        JSONExtractFloat({json}, 'f')|JSONExtract({json}, 'a', 'Float64')
        toFloat64OrDefault({str})|toFloat32OrNull({str})|arrayAvg(x -> x.2, {tuples})
        round({decimal}, 1)::Float64|round({float})|dotProduct({floats}, {floats})
        L2Distance({floats}, {floats})|cosineDistance({floats}, {floats})
        geoDistance({small}, {small}, 2.5, 41.)|round({int} / {int}, 2)|{float}::Float32
        if({int} = 0, 0, {int} / {int})|arrayReduce('avg', {ints})|arrayMax({floats})
        log2(abs({num}) + 2)|jaroWinklerSimilarity({str}, {str})|least({float}, {int})
        tanh({float})|JSONExtractFloat({json}, 'c', 1)
    """,
    "decimal": """
        toDecimal64OrNull({str}, 3)|toDecimal32OrDefault({str}, 1)
        divideDecimal({decimal}, toDecimal32(3, 1), 4)|JSONExtract({json}, 'f', 'Decimal(9, 2)')
        CAST({int} AS Decimal(38, 2))|least({decimal}, {decimal})|roundBankers({decimal}, 1)
        multiIf({bool}, {decimal}, {bool}, {decimal}, {decimal})
    """,
    "str": """
        toString({fixed})|concat({fixed}, '-', {str})|toString([{fixed}])
        JSONExtractString({json}, 'b')|JSONExtractRaw({json}, 'a')|JSON_VALUE({json}, '$.b')
        toString(JSONType({json}, 'a'))|simpleJSONExtractString({json}, 'b')
        simpleJSONExtractRaw({json}, 'a')|JSON_QUERY({json}, '$.c')
        JSONExtract({json}, 'b', 'LowCardinality(String)')
        JSONExtract({json}, 'b', 'Nullable(String)')|domain({url})|domainWithoutWWW({url})
        topLevelDomain({url})|protocol({url})|path({url})|pathFull({url})|queryString({url})
        fragment({url})|extractURLParameter({url}, 'x')|cutToFirstSignificantSubdomain({url})
        firstSignificantSubdomain({url})|queryStringAndFragment({url})|toString({enum})
        toString({ip})|{tuple}.1|{texts}['a']|IPv4NumToString(toUInt32({int}))|toString({tuple})
        toString({tuples})|toString({nested})|toString({texts})|toString({map})|toString({dates})
        arrayStringConcat(arrayMap(x -> x.1, {tuples}), '/')|arrayElement(mapKeys({texts}), 1)
        formatDateTime({time}, '%F %T')|formatDateTime({date}, '%d %b %Y, %W')
        formatDateTime({time}, '%Y-%m', 'Asia/Tokyo')|toString({time}, 'Europe/Madrid')
        formatReadableQuantity({num})|formatReadableTimeDelta({small} * 4000)
        replaceRegexpOne({str}, '([a-z])', '[\\1]')|substringIndex({str}, ',', {small})
        trimRight({str})|trim(BOTH 'a' FROM {str})|lower(hex(SHA256({str})))
        base64Decode(base64Encode({str}))|substring({str}, {int})|CAST({any} AS String)
        CAST({str} AS LowCardinality(String))|CAST({str} AS Nullable(String))|{any}::String
        CASE {int} WHEN 0 THEN 'zero' WHEN 1 THEN {str} ELSE {str} END
        splitByString('::', {str})[1]|arrayFirst(x -> x != '', {strs})
        arrayElementOrNull({strs}, {small})|extractGroups({str}, '([a-z])([a-z])')[1]
        splitByRegexp('[,-]', {str})[1]|soundex({str})|tupleElement({tuple}, 1)
        leftUTF8({str}, {small})|formatRow('CSV', {str}, {int})|IPv6NumToString(toIPv6('::1'))
        concat({str}, {int})|concat({str}, '-', {date})|arrayMin({strs})
        caseWithExpression({str}, 'a', 'x', 'y')
        UUIDNumToString(UUIDStringToNum(toString({uuid})))
    """,
    "date": """
        toDateOrDefault({str})|parseDateTimeBestEffortOrNull({moment})::Date|toDate({moment})
        toDate({time}, 'Asia/Tokyo')|{dates}[1]|arrayMax({dates})|date_add(DAY, {small}, {date})
        dateAdd(month, 1, {date})|addQuarters({date}, {small})|toStartOfWeek({time}, 1)
        toStartOfMonth({time}, 'America/New_York')|{date} - INTERVAL {small} DAY
        date_sub(YEAR, 1, {date})|makeDate(2024, {small} + 1, 1)|dateTrunc('week', {date})
        dateTrunc('quarter', {time})|toStartOfInterval({date}, INTERVAL 1 MONTH)
        CAST({str} AS Nullable(Date))|{time}::Date|toMonday({time})|least({date}, {date})
        toDate({int})|fromDaysSinceYearZero(739000 + {small})|JSONExtract({json}, 'a', 'Date')
        multiIf({bool}, {date}, {bool}, {date}, {date})|YYYYMMDDToDate(20240229)
        addDays({date}, {int} % 1000)|toStartOfWeek({date}, {small})|toLastDayOfWeek({date})
        toDate32({str})
    """,
    "time": """
        parseDateTimeBestEffort({moment})|parseDateTimeBestEffortOrNull({moment})
        parseDateTime64BestEffortOrNull({moment}, 3)|parseDateTimeBestEffortOrZero({moment})
        toDateTime({moment})|toDateTime64({moment}, 3)|toDateTimeOrNull({moment})
        toDateTime64OrNull({moment}, 3)|parseDateTimeBestEffort({moment}, 'America/New_York')
        toDateTime({moment}, 'Asia/Tokyo')|toDateTime64({time}, 3, 'Europe/Madrid')
        toStartOfInterval({time}, INTERVAL 1 DAY)|toStartOfInterval({time}, INTERVAL 6 HOUR)
        toStartOfInterval({time}, INTERVAL 30 SECOND, 'Asia/Kolkata')
        toStartOfDay({time}, 'America/New_York')|toStartOfTenMinutes({time})
        toStartOfFifteenMinutes({time})|dateTrunc('day', {time})
        dateTrunc('hour', {time}, 'Asia/Kolkata')|date_trunc('minute', {time})
        toStartOfInterval({time}, INTERVAL 1 WEEK)
        toStartOfInterval({time}, INTERVAL {small} + 1 MINUTE)|dateAdd(HOUR, {small}, {time})
        date_sub(MINUTE, {small}, {time})|timestampAdd({time}, INTERVAL 2 DAY)
        {time} + toIntervalSecond({small} * 60)|fromUnixTimestamp({small} * 1000000)
        toDateTime({int}, 'Europe/Madrid')|toDateTime64({float}, 3)
        fromUnixTimestamp64Micro({int})|{date} + INTERVAL 1 HOUR
        toTimeZone({time}, 'Asia/Kolkata')|toDateTime({time}, 'Asia/Tokyo')
        CAST({time} AS DateTime64(3, 'UTC'))|multiIf({bool}, {time}, {bool}, {time}, {time})
        least({time}, {time})|ifNull({time}, {time})|parseDateTime({moment}, '%Y-%m-%d')
        toStartOfMillisecond(toDateTime64({time}, 6))|addMilliseconds({time}, {small})
        subtractMonths({time}, {small})|toStartOfMonth({time})::DateTime
        toStartOfInterval({time}, INTERVAL 3 MONTH)|toStartOfYear({time})::DateTime64(3)
        {time} - toIntervalMonth({small})|makeDateTime(2024, {small}, {small} + 1, {small}, 0, 0)
        toUTCTimestamp({time})|fromUTCTimestamp({time}, 'Asia/Tokyo')|timeSlot({time})
    """,
    "bool": """
        {fixed} = 'abc'|{fixed} IN ('abc', 'x')|{fixed} = {fixed}|{str} = {fixed}|empty({fixed})
        {enum} = 'a'|{enum} IN ('a', 'b')|{enum} = {enum}|{ip} = {ip}|{ip} > '10.0.0.0'
        {tuple} = {tuple}|{tuple} < {tuple}|{tuple} IN (('a', 1), ('b', 2))
        has({tuples}, ('a', 1))|has({nested}, [1])|hasAny({strs}, ['a', 'é'])
        mapContains({texts}, {str})|{texts}['a'] = {str}|{map}[{str}] > 1|{dates} = {dates}
        has({dates}, toDate('2024-02-29'))|isIPAddressInRange({str}, '10.0.0.0/8')
        {date} BETWEEN '2024-01-01' AND {date}|{time} >= '2024-01-01 00:00:00'
        {time} BETWEEN {time} AND {time}|{date} IN ('2024-02-29', '2026-01-31')
        {time} IN (toDateTime('2024-02-29 23:59:59'))|{int} IN [1, 2, 3]|{str} IN {strs}
        multiSearchAny({str}, ['a', 'ello'])|match({str}, '(?i)H')|{str} NOT LIKE 'a%'
        like({str}, '%_,%')|hasToken({str}, 'Hello')|JSONExtractBool({json}, 'g')
        JSONHas({json}, 'c', 1)|{str} BETWEEN 'a' AND 'c'|{float} IN (0.5, 1)
        {decimal} IN (1.25, 0)|{uuid} IN ({uuid})|id IN (SELECT id FROM t WHERE {bool})
        {int} IN (SELECT i8 FROM t)|{str} IN (SELECT s FROM t)|{int} = (SELECT max(i32) FROM t)
        EXISTS(SELECT 1 FROM t WHERE i8 > 100)|{int} > ALL (SELECT i8 FROM t)
        {decimal} BETWEEN 0 AND {num}|isDistinctFrom({str}, {str})
        {int} IS NOT DISTINCT FROM {int}|equals({str}, {enum})
        ({str}, {int}) IN (SELECT s, i8 FROM t)|{bool} = {bool}|{bool} ? {bool} : {bool}
        arrayExists(x -> x.2 = 1, {tuples})
        arrayExists((k, v) -> v > 0, mapKeys({map}), mapValues({map}))|ilike({str}, '%A%')
        startsWithUTF8({str}, 'é')|{nested} = {nested}|empty({tuples})|notEmpty({texts})
        {json} != ''|toBool({str} = 'a')|isValidUTF8({str})
    """,
    "uuid": """
        toUUIDOrNull({str})|toUUIDOrDefault({str}, {uuid})|coalesce({uuid}, {uuid})
    """,
    "ints": """
        JSONExtract({json}, 'c', 'Array(Int32)')|arrayFlatten({nested})|{nested}[1]
        arrayMap(x -> x.2, {tuples})|arrayMap(x -> toYear(x), {dates})
        arrayFilter((x, i) -> i % 2 = 0, {ints}, arrayEnumerate({ints}))
        arrayMap((a, b) -> a + b, {ints}, arrayReverse({ints}))|arrayCumSum(x -> x * 2, {ints})
        bitmapToArray(bitmapAnd(bitmapBuild([1, 2, 3]), bitmapBuild([2, 3])))
        arrayEnumerateDense({strs})|arrayFill(x -> x > 0, {ints})
        CAST({ints} AS Array(Nullable(Int64)))|arrayUnion({ints}, {ints})
        arrayMap(x -> x % 2 = 0 ? x : -x, {ints})
        arraySort((x, y) -> y, {ints}, arrayReverse({ints}))
        JSONExtract({json}, 'o', 'p', 'Array(UInt8)')|arrayMap(x -> toInt32OrZero(x), {strs})
        range({small}, 10, 3)|range({small}, {small})|arrayPushFront({ints}, {int})
        arrayShiftLeft({ints}, {small})|arrayRemove({ints}, {int})|arrayMap(x -> {int}, {ints})
        arrayPopBack({ints})|[{int}, {int}, {int}]
    """,
    "strs": """
        JSONExtractKeys({json})|JSONExtractArrayRaw({json}, 'c')
        JSONExtract({json}, 'c', 'Array(String)')|mapKeys({texts})|mapValues({texts})
        arrayMap(x -> x.1, {tuples})|extractAllGroupsVertical({str}, '([a-z])')[1]
        splitByRegexp('[,-]', {str})|extractURLParameters({url})|extractURLParameterNames({url})
        URLHierarchy({url})|arrayFilter(x -> x LIKE '%a%', {strs})
        arrayMap((k, v) -> concat(k, '=', v), mapKeys({texts}), mapValues({texts}))|tokens({str})
        arraySort(x -> length(x), {strs})|arrayMap(x -> x || {str}, {strs})
        CAST({strs} AS Array(LowCardinality(String)))|arrayMap(x -> toString(x), {dates})
        arrayIntersect({strs}, {strs})|arrayResize({strs}, {small}, 'x')|arrayReverseSort({strs})
        arrayMap(x -> formatDateTime(x, '%m'), {dates})|[{str}, {str}, {str}]
        arrayMap(x -> trim(x), splitByChar(',', {str}))
        JSONExtract({json}, 'c', 'Array(Nullable(String))')
        arrayDistinct(arrayConcat({strs}, {strs}))
    """,
    "floats": """
        JSONExtract({json}, 'c', 'Array(Float64)')|arrayMap(x -> round(x, 1), {floats})
        arrayReverse({floats})|arraySlice({floats}, 2)|arrayMap(x -> x / {small}, {ints})
        CAST({ints} AS Array(Float64))|arrayMap((x, y) -> x * y, {floats}, {floats})
        arraySort(x -> -x, {floats})
    """,
    "map": """
        mapSubtract({map}, {map})|mapUpdate({map}, {map})
        CAST(({strs}, {ints}) AS Map(String, Int64))
        mapFromArrays({strs}, arrayMap(x -> length(x), {strs}))
        mapFilter((k, v) -> k != 'a', {map})|mapSort((k, v) -> v, {map})
        JSONExtract({json}, 'Map(String, Int64)')|mapConcat({map}, {map})
    """,
    "texts": """
        mapFilter((k, v) -> v != '', {texts})|if({bool}, {texts}, {texts})
        mapUpdate({texts}, {texts})|map({str}, {str})|mapConcat({texts}, {texts})
        CAST({texts} AS Map(String, String))|mapFromArrays({strs}, {strs})|mapSort({texts})
        JSONExtract({json}, 'Map(String, String)')
    """,
    "enum": """
        if({bool}, {enum}, {enum})|CAST(toString({enum}) AS Enum8('a' = 1, 'b' = 2, 'zz' = -3))
    """,
    "ip": """
        toIPv4OrNull({str})|if({bool}, {ip}, {ip})|toIPv4OrDefault({str})|coalesce({ip}, {ip})
    """,
    "json": """
        toJSONString({any})|JSONExtractRaw({json}, 'c')|if({bool}, {json}, {json})
        toJSONString(map({str}, {int}))|toJSONString(({int}, {str}))
        JSONExtractString({json}, 'b')
    """,
    "url": """
        concat('https://', {str}, '/x')|cutQueryString({url})|cutFragment({url})
        if({bool}, {url}, {url})|cutURLParameter({url}, 'a')|decodeURLComponent({url})
        cutWWW({url})|cutQueryStringAndFragment({url})|cutURLParameter({url}, ['x', 'id'])
    """,
    "tuple": """
        ({str}, {int})|tuple({str}, {int})|if({bool}, {tuple}, {tuple})|({str}, toInt32({int}))
        {tuples}[{small}]|(tupleElement({tuple}, 1), tupleElement({tuple}, 2) + 1)
    """,
    "tuples": """
        arrayZip({strs}, {strs})|arraySort(x -> x.2, {tuples})|arrayFilter(x -> x.2 > 0, {tuples})
        arrayConcat({tuples}, {tuples})|arrayMap((x, y) -> (x, y), {strs}, {strs})
        arrayReverse({tuples})|CAST({map} AS Array(Tuple(String, Int64)))
        arrayMap(x -> (x, length(x)), {strs})|arraySlice({tuples}, 1, 1)
        if({bool}, {tuples}, {tuples})|arrayReverseSort(x -> x.1, {tuples})
        JSONExtract({json}, 'Array(Tuple(String, Int64))')
        JSONExtractKeysAndValues({json}, 'Int64')
    """,
    "nested": """
        arrayMap(x -> arrayMap(y -> y + 1, x), {nested})|[{ints}, {ints}]
        arrayFilter(x -> notEmpty(x), {nested})|arraySort(x -> length(x), {nested})
        arrayMap(x -> range(x), [{small}, {small}])|arrayPushBack({nested}, {ints})
        if({bool}, {nested}, {nested})|arrayReverse({nested})|arraySplit(x -> x > 1, {ints})
        [arraySort({ints})]
    """,
    "dates": """
        arrayMap(x -> toStartOfMonth(x), {dates})|[{date}, {date}]|arraySort({dates})
        arrayMap(x -> toDate('2024-01-30') + x, {ints})|arrayFilter(x -> x > {date}, {dates})
        arrayMap(x -> addMonths({date}, x), range({small}))|arrayDistinct({dates})
    """,
    "moment": """
        toString({time})|toString({date})|if({bool}, {moment}, {moment})
        replaceOne({moment}, ' ', 'T')|formatDateTime({time}, '%d/%m/%Y %T')
        substring({moment}, 1, 10)|substring({moment}, 1, 19)
    """,
}

AGGREGATES = """
    finalizeAggregation(uniqState({any}))|finalizeAggregation(avgState({num}))
    finalizeAggregation(argMaxState({any}, id))|uniqExactIf({any}, {bool})
    quantileExactIf(0.5)({num}, {bool})|groupArrayDistinct({int}) = []|maxMap({map})
    minMap({map})|quantileExactWeighted(0.5)({num}, {small})|sumCount({num})
    retention({bool}, {bool}, {bool})|windowFunnel(3600)(t, {bool}, {bool})|deltaSum({int})
    sequenceMatch('(?1).*(?2)')(t, {bool}, {bool})
    sequenceCount('(?1)(?2)')(t, {bool}, {bool})|groupBitmap(toUInt32({small}))
    uniqUpTo(3)({any})|skewPop({small})|corr({small}, {small})|anyIf({any}, {bool})
    stddevSamp({small})|varPop({small})|quantileTiming(0.5)({small})
    groupBitOr(toUInt32({small}))|sumIf({decimal}, {bool})|sumOrDefault({decimal})|any({any0})
    maxArray({ints})|avgArray({floats})|groupUniqArrayArray({ints}) = []|uniqArray({strs})
    groupArray(({str}, {int}))|arrayMap(x -> x.1, groupArray(({str}, id)))
    countIf({str} = 'a')|arraySort(groupArray({str}))|arraySum(groupArray({int}))
    length(groupUniqArray({str}))|round(avg({num}), 2)|sum({int}) / count()
    max({date}) - min({date})|sum({bool})|dateDiff('second', min({time}), max({time}))
    ifNull(avg({float}), 0)|max(length({str}))|countIf({bool}) / count() * 100
    toFloat64(sum({decimal}))|quantilesExact(0.1, 0.9)({int})|groupArrayMovingSum({small})
    groupArrayInsertAt({int}, id)|first_value({any})|uniqCombined64({any})
    sumMapFiltered(['a'])({map})|avgWeighted({small}, {small} + 1)|uniqTheta({str})
    argMax(({str}, {int}), id)|minMapIf({map}, {bool})|sumMapIf({map}, {bool})
    countDistinct({str})|maxOrDefaultIf({num}, {bool})
"""

WINDOWS = """
    max({date})|min({time})|sumOrNull({int})|avgIf({num}, {bool})|groupUniqArray({small}) = []
    median({num})|anyLast({any})|argMin({any}, id)|count(DISTINCT {str})|uniq({any})
    lagInFrame({int}, {small})|leadInFrame({str}, 1, 'none')|groupArray(2)({int})
    quantile({num})
"""

OVER = """
    PARTITION BY {key} ORDER BY id DESC
    PARTITION BY {key} ORDER BY id ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING
    PARTITION BY {key}, {key} ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
"""

SOURCES = """
    (SELECT * REPLACE (e AS i32, id * 100 + n AS id) FROM t ARRAY JOIN ai AS e, \
    arrayEnumerate(ai) AS n)
    (SELECT * REPLACE (e AS s, id * 100 + n AS id) FROM t LEFT ARRAY JOIN ast AS e, \
    arrayEnumerate(ast) AS n)
    (SELECT * REPLACE (k AS s, v AS i64, id * 100 + n AS id) FROM t ARRAY JOIN mapKeys(m) AS \
    k, mapValues(m) AS v, arrayEnumerate(mapKeys(m)) AS n)
    (SELECT * REPLACE (e.1 AS s, e.2 AS i64, id * 100 + n AS id) FROM t ARRAY JOIN atp AS e, \
    arrayEnumerate(atp) AS n)
    (SELECT * REPLACE (arrayJoin(arrayEnumerate(ai)) + id * 100 AS id) FROM t)
    (SELECT t.* FROM t SEMI LEFT JOIN (SELECT i8 AS j FROM t WHERE id > 0) AS r ON t.i8 = r.j)
    (SELECT t.* FROM t ANTI LEFT JOIN (SELECT i8 AS j FROM t WHERE id > 1) AS r ON t.i8 = r.j)
    (SELECT t.* REPLACE (r.w AS u8) FROM t ASOF LEFT JOIN (SELECT id + 1 AS j, i16 AS w, b AS \
    c FROM t) AS r ON t.b = r.c AND t.id >= r.j ORDER BY id LIMIT 99)
    (SELECT l.* REPLACE (l.id * 10 + r.id AS id, r.s AS s, r.ni AS ni, r.lc AS lc, r.d AS d, \
    r.ai AS ai, r.t AS t) FROM t AS l FULL JOIN (SELECT * FROM t WHERE id > 1) AS r ON l.id = \
    r.id + 1)
    (SELECT l.* REPLACE (l.id * 10 + ifNull(r.id, 9) AS id, r.s AS s, r.i64 AS i64, r.lc AS \
    lc, r.d AS d, r.tz AS tz) FROM t AS l LEFT JOIN (SELECT * FROM t WHERE id > 1) AS r ON \
    l.id = r.id SETTINGS join_use_nulls = 1)
    (SELECT * FROM t ANY LEFT JOIN (SELECT b, max(i64) AS top FROM t GROUP BY b) AS r USING \
    (b))
    (SELECT * REPLACE (if(id % 2 = 0, NULL, f64) AS f64, toNullable(s) AS s, \
    toLowCardinality(toString(d)) AS lc) FROM t)
    (SELECT DISTINCT * FROM t WHERE id != 1 ORDER BY id DESC LIMIT 5)
    (WITH x AS (SELECT * FROM t WHERE id > 0) SELECT * FROM x UNION ALL SELECT * REPLACE (id \
    + 50 AS id) FROM x WHERE id > 1)
    (SELECT * REPLACE (sum(i32) OVER (ORDER BY id) AS i64, lagInFrame(s) OVER (ORDER BY id) \
    AS s) FROM t)
"""
