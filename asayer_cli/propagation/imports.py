"""Calls back when a module has been imported, and patches attributes so that it can be undone."""

from __future__ import annotations

import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_awaited: dict[str, list[Callable[[Any], object]]] = {}
_searching = threading.local()
_told: set[str] = set()
_patches: list[tuple[Any, str, Any, Any]] = []


def when_imported(name: str, callback: Callable[[Any], object]) -> None:
    """Call `callback(module)` now if the module `name` is there, and whenever it is imported or reloaded.

    A callback that fails is warned of once; the import goes on.
    """
    callbacks = _awaited.setdefault(name, [])
    if callback not in callbacks:
        callbacks.append(callback)
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    module = sys.modules.get(name)
    if module is not None:
        attempt(callback, module)


def forget_imports() -> None:
    """Take back all that `when_imported` has asked for."""
    _awaited.clear()
    while _finder in sys.meta_path:
        sys.meta_path.remove(_finder)


def attempt(function: Callable[..., object], *arguments: Any) -> None:
    """Call what may not stop the host program: a failure becomes one warning."""
    try:
        function(*arguments)
    except Exception as error:  # noqa: BLE001 - an unknown version of a library is no reason not to start
        name = getattr(function, "__name__", repr(function))
        if name not in _told:
            _told.add(name)
            warnings.warn(f"asayer propagation: {name} failed: {error!r}", RuntimeWarning, stacklevel=3)


def patch(owner: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    """Replace `owner.name` by `wrap(what is there)`; an attribute that is missing or patched already is left alone."""
    there = vars(owner).get(name)
    if there is None or getattr(there, "asayer_patch", False):
        return
    wrapped = wrap(there)
    wrapped.asayer_patch = True
    setattr(owner, name, wrapped)
    _patches.append((owner, name, there, wrapped))


def undo_patches() -> None:
    """Put back what `patch` has replaced, except where somebody else has patched it since."""
    while _patches:
        owner, name, there, wrapped = _patches.pop()
        if vars(owner).get(name) is wrapped:
            setattr(owner, name, there)


class _AwaitingFinder:
    """Stands first on `sys.meta_path`; finds awaited modules through the others and makes their loaders call back."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> Any:
        """Return the spec that the next finders have for an awaited module; for all others None, as always."""
        if name not in _awaited or getattr(_searching, "name", None) == name:
            return None
        outer = getattr(_searching, "name", None)
        _searching.name = name
        try:
            spec = _found_by_others(name, path, target)
        finally:
            _searching.name = outer
        if spec is not None:
            _call_back_after(spec.loader)
        return spec


_finder = _AwaitingFinder()


def _found_by_others(name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
    for finder in list(sys.meta_path):
        find = getattr(finder, "find_spec", None)
        spec = None if finder is _finder or find is None else find(name, path, target)
        if spec is not None:
            return spec  # type: ignore[no-any-return]
    return None


def _call_back_after(loader: Any) -> None:
    """Wrap the loader's own `exec_module`, so that it stays the loader that others know."""
    load = getattr(loader, "exec_module", None)
    if load is None or getattr(load, "asayer_patch", False) or isinstance(loader, type):
        return  # none, done before, or a loader that all built-in modules share

    def exec_module(module: ModuleType) -> None:
        load(module)
        for callback in _awaited.get(module.__name__, ()):
            attempt(callback, sys.modules.get(module.__name__, module))

    exec_module.asayer_patch = True  # type: ignore[attr-defined]
    try:
        loader.exec_module = exec_module
    except (AttributeError, TypeError):  # a loader that cannot be changed: its module stays as it is
        return
