"""Index expressions: which indices and aliases one means, and which of these somebody may reach.

As in Elasticsearch: wildcards mean what is there and allowed, plain names must be allowed, what follows a ``-`` is
taken out again, hidden names (``.x``) need a pattern with a leading dot, and rights on an index do not cover its
aliases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.elastic.patterns import covers, is_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# Matches nothing, and is no error: Elasticsearch's own way to ask for no index.
NO_INDEX: Final = "*,-*"


@dataclass(frozen=True, slots=True)
class Catalog:
    """What is there: each index and alias with the indices behind it."""

    names: Mapping[str, tuple[str, ...]]

    def behind(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the indices behind names, each once; a name that is not there stands for itself."""
        return tuple(dict.fromkeys(index for name in names for index in self.names.get(name, (name,))))


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What is left of an expression: ``names`` to reach, ``denied`` plain names."""

    names: tuple[str, ...]
    denied: tuple[str, ...]

    @property
    def expression(self) -> str:
        """The expression to send on."""
        return ",".join(self.names) or NO_INDEX


def read_catalog(resolved: Mapping[str, object]) -> Catalog:
    """Read the answer of `GET /_resolve/index/*`."""
    indices, aliases = resolved["indices"], resolved["aliases"]
    if not isinstance(indices, list) or not isinstance(aliases, list):
        raise TypeError("indices and aliases are lists")
    names = {index["name"]: (index["name"],) for index in indices}
    return Catalog(names | {alias["name"]: tuple(alias["indices"]) for alias in aliases})


def narrow(
    expression: str, catalog: Catalog, allowed: Callable[[str], bool], *, hidden: bool = False, lenient: bool = False
) -> Narrowed:
    """Resolve an expression; an empty one and ``_all`` mean everything.

    `hidden` lets wildcards match hidden names; `lenient` (ignore_unavailable) passes over plain names not allowed.
    """
    names: dict[str, None] = {}
    denied: list[str] = []
    wildcard_seen = False
    for part in _parts(expression):
        if part.startswith("-") and wildcard_seen:
            names = {name: None for name in names if not covers([part[1:]], name)}
        elif is_pattern(part):
            wildcard_seen = True
            names |= dict.fromkeys(name for name in _matching(part, catalog, hidden=hidden) if allowed(name))
        elif allowed(part):
            names[part] = None
        elif not lenient:
            denied.append(part)
    return Narrowed(_without_doubles(tuple(names), catalog), tuple(denied))


def _parts(expression: str) -> list[str]:
    parts = ["*" if part == "_all" else part for part in expression.split(",") if part]
    return parts or ["*"]


def _matching(pattern: str, catalog: Catalog, *, hidden: bool) -> list[str]:
    shown = hidden or pattern.startswith(".")
    return [name for name in catalog.names if (shown or not name.startswith(".")) and covers([pattern], name)]


def _without_doubles(names: tuple[str, ...], catalog: Catalog) -> tuple[str, ...]:
    """Leave out aliases whose indices are all named themselves: they would be searched twice."""
    return tuple(
        name
        for name in names
        if catalog.names.get(name, (name,)) == (name,) or not set(catalog.names[name]) <= set(names)
    )
