"""`observed.txt`: small files with what is accepted and what is rejected, and on which line.

Each case is `=== title | kind | outcome`, the file, `---`, and the diagnostics. The outcome is the
rule: written by hand, never updated. The diagnostics are golden (`--update-golden`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mini_tb.diagnostics import Severity
from mini_tb.project import Loaded, load_project

TABLE = Path(__file__).parent / "observed.txt"
# What the targets of copies and materializations are in these cases.
OTHERS = {"target.datasource": "SCHEMA >\n    x UInt8\n"}


@dataclass(frozen=True)
class Case:
    title: str
    kind: str
    outcome: str
    text: str

    def load(self) -> Loaded:
        return load_project({f"x.{self.kind}": self.text.replace("<CR>", "\r"), **OTHERS})


def read_cases() -> list[Case]:
    cases = []
    for part in TABLE.read_text().split("=== ")[1:]:
        head, _, rest = part.partition("\n")
        title, kind, outcome = (word.strip() for word in head.split("|"))
        cases.append(Case(title, kind, outcome, rest.partition("---\n")[0]))
    return cases


CASES = read_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.title}")
def test_accepted_or_rejected_on_its_line(case: Case) -> None:
    errors = case.load().errors
    if case.outcome == "accepted":
        assert not errors
    else:
        line = case.outcome.removeprefix("rejected ")
        lines = [str(error.span.line + 1) if error.span else "-" for error in errors]
        assert line in lines


def test_diagnostics(golden: Callable[[Path, str], None]) -> None:
    parts = []
    for case in CASES:
        found = ""
        for d in case.load().diagnostics:
            place = f"{d.span.line + 1}:{d.span.column + 1}" if d.span else "-"
            hint = f" [{d.hint}]" if d.hint else ""
            mark = "" if d.severity is Severity.ERROR else f"{d.severity.value} "
            found += f"{place} {mark}{d.code} {d.message}{hint}\n"
        parts.append(f"=== {case.title} | {case.kind} | {case.outcome}\n{case.text}---\n{found}")
    golden(TABLE, "".join(parts))
