"""What is asked of a program: requests with an id of their own, some with none, some with what is no id."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_EPOCH_MS: Final = 1_550_000_000_000
_WITHOUT_HEADER: Final = 11  # one of so many
_HOSTILE: Final = 13
_HOSTILE_HEADERS: Final = (
    "order",
    "18446744073709551616",
    "-5",
    "+5",
    "5,6",
    "5 6",
    "0x10",
    "1e3",
    "5.0",
    "[asayer_session_id=5]",
    "5] ERROR [asayer_session_id=6",
    "\xb2",
    "%0a5",
    "9" * 2_000,
    "",
    "None",
)
# Python itself lets other threads' lines into what it prints of these when nobody tags them
_PRINTED_IN_PIECES: Final = frozenset({"die"})
_STYLES: Final = ("{}", "{}", "{}", "  {} ", "000{}", "\t{}")


@dataclass(frozen=True, slots=True)
class Request:
    """One request: `number` is what its handler logs, `session_id` the tag that its entries must have, if any."""

    kind: str
    number: str
    session_id: str | None
    header: str | None


def first_id() -> int:
    """Return an id of a session that begins now; as many as there are sequence and shard bits may be counted on."""
    return (int(time.time() * 1000) - _EPOCH_MS) << 24


def plan(kinds: Mapping[str, int], count: int, first: int) -> list[Request]:
    """Return so many requests of these kinds, as often as their weights say, with ids from `first` on."""
    turns = itertools.cycle(_spread(kinds))
    return [_request(next(turns), number, first + number) for number in range(count)]


def _spread(kinds: Mapping[str, int]) -> Iterator[str]:
    for turn in range(max(kinds.values())):
        yield from (kind for kind, weight in kinds.items() if turn < weight)


def _request(kind: str, number: int, session_id: int) -> Request:
    if kind in _PRINTED_IN_PIECES:
        return Request(kind, str(session_id), str(session_id), str(session_id))
    if number % _WITHOUT_HEADER == _WITHOUT_HEADER - 1:
        return Request(kind, f"none{session_id}", None, None)
    if number % _HOSTILE == _HOSTILE - 1:
        hostile = _HOSTILE_HEADERS[number // _HOSTILE % len(_HOSTILE_HEADERS)]
        return Request(kind, f"none{session_id}", None, hostile)
    return Request(kind, str(session_id), str(session_id), _STYLES[number % len(_STYLES)].format(session_id))
