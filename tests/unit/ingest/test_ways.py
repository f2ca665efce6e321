"""The three ways of decoding agree: the fast ones give what the exact one gives, or leave it."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from ingest_values import KINDS, TYPES, VALUES

from mini_tb.ingest import bulk, decode
from mini_tb.ingest.columnar import decode_lines
from mini_tb.ingest.decode import decode_json
from mini_tb.ingest.decoder import decoder
from mini_tb.ingest.exact import ExactRows
from mini_tb.ingest.intake import Intake, intake_of
from mini_tb.ingest.sieve import decode_sieved
from mini_tb.ingest.strict import Misfit, decode_clean, misfit_in
from mini_tb.project import Column, Datasource
from mini_tb.types import parse_type


def datasource(*columns: tuple[str, ...]) -> Datasource:
    """Columns as (name, type[, path[, default]])."""
    return Datasource(
        "events",
        tuple(
            Column(
                name,
                parse_type(data_type),
                rest[0] if rest else None,
                rest[1] if len(rest) > 1 else None,
            )
            for name, data_type, *rest in columns
        ),
    )


def values(table: pa.Table) -> list[dict[str, Any]]:
    """The rows; nanoseconds, which Python's datetime does not hold, as numbers."""
    fields = [
        pa.field(f.name, pa.int64() if f.type == pa.timestamp("ns") else f.type)
        for f in table.schema
    ]
    found: list[dict[str, Any]] = table.cast(pa.schema(fields)).to_pylist()
    return found


def exact(intake: Intake, line: str) -> list[Any] | None:
    """The stored row, or None for quarantine."""
    rows = ExactRows(intake)
    rows.add_line(0, line)
    return list(values(rows.arrow()[0])[0].values()) if rows.numbers else None


def columnar(intake: Intake, lines: list[str]) -> dict[int, list[Any]]:
    """The rows that are plainly right, by number."""
    with decoder() as connection:
        connection.register("lines", pa.table({"line": pa.array(lines, pa.string())}))
        found = decode_lines(connection, intake)
    rows = [list(row.values()) for row in values(found.good)]
    return dict(zip(found.rows.to_pylist(), rows, strict=True))


@pytest.mark.parametrize("data_type", TYPES)
def test_the_strict_way_agrees_with_the_exact_one(data_type: str) -> None:
    intake = intake_of(datasource(("v", data_type)))
    for value in VALUES:
        line = f'{{"v":{value}}}'
        clean = decode_clean(line.encode(), intake)
        if clean is not None:
            expected = exact(intake, line)
            assert expected is not None, f"strict stores {value}"
            assert repr(values(clean[0])[0]["v"]) == repr(expected[0]), value


@pytest.mark.parametrize("data_type", TYPES)
@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_the_columnar_way_agrees_with_the_exact_one(data_type: str, kind: int) -> None:
    # Values of one kind: the first lines decide how a column is read.
    intake = intake_of(datasource(("v", data_type)))
    lines = [f'{{"v":{value}}}' for value in KINDS[kind]]
    for number, row in columnar(intake, lines).items():
        expected = exact(intake, lines[number])
        assert expected is not None, f"columnar stores {lines[number]}"
        assert repr(row) == repr(expected), lines[number]


@pytest.mark.parametrize("data_type", TYPES)
def test_a_batch_of_mixed_values_is_decoded_alike(
    data_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = datasource(("n", "UInt32"), ("v", data_type))
    lines = [f'{{"n":{i},"v":{value}}}' for i, value in enumerate(VALUES)]
    body = "\n".join(lines).encode()
    small = decode_json(body, source)
    monkeypatch.setattr(decode, "COLUMNAR_FROM", 0)
    large = decode_json(body, source)
    assert repr(values(large.good)) == repr(values(small.good))
    assert large.good.schema == small.good.schema
    shown = ["c__error_column", "c__error", "n", "v"]
    assert large.quarantine.select(shown).to_pylist() == small.quarantine.select(shown).to_pylist()
    assert small.successful_rows + small.quarantined_rows == len(VALUES)


@pytest.mark.parametrize("bad", [(), (0,), (1500,), (700, 1501, 2999)])
def test_pieces_of_a_body_are_decoded_as_the_whole(
    bad: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = datasource(("n", "UInt32"), ("v", "String", "$.v", "'z'"))
    lines = [json.dumps({"n": i, "v": "x" * 100}) for i in range(3000)]
    for i in bad:
        lines[i] = '{"n":"no"}'
    lines[10:10] = ["", '{"n":"5","v":null}', "{"]
    body = "\n".join(lines).encode()
    whole = decode_json(body, source)
    monkeypatch.setattr(bulk, "PIECE_BYTES", 64 << 10)
    monkeypatch.setattr(bulk, "_PROBE_BYTES", 4 << 10)
    pieces = decode_json(body, source)
    good = [i for i in range(3000) if i not in bad]
    at = sum(i < 10 for i in good)
    assert whole.good.column("n").to_pylist() == [*good[:at], 5, *good[at:]]
    assert pieces.good.column("n").to_pylist() == whole.good.column("n").to_pylist()
    assert {k: m.to_pylist() for k, m in pieces.defaulted.items()} == {
        k: m.to_pylist() for k, m in whole.defaulted.items()
    }
    shown = ["c__error_column", "c__error", "n", "v"]
    assert pieces.quarantine.select(shown).to_pylist() == whole.quarantine.select(shown).to_pylist()
    assert len(whole.quarantine) == len(bad) + 1


@pytest.mark.parametrize("gap", ["", " "])
@pytest.mark.parametrize("newline", ["", "\n"])
def test_lines_with_a_misfit_are_set_apart(gap: str, newline: str) -> None:
    source = datasource(("n", "UInt32"), ("v", "Float64"), ("s", "String"))
    intake = intake_of(source)
    texts = [f'{{"n":{i},"v":{gap}{i}.5,"s":"x"}}' for i in range(2000)]
    texts[7] = f'{{"n":7,"v":{gap}"7.5","s":"x"}}'  # right all the same
    texts[1000] = f'{{"n":1000,"v":{gap}"bad","s":"x"}}'
    texts[1500] = f'{{"n":1500,"v":{gap}1,"s":"\\"v\\":{gap}\\"x"}}'  # only looks like one
    texts[1999] = f'{{"n":1999,"v":{gap}"","s":"x"}}'
    body = ("\n".join(texts) + newline).encode()
    misfit = misfit_in(body, intake)
    assert misfit == Misfit("v", b'"')
    sieved = decode_sieved(body, misfit, intake)
    assert sieved is not None
    assert sieved.good["n"].to_pylist() == [i for i in range(1999) if i != 1000]
    assert sieved.good["v"].to_pylist()[7] == 7.5
    assert sieved.quarantine["c__error_column"].to_pylist() == [["v"], ["v"]]
    assert [row.row for row in sieved.exact.refused] == [1000, 1999]


@pytest.mark.parametrize(
    "line",
    [
        '{"n":1,"\\u0076":"bad"}',
        '{"n":1,"v"  :  "bad"}',
        '{"n":1,"v":1.5}\n',
        '{"n":1}',
    ],
)
def test_a_sieve_that_overlooks_a_line_answers_nothing(line: str) -> None:
    intake = intake_of(datasource(("n", "UInt32"), ("v", "Float64")))
    texts = ['{"n":1,"v":0.5}'] * 100 + ['{"n":1,"v":"bad"}', line, '{"n":2,"v":2}']
    body = "\n".join(texts).encode()
    assert decode_sieved(body, Misfit("v", b'"'), intake) is None


def test_a_large_document_is_read_as_one_whether_or_not_it_is_called_one() -> None:
    source = datasource(("n", "UInt32"), ("v", "String"))
    rows = [{"n": i, "v": "x" * 100} for i in range(3000)]
    for text in (json.dumps(rows), json.dumps(rows, indent=1), ",\n".join(map(json.dumps, rows))):
        found = decode_json(text.encode(), source)
        assert (found.successful_rows, found.quarantined_rows) == (3000, 0)
