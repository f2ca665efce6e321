"""What is stored is what ClickHouse stores: every value for every type, and mutations of them.

Runs with `pytest -m chdb`; it needs the `clickhouse` extra. `INGEST_FUZZ` sets how many mutated
values a type gets. A refusal is always allowed here: `tests/unit/ingest` says which values must be
stored.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mini_tb.ingest.exact import ExactRows
from mini_tb.ingest.intake import intake_of
from mini_tb.project import Column, Datasource
from mini_tb.types import DataType, parse_type

pytestmark = pytest.mark.chdb

_FUZZ = int(os.environ.get("INGEST_FUZZ", "200"))
_SETTINGS = (
    "SETTINGS date_time_input_format='best_effort', session_timezone='UTC',"
    " input_format_allow_errors_num=1000000, output_format_json_quote_64bit_integers=1,"
    " output_format_json_quote_decimals=1, output_format_json_quote_denormals=1,"
    " output_format_json_escape_forward_slashes=0, max_threads=1"
)


def _values() -> Any:
    import importlib.util

    path = Path(__file__).parents[1] / "unit" / "ingest" / "ingest_values.py"
    spec = importlib.util.spec_from_file_location("ingest_values", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VALUES = _values()


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    import chdb.session

    made = chdb.session.Session(str(tmp_path_factory.mktemp("chdb") / "data"))
    yield made
    made.close()


def _shown(t: DataType, value: str) -> str:
    """A ClickHouse expression that shows a stored value without loss."""
    bare = t.bare
    if bare.name == "DateTime":
        return f"toUnixTimestamp({value})"
    if bare.name == "DateTime64":
        return f"toString(toTimeZone({value}, 'UTC'))"
    if bare.name == "Float32":
        return f"toFloat64({value})"
    if bare.name in ("String", "FixedString", "Enum8"):
        return f"hex(toString({value}))"
    if bare.name in ("Date", "Date32"):
        return f"toInt32({value})"
    if bare.name == "IPv4":
        return f"toUInt32({value})"
    if bare.name == "IPv6":
        return f"toString(reinterpretAsUInt128(reverse(reinterpretAsFixedString({value}))))"
    if bare.name in ("Bool", "UUID"):
        return f"toString({value})"
    return value


def _mine(t: DataType, value: Any) -> Any:
    """What `_shown` gives for a value of ours, as JSON."""
    bare = t.bare
    if value is None:
        return None
    if isinstance(value, datetime):
        if bare.name == "DateTime":
            return int((value - datetime(1970, 1, 1)).total_seconds())
        text = value.strftime("%Y-%m-%d %H:%M:%S.%f")[: 20 + bare.scale]
        return text.rstrip(".")
    if bare.name == "DateTime64":
        moment = datetime(1970, 1, 1) + timedelta(seconds=value // 10**9)
        return f"{moment:%Y-%m-%d %H:%M:%S}.{value % 10**9:09d}"
    if isinstance(value, date):
        return (value - date(1970, 1, 1)).days
    if isinstance(value, bool):
        return "true" if value and bare.name == "Bool" else "false"
    if isinstance(value, bytes):
        return value.rstrip(b"\0").hex().upper()
    if bare.name in ("String", "FixedString", "Enum8"):
        return value.encode().hex().upper()
    if isinstance(value, Decimal):
        return str(value)
    return value


def _same(t: DataType, mine: Any, theirs: Any) -> bool:
    bare = t.bare
    if mine is None or theirs is None:
        return mine is theirs
    if bare.is_float:
        ours, other = float(mine), float(theirs)
        return ours == other or (ours != ours and other != other)
    if bare.name == "Decimal":
        return Decimal(mine) == Decimal(theirs)
    if bare.name == "FixedString":
        return bytes.fromhex(theirs).rstrip(b"\0") == bytes.fromhex(mine)
    if bare.name == "Array":
        return len(mine) == len(theirs) and all(
            _same(bare.element, a, b) for a, b in zip(mine, theirs, strict=True)
        )
    if bare.name == "Map":
        pairs = theirs.items() if isinstance(theirs, dict) else theirs
        return len(mine) == len(pairs) and all(
            str(k) == str(key) and _same(bare.types[1], v, value)
            for (k, v), (key, value) in zip(mine, pairs, strict=True)
        )
    if bare.name == "Tuple":
        other = theirs.values() if isinstance(theirs, dict) else theirs
        return all(_same(e, a, b) for e, a, b in zip(bare.types, mine.values(), other, strict=True))
    if bare.name == "JSON":
        return _simple(json.loads(mine)) == _simple(theirs)
    return str(mine) == str(theirs)


def _simple(value: Any) -> Any:
    """JSON as ClickHouse's type keeps it: no nulls, no empty objects, integers as text."""
    if isinstance(value, dict):
        kept = {k: _simple(v) for k, v in value.items()}
        return {k: v for k, v in sorted(kept.items()) if v not in (None, {})}
    if isinstance(value, list):
        return [_simple(v) for v in value]
    try:
        return str(float(value))
    except (TypeError, ValueError):
        return value


def _mutations(rng: random.Random, count: int) -> list[str]:
    found = []
    alphabet = '0123456789-+.eE"[]{},: TZabcnul/'
    while len(found) < count:
        value = list(rng.choice(VALUES.VALUES))
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(value) + 1)
            what = rng.randrange(3)
            if what == 0:
                value.insert(at, rng.choice(alphabet))
            elif value and what == 1:
                del value[at - 1]
            elif value:
                value[at - 1] = rng.choice(alphabet)
        found.append("".join(value))
    return found


@pytest.mark.parametrize("data_type", VALUES.TYPES)
def test_stored_values_are_those_of_clickhouse(session: Any, data_type: str) -> None:
    t = parse_type(data_type)
    intake = intake_of(Datasource("d", (Column("v", t, "$.v"),)))
    rng = random.Random(f"{data_type} {_FUZZ}")
    values = VALUES.VALUES + _mutations(rng, _FUZZ)
    stored: list[tuple[str, Any]] = []
    for value in values:
        rows = ExactRows(intake)
        line = f'{{"v":{value}}}'
        rows.add_line(0, line)
        if rows.numbers:
            stored.append((line, _mine(t, rows.columns[0][0])))
    body = "\n".join(f'{{"n":{i},{line[1:]}' for i, (line, _) in enumerate(stored))
    literal = body.replace("\\", "\\\\").replace("'", "\\'")
    schema = f"n UInt32, v {data_type}".replace("\\", "\\\\").replace("'", "\\'")
    text = session.query(
        f"SELECT n, {_shown(t, 'v')} AS v FROM format(JSONEachRow, '{schema}', '{literal}')"
        f" {_SETTINGS}",
        "JSONEachRow",
    )
    theirs = {row["n"]: row["v"] for row in map(json.loads, str(text).splitlines())}
    wrong = []
    for i, (line, mine) in enumerate(stored):
        if i not in theirs:
            wrong.append(f"{line}: stored {mine!r}, ClickHouse refuses")
        elif not _same(t, mine, theirs[i]):
            wrong.append(f"{line}: stored {mine!r}, ClickHouse has {theirs[i]!r}")
    assert not wrong, "\n".join(wrong)
    assert stored
