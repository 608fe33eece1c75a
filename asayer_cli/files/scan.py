"""The fast scan: which lines of a block can concern a tag, found by passes over all its bytes in C.

A line is a candidate when it holds the rarest word of the tag's name, in any case, or one of the ids looked for. What
the candidates say is judged afterwards, by the same rules as everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.files.formats import Kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from asayer_cli.session_id import SessionId
    from asayer_cli.tag import TagConvention

_COMMON_WORDS: Final = frozenset({"session", "open", "id"})
# What looking at one letter costs, in bytes that could be made lower-case and searched meanwhile.
_COST_OF_A_HIT: Final = 300
_SAMPLE: Final = 8192
# So much is made lower-case at a time that it stays in the processor's cache.
_WINDOW: Final = 256 << 10
# An id is looked for by itself when its digits are rare, and there are few.
_RARE_DIGITS: Final = 12
_FEW_IDS: Final = 2
# Container runtimes cut lines at 8 KB or 16 KB.
_CUT_AT: Final = 4096


def rarest_word(convention: TagConvention) -> bytes:
    """Return the word of the tag's name that stands in the fewest lines of a log, in lower case."""
    words = [word for word in convention.words if word not in _COMMON_WORDS] or list(convention.words)
    return max(words, key=len).encode()


@dataclass(frozen=True, slots=True)
class Letters:
    """The cases of one letter, at its spot in a word."""

    cases: bytes
    spot: int

    def count(self, text: bytes) -> int:
        """Return how often they stand in a text."""
        return sum(map(text.count, self.cases))


class WordScan:
    """Finds a word in any case.

    Where one letter of the word is rare in a block, as y is in many logs, it is looked at wherever it stands. Where the
    capital letters are, the word is searched as it is, and those are looked at. Else the block is made lower-case.
    """

    def __init__(self, word: bytes) -> None:
        self._word = word
        self._letters = [Letters(bytes({small, capital}), spot) for spot, (small, capital) in _cases(word)]
        self._capitals = [Letters(bytes({capital}), spot) for spot, (_, capital) in _cases(word)]

    def __call__(self, block: bytes) -> list[int]:
        """Return places in the block, at least one in every line that holds the word, in order."""
        middle = len(block) // 2
        sample = block[:_SAMPLE] + block[middle : middle + _SAMPLE]
        rarest = min(self._letters, key=lambda letters: letters.count(sample))
        found = self.by_letters(block, [rarest]) if _are_rare([rarest], sample) else None
        if found is None and _are_rare(self._capitals, sample):
            found = self.by_capitals(block)
        return self.in_lower_case(block) if found is None else found

    def by_letters(self, block: bytes, letters: Iterable[Letters]) -> list[int] | None:
        """Return where the word stands with one of the letters; None where those are too common after all."""
        word, size, find = self._word, len(self._word), block.find
        found: list[int] = []
        left = len(block) // _COST_OF_A_HIT + _SAMPLE
        for letter, spot in ((letter, one.spot) for one in letters for letter in one.cases):
            place = find(letter)
            while place >= 0:
                begin = place - spot
                if begin >= 0 and block[begin : begin + size].lower() == word:
                    found.append(begin)
                place = find(letter, place + 1)
                left -= 1
                if left < 0:
                    return None
        return sorted(found)

    def by_capitals(self, block: bytes) -> list[int] | None:
        """Return where the word stands, by itself or with capital letters; None where those are too common."""
        capital = self.by_letters(block, self._capitals)
        return None if capital is None else sorted({*line_places(block, self._word), *capital})

    def in_lower_case(self, block: bytes) -> list[int]:
        """Return where the word stands, by making the block lower-case."""
        found = []
        for begin in range(0, len(block), _WINDOW):
            part = block[begin : begin + _WINDOW + len(self._word) - 1].lower()
            found += [begin + place for place in line_places(part, self._word)]
        return found


def line_places(block: bytes, needle: bytes) -> list[int]:
    """Return where `needle`, which has no newline, stands in a block: once for each line that it stands in."""
    found = []
    find = block.find
    place = find(needle)
    while place >= 0:
        found.append(place)
        place = find(b"\n", place)
        if place < 0:
            break
        place = find(needle, place)
    return found


def _cases(word: bytes) -> Iterator[tuple[int, tuple[int, int]]]:
    return enumerate(zip(word.lower(), word.upper(), strict=True))


def _are_rare(letters: Iterable[Letters], sample: bytes) -> bool:
    return sum(one.count(sample) for one in letters) * _COST_OF_A_HIT <= len(sample)


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


def candidates(block: bytes, hits: Callable[[bytes], list[int]]) -> Iterator[tuple[int, int, int]]:
    """Yield where each candidate line begins and ends, its newline included, and its first hit; in order."""
    places = hits(block)
    if _is_of_containers(block):
        places = sorted({*places, *_cut_lines(block)})
    find, rfind, size, end = block.find, block.rfind, len(block), 0
    for place in places:
        if place >= end:
            begin = rfind(b"\n", 0, place) + 1
            end = find(b"\n", place) + 1 or size
            yield begin, end, place


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
