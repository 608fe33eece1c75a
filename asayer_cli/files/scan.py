"""The fast scan: which lines of a block can concern a tag, found by passes over all its bytes in C.

A line is a candidate when it holds the rarest word of the tag's name, in any case, or one of the ids looked for. What
the candidates say is judged afterwards, by the same rules as everywhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from asayer_cli.files.finding import line_places
from asayer_cli.files.formats import Kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from asayer_cli.session_id import SessionId
    from asayer_cli.tag import TagConvention

_COMMON_WORDS: Final = frozenset({"session", "open", "id"})
# What one hit of a capital letter costs, in bytes that could be made lower-case meanwhile.
_COST_OF_A_HIT: Final = 150
_SAMPLE: Final = 8192
# An id is looked for by itself when its digits are rare, and there are few.
_RARE_DIGITS: Final = 12
_FEW_IDS: Final = 2
# Container runtimes cut lines at 8 KB or 16 KB.
_CUT_AT: Final = 4096


def rarest_word(convention: TagConvention) -> bytes:
    """Return the word of the tag's name that stands in the fewest lines of a log, in lower case."""
    words = [word for word in convention.words if word not in _COMMON_WORDS] or list(convention.words)
    return max(words, key=len).encode()


class WordScan:
    """Finds a word in any case.

    The spelling in lower case is found as it is. Each other one has a capital letter of the word: where those are rare,
    they are looked at one by one; where they are not, the block is made lower-case.
    """

    def __init__(self, word: bytes) -> None:
        self._word = word
        self._capitals = sorted(set(word.upper()) - set(word))
        self._spots = {
            letter: [place for place, other in enumerate(word.upper()) if other == letter] for letter in self._capitals
        }

    def __call__(self, block: bytes) -> list[int]:
        """Return places in the block, at least one in every line that holds the word, in order."""
        if self._capitals_are_common(block):
            return line_places(block.lower(), self._word)
        found = line_places(block, self._word)
        capital = self._with_capitals(block)
        return sorted({*found, *capital}) if capital else found

    def _capitals_are_common(self, block: bytes) -> bool:
        middle = len(block) // 2
        sample = block[:_SAMPLE] + block[middle : middle + _SAMPLE]
        return sum(map(sample.count, self._capitals)) * _COST_OF_A_HIT > len(sample)

    def _with_capitals(self, block: bytes) -> list[int]:
        found = []
        word, size, find = self._word, len(self._word), block.find
        for letter in self._capitals:
            spots = self._spots[letter]
            place = find(letter)
            while place >= 0:
                for spot in spots:
                    begin = place - spot
                    if begin >= 0 and block[begin : begin + size].lower() == word:
                        found.append(begin)
                place = find(letter, place + 1)
        return found


class IdScan:
    """Finds the digits of a few ids, which need no other spelling."""

    def __init__(self, ids: Iterable[SessionId]) -> None:
        self._digits = [str(one).encode() for one in ids]

    def __call__(self, block: bytes) -> list[int]:
        """Return places in the block, at least one in every line that holds an id, in order."""
        found = [place for digits in self._digits for place in line_places(block, digits)]
        return sorted(found) if len(self._digits) > 1 else found


def scan_for(convention: TagConvention, ids: frozenset[SessionId]) -> Callable[[bytes], list[int]]:
    """Return the fastest scan for lines in which one of the ids may be tagged, any id where none is given."""
    if ids and len(ids) <= _FEW_IDS and all(len(str(one)) >= _RARE_DIGITS for one in ids):
        return IdScan(ids)
    return WordScan(rarest_word(convention))


def candidates(block: bytes, hits: Callable[[bytes], list[int]]) -> Iterator[tuple[int, int]]:
    """Yield where each candidate line begins and ends, in order, its newline included."""
    places = hits(block)
    if _is_of_containers(block):
        places = sorted({*places, *_cut_lines(block)})
    find, rfind, size, end = block.find, block.rfind, len(block), 0
    for place in places:
        if place >= end:
            begin = rfind(b"\n", 0, place) + 1
            end = find(b"\n", place) + 1 or size
            yield begin, end


def _is_of_containers(block: bytes) -> bool:
    """Tell whether a container runtime wrote a line of the block: its first, one in its middle, or its last."""
    middle = block.find(b"\n", len(block) // 2) + 1
    last = block.rfind(b"\n", 0, len(block) - 1) + 1
    kinds = {kind_of(block[place : place + 512]) for place in (0, middle, last)}
    return not kinds.isdisjoint({Kind.DOCKER, Kind.CRI})


def _cut_lines(block: bytes) -> Iterator[int]:
    """Yield places of lines that may be parts, so that a tag which was cut in two is found as well.

    Each line that is longer than the window has a window without a newline in it.
    """
    yield from (match.start() for match in _PART.finditer(block))
    place, rfind = 0, block.rfind
    while place + _CUT_AT < len(block):
        newline = rfind(b"\n", place, place + _CUT_AT)
        if newline < 0:
            yield place
            newline = block.find(b"\n", place)
            if newline < 0:
                return
        place = newline + 1


_PART: Final = re.compile(rb" std(?:out|err) P[ :]")
