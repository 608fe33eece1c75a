"""How bad an entry is: one of four levels, from whatever its logger wrote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LEVELS: Final = ("error", "warning", "info", "debug")
_WORDS: Final = {
    **dict.fromkeys(
        ("error", "err", "critical", "crit", "fatal", "severe", "alert", "emergency", "emerg", "panic", "dpanic"),
        "error",
    ),
    **dict.fromkeys(("warning", "warn", "wrn"), "warning"),
    **dict.fromkeys(("info", "information", "informational", "inf", "notice", "success", "default", "log"), "info"),
    **dict.fromkeys(("debug", "dbg", "trace", "verbose", "fine", "finer", "finest", "silly"), "debug"),
}
_KEYS: Final = (
    "log.level",
    "level",
    "levelname",
    "level_name",
    "severity",
    "severity_text",
    "severityText",
    "log_level",
    "loglevel",
    "lvl",
    "@l",
)
_BEGINS_WITH_LEVEL: Final = re.compile(
    r"\s*\[?(?:ERROR|CRITICAL|FATAL|SEVERE|WARNING|WARN|INFO|NOTICE|DEBUG|TRACE)\b\]?:?\s+(?=\S)", re.IGNORECASE
)
_HEAD: Final = 200
_IN_CAPITALS: Final = re.compile(
    r"(?<![\w/-])(ERROR|ERR|CRITICAL|CRIT|FATAL|SEVERE|ALERT|EMERGENCY|EMERG|PANIC|WARNING|WARN|WRN|INFO|NOTICE|DEBUG|"
    r"DBG|TRACE|VERBOSE)(?![\w./-])"
)
_MARKED: Final = re.compile(
    r"""(?:\b(?:level|lvl|severity)["']?\s*[=:]\s*["']?|\[\s*|^\s*|[|]\s*)"""
    r"(error|err|critical|crit|fatal|severe|alert|emerg|panic|warning|warn|info|notice|debug|trace|verbose)"
    r"(?=[\]:|\"',;\s]|$)(?<!^log)",
    re.IGNORECASE,
)
_GLOG: Final = re.compile(r"\s*([EFWID])(?:\d{4} \d\d:\d\d:\d\d|/[\w.]+)")
_LETTERS: Final = {"E": "error", "F": "error", "W": "warning", "I": "info", "D": "debug"}
_EXCEPTION: Final = re.compile(
    r"\b(?:[A-Za-z_][\w.]*)?(?:Error|Exception)\b|\bTraceback \(most recent call last\)"
    r"|^\s*panic: |\bpanicked at |\bUncaught "
)
# pino and bunyan count in tens up to 60, Monolog and the like in hundreds, syslog and GELF down from 7
_TENS: Final = ((50, "error"), (40, "warning"), (30, "info"), (10, "debug"))
_HUNDREDS: Final = ((400, "error"), (300, "warning"), (200, "info"), (100, "debug"))
_SYSLOG_ERROR: Final = 3
_SYSLOG_WARNING: Final = 4
_SYSLOG_DEBUG: Final = 7


def without_level(message: str) -> str:
    """Return a message without the level that it begins with, where there is more to it."""
    match = _BEGINS_WITH_LEVEL.match(message)
    return message[match.end() :] if match else message


def level_of(message: str, fields: Mapping[str, object]) -> str:
    """Return the level of an entry by its fields, else by words in the head of its message; empty when unknown."""
    for key in _KEYS if fields else ():
        if level := _normalised(value_at(fields, key)):
            return level
    return _level_in(message[:_HEAD]) or ("error" if _is_tagged_error(fields) else "")


def value_at(fields: Mapping[str, object], key: str) -> object:
    """Return the value of a dotted key, written as one name or as objects in one another; None where there is none."""
    if key in fields:
        return fields[key]
    head, _, rest = key.partition(".")
    inner = fields.get(head) if rest else None
    return value_at(inner, rest) if isinstance(inner, dict) else None


def _normalised(value: object) -> str:
    if isinstance(value, str):
        text = value.strip().lower()
        return _number(int(text)) if text.isdecimal() and len(text) < 5 else _WORDS.get(text, "")  # noqa: PLR2004
    if isinstance(value, int) and not isinstance(value, bool):
        return _number(value)
    return ""


def _number(value: int) -> str:
    if value < 0:
        return ""
    if value <= _SYSLOG_DEBUG:
        if value <= _SYSLOG_ERROR:
            return "error"
        return {_SYSLOG_WARNING: "warning", _SYSLOG_DEBUG: "debug"}.get(value, "info")
    steps = _HUNDREDS if value >= _HUNDREDS[-1][0] else _TENS
    return next((level for least, level in steps if value >= least), "")


def _level_in(head: str) -> str:
    found = [match for pattern in (_IN_CAPITALS, _MARKED) if (match := pattern.search(head))]
    if found:
        return _WORDS[min(found, key=lambda match: match.start(1))[1].lower()]
    if match := _GLOG.match(head):
        return _LETTERS[match[1]]
    return "error" if _EXCEPTION.search(head) else ""


def _is_tagged_error(fields: Mapping[str, object]) -> bool:
    tags = fields.get("tags")
    return tags == "error" or (isinstance(tags, list) and "error" in tags)
