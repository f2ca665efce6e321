"""Digests with a key, by Python's `hmac`: each distinct pair of a message and a key is digested
once."""

from __future__ import annotations

import hmac
from typing import Any

from mini_tb.sql.duckdb.udf import Udf, over_rows


def _hmac(modes: Any, messages: Any, keys: Any) -> Any:
    import pyarrow as pa

    def digest(mode: str, message: bytes, key: bytes) -> bytes:
        return hmac.digest(key, message, mode)

    return over_rows(digest, (modes, messages, keys), pa.binary())


UDFS = (Udf("mt_hmac", ("VARCHAR", "BLOB", "BLOB"), "BLOB", _hmac),)
