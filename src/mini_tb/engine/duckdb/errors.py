"""DuckDB's refusals as ClickHouse's error numbers, as `X-DB-Exception-Code` gives them."""

from __future__ import annotations

import re
from enum import IntEnum

from mini_tb.diagnostics import EngineError


class Code(IntEnum):
    """ClickHouse's error numbers that this engine answers with."""

    CANNOT_PARSE_TEXT = 6
    CANNOT_READ_ALL_DATA = 33
    BAD_ARGUMENTS = 36
    ILLEGAL_TYPE_OF_ARGUMENT = 43
    UNKNOWN_FUNCTION = 46
    UNKNOWN_IDENTIFIER = 47
    NOT_IMPLEMENTED = 48
    LOGICAL_ERROR = 49
    TYPE_MISMATCH = 53
    UNKNOWN_TABLE = 60
    SYNTAX_ERROR = 62
    ARGUMENT_OUT_OF_BOUND = 69
    CANNOT_CONVERT_TYPE = 70
    CANNOT_WRITE_TO_FILE = 75
    ILLEGAL_DIVISION = 153
    TIMEOUT_EXCEEDED = 159
    TOO_MANY_SIMULTANEOUS_QUERIES = 202
    MEMORY_LIMIT_EXCEEDED = 241
    TABLE_IS_READ_ONLY = 242
    NOT_ENOUGH_SPACE = 243
    QUERY_WAS_CANCELLED = 394
    DECIMAL_OVERFLOW = 407
    ACCESS_DENIED = 497


_BY_CLASS: dict[str, tuple[Code, int]] = {
    # DuckDB's exception class: ClickHouse's number, HTTP status.
    "ParserException": (Code.SYNTAX_ERROR, 400),
    "BinderException": (Code.ILLEGAL_TYPE_OF_ARGUMENT, 400),
    "CatalogException": (Code.UNKNOWN_IDENTIFIER, 400),
    "ConversionException": (Code.CANNOT_PARSE_TEXT, 400),
    "OutOfRangeException": (Code.ARGUMENT_OUT_OF_BOUND, 400),
    "TypeMismatchException": (Code.TYPE_MISMATCH, 400),
    "InvalidTypeException": (Code.CANNOT_CONVERT_TYPE, 400),
    "InvalidInputException": (Code.BAD_ARGUMENTS, 400),
    "NotImplementedException": (Code.NOT_IMPLEMENTED, 400),
    "SyntaxException": (Code.SYNTAX_ERROR, 400),
    "PermissionException": (Code.ACCESS_DENIED, 403),
    "OutOfMemoryException": (Code.MEMORY_LIMIT_EXCEEDED, 400),
    "InterruptException": (Code.QUERY_WAS_CANCELLED, 400),
    "IOException": (Code.CANNOT_WRITE_TO_FILE, 503),
}

_BY_TEXT: tuple[tuple[re.Pattern[str], Code, int], ...] = (
    # Refusals whose class alone does not tell, in the order they are tried.
    (re.compile(r"[Rr]ead-only"), Code.TABLE_IS_READ_ONLY, 503),
    (re.compile(r"Table with name .* does not exist"), Code.UNKNOWN_TABLE, 400),
    (re.compile(r"Function with name .* does not exist"), Code.UNKNOWN_FUNCTION, 400),
    (re.compile(r"column .* not found", re.IGNORECASE), Code.UNKNOWN_IDENTIFIER, 400),
    (re.compile(r"does not have a column named"), Code.UNKNOWN_IDENTIFIER, 400),
    (re.compile(r"division by zero", re.IGNORECASE), Code.ILLEGAL_DIVISION, 400),
    (re.compile(r"out of memory", re.IGNORECASE), Code.MEMORY_LIMIT_EXCEEDED, 400),
)

_OF_DECIMALS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Refusals of what a Decimal does not hold, or of a Decimal that a number does not, in
    # ClickHouse's words: DuckDB's name its own types.
    (
        re.compile(r"cast decimal value|[Cc]ast(?:ing)? value .* to (?:type )?DECIMAL"),
        "Convert overflow",
    ),
    (re.compile(r"[Oo]verflow in .* DECIMAL|result of DECIMAL"), "Decimal math overflow"),
)

_DISK_CLASSES = frozenset(
    {"FatalException", "IOException", "OutOfMemoryException", "TransactionException"}
)
_OF_THE_DISK: tuple[tuple[re.Pattern[str], Code, str], ...] = (
    # What is wrong with the server's disk, in words that do not show where things are.
    (
        re.compile(r"No space left|disk is full|max_temp_directory_size"),
        Code.NOT_ENOUGH_SPACE,
        "No space left on the server's disk",
    ),
    (
        re.compile(r"orrupt|checksum|Could not read enough bytes"),
        Code.CANNOT_READ_ALL_DATA,
        "The stored data is damaged: restore it from a backup",
    ),
    (
        re.compile(r"Cannot open file|Could not (?:read|write|sync|truncate)|Input/output error"),
        Code.CANNOT_WRITE_TO_FILE,
        "The server's disk cannot be read or written",
    ),
)

_OWN_CODE = re.compile(r"DB::(\d+): ?(.*)")
"""What compiled SQL raises on purpose (`error('DB::395: text')`): number and text as they are."""

_KIND = re.compile(r"^[A-Z][A-Za-z ]+ Error: ")
_POSITION = re.compile(r"\n+(LINE \d+: |Candidate |Did you mean ).*", re.DOTALL)


def timed_out(timeout_s: float) -> EngineError:
    """The statement ran into its time limit: ClickHouse's 159, HTTP 408."""
    text = f"Timeout exceeded: the query ran for more than {timeout_s:g} seconds"
    return EngineError(text, code=Code.TIMEOUT_EXCEEDED, status=408)


def cancelled() -> EngineError:
    """The statement was stopped from outside: ClickHouse's 394."""
    return EngineError("Query was cancelled", code=Code.QUERY_WAS_CANCELLED)


def lost(text: str) -> EngineError:
    """The database cannot be used now: ClickHouse's 49, HTTP 503."""
    return EngineError(text, code=Code.LOGICAL_ERROR, status=503)


def from_duckdb(error: BaseException) -> EngineError:
    """The `EngineError` that a DuckDB exception means. Statement texts are not repeated in it: they
    are ours, not the caller's."""
    text = str(error)
    if type(error).__name__ == "InternalException":
        return EngineError(
            f"DuckDB: {text.partition(chr(10))[0]}", code=Code.LOGICAL_ERROR, status=500
        )
    if "database has been invalidated" in text:
        return lost("The engine starts anew after an internal error; try again")
    own = _OWN_CODE.search(_POSITION.sub("", text))
    if own:
        return EngineError(own.group(2).strip(), code=int(own.group(1)))
    if "Failure in decode" in text:
        return EngineError(
            "Bytes that are not UTF-8 cannot be read as text here", code=Code.NOT_IMPLEMENTED
        )
    if type(error).__name__ in _DISK_CLASSES:
        for pattern, better, said in _OF_THE_DISK:
            if pattern.search(text):
                return EngineError(said, code=better, status=503)
    for pattern, said in _OF_DECIMALS:
        if pattern.search(text):
            return EngineError(said, code=Code.DECIMAL_OVERFLOW)
    code, status = _BY_CLASS.get(type(error).__name__, (Code.LOGICAL_ERROR, 500))
    for pattern, better, better_status in _BY_TEXT:
        if pattern.search(text):
            code, status = better, better_status
            break
    return EngineError(_POSITION.sub("", _KIND.sub("", text)).strip(), code=code, status=status)
