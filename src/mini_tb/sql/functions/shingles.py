"""Hashes by which texts are found that are alike: `ngramSimHash`, `wordShingleMinHash`, …

A text is taken as a set of shingles: so many bytes, characters (`UTF8`) or words that follow each
other. SimHash is one number of which few bits differ for texts alike; MinHash two, of the least and
the greatest hashes of shingles; MinHashArg gives these shingles themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mini_tb.sql.functions.aggregates.rows import let, struct
from mini_tb.sql.functions.function import ArgumentError, Function, integer
from mini_tb.sql.functions.strings import as_bytes
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING, STRING_BYTES, UINT64, DataType, to_duckdb, tuple_of

_MOST = 25
_SIZE, _HASHES = 3, 6
_NAMES = ("second argument (shingle size)", "third argument (number of hashes)")


def _numbers(args: Sequence[Expr]) -> tuple[int, int]:
    """The size of a shingle, and how many hashes are kept."""
    if args[0].type.name != "String" and args[0].type.bare.name != "String":
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a String")
    found = [_SIZE, _HASHES]
    for i, arg in enumerate(args[1:]):
        if not arg.type.is_integer or arg.type.is_signed:
            raise ArgumentError(f"{_NAMES[i]} must be an unsigned integer, got `{arg.type}`")
        found[i] = integer(arg)
        if not 1 <= found[i] <= _MOST:
            raise ArgumentError(f"{_NAMES[i]} must be from 1 to {_MOST}", 69)
    return found[0], found[1]


def _kind(name: str) -> tuple[str, str]:
    """The kind of shingles as the kernels know it, and whether case counts, as DuckDB text."""
    kind = "word" if name.startswith("word") else "char" if name.endswith("UTF8") else "byte"
    return f"'{kind}'", str("CaseInsensitive" in name).upper()


def _over(udf: str, call: Call, args: list[str]) -> str:
    kind, fold = _kind(call.function.name)
    size, hashes = _numbers(call.args)
    counts = f"{size}, {hashes}" if udf != "mt_sim_hash" else f"{size}"
    return f"{udf}({as_bytes(call.args[0], args[0])}, {kind}, {fold}, {counts})"


def _sim_returns(args: Sequence[Expr]) -> DataType:
    _numbers(args)
    return UINT64


def _lower_sim(call: Call, args: list[str]) -> str:
    return _over("mt_sim_hash", call, args)


def _min_returns(args: Sequence[Expr]) -> DataType:
    _numbers(args)
    return tuple_of(UINT64, UINT64)


def _lower_min(call: Call, args: list[str]) -> str:
    return let(_over("mt_min_hash", call, args), _pair(call, lambda v: v))


def _pair(call: Call, shown: Callable[[str], str]) -> Callable[[str], str]:
    """A list of two as a STRUCT; NULL where there is none."""

    def body(v: str) -> str:
        pair = struct({"1": shown(f"{v}[1]"), "2": shown(f"{v}[2]")})
        return f"CASE WHEN {v} IS NOT NULL THEN CAST({pair} AS {to_duckdb(call.type)}) END"

    return body


def _shown_returns(name: str) -> Callable[[Sequence[Expr]], DataType]:
    def returns(args: Sequence[Expr]) -> DataType:
        _, hashes = _numbers(args)
        # Bytes may be cut within a letter.
        text = STRING_BYTES if _kind(name)[0] == "'byte'" else STRING
        return tuple_of(*(tuple_of(*[text] * hashes) for _ in range(2)))

    return returns


def _lower_shown(call: Call, args: list[str]) -> str:
    _, hashes = _numbers(call.args)
    is_bytes = _kind(call.function.name)[0] == "'byte'"

    def shown(v: str) -> str:
        texts = [f"{v}[{i + 1}]" if is_bytes else f"decode({v}[{i + 1}])" for i in range(hashes)]
        return struct({str(i + 1): text for i, text in enumerate(texts)})

    return let(_over("mt_min_hash_shingles", call, args), _pair(call, shown))


def _rows(kind: str, suffix: str) -> tuple[Function, ...]:
    shown = f"{kind}MinHashArg{suffix}"
    return (
        Function(f"{kind}SimHash{suffix}", _sim_returns, _lower_sim, args=(1, 2), bytes_ok=True),
        Function(
            f"{kind}MinHash{suffix}",
            _min_returns,
            _lower_min,
            args=(1, 3),
            bytes_ok=True,
        ),
        Function(shown, _shown_returns(shown), _lower_shown, args=(1, 3), bytes_ok=True),
    )


ROWS = tuple(
    row
    for kind in ("ngram", "wordShingle")
    for suffix in ("", "CaseInsensitive", "UTF8", "CaseInsensitiveUTF8")
    for row in _rows(kind, suffix)
)
