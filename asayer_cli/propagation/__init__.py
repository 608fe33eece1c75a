"""Carry the session id from a request into every log entry; standard library only, runs inside users' programs."""

from __future__ import annotations

from asayer_cli.propagation.asgi import AsgiMiddleware
from asayer_cli.propagation.aws_lambda import lambda_handler
from asayer_cli.propagation.conventions import ASAYER, OPENREPLAY, Convention
from asayer_cli.propagation.formatters import JsonFormatter, PlainFormatter, collectible_fields
from asayer_cli.propagation.install import install, uninstall
from asayer_cli.propagation.records import SessionFilter, install_record_factory, record_session_id
from asayer_cli.propagation.session import (
    carry,
    current_session_id,
    in_session,
    parse_session_id,
    session_context,
    session_of,
)
from asayer_cli.propagation.structured import ecs_formatter, structlog_processor
from asayer_cli.propagation.text import tag_lines, write_tag
from asayer_cli.propagation.wsgi import WsgiMiddleware

__all__ = [
    "ASAYER",
    "OPENREPLAY",
    "AsgiMiddleware",
    "Convention",
    "JsonFormatter",
    "PlainFormatter",
    "SessionFilter",
    "WsgiMiddleware",
    "carry",
    "collectible_fields",
    "current_session_id",
    "ecs_formatter",
    "in_session",
    "install",
    "install_record_factory",
    "lambda_handler",
    "parse_session_id",
    "record_session_id",
    "session_context",
    "session_of",
    "structlog_processor",
    "tag_lines",
    "uninstall",
    "write_tag",
]
