"""Made-up rows that look real, for any data source: seeded, streamed, as many as wanted.

Rows are readings of *series*, in the order of time. Texts (a region, a name, an id) belong to a
series and stay with it; numbers swing around its level with the hours of the day, plus some noise,
within a narrow band. So a value far outside its band is there because `anomalies` planted it.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import UserError
from mini_tb.project import Column, Datasource
from mini_tb.types import DataType

WORDS = {
    "resource_type": ("ec2-instance", "rds", "s3", "lambda", "elb", "dynamodb"),
    "region": ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1"),
    "environment": ("production", "staging", "development"),
    "location": ("kitchen", "living room", "bedroom", "garage", "office", "basement"),
    "country": ("DE", "ES", "FR", "GB", "IN", "JP", "US"),
    "city": ("Berlin", "London", "Madrid", "Mumbai", "Paris", "Tokyo"),
    "currency": ("EUR", "GBP", "JPY", "USD"),
    "device": ("desktop", "mobile", "tablet"),
    "browser": ("chrome", "edge", "firefox", "safari"),
    "page": ("/", "/docs", "/pricing", "/signup", "/blog", "/login"),
    "event": ("view", "click", "search", "signup", "purchase"),
    "plan": ("free", "pro", "team", "enterprise"),
    "status": ("ok", "pending", "failed"),
    "method": ("GET", "POST", "PUT", "DELETE"),
}
"""Values of text columns whose name is, or ends with, the key."""
METRICS = {
    "cpu_utilization": 45.0,
    "memory_usage": 62.0,
    "disk_io": 180.0,
    "network_in": 52_000.0,
    "network_out": 31_000.0,
    "request_count": 900.0,
}
"""What a column `metric_name` holds, with the usual level of each."""

READINGS = 50
"""Readings of each series, at least, when there are enough rows."""
MIN_SERIES, MAX_SERIES = 8, 5000
FEWEST_FOR_ANOMALY = 20
CHUNK = 4096
SWING, NOISE = 0.2, 0.2
_OWN_IDS = ("id", "event_id", "request_id", "message_id", "uuid", "trace_id")
_MOMENTS = ("DateTime", "DateTime64")
_INTEGERS = ("Int8", "Int16", "Int32", "Int64", "Int128", "Int256")
_UNSIGNED = ("UInt8", "UInt16", "UInt32", "UInt64", "UInt128", "UInt256")
_FLOATS = ("Float32", "Float64", "Decimal", "BFloat16")


@dataclass(frozen=True, slots=True)
class Order:
    """What to make: rows of `days` days that end at `end`; the same order gives the same bytes.

    `anomalies` rows get values far outside the band of their series.
    """

    rows: int
    seed: int = 1
    end: datetime = datetime(2025, 6, 1)
    days: float = 7.0
    anomalies: int = 0


def make_rows(datasource: Datasource, order: Order) -> Iterator[bytes]:
    """The rows as NDJSON, some thousands at a time; memory does not grow with their number.

    Raises `UserError` CF201 for a column whose type it cannot make, and CF202 for anomalies in
    series that are too short for any value to stand out.
    """
    count = max(MIN_SERIES, min(MAX_SERIES, order.rows // READINGS))
    series = [_Series(datasource, number, order.seed) for number in range(count)]
    planted = _planted(order, count)
    rng = random.Random(order.seed)
    span = order.days * 86_400
    start = order.end - timedelta(seconds=span)
    second, now = -1, _Moment(start)
    chunk: list[str] = []
    for number in range(order.rows):
        passed = int(number * span / order.rows)
        if passed != second:
            second, now = passed, _Moment(start + timedelta(seconds=passed))
        chunk.append(series[number % count].row(now, rng, number in planted))
        if len(chunk) == CHUNK:
            yield "".join(chunk).encode()
            chunk.clear()
    if chunk:
        yield "".join(chunk).encode()


def example(datasource: Datasource) -> str:
    """One row of the data source as JSON on one line, or `{}` if it cannot be made."""
    try:
        return b"".join(make_rows(datasource, Order(rows=1))).decode().rstrip("\n")
    except UserError:
        return "{}"


def _planted(order: Order, series: int) -> frozenset[int]:
    """The numbers of the rows that stand out: each in a series of its own, away from its ends."""
    if not order.anomalies:
        return frozenset()
    if order.rows // series < FEWEST_FOR_ANOMALY or order.anomalies > series:
        needed = max(order.anomalies, MIN_SERIES) * READINGS
        message = f"{order.rows} rows are too few for {order.anomalies} anomalies to stand out"
        raise UserError.of("CF202", message, hint=f"make at least {needed} rows")
    rng = random.Random(order.seed + 1)
    middle = order.rows // series // 2 * series
    return frozenset(middle + number for number in rng.sample(range(series), order.anomalies))


class _Moment:
    """A second: its text, and how far the day is, as an angle."""

    __slots__ = ("at", "cosine", "sine", "text")

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.text = f'"{at.isoformat(" ", "seconds")}"'
        angle = (at.hour * 60 + at.minute) * (math.tau / 1440)
        self.sine, self.cosine = math.sin(angle), math.cos(angle)


class _Series:
    """One series: the text of its rows with gaps, and what fills each gap."""

    def __init__(self, datasource: Datasource, number: int, seed: int) -> None:
        self._rng = random.Random(f"{seed}/{number}")
        names = [column.name for column in datasource.columns]
        metrics = list(METRICS) if "metric_name" in names else []
        entity = number // len(metrics) if metrics else number
        self._metric = metrics[number % len(metrics)] if metrics else ""
        self._level = METRICS.get(self._metric, 10.0)
        self._phase = self._rng.random() * math.tau
        self._entity = entity
        self._of_entity = random.Random(f"{seed}/{datasource.name}/{entity}")
        tree: dict[str, Any] = {}
        fills: list[_Fill] = []
        for column in datasource.columns:
            path = _path(column)
            if path is not None:
                _put(tree, path, self._value(column, column.type, fills))
        text = _with_gaps(tree)
        order = [int(part) for part in text.split("\0")[1::2]]
        self._fills = [fills[number] for number in order]
        pieces = text.split("\0")[::2]
        self._template = "%s".join(piece.replace("%", "%%") for piece in pieces) + "\n"

    def row(self, now: _Moment, rng: random.Random, stands_out: bool) -> str:
        """The row of a moment."""
        return self._template % tuple([fill(now, rng, stands_out) for fill in self._fills])

    def _value(self, column: Column, type_: DataType, fills: list[_Fill]) -> Any:
        """A constant, or a gap whose filling is added to `fills`."""
        bare = type_.bare
        kind = bare.name
        if kind == "SimpleAggregateFunction":
            return self._value(column, bare.types[0], fills)
        if kind in ("String", "FixedString"):
            text = self._text(column.name, fills)
            return text[: bare.params[0]] if kind == "FixedString" and "\0" not in text else text
        if kind in ("Enum8", "Enum16"):
            return self._of_entity.choice(bare.params)[0]
        if kind == "Array":
            return [self._value(column, bare.types[0], fills) for _ in range(2)]
        if kind == "Map":
            return {"source": self._value(column, bare.types[1], fills)}
        fill = self._fill(column, kind)
        if fill is None:
            message = f"cannot make values of `{column.name}` {type_}"
            raise UserError.of("CF201", message, column.span)
        fills.append(fill)
        return f"\0{len(fills) - 1}\0"

    def _fill(self, column: Column, kind: str) -> _Fill | None:
        if kind in _MOMENTS:
            return lambda now, rng, out: now.text
        if kind in ("Date", "Date32"):
            return lambda now, rng, out: f'"{now.at:%Y-%m-%d}"'
        if kind in _FLOATS:
            return self._float(self._level)
        if kind in _INTEGERS or kind in _UNSIGNED:
            level = self._level if kind.removeprefix("U") not in ("Int8", "Int16") else 40.0
            number = self._float(level)
            return lambda now, rng, out: f"{float(number(now, rng, out)):.0f}"
        if kind == "Bool":
            return lambda now, rng, out: "true" if rng.random() < 0.5 else "false"
        if kind == "UUID":
            return lambda now, rng, out: f'"{_uuid(rng)}"'
        if kind == "IPv4":
            return lambda now, rng, out: f'"10.0.{rng.randrange(256)}.{rng.randrange(256)}"'
        return None

    def _float(self, usual: float) -> _Fill:
        level = usual * (0.6 + 0.8 * self._rng.random())
        by_sine = level * SWING * math.cos(self._phase)
        by_cosine = level * SWING * math.sin(self._phase)
        noise = level * NOISE
        least = level - noise / 2

        def fill(now: _Moment, rng: random.Random, stands_out: bool) -> str:
            value = least + by_sine * now.sine + by_cosine * now.cosine + noise * rng.random()
            return f"{value * 8 if stands_out else value:.3f}"

        return fill

    def _text(self, name: str, fills: list[_Fill]) -> str:
        if name in _OWN_IDS:
            fills.append(lambda now, rng, out: f'"{rng.getrandbits(64):016x}"')
            return f"\0{len(fills) - 1}\0"
        if name == "metric_name":
            return self._metric
        for suffix, words in WORDS.items():
            if name == suffix or name.endswith(f"_{suffix}"):
                return self._of_entity.choice(words)
        if name.endswith("_id"):
            return f"{name.removesuffix('_id')}_{self._entity + 1}"
        if name.endswith("_name"):
            return f"{self._of_entity.choice(('app', 'cache', 'web', 'queue'))}-{self._entity + 1}"
        return f"{name}-{self._of_entity.randrange(1, 20)}"


_Fill = Callable[[_Moment, random.Random, bool], str]


def _uuid(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
    return "-".join(parts)


def _path(column: Column) -> list[str] | None:
    """The keys that lead to the column's value; None for the document itself."""
    if column.jsonpath is None:
        return [column.name]
    path = column.jsonpath.removesuffix("[:]").removeprefix("$").lstrip(".")
    return path.split(".") if path else None


def _put(tree: dict[str, Any], path: list[str], value: Any) -> None:
    """Set the value at a path. Values inside arrays of objects become arrays of one object."""
    for key in path[:-1]:
        name = key.removesuffix("[:]")
        if name == key:
            tree = tree.setdefault(name, {})
        else:
            tree = tree.setdefault(name, [{}])[0]
            value = value[0] if isinstance(value, list) else value
    tree[path[-1]] = value


def _with_gaps(tree: dict[str, Any]) -> str:
    """The document as JSON, in which each gap is its number between NUL characters."""
    text = json.dumps(tree, separators=(",", ":"), ensure_ascii=False)
    return text.replace('"\\u0000', "\0").replace('\\u0000"', "\0")
