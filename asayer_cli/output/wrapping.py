"""Where a line that is too long is broken: between words, and never inside a command that somebody may paste.

A word or a command that is wider than the terminal is left for the terminal to break: copied, it is still one line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console, ConsoleOptions

# blanks, then a bullet, or a name with its value behind it
_BEGIN: Final = re.compile(r" +(?:[-+*!?\u00b7\u2022\u2192\u2713\u2717] +|[A-Za-z][A-Za-z ]{0,15}? {2,}(?=\S))?")
_NARROWEST: Final = 20
_OURS: Final = r"asayer-cli (?:(?:aws|completions|config|elastic|integrations|sandbox|snippet) )?[a-z][a-z-]*"
_THEIRS: Final = r"aws (?:cloudformation|configure|iam|sso|sts) [a-z][a-z-]*"
_ARGUMENT: Final = r"(?<=-key) [A-Za-z0-9_-]{12,}"  # the id of what is revoked
_OPTION: Final = r" --?[a-z][a-z-]*(?:[ =](?:'[^']*'|[^\s'-]\S*(?<![,;:.)])))?"
_SHELLS: Final = r"(?:mv|chmod) (?:'[^']*'|\S+) (?:'[^']*'|\S+)"
_COMMAND: Final = rf"(?<![\w-])(?:{_SHELLS}|(?:{_OURS}|{_THEIRS})(?:{_ARGUMENT})?(?:{_OPTION})*)"
_WORD: Final = re.compile(rf"[^\s\w]*{_COMMAND}\S*|\S+")


class Hanging:
    """Renders text of one or more lines; what does not fit goes on below a line's own begin, behind its bullet."""

    def __init__(self, text: Text) -> None:
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[Text]:
        for line in self._text.split("\n", allow_blank=True):
            if options.no_wrap:
                yield line
            else:
                yield from _rows(line, options.max_width)


def _rows(line: Text, width: int) -> Iterator[Text]:
    begin = _BEGIN.match(line.plain)
    indent = begin.end() if begin and width >= _NARROWEST + begin.end() else 0
    rows = line[indent:].divide(_breaks(line.plain[indent:], width - indent))
    for number, row in enumerate(rows):
        row.rstrip()
        whole = Text.assemble(line[:indent] if number == 0 else " " * indent, row)
        whole.no_wrap, whole.overflow = True, "ignore"
        yield whole


def _breaks(plain: str, width: int) -> list[int]:
    """Return where rows begin, the first left out."""
    found = []
    begin = 0
    for word in _WORD.finditer(plain):
        if word.start() > begin and cell_len(plain[begin : word.end()]) > width:
            begin = word.start()
            found.append(begin)
    return found
