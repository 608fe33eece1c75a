"""A value that must not be seen: it shows itself only when asked by name."""

from __future__ import annotations

from typing import Final

MASK: Final = "********"
_known: set[str] = set()
_SHORTEST_REDACTED: Final = 6


class Secret:
    """Holds a secret; `str`, `repr`, formatting and JSON give the mask, `reveal()` the value.

    Every value is remembered for `redact`, which stands before each output.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        if len(value) >= _SHORTEST_REDACTED:
            _known.add(value)

    def reveal(self) -> str:
        """Return the value itself."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __str__(self) -> str:
        return MASK

    __repr__ = __str__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be serialised")


def redact(text: str) -> str:
    """Return `text` with every secret that this process has met replaced by the mask."""
    for value in sorted(_known, key=len, reverse=True):
        if value in text:
            text = text.replace(value, MASK)
    return text
