"""On top of ecs-logging and structlog, where a program uses those already."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from asayer_cli.propagation.conventions import ASAYER
from asayer_cli.propagation.formatters import collectible_fields
from asayer_cli.propagation.records import record_session_id
from asayer_cli.propagation.session import current_session_id, session_of

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_LEVELS = {"error": logging.ERROR, "exception": logging.ERROR, "critical": logging.CRITICAL, "fatal": logging.CRITICAL}


def ecs_formatter(*args: Any, tag_name: str = ASAYER.tag_name, **kwargs: Any) -> logging.Formatter:
    """Return an `ecs_logging.StdlibFormatter` (same arguments) whose entries both collectors take."""
    from ecs_logging import StdlibFormatter

    class CollectibleEcsFormatter(StdlibFormatter):
        tags_entries = True

        def format_to_ecs(self, record: logging.LogRecord) -> dict[str, Any]:
            fields = super().format_to_ecs(record)
            return collectible_fields(fields, record.levelno, record_session_id(record), tag_name)

    formatter: logging.Formatter = CollectibleEcsFormatter(*args, **kwargs)
    return formatter


def structlog_processor(_logger: Any, method_name: str, event_dict: MutableMapping[str, Any]) -> dict[str, Any]:
    """Make a structlog entry collectible: put it right before the renderer.

    The Elasticsearch collector reads `message`: with a JSON renderer put `structlog.processors.EventRenamer("message")`
    before this processor; ecs_logging.StructlogFormatter renames the event itself.
    """
    error = event_dict.get("exc_info")
    session_id = current_session_id()
    if session_id is None and error:
        session_id = session_of(error if isinstance(error, BaseException) else sys.exc_info()[1])
    level = _LEVELS.get(str(event_dict.get("level", method_name)).lower(), logging.NOTSET)
    return collectible_fields(dict(event_dict), level, session_id)
