"""Make strangers' text harmless in each place it is shown.

Log messages may hold terminal escapes, bidirectional overrides, CI workflow commands and markup. JSON needs no more
than `for_json`: its own escaping covers the rest. What becomes part of another format is redacted before it is escaped.
"""

from __future__ import annotations

import re
from typing import Final

from asayer_cli.secret import redact

_REPLACEMENT: Final = "\ufffd"
_PICTURES: Final = 0x2400
_DELETE: Final = 0x7F
# C0 without newline and tab, DEL, C1, soft hyphen, zero-width and directional marks, line and paragraph separators,
# bidirectional embeddings, overrides and isolates, invisible operators, BOM, interlinear marks, tags, surrogates
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)
_MARKDOWN: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&:@$])")
_ENTITIES: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
# GitHub: `::name` begins a line, after blanks, and `##[name` stands anywhere; Azure: `##vso[`; TeamCity: `##teamcity[`
_COMMAND: Final = re.compile(r"^[^\S\n]*:(?=:[A-Za-z])|#(?=#(?:vso|teamcity)?\[)", re.MULTILINE)
_JSON_COMMAND: Final = re.compile(r"#(?=#(?:vso|teamcity)?\[)")


def clean(text: str) -> str:
    """Return `text` with what a terminal or a CI system might act on replaced by what only shows.

    A workflow command gets a blank into its mark: `: :error`, `# #[group]`.
    """
    return _COMMAND.sub(_broken, _UNSAFE.sub(_visible, text))


def one_line(text: str) -> str:
    """Return `clean(text)` on one line: newlines and tabs become spaces."""
    return clean(text.replace("\r\n", "\n").replace("\n", " ").replace("\t", " "))


def _broken(match: re.Match[str]) -> str:
    return f"{match[0]} "


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < ord(" "):
        return chr(_PICTURES + code)
    return "\u2421" if code == _DELETE else _REPLACEMENT


def for_json(text: str) -> str:
    r"""Return JSON text in which unsafe characters stand as \uXXXX: the same value, harmless on a terminal."""
    safe = text if text.isascii() and text.isprintable() else _UNSAFE.sub(_escape_match, text)
    return _JSON_COMMAND.sub(r"\\u0023", safe) if "##" in safe else safe


def encodable(text: str, encoding: str) -> str:
    r"""Return JSON text in which what `encoding` lacks stands as \uXXXX."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return re.sub(r"[^\x00-\x7f]", _escape_match, text)
    return text


def _escape_match(match: re.Match[str]) -> str:
    return _escape(ord(match[0]))


def _escape(code: int) -> str:
    if code <= 0xFFFF:  # noqa: PLR2004 - the last code of the basic plane
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def for_workflow_command(text: str) -> str:
    """Return text for the value of a GitHub workflow command: nothing in it begins another command."""
    return clean(redact(text)).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def for_workflow_property(text: str) -> str:
    """Return text for a property (title, file) of a GitHub workflow command."""
    return for_workflow_command(text).replace(":", "%3A").replace(",", "%2C")


def for_markdown(text: str) -> str:
    """Return text for one cell or line of Markdown: no markup, link, mention or HTML in it takes effect."""
    return _MARKDOWN.sub(lambda match: _ENTITIES.get(match[0], f"\\{match[0]}"), one_line(redact(text)))


def for_xml(text: str) -> str:
    """Return text of characters that XML 1.0 allows; the XML writer escapes the markup."""
    return re.sub("[\ufffe\uffff]", _REPLACEMENT, clean(redact(text)))


def for_page(text: str) -> str:
    """Return text that an HTML page shows as text: redacted, and without what turns, hides or ends it."""
    return _UNSAFE.sub(_visible, redact(text))
