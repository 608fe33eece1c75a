"""Which lines behind a log entry carry its stack trace on, where each line became an entry of its own.

The rules know the shapes that runtimes print: CPython, the JVM, Node.js, Go, PHP, Ruby, .NET and Rust.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from asayer_cli.collector import says_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

T = TypeVar("T")

MOST_LINES: Final = 1_000
_LONGEST_JUDGED: Final = 2_000
_OWN_TAG: Final = re.compile(r"\s*\[[A-Za-z_.]*session_?id[^\]]{0,80}\][ ]?", re.IGNORECASE | re.ASCII)
_PYTHON: Final = re.compile(r"(?:Traceback|Stack) \(most recent call last\):")
_PYTHON_CHAIN: Final = re.compile(
    r"During handling of the above exception, another exception occurred:"
    r"|The above exception was the direct cause of the following exception:"
)
_GO: Final = re.compile(r"goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[[^\]]+\]:")
_GO_LINE: Final = re.compile(
    r"[\w./*-]+\.[\w.()*\[\]/-]*\(.*\)|created by |exit status \d+$|\[signal |panic: |runtime\.\w+$|\[recovered\]"
)
_RUST_PANIC: Final = re.compile(r"panicked at .*:\d+:\d+:$")
_PYTHON_LAST: Final = re.compile(r"(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:: .*|:)?$")
_EXCEPTION: Final = re.compile(
    r"(?:Uncaught |Unhandled exception\. |Fatal error: (?:Uncaught )?|Exception in thread \"[^\"]*\" )?"
    r"(?:[A-Za-z_$][\w$]*(?:\.|::|\\))*[A-Za-z_$][\w$]*(?:Error|Exception|Throwable|Fault)\b(?!\S*=)"
)
_ANYWHERE: Final = re.compile(
    r"Caused by: |Suppressed: |Wrapped by: |\.\.\. \d+ (?:more|common frames omitted)|at \S+[(.]"
    r"|#\d+ |(?:PHP )?Stack trace:|PHP +\d+\. |thrown in .* on line \d+|from \S+:\d+(?::in |$)|\S+:\d+:in ['`\"]"
    r"|--- End of (?:inner exception )?stack trace|---> |panic: |thread '[^']*' panicked at |stack backtrace:"
    r"|note: (?:run with|Some details)"
)
_OPEN_BRACE: Final = re.compile(r"[{\[]\s*$")
_FRAME: Final = re.compile(
    r"\s+(?:at |File \"|from \S+:\d|\d+: |\S+:\d+ \+0x)|#\d+ |goroutine \d|Traceback \(|\S+:\d+:in |Stack trace:"
)
_CLOSING: Final = frozenset({"}", "]", "})", "},", "];"})
_GIST: Final = re.compile(
    r"(?:Caused by: |Uncaught )?(?:[A-Za-z_$][\w$]*(?:\.|::|\\))*[A-Za-z_$][\w$]*"
    r"(?:Error|Exception|Throwable|Interrupt|Exit|Warning|Fault)\b|(?:[A-Za-z_]\w*\.)+[A-Z]\w*(?:: |$)"
    r"|[A-Z]\w+: \S|panic: "
)


def opens_trace(message: str) -> bool:
    """Tell whether lines of a stack trace may stand right behind an entry: it tells of an error, and is no JSON."""
    text = without_tag(message[:_LONGEST_JUDGED])
    if text.lstrip()[:1] == "{":
        return False
    return says_error(text) or any(pattern.search(text) for pattern in (_PYTHON, _GO, _RUST_PANIC))


def continues(lines: Iterable[str], line: str) -> bool:
    """Tell whether `line` carries on the trace of an entry whose `lines`, its own and those of the trace, are these."""
    trace = TraceLines()
    for known in lines:
        trace.add(known)
    return trace.takes(line)


def trace_behind(message: str, neighbours: Iterable[T], text: Callable[[T], str]) -> tuple[T, ...]:
    """Return those of the neighbours, which stand right behind an entry in its stream, that carry its trace on.

    They are read no further than needed, at most `MOST_LINES` of them; `text` gives a neighbour's message. One with a
    tag of its own is an entry of its own.
    """
    if not opens_trace(message):
        return ()
    trace = TraceLines(message)
    found: list[T] = []
    whole = 0
    for neighbour in neighbours:
        lines = text(neighbour)
        if len(found) >= MOST_LINES or not trace.takes(lines):
            break
        trace.add(lines)
        found.append(neighbour)
        whole = len(found) if lines.strip() else whole
    return tuple(found[:whole])


def without_tag(line: str) -> str:
    """Return a line without the tag that it begins with, if it does."""
    match = _OWN_TAG.match(line)
    return line[match.end() :] if match else line


def gist(lines: Sequence[str]) -> str:
    """Return the line of a trace that names the error in the end, empty where there is none."""
    named = (line for line in reversed(lines) if line[:1].strip() and _GIST.match(line))
    return next(named, "")


def is_trace(lines: Sequence[str]) -> bool:
    """Tell whether lines look like those of a stack trace, and not just like a message of several."""
    return any(_FRAME.match(line) for line in lines)


class TraceLines:
    """The lines of an entry and its trace so far, as far as they decide about the next one.

    An empty line is taken where more may follow; the last ones of a trace are to be dropped.
    """

    def __init__(self, message: str = "") -> None:
        self._in_python = False
        self._in_go = False
        self._rust_message = False
        self._braces = 0
        self._lines = 0
        self._begun = False
        if message:
            self.add(message)

    def add(self, text: str) -> None:
        """Take a line, or several."""
        for line in text[: _LONGEST_JUDGED * 10].splitlines() or [""]:
            self._add(without_tag(line))

    def takes(self, text: str) -> bool:
        """Tell whether a further line, or entry of several, belongs to the trace; a tagged one does not."""
        line = text.partition("\n")[0][:_LONGEST_JUDGED].rstrip("\r")
        if _OWN_TAG.match(line):
            return False
        return self._goes_on(line) or bool(_ANYWHERE.match(line) or _EXCEPTION.match(line))

    def takes_written_alike(self, line: str) -> bool:
        """Tell whether an entry that was tagged as this one is a line of the trace: an error alone may be another."""
        cut = line[:_LONGEST_JUDGED]
        return self._goes_on(cut) or (self._begun and bool(_ANYWHERE.match(cut)))

    def _goes_on(self, line: str) -> bool:
        if not line.strip():
            return self._lines > 0
        if line[0] in " \t" or _PYTHON.match(line) or _PYTHON_CHAIN.match(line) or _GO.match(line):
            return True
        if self._rust_message or (self._in_python and _PYTHON_LAST.match(line)):
            return True
        if self._in_go and _GO_LINE.match(line):
            return True
        return bool(self._braces) and line.strip() in _CLOSING

    def _add(self, line: str) -> None:
        if not line.strip():
            return
        indented = self._lines > 0 and line[0] in " \t"
        self._lines += 1
        self._begun = self._begun or indented
        self._rust_message = bool(_RUST_PANIC.search(line))
        if _PYTHON.search(line):
            self._in_python = True
        elif not indented:
            self._in_python = False
        self._in_go = self._in_go or bool(_GO.search(line))
        self._braces += bool(_OPEN_BRACE.search(line)) - (line.strip() in _CLOSING)
