"""Digests with a key, by Python's `hmac`: each distinct pair of a message and a key is digested
once."""

from __future__ import annotations

import hmac

from mini_tb.sql.functions.udf.values import python_udf


def _digest(mode: str, message: bytes, key: bytes) -> bytes:
    return hmac.digest(key, message, mode)


UDFS = (python_udf("mt_hmac", ("VARCHAR", "BLOB", "BLOB"), "BLOB", _digest),)
