"""Why the product's collector drops an entry, in a few words for a reader who has the entry before them."""

from __future__ import annotations

from typing import Final

from asayer_cli.coverage.model import UNTAGGED
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
"""What is said of one entry."""

TITLES: Final = {
    UNTAGGED: "carry no tag",
    Reason.CASE_MISMATCH: "write the tag's name in another case",
    Reason.WRONG_TAG_NAME: "name the tag otherwise",
    Reason.MALFORMED_TAG: "write the tag as the collector does not read it",
    Reason.ID_NOT_NUMERIC: "have something else in the place of the id",
    Reason.ID_OUT_OF_RANGE: "have an id that does not fit 64 bits",
    Reason.NO_ERROR_WORD: "have neither the word error nor exception",
    Reason.MISSING_ERROR_TAG: "are not tagged as errors",
    Reason.MISSING_UTC_TIME: "have no utc_time",
    Reason.BAD_UTC_TIME: "have a utc_time that cannot be read",
    Reason.MESSAGE_NOT_TEXT: "have a message that is not text",
    Reason.UNSEARCHABLE_FIELD: "are not found by the collector's search",
}
"""What the errors of a coverage do that keeps them from replays; the number of them stands before it."""
