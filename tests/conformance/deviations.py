"""Where mini-tb answers otherwise than ClickHouse and says so: *Known deviations* of COMPAT.md.

A row may recognise its disagreements, so that the random comparison (`differential.py`) counts them
apart. It may only do so for what ClickHouse leaves undefined, for last digits and the order of
rows, and for what a user would accept with the reason given. Everything else is a bug.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deviation:
    """A subject, ClickHouse's way and ours.

    `kind` is that of the disagreements it explains ('' explains none; several with `|` between
    them), `query` a pattern that is found in the shrunk query, `detail` one that is found in both
    answers or the error.
    """

    subject: str
    clickhouse: str
    here: str
    kind: str = ""
    query: str = ""
    detail: str = ""

    @property
    def cells(self) -> tuple[str, str, str]:
        """Its row in COMPAT.md."""
        return self.subject, self.clickhouse, self.here

    def explains(self, kind: str, query: str, detail: str) -> bool:
        """Whether a disagreement, shrunk to `query`, is this one."""
        return (
            kind in self.kind.split("|")
            and re.search(self.query, query) is not None
            and re.search(self.detail, detail) is not None
        )


def explanation(kind: str, query: str, detail: str) -> Deviation | None:
    """The deviation that explains a disagreement, or None."""
    return next((row for row in DEVIATIONS if row.explains(kind, query, detail)), None)


_NULLS = r"(\b(ni|nf|ns|lns|nd|nd9|nt|an|NULL)\b|OrNull|nullIf)"
"""What has NULLs in it."""

DEVIATIONS = (
    Deviation(
        "Sums and averages of floats, and what is made of them (the deviation of equal values)",
        "depend on the order of the rows",
        "the last digits may differ",
        kind="value",
        query=r"\b(stddev|var|covar|corr)\w*\(",
        detail=r"ClickHouse \[('0'|[^e]*e-\d+')\]\n  mini-tb    \[('0'|'0\.000\d+'|[^e]*e-\d+')\]",
    ),
    Deviation(
        "`exp10`, `log10`, `lgamma`, `tgamma`, `tan`, `asin`, `acos`, `atan`, `tanh`, …",
        "by a mathematical library of its own",
        "the last digits may differ",
        kind="value",
        query=r"\b(exp10|log1p|log10|cbrt|[lt]gamma|a?tanh?|asin|acos|pow)\(",
        detail=r"\d\.\d{13,}",
    ),
    Deviation(
        "Aggregates that depend on the order of rows without `ORDER BY` (`any`, "
        "`groupArray`, `deltaSum`; `argMin`, `argMax`, `topK` of ties)",
        "any order",
        "the order of storage, which may be another",
        kind="value",
        query=r"\b(any|anyLast|last_value|deltaSum)(If)?\(.* GROUP BY |"
        r"\barg(Min|Max)\((?!.*\bid\b)",
    ),
    Deviation(
        "`uniq`, `uniqCombined`, `uniqHLL12`, `uniqTheta`",
        "estimates above some thousands of values",
        "exact",
    ),
    Deviation(
        "`uniq` of UUIDs and 128-bit integers whose halves are equal (zeros, -1, "
        "`11111111-1111-1111-1111-111111111111`)",
        "one value",
        "as many as there are",
        kind="value",
        query=r"\buniq(If|OrNull)?\(toUUID",
    ),
    Deviation(
        "`quantile`, `quantileTDigest`, `quantileBFloat16`, … over many rows",
        "estimates from a sample",
        "from all rows",
    ),
    Deviation(
        "`-State` values, shown as they are",
        "bytes of ClickHouse's own",
        "a plain value; read them through `-Merge` or `finalizeAggregation`",
    ),
    Deviation(
        "Moments before 1900 or after 2299, and a Date where a DateTime after 2106 is meant",
        "cut or wrapped around, by function",
        "computed on, or wrapped around",
        kind="value",
        query=r"(to|add|sub|date|age)\w*\(.*fromUnixTimestamp64Milli\(toInt64\(.+\) \* 1000\)"
        r"|fromUnixTimestamp64Milli\(toInt64\(.+\) \* 1000\) [+-] (INTERVAL|\d)"
        r"|UTCTimestamp\(toDateTime64\((f32|f64)\b|fromUnixTimestamp64Micro\(\w+Hash64\(.*\) [+-] ",
    ),
    Deviation(
        "`toDate`, `monthName`, `dateName`, `dateTrunc` of a `DateTime64` within the last second "
        "of a day before 1970",
        "the next day",
        "that day",
        kind="value",
        query=r"\b(toDate|monthName|dateName|date_trunc)\(.*\b(t64|toDateTime64|\w+64Micro)\b",
        detail="1965|1964|2144|2149|December|Thursday",
    ),
    Deviation(
        "Decimals beyond their precision, but within the bits that store them",
        "computed, with more digits than the type says",
        "an error",
        kind="engine",
        query=r"d9|d18|Decimal",
        detail="^(Convert|Decimal math) overflow$",
    ),
    Deviation(
        "Whole numbers that do not fit into the width of the Decimal that they divide, or are "
        "divided by",
        "wrap around, or not, by function",
        "computed",
        kind="value",
        query=r"\bd9 / (\w+\()?([iu]64|u32)\b",
    ),
    Deviation(
        "`bitmapToArray` of up to 32 values that an operation on a larger bitmap, `bitmapXor` or "
        "`bitmapTransform` left, combined with others",
        "sorted",
        "in the order in which they came",
    ),
    Deviation(
        "`groupArray`, `deltaSum`, … of what a FULL or RIGHT JOIN gives, without `ORDER BY`",
        "begins with the rows that have a counterpart, or with the others",
        "in another order",
        kind="value",
        query=r"\b(groupArray|any|anyLast|first_value|last_value|deltaSum)\w*\(.*"
        r"\b(FULL|RIGHT)\b.* JOIN ",
    ),
    Deviation(
        "`has`, `indexOf`, … of a constant array of arrays or tuples",
        "tell integers of signed types from those of unsigned ones: "
        "`has([[1::Int8]], [1])` is 0, but 1 if the array is no constant",
        "compare the numbers",
        kind="value",
        query=r"\b(has\w*|indexOf|countEqual)\((CAST\(\w+\(.*\bArray\((Tuple|Array)|\[[\[(])",
    ),
    Deviation(
        "Places and lengths of 2^63 and more (`substring(s, cityHash64(x))`)",
        "wrap around",
        "an error",
        kind="engine",
        query=r"\b(substring|left|right|arraySlice|arrayResize|arrayElement|repeat|\w+Pad)\w*\(|\]\[",
        detail=r"UINT64 with value \d{19,20} can't be cast .* INT64",
    ),
    Deviation(
        "`anyHeavy` where no value has more than half of the rows",
        "a value that depends on the order of the rows",
        "the most frequent value",
        kind="value",
        query=r"\banyHeavy(If)?\(",
    ),
    Deviation(
        "`min` and `max` of arrays, tuples and maps that hold NULL or nan, in groups",
        "NULL is below all else and nan above, but without GROUP BY they count for neither",
        "they count for neither, where there is another",
        kind="value",
        query=r"\b(arg)?(min|max|Min|Max)(If|OrNull)?\(([\[(]|an\b|af\b|m\b).* GROUP BY ",
        detail=r"\[NULL|NULL[\],)}]|nan",
    ),
    Deviation(
        "`groupConcat` of rows that several threads read (`UNION ALL`)",
        "leaves out the empty texts with which a part begins",
        "leaves out those with which the whole begins",
        kind="value",
        query=r"groupConcat.* UNION ALL ",
    ),
    Deviation(
        "Starts of the first day of 1970 in zones east of Greenwich, `toStartOfDay(toDateTime(1, "
        "'Europe/Madrid'))`, of hours too where these do not begin with those of Greenwich",
        "the next day, or half an hour late",
        "that day, that hour",
        kind="value",
        query=r"\b(toStartOf(Day|Interval)|date_?[tT]runc)\(",
        detail=r"(?s)ClickHouse .*1970-01-(02 00:00|01 0\d:30):00.*mini-tb .*1970-01-01 0\d:00:00",
    ),
    Deviation(
        "A FixedString of zero bytes only, as an integer (`toUInt8OrNull(toFixedString('', 3))`)",
        "is 0",
        "is no number",
        kind="value",
        query=r"Int\d+Or(Null|Default)\(.*(\bfs\b|FixedString)",
    ),
    Deviation(
        "The elements of `arrayUnion`",
        "in any order",
        "in the order in which they come",
        kind="value",
        query=r"\barrayUnion\(",
    ),
    Deviation(
        "Names of columns of `EXISTS (SELECT …)` without a name of their own",
        "say what it is, 0 or 1, if the query inside reads nothing from outside",
        "say `exists(_subquery_1)`",
        kind="name",
        query=r"\bEXISTS\(",
        detail=r"exists\(_subquery",
    ),
    Deviation(
        "The name of an `if` whose condition is `x IN (column)`",
        "says `in(x, (column))`, though elsewhere `in(x, column)`",
        "says `in(x, column)`",
        kind="name",
        query=r"([iI]f\(|CASE).* IN ",
        detail=r"(?s)ClickHouse.*\bin\(.*, \(\w+\)\).*mini-tb",
    ),
    Deviation(
        "Floats of more than 19 digits that become Decimals of more than 18",
        "the last digits may differ from those of the float",
        "the digits of the float",
        kind="value",
        query=r"Decimal(128|256|\((19|[2-9]\d))|\bd38\b",
        detail=r"\d{19}|\d{8}\.\d{9,}",
    ),
    Deviation(
        "A text of a day, or a day and a month, where a DateTime is meant (`'3'`, `'3.5'`)",
        "a day of the current year",
        "an error, or NULL where the type is Nullable",
        kind="engine|value",
        query=r"toString\(|::String|\|\||\bbin\(|AS Nullable\(DateTime|\btx\b|DateTime(64)?\(",
        detail=r"Cannot parse DateTime|ClickHouse (?s:.*)mini-tb .*(\\N|NULL)",
    ),
    Deviation(
        "`toDate32OrDefault` of a text that begins with four zeros",
        "may be a day of the year 0",
        "is the default",
        kind="value",
        query=r"\btoDate32OrDefault\(",
        detail=r"^ClickHouse .*\b0000-",
    ),
    Deviation(
        "Random functions, `generateUUIDv4`, `now`",
        "other values at every run",
        "other values at every run",
    ),
    Deviation(
        "Errors found row by row (`throwIf`, a text that is no number) in rows of a subquery",
        "an error if the row is reached",
        "the same, but DuckDB may filter by what is outside before what is inside",
        kind="engine",
        query=r"FROM \(SELECT .* WHERE .*\) WHERE .*(\b(gcd|lcm|intDiv|\w*[mM]odulo)\(| % )",
        detail="Division by zero",
    ),
    Deviation(
        "Errors in a tuple that is compared with another, `(a % b, 'x') = (1, lower('A'))`, where "
        "an element decides that is a constant, but computed",
        "are not met",
        "are met",
        kind="engine",
        query=r"\(.*, .*\) (=|<>) \(.*(\b(gcd|lcm|intDiv|\w*[mM]odulo)\(| % ).*, .*\(.*\)\)",
        detail="Division by zero",
    ),
    Deviation(
        "Errors in a filter `(a AND b % c > 1) OR a`, all of whose parts hold `a`",
        "are not met: it is `a`",
        "are met where `a` holds",
        kind="engine",
        query=r"WHERE \((.+) AND .*(\b(gcd|lcm|intDiv|\w*[mM]odulo)\(| % ).*\) OR \1",
        detail="Division by zero",
    ),
    Deviation(
        "Arrays of unequal sizes in a condition, of which one is `[]`: "
        "`WHERE arrayExists((x, i) -> …, [], a)`",
        "are an error, but for a table in memory",
        "are an error",
        kind="engine",
        query=r"WHERE .*(\(\(\w+, \w+\) -> |mapFromArrays\().*\[\]",
        detail="equal sizes|does not align",
    ),
    Deviation(
        "`rowNumberInBlock`, `blockNumber`, `runningDifference`",
        "count within blocks",
        "a table is one block",
    ),
    Deviation(
        "Settings of a query",
        "change execution",
        "those that change answers are followed or refused, others are accepted",
    ),
    Deviation(
        "`stddevPop`, `varSamp`, … of Float32",
        "sums in Float32",
        "sums in Float64: the last digits differ, more for extreme values",
        kind="value",
        query=r"\b(stddev|var|covar|corr)\w*\(.*(f32|Float32)",
    ),
    Deviation(
        "A Map with the same key twice",
        "kept",
        "an error",
        kind="engine",
        detail="Map keys must be unique",
    ),
    Deviation(
        "Texts cut within a letter that is not ASCII",
        "bytes for every function",
        "kept as bytes; an error in functions that need text (`position`, `LIKE`, `replaceAll`, …)",
    ),
    Deviation(
        "`quantile`, `median` of values beside an infinite one",
        "`nan`",
        "the value, or what is between",
        kind="value",
        query=r"(quantile|median)\(.*(/|divide|arrayAvg|log)",
        detail=r"ClickHouse .*(\b|\\t)nan\b",
    ),
    Deviation(
        "`assumeNotNull`, `byteSize`, and `has`, `indexOf`, `countEqual`, `hasAll`, `hasAny`, "
        "where what they take is NULL and was computed",
        "see what was computed below the NULL: `assumeNotNull(NULL + 1)` is 1, if not all rows "
        "are NULL",
        "see the type's default, or find nothing",
        kind="value|engine",
        query=r"\b(assumeNotNull|byteSize|has|hasAll|hasAny|indexOf|countEqual)\("
        rf"(.*\w\(.*{_NULLS}|.*\bnullIf\(|[^)]* ([-+*/%]|\|\|) [^)]*{_NULLS}"
        rf"|[^)]*{_NULLS} ([-+*/%]|\|\|) |\(*-{_NULLS})",
        detail="^ClickHouse|by zero",
    ),
    Deviation(
        "`if` with a constant condition, of times of the same type in several zones",
        "the zone of the branch that is taken, but the other's in types",
        "the zone of the first branch",
        kind="type|value",
        query=r"\b[iI]f\((\d|true|false|[^(]*NULL).*\b(tz|toTimeZone)\b",
    ),
    Deviation(
        "The name of an `if` whose condition is constant, where the condition or a constant branch "
        "is `mapContains(…)`, `levenshteinDistance(…)`, …",
        "says `mapContainsKey`, `editDistance`: the names of which these are others",
        "says what the query says",
        kind="name",
        query=r"([iI]f\(|CASE).*(mapContains|levenshteinDistance|date_trunc|crc32|toTimeZone|concat)\(",
        detail=r"(?s)ClickHouse.*(mapContainsKey|editDistance|dateTrunc|CRC32|toTimezone|\w+Concat)\("
        ".*mini-tb",
    ),
    Deviation(
        "0 and -0 as keys of `GROUP BY`, `DISTINCT`, `IN` and joins, and in functions of arrays",
        "two values",
        "one value; `uniq` and `count(DISTINCT …)` of a float tell them apart",
        kind="value",
        query=r"GROUP BY|DISTINCT|\bIN\b|groupUniqArray|arrayDistinct|arrayIntersect|arrayUniq",
        detail=r"(?s)ClickHouse .*(?<![\w.])-0(?![\d.]).*mini-tb ",
    ),
    Deviation(
        "The name, and the type, of an `if` whose condition is constant, where the branch that is "
        "not taken is an error (divides by zero, replaces in a constant FixedString, …)",
        "is that of the branch that is taken",
        "says what the query says",
        kind="name|type",
        query=r"([iI]f\(|CASE).*\b(lcm|gcd|intDiv|[mM]odulo|isIPAddressInRange|cosineDistance|"
        r"mapFromArrays|arrayZip|"
        r"to\w+OrDefault)\("
        r"|([iI]f\(|CASE).* %"
        r"|([iI]f\(|CASE).*replace\w+\((\w+\()*toFixedString\("
        r"|([iI]f\(|CASE).*\btoDate(32|Time|Time64)?\('\D*'",
        detail=r"(?s)^ClickHouse (?!.*\b(if|multiIf)\(.*mini-tb)"
        r".*\n  mini-tb .*(\b(if|multiIf)\(|Tuple)",
    ),
    Deviation(
        "`firstSignificantSubdomain`, `cutToFirstSignificantSubdomain…`",
        "know a list of suffixes, `github.io` among them",
        "know those under countries by their form: `co.uk`, `com.br`",
    ),
    Deviation(
        "Errors of rows that LIMIT cuts off",
        "are not met",
        "may be met: DuckDB computes columns before it cuts",
        kind="engine",
        query="LIMIT",
        detail="Division by zero|Cannot convert NULL|Convert overflow|equal sizes",
    ),
    Deviation(
        "Texts with several points that are converted to Decimals",
        "`toDecimal64('1.2.3', 2)` is 1.23: further points are passed over",
        "are no numbers",
        kind="value",
        query=r"Decimal\d+(Or\w+)?\((\(\w+ \|\||(concat|repeat|replace)\w*\(|.*(\bip\b|IPv4))",
    ),
    Deviation(
        "`IN` of a list with a NULL that is computed from a column: `x IN (0, NULL + y)`",
        "is Nullable",
        "is as with a NULL that is written",
        kind="type",
        query=r"\bIN \(.*\bNULL\b",
        detail=r"Nullable\(UInt8\)",
    ),
    Deviation(
        "Floats beyond 64 bits that are converted only if that loses nothing "
        "(`accurateCastOrNull(1e20, 'Int128')`, `toInt256OrDefault(1e20)`)",
        "some are, some are not: 5e19 is, 1e20 is not",
        "those that are whole are",
        kind="value",
        query=r"\b(toU?Int(128|256)OrDefault|accurateCast\w*)\(.*\b(f32|\d+e\d\d)\b",
    ),
    Deviation(
        "`netloc`, and `…RFC` functions, of URLs whose hosts hold `%`, `=`, `&`, brackets, …",
        "end where their parser ends",
        "may end elsewhere",
    ),
    Deviation(
        "What is behind the sorted part of `arrayPartialSort`, `mapPartialSort`, …",
        "in any order",
        "in order too",
    ),
    Deviation(
        "A CTE or node that draws at random (`rand()`), read several times in a query",
        "draws anew each time",
        "draws once",
    ),
    Deviation(
        "Texts of times with `T`, a zone or a fraction (`2026-01-02T03:04:05Z`) in JSON columns",
        "become DateTime, DateTime64 or stay texts, by what came before them in the part",
        "stay texts, of which `j.t::DateTime64(3)` reads the time",
    ),
    Deviation(
        "Frames `RANGE n PRECEDING`, `n FOLLOWING` over a key that is Nullable",
        "compare what is stored below the NULLs",
        "NULLs are beside NULLs alone",
    ),
    Deviation(
        "WITH FILL with FROM or TO of a column in which there are NULLs",
        "may fill the same values again behind them",
        "fills beside what is no NULL",
    ),
    Deviation(
        "PREWHERE of a table that is read with FINAL",
        "filters the rows before they are merged",
        "filters what is merged, as WHERE does",
    ),
)
"""In the order of COMPAT.md."""
