"""The session id as part of a log record: captured where the record is made, whichever thread formats it later."""

from __future__ import annotations

import logging
from typing import Any

from asayer_cli.propagation.session import current_session_id, parse_session_id, session_of

# Not a plain name: logging refuses an `extra` that has a name which the record has already.
_CAPTURED = "_asayer_session_id"
_SHOWN = "asayer_session_id"
_factories: list[Any] = []


class SessionFilter(logging.Filter):
    """Gives each record the attribute `asayer_session_id` for formats: the id in decimal, empty when there is none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass; one that brings the attribute keeps it."""
        if _SHOWN not in record.__dict__:
            record.__dict__[_SHOWN] = record_session_id(record) or ""
        return True


def install_record_factory() -> None:
    """Let every record that is made from now on capture the session id, over the factory that is there."""
    if _factories:
        return
    inner = logging.getLogRecordFactory()

    def make_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = inner(*args, **kwargs)
        session_id = current_session_id()
        if session_id is None and record.exc_info:
            session_id = _session_of_report(record.exc_info)
        if session_id is not None:
            record.__dict__[_CAPTURED] = session_id
        else:  # what a vendored copy of this module has captured stays
            record.__dict__.setdefault(_CAPTURED, None)
        return record

    _factories[:] = [make_record, inner]
    logging.setLogRecordFactory(make_record)


def remove_record_factory() -> None:
    """Undo `install_record_factory`, unless somebody has put another factory over it."""
    if _factories and logging.getLogRecordFactory() is _factories[0]:
        logging.setLogRecordFactory(_factories[1])
        _factories.clear()


def record_session_id(record: logging.LogRecord) -> str | None:
    """Return the id of the session that a record was made for, None when there is none.

    What the caller gave as `extra={"asayer_session_id": ...}` comes first, then what was captured, then the current id.
    """
    given = record.__dict__
    if _SHOWN in given:
        session_id = parse_session_id(given[_SHOWN])
        if session_id is not None:
            return session_id
    try:
        captured: str | None = given[_CAPTURED]
    except KeyError:
        return current_session_id() or _session_of_report(record.exc_info)
    return captured


def _session_of_report(exc_info: Any) -> str | None:
    """Return the session that a record's exception left; whoever makes records without a logger may give anything."""
    error = exc_info[1] if isinstance(exc_info, tuple) and len(exc_info) > 1 else exc_info
    return session_of(error) if isinstance(error, BaseException) else None
