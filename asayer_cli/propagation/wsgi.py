"""WSGI middleware: the session id of a request is current while the application runs, its body included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asayer_cli.propagation.conventions import ASAYER
from asayer_cli.propagation.session import leave_session, note_exit, parse_session_id, session_variable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class WsgiMiddleware:
    """Serves `app` under the session id that the first valid one of `headers` (names) brings."""

    def __init__(self, app: Callable[..., Iterable[bytes]], headers: Iterable[str] = ASAYER.headers) -> None:
        self.app = app
        names = (headers,) if isinstance(headers, str) else headers
        self._keys = tuple("HTTP_" + name.upper().replace("-", "_") for name in names)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve a request."""
        session_id = self._session_id(environ)
        token = session_variable.set(session_id)
        try:
            body = self.app(environ, start_response)
        except BaseException as error:
            note_exit(error, session_id, token.old_value)
            raise
        finally:
            leave_session(token)
        if session_id is None or isinstance(body, (list, tuple, bytes)) or _is_file(body, environ):
            return body
        return _SessionBody(body, session_id)

    def _session_id(self, environ: dict[str, Any]) -> str | None:
        for key in self._keys:
            session_id = parse_session_id(environ.get(key))
            if session_id is not None:
                return session_id
        return None


def _is_file(body: object, environ: dict[str, Any]) -> bool:
    """Tell whether the server knows a faster way to send this body, by its type."""
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(body, wrapper)


class _SessionBody:
    """A body of which each step runs under the request's id: servers take it after the application has returned."""

    __slots__ = ("_body", "_iterator", "_session_id")

    def __init__(self, body: Iterable[bytes], session_id: str) -> None:
        self._body = body
        self._session_id = session_id
        self._iterator: Iterator[bytes] | None = None

    def __iter__(self) -> _SessionBody:
        return self

    def __next__(self) -> bytes:
        token = session_variable.set(self._session_id)
        try:
            if self._iterator is None:
                self._iterator = iter(self._body)
            return next(self._iterator)
        except StopIteration:
            raise
        except BaseException as error:
            note_exit(error, self._session_id, token.old_value)
            raise
        finally:
            leave_session(token)

    def close(self) -> None:
        """Close the body that is served, as PEP 3333 asks for."""
        close = getattr(self._body, "close", None)
        if close is None:
            return
        token = session_variable.set(self._session_id)
        try:
            close()
        except BaseException as error:
            note_exit(error, self._session_id, token.old_value)
            raise
        finally:
            leave_session(token)
