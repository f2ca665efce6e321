"""The datafile language: text → syntax tree → text. What a datafile means is not known here.

`instructions` is the table that everything else reads; `lexer` and `schema` make tokens,
`datafile.lark` is the grammar, `parser` builds the `tree`, `check` finds mistakes of spelling and
shape, `include` takes in `.incl` files, `format` writes the canonical form.
"""

from mini_tb.datafile.format import format_text
from mini_tb.datafile.instructions import Kind
from mini_tb.datafile.parser import Parsed, parse
from mini_tb.datafile.tree import Tree

__all__ = ["Kind", "Parsed", "Tree", "format_text", "parse"]
