"""Kernels over Arrow columns: compiled for the processor that is there, and called.

A kernel is compiled when it is first called, which takes some milliseconds. It keeps nothing from
one call to the next and runs in any number of threads at once; while it runs, no lock of Python's
is held. DuckDB calls for 2,048 rows at once, so that what is done for each call counts as much as
what is done for each row: between two calls the processor forgets Python, and each line here costs
three times what it costs in a loop.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cached_property
from inspect import Parameter, Signature
from itertools import count
from threading import Lock
from typing import Any

from mini_tb.sql.duckdb.udf import Udf
from mini_tb.sql.functions.udf.kernel import Body, Word

SPARE = 16
"""The bytes beyond the end of a text that a kernel may read."""

_ARROW = {
    "UINTEGER": "uint32",
    "UBIGINT": "uint64",
    "INTEGER": "int32",
    "BIGINT": "int64",
    "BLOB": "binary_view",
}
_WIDTHS = {"UINTEGER": 4, "UBIGINT": 8, "INTEGER": 4, "BIGINT": 8}
SPANS = {"BLOB": 1, "VARCHAR": 1, "UBIGINT[]": 8}
"""The columns whose values have different sizes, and how wide their elements are."""
_VIEW = 16
"""The bytes that say where a BLOB lies: Arrow's views, which DuckDB takes faster than offsets."""
_INSIDE = 8
"""The bytes up to which a BLOB lies in its view; Arrow says 12, and no kernel gives 9 to 12."""
_copy = ctypes.memmove
_offset = ctypes.c_int32.from_address
_compiling = Lock()


class Row:
    """One row, or the first of several that are done at once: the values of its columns, and where
    its result belongs. `count` tells how many rows there are from this one on."""

    def __init__(self, body: Body, columns: tuple[str, ...]) -> None:
        self.body = body
        given = (Word(body, f"%p{i}", 64) for i in count())
        self.count = body.variable(next(given))
        self.result = body.variable(next(given))
        self._columns = columns
        self._at, self._elements = [], {}
        for i, column in enumerate(columns):
            self._at.append(body.variable(next(given)))
            if column in SPANS:
                self._elements[i] = next(given)

    def number(self, column: int, rows: int = 1) -> Word:
        """The number of a column, in 64 bits; those of several rows side by side, and behind the
        last row anything."""
        body, place = self.body, self._at[column].now()
        if rows == 1:
            return place.word()
        first, left = body.variable(place), self.count << 3
        with body.when(self.count < rows):
            room, at = body.room(8 * rows), body.variable(0)
            with body.repeat(lambda: at < left):
                (room + at).put((place + at).word())
                at.set(at + 8)
            first.set(room)
        return first.word(0, rows)

    def span(self, column: int, ahead: Word | int = 0) -> tuple[Word, Word]:
        """Where the elements of a text or list begin, and how many they are; of a later row if told
        how far `ahead`."""
        at = self._at[column] + (ahead << 2)
        start, end = at.half().long(), at.half(4).long()
        return self._elements[column] + start * SPANS[self._columns[column]], end - start

    def next(self, width: int, rows: int) -> None:
        """Go on by some rows; below 0 if there are not as many."""
        for column, at in zip(self._columns, self._at, strict=True):
            at.set(at + rows * (4 if column in SPANS else 8))
        self.result.set(self.result + rows * width)
        self.count.set(self.count - rows)

    def fail(self) -> None:
        """End the kernel with an error."""
        self.body.give(self.body.number(1, 32))


def _lay_views(body: Body, first: Word, results: Word, width: int) -> None:
    """Lay down where the results lie, in front of them: their width, how they begin or, if they
    are short, what they are, and how far behind the first view they lie."""
    view, at = body.variable(first), body.variable(results)
    with body.repeat(lambda: view < results):
        if width <= _INSIDE:
            value = at.word() & (1 << 8 * width) - 1
            rest = value >> 32
        else:
            value, rest = at.half().long(), (at - first) << 32
        view.put((value << 32) | width)
        view.put(rest, 8)
        view.set(view + _VIEW)
        at.set(at + width)


def _compiled(text: str) -> tuple[Any, int]:
    """What holds a compiled module, and the address of its function `run`."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    processor = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    machine = llvm.Target.from_default_triple().create_target_machine(*processor, opt=1, jit=True)
    layout, triple = machine.target_data, machine.triple
    header = f'target datalayout = "{layout}"\ntarget triple = "{triple}"\n'
    module = llvm.parse_assembly(header + text)
    # Variables become values. All that the usual passes do besides makes a kernel hardly faster,
    # and takes four times as long as the rest together.
    passes = llvm.create_new_module_pass_manager()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(1)))
    engine = llvm.create_mcjit_compiler(module, machine)
    return engine, engine.get_function_address("run")


class Kernel:
    """A function of rows as a function of Arrow columns: NULL where one of the columns is."""

    def __init__(
        self,
        columns: tuple[str, ...],
        returns: str,
        width: int,
        row: Callable[[Row], None],
        rows: int,
        failure: str,
    ) -> None:
        self.columns = columns
        self._returns = returns
        self._width = width
        self._row = row
        self._rows = rows
        self._failure = failure
        self._run: Callable[..., int] | None = None
        self._widths = [SPANS.get(column, 0) for column in columns]
        self._is_of_numbers = columns == ("UBIGINT",)
        self._views = _VIEW if returns == "BLOB" else 0
        self._each = self._views + width
        self._behind = width * rows + SPARE
        # DuckDB counts the parameters.
        self.__signature__ = Signature(
            [Parameter(f"column_{i}", Parameter.POSITIONAL_ONLY) for i in range(len(columns))]
        )

    @property
    def _parameters(self) -> int:
        """How many numbers the compiled kernel takes: how many rows there are, where results
        belong, where each column lies, and the elements of its values."""
        return 2 + len(self.columns) + sum(column in SPANS for column in self.columns)

    def record(self) -> str:
        """The kernel as LLVM's assembly."""
        body = Body()
        row = Row(body, self.columns)
        if self._views:
            first = row.result.now()
            results = first + row.count * _VIEW
            row.result.set(results)
        with body.repeat(lambda: body.number(0).below(row.count)):
            self._row(row)
            row.next(self._width, self._rows)
        if self._views:
            _lay_views(body, first, results, self._width)
        return body.module.text("run", self._parameters, body, body.number(0, 32))

    def room(self, count: int) -> int:
        """The bytes that results of so many rows take, and what is laid down behind them: the last
        rows that are done at once may be more than there are."""
        return self._each * count + self._behind

    def compiled(self) -> Callable[..., int]:
        """The kernel as a function of addresses; it gives 0 unless it fails."""
        with _compiling:
            if self._run is None:
                self._engine, address = _compiled(self.record())
                numbers = [ctypes.c_uint64] * self._parameters
                self._run = ctypes.CFUNCTYPE(ctypes.c_int32, *numbers)(address)
        return self._run

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
        if self._is_of_numbers:
            # As below, but without a loop, which would take an eighth of what is done here.
            column = columns[0]
            array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
            arrays, nulls = [array], array.null_count
            places = [array.buffers()[1].address + 8 * array.offset]
        else:
            arrays, nulls, places, kept = [], 0, [], list[Any]()
            for column, width in zip(columns, self._widths, strict=True):
                array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
                arrays.append(array)
                nulls += array.null_count
                if width:
                    places += self._elements(array, width, kept)
                else:
                    places.append(array.buffers()[1].address + 8 * array.offset)
        data = pa.allocate_buffer(self.room(count))
        run = self._run or self.compiled()
        if run(count, data.address, *places):
            raise ValueError(self._failure)
        valid = self._valid(arrays) if nulls else None
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

    def _elements(self, array: Any, width: int, kept: list[Any]) -> tuple[int, int]:
        """Where the offsets of values lie and where the elements that they count from: a copy, for
        behind their own end there may be no memory to read. What is `kept` holds it."""
        if array.type in self._large:
            array = array.cast(self._arrow.binary())
            kept.append(array)
        buffers = array.buffers()
        offsets = buffers[1].address + 4 * array.offset
        first = width * _offset(offsets).value
        end = width * _offset(offsets + 4 * len(array)).value
        copy = self._arrow.allocate_buffer(end - first + SPARE)
        kept.append(copy)
        if end > first:
            skipped = first + 8 * array.values.offset if width > 1 else first
            _copy(copy.address, buffers[-1].address + skipped, end - first)
        return offsets, copy.address - first


def kernel_udf(
    name: str,
    columns: tuple[str, ...],
    returns: str,
    row: Callable[[Row], None],
    *,
    width: int = 0,
    rows: int = 1,
    failure: str = "",
) -> Udf:
    """A function of DuckDB's that a kernel computes; its BLOBs are `width` bytes wide. `rows` is
    how many rows `row` does at once. `failure` is what is said when it fails."""
    width = width or _WIDTHS[returns]
    assert width <= _INSIDE or width > 12
    return Udf(name, columns, returns, Kernel(columns, returns, width, row, rows, failure))
