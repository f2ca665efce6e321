"""Hashes, bit for bit ClickHouse's: `cityHash64`, `sipHash64`, `xxHash64`, `MD5`, `CRC32`, …"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from mini_tb.sql.functions.convert_moment import day_number
from mini_tb.sql.functions.function import (
    ArgumentError,
    Function,
    constant,
    keep_low_cardinality,
    text,
    unsupported,
)
from mini_tb.sql.functions.hash_parts import (
    Algorithm,
    hashed,
    little_endian,
    number_bits,
    value_bytes,
)
from mini_tb.sql.functions.strings import as_bytes, need_string, strings
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import (
    INT32,
    INT64,
    STRING_BYTES,
    UINT32,
    UINT64,
    UINT128,
    DataType,
    fixed_string,
)

_PLAIN = re.compile(r'(?:CAST\(|\w+\.|"[^"]*"|\w+| AS [A-Z]+\)| & \d+)+')
"""What may be repeated: a column, converted to bits."""
_MIXING = 0x4CF2D2BAAE6DA887


def _mixed(bits: str, width: int = 8) -> str:
    return f"mt_int_hash64({bits})"


def _mixed_alone(bits: str) -> str:
    """`intHash64`: of a column in SQL, which takes no longer than to call a function for it, and
    which threads compute side by side."""
    if len(bits) > 100 or not _PLAIN.fullmatch(bits):
        return _mixed(bits)
    mixed = f"xor(xor({bits}, {bits} >> 33), CAST({_MIXING ^ _MIXING >> 33} AS UBIGINT))"
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        product = f"CAST({mixed} AS UHUGEINT) * CAST({factor} AS UHUGEINT)"
        low = f"CAST({product} & CAST({(1 << 64) - 1} AS UHUGEINT) AS UBIGINT)"
        mixed = f"xor({low}, {low} >> 33)"
    return mixed


def _city_pair(a: str, b: str) -> str:
    return f"mt_city_pair({a}, {b})"


def _city_like(name: str, joined: str = "mt_city") -> Algorithm:
    """Numbers are mixed as integers; hashes are joined by a hash of 128 bits: CityHash's, unless
    `joined` tells another."""
    return Algorithm(
        lambda data: f"{name}({data})",
        _mixed,
        lambda a, b: f"{joined}_pair({a}, {b})",
        lambda before, items: f"{joined}_fold({before}, {items})",
    )


def _sip(*keys: int) -> Algorithm:
    def call(name: str, *args: str) -> str:
        return _sip_call(name, keys, args)

    return Algorithm(
        lambda data: call("mt_sip", data),
        lambda bits, width: _sip_of_bits("mt_sip", keys, bits, width),
        lambda a, b: call("mt_sip_pair", a, b),
        lambda before, items: call("mt_sip_fold", before, items),
        is_keyed=bool(keys),
    )


def _sip_call(name: str, keys: Sequence[int], args: Sequence[str]) -> str:
    words = ", ".join([*args, *(f"CAST({key} AS UBIGINT)" for key in keys)])
    return f"{name}{'_keyed' if keys else ''}({words})"


def _sip_of_bits(name: str, keys: Sequence[int], bits: str, width: int) -> str:
    if keys:
        return _sip_call(f"{name}_bits", keys, [bits, f"CAST({width} AS UBIGINT)"])
    return _of_width(name, bits, width)


def _of_width(name: str, bits: str, width: int) -> str:
    return f"{name}_bits_{width}({bits})"


def _sip128(*keys: int, reference: bool) -> Algorithm:
    name = "mt_sip128_reference" if reference else "mt_sip128"

    def of(data: str) -> str:
        return _sip_call(name, keys, [data])

    return Algorithm(
        of,
        lambda bits, width: _sip_of_bits(name, keys, bits, width),
        lambda a, b: of(f"({a} || {b})"),
        bits=128,
        is_keyed=bool(keys),
    )


def _of_bits(name: str, bits: str, width: int) -> str:
    if width == 8:
        return f"{name}_bits_8({bits})"
    return f"{name}_bits({bits}, CAST({width} AS UBIGINT))"


def _of_bytes(name: str, pair: Callable[[str, str], str], size: int = 64) -> Algorithm:
    """Numbers are hashed as their bytes."""
    return Algorithm(
        lambda data: f"{name}({data})",
        lambda bits, width: _of_bits(name, bits, width),
        pair,
        bits=size,
    )


def _joined_128(name: str) -> Algorithm:
    """Hashes are joined by the hash of their bytes."""

    def of(data: str) -> str:
        return f"{name}({data})"

    return Algorithm(
        of,
        lambda bits, width: of(little_endian(bits, width)),
        lambda a, b: of(f"({a} || {b})"),
        bits=128,
    )


def _hash_of_both(name: str) -> Callable[[str, str], str]:
    """Hashes of 64 bits are joined by the hash of their bytes."""
    return lambda a, b: f"{name}({little_endian(a, 8)} || {little_endian(b, 8)})"


def _half_md5() -> Algorithm:
    return Algorithm(
        lambda data: f"mt_half_md5({data})",
        lambda bits, width: _of_width("mt_half_md5", bits, width),
        _hash_of_both("mt_half_md5"),
    )


def _xor64(a: str, b: str) -> str:
    return f"xor(mt_int_hash64({a}), {b})"


def _xor32(a: str, b: str) -> str:
    return f"xor(mt_int_hash32({a}), {b})"


_ALGORITHMS: dict[str, tuple[Algorithm, DataType]] = {
    "cityHash64": (_city_like("mt_city"), UINT64),
    "metroHash64": (_city_like("mt_metro"), UINT64),
    "farmHash64": (_city_like("mt_farm"), UINT64),
    "farmFingerprint64": (_city_like("mt_farm_fingerprint", "mt_farm_fingerprint"), UINT64),
    "sipHash64": (_sip(), UINT64),
    "sipHash128": (_sip128(reference=False), fixed_string(16)),
    "sipHash128Reference": (_sip128(reference=True), fixed_string(16)),
    "xxHash64": (_of_bytes("mt_xx64", _city_pair), UINT64),
    "xxHash32": (_of_bytes("mt_xx32", _xor32, 32), UINT32),
    "murmurHash2_32": (_of_bytes("mt_murmur2_32", _xor32, 32), UINT32),
    "murmurHash2_64": (_of_bytes("mt_murmur2_64", _xor64), UINT64),
    "gccMurmurHash": (_of_bytes("mt_gcc_murmur", _xor64), UINT64),
    "kafkaMurmurHash": (_of_bytes("mt_kafka_murmur", _xor32, 32), UINT32),
    "murmurHash3_32": (_of_bytes("mt_murmur3_32", _xor32, 32), UINT32),
    "murmurHash3_64": (_of_bytes("mt_murmur3_64", _xor64), UINT64),
    "murmurHash3_128": (_joined_128("mt_murmur3_128"), fixed_string(16)),
    "halfMD5": (_half_md5(), UINT64),
    "wyHash64": (_of_bytes("mt_wy", _hash_of_both("mt_wy")), UINT64),
    "xxh3": (_of_bytes("mt_xx3", _city_pair), UINT64),
}
_KEYED: dict[str, tuple[Callable[[int, int], Algorithm], DataType]] = {
    "sipHash64Keyed": (_sip, UINT64),
    "sipHash128Keyed": (lambda a, b: _sip128(a, b, reference=False), fixed_string(16)),
    "sipHash128ReferenceKeyed": (lambda a, b: _sip128(a, b, reference=True), fixed_string(16)),
}


def _all(algorithm: Algorithm, call: Call, args: list[str], first: int = 0) -> str:
    result: str | None = None
    for arg, sql in zip(call.args[first:], args[first:], strict=True):
        result = hashed(algorithm, arg.type, sql, result)
    return algorithm.nothing if result is None else result


def _row(name: str) -> Function:
    algorithm, result = _ALGORITHMS[name]

    def lower(call: Call, args: list[str]) -> str:
        if len(args) == 1 and algorithm.of_bits is _mixed:
            bits = number_bits(call.args[0].type.bare, args[0])
            if bits is not None:
                return _mixed_alone(bits[0])
        return _all(algorithm, call, args)

    return Function(name, result, lower, args=(0, None), bytes_ok=True)


def _keys(expr: Expr) -> tuple[int, int]:
    if not expr.type.is_tuple or [str(t.bare) for t in expr.type.bare.types] != ["UInt64"] * 2:
        raise ArgumentError("the key must be a tuple of two UInt64", 36)
    key = constant(expr)
    assert isinstance(key, Sequence)
    return int(key[0]), int(key[1])


def _keyed_row(name: str) -> Function:
    algorithm, result = _KEYED[name]

    def returns(args: Sequence[Expr]) -> DataType:
        _keys(args[0])
        return result

    def lower(call: Call, args: list[str]) -> str:
        return _all(algorithm(*_keys(call.args[0])), call, args, 1)

    return Function(name, returns, lower, args=(1, None), bytes_ok=True)


def _data(call: Call, sql: str) -> str:
    return value_bytes(call.args[0].type.bare, sql)


_HMAC_MODES = {
    **{name: name for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")},
    **{f"sha3{bits}": f"sha3_{bits}" for bits in (224, 256, 384, 512)},
    "blake2b512": "blake2b",
    "blake2s256": "blake2s",
}
"""Python's names of the digests of `HMAC`, by ClickHouse's without dashes."""


def _hmac_mode(arg: Expr) -> str:
    name = text(arg).lower().replace("-", "")
    if name not in _HMAC_MODES:
        raise ArgumentError(f"there is no digest `{text(arg)}`", 36, 0)
    return _HMAC_MODES[name]


def _hmac_returns(args: Sequence[Expr]) -> DataType:
    _hmac_mode(args[0])
    for arg in args[1:]:
        need_string(arg)
    return STRING_BYTES


def _lower_hmac(call: Call, args: list[str]) -> str:
    message, key = (as_bytes(arg, sql) for arg, sql in zip(call.args[1:], args[1:], strict=True))
    return f"mt_hmac('{_hmac_mode(call.args[0])}', {message}, {key})"


_DIGESTS = {
    "MD5": 16,
    "MD4": 16,
    "RIPEMD160": 20,
    "SHA1": 20,
    "SHA256": 32,
    "SHA224": 28,
    "SHA384": 48,
    "SHA512": 64,
    "SHA512_256": 32,
    "keccak256": 32,
}
"""The digests by how many bytes they have."""


def _of_string(name: str, udf: str, result: DataType, *, any_case: bool = False) -> Function:
    def lower(call: Call, args: list[str]) -> str:
        return f"{udf}({_data(call, args[0])})"

    return Function(name, strings(result), lower, bytes_ok=True, any_case=any_case)


def _number(args: Sequence[Expr]) -> None:
    for arg in args:
        if not arg.type.is_integer and not arg.type.is_date_or_datetime and not arg.type.is_bool:
            raise ArgumentError(f"illegal type `{arg.type}`, expected an integer")


def _signed_bits(sql: str) -> tuple[str, int]:
    """As `number_bits`, of a number as an Int64."""
    bits = number_bits(INT64, f"CAST({sql} AS BIGINT)")
    assert bits is not None
    return bits


def _int_hash(result: DataType, mix: Callable[[str], str]) -> Function:
    def returns(args: Sequence[Expr]) -> DataType:
        _number(args)
        return result

    def lower(call: Call, args: list[str]) -> str:
        t = call.args[0].type.bare
        bits = number_bits(t, args[0])
        if t.is_integer and t.is_signed:
            # Negative numbers keep their sign.
            bits = _signed_bits(args[0])
        elif t.name == "Date32":
            bits = _signed_bits(day_number(args[0]))
        if bits is None:
            raise ArgumentError(f"illegal type `{t}`, expected an integer of up to 64 bits")
        return mix(bits[0])

    return Function(f"intHash{result.bits}", returns, lower)


def _java_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if not t.is_string and not (t.is_integer and t.is_signed and t.bits <= 64):
        raise ArgumentError(f"illegal type `{t}`, expected a String or a signed integer", 48)
    return INT32


def _lower_java(call: Call, args: list[str]) -> str:
    t = call.args[0].type.bare
    if t.is_string:
        return f"mt_java({value_bytes(t, args[0])})"
    if t.bits < 64:
        return f"CAST({args[0]} AS INTEGER)"
    wide = f"CAST({args[0]} AS HUGEINT)"
    low = f"(xor({args[0]}, CAST(({wide} & 18446744073709551615) >> 32 AS BIGINT)) & 4294967295)"
    return f"CAST(CASE WHEN {low} >= 2147483648 THEN {low} - 4294967296 ELSE {low} END AS INTEGER)"


def _jump_returns(args: Sequence[Expr]) -> DataType:
    _number(args)
    return INT32


def _lower_jump(call: Call, args: list[str]) -> str:
    is_signed = call.args[0].type.bare.is_signed
    bits = _signed_bits(args[0])[0] if is_signed else f"CAST({args[0]} AS UBIGINT)"
    failed = "error('DB::36: the number of buckets must be from 1 to 2147483647')"
    fits = f"{args[1]} > 0 AND {args[1]} <= 2147483647"
    return f"mt_jump({bits}, CASE WHEN {fits} THEN CAST({args[1]} AS UBIGINT) ELSE {failed} END)"


def iceberg_type(t: DataType) -> None:
    """Raises `ArgumentError` for a type that `icebergHash` does not take here."""
    if not (t.is_string or t.is_float or t.is_bool or (t.is_integer and t.bits <= 64)):
        raise ArgumentError(f"illegal type `{t}`", 48)


def iceberg_hash(t: DataType, sql: str) -> str:
    """DuckDB text (INTEGER) of the hash by which Iceberg finds a value's bucket."""
    if t.is_string:
        return f"mt_iceberg({value_bytes(t, sql)})"
    if t.is_float:
        return _of_bits("mt_iceberg", f"mt_float64_bits(CAST({sql} AS DOUBLE))", 8)
    if t.is_integer and t.bits == 64 and not t.is_signed:
        return _of_bits("mt_iceberg", sql, 8)
    return _of_bits("mt_iceberg", *_signed_bits(sql))


def _iceberg_returns(args: Sequence[Expr]) -> DataType:
    iceberg_type(args[0].type)
    return INT32


def _lower_iceberg(call: Call, args: list[str]) -> str:
    return iceberg_hash(call.args[0].type.bare, args[0])


def _spark_returns(args: Sequence[Expr]) -> DataType:
    t = args[0].type
    if not t.is_nothing and t.bare.name != "String":
        raise ArgumentError(f"illegal type `{t}`, expected a String")
    return keep_low_cardinality(args, INT64)


def _lower_spark(call: Call, args: list[str]) -> str:
    """Of NULL it is the seed."""
    arg = call.args[0]
    if arg.type.is_nothing:
        return _OF_SPARKS_NULL
    return f"coalesce(mt_xx64_spark({as_bytes(arg, args[0])}), {_OF_SPARKS_NULL})"


_OF_SPARKS_NULL = "CAST(42 AS BIGINT)"
_XXH3_128 = _joined_128("mt_xx3_128")


def _lower_xxh3_128(call: Call, args: list[str]) -> str:
    """The number whose bytes the hash is, least first."""
    digits = f"hex(mt_swapped_words({_all(_XXH3_128, call, args)}))"
    return f"CAST('0x' || substring({digits}, 17) || left({digits}, 16) AS UHUGEINT)"


ROWS = (
    *(_row(name) for name in _ALGORITHMS),
    *(_keyed_row(name) for name in _KEYED),
    *(
        _of_string(name, f"mt_{name.lower()}", fixed_string(size))
        for name, size in _DIGESTS.items()
    ),
    Function("HMAC", _hmac_returns, _lower_hmac, args=(3, 3), any_case=True, bytes_ok=True),
    _of_string("CRC32", "mt_crc32", UINT32, any_case=True),
    _of_string("CRC32IEEE", "mt_crc32_ieee", UINT32, any_case=True),
    _of_string("CRC64", "mt_crc64", UINT64, any_case=True),
    _of_string("javaHashUTF16LE", "mt_java_utf16", INT32),
    Function("javaHash", _java_returns, _lower_java, bytes_ok=True),
    Function(
        "hiveHash",
        strings(INT32),
        lambda call, args: f"(mt_java({_data(call, args[0])}) & 2147483647)",
        bytes_ok=True,
    ),
    Function("icebergHash", _iceberg_returns, _lower_iceberg, bytes_ok=True, per_row=True),
    _int_hash(UINT64, _mixed_alone),
    _int_hash(UINT32, lambda bits: f"mt_int_hash32({bits})"),
    Function("jumpConsistentHash", _jump_returns, _lower_jump, args=(2, 2)),
    Function("xxHash64Spark", _spark_returns, _lower_spark, nulls=False, bytes_ok=True),
    Function("xxh3_128", UINT128, _lower_xxh3_128, args=(0, None), bytes_ok=True),
    *unsupported(
        "this hash is not computed here",
        "BLAKE3",
        "kostikConsistentHash",
        "yandexConsistentHash",
    ),
)
