"""The first entries as plain HTML, for browsers that run no script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asayer_cli.output.page.document import escaped
from asayer_cli.output.page.entry_data import said
from asayer_cli.output.page.moments import moment_html, offset_text
from asayer_cli.secret import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from asayer_cli.timeline.model import TimelineEntry

MOST_ENTRIES: Final = 1000
MOST_CHARACTERS: Final = 2000


class PlainList:
    """Keeps the first entries that pass by, shortened, so that its size is bounded."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._items: list[str] = []
        self.seen = 0

    def watching(self, entries: Iterable[TimelineEntry]) -> Iterator[TimelineEntry]:
        """Hand entries on, keeping the first."""
        for entry in entries:
            self.seen += 1
            if self.seen <= MOST_ENTRIES:
                self._items.append(_item(entry, self._zone))
            yield entry

    def html(self) -> str:
        """Return a notice and the list."""
        shown = len(self._items)
        first = f"The first {shown:,} of {self.seen:,} entries follow" if shown < self.seen else "All entries follow"
        return (
            '<p class="notice">This browser runs no script here, so that the page cannot filter or unfold. '
            f'{first}, each shortened.</p><ol class="plain">{"".join(self._items)}</ol>'
        )


def _item(entry: TimelineEntry, zone: tzinfo) -> str:
    trace = _cut("\n".join(entry.trace))
    folded = f"<details><summary>{len(entry.trace)} more lines</summary><pre>{escaped(trace)}</pre></details>"
    again = f" <b>&times;{entry.repeats + 1}</b>" if entry.repeats else ""
    return (
        f'<li class="{escaped(entry.level)}">{moment_html(entry.time, zone)} <span>{offset_text(entry.offset)}</span> '
        f'<b class="level">{escaped(entry.level)}</b> <span class="soft">{escaped(entry.place)}</span> '
        f"<code>{escaped(_cut(said(entry)))}</code>{again}{folded if trace else ''}</li>"
    )


def _cut(text: str) -> str:
    """Return the begin of a text, masked before a secret could be parted."""
    return redact(text)[:MOST_CHARACTERS]
