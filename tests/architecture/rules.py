"""The rules of who may import whom, read from source text."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGE = "asayer_cli"
DOMAIN = {f"{PACKAGE}.{name}" for name in ("session_id", "tag", "collector", "entries")}
PROPAGATION = f"{PACKAGE}.propagation"
# its folder goes first on the path of users' programs, where it finds its own file, and the one that it hides
STARTUP = {"asayer_startup", "sitecustomize"}
AWS_SDK = {"boto3", "botocore", "s3transfer"}
ELASTIC_SDK = {"elasticsearch", "elastic_transport"}
SERVERS = {"moto", "noida_db", "werkzeug", "flask"}
SCREEN = {"rich"}
KEYRING = {"keyring"}
COMMAND_LINE = {"click"}
HTTP = {"urllib3"}
# sandbox stands for AWS with moto, and signs requests for it; keyring is one module's concern
HOMES = (
    (AWS_SDK, ("aws", "sandbox")),
    (ELASTIC_SDK, ("elastic",)),
    (SERVERS, ("sandbox",)),
    (SCREEN, ("output",)),
    (KEYRING, ("secret_store",)),
    (COMMAND_LINE, ("cli",)),
    (HTTP, ("canary", "elastic", "sandbox")),
)


@dataclass(frozen=True)
class Import:
    """`importer` imports `imported`, both dotted; `eager` when that happens as `importer` itself is imported."""

    importer: str
    imported: str
    eager: bool

    @property
    def top(self) -> str:
        return self.imported.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported}"


def imports(importer: str, source: str) -> Iterator[Import]:
    """Yield what a module imports at run time; what stands under `if TYPE_CHECKING` is for type checkers alone."""
    yield from _imports_in(ast.parse(source), importer, eager=True)


def _imports_in(node: ast.AST, importer: str, *, eager: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(importer, name.name, eager) for name in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = _absolute(importer, child)
            yield from (Import(importer, f"{base}.{name.name}", eager) for name in child.names)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield from _imports_in(ast.Module([other], []), importer, eager=eager)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports_in(child, importer, eager=eager and not inside)


def _absolute(importer: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parents = importer.split(".")[: -node.level]
    return ".".join([*parents, node.module] if node.module else parents)


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def outside_its_home(found: Import) -> bool:
    """An SDK, a server, the screen, the keyring or click, imported where it does not live."""
    return any(found.top in packages and _room(found.importer) not in homes for packages, homes in HOMES)


def heavy_in_cli(found: Import) -> bool:
    """Something heavy, or one of our modules that is, imported as a command module is."""
    heavy = AWS_SDK | ELASTIC_SDK | SERVERS | SCREEN | KEYRING | HTTP | {"tomlkit", "platformdirs"}
    return _room(found.importer) == "cli" and found.eager and found.top in heavy


def of_cli(found: Import) -> bool:
    """The command line, imported by what it calls."""
    to_cli = found.imported == f"{PACKAGE}.cli" or found.imported.startswith(f"{PACKAGE}.cli.")
    return to_cli and _room(found.importer) not in ("cli", "__main__")


def outside_the_domain(found: Import) -> bool:
    """A domain module that imports more than the standard library and its like."""
    if found.importer not in DOMAIN:
        return False
    ours = any(found.imported == module or found.imported.startswith(f"{module}.") for module in DOMAIN)
    return not ours and found.top not in sys.stdlib_module_names


def beside_propagation(found: Import) -> bool:
    """In users' programs `propagation` is alone: nothing of ours, and a framework only where it is served."""
    if not _is_in(PROPAGATION, found.importer):
        return False
    if found.top == PACKAGE:
        return not _is_in(PROPAGATION, found.imported)
    alone = sys.stdlib_module_names | (STARTUP if _is_in(f"{PROPAGATION}.startup", found.importer) else set())
    return found.eager and found.top not in alone


def of_propagation(found: Import) -> bool:
    """`propagation` serves users' programs, none of ours: what hands it out reads its source."""
    return _is_in(PROPAGATION, found.imported) and not _is_in(PROPAGATION, found.importer)


def _is_in(package: str, module: str) -> bool:
    return f"{module}.".startswith(f"{package}.")


RULES: dict[str, Callable[[Import], bool]] = {
    rule.__name__: rule
    for rule in (outside_its_home, heavy_in_cli, of_cli, outside_the_domain, beside_propagation, of_propagation)
}


def dynamic_imports(source: str) -> Iterator[str]:
    """Yield the calls that import by a name worked out at run time, which these rules cannot see."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield ast.unparse(node)
