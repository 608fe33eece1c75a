"""Why the product's collector drops an entry, in a few words for a reader who sees the entry itself."""

from __future__ import annotations

from typing import Final

from asayer_cli.tag import Reason

MEANINGS: Final = {
    Reason.CASE_MISMATCH: "the tag is not written in the case that is searched for",
    Reason.WRONG_TAG_NAME: "the tag has another name",
    Reason.MALFORMED_TAG: "the tag is not written as the collector reads it",
    Reason.ID_NOT_NUMERIC: "the tag holds something else than a session id",
    Reason.ID_OUT_OF_RANGE: "the id does not fit 64 bits",
    Reason.NO_ERROR_WORD: "it has neither the word error nor exception",
    Reason.MISSING_ERROR_TAG: "the document is not tagged as an error",
    Reason.MISSING_UTC_TIME: "the document has no utc_time",
    Reason.BAD_UTC_TIME: "the document's utc_time cannot be read",
    Reason.MESSAGE_NOT_TEXT: "the message is not text",
    Reason.UNSEARCHABLE_FIELD: "the collector's search does not find it",
}
