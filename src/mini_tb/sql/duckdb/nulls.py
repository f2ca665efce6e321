"""NULL in, NULL out: the functions that promise it, and whose text in DuckDB does not keep it.

DuckDB's functions give NULL where they get one, but a text that is more than calls of them may
answer for NULL too: `coalesce`, an ELSE, `greatest`, a slice to an unknown end. Such a text is
computed only where no argument is NULL.
"""

from __future__ import annotations

import re

from mini_tb.sql.tree import Call

_WORDS = "coalesce CASE greatest least lambda array_slice array_to_string printf concat concat_ws"
_LENIENT = re.compile(
    rf"\b(?:{'|'.join(_WORDS.split())}|IS NULL|IS NOT|mt_\w+)\b|(?<![\w\])])[\[{{]"
)
"""What answers for NULL: lists and structs that are made here, too."""


def is_lenient(call: Call, template: str | None) -> bool:
    """Whether the function gives NULL for NULL, and its text may not. `template` is the row's, if
    it is one."""
    function = call.function
    if not (function.nulls and call.type.is_nullable):
        return False
    text = template
    if text is None:
        assert callable(function.lower)
        text = function.lower(call, [f"a{i}" for i in range(len(call.args))])
    return _LENIENT.search(text) is not None


def known_only(call: Call, text: str, args: list[str]) -> str:
    """The text, NULL where an argument is."""
    tests = [
        f"{sql} IS NOT NULL"
        for arg, sql in zip(call.args, args, strict=True)
        if arg.type.is_nullable
    ]
    return f"CASE WHEN {' AND '.join(tests)} THEN {text} END" if tests else text
