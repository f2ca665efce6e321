"""docs/reference/cli.md is what `--help` says; `pytest --update-golden tests/docs` writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from mini_tb.cli.main import app

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "cli.md"
HEAD = """# Commands

What `--help` says, command by command.
"""


def commands(command: Any, name: str, parent: Any = None) -> Iterator[tuple[str, Any, Any]]:
    """(name, command, its context), groups before what is in them."""
    context = (
        type(parent)(command, info_name=name.rpartition(" ")[2], parent=parent) if parent else None
    )
    if context is None:
        context = command.make_context("mini-tb", [], resilient_parsing=True)
    context.terminal_width = context.max_content_width = 96
    yield name, command, context
    for inner in getattr(command, "commands", {}):
        yield from commands(command.commands[inner], f"{name} {inner}", context)


def reference() -> str:
    """The whole page."""
    parts = [HEAD]
    for name, command, context in commands(get_command(app), "mini-tb"):
        parts.append(f"\n## {name}\n\n```\n{command.get_help(context).rstrip()}\n```\n")
    return "".join(parts)


def test_the_page_is_what_help_says(golden: Callable[[Path, str], None]) -> None:
    golden(PAGE, reference())


def test_every_command_has_an_example_and_every_option_a_word() -> None:
    for name, command, _ in commands(get_command(app), "mini-tb"):
        if not hasattr(command, "commands"):
            assert "mini-tb " in (command.help or ""), f"{name} shows no example"
        for param in command.params:
            assert param.help, f"{name}: {param.name} says nothing"
