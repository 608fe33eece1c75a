"""Words of shells: take a command line apart up to the cursor, and write a text so that bash reads it back.

Of the grammar only what matters in the words of one simple command: blanks, quotes and backslashes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_BLANKS: Final = " \t\n"
_IN_DOUBLE: Final = '$`"\\\n'
# what a backslash escapes, by the quote that is open; None for everything
BASH: Final = {"": None, '"': _IN_DOUBLE, "'": ""}
FISH: Final = {"": None, '"': '$"\\\n', "'": "'\\"}
_SAFE: Final = "_@%+=:,./-"


@dataclass(frozen=True, slots=True)
class LastWord:
    """The word before the cursor: what it means so far, as it is typed, and the quote that is open at its end."""

    text: str
    raw: str
    quote: str


def split_line(line: str, escapable: Mapping[str, str | None] = BASH) -> tuple[list[str], LastWord]:
    """Return the finished words, without their quotes, and the one at the end, which may be empty."""
    words: list[str] = []
    text, begin, quote, position = "", 0, "", 0
    while position < len(line):
        char, following = line[position], line[position + 1 : position + 2]
        position += 1
        if char in _BLANKS and not quote:
            if position - 1 > begin:
                words.append(text)
            text, begin = "", position
        elif char == "\\" and _escapes(following, escapable[quote]):
            text += following
            position += 1
        elif char == quote or (char in "'\"" and not quote):
            quote = "" if quote else char
        else:
            text += char
    return words, LastWord(text, line[begin:], quote)


def _escapes(char: str, escapable: str | None) -> bool:
    return escapable is None or (char != "" and char in escapable)


def escaped(text: str, quote: str = "") -> str:
    """Return `text` as it must stand where `quote` (none, single or double) is open."""
    return "".join(_escaped(char, quote) for char in text)


def _escaped(char: str, quote: str) -> str:
    if quote == "'":
        return r"'\''" if char == "'" else char
    if quote == '"':
        # history expansion heeds no backslash between double quotes
        return "\"'!'\"" if char == "!" else f"\\{char}" if char in _IN_DOUBLE else char
    return char if char.isalnum() or char in _SAFE else f"\\{char}"


def replacement(last: LastWord, replaced: str, wanted: str) -> str | None:
    """Return what takes the place of `replaced`, the end of the last word, so that the word becomes `wanted`.

    readline replaces only what stands behind a quote, a colon or an equals sign. None when `wanted` begins otherwise.
    """
    kept = last.raw[: len(last.raw) - len(replaced)] if last.raw.endswith(replaced) else ""
    before = split_line(kept)[1]
    if not wanted.startswith(before.text):
        return None
    return escaped(wanted[len(before.text) :], before.quote)
