"""Functions that only make sense over a window: `row_number`, `rank`, `lagInFrame`, …"""

from __future__ import annotations

from mini_tb.sql.functions.function import Function
from mini_tb.types import UINT64

ROWS = tuple(
    Function(name, UINT64, f"{name}()", args=(0, 0), window_only=True, any_case=True)
    for name in ("row_number", "rank", "dense_rank")
)
