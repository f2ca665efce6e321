"""Prometheus' text exposition of an answer with columns `name` and `value`.

Optional columns are `help`, `type`, `timestamp` and `labels`, a Map(String, String).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mini_tb.diagnostics import UserError
from mini_tb.formats.answer import Answer
from mini_tb.formats.text import is_composite, unwrap
from mini_tb.formats.value import map_entries, text
from mini_tb.types import DataType

_BAD_ARGUMENTS = "RT322"
_FITS: dict[str, Callable[[DataType], bool]] = {
    "name": lambda t: t.is_string,
    "value": lambda t: t.is_number,
    "help": lambda t: t.is_string,
    "type": lambda t: t.is_string,
    "timestamp": lambda t: t.is_number,
    "labels": lambda t: t.is_map,
}
_SUFFIXED = {"sum": "_sum", "count": "_count"}


def _check(answer: Answer) -> dict[str, int]:
    places = {column.name: i for i, column in enumerate(answer.columns)}
    for name in ("name", "value"):
        if name not in places:
            raise UserError.of(
                _BAD_ARGUMENTS, f"column `{name}` is required for output format `Prometheus`"
            )
    for name, fits in _FITS.items():
        t = answer.columns[places[name]].type if name in places else None
        if t is not None and not fits(unwrap(t)):
            raise UserError.of(
                _BAD_ARGUMENTS,
                f"illegal type `{t}` of column `{name}` for output format `Prometheus`",
            )
    return places


def _rows(answer: Answer, places: dict[str, int]) -> Iterator[dict[str, Any]]:
    for chunk in answer.chunks():
        columns: dict[str, list[Any]] = {}
        for name in ("name", "value", "help", "type", "timestamp", "labels"):
            if name not in places:
                continue
            column, t = chunk.column(places[name]), answer.columns[places[name]].type
            if is_composite(t):
                columns[name] = _maps(column, unwrap(t))
            else:
                columns[name] = [
                    None if v is None else v.decode("utf-8", "replace")
                    for v in text(column, t).to_pylist()
                ]
        for row in zip(*columns.values(), strict=True):
            yield dict(zip(columns, row, strict=True))


def _maps(column: Any, t: DataType) -> list[dict[str, str]]:
    keys, values = map_entries(column)
    key_texts = iter(text(keys, t.types[0]).to_pylist())
    value_texts = iter(text(values, t.types[1]).to_pylist())
    return [
        {
            (next(key_texts) or b"").decode(): (next(value_texts) or b"").decode()
            for _ in range(len(labels or ()))
        }
        for labels in column.to_pylist()
    ]


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _line(name: str, kind: str, row: dict[str, Any]) -> tuple[int, str]:
    labels = dict(row.get("labels") or {})
    suffix, rank = "", 0
    if kind in ("histogram", "summary"):
        for rank_, (label, ending) in enumerate(_SUFFIXED.items(), 1):
            if label in labels:
                del labels[label]
                suffix, rank = ending, rank_
        if not suffix and kind == "histogram":
            suffix = "_bucket"
    shown = ",".join(f'{key}="{_escape(value)}"' for key, value in labels.items())
    stamp = row.get("timestamp")
    tail = f" {stamp}" if stamp not in (None, "0", "") else ""
    return rank, f"{name}{suffix}" + (f"{{{shown}}}" if shown else "") + f" {row['value']}{tail}"


def prometheus(answer: Answer) -> Iterator[bytes]:
    """Writes Prometheus: all samples of a metric together, its HELP and TYPE once before them."""
    places = _check(answer)
    metrics: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(answer, places):
        metrics.setdefault(row["name"] or "", []).append(row)
    for name, rows in metrics.items():
        out = []
        help_ = next((r["help"] for r in rows if r.get("help")), "")
        kind = next((r["type"] for r in rows if r.get("type")), "")
        if help_:
            out.append(f"# HELP {name} {help_}")
        if kind:
            out.append(f"# TYPE {name} {kind}")
        ranked = [_line(name, kind, row) for row in rows]
        out += [line for _, line in sorted(ranked, key=lambda pair: pair[0])]
        yield ("\n".join(out) + "\n\n").encode()
