"""One line of a file, told apart by what stands in it: which format it is of, its time, stream and message.

Docker's json-file driver writes `{"log":…,"stream":…,"time":…}` and cuts after 16 KB, so that `log` lacks its newline;
container runtimes of Kubernetes write `<time> stdout F <message>`, with P for a part (CRI logging format); an export of
CloudWatch to S3 writes `<time> <message>`, where the lines of a message follow without a time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.files.documents import document_in, time_of
from asayer_cli.files.events import is_event

if TYPE_CHECKING:
    from datetime import datetime

    from asayer_cli.files.times import Clock

_CRI: Final = re.compile(
    rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP])(?::\S*)?(?: |$)"
)
_EXPORT: Final = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ")
# as a program writes it that leaves out zeros, so that some of its lines look exported
_TIMED: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z ")
_DOCKER_KEYS: Final = frozenset({"log", "stream", "time", "attrs"})
_NEWLINES: Final = b"\r\n"


@unique
class Kind(Enum):
    """What wrote a line."""

    PLAIN = "plain"
    TIMED = "timed"
    JSON = "json"
    DOCKER = "docker"
    CRI = "cri"
    EXPORT = "export"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Line:
    """A line as its format has it.

    `text` is what the program wrote, `time` the line's own; `stream` is `stdout`, `stderr`, or a log stream's name;
    `part` says that the next line of the same stream carries this one on.
    """

    kind: Kind
    text: bytes
    time: datetime | None
    stream: str = ""
    part: bool = False
    event_id: str = ""
    ingested_ms: int | None = None


def read_line(line: bytes, clock: Clock) -> Line:
    """Read one line, without or with its newline."""
    line = line.rstrip(_NEWLINES)
    first = line[:1]
    if first == b"{":
        document = document_in(line)
        if document is not None:
            return _of_document(line, document, clock)
    elif first.isdigit():
        if match := _CRI.match(line):
            stream, part = match[2].decode(), match[3] == b"P"
            return Line(Kind.CRI, line[match.end() :], clock.of_line(match[1]), stream, part)
        if match := _EXPORT.match(line):
            return Line(Kind.EXPORT, line[match.end() :], clock.of_line(match[1]))
    return Line(Kind.PLAIN, line, clock.of_line(line))


def kind_of(line: bytes) -> Kind:
    """Return the format of a line without reading its time; documents by their looks alone."""
    if line[:1] == b"{":
        return Kind.DOCKER if line.startswith(b'{"log":') else Kind.JSON
    if line[:1].isdigit():
        if _CRI.match(line):
            return Kind.CRI
        if _EXPORT.match(line):
            return Kind.EXPORT
        if _TIMED.match(line):
            return Kind.TIMED
    return Kind.PLAIN


def _of_document(line: bytes, document: dict[str, Any], clock: Clock) -> Line:
    if isinstance(document.get("log"), str) and {"stream", "time"} <= document.keys() <= _DOCKER_KEYS:
        log = document["log"]
        text = log.rstrip("\r\n").encode("utf-8", "surrogatepass")
        return Line(
            Kind.DOCKER, text, clock.of_value(document["time"]), str(document["stream"]), not log.endswith("\n")
        )
    if is_event(document):
        ingested = document.get("ingestionTime")
        return Line(
            Kind.EVENT,
            document["message"].rstrip("\r\n").encode("utf-8", "surrogatepass"),
            clock.of_value(document["timestamp"]),
            str(document.get("logStreamName") or ""),
            event_id=str(document.get("eventId") or document.get("id") or ""),
            ingested_ms=ingested if isinstance(ingested, int) else None,
        )
    return Line(Kind.JSON, line, time_of(document, clock))
