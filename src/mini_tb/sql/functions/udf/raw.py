"""The bytes of numbers and the numbers of bytes; floats by their bits."""

from __future__ import annotations

from typing import Any

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.machine import Row, kernel_udf
from mini_tb.sql.functions.udf.values import python_udf


def bytes_of_number(number: str, size: int) -> bytes:
    """The bytes of a number, least first: `size` of them, or with 0 as many as it takes."""
    value = int(number)
    if size:
        return (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    return value.to_bytes((value.bit_length() + 7) // 8, "little")


def number_of_bytes(data: bytes) -> str:
    """The number, in decimal, whose bytes these are, least first: the first 16."""
    return str(int.from_bytes(data[:16], "little"))


def _viewed(values: Any, first: Any, then: Any) -> Any:
    """The same bits as another type of the same width."""
    import pyarrow as pa

    column = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return column.cast(first, safe=False).view(then)


def _float32_bits(values: Any) -> Any:
    import pyarrow as pa

    return _viewed(values, pa.float32(), pa.uint32()).cast(pa.uint64())


def _float64_bits(values: Any) -> Any:
    import pyarrow as pa

    return _viewed(values, pa.float64(), pa.uint64())


def _float32_of_bits(values: Any) -> Any:
    import pyarrow as pa

    return _viewed(values, pa.uint32(), pa.float32())


def _float64_of_bits(values: Any) -> Any:
    import pyarrow as pa

    return _viewed(values, pa.uint64(), pa.float64())


def _little_endian(width: int) -> Udf:
    """The low bytes of numbers, least first."""

    def of_row(row: Row) -> None:
        number = row.number(0)
        if width == 8:
            row.result.put(number)
        elif width == 4:
            row.result.put(number.short())
        else:
            for i in range(width):
                row.result.put_byte(number >> 8 * i, i)

    name = f"mt_little_endian_{width}"
    return kernel_udf(name, ("UBIGINT",), "BLOB", of_row, width=width)


def _swapped_words(row: Row) -> None:
    """Sixteen bytes as two words, the bytes of each in the other order."""
    at, _ = row.span(0)
    for offset in (0, 8):
        row.result.put(at.word(offset).swapped(), offset)


UDFS = (
    *(_little_endian(width) for width in (1, 2, 4, 8)),
    kernel_udf("mt_swapped_words", ("BLOB",), "BLOB", _swapped_words, width=16),
    python_udf("mt_bytes_of_number", ("VARCHAR", "INTEGER"), "BLOB", bytes_of_number, constants=1),
    python_udf("mt_number_of_bytes", ("BLOB",), "VARCHAR", number_of_bytes),
    Udf("mt_float32_bits", ("FLOAT",), "UBIGINT", _float32_bits),
    Udf("mt_float64_bits", ("DOUBLE",), "UBIGINT", _float64_bits),
    Udf("mt_float32_of_bits", ("UBIGINT",), "FLOAT", _float32_of_bits),
    Udf("mt_float64_of_bits", ("UBIGINT",), "DOUBLE", _float64_of_bits),
)
