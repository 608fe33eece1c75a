"""AWS Lambda: handlers behind API Gateway (REST and HTTP), function URLs and load balancers."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any

from asayer_cli.propagation.frameworks import accepted_headers
from asayer_cli.propagation.install import install, is_installed
from asayer_cli.propagation.session import parse_session_id, session_context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_lambda_logger = logging.getLogger("asayer_cli.propagation.aws_lambda")


def lambda_handler(
    handler: Callable[..., Any] | None = None, *, headers: Iterable[str] | None = None, tag_name: str | None = None
) -> Any:
    """Decorate a handler, `@lambda_handler` or `@lambda_handler(headers=...)`, to run under the id of its event.

    Calls `install()` where that was not done. The runtime reports an exception when the handler has returned, without
    the id: so it is logged here, as one tagged entry, and raised on unchanged.
    """
    names = (headers,) if isinstance(headers, str) else tuple(headers or ())
    if handler is None:
        return functools.partial(lambda_handler, headers=names, tag_name=tag_name)
    if tag_name or not is_installed():
        install(headers=names or accepted_headers, tag_name=tag_name)
    wanted = names or tuple(accepted_headers)

    @functools.wraps(handler)
    def handle(event: Any, *arguments: Any, **named: Any) -> Any:
        with session_context(event_session_id(event, wanted)) as session_id:
            try:
                return handler(event, *arguments, **named)
            except Exception as error:
                if session_id is not None:
                    _lambda_logger.exception("%s: %s", type(error).__name__, error)  # noqa: TRY401 - one line, whole
                raise

    return handle


def event_session_id(event: Any, headers: Iterable[str] = accepted_headers) -> str | None:
    """Return the session id in the headers of a Lambda event, None for an event without; never raises.

    `headers` maps names in any case to text (with HTTP APIs and function URLs several values are joined by commas),
    `multiValueHeaders` to lists of text; either may be missing or null.
    """
    wanted = {name.lower() for name in headers}
    try:
        given = list(_event_headers(event))
    except Exception:  # noqa: BLE001 - an event can be anything
        return None
    values = (value for name, value in given if str(name).lower() in wanted)
    return next((found for found in map(parse_session_id, values) if found is not None), None)


def _event_headers(event: Any) -> Iterator[tuple[Any, Any]]:
    yield from (event.get("headers") or {}).items()
    for name, values in (event.get("multiValueHeaders") or {}).items():
        for value in values or ():
            yield name, value
