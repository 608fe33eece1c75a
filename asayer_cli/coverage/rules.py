"""What an error is, and the one class that each error belongs to: collectible, untagged, or rejected for a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.collector import ElasticsearchCollector, has_error_tag, is_error_document, says_error
from asayer_cli.coverage.model import UNTAGGED
from asayer_cli.tag import Reason
from asayer_cli.verification.remedies import remedy

if TYPE_CHECKING:
    from asayer_cli.collector import Collector
    from asayer_cli.entries import LogEntry
    from asayer_cli.tag import TagConvention

COLLECTIBLE: Final = "collectible"
_UNTAGGED_REMEDY: Final = (
    "Tag every line that is logged while a request is handled: asayer-cli snippet shows how. Errors outside of any "
    "session, as of a scheduled job, have no replay. Lines of a stack trace that come as entries of their own count "
    "too: let the log driver join them, as awslogs-multiline-pattern does."
)


@dataclass(frozen=True, slots=True)
class ErrorClass:
    """What becomes of an error: `name` is COLLECTIBLE, UNTAGGED or a code of `tag.Reason`.

    `tagged` says whether it carries a readable session id.
    """

    name: str
    tagged: bool


UNTAGGED_ERROR: Final = ErrorClass(UNTAGGED, tagged=False)


def class_of(entry: LogEntry, collector: Collector) -> ErrorClass | None:
    """Return an error's class, None for an entry that is no error; for where there is no store that could be asked."""
    return class_of_error(entry, collector) if is_error(entry, collector) else None


def class_of_error(entry: LogEntry, collector: Collector, *, found: bool | None = None) -> ErrorClass:
    """Return the class of what is known to be an error.

    `found` says whether the collector's own search finds the entry, None where there is no store that could be asked.
    """
    verdict = collector.judge(entry, found=bool(found))
    if verdict is None:
        return UNTAGGED_ERROR
    tagged = verdict.session_id is not None
    if verdict.reason is not None:
        return ErrorClass(verdict.reason.value, tagged)
    return ErrorClass(Reason.UNSEARCHABLE_FIELD.value if found is False else COLLECTIBLE, tagged)


def is_error(entry: LogEntry, collector: Collector) -> bool:
    """Tell whether an entry is an error.

    A line is when it says so: the collector's words `error` and `exception`, a level such as CRITICAL, a traceback;
    the name of the status in an access log does not count. A document is also when its `tags` have `error`, and its
    level, where it has one, decides instead of its words.
    """
    if not isinstance(collector, ElasticsearchCollector):
        return says_error(entry.message)
    return has_error_tag(entry.fields.get("tags")) or is_error_document(entry)


def remedy_of(reason: str, convention: TagConvention) -> str:
    """Return what to do about errors that reach no replay for a reason."""
    return _UNTAGGED_REMEDY if reason == UNTAGGED else remedy(Reason(reason), convention)
