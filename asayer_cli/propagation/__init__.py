"""Carry the session id from a request into every log entry; standard library only, runs inside users' programs."""

from __future__ import annotations

from asayer_cli.propagation.asgi import AsgiMiddleware
from asayer_cli.propagation.aws_lambda import lambda_handler
from asayer_cli.propagation.carriers import install_carriers, remove_carriers
from asayer_cli.propagation.celery import connect_celery, disconnect_celery
from asayer_cli.propagation.conventions import ASAYER, OPENREPLAY, Convention
from asayer_cli.propagation.formatters import JsonFormatter, PlainFormatter, collectible_fields
from asayer_cli.propagation.hooks import install_hooks, remove_hooks
from asayer_cli.propagation.install import install, uninstall
from asayer_cli.propagation.output import TaggedOutput, unwrap_output, wrap_output
from asayer_cli.propagation.records import (
    SessionFilter,
    install_record_factory,
    record_session_id,
    remove_record_factory,
)
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
    "TaggedOutput",
    "WsgiMiddleware",
    "carry",
    "collectible_fields",
    "connect_celery",
    "current_session_id",
    "disconnect_celery",
    "ecs_formatter",
    "in_session",
    "install",
    "install_carriers",
    "install_hooks",
    "install_record_factory",
    "lambda_handler",
    "parse_session_id",
    "record_session_id",
    "remove_carriers",
    "remove_hooks",
    "remove_record_factory",
    "session_context",
    "session_of",
    "structlog_processor",
    "tag_lines",
    "uninstall",
    "unwrap_output",
    "wrap_output",
    "write_tag",
]
