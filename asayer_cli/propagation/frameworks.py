"""Frameworks: the application object that a server gets, or the framework's own class, serves under the session id."""

from __future__ import annotations

import functools
import inspect
import sys
from typing import TYPE_CHECKING, Any

from asayer_cli.propagation.asgi import AsgiMiddleware
from asayer_cli.propagation.conventions import ASAYER
from asayer_cli.propagation.imports import patch, when_imported
from asayer_cli.propagation.wsgi import WsgiMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_WSGI_ARGUMENTS = 2


def hook_frameworks() -> None:
    """Let all applications of Flask, Django, Starlette and FastAPI serve under the session id of their requests."""
    when_imported("flask.app", _hook_flask)
    when_imported("django.core.handlers.wsgi", _hook_django_wsgi)
    when_imported("django.core.handlers.asgi", _hook_django_asgi)
    when_imported("starlette.applications", _hook_starlette)


accepted_headers: list[str] = list(ASAYER.headers)
"""The header names that what is hooked reads; `install` sets them."""


def serve_in_session(app: Any, headers: Iterable[str] = ASAYER.headers) -> Any:
    """Return what to serve instead of `app`, so that each request runs under its session id.

    Flask, Starlette and FastAPI applications are changed and returned; any other WSGI or ASGI callable is wrapped.
    """
    names = tuple(headers)
    if isinstance(app, (AsgiMiddleware, WsgiMiddleware)) or not callable(app):
        return app
    if _is_a(app, "flask.app", "Flask"):
        if not isinstance(app.wsgi_app, WsgiMiddleware):
            app.wsgi_app = WsgiMiddleware(app.wsgi_app, names)
        return app
    if _is_a(app, "starlette.applications", "Starlette") and hasattr(app, "build_middleware_stack"):
        _serve_starlette(app, names)
        return app
    kind = _interface(app)
    return kind(app, names) if kind is not None else app


def _serve_starlette(app: Any, names: tuple[str, ...]) -> None:
    """Put the middleware around the whole stack: what `add_middleware` adds is inside of Starlette's error handling."""
    if getattr(app.build_middleware_stack, "asayer_patch", False):
        return
    build = app.build_middleware_stack

    def build_middleware_stack() -> Any:
        return AsgiMiddleware(build(), names)

    build_middleware_stack.asayer_patch = True  # type: ignore[attr-defined]
    app.build_middleware_stack = build_middleware_stack
    if getattr(app, "middleware_stack", None) is not None:
        app.middleware_stack = AsgiMiddleware(app.middleware_stack, names)


def _is_a(app: object, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(app, kind)


def _interface(app: Any) -> Any:
    """Return the middleware for an ASGI 3 or a WSGI callable, None for anything else, such as an ASGI 2 class."""
    while isinstance(app, functools.partial):
        app = app.func
    call = app if inspect.isclass(app) or inspect.isroutine(app) else type(app).__call__
    if inspect.iscoroutinefunction(call):
        return AsgiMiddleware
    try:
        signature = inspect.signature(app)
    except (ValueError, TypeError):
        return WsgiMiddleware  # written in C, as WSGI applications are that hide their arguments
    if _takes(signature, _WSGI_ARGUMENTS):
        return WsgiMiddleware
    return AsgiMiddleware if _takes(signature, _WSGI_ARGUMENTS + 1) else None


def _takes(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


def _hook_flask(module: Any) -> None:
    patch(module.Flask, "__call__", _wsgi_method)


def _hook_django_wsgi(module: Any) -> None:
    patch(module.WSGIHandler, "__call__", _wsgi_method)


def _hook_django_asgi(module: Any) -> None:
    patch(module.ASGIHandler, "__call__", _asgi_method)


def _hook_starlette(module: Any) -> None:
    patch(module.Starlette, "__call__", _asgi_method)


def _wsgi_method(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def __call__(self: Any, environ: Any, start_response: Any) -> Any:  # noqa: N807 - the method that it stands for
        return WsgiMiddleware(functools.partial(call, self), accepted_headers)(environ, start_response)

    return __call__


def _asgi_method(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    async def __call__(self: Any, scope: Any, receive: Any, send: Any) -> Any:  # noqa: N807 - as above
        return await AsgiMiddleware(functools.partial(call, self), accepted_headers)(scope, receive, send)

    return __call__
