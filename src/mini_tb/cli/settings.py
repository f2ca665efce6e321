"""What all commands share: the project's folder and the form of the output."""

from __future__ import annotations

from pathlib import Path

import typer

from mini_tb.cli.target import Target, open_target
from mini_tb.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """The options that stand before the command."""

    folder: Path
    is_json: bool

    @staticmethod
    def of(folder: Path | None, output: str) -> Settings:
        """The settings of a command line; without a folder the project around the current one."""
        from mini_tb.project import find_project

        if folder is not None and not folder.is_dir():
            raise typer.BadParameter(f"{folder} is no folder", param_hint="--folder")
        return Settings(find_project(folder or Path.cwd()), output == "json")

    def open(self) -> Target:
        """The folder's workspace."""
        return open_target(self.folder)


def settings(context: typer.Context) -> Settings:
    """The settings of the command that runs."""
    found = context.find_object(Settings)
    assert found is not None
    return found
