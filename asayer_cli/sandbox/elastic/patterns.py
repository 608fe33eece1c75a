"""Elasticsearch's name patterns (``*`` any text, ``?`` any one character), and whether some cover another."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Stands for every character that no pattern at hand names.
_OTHER: Final = "\0"
_Places = frozenset[tuple[int, int]]


def is_pattern(name: str) -> bool:
    """Tell whether `name` stands for more than itself."""
    return "*" in name or "?" in name


def covers(granted: Iterable[str], requested: str) -> bool:
    """Tell whether every name that `requested` stands for is matched by at least one pattern of `granted`.

    A name without wildcards stands for itself. The answer is exact: ``*log*`` covers ``logs-*`` and ``?log*``, not
    ``*``; ``a*`` and ``b*`` cover neither ``*`` nor ``c``; ``*log*`` and ``*`` together cover everything.
    """
    return _covers(tuple(granted), requested)


@lru_cache(maxsize=8192)
def _covers(granted: tuple[str, ...], requested: str) -> bool:
    """Search for a text that `requested` matches and `granted` does not, over the states of both at once."""
    alphabet = {char for pattern in (*granted, requested) for char in pattern} - {"*", "?"} | {_OTHER}
    start = _settle(granted, ((index, 0) for index in range(len(granted))))
    todo = [(place, start) for place in _stars(requested, 0)]
    seen = set(todo)
    while todo:
        place, places = todo.pop()
        if place == len(requested):
            if not any(at == len(granted[index]) for index, at in places):
                return False
            continue
        for char in alphabet if requested[place] in "*?" else requested[place]:
            after = _step(granted, places, char)
            for following in _stars(requested, place if requested[place] == "*" else place + 1):
                if (following, after) not in seen:
                    seen.add((following, after))
                    todo.append((following, after))
    return True


def _stars(pattern: str, place: int) -> Iterator[int]:
    """Yield the places reachable from `place` without reading: a star may stand for nothing."""
    yield place
    while place < len(pattern) and pattern[place] == "*":
        place += 1
        yield place


def _settle(patterns: tuple[str, ...], places: Iterable[tuple[int, int]]) -> _Places:
    return frozenset((index, at) for index, place in places for at in _stars(patterns[index], place))


def _step(patterns: tuple[str, ...], places: _Places, char: str) -> _Places:
    following = []
    for index, place in places:
        expected = patterns[index][place : place + 1]
        if expected == "*":
            following.append((index, place))
        elif expected and expected in ("?", char):
            following.append((index, place + 1))
    return _settle(patterns, following)
