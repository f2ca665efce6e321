"""A server of this process, on free ports, over a folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mini_tb.server.serve import Listening, serve
from mini_tb.workspace.registry import Registry


@contextmanager
def served_here(folder: Path, name: str) -> Iterator[Listening]:
    """Serves until the context ends; the server must end, and leave no note of itself."""
    ready = threading.Event()
    found: list[Listening] = []

    def note(where: Listening) -> None:
        found.append(where)
        ready.set()

    with Registry(folder, name=name) as registry:
        thread = threading.Thread(
            target=serve,
            args=(registry,),
            kwargs={"port": 0, "clickhouse_port": 0, "on_ready": note},
        )
        thread.start()
        assert ready.wait(20)
        yield found[0]
        found[0].stop()
        thread.join(20)
        assert not thread.is_alive()
        assert not (folder / ".mini-tb" / "server.json").exists()
