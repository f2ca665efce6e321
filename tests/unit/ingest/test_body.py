"""Bodies: compression with bounds, documents, sizes."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
import zstandard

from mini_tb.diagnostics import UserError
from mini_tb.ingest.body import decompress, split_values
from mini_tb.ingest.decode import decode_json
from mini_tb.ingest.jsontext import JsonError
from mini_tb.project import Column, Datasource
from mini_tb.types import INT64, STRING

LINES = b'{"a":1}\n{"a":2}\n'
SOURCE = Datasource("d", (Column("a", INT64, "$.a"),))


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (LINES, None),
        (LINES, "identity"),
        (gzip.compress(LINES, mtime=0), "gzip"),
        (gzip.compress(LINES, mtime=0), None),
        (gzip.compress(LINES[:8], mtime=0) + gzip.compress(LINES[8:], mtime=0), "gzip"),
        (zlib.compress(LINES), "deflate"),
        (zstandard.compress(LINES), "zstd"),
        (zstandard.compress(LINES), None),
        (zstandard.compress(gzip.compress(LINES, mtime=0)), "gzip, zstd"),
    ],
)
def test_encodings(body: bytes, encoding: str | None) -> None:
    assert decompress(body, encoding) == LINES


@pytest.mark.parametrize(
    ("body", "encoding", "code", "status"),
    [
        (gzip.compress(LINES, mtime=0)[:-9], "gzip", "IN103", 400),
        (LINES, "gzip", "IN103", 400),
        (zstandard.compress(LINES)[:-4], "zstd", "IN103", 400),
        (LINES, "zstd", "IN103", 400),
        (gzip.compress(b"0" * 5_000_000, mtime=0), "gzip", "IN104", 413),
        (zstandard.compress(b"0" * 5_000_000), "zstd", "IN104", 413),
        (LINES, "br", "IN105", 415),
    ],
)
def test_what_cannot_be_undone(body: bytes, encoding: str, code: str, status: int) -> None:
    with pytest.raises(UserError) as error:
        decompress(body, encoding, limit=1_000_000)
    assert error.value.diagnostics[0].code == code
    assert error.value.status == status


@pytest.mark.parametrize(
    "text",
    ['[{"a":1},{"a":2}]', '{"a":1}{"a":2}', '{"a":1}\n\n {"a":2} ', '[\n{"a":1}\n,\n{"a":2}\n]\n'],
)
def test_documents(text: str) -> None:
    assert split_values(text) == ['{"a":1}', '{"a":2}']


def test_brackets_in_strings_and_below_do_not_split() -> None:
    values = ['{"a":"}{]["}', '{"b":[{"c":[1]}],"d":"\\"}"}']
    assert split_values(",".join(values)) == values


@pytest.mark.parametrize("text", ['[{"a":1}', '{"a":1}}', '[1,{"a":1}]', '{"a":1} x', "]"])
def test_what_is_no_document(text: str) -> None:
    with pytest.raises(JsonError):
        split_values(text)


@pytest.mark.parametrize("document", [True, False])
@pytest.mark.parametrize(
    "body",
    [b'{\n "a": 1\n}', b'[{"a":1}]', b'[\n  {"a": 1}\n]', b'\xef\xbb\xbf{"a":1}\r\n', b' {"a":1} '],
)
def test_one_record_however_it_is_laid_out(body: bytes, document: bool) -> None:
    assert decode_json(body, SOURCE, document=document).good["a"].to_pylist() == [1]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "IN101"),
        (b" \n ", "IN101"),
        (b"[]", "IN102"),
        (b"hello", "IN102"),
        (b"1\n2", "IN102"),
        (b"hello\n" * 100_000, "IN102"),
        (b'{"a":' * 100_000, "IN102"),
        (b"[" * 1_000_000, "IN102"),
    ],
)
def test_a_body_without_records_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(UserError) as error:
        decode_json(body, SOURCE)
    assert error.value.diagnostics[0].code == code


@pytest.mark.parametrize("size", [10, 100, 2_000, 30_000])
def test_rows_keep_their_order_whatever_the_size(size: int) -> None:
    source = Datasource("d", (Column("a", INT64, "$.a"), Column("s", STRING, "$.s")))
    lines, good = [], []
    for i in range(size):
        if i % 10 == 3:
            lines.append('{"a":"x","s":"bad"}')
        elif i % 10 == 5:
            lines.append(f'{{"a":"{i}","s":1.50}}')  # only the exact way can tell
            good.append((i, "1.50"))
        elif i % 10 == 7:
            lines.append("")
        else:
            lines.append(json.dumps({"s": f"é{i}", "a": i}))
            good.append((i, f"é{i}"))
    decoded = decode_json("\n".join(lines).encode(), source)
    found = zip(decoded.good["a"].to_pylist(), decoded.good["s"].to_pylist(), strict=True)
    assert list(found) == good
    assert decoded.quarantined_rows == sum(line.endswith('"bad"}') for line in lines)
    assert decoded.successful_rows == len(good)


@pytest.mark.parametrize("count", [3, 20_000])
@pytest.mark.parametrize("first", [b'{"a":"1}', b'{"a":1"}', b'{"a":{"b":1}', b'{"a"'])
def test_a_broken_first_line_swallows_no_other(first: bytes, count: int) -> None:
    # Its quotes and brackets would close on the next lines, if it were part of a document.
    lines = [first, b'{"a":"2"}', b'{"b":1}}', *(b'{"a":%d}' % i for i in range(count))]
    decoded = decode_json(b"\n".join(lines), SOURCE)
    assert decoded.successful_rows + decoded.quarantined_rows == count + 3
    assert decoded.good["a"].to_pylist()[-count:] == list(range(count))


def test_deep_nesting_harms_nobody() -> None:
    deep = b'{"a":%s}' % (b"[" * 500_000 + b"]" * 500_000)
    decoded = decode_json(LINES * 1000 + deep + b"\n" + LINES, SOURCE)
    assert (decoded.successful_rows, decoded.quarantined_rows) == (2002, 1)


def test_lines_that_are_not_utf8_or_not_json_do_not_hurt_the_others() -> None:
    lines = [b'{"a":%d}' % i for i in range(20_000)]
    lines[7], lines[11_000], lines[19_999] = b'{"a":"\xff"}', b"{bad", b'{"a":'
    decoded = decode_json(b"\n".join(lines), SOURCE)
    assert decoded.successful_rows == 19_997
    assert decoded.quarantine["c__error_column"].to_pylist() == [["$"]] * 3
    assert decoded.good["a"].to_pylist()[-1] == 19_998
