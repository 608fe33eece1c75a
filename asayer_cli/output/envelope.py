"""A result as JSON: one versioned envelope, failures included."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.entries import rfc3339
from asayer_cli.exit_codes import ExitCode
from asayer_cli.output.sanitise import for_json
from asayer_cli.result import SCHEMA
from asayer_cli.secret import Secret, redact
from asayer_cli.session_id import SessionId

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from asayer_cli.result import Message, Result

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def write_envelope(result: Result, command: str, messages: tuple[Message, ...]) -> str:
    """Return the envelope as indented JSON text, with secrets masked unless the result reveals them."""
    envelope = {
        "schema": SCHEMA,
        "command": command,
        "ok": result.exit_code is ExitCode.OK,
        "exit_code": int(result.exit_code),
        "data": to_json(result.data, reveal=result.reveal),
        "messages": to_json(messages, reveal=result.reveal),
        "errors": to_json(result.errors, reveal=result.reveal),
    }
    return for_json(json.dumps(envelope, indent=2, ensure_ascii=False))


def to_json(value: object, *, reveal: bool = False) -> Json:  # noqa: PLR0911 - one return for each kind of value
    """Turn result data into what JSON has: dataclasses by field name, moments as RFC 3339, ids as text.

    Text is redacted here, value by value: in JSON text a secret may be escaped, and a key of ours may look like one.
    """
    if not reveal and (told := _DIRECTLY.get(type(value))):
        return told(value)
    if isinstance(value, Secret):
        return value.reveal() if reveal else str(value)
    if isinstance(value, Enum):
        return to_json(value.value, reveal=True)
    if isinstance(value, str):
        return value if reveal else redact(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, SessionId | Path):
        return to_json(str(value), reveal=reveal)
    return _container(value, reveal=reveal)


def _container(value: object, *, reveal: bool) -> Json:
    if isinstance(value, tuple | list):
        return [to_json(item, reveal=reveal) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: to_json(getattr(value, name), reveal=reveal) for name in _shown_fields(type(value))}
    if isinstance(value, Mapping):
        return {str(name): to_json(item, reveal=reveal) for name, item in value.items()}
    if isinstance(value, Iterable):
        return [to_json(item, reveal=reveal) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


# What needs no look at what it is besides its type: most values, of which a long timeline has many.
_DIRECTLY: Final[dict[type, Callable[[Any], Json]]] = {
    type(None): lambda _none: None,
    str: redact,
    bool: bool,
    int: int,
    float: float,
    datetime: rfc3339,
    timedelta: timedelta.total_seconds,
    SessionId: str,
    tuple: lambda items: [to_json(item) for item in items],
}


@lru_cache
def _shown_fields(kind: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind) if field.metadata.get("json", True))
