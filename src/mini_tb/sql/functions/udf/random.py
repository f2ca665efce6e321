"""Values at random, a column at once: bytes, characters, flipped bits, numbers of distributions;
and Snowflake IDs, no two of which are equal.

The first column of each function is DuckDB's `random()`: what it holds seeds the rest, so that no
two calls are alike and DuckDB takes none of them for a constant.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from threading import Lock
from typing import Any

from mini_tb.sql.duckdb.udf import Udf

_LONGEST = 1 << 24
"""Texts that are made at random have no more bytes or characters."""
_MOST = (1 << 64) - 1
_SURROGATES, _BELOW_SURROGATES = 0x800, 0xD800
_PLANES, _LAST_PLANES = 0x40000, 0x30000
"""The code points of the planes 0 to 3, and of 14 to 16: no others have letters."""


def _numpy(column: Any) -> Any:
    """Its values, 0 where there is none."""
    return column.combine_chunks().fill_null(0).to_numpy(zero_copy_only=False)


def _generator(seeds: Any) -> Any:
    import numpy as np

    return np.random.default_rng((_numpy(seeds)[:4] * (1 << 53)).astype(np.uint64))


def _ends(sizes: Any) -> Any:
    """Where values of these sizes begin and end, one behind the other."""
    import numpy as np

    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _checked(lengths: Any) -> Any:
    sizes = _numpy(lengths)
    if len(sizes) and (sizes.min() < 0 or sizes.max() > _LONGEST):
        raise ValueError(f"DB::131: a random text has from 0 to {_LONGEST} bytes or characters")
    return sizes


def _texts(kind: Any, lengths: Any, ends: Any, data: bytes) -> Any:
    """An Arrow array of the texts that lie one behind the other; NULL where there is no length."""
    import pyarrow as pa

    buffers = [None, pa.py_buffer(ends), pa.py_buffer(data)]
    texts = pa.Array.from_buffers(kind, len(ends) - 1, buffers)
    if not lengths.null_count:
        return texts
    return pa.compute.if_else(lengths.combine_chunks().is_valid(), texts, None)


def _random_bytes(seeds: Any, lengths: Any) -> Any:
    import pyarrow as pa

    ends = _ends(_checked(lengths))
    data = _generator(seeds).bytes(int(ends[-1]))
    return _texts(pa.large_binary(), lengths, ends, data)


def _random_letters(seeds: Any, lengths: Any) -> Any:
    import numpy as np
    import pyarrow as pa

    counts = _ends(_checked(lengths))
    points = _generator(seeds).integers(
        0, _PLANES - _SURROGATES + _LAST_PLANES, int(counts[-1]), dtype=np.uint32
    )
    points += np.where(points >= _BELOW_SURROGATES, _SURROGATES, 0).astype(np.uint32)
    points += np.where(points >= _PLANES, 0x110000 - _LAST_PLANES - _PLANES, 0).astype(np.uint32)
    widths = 1 + sum((points >= least).astype(np.int64) for least in (0x80, 0x800, 0x10000))
    data = points.astype("<u4").tobytes().decode("utf-32-le").encode()
    return _texts(pa.large_string(), lengths, _ends(widths)[counts], data)


def _fuzz_bits(seeds: Any, texts: Any, shares: Any) -> Any:
    import numpy as np
    import pyarrow as pa

    column = texts.combine_chunks().cast(pa.large_binary())
    ends = np.frombuffer(column.buffers()[1], np.int64)[column.offset :][: len(column) + 1]
    data = np.frombuffer(column.buffers()[2] or b"", np.uint8)[ends[0] : ends[-1]]
    share = _numpy(shares)[0] if len(shares) else 0.0
    flips = np.packbits(_generator(seeds).random(8 * len(data)) < share)
    return _texts(pa.large_binary(), column, ends - ends[0], (data ^ flips).tobytes())


def _binomial(generator: Any, count: int, trials: float, share: float) -> Any:
    return generator.binomial(int(trials), share, count)


def _negative_binomial(generator: Any, count: int, successes: float, share: float) -> Any:
    import numpy as np

    if int(successes) == 0 or share == 1:
        return np.zeros(count)
    if share == 0:
        return np.full(count, _MOST, np.uint64)
    return generator.negative_binomial(int(successes), share, count)


_DISTRIBUTIONS: dict[str, Callable[[Any, int, float, float], Any]] = {
    "poisson": lambda generator, count, mean, _: generator.poisson(int(mean), count),
    "binomial": _binomial,
    "negative_binomial": _negative_binomial,
    "chi_squared": lambda generator, count, freedom, _: generator.chisquare(freedom, count),
    "fisher_f": lambda generator, count, first, second: generator.f(first, second, count),
    "student_t": lambda generator, count, freedom, _: generator.standard_t(freedom, count),
}
WHOLE = ("poisson", "binomial", "negative_binomial")
"""The distributions of whole numbers."""


def _drawn(name: str) -> Udf:
    """Numbers of a distribution with the same parameters in all rows."""
    draw, is_whole = _DISTRIBUTIONS[name], name in WHOLE

    def over(seeds: Any, first: Any, second: Any) -> Any:
        import numpy as np
        import pyarrow as pa

        count = len(seeds)
        parameters = [float(_numpy(column)[0]) if count else 1.0 for column in (first, second)]
        found = draw(_generator(seeds), count, *parameters)
        return pa.array(found.astype(np.uint64 if is_whole else np.float64))

    columns = ("DOUBLE", "DOUBLE", "DOUBLE")
    return Udf(f"mt_random_{name}", columns, "UBIGINT" if is_whole else "DOUBLE", over)


class _Snowflakes:
    """IDs that grow: 41 bits of milliseconds, ten of the machine, twelve that count within a
    millisecond and go on in the next. May be called from any thread."""

    _COUNTED = 12

    def __init__(self) -> None:
        self._lock = Lock()
        self._next = 0

    def __call__(self, seeds: Any, machines: Any) -> Any:
        import numpy as np
        import pyarrow as pa

        count = len(seeds)
        with self._lock:
            first = max(self._next, time.time_ns() // 1_000_000 << self._COUNTED)
            self._next = first + count
        number = first + np.arange(count, dtype=np.uint64)
        machine = int(_numpy(machines)[0]) if count else 0
        machine = self._own if machine < 0 else machine
        inside = number & np.uint64((1 << self._COUNTED) - 1)
        millis = number >> np.uint64(self._COUNTED)
        return pa.array((millis << np.uint64(22)) | np.uint64(machine << self._COUNTED) | inside)

    @cached_property
    def _own(self) -> int:
        """This process, if no machine is told."""
        from secrets import randbelow

        return randbelow(1 << 10)


UDFS = (
    Udf("mt_snowflake", ("DOUBLE", "INTEGER"), "UBIGINT", _Snowflakes().__call__),
    Udf("mt_random_bytes", ("DOUBLE", "BIGINT"), "BLOB", _random_bytes),
    Udf("mt_random_letters", ("DOUBLE", "BIGINT"), "VARCHAR", _random_letters),
    Udf("mt_fuzz_bits", ("DOUBLE", "BLOB", "DOUBLE"), "BLOB", _fuzz_bits),
    *(_drawn(name) for name in _DISTRIBUTIONS),
)
