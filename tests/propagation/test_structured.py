from __future__ import annotations

import io
import json
import logging
from typing import Any

import ecs_logging
import structlog

from asayer_cli.propagation import ecs_formatter, session_context, structlog_processor

from .test_formatters import ID, TAG, record, taken_from_cloudwatch, taken_from_elasticsearch


def test_ecs_logging_entries_are_collectible() -> None:
    formatter = ecs_formatter(extra={"service": {"name": "shop"}})
    assert isinstance(formatter, ecs_logging.StdlibFormatter)
    with session_context(ID):
        line = formatter.format(record("declined", logging.CRITICAL))
    fields = json.loads(line)
    assert fields["message"] == f"{TAG}declined"
    assert fields["service"] == {"name": "shop"}
    assert taken_from_cloudwatch(line)
    assert taken_from_elasticsearch(line)


def lines_of_structlog(*processors: Any) -> list[str]:
    written = io.StringIO()
    logger = structlog.wrap_logger(structlog.WriteLogger(written), processors=list(processors))
    with session_context(ID):
        logger.error("declined", order=5)
        try:
            1 / 0  # noqa: B018 - it raises
        except ZeroDivisionError:
            logger.exception("failed")
    logger.info("fine")
    return written.getvalue().splitlines()


def test_structlog_entries_are_collectible_as_json() -> None:
    lines = lines_of_structlog(
        structlog.processors.add_log_level,
        structlog.processors.dict_tracebacks,
        structlog.processors.EventRenamer("message"),
        structlog_processor,
        structlog.processors.JSONRenderer(),
    )
    for line in lines[:2]:
        assert taken_from_cloudwatch(line)
        assert taken_from_elasticsearch(line)
    assert json.loads(lines[2])["message"] == "fine"


def test_structlog_entries_are_collectible_through_ecs_logging() -> None:
    lines = lines_of_structlog(structlog_processor, ecs_logging.StructlogFormatter())
    assert json.loads(lines[0])["message"] == f"{TAG}declined"
    for line in lines[:2]:
        assert taken_from_cloudwatch(line)
        assert taken_from_elasticsearch(line)
