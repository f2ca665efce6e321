"""What is wrong with somebody's input, where, and what to do about it.

Stages collect `Diagnostic`s and return them beside what they could make; only the edge raises
`UserError`. `codes` is the registry of stable codes, `render` writes diagnostics for people and
machines.
"""

from mini_tb.diagnostics.diagnostic import (
    Diagnostic,
    EngineError,
    InternalError,
    MiniTbError,
    Severity,
    TextEdit,
    UserError,
    nearest,
)

__all__ = [
    "Diagnostic",
    "EngineError",
    "InternalError",
    "MiniTbError",
    "Severity",
    "TextEdit",
    "UserError",
    "nearest",
]
