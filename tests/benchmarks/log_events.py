"""The events of a log group that the model of CloudWatch answers from: made from a specification, always the same."""

from __future__ import annotations

import random
import re
from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from asayer_cli.entries import moment
from asayer_cli.session_id import SessionId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

REGION: Final = "eu-west-1"
STREAMS: Final = 4
_HOUR_MS: Final = 3_600_000
_TERM: Final = re.compile(r'(\??)(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|([\w.=:/-]+))\s*')


@dataclass(frozen=True, slots=True)
class GroupSpec:
    """What a log group holds: `events` over the `hours` before `end_ms`, every `tagged_every`th of them tagged.

    The session that is looked for begins `session_after` hours after the first event; of the tagged ones from then on,
    four of five are its own until it has `session_entries`. `ties` is how many events share a millisecond on average.
    `late` is the share of events that can be searched only once they are released.
    """

    name: str
    end_ms: int
    events: int = 400_000
    hours: float = 24.0
    message_bytes: int = 200
    tagged_every: int = 100
    session_after: float = 10.0
    session_entries: int = 40
    ties: int = 1
    late: float = 0.0
    seed: int = 1
    log_class: str = "STANDARD"

    @property
    def start_ms(self) -> int:
        """The first millisecond that may hold an event."""
        return self.end_ms - int(self.hours * _HOUR_MS)

    @property
    def session_ms(self) -> int:
        """When the session began."""
        return self.start_ms + int(self.session_after * _HOUR_MS)

    @property
    def session_id(self) -> SessionId:
        """The session that is looked for."""
        return SessionId.starting_at(moment(self.session_ms), 7)


class InvalidPatternError(ValueError):
    """A filter pattern of a kind that the model does not know."""


class Group:
    """A log group's events, ordered by time; each is known by its index."""

    def __init__(self, spec: GroupSpec) -> None:
        self.spec = spec
        self.times = array("q", _times(spec))
        self.session: list[int] = []
        messages = [message.encode() for message in self._messages()]
        self.ends = array("q", accumulate(len(message) + 1 for message in messages))
        self._text = b"\n".join([*messages, b""])
        chance = random.Random(spec.seed)  # noqa: S311 - the same events each time
        self.late = {index for index in range(spec.events) if chance.random() < spec.late} if spec.late else set()
        self.matching = lru_cache(maxsize=64)(self._matching)

    @cached_property
    def arn(self) -> str:
        """The group's ARN, without `:*`."""
        return f"arn:aws:logs:{REGION}:123456789012:log-group:{self.spec.name}"

    def stream(self, index: int) -> str:
        """Return the name of the stream that an event lies in."""
        return f"web/{index % STREAMS}"

    def event_id(self, index: int) -> str:
        """Return an event's id, of 56 digits as the service's."""
        return f"{self.times[index]:020d}{index:036d}"

    def begin(self, index: int) -> int:
        """Return how many bytes lie before an event."""
        return self.ends[index - 1] if index else 0

    def message(self, index: int) -> str:
        """Return an event's text."""
        return self._text[self.begin(index) : self.ends[index] - 1].decode()

    def event(self, index: int, released_ms: int) -> dict[str, Any]:
        """Return an event as FilterLogEvents answers it; a late one was taken when it was released."""
        taken = released_ms if index in self.late else self.times[index] + 900
        return {
            "logStreamName": self.stream(index),
            "timestamp": self.times[index],
            "message": self.message(index),
            "ingestionTime": taken,
            "eventId": self.event_id(index),
        }

    def reached(self, begin: int, scanned: int) -> int:
        """Return the index behind the last event of a page that begins at an event and scans so many bytes."""
        return max(bisect_right(self.ends, self.begin(begin) + scanned), begin + 1)

    def reached_back(self, end: int, scanned: int) -> int:
        """Return the index of the last event of a page that goes back from an index and scans so many bytes."""
        return min(bisect_left(self.ends, self.begin(end) - scanned), end - 1)

    def _messages(self) -> Iterator[str]:
        spec = self.spec
        rank = 0
        for index, time in enumerate(self.times):
            if index % spec.tagged_every:
                text = f"INFO {time} shop.web request {index:08d} GET /products/{index % 977} 200 in {index % 89} ms"
            else:
                mine = time >= spec.session_ms and len(self.session) < spec.session_entries
                rank += mine
                mine = mine and rank % 5 > 0
                if mine:
                    self.session.append(index)
                session_id = spec.session_id if mine else SessionId.starting_at(moment(time - 600_000), index & 0xFFFF)
                text = f"[asayer_session_id={session_id}] ERROR {time} shop.checkout order {index:08d} was not paid"
            yield text.ljust(spec.message_bytes, "-")

    def _matching(self, pattern: str) -> array[int]:
        """Return the indices of the events that match a filter pattern, in order."""
        if not pattern.strip():
            return array("q", range(len(self.times)))
        terms = _terms(pattern)
        hits = [set(self._hits(term)) for _, term in terms]
        either = terms[0][0]
        return array("q", sorted(set.union(*hits) if either else set.intersection(*hits)))

    def _hits(self, term: re.Pattern[bytes]) -> Iterator[int]:
        last = -1
        for match in term.finditer(self._text):
            index = bisect_right(self.ends, match.start())
            if index != last:
                yield index
            last = index


def _times(spec: GroupSpec) -> Iterable[int]:
    span = spec.end_ms - spec.start_ms
    if spec.ties == 1:
        return (spec.start_ms + number * span // spec.events for number in range(spec.events))
    chance = random.Random(spec.seed)  # noqa: S311 - the same events each time
    moments = [spec.start_ms + chance.randrange(span) for _ in range(max(spec.events // spec.ties, 1))]
    return sorted(chance.choices(moments, k=spec.events))


def _terms(pattern: str) -> list[tuple[bool, re.Pattern[bytes]]]:
    """Read a pattern of words, quoted terms and regular expressions: all of them, or any where each has a `?`."""
    text = pattern.strip()
    found = list(_TERM.finditer(text))
    if not found or "".join(match[0] for match in found) != text or len({match[1] for match in found}) > 1:
        raise InvalidPatternError(pattern)
    return [(bool(match[1]), _compiled(match)) for match in found]


def _compiled(match: re.Match[str]) -> re.Pattern[bytes]:
    _, quoted, expression, word = match.groups()
    if expression is not None:
        return re.compile(expression.encode())
    literal = word if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    return re.compile(re.escape(literal.encode()))
