"""Servers: each request is served, and its access log written, under its session id; whichever version there is.

Servers write some entries outside of the application's call: gunicorn its access log after the response, uvicorn the
one of a request whose application failed. So it is their own methods that run under the id of the request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asayer_cli.propagation.frameworks import accepted_headers, serve_in_session
from asayer_cli.propagation.imports import patch, when_imported
from asayer_cli.propagation.session import in_session, parse_session_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_UVICORN_PROTOCOLS = (
    "http.h11_impl",
    "http.httptools_impl",
    "http.zttp_impl",
    "http.zttp_h2_impl",
    "websockets.websockets_impl",
    "websockets.websockets_sansio_impl",
    "websockets.wsproto_impl",
)


def hook_servers() -> None:
    """Patch uvicorn, gunicorn, hypercorn, waitress, and werkzeug's and wsgiref's servers, now or on their import."""
    for name in _UVICORN_PROTOCOLS:
        when_imported(f"uvicorn.protocols.{name}", _hook_uvicorn)
    when_imported("gunicorn.app.base", _hook_gunicorn_application)
    when_imported("gunicorn.glogging", _hook_gunicorn_access_log)
    when_imported("hypercorn.asyncio.task_group", _hook_hypercorn)
    when_imported("waitress.task", _hook_waitress)
    when_imported("werkzeug.serving", _hook_werkzeug)
    when_imported("wsgiref.handlers", _hook_wsgiref)


def _hook_uvicorn(module: Any) -> None:
    for kind in list(vars(module).values()):
        if isinstance(kind, type) and kind.__module__ == module.__name__:
            patch(kind, "run_asgi", in_session(lambda cycle, *_: _scope_session_id(cycle.scope)))


def _hook_gunicorn_application(module: Any) -> None:
    def wrap(load: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def wsgi(self: Any) -> Any:
            return serve_in_session(load(self), accepted_headers)

        return wsgi

    patch(module.BaseApplication, "wsgi", wrap)


def _hook_gunicorn_access_log(module: Any) -> None:
    patch(module.Logger, "access", in_session(_logged_session_id))


def _logged_session_id(_log: Any, _response: Any, request: Any, environ: dict[str, Any], *_: Any) -> str | None:
    """Return the id of a request that gunicorn logs; where the application failed, `environ` has no headers."""
    found = _environ_session_id(environ)
    if found is None:
        names = [name.lower() for name in accepted_headers]
        found = _first_id(value for name, value in getattr(request, "headers", ()) if name.lower() in names)
    return found


def _hook_hypercorn(module: Any) -> None:
    patch(module, "_handle", in_session(lambda _app, _config, scope, *_: _scope_session_id(scope)))


def _hook_waitress(module: Any) -> None:
    def received(task: Any) -> str | None:
        names = (name.upper().replace("-", "_") for name in accepted_headers)
        return _first_id(map(task.request.headers.get, names))

    patch(module.WSGITask, "execute", in_session(received))


def _hook_werkzeug(module: Any) -> None:
    patch(
        module.WSGIRequestHandler,
        "run_wsgi",
        in_session(lambda handler: _first_id(map(handler.headers.get, accepted_headers))),
    )


def _hook_wsgiref(module: Any) -> None:
    patch(module.BaseHandler, "run", in_session(lambda handler, _app: _environ_session_id(handler.base_env)))


def _environ_session_id(environ: dict[str, Any]) -> str | None:
    return _first_id(environ.get("HTTP_" + name.upper().replace("-", "_")) for name in accepted_headers)


def _scope_session_id(scope: dict[str, Any]) -> str | None:
    names = [name.lower().encode("latin-1") for name in accepted_headers]
    return _first_id(value for name, value in scope["headers"] if name in names)


def _first_id(values: Iterable[object]) -> str | None:
    return next((found for found in map(parse_session_id, values) if found is not None), None)
