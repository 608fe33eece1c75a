"""Write, find and judge the tag `[asayer_session_id=<id>]` in a log message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, unique
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from asayer_cli.session_id import OutOfRangeError, SessionId

if TYPE_CHECKING:
    from collections.abc import Container


@unique
class Reason(StrEnum):
    """Why the product's collector does not take an entry; the codes are stable."""

    CASE_MISMATCH = "case_mismatch"
    WRONG_TAG_NAME = "wrong_tag_name"
    MALFORMED_TAG = "malformed_tag"
    ID_NOT_NUMERIC = "id_not_numeric"
    ID_OUT_OF_RANGE = "id_out_of_range"
    NO_ERROR_WORD = "no_error_word"
    MISSING_ERROR_TAG = "missing_error_tag"
    MISSING_UTC_TIME = "missing_utc_time"
    BAD_UTC_TIME = "bad_utc_time"
    MESSAGE_NOT_TEXT = "message_not_text"
    UNSEARCHABLE_FIELD = "unsearchable_field"


@dataclass(frozen=True)
class TagConvention:
    """How a product names its tag: `tag_name` in log messages, `headers` that carry the id to the back end."""

    name: str
    tag_name: str
    headers: tuple[str, ...]

    def write(self, session_id: SessionId) -> str:
        """Return the tag as it stands in a log message."""
        return f"[{self.tag_name}={session_id}]"

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the tag's name, in lower case: asayer, session, id."""
        return tuple(word.lower() for word in re.findall(r"[A-Z]?[a-z]+", self.tag_name))

    @cached_property
    def patterns(self) -> _Patterns:
        """The regular expressions that read this tag."""
        return _patterns(self.tag_name, self.words)


ASAYER: Final = TagConvention("asayer", "asayer_session_id", ("X-Session-Id",))
OPENREPLAY: Final = TagConvention("openreplay", "openReplaySession.id", ("X-OpenReplay-SessionToken",))
CONVENTIONS: Final = {convention.name: convention for convention in (ASAYER, OPENREPLAY)}


@dataclass(frozen=True, slots=True)
class TagReading:
    """What a message's tag says: an id, or the reason why it gives none; `blank` when there was no id to give."""

    session_id: SessionId | None
    reason: Reason | None
    blank: bool = False


@dataclass(frozen=True, slots=True)
class _Patterns:
    any_id: re.Pattern[str]
    collected: re.Pattern[str]
    blank: re.Pattern[str]
    not_numeric: re.Pattern[str]
    malformed: re.Pattern[str]
    wrong_name: re.Pattern[str]


@lru_cache(maxsize=8)
def _patterns(tag_name: str, words: tuple[str, ...]) -> _Patterns:
    exact = re.escape(tag_name)
    loose = r"[-_. ]?".join(words)
    assignment = r"""(?:["'\s\\]*[:=]|\\*u003d|%3d)"""
    return _Patterns(
        any_id=re.compile(rf"{exact}(?:=|\\u003d|\\?\"?\s*:\s*\\?\"?)([0-9]+)", re.IGNORECASE | re.ASCII),
        collected=re.compile(f"{exact}=([0-9]+)", re.IGNORECASE | re.ASCII),
        blank=re.compile(
            rf"{exact}=(none|null|nil|undefined|-)?(?=\]|[\s,;]*$|[\s,;]+[^\s\d])", re.IGNORECASE | re.ASCII
        ),
        not_numeric=re.compile(rf"{exact}=[^\s\]\"'\\,;0-9]", re.IGNORECASE | re.ASCII),
        malformed=re.compile(rf"{exact}(?:{assignment}|\s+[0-9])", re.IGNORECASE | re.ASCII),
        wrong_name=re.compile(rf"{loose}{assignment}", re.IGNORECASE | re.ASCII),
    )


def read_tag(message: str, convention: TagConvention = ASAYER) -> TagReading | None:
    """Read the first tag of a message as the collectors do; None when nothing in it was meant as one.

    The collectors take the first match of `(?i)<tag name>=([0-9]+)`; whether the search in front of them minds the
    case is theirs to judge.
    """
    patterns = convention.patterns
    if match := patterns.collected.search(message):
        return _read_digits(match[1])
    if match := patterns.blank.search(message):
        return TagReading(None, Reason.ID_NOT_NUMERIC if match[1] else Reason.MALFORMED_TAG, blank=True)
    if patterns.not_numeric.search(message):
        return TagReading(None, Reason.ID_NOT_NUMERIC)
    if patterns.malformed.search(message):
        return TagReading(None, Reason.MALFORMED_TAG)
    if patterns.wrong_name.search(message):
        return TagReading(None, Reason.WRONG_TAG_NAME)
    return None


def find_session(text: str, wanted: Container[SessionId], convention: TagConvention = ASAYER) -> SessionId | None:
    r"""Return the first of the `wanted` sessions that a text names by its tag, None when it names none of them.

    Wider than the collectors: what a person looks for is also in `"asayer_session_id": "42"`, a field of JSON, and in
    `asayer_session_id\u003d42`, as some JSON writers escape the tag.
    """
    for match in convention.patterns.any_id.finditer(text):
        session_id = _read_digits(match[1]).session_id
        if session_id is not None and session_id in wanted:
            return session_id
    return None


def _read_digits(digits: str) -> TagReading:
    try:
        return TagReading(SessionId.parse(digits), None)
    except OutOfRangeError:
        return TagReading(None, Reason.ID_OUT_OF_RANGE)
