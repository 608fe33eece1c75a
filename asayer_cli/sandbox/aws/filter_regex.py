r"""The regular expressions that CloudWatch Logs filter patterns allow between percent signs. Pure.

Unanchored; letters, digits and ``: _ # = @ / ; , -``; operators ``^ $ ? [ ] { } | \ * + .``; the classes
``\d \s \w`` and ``\xhh``; a backslash before other punctuation means the character itself; no parentheses, no multibyte
characters (Amazon CloudWatch Logs User Guide, "Filter pattern syntax").
"""

from __future__ import annotations

import re

_ALLOWED = re.compile(
    r"""(?: [A-Za-z0-9:_\#=@/;,\-]
          | [\^$?\[\]{}|*+.]
          | \\[dsw]
          | \\x[0-9A-Fa-f]{2}
          | \\[!-/:-@\[-`{-~]
        )+""",
    re.VERBOSE,
)


class InvalidPatternError(ValueError):
    """The filter pattern is one that CloudWatch Logs refuses; the message says why."""


def compile_regex(source: str) -> re.Pattern[str]:
    """Compile what stands between two percent signs; raises `InvalidPatternError`."""
    if not _ALLOWED.fullmatch(source):
        raise InvalidPatternError(f"Invalid filter pattern: unsupported regular expression %{source}%")
    try:
        return re.compile(source, re.ASCII)
    except re.error as error:
        raise InvalidPatternError(f"Invalid filter pattern: {error}") from error
