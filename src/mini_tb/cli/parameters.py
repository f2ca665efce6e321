"""Parameters of endpoints on the command line: `--name value`, `--name=value`, and `--param
name=value` where a command has an option of that name itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

ANY_OPTION = {"allow_extra_args": True, "ignore_unknown_options": True}
"""Context settings of a command that takes the parameters of a pipe as options."""

Param = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", metavar="NAME=VALUE", help="A parameter; may be repeated."),
]
Parameters = dict[str, str | list[str]]


def parameters(options: Sequence[str], pairs: Sequence[str] | None) -> Parameters:
    """The parameters by name; one that is given several times is a list. Raises
    `typer.BadParameter`."""
    found: Parameters = {}
    for name, value in (*_options(options), *map(_pair, pairs or ())):
        known = found.get(name)
        if known is None:
            found[name] = value
        else:
            found[name] = [*(known if isinstance(known, list) else [known]), value]
    return found


def _options(options: Sequence[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    rest = iter(options)
    for word in rest:
        if not word.startswith("--") or word == "--":
            raise typer.BadParameter(f"expected --parameter, found {word}")
        name, equals, value = word[2:].partition("=")
        if not equals:
            following = next(rest, None)
            if following is None:
                raise typer.BadParameter(f"--{name} needs a value")
            value = following
        found.append((name, value))
    return found


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise typer.BadParameter(f"expected NAME=VALUE, found {text}", param_hint="--param")
    return name, value
