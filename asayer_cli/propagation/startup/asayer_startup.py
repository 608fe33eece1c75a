# ruff: noqa: INP001 - a folder for PYTHONPATH, not a package
"""Installs the propagation when the first module is imported that can bring a session id; until then costs nothing."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing's own costs more than all of this
if TYPE_CHECKING:
    from typing import Any

_SERVERS = ("gunicorn", "hypercorn", "uvicorn", "waitress", "werkzeug", "wsgiref")
_BRINGERS = frozenset((*_SERVERS, "celery", "django", "flask", "starlette", "asayer_cli.propagation"))
_SOURCE = "ASAYER_PROPAGATION_SOURCE"
_OWNER = "ASAYER_PROPAGATION_OWNER"


def begin(folder: str) -> None:
    """Wait for the first import that matters; `folder` is removed at the end where it was made for this process."""
    if os.environ.get(_OWNER) == f"{os.getpid()} {folder}":
        import atexit

        atexit.register(_remove, folder, os.getpid())
    source = os.environ[_SOURCE]
    if not any(isinstance(finder, _Waiting) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Waiting(source))


class _Waiting:
    """Stands first on `sys.meta_path` until a module that brings session ids is imported."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._module = "asayer_cli.propagation"
        if source.endswith(".py"):
            self._module = os.path.basename(source)[: -len(".py")]  # noqa: PTH119 - pathlib costs too

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self._module and name not in _BRINGERS:
            return None
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        if name != self._module:
            self._install()
        spec = _next_spec(name, path, target)
        if name == self._module and spec is not None:
            self._install_after(spec.loader)
        return spec

    def _install_after(self, loader: Any) -> None:
        """Let the program import the propagation itself, and install it then."""
        load = loader.exec_module

        def exec_module(module: Any) -> None:
            load(module)
            self._install()

        loader.exec_module = exec_module

    def _install(self) -> None:
        try:
            _installer(self._module, self._source)()
        except Exception as error:  # noqa: BLE001 - the program starts, whatever happens here
            sys.stderr.write(f"asayer propagation is not installed: {error!r}\n")


def _next_spec(name: str, path: Any, target: Any) -> Any:
    for finder in list(sys.meta_path):
        find = getattr(finder, "find_spec", None)
        spec = find and find(name, path, target)
        if spec is not None:
            return spec
    return None


def _installer(name: str, source: str) -> Any:
    """Return the function that installs, from `source`, on the path or not: this Python may not have it installed."""
    if source.endswith(".py"):
        return (sys.modules.get(name) or _load_file(name, source, None)).install_from_environment
    if "asayer_cli" not in sys.modules:
        _load_file("asayer_cli", os.path.join(source, "__init__.py"), [source])  # noqa: PTH118 - as above
    from asayer_cli.propagation.install import install_from_environment

    return install_from_environment


def _load_file(name: str, file: str, folders: list[str] | None) -> Any:
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(name, file, submodule_search_locations=folders)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported")
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _remove(folder: str, owner: int) -> None:
    """Remove the folder, not from a process forked off, which runs this too, nor from under a child that lives on.

    Such a child may start others: so does the gunicorn that takes over at SIGUSR2.
    """
    if os.getpid() != owner or _has_children():
        return
    try:
        for at, folders, files in os.walk(folder, topdown=False):
            for name in files:
                os.unlink(os.path.join(at, name))  # noqa: PTH108, PTH118
            for name in folders:
                os.rmdir(os.path.join(at, name))  # noqa: PTH106, PTH118
        os.rmdir(folder)  # noqa: PTH106
    except OSError:  # removed by another, or the process gave up its rights to it
        return


def _has_children() -> bool:
    tracker = getattr(sys.modules.get("multiprocessing.resource_tracker"), "_resource_tracker", None)
    if getattr(tracker, "_pid", None) or not hasattr(os, "waitid"):  # a child that ends after us; macOS before 3.13
        return False
    try:
        return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False
