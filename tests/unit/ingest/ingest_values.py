"""JSON values that hit the edges of the types; drawn from by the tests of ingestion."""

from __future__ import annotations

INTEGERS = """
0 1 -1 -0 127 128 -128 -129 255 256 32767 32768 65535 65536 2147483647 2147483648
-2147483648 -2147483649 4294967295 4294967296 9223372036854775807 9223372036854775808
-9223372036854775808 -9223372036854775809 18446744073709551615 18446744073709551616
170141183460469231731687303715884105727 170141183460469231731687303715884105728
340282366920938463463374607431768211455 340282366920938463463374607431768211456
""".split()  # noqa: SIM905 - a list of words reads better

NUMBERS = """
1.5 1.50 1.0 -1.5 0.1 1e3 1E3 1e-3 -0.0 1e308 1e309 -1e309 3.4028234e38 3.4028236e38
1e-400 0.30000000000000004 123456789.123456789 12345678901234567.1 99999999.99 100000000
1.555 -0.001 1e-4700 0.300000000800000004 1.4999999999999999999 1704164645.5 0e5 0.00E1 0e12
""".split()  # noqa: SIM905 - a list of words reads better

WORDS = ["true", "false", "null", "NaN", "Infinity", "-Infinity"]

STRINGS = [
    f'"{text}"'
    for text in (
        "",
        "a",
        "abc",
        "abcd",
        "é",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\n",
        "\\\\",
        '\\"',
        "\\u0000",
        "3",
        "-3",
        "+3",
        "007",
        " 3",
        "3 ",
        "3.0",
        "1.5",
        ".5",
        "5.",
        "1e5",
        "nan",
        "inf",
        "-inf",
        "0x10",
        "1_000",
        "true",
        "null",
        "[1,2]",
        "{}",
        "x",
        "61f0c404-5cb3-11e7-907b-a6006ad3dba0",
        "61F0C404-5CB3-11E7-907B-A6006AD3DBA0",
        "61f0c4045cb311e7907ba6006ad3dba0",
        "{61f0c404-5cb3-11e7-907b-a6006ad3dba0}",
        "1.2.3.4",
        "01.2.3.4",
        "256.1.1.1",
        "1.2.3",
        "::1",
        "2001:db8::1",
        "fe80::1%eth0",
        "::ffff:1.2.3.4",
        "18446744073709551616",
        "99999999.99",
        "1.555",
    )
]

DATES = [
    f'"{text}"'
    for text in (
        "2024-01-02",
        "2024-1-2",
        "2024/01/02",
        "20240102",
        "2024-01-02 03:04:05",
        "2024-01-02T03:04:05",
        "2024-01-02T03:04:05Z",
        "2024-01-02T03:04:05.123Z",
        "2024-01-02T03:04:05.123456789Z",
        "2024-01-02T03:04:05.999999999",
        "2024-01-02T03:04:05+00:00",
        "2024-01-02T03:04:05+02:00",
        "2024-01-02T03:04:05-0800",
        "2024-01-02 03:04",
        "2024-01-02 03",
        "2024-01-02 25:04:05",
        "2024-01-02 24:00:00",
        "2024-01-02 03:04:60",
        "2024-01-02 3:04:05 PM",
        "2024-02-30",
        "2023-02-29",
        "2024-13-01",
        "0000-00-00",
        "1969-12-31 23:59:59",
        "1970-01-01",
        "1969-12-31 23:59:59.9999999",
        "1969-12-31 23:59:58.0001",
        "2106-02-07 06:28:15",
        "2106-02-07 06:28:16",
        "2149-06-06",
        "2149-06-07",
        "1900-01-01",
        "1899-12-31",
        "2299-12-31",
        "2300-01-01",
        "02/01/2024 03:04",
        "02/13/2024",
        "Jan 2 2024 03:04:05",
        "Tue, 02 Jan 2024 03:04:05 GMT",
        "1704164645",
        "1704164645123",
        "1704164645.5",
        "20240102030405",
        " 2024-01-02 03:04:05 ",
    )
]

CONTAINERS = [
    "[]",
    "[1,2]",
    '[1,"2"]',
    "[1,null]",
    "[1.5]",
    '["a","b"]',
    '["a",1,true]',
    '["a",null]',
    '["a",{"x": 1}]',
    "[[1],[2]]",
    "[true,false]",
    "[-1]",
    "[300]",
    "[1e400]",
    "{}",
    '{"a":1}',
    '{"a": 1.50 }',
    '{"a":1,"b":"x"}',
    '{"a":"1","b":2}',
    '{"a":null,"b":"x"}',
    '{"1":"a"}',
    '{"x":"a","x":"b"}',
    '{"a":{"b":[1]}}',
]

KINDS = (INTEGERS, NUMBERS, WORDS, STRINGS, DATES, CONTAINERS)
VALUES = INTEGERS + NUMBERS + WORDS + STRINGS + DATES + CONTAINERS

TYPES = [
    *(f"{sign}nt{bits}" for sign in ("I", "UI") for bits in (8, 16, 32, 64, 128, 256)),
    "Float32",
    "Float64",
    "Bool",
    "String",
    "FixedString(3)",
    "UUID",
    "IPv4",
    "IPv6",
    "Enum8('a' = 1, 'abc' = 2, 'it''s' = 3)",
    "Date",
    "Date32",
    "DateTime",
    "DateTime('UTC')",
    "DateTime('America/New_York')",
    "DateTime64(0)",
    "DateTime64(3)",
    "DateTime64(6)",
    "DateTime64(9)",
    "DateTime64(3, 'Europe/Madrid')",
    "Decimal(10, 2)",
    "Decimal(9, 0)",
    "Decimal(18, 18)",
    "Decimal(38, 10)",
    "Array(Int32)",
    "Array(String)",
    "Array(Float64)",
    "Array(Bool)",
    "Array(Nullable(Int32))",
    "Array(Array(Int8))",
    "Map(String, Int32)",
    "Map(String, String)",
    "Map(Int32, String)",
    "Tuple(Int32, String)",
    "Tuple(a Int32, b String)",
    "LowCardinality(String)",
    "Nullable(Int32)",
    "Nullable(String)",
    "Nullable(DateTime)",
    "LowCardinality(Nullable(String))",
    "SimpleAggregateFunction(sum, Int64)",
    "JSON",
]
"""`it''s` is ClickHouse's own spelling of a quote in a quoted text."""
