"""Kernels over Arrow columns: copied into the memory of a small machine, computed, copied out.

A kernel is compiled when it is first called, which takes some milliseconds. A machine serves one
thread at a time; while it runs, no lock of Python's is held. DuckDB calls for 2,048 rows at once,
so that what is done for each call counts as much as what is done for each row: between two calls
the processor forgets Python, and each line here costs three times what it costs in a loop.
"""

from __future__ import annotations

import atexit
import ctypes
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from inspect import Parameter, Signature
from typing import Any

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.kernel import Body, Word, module

SCRATCH = 128
"""Where a kernel may lay down what it likes: 896 bytes."""
TABLES = 1024
"""Where tables begin."""
_FRAME = 3
"""What a kernel is told: how many rows there are, where results belong and where their views, and
from this word on where each column lies, and the elements of its values."""
_COLUMNS = 32768
_SPARE = 16
"""Words are read beyond the end of a text."""
_KEPT = 16 << 20
"""The bytes of memory above which a machine is not kept for the next call."""
_PAGE = 65536

_ARROW = {
    "UINTEGER": "uint32",
    "UBIGINT": "uint64",
    "INTEGER": "int32",
    "BIGINT": "int64",
    "BLOB": "binary_view",
}
_WIDTHS = {"UINTEGER": 4, "UBIGINT": 8, "INTEGER": 4, "BIGINT": 8}
_NUMBER = ("UBIGINT",)
"""The columns of most kernels that have to be fast."""
_SPANS = {"BLOB": 1, "VARCHAR": 1, "UBIGINT[]": 8}
"""The columns whose values have different sizes, and how wide their elements are."""
_VIEW = 16
"""The bytes that say where a BLOB lies: Arrow's views, which DuckDB takes faster than offsets."""
_INSIDE = 8
"""The bytes up to which a BLOB lies in its view; Arrow says 12, and no kernel gives 9 to 12."""
_AT_ONCE = 8
"""How many views are laid down without looking whether they were the last."""
_C_CALL = ctypes.CFUNCTYPE(
    ctypes.c_void_p,
    *(ctypes.c_void_p, ctypes.c_void_p),
    *(ctypes.c_void_p, ctypes.c_size_t),
    ctypes.c_void_p,
)
"""A store, a function in it, its arguments and results, a trap; returns an error or nothing."""
_copy = ctypes.memmove


class Row:
    """One row: the values of its columns, and where its result belongs."""

    def __init__(self, body: Body, columns: tuple[str, ...]) -> None:
        self.body = body
        frame = body.number(0, 32)
        self.count = body.variable(frame.half(0))
        self.result = body.variable(frame.half(4))
        self._columns = columns
        told = [frame.half(4 * (_FRAME + i)) for i in range(2 * len(columns))]
        self._at = [body.variable(place) for place in told[::2]]
        self._data = told[1::2]

    def number(self, column: int, rows: int = 1, ahead: int = 0) -> Word:
        """The number of a column, in 64 bits; those of several rows side by side; those of later
        rows if told how far `ahead`."""
        return self._at[column].like(self.body.number(0, 64, rows), 8 * ahead)

    def span(self, column: int, ahead: int = 0) -> tuple[Word, Word]:
        """Where the elements of a text or list begin, and how many they are; of a later row if told
        how far `ahead`."""
        start, end = (self._at[column].half(4 * (ahead + i)) for i in (0, 1))
        return self._data[column] + start * _SPANS[self._columns[column]], end - start

    def next(self, width: int, rows: int) -> None:
        """Go on by some rows."""
        for name, at in zip(self._columns, self._at, strict=True):
            at.set(at + rows * (4 if name in _SPANS else 8))
        self.result.set(self.result + rows * width)
        self.count.set(self.count - rows)


def abreast(
    groups: Sequence[int], of_rows: Callable[[Row, int, int], None]
) -> tuple[int, Callable[[Row], None]]:
    """How several rows are done at once, as groups of so many: each by `of_rows`, which is told how
    many rows it does, and how far ahead the first of them is."""
    firsts = [sum(groups[:i]) for i in range(len(groups))]

    def at_once(row: Row) -> None:
        each = zip(groups, firsts, strict=True)
        row.body.abreast([partial(of_rows, row, *group) for group in each])

    return sum(groups), at_once


def _lay_views(body: Body, width: int) -> None:
    """Lay down where the results lie, in front of them: their width, how they begin or, if they
    are short, what they are, and how far behind the first view they lie."""
    frame = body.number(0, 32)
    first = frame.half(8)
    view, end, at = body.variable(first), frame.half(4), body.variable(frame.half(4))
    behind = body.variable((at - first).long() << 32)

    def lay(rows: int) -> None:
        for row in range(rows):
            if width <= _INSIDE:
                value = at.word(width * row) & (1 << 8 * width) - 1
                rest = value >> 32
            else:
                value, rest = at.half(width * row).long(), behind + (width * row << 32)
            view.put((value << 32) | width, _VIEW * row)
            view.put(rest, _VIEW * row + 8)
        view.set(view + _VIEW * rows)
        at.set(at + width * rows)
        behind.set(behind + (width * rows << 32))

    with body.repeat(lambda: view + _VIEW * _AT_ONCE <= end):
        lay(_AT_ONCE)
    with body.repeat(lambda: view < end):
        lay(1)


class _Machine:
    """One instance of a compiled kernel. There is room in its memory for columns and results of so
    many rows; behind them lies what texts and lists are made of."""

    def __init__(
        self, compiled: tuple[Any, Any], columns: list[int], views: int, width: int
    ) -> None:
        """`columns`, `views` and `width`: the bytes of a row in columns, views and results."""
        import wasmtime

        engine, program = compiled
        self._store = wasmtime.Store(engine)
        exports = wasmtime.Instance(self._store, program, []).exports(self._store)
        memory, run = exports["memory"], exports["run"]
        assert isinstance(memory, wasmtime.Memory) and isinstance(run, wasmtime.Func)
        self._memory = memory
        # `Func.__call__` looks the function's type up for each call, which takes 23 µs, as long as
        # to hash 2,048 numbers: this is the function of the C interface below it, at 1 µs.
        call = _C_CALL(("wasmtime_func_call_unchecked", wasmtime._ffi.dll))
        self._function, self.trap = run._func, ctypes.c_void_p()
        function, trap = ctypes.addressof(self._function), ctypes.addressof(self.trap)
        context = ctypes.cast(self._store._context(), ctypes.c_void_p).value
        self.call = partial(call, context, function, None, 0, trap)
        self._widths = columns, views, width
        self._look()
        self._room = 0
        self._lay()
        self.tell(0)

    def _look(self) -> None:
        """Where the memory lies now: it moves when it grows."""
        self.size = self._memory.data_len(self._store)
        self._base = ctypes.addressof(self._memory.data_ptr(self._store).contents)
        self._frame = (ctypes.c_uint32 * (SCRATCH // 4)).from_address(self._base)

    def _have(self, size: int) -> bool:
        """Have at least as many bytes of memory, and some to spare; whether it had to grow."""
        missing = size + _SPARE - self.size
        if missing > 0:
            self._memory.grow(self._store, -(-missing // _PAGE))
            self._look()
        return missing > 0

    def _lay(self) -> None:
        """Find a place for each column, and for views and results behind them."""
        columns, views, width = self._widths
        places, end = [], _COLUMNS
        for size in columns:
            places.append(end)
            # There is one offset more than there are rows.
            end += size * (self._room + 1) + 7 & -8
        self.end = end + (views + width) * self._room + 7 & -8
        self._have(self.end)
        self.columns = [self._base + place for place in places]
        self.results = self._base + end
        self._frame[2] = self._first = end
        for column, place in enumerate(places):
            self._frame[_FRAME + 2 * column] = place

    def tell(self, count: int) -> None:
        """Tell the kernel how many rows there are."""
        if count > self._room:
            self._room = count
            self._lay()
        self.count = self._frame[0] = count
        self._frame[1] = self._first + self._widths[1] * count

    def take(self, column: int, place: int, address: int, size: int, first: int) -> int:
        """Take elements of a column, so many bytes from the `first` on; where the next may lie."""
        if self._have(place + size):
            self._lay()
        _copy(self._base + place, address, size)
        self._frame[_FRAME + 2 * column + 1] = place - first
        return place + size + _SPARE & -8


class Kernel:
    """A function of rows as a function of Arrow columns: NULL where one of the columns is."""

    def __init__(
        self,
        columns: tuple[str, ...],
        returns: str,
        width: int,
        row: Callable[[Row], None],
        tables: Callable[[], Mapping[int, bytes]],
        several: tuple[int, Callable[[Row], None]] | None,
        failure: str,
    ) -> None:
        self._columns = columns
        self._returns = returns
        self._width = width
        self._row = row
        self._tables = tables
        self._several = several
        self._failure = failure
        self._widths = [4 if column in _SPANS else 8 for column in columns]
        self._elements = {i: _SPANS[each] for i, each in enumerate(columns) if each in _SPANS}
        self._views = _VIEW if returns == "BLOB" else 0
        self._given = self._views + width
        self._idle: list[_Machine] = []
        # DuckDB counts the parameters.
        self.__signature__ = Signature(
            [Parameter(f"column_{i}", Parameter.POSITIONAL_ONLY) for i in range(len(columns))]
        )

    def record(self) -> tuple[str, bool]:
        """The kernel as WebAssembly text, and whether it is to be done as it is written."""
        body = Body()
        row = Row(body, self._columns)
        if self._several is not None:
            rows, of_rows = self._several
            with body.repeat(lambda: row.count >= rows):
                of_rows(row)
                row.next(self._width, rows)
        with body.repeat(lambda: row.count > 0):
            self._row(row)
            row.next(self._width, 1)
        if self._views:
            _lay_views(body, self._width)
        return module(body, dict(self._tables())), body.interleaved

    @cached_property
    def _compiled(self) -> tuple[Any, Any]:
        from wasmtime import Config, Engine, Module

        text, as_written = self.record()
        config = Config()
        # To optimise, the compiler sorts operations by what they are for: vector by vector.
        config.cranelift_opt_level = "none" if as_written else "speed"
        engine = Engine(config)
        # Not left to the end of the interpreter, when the library itself is half gone.
        atexit.register(self._forget)
        return engine, Module(engine, text)

    def _forget(self) -> None:
        self._idle.clear()
        del self._compiled

    @cached_property
    def _arrow(self) -> Any:
        import pyarrow as pa

        return pa

    @cached_property
    def _large(self) -> Any:
        return self._arrow.large_binary(), self._arrow.large_string()

    @cached_property
    def _schema(self) -> Any:
        return self._arrow.schema([("result", getattr(self._arrow, _ARROW[self._returns])())])

    @cached_property
    def _type(self) -> Any:
        return self._schema.field(0).type

    def __call__(self, *columns: Any) -> Any:
        """The results of all rows, as a table of one column: DuckDB would make one of an array."""
        pa, count = self._arrow, len(columns[0])
        try:
            machine = self._idle.pop()
        except IndexError:
            machine = _Machine(self._compiled, self._widths, self._views, self._width)
        if machine.count != count:
            machine.tell(count)
        if self._columns == _NUMBER:
            # As below, but without a loop, which would take a tenth of what is done here.
            column = columns[0]
            array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
            numbers = array.buffers()[1].address + 8 * array.offset
            _copy(machine.columns[0], numbers, 8 * count)
            valid = self._valid([array]) if array.null_count else None
        else:
            valid = self._take(machine, columns)
        if machine.call() or machine.trap:
            raise ValueError(self._failure)
        # Of Arrow's memory: for 128 kB, the interpreter's would come from the system each time.
        size = self._given * count
        data = pa.allocate_buffer(size)
        _copy(data.address, machine.results, size)
        if machine.size <= _KEPT:
            self._idle.append(machine)
        # What the views say is counted from where they begin themselves.
        buffers = [valid, data, data] if self._views else [valid, data]
        results = pa.Array.from_buffers(self._type, count, buffers)
        return pa.Table.from_arrays([results], schema=self._schema)

    def _valid(self, arrays: list[Any]) -> Any:
        """A buffer of the rows that are NULL in no column."""
        valid = self._arrow.scalar(True)
        for array in arrays:
            # Copied by `and_`: the validity of a part of an array may begin within a byte.
            valid = self._arrow.compute.and_(valid, array.is_valid())
        return valid.buffers()[1]

    def _take(self, machine: _Machine, columns: tuple[Any, ...]) -> Any:
        """Take the columns; a buffer of the rows that are NULL in none, or None if all are."""
        arrays, nulls, end = [], 0, machine.end
        for i, column in enumerate(columns):
            array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
            arrays.append(array)
            nulls += array.null_count
            if i in self._elements:
                end = self._take_spans(machine, i, array, end)
            else:
                numbers = array.buffers()[1].address + 8 * array.offset
                _copy(machine.columns[i], numbers, 8 * len(array))
        return self._valid(arrays) if nulls else None

    def _take_spans(self, machine: _Machine, column: int, array: Any, place: int) -> int:
        """Take a column whose values have different sizes; where elements of the next may lie."""
        if array.type in self._large:
            array = array.cast(self._arrow.binary())
        buffers, size = array.buffers(), 4 * len(array)
        offsets = buffers[1].address + 4 * array.offset
        _copy(machine.columns[column], offsets, size + 4)
        first, end = (ctypes.c_int32.from_address(offsets + at).value for at in (0, size))
        width = self._elements[column]
        start = first * width
        skipped = start + 8 * array.values.offset if width > 1 else start
        data = buffers[-1].address + skipped if end > first else 0
        return machine.take(column, place, data, end * width - start, start)


def kernel_udf(
    name: str,
    columns: tuple[str, ...],
    returns: str,
    row: Callable[[Row], None],
    *,
    width: int = 0,
    tables: Callable[[], Mapping[int, bytes]] = dict,
    several: tuple[int, Callable[[Row], None]] | None = None,
    failure: str = "DB::1001: a kernel has left its memory",
) -> Udf:
    """A function of DuckDB's that a kernel computes; its BLOBs are `width` bytes wide. `several` is
    a number of rows and what does as many at once. `failure` is what is said when it fails."""
    width = width or _WIDTHS[returns]
    assert width <= _INSIDE or width > 12
    return Udf(
        name, columns, returns, Kernel(columns, returns, width, row, tables, several, failure)
    )
