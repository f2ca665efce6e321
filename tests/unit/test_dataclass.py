"""Dataclasses of ours are the standard library's."""

from __future__ import annotations

import copy
import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_tb.dataclass import dataclass

MAKERS = [dataclasses.dataclass, dataclass]
OPTIONS: list[dict[str, bool]] = [
    {},
    {"frozen": True},
    {"frozen": True, "slots": True},
    {"slots": True},
    {"eq": False},
    {"eq": False, "slots": True},
    {"repr": False},
    {"kw_only": True},
]


def classes(make: Callable[..., Any], options: dict[str, bool]) -> tuple[type[Any], ...]:
    """A class without fields, one with some, and one made of it."""

    @make(**options)
    class Empty:
        """Nothing."""

    @make(**options)
    class Pair:
        """Two values, and two that do not count."""

        a: Any
        b: Any = 2
        hidden: Any = dataclasses.field(default=3, compare=False, repr=False)
        made: list[Any] = dataclasses.field(default_factory=list, compare=False)
        later: int = dataclasses.field(default=5, init=False)
        named: int = dataclasses.field(default=6, kw_only=True)
        ready: bool = dataclasses.field(init=False, default_factory=bool, compare=False)

    @make(**options)
    class Triple(Pair):
        """One more."""

        c: Any = 4

    return Empty, Pair, Triple


def outcome(work: Callable[[], Any]) -> Any:
    """What comes of it, an error included."""
    try:
        return work()
    except Exception as error:
        return type(error)


def observed(make: Callable[..., Any], options: dict[str, bool], a: int, b: int, c: int) -> Any:
    """What is seen of instances."""
    empty, pair, triple = classes(make, options)
    one, other = pair(a=a, b=b, hidden=a), pair(a=b, b=a, hidden=c)
    longer, nested = triple(a=a, b=b, c=c), pair(a=one)
    nested.made.append(nested)
    return (
        (one == other, one != other, one == longer, one == (a, b), empty() == empty()),
        longer == triple(a=a, b=b, c=b),
        outcome(lambda: len({one, pair(a=a, b=b), longer, empty()})),
        [repr(x).partition(" object at")[0] for x in (one, longer, nested, empty())],
        outcome(lambda: setattr(one, "a", 9)),
        outcome(lambda: delattr(pair(a=a), "b")),
        outcome(lambda: copy.deepcopy(longer) == longer),
        (longer.later, longer.named, longer.ready),
        outcome(lambda: str(inspect.signature(pair)).count("=")),
        dataclasses.asdict(one),
        repr(dataclasses.replace(longer, c=7)).partition(" object at")[0],
        outcome(pair),
        pair.__match_args__,
    )


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@given(a=st.integers(0, 1), b=st.integers(0, 1), c=st.integers(0, 1))
def test_they_do_what_the_library_s_do(options: dict[str, bool], a: int, b: int, c: int) -> None:
    theirs, ours = (observed(make, options, a, b, c) for make in MAKERS)
    assert theirs == ours


def test_methods_of_a_class_s_own_stay() -> None:
    @dataclass(frozen=True)
    class Own:
        """With all of them."""

        value: int

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 5

    assert (repr(Own(1)), Own(1) == Own(2), hash(Own(1))) == ("own", True, 5)
