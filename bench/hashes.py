"""Hash functions beside the engine's own `hash`, and date parsing beside its `strptime`, on the
same column of a million rows.

Measured is the processor's time of one thread: a call of 2 ms would get through a busy machine
untouched, and one of 30 ms not. Beside them stands what OpenSSL takes for as many blocks, without
taking texts from anybody or giving digests to anybody: the least that a digest can cost.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence

from bench.measure import compare, in_turns_given, report

ROWS = 1_000_000
RUNS = 5
AT_MOST = 15.0
TABLE = f"""
CREATE TABLE rows AS SELECT
    hash(i) AS number,
    lpad(to_hex(hash(i)), 8, '0')[:8] AS short,
    'https://example.com/p/' || lpad(i::VARCHAR, 13, '0') AS url,
    'customer ' || hash(i) % 1000 AS few,
    strftime(TIMESTAMP '2026-01-01' + INTERVAL 17 SECOND * i, '%Y-%m-%d %H:%M:%S') AS moment
FROM range({ROWS}) AS r(i)
"""
TYPES = {"number": "UInt64", "short": "String", "url": "String", "few": "String"}
KINDS = {
    "number": "numbers of 64 bits",
    "short": "texts of 8 bytes",
    "url": "texts of 35 bytes",
    "few": "1,000 different texts",
}
OF_ANYTHING = (
    "cityHash64",
    "sipHash64",
    "sipHash128",
    "sipHash128Reference",
    "xxHash32",
    "xxHash64",
    "murmurHash2_32",
    "murmurHash2_64",
    "murmurHash3_32",
    "murmurHash3_64",
    "gccMurmurHash",
    "kafkaMurmurHash",
    "metroHash64",
    "farmHash64",
    "farmFingerprint64",
    "halfMD5",
)
OF_NUMBERS = ("intHash32", "intHash64")
OF_TEXTS = (
    "murmurHash3_128",
    "javaHash",
    "javaHashUTF16LE",
    "hiveHash",
    "icebergHash",
    "CRC32",
    "CRC32IEEE",
    "CRC64",
    "MD5",
    "SHA1",
    "SHA224",
    "SHA256",
    "SHA384",
    "SHA512",
    "SHA512_256",
)
MOMENTS = (
    "parseDateTimeBestEffort(moment)",
    "parseDateTime64BestEffort(moment)",
    "parseDateTime(moment, '%Y-%m-%d %H:%i:%s')",
    "toDateTime(moment)",
    "toDateTime64(moment, 3)",
    "toDate(moment)",
)


BLOCKS = {"md5": 64, "sha1": 64, "sha256": 64, "sha512": 128}
"""Digests, and the bytes that they take at a time: a text of 35 bytes is one block."""


def run() -> None:
    """Measure and print, per column."""
    import duckdb

    from mini_tb.sql import Table, TableColumn, Tables, compile_query
    from mini_tb.sql.duckdb.udf import register
    from mini_tb.types import parse_type

    connection = duckdb.connect()
    register(connection)
    connection.execute(TABLE)
    connection.execute("SET threads = 1")
    types = {**TYPES, "moment": "String"}
    columns = tuple(TableColumn(name, parse_type(text)) for name, text in types.items())
    catalog = Tables({"rows": Table("rows", '"rows"', columns)})

    def rival(duck_sql: str) -> Callable[[], float]:
        def work() -> float:
            started = time.process_time()
            connection.execute(duck_sql).fetchall()
            return time.process_time() - started

        return work

    def ours(call: str) -> Callable[[], float]:
        return rival(compile_query(f"SELECT max({call}) FROM rows", catalog).duck_sql)

    for column, kind in KINDS.items():
        print(f"\n  {kind}")
        builtin = f"hash({column})"
        names = [f"{name}({column})" for name in _hashes(column)]
        _beside(builtin, rival(f"SELECT max({builtin}) FROM rows"), names, ours)
        if column == "url":
            _print_floors(rival(f"SELECT max({builtin}) FROM rows"))
    print("\n  texts of moments")
    builtin = "strptime(moment, '%Y-%m-%d %H:%M:%S')"
    _beside(builtin, rival(f"SELECT max({builtin}) FROM rows"), MOMENTS, ours)
    connection.close()


def _hashes(column: str) -> Iterator[str]:
    yield from OF_ANYTHING
    yield from OF_NUMBERS if TYPES[column] == "UInt64" else OF_TEXTS


def _print_floors(builtin: Callable[[], float]) -> None:
    for name, size in BLOCKS.items():
        data = bytes(ROWS * size)

        def digest(name: str = name, data: bytes = data) -> float:
            started = time.process_time()
            hashlib.new(name, data)
            return time.process_time() - started

        timings = in_turns_given({"builtin": builtin, name: digest}, RUNS)
        ratio = timings[name].median / timings["builtin"].median
        compare(f"a million blocks of {name} in OpenSSL", ratio)


def _beside(
    builtin: str,
    work: Callable[[], float],
    calls: Sequence[str],
    ours: Callable[[str], Callable[[], float]],
) -> None:
    rivals = {builtin: work, **{call: ours(call) for call in calls}}
    for each in rivals.values():
        each()  # a kernel is compiled at its first call
    timings = in_turns_given(rivals, RUNS)
    report({builtin: timings[builtin]})
    for call in calls:
        compare(call, timings[call].median / timings[builtin].median, at_most=AT_MOST)
