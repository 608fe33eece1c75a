"""The events that a Logs Insights query reads, with the fields that it finds in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from asayer_cli.sandbox.aws.insights_expressions import OWN_FIELDS, Moment, Value
from asayer_cli.sandbox.supervisor import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from moto.logs.models import LogEvent, LogGroup

MOST_DISCOVERED = 200


class Row:
    """An event, or a row that `stats` made. Fields of a JSON message are found when one is first asked for."""

    __slots__ = ("_discovered", "_fields")

    def __init__(self, fields: Mapping[str, Value | None], discovered: Mapping[str, Value] | None = None) -> None:
        self._fields = fields
        self._discovered = discovered

    def get(self, name: str) -> Value | None:
        """Return a field, None where there is none of that name."""
        if name in self._fields or name in OWN_FIELDS:
            return self._fields.get(name)
        if self._discovered is None:
            self._discovered = _discovered(self._fields.get("@message"))
        return self._discovered.get(name)

    def having(self, more: Mapping[str, Value | None]) -> Row:
        """Return the row with more fields; those that are None are left out."""
        new = {name: value for name, value in more.items() if value is not None}
        return Row({**self._fields, **new}, self._discovered) if new else self


def events(group: LogGroup, first_ms: int, last_ms: int) -> Iterator[Row]:
    """Yield the events of a group in a span of time, both ends included."""
    for name, stream in list(group.streams.items()):
        for event in list(stream.events):
            if first_ms <= event.timestamp <= last_ms:
                yield _row(group.name, name, event)


def _row(group: str, stream: str, event: LogEvent) -> Row:
    return Row(
        {
            "@timestamp": Moment(event.timestamp),
            "@message": event.message,
            "@log": f"{ACCOUNT_ID}:{group}",
            "@logStream": stream,
            "@ingestionTime": Moment(event.ingestion_time),
            "@ptr": f"{event.event_id:040x}",
        }
    )


def _discovered(message: Value | None) -> dict[str, Value]:
    """Return the fields of a JSON message, by their paths ("Supported logs and discovered fields")."""
    if not isinstance(message, str) or not message.startswith("{"):
        return {}
    try:
        found = dict(_leaves("", json.loads(message)))
    except (ValueError, RecursionError):
        return {}
    return dict(list(found.items())[:MOST_DISCOVERED])


def _leaves(path: str, value: object) -> Iterator[tuple[str, Value]]:
    inner: Iterator[tuple[object, object]] = iter(())
    if isinstance(value, dict):
        inner = iter(value.items())
    elif isinstance(value, list):
        inner = iter(enumerate(value))
    elif isinstance(value, (str, int, float)):
        yield path, value
    for name, one in inner:
        yield from _leaves(f"{path}.{name}" if path else str(name), one)
