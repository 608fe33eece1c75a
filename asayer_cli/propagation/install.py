"""The usual set in one line: `install()`, or `app = install(app)`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from asayer_cli.propagation.carriers import install_carriers, remove_carriers
from asayer_cli.propagation.celery import connect_celery, disconnect_celery
from asayer_cli.propagation.conventions import ASAYER, OPENREPLAY, Convention
from asayer_cli.propagation.frameworks import accepted_headers, hook_frameworks, serve_in_session
from asayer_cli.propagation.handlers import lead_handlers_to_output, tag_handlers
from asayer_cli.propagation.hooks import install_hooks, remove_hooks
from asayer_cli.propagation.imports import attempt, forget_imports, undo_patches
from asayer_cli.propagation.output import unwrap_output, wrap_output
from asayer_cli.propagation.records import install_record_factory, remove_record_factory
from asayer_cli.propagation.servers import hook_servers

if TYPE_CHECKING:
    from collections.abc import Iterable

ENVIRONMENT = "ASAYER_PROPAGATION_"
"""What the launcher's variables begin with."""
PRESETS = {convention.name: convention for convention in (ASAYER, OPENREPLAY)}


def install(
    app: Any = None,
    *,
    convention: Convention = ASAYER,
    headers: Iterable[str] | None = None,
    tag_name: str | None = None,
    output: bool = True,
    hooks: bool = True,
    carriers: bool = True,
) -> Any:
    """Let this process carry session ids from requests into its logs; return the application to serve.

    Log records, what logging handlers write, standard output and error, reports of uncaught exceptions, threads, and
    the servers and frameworks that are imported, now or later. `app` is a Flask, Django, Starlette or FastAPI
    application or any WSGI or ASGI callable. May be called again; the last `headers` and `tag_name` count. A part that
    fails is warned of and left out: the program starts all the same.
    """
    tag = tag_name or convention.tag_name
    names = [headers] if isinstance(headers, str) else list(headers or convention.headers)
    accepted_headers[:] = names
    _installed[:] = [tag]
    attempt(install_record_factory)
    attempt(tag_handlers, tag)
    if output:
        attempt(wrap_output, tag)
        attempt(lead_handlers_to_output)
    if hooks:
        attempt(install_hooks, tag)
    if carriers:
        attempt(install_carriers)
    attempt(connect_celery)
    attempt(hook_servers)
    if app is None:
        attempt(hook_frameworks)
        return None
    served: list[Any] = [app]
    attempt(_serve, served, names)
    return served[0]


def install_from_environment() -> None:
    """Install with what the launcher's options were: called in each Python that a launched program starts."""
    given = os.environ.get
    headers = [name for name in given(ENVIRONMENT + "HEADERS", "").split(",") if name]
    install(
        convention=PRESETS.get(given(ENVIRONMENT + "CONVENTION", ""), ASAYER),
        headers=headers or None,
        tag_name=given(ENVIRONMENT + "TAG_NAME") or None,
    )


def is_installed() -> bool:
    """Tell whether `install()` was called, and not undone."""
    return bool(_installed)


def uninstall() -> None:
    """Undo `install()`; an application that it has wrapped stays so."""
    _installed.clear()
    accepted_headers[:] = ASAYER.headers
    for remove in (
        disconnect_celery,
        forget_imports,
        undo_patches,
        remove_carriers,
        remove_hooks,
        unwrap_output,
        remove_record_factory,
    ):
        attempt(remove)


_installed: list[str] = []


def _serve(served: list[Any], names: list[str]) -> None:
    served[0] = serve_in_session(served[0], names)
