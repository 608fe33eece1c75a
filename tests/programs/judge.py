"""Judge a program's output line by line: whose is each line, and whose should it be?

Lines are compared by their shape: the line without its tag and with all digits alike. Every request of a kind makes
lines of the same shapes, so that also the lines of a traceback, which name no request, can be counted for each.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.programs.plan import Request

_TAG: Final = re.compile(r"\[asayer_session_id=([^\]]*)\] ?")
_NUMBER: Final = re.compile(r"order=((?:none)?[0-9]+)")
_QUOTED_NUMBER: Final = re.compile(r"'(?:none)?[0-9]{15,}'")
_UUID: Final = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_ADDRESS: Final = re.compile(r"\b0x[0-9a-f]+")
_DIGITS: Final = re.compile(r"(?:none)?[0-9]+(?:[.,:][0-9]+)*")
# Python itself writes the end of a printed line apart: without an id, another thread's line may come before it
_MIXED: Final = re.compile(r"(?<=[0-9] printed)(?=[^\[])")
_OUR_FRAME: Final = re.compile(r'^  (?:\| )* *File "[^"]*/asayer_(?:cli/propagation/\w+|session)\.py"')
_SHOWN: Final = 20

Shapes = Counter[str]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of output: the id of its tag, the numbers that it names, its shape."""

    session_id: str | None
    numbers: frozenset[str]
    shape: str
    text: str


@dataclass(slots=True)
class Verdict:
    """What was found: how many lines there were, and which were wrong."""

    lines: int = 0
    tagged: int = 0
    of_another: list[str] = field(default_factory=list)
    of_none: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """Some of the wrong lines, each with what is wrong."""
        kinds = (("another's id", self.of_another), ("no id", self.of_none), ("missing", self.missing))
        return [f"{name}: {text}" for name, texts in kinds for text in texts[:_SHOWN]]


def read(text: str) -> Line:
    """Take a line of output apart; of a JSON object, `message` is what counts."""
    message = _message(text)
    tag = _TAG.match(message)
    rest = message[tag.end() :] if tag else message
    if other := _TAG.search(rest):  # a second tag, or one that is not at the beginning
        return Line(f"{tag and tag[1]} and {other[1]}", frozenset(_NUMBER.findall(rest)), _shape(rest), text)
    return Line(tag[1] if tag else None, frozenset(_NUMBER.findall(rest)), _shape(rest), text)


def _message(text: str) -> str:
    if not text.startswith("{"):
        return text
    entry = json.loads(text)
    trace = entry.get("error.stack_trace") or entry.get("error", {}).get("stack_trace", "")
    return f"{entry['message']} {trace}".replace("\n", " | ")


def _shape(rest: str) -> str:
    for pattern in (_UUID, _ADDRESS, _QUOTED_NUMBER, _DIGITS):
        rest = pattern.sub("#", rest)
    return rest


def judge(output: Iterable[str], requests: Sequence[Request], least: Mapping[str, Sequence[str]]) -> Verdict:
    """Judge all lines of the output of a program that was asked exactly these requests.

    `least` names for each kind what the lines of one request must contain at the least; a program whose requests
    leave other lines than these fails as a whole.
    """
    lines = [read(part) for text in output for part in _MIXED.split(text)]
    verdict = Verdict(len(lines), sum(line.session_id is not None for line in lines))
    numbers = {request.number: request.session_id for request in requests}
    for line in lines:
        _judge_by_number(line, numbers, verdict)
    _judge_by_count(lines, requests, least, verdict)
    return verdict


def _judge_by_number(line: Line, numbers: Mapping[str, str | None], verdict: Verdict) -> None:
    expected = {numbers[number] for number in line.numbers if number in numbers}
    if line.session_id is not None and line.session_id not in numbers:
        verdict.of_another.append(line.text)
    elif expected and line.session_id is None and None not in expected:
        verdict.of_none.append(line.text)
    elif expected and expected != {line.session_id}:
        verdict.of_another.append(line.text)


def _judge_by_count(
    lines: Sequence[Line], requests: Sequence[Request], least: Mapping[str, Sequence[str]], verdict: Verdict
) -> None:
    shapes: defaultdict[str | None, Shapes] = defaultdict(Counter)
    for line in lines:
        shapes[line.session_id][line.shape] += 1
    usual = _usual(shapes, requests)
    for kind, expected in usual.items():
        for part in least.get(kind, ()):
            if not any(part in shape for shape in expected):
                verdict.missing.append(f"no line of a request /{kind} has {part!r}")
    for request in requests:
        if request.session_id is not None:
            _compare(f"/{request.kind} {request.number}", shapes[request.session_id], usual[request.kind], verdict)
    _judge_untagged(shapes[None], requests, _without(_ours(lines), usual), verdict)


def _usual(shapes: Mapping[str | None, Shapes], requests: Sequence[Request]) -> dict[str, Shapes]:
    """Return the lines that most requests of each kind made."""
    found: defaultdict[str, Counter[frozenset[tuple[str, int]]]] = defaultdict(Counter)
    for request in requests:
        if request.session_id is not None:
            found[request.kind][frozenset(shapes[request.session_id].items())] += 1
    return {kind: Counter(dict(counts.most_common(1)[0][0])) for kind, counts in found.items()}


def _compare(name: str, found: Shapes, expected: Shapes, verdict: Verdict) -> None:
    if found == expected:
        return
    verdict.of_another += [f"{name} has {count} more of: {shape}" for shape, count in (found - expected).items()]
    verdict.missing += [f"{name} lacks {count} of: {shape}" for shape, count in (expected - found).items()]


def _ours(lines: Sequence[Line]) -> set[str]:
    """Return the lines of tracebacks that are this library's own frames: without an id there are fewer."""
    found: set[str] = set()
    within = False
    for line in lines:
        within = bool(_OUR_FRAME.search(line.shape)) or (within and line.shape.startswith("    "))
        if within:
            found.add(line.shape)
    return found


def _without(left_out: set[str], usual: Mapping[str, Shapes]) -> dict[str, Shapes]:
    return {
        kind: Counter({shape: count for shape, count in shapes.items() if shape not in left_out})
        for kind, shapes in usual.items()
    }


def _judge_untagged(found: Shapes, requests: Sequence[Request], usual: Mapping[str, Shapes], verdict: Verdict) -> None:
    """Requests without an id make the same lines, only without tags; more lines of these shapes have lost theirs."""
    expected: Shapes = Counter()
    for request in requests:
        if request.session_id is None:
            expected.update(usual[request.kind])
    known = {shape for shapes in usual.values() for shape in shapes}
    verdict.of_none += [
        f"{count} untagged: {shape}" for shape, count in (found - expected).items() if shape in known and shape.strip()
    ]
    verdict.missing += [f"{count} untagged lines fewer: {shape}" for shape, count in (expected - found).items()]
