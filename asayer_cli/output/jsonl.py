"""A timeline as JSON lines: an object for each session, each entry as it is found, and the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from asayer_cli.output.envelope import to_json
from asayer_cli.output.sanitise import for_json
from asayer_cli.result import SCHEMA

if TYPE_CHECKING:
    from asayer_cli.exit_codes import ExitCode
    from asayer_cli.timeline.model import Completeness, Session, TimelineEntry

_written: Final = json.JSONEncoder(ensure_ascii=False).encode


def session_line(session: Session, zone: str) -> str:
    """Return the line of a session."""
    return _line("session", session, {"schema": SCHEMA, "zone": zone})


def entry_line(entry: TimelineEntry) -> str:
    """Return the line of an entry."""
    return _line("entry", entry, {})


def end_line(told: Completeness, exit_code: ExitCode) -> str:
    """Return the last line."""
    return _line("end", told, {"exit_code": int(exit_code)})


def _line(kind: str, data: object, more: dict[str, object]) -> str:
    fields = to_json(data)
    if not isinstance(fields, dict):
        raise TypeError(f"a line of {kind} is an object")
    return for_json(_written({"type": kind, **more, **fields}))
