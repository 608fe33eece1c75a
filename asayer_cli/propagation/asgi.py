"""ASGI middleware: the session id of a request or websocket is current for exactly as long as it is served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asayer_cli.propagation.conventions import ASAYER
from asayer_cli.propagation.session import leave_session, note_exit, parse_session_id, session_variable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping


class AsgiMiddleware:
    """Serves `app` under the session id that the first valid one of `headers` (names) brings."""

    def __init__(
        self,
        app: Callable[[Any, Any, Any], Awaitable[Any]],
        headers: Iterable[str] = ASAYER.headers,
    ) -> None:
        self.app = app
        names = (headers,) if isinstance(headers, str) else headers
        self._names = tuple(name.lower().encode("latin-1") for name in names)

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> Any:
        """Serve a connection; all but http and websocket goes by untouched."""
        if scope.get("type") not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        session_id = self._session_id(scope)
        token = session_variable.set(session_id)
        try:
            return await self.app(scope, receive, send)
        except BaseException as error:
            note_exit(error, session_id, token.old_value)
            raise
        finally:
            leave_session(token)

    def _session_id(self, scope: MutableMapping[str, Any]) -> str | None:
        try:
            headers = scope["headers"]
            if not isinstance(headers, (list, tuple)):
                headers = scope["headers"] = list(headers)
            names = self._names
            for name, value in headers:
                if name in names:
                    session_id = parse_session_id(value)
                    if session_id is not None:
                        return session_id
        except Exception:  # noqa: BLE001 - an odd server's scope must not break the request
            return None
        return None
