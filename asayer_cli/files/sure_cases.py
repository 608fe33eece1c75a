"""Lines of which a look at their bytes tells that CloudWatch's collector takes them: nearly all, in most files.

What is sure here is what the collector's rules say at length; every other line is left to them.
"""

from __future__ import annotations

import re
from datetime import UTC, date
from typing import TYPE_CHECKING, Final

from asayer_cli.entries import EARLIEST, LATEST
from asayer_cli.files.scan import rarest_word

if TYPE_CHECKING:
    from datetime import datetime

    from asayer_cli.entries import Window
    from asayer_cli.tag import TagConvention

_ERROR_WORD: Final = re.compile(rb"[Ee]rror|[Ee]xception")
# RFC 3339 in UTC at the head of a line, which compares as text does, and nothing of a container runtime behind it
_TIME: Final = re.compile(
    rb"([0-9]{4}-[0-9]{2}-[0-9]{2})T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{3,9})?Z[ \t](?!std)"
)
_BEGINS_PLAIN: Final = re.compile(rb"[A-Za-z\[<(]")
_TO_SECONDS: Final = 19


class SureCases:
    """Knows the lines of a window that are surely collectible."""

    def __init__(self, convention: TagConvention, window: Window) -> None:
        name = convention.tag_name.encode()
        self._into_name = name.lower().index(rarest_word(convention))
        # 19 digits fit an unsigned 64-bit integer, whatever they are
        self._tag = re.compile(rb"(?<![A-Za-z0-9_])" + re.escape(name) + rb"=[0-9]{1,19}(?![0-9])").match
        self._bounded = (window.start, window.end) != (EARLIEST, LATEST)
        # a border's own second is left to the rules
        self._after, self._before = _second(window.start), _second(window.end)
        self._days: dict[bytes, bool] = {}

    def hold(self, block: bytes, begin: int, end: int, hit: int) -> bool:
        """Tell whether a line of plain text is surely taken; its first hit is where the scan found the tag's word."""
        if not self._tag(block, hit - self._into_name):
            return False
        if block.find(b"ERROR", begin, end) < 0 and not _ERROR_WORD.search(block, begin, end):
            return False
        if not self._bounded and _BEGINS_PLAIN.match(block, begin):
            return True
        timed = _TIME.match(block, begin)
        if not timed or not self._is_day(timed[1]):
            return False
        return self._after < block[begin : begin + _TO_SECONDS] < self._before

    def _is_day(self, text: bytes) -> bool:
        known = self._days.get(text)
        if known is None:
            try:
                known = bool(date.fromisoformat(text.decode()))
            except ValueError:
                known = False
            self._days[text] = known
        return known


def _second(moment: datetime) -> bytes:
    return moment.astimezone(UTC).isoformat()[:_TO_SECONDS].encode()
