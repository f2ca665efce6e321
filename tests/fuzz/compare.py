"""What ClickHouse makes of the same lines, and whether it is what was stored or quarantined."""

from __future__ import annotations

import ipaddress
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from events import Source

from mini_tb.types import DataType, parse_type

SETTINGS = (
    "SETTINGS date_time_input_format='best_effort', session_timezone='UTC',"
    " input_format_allow_errors_num=1000000"
)
SHOWN = (
    "SETTINGS output_format_json_quote_64bit_integers=1, output_format_json_quote_denormals=1,"
    " output_format_json_escape_forward_slashes=0, session_timezone='UTC'"
)


class Text(str):
    """A JSON number by its text."""

    __slots__ = ()


class Repeated(dict[str, Any]):
    """An object in which a key comes twice; the first counts."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    first: dict[str, Any] = {}
    for key, value in pairs:
        first.setdefault(key, value)
    return first if len(first) == len(pairs) else Repeated(first)


def loads(text: str | bytes) -> Any:
    """JSON with every number as its text."""
    if isinstance(text, bytes):
        text = text.decode()
    decoder = json.JSONDecoder(
        object_pairs_hook=_pairs,
        parse_int=Text,
        parse_float=Text,
        parse_constant=Text,
        strict=False,
    )
    return decoder.decode(text)


class ClickHouse:
    """A database of its own in a folder."""

    def __init__(self, folder: str) -> None:
        import chdb.session

        self._session = chdb.session.Session(folder)

    def stored(self, create: str, table: str, lines: list[bytes]) -> dict[int, dict[str, Any]]:
        """The rows that it stores of some lines, by their ids."""
        self._session.query(create)
        self._insert(table, lines)
        found = self._session.query(f"SELECT * FROM {table} {SHOWN}", "JSONEachRow")
        rows = [loads(line) for line in found.bytes().splitlines()]
        return {int(row["id"]): row for row in rows}

    def takes(self, create: str, table: str, lines: list[bytes]) -> set[int]:
        """The ids of the lines that it stores."""
        self._session.query(create)
        self._insert(table, lines)
        found = self._session.query(f"SELECT id FROM {table}", "TSV")
        return set(map(int, found.bytes().split()))

    def _insert(self, table: str, lines: list[bytes]) -> None:
        body = b"\n".join(lines).decode(errors="replace")
        query = f"INSERT INTO {table} {SETTINGS} FORMAT JSONEachRow\n{body}\n"
        try:
            self._session.query(query)
        except RuntimeError:
            # Some lines are worse than others: it does not pass over them.
            middle = len(lines) // 2
            for half in (lines[:middle], lines[middle:]) if middle else ():
                self._insert(table, half)

    def close(self) -> None:
        """End it."""
        self._session.close()


@dataclass
class Report:
    """What was compared, what differed, and what was refused that ClickHouse would bend."""

    events: int = 0
    stored: int = 0
    quarantined: int = 0
    unreadable: int = 0
    requests: int = 0
    stricter: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.events:,} events in {self.requests:,} requests: {self.stored:,} stored with"
            f" ClickHouse's values, {self.quarantined:,} quarantined for the right columns,"
            f" {self.unreadable:,} that are no record; {len(self.wrong)} wrong"
        )


def same(t: DataType, mine: Any, theirs: Any) -> bool:
    """Whether two values of a type, as JSON gives them, are one."""
    if mine is None or theirs is None:
        return mine is theirs
    if t.name in ("Nullable", "LowCardinality", "SimpleAggregateFunction"):
        return same(t.types[0], mine, theirs)
    if t.is_float:
        ours, other = float(mine), float(theirs)
        return ours == other or (ours != ours and other != other)
    if t.name == "Decimal":
        return Decimal(mine) == Decimal(theirs)
    if t.name == "Array":
        return len(mine) == len(theirs) and all(
            same(t.element, a, b) for a, b in zip(mine, theirs, strict=True)
        )
    if t.name == "Map":
        return list(mine) == list(theirs) and all(
            same(t.types[1], mine[key], theirs[key]) for key in mine
        )
    if t.name == "Tuple":
        ours = list(mine.values()) if isinstance(mine, dict) else mine
        other = list(theirs.values()) if isinstance(theirs, dict) else theirs
        return len(ours) == len(other) and all(map(same, t.types, ours, other))
    if t.name == "JSON":
        return bool(_simple(mine) == _simple(theirs))
    return bool(mine == theirs)


def _simple(value: Any) -> Any:
    """JSON as ClickHouse's type keeps it: by the paths of what is no object, without nulls."""
    if isinstance(value, dict):
        flat: dict[str, Any] = {}
        for key, inner in value.items():
            found = _simple(inner)
            below = found if isinstance(inner, dict) else {"": found}
            flat |= {f"{key}.{path}".removesuffix("."): v for path, v in below.items()}
        return {path: v for path, v in sorted(flat.items()) if v is not None}
    if isinstance(value, list):
        return [_simple(v) for v in value]
    try:
        return value if isinstance(value, bool | None) else str(float(value))
    except ValueError:
        return value


MISSING = object()


def is_stricter(t: DataType, value: Any, has_default: bool) -> str | None:
    """The rule by which a value is refused that ClickHouse would bend to make it fit."""
    if value is MISSING or value is None:
        return None if t.is_nullable or has_default else "no value, no DEFAULT"
    return _bends(t, value)


def _bends(t: DataType, value: Any) -> str | None:
    if t.name in ("Nullable", "LowCardinality", "SimpleAggregateFunction"):
        return _bends(t.types[0], value)
    if t.is_integer and isinstance(value, str) and _wraps(t, value):
        return "an integer that wraps around"
    is_number = t.is_float or t.is_integer or t.name in ("Decimal", "Enum8")
    if is_number and isinstance(value, str) and not _is_number(value):
        return "text that is no number, for a number"
    if t.name == "Enum8" and isinstance(value, str):
        return "a number that is written otherwise, for an Enum"
    if t.is_float and isinstance(value, str):
        return "a number beyond its type's range" if _is_huge(t, value) else None
    if t.name in ("Date", "Date32", "DateTime", "DateTime64"):
        return f"a date or time, {t.name}"
    if t.name == "String" and isinstance(value, Text) and not _is_number(value):
        return "a word that is no JSON, as text"
    if t.name in ("IPv4", "IPv6") and isinstance(value, str) and not _is_address(value):
        return "an address that no standard has"
    if t.name in ("Map", "JSON") and isinstance(value, Repeated):
        return "a key that comes twice"
    inner: list[str | None] = []
    if t.name == "Array" and isinstance(value, list):
        inner = [_bends(t.element, v) for v in value if v is not None]
    elif t.name == "Map" and isinstance(value, dict):
        inner = [_bends(t.types[0], k) for k in value]
        inner += [_bends(t.types[1], v) for v in value.values() if v is not None]
    elif t.name == "Tuple" and isinstance(value, list):
        inner = [_bends(e, v) for e, v in zip(t.types, value, strict=False) if v is not None]
    elif t.name == "Tuple" and isinstance(value, dict):
        inner = [_bends(e, value[n]) for n, e in zip(t.names, t.types, strict=True) if n in value]
    return next((reason for reason in inner if reason), None)


def _wraps(t: DataType, text: str) -> bool:
    low, high = 0, (1 << t.bits) - 1
    if t.name.startswith("I"):
        low, high = -(1 << t.bits - 1), (1 << t.bits - 1) - 1
    try:
        return not low <= int(text) <= high or (low == 0 and text.startswith("-"))
    except ValueError:
        return False


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_huge(t: DataType, text: str) -> bool:
    return _is_number(text) and Decimal(text).copy_abs() > Decimal(
        "3.4028234e38" if t.name == "Float32" else "1.7976931348623157e308"
    )


def check(
    report: Report,
    clickhouse: ClickHouse,
    source: Source,
    lines: Mapping[int, bytes],
    stored: Mapping[int, Mapping[str, Any]],
    refused: Mapping[int, Mapping[str, Any]],
) -> None:
    """Compare what became of the lines of a data source; they are in one of the two."""
    types = {name: parse_type(data_type) for name, data_type, _ in source.columns}
    theirs: dict[int, dict[str, Any]] = {}
    ids = list(stored)
    for start in range(0, len(ids), 2000):
        some = [lines[i] for i in ids[start : start + 2000]]
        theirs |= clickhouse.stored(source.create("t"), "t", some)
    for number, mine in stored.items():
        other = theirs.get(number)
        if other is None:  # the line before it may have been passed over too far
            alone = first_of_each(lines[number])
            other = clickhouse.stored(source.create("t"), "t", [alone]).get(number)
        report.stored += 1
        if other is None:
            report.wrong.append(f"stored, ClickHouse refuses: {_shown(lines[number])}")
            continue
        for name, t in types.items():
            if not same(t, mine.get(name), other[name]):
                report.wrong.append(
                    f"{name} {t}: stored {mine.get(name)!r}, ClickHouse has {other[name]!r}:"
                    f" {_shown(lines[number])}"
                )
    _check_refused(report, clickhouse, source, types, lines, refused)


def _check_refused(
    report: Report,
    clickhouse: ClickHouse,
    source: Source,
    types: Mapping[str, DataType],
    lines: Mapping[int, bytes],
    refused: Mapping[int, Mapping[str, Any]],
) -> None:
    readable = [i for i, row in refused.items() if row["c__error_column"] != ["$"]]
    accepted: dict[str, set[int]] = {}
    for name, _, _ in source.columns:
        accepted[name] = set()
        for start in range(0, len(readable), 2000):
            some = [lines[i] for i in readable[start : start + 2000]]
            accepted[name] |= clickhouse.takes(source.create("c", name), "c", some)
    for number, row in refused.items():
        if row["c__error_column"] == ["$"]:
            report.unreadable += 1
            if is_record(lines[number]):
                report.wrong.append(f"no record, it is said: {_shown(lines[number])}")
            continue
        report.quarantined += 1
        record = loads(lines[number])
        named = set(row["c__error_column"])
        for name, _, default in source.columns:
            value = record.get(name, MISSING)
            if number not in accepted[name]:
                alone = first_of_each(lines[number], frozenset({"id", name}))
                if name not in named and not clickhouse.takes(
                    source.create("c", name), "c", [alone]
                ):
                    report.wrong.append(
                        f"{name} {types[name]}: not named in {sorted(named)}, ClickHouse refuses"
                        f" it: {_shown(lines[number])}"
                    )
            elif name in named:
                reason = is_stricter(types[name], value, default is not None)
                if reason is None:
                    report.wrong.append(
                        f"{name} {types[name]}: refused, ClickHouse takes it: {value!r}"
                    )
                else:
                    report.stricter[reason] += 1
            if isinstance(value, str) and row[name] != value:
                report.wrong.append(f"{name}: quarantine shows {row[name]!r} of {value!r}")


_SPACE = re.compile(r"\s*")
_ESCAPED = re.compile(r"(?<!\\)\\u00([2-7][0-9a-fA-F])")


def _letter(match: re.Match[str]) -> str:
    letter = chr(int(match[1], 16))
    return match[0] if letter in '"\\' else letter


def first_of_each(line: bytes, only: frozenset[str] | None = None) -> bytes:
    """A record as ClickHouse likes it: every key comes once (it refuses some that have a key twice,
    where the first value counts otherwise), and no letter is escaped that need not be (it takes no
    such numbers). With `only`, of these keys: it stops at words such as NaN, even where it does not
    look."""
    text = line.decode()
    decoder = json.JSONDecoder(strict=False)
    kept: dict[str, str] = {}

    def skip(at: int) -> int:
        return _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it matches anything

    at = skip(0)
    while at < len(text) and text[at] in "{,":
        start = skip(at + 1)
        if text[start] == "}":
            break
        key, end = decoder.raw_decode(text, start)
        _, end = decoder.raw_decode(text, skip(skip(end) + 1))
        if only is None or key in only:
            kept.setdefault(key, _ESCAPED.sub(_letter, text[start:end]))
        at = skip(end)
    return ("{" + ",".join(kept.values()) + "}").encode()


def is_record(line: bytes) -> bool:
    """Whether a line is one JSON object, by a strict parser's judgement."""
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _shown(line: bytes) -> str:
    return line.decode(errors="backslashreplace")
