"""Text from strangers: whatever hypothesis finds, and what is known to do harm."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

PIECES = (
    "\x1b[31m",
    "\x1b]0;owned\x07",
    "\x9b2J",
    "\u202e",
    "\u2066",
    "\u200b",
    "\u2028",
    "\r",
    "\r\n",
    "\n",
    "\t",
    " ",
    "::error::forged",
    "::set-env name=PATH::x",
    "::add-mask::e",
    "##[error]forged",
    "##vso[task.setvariable variable=x]y",
    "##teamcity[blockOpened]",
    "%0A::error::forged",
    "</failure><script>",
    "<img src=x onerror=alert(1)>",
    "&amp;&#x3c;",
    "]]>",
    "[link](http://e)",
    "![x](http://e)",
    "`code`",
    "**bold**",
    "| cell |",
    "# heading",
    "1. item",
    "@everyone",
    "https://e.example",
    "$x$",
    "[bold]rich[/bold]",
    "\ud800",
    "\ufffe",
    "\U000e0041",
)
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=5)).map("".join)
_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def harmful(text: str) -> set[str]:
    """Return the characters that a terminal acts on, or that turn or hide text; newline and tab are none."""
    return {character for character in text if character not in "\n\t" and _is_harmful(character)}


def _is_harmful(character: str) -> bool:
    invisible = "\u200b" <= character <= "\u200f" or character in "\u061c\ufeff\u2060"
    return (
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        or unicodedata.bidirectional(character) in _TURNING
        or invisible
    )


def begins_command(line: str) -> bool:
    """Tell whether a CI system would take a line for a command: GitHub's two forms, Azure's and TeamCity's."""
    beginning = line.lstrip()
    return (beginning.startswith("::") and beginning[2:3].isalpha()) or any(
        mark in line for mark in ("##[", "##vso[", "##teamcity[")
    )
