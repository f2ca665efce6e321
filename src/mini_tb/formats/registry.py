"""The table of output formats: ClickHouse's names and their content types.

What writes them is in `writers`, which loads Arrow; few rows are written without it (`small`).
"""

from __future__ import annotations

from collections.abc import Iterator

from mini_tb.dataclass import dataclass
from mini_tb.diagnostics import UserError, nearest
from mini_tb.formats.answer import Answer
from mini_tb.formats.small import SMALL_WRITERS


@dataclass(frozen=True, slots=True)
class Format:
    """One output format: its name, and the Content-Type of its bytes."""

    name: str
    content_type: str

    def write(self, answer: Answer) -> Iterator[bytes]:
        """The bytes of the answer, piece by piece."""
        small = SMALL_WRITERS.get(self.name)
        if small is not None and (pieces := small(answer)) is not None:
            return pieces
        from mini_tb.formats.writers import WRITERS

        return WRITERS[self.name](answer)


_JSON = "application/json"
_NDJSON = "application/x-ndjson"
_CSV = "text/csv; charset=utf-8"
_TSV = "text/tab-separated-values; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"
_OCTETS = "application/octet-stream"

_TABLE = {
    "JSON": _JSON,
    "JSONStrings": _JSON,
    "JSONCompact": _JSON,
    "JSONCompactStrings": _JSON,
    "JSONColumns": _JSON,
    "JSONCompactColumns": _JSON,
    "JSONColumnsWithMetadata": _JSON,
    "JSONEachRow": _NDJSON,
    "JSONStringsEachRow": _NDJSON,
    "JSONEachRowWithProgress": _NDJSON,
    "JSONStringsEachRowWithProgress": _NDJSON,
    "JSONCompactEachRow": _NDJSON,
    "JSONCompactEachRowWithNames": _NDJSON,
    "JSONCompactEachRowWithNamesAndTypes": _NDJSON,
    "JSONCompactStringsEachRow": _NDJSON,
    "CSV": _CSV,
    "CSVWithNames": _CSV,
    "CSVWithNamesAndTypes": _CSV,
    "TabSeparated": _TSV,
    "TabSeparatedWithNames": _TSV,
    "TabSeparatedWithNamesAndTypes": _TSV,
    "TabSeparatedRaw": _TSV,
    "TabSeparatedRawWithNames": _TSV,
    "TabSeparatedRawWithNamesAndTypes": _TSV,
    "Values": _TEXT,
    "Pretty": _TEXT,
    "PrettyCompact": _TEXT,
    "PrettySpace": _TEXT,
    "Vertical": _TEXT,
    "Markdown": "text/markdown; charset=utf-8",
    "Parquet": _OCTETS,
    "Prometheus": "text/plain; version=0.0.4; charset=utf-8",
    "Native": _OCTETS,
    "RowBinary": _OCTETS,
    "RowBinaryWithNames": _OCTETS,
    "RowBinaryWithNamesAndTypes": _OCTETS,
    "ODBCDriver2": _OCTETS,
}

_ALIASES = {
    "NDJSON": "JSONEachRow",
    "JSONLines": "JSONEachRow",
    "PrettyCompactMonoBlock": "PrettyCompact",
    "PrettyCompactNoEscapes": "PrettyCompact",
    "PrettyNoEscapes": "Pretty",
    "PrettyMonoBlock": "Pretty",
    "PrettySpaceNoEscapes": "PrettySpace",
    **{
        "TSV" + name.removeprefix("TabSeparated"): name
        for name in _TABLE
        if name.startswith("TabSeparated")
    },
}

FORMATS: dict[str, Format] = {
    name: Format(name, content_type) for name, content_type in _TABLE.items()
}
FORMATS |= {alias: FORMATS[name] for alias, name in _ALIASES.items()}
_BY_LOWER = {name.lower(): found for name, found in FORMATS.items()}


def find_format(name: str) -> Format:
    """The format of that name, in any case as ClickHouse takes it. A name that is not in the
    table is a UserError."""
    found = FORMATS.get(name) or _BY_LOWER.get(name.lower())
    if found is None:
        close = nearest(name, FORMATS)
        raise UserError.of(
            "RT321",
            f"unknown output format `{name}`",
            hint=f"did you mean `{close}`?" if close else None,
        )
    return found


def write(answer: Answer, name: str) -> Iterator[bytes]:
    """The bytes of the answer in the format of that name, piece by piece."""
    return find_format(name).write(answer)
