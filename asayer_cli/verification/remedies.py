"""What to do about each reason why the collector drops an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asayer_cli.tag import Reason

if TYPE_CHECKING:
    from asayer_cli.tag import TagConvention

_REMEDIES: Final = {
    Reason.CASE_MISMATCH: "Write the tag's name exactly as {tag}: CloudWatch's search minds the case.",
    Reason.WRONG_TAG_NAME: "Name the tag {tag}; the collector knows no other spelling.",
    Reason.MALFORMED_TAG: (
        "Write [{tag}=<id>] with nothing but the digits behind an equals sign. Where the logger writes JSON, switch "
        "off HTML escaping, which turns = into \\u003d (Gson: disableHtmlEscaping)."
    ),
    Reason.ID_NOT_NUMERIC: (
        "Send the session id, a decimal number, and not the session token: window.asayer.sessionID() in the browser. "
        "Leave the tag out where a request carries no id."
    ),
    Reason.ID_OUT_OF_RANGE: (
        "Pass the id on as text: it fits an unsigned 64-bit integer, and JavaScript numbers lose digits above 2^53."
    ),
    Reason.NO_ERROR_WORD: (
        "Put the level into the line (ERROR), or log the exception's name: the CloudWatch collector takes only "
        "messages with the word error or exception."
    ),
    Reason.MISSING_ERROR_TAG: 'Give error documents the field tags: ["error"], in lower case.',
    Reason.MISSING_UTC_TIME: "Give documents the field utc_time, an RFC 3339 text such as 2026-11-22T09:30:00Z.",
    Reason.BAD_UTC_TIME: "Write utc_time as an RFC 3339 text with a zone, such as 2026-11-22T09:30:00Z.",
    Reason.MESSAGE_NOT_TEXT: "Send the field message as text; the collector drops every other type.",
    Reason.UNSEARCHABLE_FIELD: (
        "The tag is there, and the collector's search does not find it. Let the tag stand alone, as [{tag}=<id>] and "
        "not glued to a word; in Elasticsearch map the field message as text."
    ),
}


def remedy(reason: Reason, convention: TagConvention) -> str:
    """Return what to do, for a person who can change the application or its logging."""
    return _REMEDIES[reason].format(tag=convention.tag_name)
