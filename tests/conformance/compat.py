"""Writes COMPAT.md, and which family each function is in, from the tables that the code runs on:
`python3 dev.py compat`.

Functions, aggregates, table functions, instructions, template functions and routes are read from
their tables; a function counts as checked if a query of `tests/conformance/` calls it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from textwrap import wrap
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from deviations import DEVIATIONS
from testfile import QueryBlock, TableBlock, read

from mini_tb.datafile.instructions import BY_KIND, Kind
from mini_tb.diagnostics import Severity
from mini_tb.source import Fragment
from mini_tb.sql import functions, syntax
from mini_tb.sql.compile import parse_statement
from mini_tb.sql.functions.aggregates import registry
from mini_tb.sql.functions.aggregates.base import Base
from mini_tb.sql.functions.families import Families
from mini_tb.sql.functions.function import Function
from mini_tb.sql.functions.session import CLICKHOUSE_VERSION
from mini_tb.sql.table_functions import REFUSED, SUPPORTED
from mini_tb.template.functions import FUNCTIONS as TEMPLATE_FUNCTIONS

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "COMPAT.md"
INDEX = Path(functions.__file__).with_name("index.py")
INDEX_TEXT = '''\
"""Which family each function is in. Written by `python3 dev.py compat`; do not edit."""

FUNCTIONS = {{
{functions}
}}

AGGREGATES = {{
{aggregates}
}}
'''

INTRODUCTION = """\
# What mini-tb runs, and what it does not

<!-- Written by `python3 dev.py compat` from the tables that the code runs on; do not edit. -->

Queries are ClickHouse's SQL, computed by DuckDB. The reference is ClickHouse {version}, run in
process (chdb); `tests/conformance/` holds queries of our own with its answers.

## Guarantees

- **Your project stays yours.** Datafiles are the ones that Tinybird takes. Nothing is added to
  them, so you can always go back.
- **Names, types and values are ClickHouse's.** A column that is called, typed or valued otherwise
  is a bug, unless it is listed under *Known deviations*.
- **What is missing says so.** A function that is not in these tables, or is marked ✗ in them, is an
  error with its name and its place in the datafile. It is never approximated in silence.
- **States last.** What `-State` stores are plain values; another version of mini-tb reads them.

## Known deviations

{deviations}

## How to read the tables

✓ computed, and a recorded answer of ClickHouse is checked in every test run · ○ computed, without a
recorded answer of its own · ✗ refused, with the reason. Other names of a function stand in
brackets.

"""

COMBINATORS = {
    "If": "rows where the last argument is true",
    "Array": "over the elements of arrays",
    "Map": "for each key of a Map",
    "Distinct": "each value once; also `f(DISTINCT x)`",
    "OrNull": "NULL for no rows",
    "OrDefault": "the type's default for no rows",
    "ForEach": "for each place in arrays",
    "Resample": "for intervals of a key",
    "ArgMin": "over the rows where the last argument is least",
    "ArgMax": "over the rows where the last argument is greatest",
    "State": "the state, to be stored",
    "Merge": "of stored states",
    "SimpleState": "the value as a `SimpleAggregateFunction`",
}


# What is checked -----------------------------------------------------------------------------


def called() -> set[str]:
    """The functions that the recorded queries call, in lower case."""
    names: set[str] = set()
    for path in sorted(HERE.rglob("*.test")):
        for block in read(path).blocks:
            if isinstance(block, TableBlock | QueryBlock):
                names.update(_calls(parse_statement(Fragment(block.sql))))
    return names


def _calls(node: Any) -> Iterator[str]:
    if isinstance(node, syntax.Call | syntax.TableFunction):
        yield node.name.lower()
    if is_dataclass(node):
        for field in fields(node):
            yield from _calls(getattr(node, field.name))
    elif isinstance(node, list | tuple):
        for item in node:
            yield from _calls(item)


class Checked:
    """Says of each function whether a recorded query calls it, and counts."""

    def __init__(self, names: set[str]) -> None:
        self.names = names
        self.count: Counter[str] = Counter()
        self.combinators: set[str] = set()
        for name in names:
            self._strip(name)

    def _strip(self, name: str) -> None:
        """`sumifstate` calls `sum`, and its combinators."""
        if registry.find_base(name) is not None:
            return
        for suffix in COMBINATORS:
            root = name.removesuffix(suffix.lower())
            if root != name and (root in _BASE_NAMES or root in self.names or _is_known(root)):
                self.combinators.add(suffix)
                self.names = self.names | {root}
                self._strip(root)

    def mark(self, names: Iterable[str], reason: str | None) -> str:
        """The sign of a row."""
        sign = "✗" if reason else "✓" if any(n.lower() in self.names for n in names) else "○"
        self.count[sign] += 1
        return sign


_BASE_NAMES = {name.lower() for name in registry.AGGREGATES.all()}


def _is_known(name: str) -> bool:
    """Whether the name in lower case is that of an aggregate with combinators."""
    if name in _BASE_NAMES:
        return True
    roots = (name.removesuffix(s.lower()) for s in COMBINATORS if name.endswith(s.lower()))
    return any(_is_known(root) for root in roots if root != name)


# Tables --------------------------------------------------------------------------------------


def page() -> str:
    """The whole page, in Markdown."""
    checked = Checked(called())
    tables = list(_functions(checked))
    head = INTRODUCTION.format(version=_version(), deviations=_deviations())
    count = checked.count
    summary = (
        f"{count['✓']} functions ✓, {count['○']} functions ○, {count['✗']} functions ✗; aggregates"
        " besides take the combinators below.\n"
    )
    return "\n".join([head + summary, *tables, *_table_functions(checked), *_rest()]) + "\n"


def _version() -> str:
    return ".".join(CLICKHOUSE_VERSION.split(".")[:2])


def _deviations() -> str:
    head = ["| subject | ClickHouse | here |", "|---|---|---|"]
    return "\n".join([*head, *(f"| {' | '.join(map(_cell, row.cells))} |" for row in DEVIATIONS)])


def _functions(checked: Checked) -> Iterator[str]:
    yield "## Functions\n"
    for family in functions.FAMILIES:
        module = import_module(f"mini_tb.sql.functions.{family}")
        rows = [_function(row, checked) for row in module.ROWS]
        yield from _section(module, rows)
    yield "## Aggregate functions\n"
    for family in registry.FAMILIES:
        module = import_module(f"mini_tb.sql.functions.aggregates.{family}")
        yield from _section(module, [_aggregate(base, checked) for base in module.BASES])
    yield "### Combinators\n"
    yield "| combinator | | over |\n|---|---|---|"
    for suffix, doc in COMBINATORS.items():
        yield f"| `-{suffix}` | {'✓' if suffix in checked.combinators else '○'} | {doc} |"
    for suffix, reason in registry.REFUSED_COMBINATORS.items():
        yield f"| `-{suffix}` | ✗ | {reason} |"
    yield ""


Row = tuple[str, str, str | None]
"""Name as shown, sign, reason."""


def _function(row: Function, checked: Checked) -> Row:
    return _row(row.name, row.aliases, row.unsupported, checked)


def _aggregate(row: Base, checked: Checked) -> Row:
    return _row(row.name, row.aliases, row.unsupported, checked)


def _row(name: str, aliases: tuple[str, ...], reason: str | None, checked: Checked) -> Row:
    also = f" ({', '.join(f'`{alias}`' for alias in aliases)})" if aliases else ""
    return f"`{name}`{also}", checked.mark((name, *aliases), reason), reason


def _section(module: Any, rows: list[Row]) -> Iterator[str]:
    title = (module.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ").rstrip(".")
    yield f"### {title}\n"
    for sign in "✓○":
        names = sorted(name for name, mark, _ in rows if mark == sign)
        if names:
            yield f"{sign} {', '.join(names)}\n"
    reasons: dict[str, list[str]] = {}
    for name, _, reason in rows:
        if reason:
            reasons.setdefault(reason, []).append(name)
    if reasons:
        yield "| ✗ | why |\n|---|---|"
        for reason, names in reasons.items():
            yield f"| {', '.join(sorted(names))} | {_cell(reason)} |"
        yield ""


def _table_functions(checked: Checked) -> Iterator[str]:
    yield "## Table functions\n"
    yield "| table function | | |\n|---|---|---|"
    for name in SUPPORTED:
        yield f"| `{name}` | {checked.mark((name,), None)} | |"
    reasons: dict[str, list[str]] = {}
    for name, reason in REFUSED.items():
        reasons.setdefault(reason, []).append(f"`{name}`")
    for reason, names in reasons.items():
        yield f"| {', '.join(sorted(names))} | ✗ | {_cell(reason)} |"
    yield ""


def _rest() -> Iterator[str]:
    yield "## Datafile instructions\n"
    yield "[The reference](docs/reference/datafiles.md) says what each one means.\n"
    yield "| file | read | old spelling, read with a warning | refused |\n|---|---|---|---|"
    for kind in Kind:
        rows = list(dict.fromkeys(BY_KIND[kind].values()))
        parts: Mapping[str, list[str]] = {"read": [], "old": [], "refused": []}
        for row in rows:
            if row.old is None:
                parts["read"].append(row.name)
            elif row.old.severity is Severity.ERROR:
                parts["refused"].append(row.name)
            else:
                parts["old"].append(row.name)
        cells = (" ".join(f"`{name}`" for name in names) or "–" for names in parts.values())
        yield f"| `.{kind.value}` | {' | '.join(cells)} |"
    yield "\n## Template functions\n"
    yield "[The reference](docs/reference/templates.md) says what each one writes.\n"
    groups: dict[str, list[str]] = {}
    for function in TEMPLATE_FUNCTIONS.values():
        groups.setdefault(function.group, []).append(f"`{function.name}`")
    yield "| group | functions |\n|---|---|"
    yield from (f"| {group} | {' '.join(names)} |" for group, names in groups.items())
    yield "\n## API\n"
    yield "| route | methods | answer |\n|---|---|---|"
    yield from _routes()


def _routes() -> Iterator[str]:
    from mini_tb.server.routes import ROUTES

    for route in sorted(ROUTES, key=lambda r: (r.path, r.methods)):
        doc = (route.handler.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ")
        methods = route.methods.replace("|", ", ")
        yield f"| `{route.path}` | {methods} | {_cell(' '.join(doc.split()))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def index() -> str:
    """The text of the module that says which family each function is in."""
    functions_, aggregates = (
        "\n".join(_indexed(table, family) for family in table.families)
        for table in (functions.FUNCTIONS, registry.AGGREGATES)
    )
    return INDEX_TEXT.format(functions=functions_, aggregates=aggregates)


def _indexed(table: Families[Any], family: str) -> str:
    names = " ".join(
        sorted(name for row in table.rows(family) for name in (row.name, *row.aliases))
    )
    lines = wrap(names, 88, break_long_words=False)
    texts = [f'"{line} "' for line in lines[:-1]] + [f'"{lines[-1]}"']
    line = f'    "{family}": {texts[0]},'
    if len(texts) == 1 and len(line) <= 100:
        return line
    return f'    "{family}": (\n        ' + "\n        ".join(texts) + "\n    ),"


if __name__ == "__main__":
    INDEX.write_text(index())
    PAGE.write_text(page())
    print(f"{PAGE} is written")
