"""Strings: `concat`, `lower`, `upper`, `length`, `substring`, …"""

from __future__ import annotations

from mini_tb.sql.functions.function import Function
from mini_tb.types import STRING

ROWS = (
    Function("concat", STRING, "concat({args})", args=(1, None), any_case=True),
    Function("lower", STRING, "lower({0})", any_case=True, aliases=("lcase",)),
    Function("upper", STRING, "upper({0})", any_case=True, aliases=("ucase",)),
)
