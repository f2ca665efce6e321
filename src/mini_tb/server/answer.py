"""A query's result as an HTTP answer in one of ClickHouse's formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mini_tb.server.reply import Stream

if TYPE_CHECKING:
    from mini_tb.engine.base import Result
    from mini_tb.server.call import Call

OUTPUT_SETTINGS = (
    "output_format_json_quote_64bit_integers",
    "output_format_json_quote_denormals",
    "output_format_parquet_string_as_string",
)
"""Parameters of a request that change how its answer is written."""


def stream(call: Call, result: Result, format_name: str) -> Stream:
    """The answer to `call`: `result`, written as `format_name` while it is read. The result is
    closed with the stream. Raises `UserError` for an unknown format."""
    if call.observed is not None:
        call.observed.result = result
    from mini_tb.formats.answer import Answer, Settings, Statistics
    from mini_tb.formats.registry import find_format

    try:
        found = find_format(format_name)
        settings = Settings(
            quote_64bit_integers=call.flag("output_format_json_quote_64bit_integers"),
            quote_denormals=call.flag("output_format_json_quote_denormals"),
            parquet_string_as_string=call.flag(
                "output_format_parquet_string_as_string", default=True
            ),
        )
        answer = Answer(
            tuple(result.columns),
            result.batches(),
            lambda: Statistics(
                result.elapsed, result.rows_read, result.bytes_read, result.rows_before_limit
            ),
            result.compiled.has_limit,
            result.totals,
            settings,
            result.few_rows,
        )
        pieces = found.write(answer)
    except BaseException:
        result.close()
        raise
    return Stream(pieces, found.content_type, result.close, {"X-ClickHouse-Format": found.name})
