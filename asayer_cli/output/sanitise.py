"""Make strangers' text harmless in each place it is shown.

Log messages may hold terminal escapes, bidirectional overrides, CI workflow commands and markup. JSON needs no more
than `for_json`: its own escaping covers the rest.
"""

from __future__ import annotations

import re
from typing import Final

_REPLACEMENT: Final = "\ufffd"
_PICTURES: Final = 0x2400
_DELETE: Final = 0x7F
# C0 without newline and tab, DEL, C1, soft hyphen, zero-width and directional marks, line and paragraph separators,
# bidirectional embeddings, overrides and isolates, invisible operators, BOM, interlinear marks, tags, surrogates
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&:@])")


def clean(text: str) -> str:
    """Return `text` with every character that a terminal might act on replaced by one that only shows."""
    return _UNSAFE.sub(_visible, text)


def one_line(text: str) -> str:
    """Return `clean(text)` on one line: newlines and tabs become spaces."""
    return clean(text.replace("\r\n", "\n")).replace("\n", " ").replace("\t", " ")


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < ord(" "):
        return chr(_PICTURES + code)
    return "\u2421" if code == _DELETE else _REPLACEMENT


def for_json(text: str) -> str:
    r"""Return JSON text in which unsafe characters stand as \uXXXX: the same value, harmless on a terminal."""
    return _UNSAFE.sub(lambda match: _escape(ord(match[0])), text)


def _escape(code: int) -> str:
    if code <= 0xFFFF:  # noqa: PLR2004 - the last code of the basic plane
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def for_workflow_command(text: str) -> str:
    """Return text for the value of a GitHub workflow command: nothing in it begins another command."""
    return clean(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def for_workflow_property(text: str) -> str:
    """Return text for a property (title, file) of a GitHub workflow command."""
    return for_workflow_command(text).replace(":", "%3A").replace(",", "%2C")


def for_markdown(text: str) -> str:
    """Return text for one cell or line of Markdown: no markup, link, mention or HTML in it takes effect."""
    return _MARKDOWN.sub(r"\\\1", one_line(text)).replace("\\<", "&lt;").replace("\\>", "&gt;").replace("\\&", "&amp;")


def for_xml(text: str) -> str:
    """Return text of characters that XML 1.0 allows; the XML writer escapes the markup."""
    return re.sub("[\ufffe\uffff]", _REPLACEMENT, clean(text))
