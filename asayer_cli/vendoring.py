"""The propagation package as one self-contained module, for programs that will not install this one."""

from __future__ import annotations

import ast
import functools
import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from asayer_cli import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PACKAGE: Final = "asayer_cli.propagation"
_FOLDER: Final = Path(__file__).parent / "propagation"
# The names that the package exports, and how it is run, are written anew for one module.
_LEFT_OUT: Final = ("__init__", "__main__")
_STARTUP: Final = "STARTUP_FILES"
_HEADER: Final = """\
# Session ids in log entries: `import {name}; {name}.install()`, or `python {name}.py -- gunicorn app:app`.
# Made by asayer-cli snippet python --vendor FILE; do not change it: write it anew. Python 3.9 and later.
# Whether it is current: asayer-cli snippet check FILE
# Copyright (c) the asayer-cli developers. SPDX-License-Identifier: MIT
# ruff: noqa
# flake8: noqa
# mypy: ignore-errors
# pylint: skip-file
# fmt: off
# asayer-cli {version}
# sha256 {checksum}
"""
_STAMP: Final = re.compile(r"^# asayer-cli (\S+)\n# sha256 ([0-9a-f]{64})\n", re.MULTILINE)
_VERSION: Final = re.compile(r"(\d+(?:\.\d+)*)(.*)")
MODULE_NAME: Final = "asayer_session"


@dataclass(frozen=True, slots=True)
class Vendored:
    """What a file is: `state` is current, older, newer, changed (by hand) or foreign; `version` of the asayer-cli."""

    state: str
    version: str


@functools.cache
def vendored_module() -> str:
    """Return the source of the module: the same text for the same version."""
    body = _body(_read_modules())
    return _HEADER.format(name=MODULE_NAME, version=__version__, checksum=_checksum(__version__, body)) + body


def judge_vendored(text: str) -> Vendored:
    """Tell what a file's text is to this version; line ends may have been changed on the way."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    stamp = _STAMP.search(text)
    if stamp is None:
        return Vendored("foreign", "")
    version, checksum = stamp.groups()
    body, current = text[stamp.end() :], vendored_module()
    if text == current:
        return Vendored("current", version)
    if _checksum(version, body) != checksum or (version == __version__ and current.endswith(f"\n{body}")):
        return Vendored("changed", version)
    return Vendored("newer" if _order(version) > _order(__version__) else "older", version)


@dataclass(frozen=True, slots=True)
class _Module:
    name: str
    text: str
    tree: ast.Module

    def needs(self) -> list[str]:
        """Return the modules of the package that this one imports from."""
        return [found for node in self.tree.body if (found := _imported_from(node)) is not None]


def _read_modules() -> list[_Module]:
    """Return the package's modules, each after those that it imports from."""
    found = {}
    for path in sorted(_FOLDER.glob("*.py")):
        if path.stem not in _LEFT_OUT:
            text = path.read_text(encoding="utf-8")
            found[path.stem] = _Module(path.stem, text, ast.parse(text))
    ordered: dict[str, _Module] = {}

    def add(name: str) -> None:
        if name not in ordered:
            for needed in found[name].needs():
                add(needed)
            ordered[name] = found[name]

    for name in found:
        add(name)
    return list(ordered.values())


def _body(modules: list[_Module]) -> str:
    _check_names(modules)
    parts = [
        "from __future__ import annotations\n",
        "\n".join(_imports(node for module in modules for node in module.tree.body)) + "\n",
        "if TYPE_CHECKING:\n" + "\n".join(f"    {line}" for line in _imports(_typing_imports(modules))) + "\n",
        _exported(),
        *(f"\n# {module.name}: {_summary(module)}\n\n{_definitions(module)}" for module in modules),
        '\nif __name__ == "__main__":\n    sys.exit(main())\n',
    ]
    return "\n".join(parts)


def _imported_from(node: ast.stmt) -> str | None:
    inside = isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith(f"{PACKAGE}.")
    return str(node.module).rpartition(".")[2] if inside and isinstance(node, ast.ImportFrom) else None


def _imports(nodes: Iterable[ast.stmt]) -> list[str]:
    """Return the imports of other packages, each once: whole modules first, as their style is."""
    modules: set[str] = set()
    names: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            modules.update(ast.unparse(alias) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and _imported_from(node) is None and node.module != "__future__":
            names.setdefault(str(node.module), set()).update(ast.unparse(alias) for alias in node.names)
    whole = [f"import {name}" for name in sorted(modules)]
    return whole + [f"from {name} import {', '.join(sorted(found))}" for name, found in sorted(names.items())]


def _is_typing_block(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _typing_imports(modules: list[_Module]) -> Iterator[ast.stmt]:
    for module in modules:
        for node in module.tree.body:
            if isinstance(node, ast.If) and _is_typing_block(node):
                yield from node.body


def _exported() -> str:
    tree = ast.parse((_FOLDER / "__init__.py").read_text(encoding="utf-8"))
    return next(
        f"{ast.unparse(node)}\n"
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )


def _summary(module: _Module) -> str:
    return (ast.get_docstring(module.tree) or "").partition("\n")[0]


def _definitions(module: _Module) -> str:
    """Return a module's source without its docstring and imports."""
    lines = module.text.splitlines(keepends=True)
    for position, node in enumerate(module.tree.body):
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        docstring = position == 0 and isinstance(node, ast.Expr)
        if docstring or isinstance(node, (ast.Import, ast.ImportFrom)) or _is_typing_block(node):
            lines[first:last] = [""] * (last - first)
        elif isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == _STARTUP:
            lines[first:last] = [_startup_files(), *[""] * (last - first - 1)]
    return "".join(lines).strip("\n") + "\n"


def _startup_files() -> str:
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted((_FOLDER / "startup").glob("*.py"))}
    items = "".join(f"    {name!r}: r'''{text}''',\n" for name, text in texts.items())
    return f"{_STARTUP} = {{\n{items}}}\n"


def _check_names(modules: list[_Module]) -> None:
    """Raise ValueError for a name that two modules define: in one module the second would replace the first."""
    defined = Counter(name for module in modules for name in set(_defined(module)))
    twice = sorted(name for name, times in defined.items() if times > 1)
    if twice:
        raise ValueError(f"defined in more than one module of {PACKAGE}: {', '.join(twice)}")


def _defined(module: _Module) -> Iterator[str]:
    for node in module.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        for target in [*getattr(node, "targets", ()), getattr(node, "target", None)]:
            yield from (name.id for name in ast.walk(target) if isinstance(name, ast.Name)) if target else ()


def _checksum(version: str, body: str) -> str:
    return hashlib.sha256(f"{version}\n{body}".encode()).hexdigest()


def _order(version: str) -> tuple[tuple[int, ...], bool, str]:
    """Return what versions are sorted by; 1.0rc1 comes before 1.0."""
    matched = _VERSION.match(version)
    if matched is None:
        return (), False, version
    return tuple(map(int, matched.group(1).split("."))), not matched.group(2), matched.group(2)
