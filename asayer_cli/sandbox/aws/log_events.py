"""FilterLogEvents and GetLogEvents over moto's events, with AWS's paging.

A page holds at most ``limit`` events (10,000) or 1 MB; a token says after which event to go on, so that events that
come in between two pages move nothing. Both ends of the span of FilterLogEvents are inclusive, the end of that of
GetLogEvents is not (botocore's model of CloudWatch Logs).
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from asayer_cli.sandbox.aws import filter_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moto.logs.models import LogEvent, LogGroup, LogStream

    from asayer_cli.sandbox.aws.settings import AwsSettings

LARGEST_PAGE = 10_000
PAGE_BYTES = 1_048_576
Position = tuple[int, int]


def filter_log_events(group: LogGroup, parameters: Mapping[str, Any], settings: AwsSettings) -> dict[str, Any]:
    """Return the body of one page; raises ValueError for a parameter that AWS refuses, with AWS's message."""
    limit = _limit(parameters)
    token = parameters.get("nextToken")
    after = _position(token) if token else None
    if settings.empty_pages and not token:
        return {"events": [], "searchedLogStreams": [], "nextToken": _token(None)}
    page, rest = _page(_matching(group, parameters, after), limit)
    answer: dict[str, Any] = {"events": [_event(stream, event) for stream, event in page], "searchedLogStreams": []}
    if rest:
        answer["nextToken"] = _token(_key(page[-1][1]))
    return answer


def stream_events(stream: LogStream, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of one page of GetLogEvents; raises ValueError as above.

    Its tokens lead forward and backward from a place in the stream, and come back unchanged at its ends.
    """
    from_head, token = bool(parameters.get("startFromHead")), str(parameters.get("nextToken") or "")
    events = sorted(_of_stream(stream, parameters), key=_key)
    limit = _limit(parameters)
    direction, _, place = token.partition("/")
    if token and not (direction in ("f", "b") and place.isdigit()):
        raise ValueError("The specified nextToken is invalid.")
    if direction == "f" or (from_head and not token):
        first = min(int(place or 0), len(events))
        page = _forward(events[first:], limit)
    else:
        last = min(int(place), len(events)) if place else len(events)
        page = _forward(events[:last][::-1], limit)[::-1]
        first = last - len(page)
    return {
        "events": [_without_id(event) for event in page],
        "nextForwardToken": f"f/{first + len(page):056}",
        "nextBackwardToken": f"b/{first:056}",
    }


def _of_stream(stream: LogStream, parameters: Mapping[str, Any]) -> Iterator[LogEvent]:
    start, end = parameters.get("startTime") or 0, parameters.get("endTime")
    for event in list(stream.events):
        if start <= event.timestamp and (end is None or event.timestamp < end):
            yield event


def _forward(events: list[LogEvent], limit: int) -> list[LogEvent]:
    page, _ = _page((("", event) for event in events), limit)
    return [event for _, event in page]


def _without_id(event: LogEvent) -> dict[str, Any]:
    return {"timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingestion_time}


def _limit(parameters: Mapping[str, Any]) -> int:
    limit = parameters.get("limit") or LARGEST_PAGE
    if not isinstance(limit, int) or not 1 <= limit <= LARGEST_PAGE:
        raise ValueError(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            f"Member must have value between 1 and {LARGEST_PAGE}"
        )
    return limit


def _matching(group: LogGroup, parameters: Mapping[str, Any], after: Position | None) -> Iterator[tuple[str, LogEvent]]:
    matches = filter_pattern.parse(parameters.get("filterPattern") or "")
    newest_first = parameters.get("startFromHead") is False
    events = sorted(_in_span(group, parameters), key=lambda found: _key(found[1]), reverse=newest_first)
    for stream, event in events:
        passed = after is not None and (_key(event) >= after if newest_first else _key(event) <= after)
        if not passed and matches(event.message):
            yield stream, event


def _in_span(group: LogGroup, parameters: Mapping[str, Any]) -> Iterator[tuple[str, LogEvent]]:
    start, end = parameters.get("startTime") or 0, parameters.get("endTime")
    names, prefix = parameters.get("logStreamNames") or (), parameters.get("logStreamNamePrefix") or ""
    if names and prefix:
        raise ValueError("logStreamNamePrefix and logStreamNames are mutually exclusive.")
    for name, stream in list(group.streams.items()):
        if name.startswith(prefix) and (not names or name in names):
            for event in list(stream.events):
                if start <= event.timestamp and (end is None or event.timestamp <= end):
                    yield name, event


def _page(found: Iterator[tuple[str, LogEvent]], limit: int) -> tuple[list[tuple[str, LogEvent]], bool]:
    """Return a page, and whether there is more."""
    page: list[tuple[str, LogEvent]] = []
    size = 0
    for stream, event in found:
        size += len(event.message.encode())
        if len(page) == limit or (page and size > PAGE_BYTES):
            return page, True
        page.append((stream, event))
    return page, False


def _key(event: LogEvent) -> Position:
    return (event.timestamp, event.event_id)


def _event(stream: str, event: LogEvent) -> dict[str, Any]:
    return {**event.to_filter_dict(), "logStreamName": stream}


def _token(position: Position | None) -> str:
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def _position(token: str) -> Position | None:
    try:
        value = json.loads(base64.urlsafe_b64decode(token.encode()))
        return None if value is None else (int(value[0]), int(value[1]))
    except (ValueError, TypeError, IndexError, KeyError) as error:
        raise ValueError("The specified nextToken is invalid.") from error
