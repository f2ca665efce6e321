"""Sparse n-grams of texts, and their hashes: `sparseGrams`, `sparseGramsHashesUTF8`, …"""

from __future__ import annotations

from collections.abc import Sequence

from mini_tb.sql.functions.function import ArgumentError, Function, integer
from mini_tb.sql.functions.strings import as_bytes
from mini_tb.sql.tree import Call, Expr
from mini_tb.types import STRING, STRING_BYTES, UINT32, DataType, array

_SHORTEST, _LONGEST = 3, 100


def lengths(told: Sequence[object]) -> str:
    """The least and the greatest length of sparse n-grams and the least of those that are kept, as
    DuckDB text, of what a query says of them. Raises `ArgumentError`."""
    sizes = [size for size in told if isinstance(size, int)]
    if len(sizes) != len(told):
        raise ArgumentError("the lengths of n-grams must be constant integers", 44)
    least, most = (*sizes[:2], *(_SHORTEST, _LONGEST)[len(sizes) :])
    cutoff = sizes[2] if len(sizes) > 2 else least
    if not (_SHORTEST <= least <= cutoff <= most < 1 << 31):
        raise ArgumentError(
            f"expected a least length of {_SHORTEST} or more, a greatest, and a cutoff between", 36
        )
    return f"{least}, {most}, {cutoff}"


def _sizes(args: Sequence[Expr]) -> str:
    if args[0].type.bare != STRING:
        raise ArgumentError(f"illegal type `{args[0].type}`, expected a String")
    for arg in args[1:]:
        if not arg.type.is_integer:
            raise ArgumentError(f"illegal type `{arg.type}`, expected a constant integer")
    return lengths([integer(arg) for arg in args[1:]])


def _row(name: str, result: DataType) -> Function:
    is_utf8 = name.endswith("UTF8")
    kind = "hashes" if "Hashes" in name else "pieces"

    def returns(args: Sequence[Expr]) -> DataType:
        _sizes(args)
        return array(result)

    def lower(call: Call, args: list[str]) -> str:
        value = args[0] if is_utf8 else as_bytes(call.args[0], args[0])
        return f"mt_gram_{kind}{'_utf8' * is_utf8}({value}, {_sizes(call.args)})"

    return Function(name, returns, lower, args=(1, 4), bytes_ok=not is_utf8)


ROWS = (
    _row("sparseGrams", STRING_BYTES),
    _row("sparseGramsUTF8", STRING),
    _row("sparseGramsHashes", UINT32),
    _row("sparseGramsHashesUTF8", UINT32),
)
