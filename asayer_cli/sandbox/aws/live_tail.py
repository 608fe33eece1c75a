"""Live Tail of the local AWS: StartLiveTail over moto's events.

Facts: botocore's model of CloudWatch Logs. An update comes each second, empty when nothing is new, with 500 events at
most; of more, it holds a sample and says so. Only what comes in after the start is seen.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from asayer_cli.sandbox.aws import errors, event_stream, filter_pattern
from asayer_cli.sandbox.wsgi import Chunks, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from moto.logs.models import LogEvent, LogGroup

    from asayer_cli.sandbox.aws.call import ApiCall

MOST_GROUPS: Final = 10
MOST_EVENTS: Final = 500
UPDATE_S: Final = 1.0
STALLED_S: Final = 60.0


class Sessions:
    """How many sessions are open; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = 0

    def opened(self, most: int) -> bool:
        """Count one more, unless there are too many."""
        with self._lock:
            if self._open >= most:
                return False
            self._open += 1
            return True

    def closed(self) -> None:
        """Count one less."""
        with self._lock:
            self._open -= 1


_SESSIONS: Final = Sessions()


def start_live_tail(call: ApiCall, find_group: Callable[[str, str], LogGroup | None]) -> Reply:
    """Answer StartLiveTail with a stream."""
    parameters = call.request.parameters
    if problem := _problem(parameters, call.request.region):
        return errors.refuse("logs", "InvalidParameterException", problem)
    try:
        accepts = _accepting(parameters)
    except filter_pattern.InvalidPatternError as error:
        return errors.refuse("logs", "InvalidParameterException", str(error))
    groups = [find_group(str(arn), call.request.region) for arn in parameters["logGroupIdentifiers"]]
    watched = [Watched(group) for group in groups if group]
    if len(watched) < len(groups):
        return errors.refuse("logs", "ResourceNotFoundException", "The specified log group does not exist.")
    if not _SESSIONS.opened(call.settings.live_tail_sessions):
        return errors.refuse("logs", "LimitExceededException", "Resource limit exceeded.")
    chunks = _session(call, watched, accepts)
    # begun here, so that whoever closes it before the first byte ends the session, too
    first = next(chunks)
    return Reply(200, (("Content-Type", event_stream.CONTENT_TYPE),), b"", Chunks(_with_first(first, chunks)))


def _with_first(first: bytes, rest: Generator[bytes]) -> Generator[bytes]:
    try:
        yield first
        yield from rest
    finally:
        rest.close()


def _problem(parameters: Mapping[str, Any], region: str) -> str:
    """Say which parameter AWS would refuse; empty when it takes them all."""
    arns = parameters.get("logGroupIdentifiers") or []
    names, prefixes = parameters.get("logStreamNames"), parameters.get("logStreamNamePrefixes")
    if not 1 <= len(arns) <= MOST_GROUPS:
        return f"Between 1 and {MOST_GROUPS} log groups must be given."
    if any(not str(arn).startswith(f"arn:aws:logs:{region}:") or str(arn).endswith("*") for arn in arns):
        return "Log groups must be given by their ARN in this region, which must not end with an asterisk."
    if (names or prefixes) and len(arns) > 1:
        return "Log streams can be chosen of a single log group only."
    return "logStreamNames and logStreamNamePrefixes are mutually exclusive." if names and prefixes else ""


def _accepting(parameters: Mapping[str, Any]) -> Callable[[str, LogEvent], bool]:
    matches = filter_pattern.parse(parameters.get("logEventFilterPattern") or "")
    names, prefixes = parameters.get("logStreamNames"), tuple(parameters.get("logStreamNamePrefixes") or ())

    def accepts(stream: str, event: LogEvent) -> bool:
        chosen = stream in names if names else stream.startswith(prefixes) if prefixes else True
        return chosen and matches(event.message)

    return accepts


class Watched:
    """A log group, and how many events of each of its streams were seen."""

    def __init__(self, group: LogGroup) -> None:
        self._group = group
        self._seen = {name: len(stream.events) for name, stream in list(group.streams.items())}

    def new(self) -> Iterator[tuple[str, str, LogEvent]]:
        """Yield the events that came in since the last time: ARN of the group, name of the stream, event."""
        for name, stream in list(self._group.streams.items()):
            events = stream.events[self._seen.get(name, 0) :]
            self._seen[name] = self._seen.get(name, 0) + len(events)
            for event in events:
                yield self._group.arn.removesuffix(":*"), name, event


def _session(call: ApiCall, watched: list[Watched], accepts: Callable[[str, LogEvent], bool]) -> Generator[bytes]:
    until = time.monotonic() + call.settings.live_tail_s
    try:
        yield event_stream.event("initial-response", {})
        yield event_stream.event("sessionStart", _start(call.request.parameters))
        while time.monotonic() < until:
            time.sleep(min(UPDATE_S, max(until - time.monotonic(), 0)))
            yield event_stream.event("sessionUpdate", _update(watched, accepts))
        yield from _end(call)
    finally:
        _SESSIONS.closed()


def _start(parameters: Mapping[str, Any]) -> dict[str, Any]:
    named = ("logGroupIdentifiers", "logStreamNames", "logStreamNamePrefixes", "logEventFilterPattern")
    given = {name: parameters[name] for name in named if parameters.get(name)}
    return {"requestId": str(uuid4()), "sessionId": str(uuid4()), **given}


def _update(watched: list[Watched], accepts: Callable[[str, LogEvent], bool]) -> dict[str, Any]:
    found = [one for group in watched for one in group.new() if accepts(one[1], one[2])]
    sampled = len(found) > MOST_EVENTS
    shown = [found[number * len(found) // MOST_EVENTS] for number in range(MOST_EVENTS)] if sampled else found
    return {"sessionMetadata": {"sampled": sampled}, "sessionResults": [_result(*one) for one in shown]}


def _result(arn: str, stream: str, event: LogEvent) -> dict[str, Any]:
    return {
        "logGroupIdentifier": arn,
        "logStreamName": stream,
        "message": event.message,
        "timestamp": event.timestamp,
        "ingestionTime": event.ingestion_time,
    }


def _end(call: ApiCall) -> Iterator[bytes]:
    """End a session as ordered: by AWS's time limit, by its failure, by silence, or by closing the client's socket."""
    kind = call.settings.live_tail_end
    if kind == "timeout":
        yield event_stream.exception("SessionTimeoutException", "Live Tail session timed out.")
    elif kind == "failure":
        yield event_stream.exception("SessionStreamingException", "Live Tail session failed.")
    elif kind == "silence":
        time.sleep(STALLED_S)
    else:
        call.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionAbortedError("cut on order")
