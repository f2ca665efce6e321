"""`dataclass`, as the standard library's and from it, but made in half the time.

A class of the library's has up to six methods of its own, and each is compiled when the class is
made: for two hundred classes a tenth of what a server takes to start. Here all classes share one
way to compare, to hash and to show themselves; only `__init__` is their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    import dataclasses
    from collections.abc import Callable
    from operator import attrgetter
    from reprlib import recursive_repr

    @recursive_repr()
    def _repr(self: Any) -> str:
        shown = (f.name for f in dataclasses.fields(self) if f.repr)
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{type(self).__qualname__}({values})"

    def _eq(self: Any, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self._compared(self) == self._compared(other)

    def _hash(self: Any) -> int:
        return hash(self._compared(self))

    def _values_of(names: list[str]) -> Callable[[Any], Any]:
        """What gives the values of these attributes, as one."""
        if not names:
            return lambda _: ()
        return attrgetter(*names)

    def dataclass(
        cls: type | None = None,
        /,
        *,
        eq: bool = True,
        repr: bool = True,
        frozen: bool = False,
        **options: bool,
    ) -> Any:
        """See `dataclasses.dataclass`; methods of the class's own stay."""

        def made(cls: type) -> type:
            own = vars(cls)
            names = {"__repr__"} - own.keys() if repr else set()
            names |= {"__eq__", "__hash__"} - own.keys() if eq else set()
            cls = dataclasses.dataclass(eq=False, repr=False, frozen=frozen, **options)(cls)
            cls._compared = staticmethod(
                _values_of([f.name for f in dataclasses.fields(cls) if f.compare])
            )
            shared = {"__repr__": _repr, "__eq__": _eq, "__hash__": _hash if frozen else None}
            for name in names:
                setattr(cls, name, shared[name])
            return cls

        return made if cls is None else made(cls)
