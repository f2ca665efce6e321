"""mini-tb: a data project of text files becomes a real-time analytics API on your own machine.

from mini_tb import Workspace
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mini_tb.workspace import Workspace

__version__ = "0.1.0"
__all__ = ["Workspace", "__version__"]


def __getattr__(name: str) -> object:
    # The engine is loaded by who uses it: `mini-tb --version` must not.
    if name == "Workspace":
        from mini_tb.workspace import Workspace

        return Workspace
    raise AttributeError(name)
