"""Many rows into one table: `python -m bench.load --rows 50000000`.

Memory must not grow with the rows, nor the time of a million rows. When the table is compacted, a
lookup by its sorting key must read little of it; how much is counted in rows of row groups whose
statistics cannot rule the key out.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.measure import compare
from bench.official import ROOT
from mini_tb.engine.duckdb import Settings
from mini_tb.project import Datasource
from mini_tb.workspace import Workspace

SOURCE = "cloud_resource_metrics"
PIECE = 16 << 20


def main() -> None:
    """Load, report by the million, look one key up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--file", type=Path, help="rows that `mini-tb generate` has made before")
    parser.add_argument("--memory", default="2GB", help="the engine's memory limit")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        workspace = Workspace.open(Path(name), settings=Settings(memory_limit=given.memory))
        datafile = f"datasources/{SOURCE}.datasource"
        workspace.deploy({datafile: (ROOT / datafile).read_text()})
        datasource = workspace.datasource(SOURCE)
        _load(workspace, _pieces(_chunks(datasource, given.rows, given.file)))
        began = time.perf_counter()
        workspace.maintenance.compact(SOURCE)
        workspace.engine.checkpoint()
        print(f"  compacted in {time.perf_counter() - began:.0f} s; peak RSS {_peak_mb():.0f} MB")
        size = workspace.engine.path.stat().st_size if workspace.engine.path else 0
        print(f"  the file has {size / 1e9:.2f} GB")
        _look_up(workspace, datasource)
        workspace.close()


def _chunks(datasource: Datasource, rows: int, file: Path | None) -> Iterator[bytes]:
    from mini_tb.cli.sample import Order, make_rows

    if file is None:
        yield from make_rows(datasource, Order(rows, days=180))
        return
    with file.open("rb") as stream:
        while lines := stream.readlines(1 << 20):
            yield b"".join(lines)


def _pieces(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Bodies of about the size in which a file is imported."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= PIECE:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def _load(workspace: Workspace, pieces: Iterator[bytes]) -> None:
    rows = reported = 0
    spent = 0.0
    rates = []
    for piece in pieces:
        began = time.perf_counter()
        rows += workspace.append(SOURCE, piece).successful_rows
        spent += time.perf_counter() - began
        if rows - reported >= 1_000_000:
            rates.append((rows - reported) / spent)
            if len(rates) in (1, 2, 5) or len(rates) % 10 == 0:
                line = f"{rates[-1]:10,.0f} rows/s   peak RSS {_peak_mb():.0f} MB"
                print(f"  {rows:12,} rows {line}", flush=True)
            reported, spent = rows, 0.0
    if len(rates) > 1:
        compare("rate of the last million to the first", rates[-1] / rates[0], at_least=0.7)


def _look_up(workspace: Workspace, datasource: Datasource) -> None:
    """One key, by the first column of the sorting key."""
    first = (datasource.engine.sorting_key or "").split(",")[0].strip("`( ")
    [[key]] = workspace.sql(f"SELECT {first} FROM {SOURCE} LIMIT 1 OFFSET 100").rows()
    segments = workspace.engine.fetch(
        f"SELECT row_group_id, count, stats.min, stats.max FROM pragma_storage_info('{SOURCE}')"
        f" WHERE column_name = '{first}' AND segment_type <> 'VALIDITY'"
    )
    read = {group for group, _, low, high in segments if low <= key <= high}
    rows = sum(count for group, count, _, _ in segments if group in read)
    began = time.perf_counter()
    result = workspace.sql(f"SELECT count() FROM {SOURCE} WHERE {first} = '{key}'")
    found = result.arrow()
    spent = time.perf_counter() - began
    groups = len({group for group, *_ in segments})
    print(f"  {found.column(0)[0]} rows of {first} {key}: {len(read)} of {groups} row groups,")
    print(f"  {spent * 1e3:.1f} ms")
    compare("rows read of all", rows / workspace.count(SOURCE), at_most=0.01)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
