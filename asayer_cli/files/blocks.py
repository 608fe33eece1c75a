"""A file's text in blocks of whole lines, each with the block before and after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asayer_cli.files.notes import Notes

# CloudWatch takes events of 1 MB; what the escaping of JSON adds has room.
LONGEST_LINE: Final = 4 << 20
BLOCK: Final = 1 << 20


@dataclass(slots=True)
class Block:
    """Whole lines in `data`, the first of which begins `offset` bytes into the text; `before` and `after` as well."""

    data: bytes
    offset: int
    before: bytes = b""
    after: bytes = b""

    def lines_after(self, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield the lines from `end` on, where one ends, with their places in the text, up to a block more.

        It may lie in the block before, where it is negative, or in the one after.
        """
        for data, begin, base in (
            (self.before, end + len(self.before), -len(self.before)),
            (self.data, end, 0),
            (self.after, end - len(self.data), len(self.data)),
        ):
            position = max(begin, 0)
            while position < len(data):
                following = _line_end(data, position)
                yield self.offset + base + position, data[position:following]
                position = following

    def lines_before(self, start: int) -> Iterator[tuple[int, bytes]]:
        """Yield the lines before the one at `start`, the nearest first, up to a block more."""
        for data, end, base in (
            (self.data, start, 0),
            (self.before, min(len(self.before), len(self.before) + start), -len(self.before)),
        ):
            position = max(end, 0)
            while position > 0:
                begin = data.rfind(b"\n", 0, position - 1) + 1
                yield self.offset + base + begin, data[begin:position]
                position = begin


def _line_end(data: bytes, position: int) -> int:
    found = data.find(b"\n", position)
    return len(data) if found < 0 else found + 1


def blocks_of(
    pieces: Iterable[bytes], name: str, notes: Notes, offset: int = 0, before: bytes = b"", after: bytes = b""
) -> Iterator[Block]:
    """Yield the text in blocks; what an overlong line has beyond `LONGEST_LINE` is left out and noted.

    It begins `offset` bytes into its file, between the lines `before` and those `after`.
    """
    waiting: Block | None = None
    for data in whole_lines(pieces, name, notes):
        if waiting is not None:
            waiting.after = data
            yield waiting
            before = waiting.data
        waiting = Block(data, offset, before)
        offset += len(data)
    if waiting is not None:
        waiting.after = after
        yield waiting


def whole_lines(pieces: Iterable[bytes], name: str, notes: Notes) -> Iterator[bytes]:
    """Yield the text in parts that end with a line, the last perhaps without a newline."""
    rest: list[bytes] = []
    held, skipping = 0, False
    for piece in pieces:
        end = piece.rfind(b"\n") + 1
        if not end:
            held, skipping = _hold(rest, piece, held, skipping=skipping, name=name, notes=notes)
            continue
        if skipping:
            # the newline that ends the overlong line
            begin = piece.find(b"\n")
            yield b"".join((*rest, piece[begin:end]))
        elif held or rest:
            yield b"".join((*rest, piece[:end]))
        else:
            yield piece[:end]
        rest, skipping = ([piece[end:]] if end < len(piece) else []), False
        held = len(piece) - end
    if rest:
        yield b"".join(rest)


def _hold(rest: list[bytes], piece: bytes, held: int, *, skipping: bool, name: str, notes: Notes) -> tuple[int, bool]:
    if not skipping and piece:
        rest.append(piece[: LONGEST_LINE - held])
        if held + len(piece) > LONGEST_LINE:
            skipping = True
            notes.missing(f"{name} has a line longer than {LONGEST_LINE >> 20} MB; its rest was skipped")
    return held + len(piece), skipping
