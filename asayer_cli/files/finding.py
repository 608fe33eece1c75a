"""Find a short text in bytes, as fast as the C library does it."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable


def _c_function() -> Any:  # noqa: ANN401 - ctypes makes the type
    """Return `memmem` of the C library, None where it has none."""
    try:
        function = ctypes.PyDLL(None).memmem
    except (AttributeError, OSError, TypeError):
        return None
    function.restype = ctypes.c_void_p
    function.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t)
    return function


_MEMMEM: Final = _c_function()


def line_places(block: bytes, needle: bytes) -> list[int]:
    """Return where `needle`, which has no newline, stands in a block: once for each line that it stands in."""
    if _MEMMEM is None:
        return _places(block, block.find, needle)
    base = ctypes.cast(ctypes.c_char_p(block), ctypes.c_void_p).value or 0
    size, length = len(block), len(needle)

    def find(wanted: bytes, begin: int) -> int:
        found = _MEMMEM(base + begin, size - begin, wanted, length)
        return found - base if found else -1

    return _places(block, find, needle)


def _places(block: bytes, find: Callable[[bytes, int], int], needle: bytes) -> list[int]:
    found = []
    newline = block.find
    place = find(needle, 0)
    while place >= 0:
        found.append(place)
        place = newline(b"\n", place)
        if place < 0:
            break
        place = find(needle, place)
    return found
