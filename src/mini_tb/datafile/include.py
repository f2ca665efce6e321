"""`INCLUDE "file.incl" "NAME=value"`: the lines of another file in place of the instruction.

`$NAME` and `${NAME}` in the included file are replaced by the values given. The result is one text
whose every character knows the file it came from, so that a mistake in an included file is shown
in that file. Includes may nest; a cycle is an error.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from mini_tb.datafile.instructions import Kind
from mini_tb.datafile.parser import Parsed, parse
from mini_tb.datafile.tree import Setting, unquote
from mini_tb.diagnostics import Diagnostic, nearest
from mini_tb.source import Fragment, Piece, SourceFile, Span

_WORD = re.compile(r"\"[^\"]*\"|'[^']*'|\S+")
VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")


def expand(
    parsed: Parsed, files: Mapping[str, SourceFile], kind: Kind, *, within: tuple[str, ...] = ()
) -> Parsed:
    """The same file with its includes taken in; as it is when it has none.

    `files` are the project's texts by path. Diagnostics of an unreadable include are added.
    """
    tree = parsed.tree
    includes = [
        entry
        for entry in tree.all_entries()
        if isinstance(entry, Setting) and entry.row.name == "INCLUDE" and entry.value is not None
    ]
    if not includes:
        return parsed
    diagnostics: list[Diagnostic] = []
    source = tree.source
    texts: list[str] = []
    pieces: list[Piece] = []
    size = at = 0
    for entry in sorted(includes, key=lambda entry: entry.word.start):
        start = entry.word.start
        texts.append(source.text[at:start])
        pieces.extend(source.pieces_of(at, start, size))
        size += start - at
        at = (entry.note or entry.value or entry.word).end
        assert entry.value is not None  # chosen above
        path = tree.file.path
        span = tree.span_of(entry.value)
        included = _read(entry.value, span, path, files, (*within, path), kind, diagnostics)
        if included is not None:
            texts.append(included.text)
            pieces.extend(
                Piece(size + p.start, p.origin, p.length, p.file or included.file)
                for p in included.pieces
            )
            size += len(included.text)
    texts.append(source.text[at:])
    pieces.extend(source.pieces_of(at, len(source.text), size))
    whole = parse(Fragment("".join(texts), source.file, tuple(pieces)), kind)
    return Parsed(whole.tree, (*whole.diagnostics, *diagnostics))


def _read(
    value: str,
    span: Span | None,
    path: str,
    files: Mapping[str, SourceFile],
    within: tuple[str, ...],
    kind: Kind,
    diagnostics: list[Diagnostic],
) -> Fragment | None:
    """The text to take in for `INCLUDE value` in the file `path`; None if it cannot be."""
    name, *assignments = (unquote(word) for word in _WORD.findall(value))
    variables: dict[str, str] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key.strip().isidentifier():
            diagnostics.append(
                Diagnostic(
                    "DF019",
                    f"expected `NAME=value` after the file, not `{assignment}`",
                    span,
                    hint='write `INCLUDE "file.incl" "NAME=value"`',
                )
            )
            continue
        variables[key.strip()] = unquote(text.strip())
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    candidates = (beside, posixpath.normpath(name), beside + ".incl")
    found = next((candidate for candidate in candidates if candidate in files), None)
    if found is None:
        guess = nearest(beside, [known for known in files if known.endswith(".incl")])
        diagnostics.append(
            Diagnostic(
                "DF015",
                f"there is no file `{beside}` to include",
                span,
                hint=f"did you mean `{guess}`?" if guess else None,
            )
        )
        return None
    if found in within:
        chain = " → ".join((*within[within.index(found) :], found))
        diagnostics.append(Diagnostic("DF016", f"files include each other: {chain}", span))
        return None
    source = _substitute(files[found], variables)
    inner = expand(Parsed(parse(source, kind).tree, ()), files, kind, within=within)
    diagnostics.extend(d for d in inner.diagnostics if d.code in ("DF015", "DF016", "DF019"))
    return inner.tree.source


def _substitute(file: SourceFile, variables: Mapping[str, str]) -> Fragment:
    """The file's text with its variables replaced; unknown ones stay as they are."""
    texts: list[str] = []
    pieces: list[Piece] = []
    size = at = 0
    for match in VARIABLE.finditer(file.text):
        value = variables.get(match[1] or match[2])
        if value is None:
            continue
        before = file.text[at : match.start()]
        pieces.append(Piece(size, at, len(before), file))
        pieces.append(Piece(size + len(before), match.start(), 0, file))
        texts += [before, value]
        size += len(before) + len(value)
        at = match.end()
    rest = file.text[at:]
    pieces.append(Piece(size, at, len(rest), file))
    return Fragment("".join([*texts, rest]), file, tuple(pieces))
