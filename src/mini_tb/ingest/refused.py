"""What the rules of all types share: a value is turned into another, or refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Refused(ValueError):
    """The value cannot be stored in the column; the message ends the sentence `value … is …`."""


Parse = Callable[[Any], Any]
"""A decoded JSON value (never null) → what Arrow carries. Raises Refused."""
