"""Random typed queries over random tables, for `differential.py`.

An expression is a tree of templates by kind (`int`, `str`, `date`, …), so that most of what is made
has a type that ClickHouse takes. The same seed gives the same queries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

import wide

COLUMNS = {
    "i8": ("Int8", "int", "0 1 -1 7 -128 127 33"),
    "u8": ("UInt8", "int", "0 1 2 3 10 255 128"),
    "i16": ("Int16", "int", "0 -7 300 -32768 32767 12"),
    "u16": ("UInt16", "int", "0 9 1000 65535"),
    "i32": ("Int32", "int", "0 -5 70000 -2147483648 2147483647 86399"),
    "u32": ("UInt32", "int", "0 11 4294967295 1000000"),
    "i64": ("Int64", "int", "0 -3 5000000000 -9007199254740993 42"),
    "u64": ("UInt64", "int", "0 13 9007199254740993"),
    "f32": ("Float32", "float", "0 0.5 -1.25 3.1 1e20 100"),
    "f64": ("Float64", "float", "0 0.1 -2.5 3.75 1e-7 123456789.125 -0.5 1.5"),
    "d9": ("Decimal(9, 2)", "decimal", "0 1.25 -3.1 1234567.89 0.01"),
    "d18": ("Decimal(18, 4)", "decimal", "0 -7.0001 99999.5 12.3456"),
    "s": ("String", "str", "'' 'a' 'Hello,World' 'é-ß' '12' '  pad ' 'a,b,,c' '2024-02-29'"),
    "lc": ("LowCardinality(String)", "str", "'' 'red' 'green' 'Blue'"),
    "ns": ("Nullable(String)", "str", "NULL 'x' '' 'null' '-17' '3.5'"),
    "lns": ("LowCardinality(Nullable(String))", "str", "NULL 'k1' 'k2' ''"),
    "ni": ("Nullable(Int32)", "int", "NULL 0 4 -9 1000"),
    "nf": ("Nullable(Float64)", "float", "NULL 0.25 -8 1000000"),
    "nd9": ("Nullable(Decimal(9, 3))", "decimal", "NULL 0.125 -4.5"),
    "d": ("Date", "date", "'1999-11-30' '2024-02-29' '2026-01-31' '2020-12-31'"),
    "d32": ("Date32", "date", "'1969-07-20' '2024-03-31' '1999-12-31'"),
    "nd": ("Nullable(Date)", "date", "NULL '2023-05-17'"),
    "t": ("DateTime", "time", "'1999-12-31 00:00:00' '2024-02-29 23:59:59' '2026-03-29 01:30:00'"),
    "tz": ("DateTime('Europe/Madrid')", "time", "'2024-03-31 03:30:00' '2025-10-26 12:00:01'"),
    "t64": ("DateTime64(3)", "time", "'2024-06-30 12:34:56.789' '1965-01-01 00:00:00.001'"),
    "nt": ("Nullable(DateTime)", "time", "NULL '2022-11-11 11:11:11'"),
    "b": ("Bool", "bool", "true false"),
    "u": ("UUID", "uuid", "'61f0c404-5cb3-11e7-907b-a6006ad3dba0'"),
    "ai": ("Array(Int32)", "ints", "[] [1,2,3] [-5] [7,7,0,2147483647]"),
    "an": ("Array(Nullable(Int64))", "ints", "[] [NULL] [1,NULL,3]"),
    "ast": ("Array(String)", "strs", "[] ['a','b'] ['','zz','a','é']"),
    "af": ("Array(Float64)", "floats", "[] [0.5,-2] [1.25,3,1e10]"),
    "m": ("Map(String,Int64)", "map", "{'a':1,'b':-2} {'k1':9}"),
}
"""Column → type, kind of expression, values."""

LITERALS = {
    "int": "0 1 -1 2 3 7 10 255 256 -128 1000 65536 NULL",
    "small": "0 1 2 3 5",
    "float": "0. 0.5 -1.5 2.5 3.14159 1e3 1e-3",
    "decimal": "toDecimal32('1.5',2) toDecimal64('-2.375',3) toDecimal32(3,1)",
    "str": "'' 'a' 'b' 'Hello' 'a,b' 'é' 'world' '42' NULL",
    "date": "toDate('2024-01-31') toDate('2026-12-31') toDate32('1950-06-15')",
    "time": "toDateTime('2024-05-05_05:05:05') toDateTime64('2024-05-05_05:05:05.678',6)",
    "bool": "true false 1 0",
    "uuid": "toUUID('00000000-0000-0000-0000-000000000001')",
    "ints": "[] [1,2] [3,-1,2]",
    "strs": "[] ['a','c'] ['']",
    "floats": "[0.5] [1.5,-2.5]",
    "map": "map('a',1) map('x',-5,'a',2)",
}

TEMPLATES = {
    "int": """
        {num} + {num}|{int} - {int}|{int} * {int}|{int} % {int}|intDiv({int}, {small} + 1)|-{int}
        abs({int})|length({str})|length({strs})|length({ints})|position({str}, {str})
        toInt32({int})|toUInt8({int})|toInt64({float})|toUInt16({int})|toInt8({int})
        toUInt64({int})|if({bool}, {int}, {int})|multiIf({bool}, {int}, {bool}, {int}, {int})
        coalesce({int}, {int})|ifNull({int}, {int})|nullIf({int}, {int})|greatest({int}, {int})
        least({int}, {int})|bitAnd({int}, {int})|bitOr({int}, {int})|bitXor({int}, {int})
        bitNot({int})|sign({num})|bitShiftLeft({int}, {small})|bitShiftRight({int}, {small})
        intDivOrZero({int}, {int})|moduloOrZero({int}, {int})|positiveModulo({int}, {int})
        gcd({int}, {int})|lcm({small}, {small})|toYear({date})|toMonth({time})|toDayOfWeek({date})
        toHour({time})|toYYYYMM({date})|toDayOfYear({date})|toQuarter({time})|toISOWeek({date})
        toWeek({date})|toSecond({time})|toYYYYMMDD({time})|toYYYYMMDDhhmmss({time})
        toUnixTimestamp({time})|toMinute({time})|dateDiff('day', {date}, {date})
        dateDiff('hour', {time}, {time})|dateDiff('month', {date}, {time})
        age('month', {date}, {date})|arraySum({ints})|arrayMax({ints})|arrayMin({ints})
        {ints}[{small}]|{ints}[-1]|indexOf({strs}, {str})|arrayCount(x -> x > {small}, {ints})
        {map}['a']|arrayElement({ints}, {small})|countEqual({ints}, {int})|ascii({str})
        cityHash64({any})|sipHash64({str})|xxHash64({str})|intHash32({int})|crc32({str})
        lengthUTF8({str})|toInt32OrZero({str})|toInt64OrNull({str})
        toUInt8OrDefault({str}, toUInt8(7))|round({int}, -1)|roundToExp2({int})|bitCount({int})
        positionCaseInsensitive({str}, {str})|countSubstrings({str}, {str})
        levenshteinDistance({str}, {str})|toDayOfMonth({date})
        transform({int}, [0, 1, 2], [10, 11, 12], {int})
        CASE WHEN {bool} THEN {int} ELSE {int} END|arrayUniq({strs})|toMillisecond({time})
        bitTest({int}, {small})|minus({int}, {int})|toUInt32({date})|toInt64({time})
        toInt32({decimal})|toInt16(round({float}))|cast({int} AS Int64)|assumeNotNull({int})
        toNullable({int})|arrayReduce('sum', {ints})|arrayFirst(x -> x > 1, {ints})
        toUnixTimestamp64Milli(toDateTime64({time}, 3))|byteSize({int})
        toLowCardinality({str}) = {str}|identity({int})|materialize({int})
        arrayLastIndex(x -> x > 0, {ints})|toTypeName({any}) = 'UInt8'
        bitRotateLeft({int}, {small})|bitHammingDistance({int}, {int})|firstNonDefault({int}, {int})
        JSONExtractInt(toString({ints}), {small} - 1)|roundToExp2({small})|intExp2({small})
        accurateCastOrDefault({int}, 'UInt16')|toInt256OrDefault({num})
    """,
    "small": "{small} + {small}|toUInt8({small})|length({strs})",
    "float": """
        {num} / {num}|{float} + {num}|{float} * {num}|{float} - {num}|sqrt(abs({num}))
        exp({small})|floor({float})|ceil({float})|round({float}, 2)|trunc({float}, 1)
        toFloat64({num})|toFloat32({int})|toFloat64OrZero({str})|toFloat64OrNull({str})
        if({bool}, {float}, {num})|pow({small}, {small})|log(abs({num}) + 1)|sin({float})
        arrayAvg({ints})|arraySum({floats})|coalesce({float}, {float})|nullIf({float}, {num})
        abs({float})|{floats}[{small}]|sign({float})|greatest({float}, {num})|toFloat64({decimal})
        roundBankers({float}, 1)|cbrt({small})|-{float}|toFloat32({float})|exp2({small})
        log10(abs({num}) + 1)|atan2({float}, {float})|{float} % 3|divide({int}, {float})
        degrees({float})|hypot({small}, {small})|ifNull({float}, {float})
    """,
    "decimal": """
        {decimal} + {decimal}|{decimal} - {decimal}|{decimal} * {small}|{decimal} + {small}
        -{decimal}|abs({decimal})|round({decimal}, 1)|floor({decimal})|ceil({decimal})
        toDecimal64({float}, 3)|if({bool}, {decimal}, {decimal})|toDecimal32({small}, 2)
        {decimal} * {decimal}|trunc({decimal})|greatest({decimal}, {decimal})
        coalesce({decimal}, {decimal})|toDecimal64OrZero({str}, 2)|{decimal} / ({small} + 1)
        toDecimal128({decimal}, 6)|ifNull({decimal}, {decimal})
    """,
    "str": """
        concat({str}, {str})|{str} || {str}|lower({str})|upper({str})|reverse({str})|trim({str})
        substring({str}, {small} + 1, {small})|substring({str}, -2)|left({str}, {small})
        right({str}, {small})|toString({any})|if({bool}, {str}, {str})|coalesce({str}, {str})
        replaceAll({str}, 'a', {str})|replaceOne({str}, ',', '-')|leftPad({str}, {small}, '*')
        rightPad({str}, {small}, 'é')|repeat({str}, {small})|arrayStringConcat({strs}, '-')
        splitByChar(',', {str})[1]|{strs}[{small}]|formatDateTime({time}, '%Y-%m-%d %H:%i')
        multiIf({bool}, {str}, {bool}, {str}, {str})|nullIf({str}, {str})|ifNull({str}, {str})
        toTypeName({any})|hex({str})|base64Encode({str})|extract({str}, '[a-z]+')|upperUTF8({str})
        replaceRegexpAll({str}, '[aeiou]', '<\\\\0>')|toString({num})|toString({date})
        toString({time})|substringUTF8({str}, {small} + 1, {small})|reverseUTF8({str})
        lowerUTF8({str})|toJSONString({any})|splitByString(',', {str})[-1]|greatest({str}, {str})
        least({str}, {str})|toLowCardinality({str})|monthName({date})|dateName('weekday', {time})
        hex(MD5({str}))|bin({int})|hex({int})|char(65, 66)
        transform({str}, ['a', 'b'], ['A', 'B'], 'other')|formatReadableSize({int})
        cast({int} AS String)|concatWithSeparator('/', {str}, {str})|trimLeft({str})
        initcap({str})|translate({str}, 'abc', 'xyz')|toString({decimal})|toString({ints})
        format('{{{{}}}}-{{{{}}}}', {str}, {str})|tupleElement(({int}, {str}), 2)
        arrayElement(arraySort({strs}), 1)|domain({str})|encodeURLComponent({str})
        max2({small}, 2)::String|left({str}, {small} / 2)|substring({str}, 1, {small} / 2)
        firstNonDefault({str}, {str})|initcap(toFixedString('ab cd', 6))|toDecimalString({num}, 3)
        if({bool}, {str}, toFixedString('ab', 4))
    """,
    "date": """
        toDate({time})|{date} + {small}|{date} - {small}|addDays({date}, {small})
        addMonths({date}, {small})|toStartOfMonth({date})|toMonday({date})|toStartOfYear({date})
        toLastDayOfMonth({date})|if({bool}, {date}, {date})|{date} + INTERVAL 1 MONTH
        toStartOfWeek({date})|toDate32({date})|coalesce({date}, {date})|toStartOfQuarter({time})
        date_trunc('month', {date})|subtractWeeks({date}, {small})|greatest({date}, {date})
        toDateOrNull({str})|toStartOfISOYear({date})|addYears({date}, {small})
        makeDate32(1900 + {small}, {small}, {small})|toDate32OrDefault({str})
        toStartOfInterval({date}, INTERVAL 2 WEEK)|toDateOrZero({str})|nullIf({date}, {date})
    """,
    "time": """
        toStartOfHour({time})|toStartOfDay({time})|{time} + {small}|addHours({time}, {small})
        toDateTime({date})|toStartOfFiveMinutes({time})|{time} - INTERVAL 3 MINUTE
        toStartOfMinute({time})|if({bool}, {time}, {time})
        toStartOfInterval({time}, INTERVAL 15 MINUTE)|addMonths({time}, {small})
        toTimeZone({time}, 'America/New_York')|toDateTime64({time}, 2)|date_trunc('hour', {time})
        coalesce({time}, {time})|subtractSeconds({time}, {small})|addDays({time}, {small})
        toDateTime({int})
        fromUnixTimestamp64Milli(toInt64({int}) * 1000)|toDateTime({time})|{time} + INTERVAL 1 DAY
        addYears({time}, {small})|toStartOfSecond(toDateTime64({time}, 3))
        greatest({time}, {time})|toDateTime64({date}, 3)|addWeeks({date}, 1)::DateTime
        nullIf({time}, {time})
    """,
    "bool": """
        {num} > {num}|{num} = {num}|{int} <= {float}|{str} = {str}|{str} < {str}|{date} >= {date}
        {bool} AND {bool}|{bool} OR {bool}|NOT {bool}|{int} IN (1, 2, 3)|{str} IN ('a', 'b')
        isNull({any})|isNotNull({any})|has({ints}, {int})|has({strs}, {str})|empty({str})
        notEmpty({ints})|startsWith({str}, {str})|endsWith({str}, 'd')|{str} LIKE '%a%'
        {str} ILIKE 'h%'|match({str}, '^[a-z]')|{int} BETWEEN {int} AND {int}|{time} > {date}
        {time} < {time}|{decimal} > {num}|{date} = {date}|{int} NOT IN (0, 1)|xor({bool}, {bool})
        arrayExists(x -> x > 1, {ints})|hasAny({ints}, {ints})|arrayAll(x -> x != '', {strs})
        mapContains({map}, 'a')|toBool({int})|{int} != {num}|{str} != {str}|isFinite({float})
        isNaN({float})|hasAll({strs}, {strs})|{uuid} = {uuid}|{decimal} = {decimal}|{int} IS NULL
        {num} <=> {num}|{ints} = {ints}|({int}, {str}) = ({int}, {str})|{num} <= {num}
        ({int}, {str}) IN ((1, 'a'), (2, 'b'))|{int} IN ({int}, {int})|isZeroOrNull({int})
        {str} >= {str}|xor({int}, {bool})|{bool} AND intDiv({int}, {int}) > 1|{int} OR {int}
        {int} = 0 OR {int} % {int} = 1|{int} AND {bool}|({str}, {int}) != ({str}, {int})
    """,
    "uuid": "if({bool}, {uuid}, {uuid})|toUUIDOrZero({str})",
    "ints": """
        arrayMap(x -> x + {small}, {ints})|arrayFilter(x -> x > {int}, {ints})|arraySort({ints})
        arrayConcat({ints}, {ints})|arrayReverse({ints})|arrayDistinct({ints})|[{int}, {int}]
        arrayPushBack({ints}, {int})|arraySlice({ints}, {small} + 1, 2)|range({small})
        array({int})|arrayCumSum({ints})|arrayDifference({ints})|arrayReverseSort({ints})
        arrayPopFront({ints})|if({bool}, {ints}, {ints})
        arrayMap((x, i) -> x * i, {ints}, arrayEnumerate({ints}))|arrayMap(s -> length(s), {strs})
        arrayEnumerate({strs})|mapValues({map})|arrayResize({ints}, {small})
        arrayIntersect({ints}, {ints})|arraySort(x -> -x, {ints})|arrayCompact({ints})
        arrayEnumerateUniq({strs})|arrayMap(x -> if({bool}, x, {int}), {ints})|emptyArrayInt32()
        arrayWithConstant({small}, {int})|concat({ints}, {ints})|arrayRotateLeft({ints}, {small})
    """,
    "strs": """
        splitByChar(',', {str})|arrayMap(x -> upper(x), {strs})|arrayMap(x -> toString(x), {ints})
        arraySort({strs})|arrayDistinct({strs})|[{str}, {str}]|arrayFilter(x -> x != '', {strs})
        arrayConcat({strs}, {strs})|mapKeys({map})|extractAll({str}, '[a-z]')|arrayReverse({strs})
        if({bool}, {strs}, {strs})|splitByString('l', {str})|alphaTokens({str})|ngrams({str}, 2)
        arrayPushFront({strs}, {str})|arraySlice({strs}, 2)|arrayCompact({strs})
        splitByWhitespace({str})
    """,
    "floats": """
        arrayMap(x -> x / 2, {ints})|arrayMap(x -> x * {float}, {floats})|[{float}, {float}]
        arraySort({floats})|arrayCumSum({floats})|arrayConcat({floats}, {floats})
        arrayDifference({floats})
    """,
    "map": """
        map({str}, {int})|mapAdd({map}, {map})|mapFilter((k, v) -> v > 0, {map})
        if({bool}, {map}, {map})|mapApply((k, v) -> (k, v + 1), {map})
        mapFromArrays(['p', 'q'], [{int}, {int}])
    """,
}

AGGREGATES = """
    count()|count({any})|sum({int})|sum({float})|sum({decimal})|avg({num})|min({any0})|max({any0})
    any({any})|uniq({any})|uniqExact({any})|argMax({any}, id)|argMin({any}, id)|groupArray({any})
    sumIf({num}, {bool})|countIf({bool})|avgIf({num}, {bool})|minIf({any0}, {bool})
    maxOrNull({num})|sumOrNull({int})|quantile({num})|quantileExact(0.9)({num})|median({num})
    groupUniqArray({int}) = []|stddevPop({float})|varSamp({num})|anyLast({any})
    count(DISTINCT {any})|sum(DISTINCT {int})|groupArray(2)({any})|quantiles(0.25, 0.75)({num})
    topK(1)({int}) = []|sumArray({ints})|groupBitAnd(toUInt32({small}))|sumMap({map})
    countOrNull({any})|avgOrDefault({num})|uniqIf({any}, {bool})|argMaxIf({any}, id, {bool})
    arraySort(groupUniqArray({int}))|groupBitXor(toUInt64({small}))|uniqCombined({str})
    avgWeighted({small}, {small})|groupArrayIf({any}, {bool})|sumForEach({ints})|minArray({ints})
    covarPop({float}, {float})|stddevSampStable({small})|entropy({int})
    groupArraySorted(3)({small})|argMin({any}, {int}) = {any}|maxIf({any0}, {bool})
    sumWithOverflow({int})|boundingRatio({small}, {small})|quantileExactLow({int})
    quantileTDigest({small})|groupConcat(',')({str})|simpleLinearRegression({small}, id)
    countEqual(groupArray({int}), 1)|arrayStringConcat(groupArray({str}), ',')|last_value({any})
"""

WINDOWS = """
    sum({int})|avg({float})|count()|min({any0})|max({any0})|row_number()|rank()|dense_rank()
    any({any})|lagInFrame({any})|leadInFrame({any}, 1)|lag({any}, 1)|lead({any})
    first_value({any})|last_value({any})|lagInFrame({int}, 2, {int})|groupArray({any})
    sum({decimal})|uniqExact({str})|nth_value({any}, 2)|ntile(3)|countIf({bool})
    sumIf({int}, {bool})|argMax({any}, id)|stddevPop({float})|percent_rank()|cume_dist()
"""
OVER = """
    PARTITION BY {key} ORDER BY id|ORDER BY id
    PARTITION BY {key} ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
    ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ORDER BY id RANGE BETWEEN 2 PRECEDING AND CURRENT ROW
    ORDER BY id ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING
"""

SOURCES = """
    (SELECT * FROM t)|(SELECT * FROM t ORDER BY id LIMIT 4)|(SELECT * FROM t WHERE id % 2 = 0)
    (SELECT * FROM t UNION ALL SELECT * REPLACE (id + 100 AS id) FROM t)
    t LEFT JOIN (SELECT id AS id2, i8 AS j, s AS z, nd AS y FROM t WHERE id > 1) AS r ON id = id2
    t INNER JOIN (SELECT id AS id2 FROM t WHERE i8 >= 0) AS r ON t.id = r.id2
    (SELECT * FROM t WHERE id IN (SELECT id FROM t WHERE i8 > 0))
"""
MODIFIERS = (" WITH ROLLUP", " WITH CUBE")
UNORDERED = re.compile(r"(sum|count|min|max|avg|uniqExact)(If|OrNull)?\(")
"""Aggregates that rows of any order give the same: totals are merged in an order of their own."""
LIMITS = (" LIMIT 2", " LIMIT 2 OFFSET 1", " LIMIT 1 BY b", " LIMIT 1, 2")

KINDS = (
    "int",
    "float",
    "decimal",
    "str",
    "date",
    "time",
    "bool",
    "ints",
    "strs",
    "floats",
    "map",
    "uuid",
)
GROUPS = {
    "any": KINDS,
    "any0": ("int", "float", "decimal", "str", "date", "time"),
    "num": ("int", "float", "decimal", "int"),
    "key": ("int", "str", "date", "bool", "time"),
}
HOLE = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")


def _rows(text: str) -> list[str]:
    lines = text.strip().split("\n")
    return [part.strip() for line in lines for part in re.split(r"(?<!\|)\|(?!\|)", line)]


_TABLE = {kind: _rows(text) for kind, text in TEMPLATES.items()}
_AGGREGATES, _WINDOWS, _OVER = _rows(AGGREGATES), _rows(WINDOWS), _rows(OVER)
_SOURCES = _rows(SOURCES)


@dataclass(frozen=True)
class Node:
    """An expression: a template whose holes are filled by `children`."""

    kind: str
    template: str
    children: tuple[Node, ...] = ()

    def text(self) -> str:
        """As SQL; operators stand in parentheses."""
        children = iter(self.children)
        inner = HOLE.sub(lambda _: next(children).operand(), self.template)
        return inner.replace("{{", "{").replace("}}", "}")

    def operand(self) -> str:
        """As SQL within another expression."""
        plain = re.fullmatch(r"-?[\w.]+|'[^']*'|[\w]+\(.*\)|\[.*\]|\('[^()]*\)", self.template)
        return self.text() if plain and " OVER " not in self.template else f"({self.text()})"

    def smaller(self) -> Iterator[Node]:
        """Expressions of the same kind with less in them, the smallest first."""
        if self.children:
            yield from (Node(self.kind, leaf) for leaf in _leaves(self.kind))
        for child in self.below():
            if child.kind == self.kind:
                yield child
        for index, child in enumerate(self.children):
            for other in child.smaller():
                yield replace(
                    self, children=(*self.children[:index], other, *self.children[index + 1 :])
                )

    def below(self) -> Iterator[Node]:
        """All expressions in it."""
        for child in self.children:
            yield child
            yield from child.below()


def _literals(kind: str) -> list[str]:
    return [text.replace("_", " ") if ":" in text else text for text in LITERALS[kind].split()]


def _columns(kind: str) -> list[str]:
    return [name for name, (_, of, _) in COLUMNS.items() if of == kind]


def _leaves(kind: str) -> list[str]:
    return [*_literals(kind), *_columns(kind)] if kind in LITERALS else []


@dataclass(frozen=True)
class Query:
    """A SELECT over `t`; `key` groups it."""

    items: tuple[Node, ...]
    where: Node | None = None
    key: Node | None = None
    is_aggregate: bool = False
    is_constant: bool = False
    source: str = "t"
    modifier: str = ""
    limit: str = ""

    def text(self) -> str:
        items = [item.text() for item in self.items]
        if self.is_constant:
            return f"SELECT {', '.join(items)}"
        if self.key is not None:
            items.insert(0, f"{self.key.text()} AS k")
        where = f" WHERE {self.where.text()}" if self.where is not None else ""
        end = "" if self.is_aggregate else " ORDER BY id"
        if self.key is not None:
            order = ", ".join(str(i + 1) for i in range(len(items))) if self.modifier else "k"
            end = f" GROUP BY k{self.modifier} ORDER BY {order}"
        return f"SELECT {', '.join(items)} FROM {self.source}{where}{end}{self.limit}"

    def smaller(self) -> Iterator[Query]:
        """Queries with less in them."""
        if len(self.items) > 1:
            yield from (replace(self, items=(item,)) for item in self.items)
        if self.where is not None:
            yield replace(self, where=None)
        if self.source != "t":
            yield replace(self, source="t")
        if self.modifier:
            yield replace(self, modifier="")
        if self.limit:
            yield replace(self, limit="")
        if self.key is not None:
            yield replace(self, key=None, modifier="")
        for index, item in enumerate(self.items):
            for other in item.smaller():
                yield replace(self, items=(*self.items[:index], other, *self.items[index + 1 :]))
        if self.where is not None:
            yield from (replace(self, where=other) for other in self.where.smaller())
        if self.key is not None:
            yield from (replace(self, key=other) for other in self.key.smaller())


class Generator:
    """Makes queries and tables from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def table(self) -> str:
        """A SELECT whose rows are a table's."""
        types = ["id UInt32", *(f"{name} {type_}" for name, (type_, _, _) in COLUMNS.items())]
        rows = []
        for index in range(self.random.randint(3, 9)):
            cells = [str(index)]
            for type_, _, values in COLUMNS.values():
                cell = self.random.choice(_cells(values))
                cells.append(_map(cell) if type_.startswith("Map") else cell)
            rows.append(f"({', '.join(cells)})")
        structure = ", ".join(types).replace("'", "\\'")
        return f"SELECT * FROM values('{structure}', {', '.join(rows)})"

    def query(self) -> Query:
        """A query of a random shape."""
        depth = self.random.choice((1, 2, 2, 3))
        shape = self.random.choices(
            ("rows", "constants", "groups", "total", "windows"), (8, 2, 6, 2, 2)
        )[0]
        count = self.random.randint(1, 3)
        if shape == "constants":
            items = [self.node("any", depth, constant=True) for _ in range(count)]
            return Query(tuple(items), is_constant=True)
        where = self.node("bool", 2) if self.random.random() < 0.3 else None
        source = self.random.choice(_SOURCES) if self.random.random() < 0.2 else "t"
        if shape == "rows":
            items = [self.node("any", depth) for _ in range(count)]
            limit = self.random.choice(LIMITS) if self.random.random() < 0.15 else ""
            return Query(tuple(items), where, source=source, limit=limit)
        if shape == "windows":
            return Query(tuple(self.window() for _ in range(count)), where, source=source)
        items = [
            self.fill("aggregate", self.random.choice(_AGGREGATES), depth - 1) for _ in range(count)
        ]
        key = self.node("key", 1) if shape == "groups" else None
        modifier = ""
        is_unordered = all(UNORDERED.match(item.template) for item in items)
        if key is not None and is_unordered and self.random.random() < 0.4:
            modifier = self.random.choice(MODIFIERS)
        return Query(tuple(items), where, key, is_aggregate=True, source=source, modifier=modifier)

    def window(self) -> Node:
        """A window function over a window."""
        template = f"{self.random.choice(_WINDOWS)} OVER ({self.random.choice(_OVER)})"
        return self.fill("window", template, 1)

    def node(self, kind: str, depth: int, *, constant: bool = False) -> Node:
        """An expression of a kind, at most so deep."""
        kind = self.random.choice(GROUPS[kind]) if kind in GROUPS else kind
        if depth <= 0 or self.random.random() < 0.1:
            columns = [] if constant else _columns(kind)
            usual = columns and self.random.random() < 0.75
            return Node(kind, self.random.choice(columns if usual else _literals(kind)))
        return self.fill(kind, self.random.choice(_TABLE[kind]), depth - 1, constant=constant)

    def fill(self, kind: str, template: str, depth: int, *, constant: bool = False) -> Node:
        """A template with its holes filled."""
        holes = HOLE.findall(template)
        return Node(kind, template, tuple(self.node(h, depth, constant=constant) for h in holes))


def _cells(values: str) -> list[str]:
    """The values, at spaces that stand in no quotes and no brackets."""
    found, depth = [""], 0
    for token in re.findall(r"'[^']*'|\s+|.", values):
        depth += (token in "([{") - (token in ")]}")
        if token.isspace() and not depth:
            found.append("")
        else:
            found[-1] += token
    return [cell for cell in found if cell]


def widen() -> None:
    """Take in what `wide.py` has, for all generators that are made from now on."""
    COLUMNS.update(wide.COLUMNS)
    LITERALS.update(wide.LITERALS)
    for kind, text in wide.TEMPLATES.items():
        _TABLE.setdefault(kind, []).extend(_rows(text))
    for rows, text in (
        (_AGGREGATES, wide.AGGREGATES),
        (_WINDOWS, wide.WINDOWS),
        (_OVER, wide.OVER),
        (_SOURCES, wide.SOURCES),
    ):
        rows.extend(_rows(text))
    GROUPS["any"] = (*KINDS, *(kind for kind in wide.LITERALS if kind not in KINDS))


def _map(cell: str) -> str:
    return f"map({cell[1:-1].replace(':', ', ').replace(',', ', ')})"
