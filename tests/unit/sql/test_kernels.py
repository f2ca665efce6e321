"""Kernels: what they compute, whatever shape the columns have that they are called with."""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf import hash_city, hash_digest, hash_sip, hash_small
from mini_tb.sql.functions.udf.kernel import Body
from mini_tb.sql.functions.udf.machine import Row, kernel_udf

UDFS: dict[str, Udf] = {
    udf.name: udf
    for family in (hash_city, hash_digest, hash_sip, hash_small)
    for udf in family.UDFS
}
DIGESTS = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")


def called(name: str, *columns: pa.Array | pa.ChunkedArray) -> list[object]:
    chunked = (c if isinstance(c, pa.ChunkedArray) else pa.chunked_array([c]) for c in columns)
    table = UDFS[name].function(*chunked)
    assert isinstance(table, pa.Table)
    table.validate(full=True)
    values: list[object] = table.column(0).to_pylist()
    return values


def texts(*values: bytes | None) -> pa.Array:
    return pa.array(values, pa.binary())


@settings(max_examples=60)
@given(st.lists(st.none() | st.binary(max_size=300), max_size=40))
def test_digests_are_those_of_the_standard_library(values: list[bytes | None]) -> None:
    column = texts(*values)
    for name in DIGESTS:
        wanted = [None if v is None else hashlib.new(name, v).digest() for v in values]
        assert called(f"mt_{name}", column) == wanted
    assert called("mt_crc32", column) == [None if v is None else zlib.crc32(v) for v in values]


@pytest.mark.parametrize("name", DIGESTS)
def test_digest_of_each_length_around_the_blocks(name: str) -> None:
    values = [bytes(range(size)) for size in range(256)]
    wanted = [hashlib.new(name, value).digest() for value in values]
    assert called(f"mt_{name}", texts(*values)) == wanted


@pytest.mark.parametrize("name", DIGESTS)
def test_digest_of_a_text_far_longer_than_those_beside_it(name: str) -> None:
    values = [b"", b"short", b"long" * 50_000, b"", b"in between" * 99, b"short"]
    wanted = [hashlib.new(name, value).digest() for value in values]
    assert called(f"mt_{name}", texts(*values)) == wanted


@pytest.mark.parametrize("width", [1, 2, 4, 8])
@settings(max_examples=30)
@given(st.data())
def test_numbers_are_digested_as_their_bytes(width: int, data: st.DataObject) -> None:
    numbers = st.none() | st.integers(0, (1 << 8 * width) - 1)
    values = data.draw(st.lists(numbers, max_size=30))
    pieces = texts(*(None if v is None else v.to_bytes(width, "little") for v in values))
    column = pa.array(values, pa.uint64())
    for name in ("mt_half_md5", "mt_sip", "mt_sip128", "mt_sip128_reference"):
        assert called(f"{name}_bits_{width}", column) == called(name, pieces)


@pytest.mark.parametrize("rows", [1, 5, 6, 7, 11, 12, 13, 24, 2047, 2048, 2049])
@pytest.mark.parametrize("name", ["half_md5", "sip", "sip128", "sip128_reference"])
def test_numbers_that_fill_no_vectors_are_hashed_as_the_others(name: str, rows: int) -> None:
    values = [None if i % 5 == 3 else i * 0x9E3779B97F4A7C15 % (1 << 64) for i in range(rows)]
    column = pa.array(values, pa.uint64())
    pieces = texts(*(None if v is None else v.to_bytes(8, "little") for v in values))
    assert called(f"mt_{name}_bits_8", column) == called(f"mt_{name}", pieces)
    assert called(f"mt_{name}_bits_8", column.slice(1)) == called(f"mt_{name}", pieces.slice(1))


def test_a_part_of_a_column_is_hashed_as_such() -> None:
    column = texts(b"before", None, b"one", b"", b"three", b"after")
    whole = called("mt_city", column)
    assert called("mt_city", column.slice(2, 3)) == whole[2:5]
    assert called("mt_city", pa.chunked_array([column.slice(0, 2), column.slice(2)])) == whole
    assert called("mt_city", column.cast(pa.large_binary())) == whole
    numbers = pa.array(range(100), pa.uint64())
    assert called("mt_int_hash64", numbers.slice(40)) == called("mt_int_hash64", numbers)[40:]


def test_no_rows_and_only_nulls() -> None:
    assert called("mt_md5", texts()) == []
    assert called("mt_md5", texts(None, None)) == [None, None]
    assert called("mt_city", texts(b"", None)) == [*called("mt_city", texts(b"")), None]


def test_null_where_one_of_the_columns_is() -> None:
    a, b = pa.array([1, None, 3], pa.uint64()), pa.array([1, 2, None], pa.uint64())
    hashes = called("mt_city_pair", a, b)
    assert hashes[0] is not None and hashes[1:] == [None, None]


def test_lists_are_folded_element_by_element() -> None:
    before = pa.array([5, 6, 7], pa.uint64())
    lists = pa.array([[9], [], [1, 2]], pa.list_(pa.uint64()))

    def pair(a: object, b: object) -> object:
        return called("mt_city_pair", pa.array([a], pa.uint64()), pa.array([b], pa.uint64()))[0]

    wanted = [pair(5, 9), 6, pair(pair(7, 1), 2)]
    assert called("mt_city_fold", before, lists) == wanted
    assert called("mt_city_fold", before.slice(1), lists.slice(1)) == wanted[1:]


def test_the_key_0_is_no_key() -> None:
    column, zeros = texts(b"", b"a", b"x" * 100), pa.array([0, 0, 0], pa.uint64())
    assert called("mt_sip_keyed", column, zeros, zeros) == called("mt_sip", column)
    ones = pa.array([1, 1, 1], pa.uint64())
    assert called("mt_sip_keyed", column, ones, zeros) != called("mt_sip", column)


def test_long_texts_and_short_ones_after() -> None:
    long = [bytes([i]) * 3_000_000 for i in range(30)]
    assert called("mt_crc32", texts(*long)) == [zlib.crc32(text) for text in long]
    assert called("mt_crc32", texts(b"a", b"b")) == [zlib.crc32(b"a"), zlib.crc32(b"b")]


def test_numbers_beside_lists_of_any_length() -> None:
    def last_and_number(row: Row) -> None:
        start, count = row.span(1)
        row.result.put(row.number(0) + (start + (count << 3) - 8).word())

    kernel = kernel_udf("last", ("UBIGINT", "UBIGINT[]"), "UBIGINT", last_and_number)
    for lists in ([[1], [2, 3]], [[7] * 50_000, [9] * 50_000], [[4] * 3, [5], [6]]):
        numbers = pa.chunked_array([range(len(lists))], pa.uint64())
        elements = pa.chunked_array([lists], pa.list_(pa.uint64()))
        sums = kernel.function(numbers, elements).column(0).to_pylist()
        assert sums == [i + each[-1] for i, each in enumerate(lists)]


def test_threads_do_not_disturb_each_other() -> None:
    columns = [texts(*(b"%d %d" % (i, j) for j in range(2000))) for i in range(16)]
    alone = [called("mt_sha256", column) for column in columns]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda c: called("mt_sha256", c), columns)) == alone


def test_what_is_not_known_yet_decides_nothing() -> None:
    body = Body()
    with pytest.raises(TypeError, match="not known yet"):
        bool(body.number(1) < 2)
    with pytest.raises(TypeError, match="shape i32 where one of i64"):
        body.number(1) + body.number(1, 32)


def test_shifts_and_rotations_wrap_around() -> None:
    def of_row(row: Row) -> None:
        number, by = row.number(0), row.number(1)
        for i, word in enumerate((number << by, number >> by, number.left(by), number.right(by))):
            row.result.put(word, 8 * i)

    kernel = kernel_udf("turned", ("UBIGINT", "UBIGINT"), "BLOB", of_row, width=32)
    number, mask = 0x0123456789ABCDEF, (1 << 64) - 1
    shifts = [0, 1, 63, 64, 65, 1 << 40]
    columns = [[number] * len(shifts), shifts]
    table = kernel.function(*(pa.chunked_array([column], pa.uint64()) for column in columns))
    for by, found in zip(shifts, table.column(0).to_pylist(), strict=True):
        left, right = number << by % 64, number >> by % 64
        turned = left & mask | number >> 64 - by % 64, right | number << 64 - by % 64 & mask
        assert struct.unpack("<4Q", found) == (left & mask, right, *turned)


def test_a_kernel_that_fails_says_so() -> None:
    def odd(row: Row) -> None:
        with row.body.when((row.number(0) & 1) > 0):
            row.fail()
        row.result.put(row.number(0))

    kernel = kernel_udf("odd", ("UBIGINT",), "UBIGINT", odd, failure="DB::1: odd")
    assert kernel.function(pa.chunked_array([[2]], pa.uint64())).column(0).to_pylist() == [2]
    with pytest.raises(ValueError, match="DB::1: odd"):
        kernel.function(pa.chunked_array([[2, 3]], pa.uint64()))


@pytest.mark.skipif(os.name != "posix", reason="pages are guarded as POSIX does it")
def test_no_kernel_leaves_its_memory() -> None:
    program = Path(__file__).with_name("guarded_kernels.py")
    ended = subprocess.run([sys.executable, program], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_interpreter_ends_quietly_after_a_kernel_has_run() -> None:
    program = (
        "import pyarrow as pa; from mini_tb.sql.functions.udf.hash_city import UDFS;"
        "print(UDFS[0].function(pa.chunked_array([[b'a']]))[0][0])"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "2603192927274642682\n", "")
