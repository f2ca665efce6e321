"""Data sources of every type, and events for them: right ones, edges, and mutations of both.

Everything comes from a seed. An event is one line that begins with its number as `id`, so that it
is found again wherever it ends up.
"""

from __future__ import annotations

import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mini_tb.types import DataType, parse_type

PER_SOURCE = 8
_DEFAULTS = {
    "Int32": "7",
    "UInt64": "18446744073709551615",
    "Float64": "1.5",
    "String": "'z'",
    "DateTime": "'2020-01-02 03:04:05'",
    "Date": "'2020-01-02'",
    "Array(Int32)": "[1, 2]",
    "LowCardinality(String)": "upper('low')",
    "Nullable(Int32)": "5",
}


@dataclass(frozen=True)
class Source:
    """A data source: its columns with types and DEFAULT expressions, `id` aside."""

    name: str
    columns: tuple[tuple[str, str, str | None], ...]

    @property
    def datafile(self) -> str:
        """Its `.datasource` file."""
        lines = ["    `id` UInt32 `json:$.id`"]
        for name, data_type, default in self.columns:
            text = f"    `{name}` {data_type} `json:$.{name}`"
            lines.append(text if default is None else f"{text} DEFAULT {default}")
        listed = ",\n".join(lines)
        return f'SCHEMA >\n{listed}\n\nENGINE "MergeTree"\nENGINE_SORTING_KEY "id"\n'

    def create(self, table: str, only: str | None = None) -> str:
        """ClickHouse's statement for the same table, or for one column of it."""
        columns = ["id UInt32"]
        for name, data_type, default in self.columns:
            if only in (None, name):
                columns.append(f"{name} {data_type}" + (f" DEFAULT {default}" if default else ""))
        return f"CREATE OR REPLACE TABLE {table} ({', '.join(columns)}) ENGINE = Memory"


@cache
def edges() -> Any:
    """The edge values of the unit tests."""
    import importlib.util

    path = Path(__file__).parents[1] / "unit" / "ingest" / "ingest_values.py"
    spec = importlib.util.spec_from_file_location("ingest_edge_values", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sources(rng: random.Random) -> list[Source]:
    """Data sources that have every type, some types Nullable, too, and some with a DEFAULT."""
    types = list(edges().TYPES)
    for data_type in edges().TYPES:
        bare = parse_type(data_type)
        if not bare.types and not bare.is_nullable and bare.name != "JSON":
            types.append(f"Nullable({data_type})")
    types += [*_DEFAULTS, *_DEFAULTS]
    rng.shuffle(types)
    made = []
    for start in range(0, len(types), PER_SOURCE):
        columns = []
        for i, data_type in enumerate(types[start : start + PER_SOURCE]):
            default = _DEFAULTS.get(data_type) if rng.random() < 0.6 else None
            columns.append((f"c{i}", data_type, default))
        made.append(Source(f"source_{len(made)}", tuple(columns)))
    return made


def event(rng: random.Random, source: Source, number: int) -> bytes:
    """One event: four in ten are right, as many have one doubtful value, the others are wild."""
    mood = rng.random()
    columns = list(source.columns)
    doubtful = set()
    if mood > 0.4:
        count = 1 if mood < 0.8 else rng.randint(2, len(columns))
        doubtful = {name for name, _, _ in rng.sample(columns, count)}
    parts = [f'"id":{number}']
    if rng.random() < 0.2:
        rng.shuffle(columns)
    for name, data_type, default in columns:
        can_miss = default is not None or data_type.startswith(("Nullable", "LowCardinality(N"))
        if name in doubtful:
            parts += _doubtful(rng, name, data_type)
        elif can_miss and rng.random() < 0.15:
            parts += [f'"{name}":null'] if rng.random() < 0.5 else []
        else:
            parts.append(f'"{name}":{right(rng, parse_type(data_type))}')
    if rng.random() < 0.1:
        # Not words such as NaN, at which ClickHouse stops even where it does not look.
        parts.append(f'"unknown":{rng.choice(edges().STRINGS + edges().CONTAINERS)}')
    gap = rng.choice(["", "", " "])
    line = ("{" + f",{gap}".join(parts) + "}").encode()
    return _broken(rng, line, len(parts[0]) + 1) if rng.random() < 0.04 else line


def _doubtful(rng: random.Random, name: str, data_type: str) -> list[str]:
    what = rng.random()
    if what < 0.08:
        return []
    if what < 0.16:
        return [f'"{name}":null']
    value = rng.choice(edges().VALUES)
    if what < 0.3:
        value = right(rng, parse_type(data_type))
    if what > 0.75 or what < 0.3:
        value = _mutated(rng, value)
    if what > 0.95:
        return [f'"{name}":{value}', f'"{name}":{rng.choice(edges().VALUES)}']
    if rng.random() < 0.03:
        escaped = "".join(f"\\u{ord(letter):04x}" for letter in name)
        return [f'"{escaped}":{value}']
    return [f'"{name}":{value}']


_INSIDE = "0123456789-+.eE: TZabcnul/"


def _mutated(rng: random.Random, value: str) -> str:
    """A value with a letter put in, left out or replaced; mostly inside of its quotes."""
    letters = list(value)
    is_text = value.startswith('"') and len(value) > 2
    for _ in range(rng.randint(1, 2)):
        low, high = (1, len(letters) - 1) if is_text else (0, len(letters))
        if high <= low:
            continue
        at = rng.randrange(low, high)
        letter = rng.choice(_INSIDE if is_text or rng.random() < 0.9 else '"[]{},\\')
        what = rng.randrange(3)
        if what == 0:
            letters.insert(at, letter)
        elif what == 1 and len(letters) > 1:
            del letters[at]
        else:
            letters[at] = letter
    return "".join(letters)


def _broken(rng: random.Random, line: bytes, keep: int) -> bytes:
    """A line with damage anywhere after its number."""
    at = rng.randrange(keep, len(line))
    damage: list[Callable[[], bytes]] = [
        lambda: line[:at],
        lambda: line[:at] + bytes([rng.randrange(128, 256)]) + line[at:],
        lambda: line[:at] + line[at + 1 :],
        lambda: line[:-1] + b",}",
        lambda: line[:-1] + b', "x":[1,]}',
        lambda: line + rng.choice([b"}", b" x", b",", b" ", b"\t\r"]),
        lambda: line[:-1] + b',"x":' + b"[" * 40 + b"]" * 40 + b"}",
        lambda: line[:at] + b"\x00\x01\x1f"[at % 3 : at % 3 + 1] + line[at:],
        lambda: line[:at] + rng.choice([b"\\u00e9", b"\\ud800", b"\\x", b"\xe2\x82"]) + line[at:],
        lambda: b"  " + line,
    ]
    return rng.choice(damage)().replace(b"\n", b" ")


# Right values ------------------------------------------------------------------------------------


def right(rng: random.Random, t: DataType) -> str:
    """JSON of a value that a type takes."""
    if t.name in ("Nullable", "LowCardinality", "SimpleAggregateFunction"):
        return right(rng, t.types[0])
    if t.is_integer:
        return _integer(rng, t)
    return _RIGHT[t.name](rng, t)


def _integer(rng: random.Random, t: DataType) -> str:
    low, high = (0, (1 << t.bits) - 1)
    if t.name.startswith("I"):
        low, high = -(1 << t.bits - 1), (1 << t.bits - 1) - 1
    small = rng.randint(max(low, -100), min(high, 100))
    number = rng.choice([low, high, small, small, rng.randint(low, high)])
    return f'"{number}"' if rng.random() < 0.2 else str(number)


def _float(rng: random.Random, t: DataType) -> str:
    number = rng.choice([rng.uniform(-1e6, 1e6), rng.gauss(0, 1), rng.randint(-999, 999), 0.5])
    text = rng.choice([repr(number), f"{number:.3f}", f"{number:e}"])
    return f'"{text}"' if rng.random() < 0.2 else text


def _decimal(rng: random.Random, t: DataType) -> str:
    precision, scale = t.params
    whole = "".join(rng.choices(string.digits, k=rng.randint(0, precision - scale)))
    rest = "".join(rng.choices(string.digits, k=rng.randint(0, scale)))
    text = rng.choice(["", "-"]) + str(int(whole or "0")) + (f".{rest}" if rest else "")
    return f'"{text}"' if rng.random() < 0.4 else text


def _text(rng: random.Random, t: DataType) -> str:
    alphabet = rng.choice([string.ascii_letters, 'aé€😀\t\\"/', string.printable[:-2]])
    text = "".join(rng.choices(alphabet, k=rng.randint(0, 12)))
    return json.dumps(text, ensure_ascii=rng.random() < 0.5)


def _date(rng: random.Random, t: DataType) -> str:
    year, month, day = rng.randint(1971, 2100), rng.randint(1, 12), rng.randint(1, 28)
    return (
        '"' + rng.choice(["{:04}-{:02}-{:02}", "{:04}/{:02}/{:02}"]).format(year, month, day) + '"'
    )


def _moment(rng: random.Random, t: DataType) -> str:
    if rng.random() < 0.15:
        return str(rng.randint(0, 0xFFFFFFFF))
    day = f"{rng.randint(1971, 2100):04}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
    clock = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
    digits = rng.choice([0, 0, 3, 6, 9, rng.randint(1, 9)])
    fraction = "." + "".join(rng.choices(string.digits, k=digits)) if digits else ""
    zone = rng.choice(["", "", "Z", "+00:00", "+02:00", "-0730"])
    return f'"{day}{rng.choice(" T")}{clock}{fraction}{zone}"'


def _uuid(rng: random.Random, t: DataType) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    text = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return f'"{rng.choice([text, text.upper(), digits])}"'


def _ipv6(rng: random.Random, t: DataType) -> str:
    groups = [f"{rng.getrandbits(16):x}" for _ in range(8)]
    return '"' + rng.choice([":".join(groups), f"{groups[0]}::{groups[1]}", "1.2.3.4"]) + '"'


def _list(rng: random.Random, t: DataType) -> str:
    return "[" + ",".join(right(rng, t.element) for _ in range(rng.randint(0, 4))) + "]"


def _map(rng: random.Random, t: DataType) -> str:
    key, value = t.types
    keys = {right(rng, key).strip('"') for _ in range(rng.randint(0, 3))}
    if not key.is_integer:
        keys = {"".join(rng.choices(string.ascii_letters, k=3)) for _ in keys}
    return "{" + ",".join(f'"{k}":{right(rng, value)}' for k in sorted(keys)) + "}"


def _tuple(rng: random.Random, t: DataType) -> str:
    values = [right(rng, element) for element in t.types]
    if not t.names:
        return "[" + ",".join(values) + "]"
    return "{" + ",".join(f'"{n}":{v}' for n, v in zip(t.names, values, strict=True)) + "}"


def _object(rng: random.Random, t: DataType) -> str:
    scalars: list[Any] = [1, "a", True, 1.5, {"x": {"y": 2}}, [1, 2], -7]
    keys = rng.sample(["a", "b", "c", "d"], rng.randint(0, 3))
    return json.dumps({key: rng.choice(scalars) for key in keys})


_RIGHT: dict[str, Callable[[random.Random, DataType], str]] = {
    "Float32": _float,
    "Float64": _float,
    "Decimal": _decimal,
    "Bool": lambda rng, t: rng.choice(["true", "false", "1", "0"]),
    "String": _text,
    "FixedString": lambda rng, t: json.dumps(
        "".join(rng.choices(string.ascii_letters, k=rng.randint(0, t.params[0])))
    ),
    "UUID": _uuid,
    "IPv4": lambda rng, t: '"' + ".".join(str(rng.randrange(256)) for _ in range(4)) + '"',
    "IPv6": _ipv6,
    "Enum8": lambda rng, t: json.dumps(rng.choice(t.params)[0]),
    "Date": _date,
    "Date32": _date,
    "DateTime": _moment,
    "DateTime64": _moment,
    "Array": _list,
    "Map": _map,
    "Tuple": _tuple,
    "JSON": _object,
}
