"""Timing: medians with their spread, and ratios between what ran in the same minutes.

Rivals run in turns (a, b, a, b, …), so that a machine that is slow for a while is slow for both.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """The seconds that each run of something took."""

    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Half of the runs were faster."""
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        low, high = min(self.seconds), max(self.seconds)
        runs = len(self.seconds)
        return (
            f"{self.name:<44} {_shown(self.median):>10}"
            f"   [{_shown(low)} … {_shown(high)}, {runs} runs]"
        )


def _shown(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.1f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} µs"


def timed(work: Callable[[], object]) -> float:
    """The seconds that `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def in_turns(rivals: Mapping[str, Callable[[], object]], runs: int) -> dict[str, Timing]:
    """The wall times of all rivals, each run `runs` times, one after the other."""
    return in_turns_given({name: _timing(work) for name, work in rivals.items()}, runs)


def _timing(work: Callable[[], object]) -> Callable[[], float]:
    return lambda: timed(work)


def in_turns_given(rivals: Mapping[str, Callable[[], float]], runs: int) -> dict[str, Timing]:
    """As `in_turns`, for rivals that measure themselves and return seconds."""
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(runs):
        for name, work in rivals.items():
            seconds[name].append(work())
    return {name: Timing(name, tuple(found)) for name, found in seconds.items()}


def report(timings: Mapping[str, Timing]) -> None:
    """Print the timings, one a line."""
    for timing in timings.values():
        print(f"  {timing}")


def compare(
    what: str, ratio: float, *, at_least: float = 0.0, at_most: float = 0.0, unit: str = "×"
) -> None:
    """Print a ratio, or a number of `unit`, and whether it is where it should be."""
    if at_least:
        verdict = f"{'ok' if ratio >= at_least else 'MISSED'}: wanted ≥ {at_least:g}"
    elif at_most:
        verdict = f"{'ok' if ratio <= at_most else 'MISSED'}: wanted ≤ {at_most:g}"
    else:
        verdict = ""
    print(f"  → {what}: {ratio:.2f}{unit}   {verdict}".rstrip())
