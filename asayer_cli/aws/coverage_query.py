"""The Logs Insights query that counts errors by what becomes of them, and the reading of its rows.

The classes are `coverage.rules`' for CloudWatch: the query tells which of the tag's patterns an event has, the rows say
how many events have the same ones, and the decision between them is made here, in the collector's order. The regular
expressions keep to what Hyperscan knows, on which Insights rests ("CloudWatch Logs Insights query syntax"): they look
neither ahead nor behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.coverage.model import By
from asayer_cli.coverage.rules import COLLECTIBLE, UNTAGGED_ERROR, ErrorClass
from asayer_cli.session_id import MAXIMUM
from asayer_cli.tag import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asayer_cli.tag import TagConvention

# Twice what is kept, so that a secret which is cut in two here is not kept.
SAMPLE_LENGTH: Final = 2_000
_DAY: Final = timedelta(days=1)
_TRUE: Final = frozenset({"1", "true"})
_STATUS: Final = "500 internal server "
_LEVELS: Final = "CRITICAL|FATAL|SEVERE|EMERGENCY|PANIC"
_JSON_LEVELS: Final = "critical|fatal|severe|panic|emergency"
_MEANT: Final = (
    rf"\b(?:{_LEVELS})\b|\bTraceback \(most recent call last\)|\bpanic: "
    rf"|\"(?:log\.)?level(?:name)?\"\s*:\s*\"(?:{_JSON_LEVELS})\""
)
_WORDS_OF_STREAM: Final = r"^(?<covfolder>.*)\/[^\/]*$"


@dataclass(frozen=True, slots=True)
class CountedRow:
    """How many errors of one place, step of time and class there are; `sample` is the newest of them, cut."""

    log_group: str
    stream: str
    time: datetime
    error_class: ErrorClass
    count: int
    sample: str


def query(convention: TagConvention, by: By, step: timedelta) -> str:
    """Return the query; its rows are read by `row_of`.

    Steps longer than a day are counted by day.
    """
    streams = [f"parse @logStream /{_WORDS_OF_STREAM}/", "fields coalesce(covfolder, @logStream) as covstream"]
    places = ("@log", "covstream") if by is By.STREAM else ("@log",)
    flags = ", ".join(f"ispresent({name}) as has{name}" for name in _patterns(convention))
    group_by = ", ".join(
        (*places, f"bin({_period(step)}) as covtime", *(f"has{name}" for name in _patterns(convention)))
    )
    return "\n| ".join(
        (
            f"filter @message like /(?i){_ERROR_WORD}/ or @message like /{_MEANT}/",
            *(f"parse {field} /{pattern}/" for field, pattern in _patterns(convention).values()),
            *(streams if by is By.STREAM else ()),
            f"fields substr(@message, 0, {SAMPLE_LENGTH}) as covhead, {flags}",
            f"stats count(*) as entries, latest(covhead) as sample by {group_by}",
        )
    )


def row_of(row: Mapping[str, str]) -> CountedRow:
    """Read one row; ValueError when it is none of this query's."""
    try:
        when = datetime.fromisoformat(row["covtime"]).replace(tzinfo=UTC)
        return CountedRow(
            row["@log"].partition(":")[2] or row["@log"],
            row.get("covstream", ""),
            when,
            _class_of({name for name in _FLAGS if row.get(f"hascov{name}", "").lower() in _TRUE}),
            int(row["entries"]),
            row.get("sample", ""),
        )
    except KeyError as error:
        raise ValueError(f"a row lacks {error}") from error


def _class_of(has: set[str]) -> ErrorClass:
    """Decide as the collector does between the patterns that an error has."""
    readable = "digits" in has and "huge" not in has
    reason = _reason_of_tag(has)
    if reason is None and not readable:
        return UNTAGGED_ERROR
    is_blank = "blank" in has and "digits" not in has
    if "exact" not in has and not is_blank and reason is not Reason.WRONG_TAG_NAME:
        reason = Reason.CASE_MISMATCH
    elif readable and "word" not in has:
        reason = Reason.NO_ERROR_WORD
    return ErrorClass(reason.value if reason else COLLECTIBLE, readable)


def _reason_of_tag(has: set[str]) -> Reason | None:
    """Return why the tag gives no id, as `tag.read_tag` does; None when it does, or when there is none."""
    if "digits" in has:
        return Reason.ID_OUT_OF_RANGE if "huge" in has else None
    if "blank" in has:
        return Reason.ID_NOT_NUMERIC if "nobody" in has else Reason.MALFORMED_TAG
    others = {
        "notnumeric": Reason.ID_NOT_NUMERIC,
        "malformed": Reason.MALFORMED_TAG,
        "wrongname": Reason.WRONG_TAG_NAME,
    }
    return next((reason for name, reason in others.items() if name in has), None)


def _patterns(convention: TagConvention) -> dict[str, tuple[str, str]]:
    """Return, by the name of the field that it gives, what each pattern is looked for in, and the pattern.

    The names begin as no field of a JSON event does, for these are fields, too. The patterns are those of `tag`, with
    what these look ahead for taken in.
    """
    name = convention.tag_name.replace(".", r"\.")
    loose = r"[-_. ]?".join(convention.words)
    assignment = r"""(?:["'\s\\]*[:=]|\\*u003d|%3d)"""
    nobody = "none|null|nil|undefined|-"
    message = "@message"
    return {
        "covword": (message, r"(?i)(?<covword>exception|error)"),
        "covexact": (message, rf"(?<covexact>{name})"),
        "covdigits": (message, rf"(?i){name}=(?<covdigits>[0-9]+)"),
        "covhuge": ("covdigits", rf"^0*(?<covhuge>{_MORE_THAN_64_BITS})$"),
        "covblank": (message, rf"(?i){name}=(?<covblank>(?:{nobody})?(?:\]|[\s,;]*$|[\s,;]+[^\s\d]))"),
        "covnobody": ("covblank", rf"(?i)^(?<covnobody>{nobody})"),
        "covnotnumeric": (message, rf"(?i){name}=(?<covnotnumeric>[^\s\]\"'\\,;0-9])"),
        "covmalformed": (message, rf"(?i){name}(?<covmalformed>{assignment}|\s+[0-9])"),
        "covwrongname": (message, rf"(?i)(?<covwrongname>{loose}{assignment})"),
    }


_FLAGS: Final = ("word", "exact", "digits", "huge", "blank", "nobody", "notnumeric", "malformed", "wrongname")


def _not_behind(text: str) -> str:
    r"""Return the pattern of what may stand before a word when that is not the word `text`, without looking behind."""
    pattern = r"\w"
    for letter in text:
        pattern = rf"(?:^|[^{letter}]|{pattern}{letter})"
    return pattern


def _more_than(number: int) -> str:
    """Return the pattern of decimal numbers, without leading zeros, that are larger than `number`."""
    digits = str(number)
    same_length = (
        rf"{digits[:place]}[{int(digit) + 1}-9][0-9]{{{len(digits) - place - 1}}}"
        for place, digit in enumerate(digits)
        if digit != "9"
    )
    return "|".join((rf"[1-9][0-9]{{{len(digits)},}}", *same_length))


def _period(step: timedelta) -> str:
    if step >= _DAY:
        return "1d"
    minutes = step // timedelta(minutes=1)
    return f"{minutes}m" if minutes < 60 else f"{minutes // 60}h"  # noqa: PLR2004 - minutes of an hour


_ERROR_WORD: Final = rf"exception|{_not_behind(_STATUS)}error|error\w"
_MORE_THAN_64_BITS: Final = _more_than(MAXIMUM)
