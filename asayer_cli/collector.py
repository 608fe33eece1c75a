"""The product's collectors as rules: an entry in, a verdict with its reason out.

The rules are read from the collectors' public history (openreplay/openreplay, backend/**/integrations/*.go, 2021 to
2024). They judge what a search returned; whether the store's own search finds an entry is asked of the store.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from asayer_cli.tag import ASAYER, Reason, TagConvention, read_tag

if TYPE_CHECKING:
    from asayer_cli.entries import LogEntry
    from asayer_cli.session_id import SessionId

_ERROR_WORD: Final = re.compile(r"exception|error", re.IGNORECASE | re.ASCII)
_MEANT_AS_ERROR: Final = re.compile(
    r"\b(?:CRITICAL|FATAL|SEVERE|EMERGENCY|PANIC)\b|\bTraceback \(most recent call last\)|\bpanic: "
    r"|\"(?:log\.)?level(?:name)?\"\s*:\s*\"(?:critical|fatal|severe|panic|emergency)\"",
    re.ASCII,
)
# What servers write behind the status of any request.
_STATUS_NAME: Final = re.compile(r"\b500 Internal Server Error\b", re.IGNORECASE | re.ASCII)
_ERROR_LEVELS: Final = frozenset({"error", "critical", "fatal", "severe", "alert", "emergency", "panic"})
_RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the collector does with an entry.

    `session_id` is the id that the tag carries, where it carries one; `reason` says why the entry is dropped, None when
    it is taken; `near_miss` that it was meant to be taken.
    """

    session_id: SessionId | None
    reason: Reason | None
    near_miss: bool

    @property
    def collectible(self) -> bool:
        """Whether the collector attaches the entry to the session's replay."""
        return self.reason is None


class Collector(Protocol):
    """The rules of one collector."""

    @property
    def convention(self) -> TagConvention:
        """The tag that it looks for."""

    def judge(self, entry: LogEntry, *, found: bool = False) -> Verdict | None:
        """Judge an entry, `found` by the collector's own search or not; None when nothing was meant as a tag."""


@dataclass(frozen=True, slots=True)
class CloudWatchCollector:
    """FilterLogEvents with the tag's name as a bare, case-sensitive term, then the error word, then the tag."""

    convention: TagConvention = ASAYER

    def judge(self, entry: LogEntry, *, found: bool = False) -> Verdict | None:  # noqa: ARG002 - the protocol's signature
        """Judge an event of the collected log group; None when nothing in it was meant as a tag."""
        reading = read_tag(entry.message, self.convention)
        if reading is None:
            return None
        if reading.blank:
            return Verdict(None, reading.reason, near_miss=says_error(entry.message))
        if self.convention.tag_name not in entry.message and reading.reason is not Reason.WRONG_TAG_NAME:
            return Verdict(reading.session_id, Reason.CASE_MISMATCH, near_miss=True)
        if reading.reason:
            return Verdict(None, reading.reason, near_miss=True)
        if not _ERROR_WORD.search(entry.message):
            meant = bool(_MEANT_AS_ERROR.search(entry.message))
            return Verdict(reading.session_id, Reason.NO_ERROR_WORD, near_miss=meant)
        return Verdict(reading.session_id, None, near_miss=False)


@dataclass(frozen=True, slots=True)
class ElasticsearchCollector:
    """A match on `message`, a range on `utc_time`, the term `tags: error`, then types, then the tag.

    With `strict` off (the OpenReplay convention) only the tag in `message` counts.
    """

    convention: TagConvention = ASAYER
    strict: bool = True

    def judge(self, entry: LogEntry, *, found: bool = False) -> Verdict | None:
        """Judge a document by its `_source` (`entry.fields`); None when nothing in it was meant as a tag.

        The collector leaves the rule on `tags` to the search alone: what that has `found`, such as `Error` in a field
        of type text, has passed it.
        """
        reading = read_tag(entry.message, self.convention)
        if reading is None:
            return None
        if not isinstance(entry.fields.get("message"), str):
            return Verdict(reading.session_id, Reason.MESSAGE_NOT_TEXT, near_miss=True)
        if reading.reason:
            return Verdict(None, reading.reason, near_miss=not reading.blank or is_error_document(entry))
        reason = self._document_reason(entry, found=found) if self.strict else None
        near_miss = reason is not None and (reason is not Reason.MISSING_ERROR_TAG or is_error_document(entry))
        return Verdict(reading.session_id, reason, near_miss)

    def _document_reason(self, entry: LogEntry, *, found: bool) -> Reason | None:
        if not found and not has_error_tag(entry.fields.get("tags")):
            return Reason.MISSING_ERROR_TAG
        if entry.fields.get("utc_time") is None:
            return Reason.MISSING_UTC_TIME
        if not is_rfc3339(entry.fields["utc_time"]):
            return Reason.BAD_UTC_TIME
        return None


def collector_for_elasticsearch(convention: TagConvention) -> ElasticsearchCollector:
    """Return the rules of the convention: OpenReplay's collector asks for no `tags` and no `utc_time`."""
    return ElasticsearchCollector(convention, strict=convention is ASAYER)


def has_error_tag(tags: object) -> bool:
    """Tell whether `tags`, a list or one string, has exactly `error`."""
    return tags == "error" or (isinstance(tags, list) and "error" in tags)


def is_rfc3339(value: object) -> bool:
    """Tell whether `value` is a string that Go's time.RFC3339 layout reads: date, time and zone."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value.replace(",", "."))
    except ValueError:
        return False
    return True


def crashes_the_collector(utc_time: object) -> bool:
    """Tell whether a `utc_time` is of a type on which the collector stops, and all collection after it."""
    return utc_time is not None and not isinstance(utc_time, str)


def is_error_document(entry: LogEntry) -> bool:
    """Tell whether a document was meant as an error: by its level where it names one, else by its message."""
    log = entry.fields.get("log")
    level = entry.fields.get("log.level") or (log.get("level") if isinstance(log, dict) else None)
    level = level or entry.fields.get("level")
    if isinstance(level, str):
        return level.lower() in _ERROR_LEVELS
    return says_error(entry.message)


def says_error(message: str) -> bool:
    """Tell whether a message was meant as an error's; the name of a status in an access log does not make it one."""
    text = _STATUS_NAME.sub("", message)
    return bool(_ERROR_WORD.search(text) or _MEANT_AS_ERROR.search(text))
