"""Tables whose rows are in modules of their own, one a family of functions.

A family is loaded with the first of its rows that is looked up: most queries need few. `index` says
which family a name is in (`python dev.py compat` writes it).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import import_module
from threading import RLock
from typing import Generic, Protocol, TypeVar


class Row(Protocol):
    """What is found by its name or an alias; with `any_case`, in whatever case it is written."""

    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...
    @property
    def any_case(self) -> bool: ...


R = TypeVar("R", bound=Row)


class Families(Generic[R]):
    """The rows of all families, given by their modules in `package` as `attribute`. Methods may be
    called from any thread."""

    def __init__(
        self, package: str, attribute: str, families: Sequence[str], index: Mapping[str, str]
    ) -> None:
        self.families = families
        self._package, self._attribute, self._index = package, attribute, index
        self._waiting = set(families)
        self._lock = RLock()
        self._exact: dict[str, R] = {}
        self._folded: dict[str, R] = {}

    def rows(self, family: str) -> Sequence[R]:
        """The rows of one family, in its own order."""
        found: Sequence[R] = getattr(import_module(f"{self._package}.{family}"), self._attribute)
        return found

    def find(self, name: str) -> R | None:
        """The row of that name, or None."""
        if self._waiting:
            for family in self._waiting.intersection(self._places.get(name.lower(), ())):
                self._load(family)
        return self._exact.get(name) or self._folded.get(name.lower())

    def all(self) -> Mapping[str, R]:
        """Every row under each of its names."""
        for family in self.families:
            self._load(family)
        return self._exact

    def _load(self, family: str) -> None:
        with self._lock:
            if family not in self._waiting:
                return
            for row in self.rows(family):
                for name in (row.name, *row.aliases):
                    self._add(self._exact, name, row)
                for folded in {name.lower() for name in (row.name, *row.aliases) if row.any_case}:
                    self._add(self._folded, folded, row)
            self._waiting.discard(family)

    @staticmethod
    def _add(rows: dict[str, R], name: str, row: R) -> None:
        if name in rows:
            raise KeyError(f"function {name} is in the table twice")
        rows[name] = row

    @cached_property
    def _places(self) -> Mapping[str, set[str]]:
        """The families of names, in lower case."""
        places = defaultdict(set)
        for family, names in self._index.items():
            for name in names.lower().split():
                places[name].add(family)
        return places
