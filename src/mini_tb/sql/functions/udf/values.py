"""Python functions of the values of a row, as functions over columns: for what neither DuckDB nor
Arrow nor numpy can say.

Each distinct row is computed once; rows with lists or shapes in them hardly come twice, and are
computed one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from inspect import Parameter, Signature
from typing import Any

from mini_tb.sql.duckdb.udf import Udf

_ARROW = {
    "BOOLEAN": "bool_",
    "TINYINT": "int8",
    "UTINYINT": "uint8",
    "INTEGER": "int32",
    "UINTEGER": "uint32",
    "BIGINT": "int64",
    "UBIGINT": "uint64",
    "FLOAT": "float32",
    "DOUBLE": "float64",
    "VARCHAR": "string",
    "BLOB": "binary",
}


Values = tuple[Any, ...]
"""Those of a row."""


class _Function:
    """A function of values as a function of Arrow columns."""

    def __init__(
        self,
        parameters: Sequence[str],
        returns: str,
        function: Callable[..., Any],
        constants: int,
        is_of_group: bool,
    ) -> None:
        self._function = function
        self._returns = returns
        self._free = len(parameters) - constants
        self._is_of_group = is_of_group
        self._is_by_row = is_of_group or any(t[-1] in "])" for t in parameters[: self._free])
        # DuckDB counts the parameters.
        self.__signature__ = Signature(
            [Parameter(f"column_{i}", Parameter.POSITIONAL_ONLY) for i in range(len(parameters))]
        )

    @cached_property
    def _type(self) -> Any:
        return arrow_type(self._returns)

    def __call__(self, *columns: Any) -> Any:
        """The results of all rows."""
        import pyarrow as pa

        free = columns[: self._free]
        constants = [column[0].as_py() for column in columns[self._free :] if len(column)]
        function = _with(self._function, constants) if constants else self._function
        if len(free) == 1 and not self._is_by_row:
            return over_distinct(function, free[0], self._type)
        rows: Iterable[Values] = zip(*(column.to_pylist() for column in free), strict=True)
        if self._is_of_group:
            found = [None if row[0] is None else function(*row) for row in rows]
        elif self._is_by_row:
            found = [None if None in row else function(*row) for row in rows]
        else:
            known: dict[Values, Any] = {}
            found = []
            for row in rows:
                if row not in known:
                    known[row] = None if None in row else function(*row)
                found.append(known[row])
        return pa.array(found, self._type)


def _with(function: Callable[..., Any], constants: list[Any]) -> Callable[..., Any]:
    return lambda *values: function(*values, *constants)


def python_udf(
    name: str,
    parameters: Sequence[str],
    returns: str,
    function: Callable[..., Any],
    *,
    constants: int = 0,
    is_of_group: bool = False,
) -> Udf:
    """A function of DuckDB's that a Python function of one row's values computes: NULL where one of
    them is. The last `constants` parameters have one value in all rows. `is_of_group`: the values
    are what was collected of a group, with nothing in it if the first is NULL; others may be."""
    over = _Function(parameters, returns, function, constants, is_of_group)
    return Udf(name, tuple(parameters), returns, over)


def over_distinct(function: Callable[[Any], Any], values: Any, data_type: Any) -> Any:
    """An Arrow array of `function` over `values`, each distinct one computed once; NULL of NULL."""
    import pyarrow as pa

    column = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    encoded = column.dictionary_encode()
    answers = [None if v is None else function(v) for v in encoded.dictionary.to_pylist()]
    return pa.array(answers, data_type).take(encoded.indices)


def arrow_type(duck: str) -> Any:
    """The Arrow type of a type of DuckDB's, as its text."""
    import pyarrow as pa

    if duck.endswith("[]"):
        return pa.list_(arrow_type(duck[:-2]))
    name, _, inside = duck.partition("(")
    parts = re.split(r", (?![^(]*\))", inside[:-1])
    if name == "MAP":
        return pa.map_(*map(arrow_type, parts))
    if name == "STRUCT":
        fields = (part.split(" ", 1) for part in parts)
        return pa.struct([(field.strip('"'), arrow_type(kind)) for field, kind in fields])
    if name == "DECIMAL":
        return pa.decimal128(*map(int, parts))
    return getattr(pa, _ARROW[name])()
