"""The link from a session to its replay: a template that the user sets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from asayer_cli.errors import UsageError

if TYPE_CHECKING:
    from asayer_cli.session_id import SessionId

PLACEHOLDER: Final = "{session_id}"
_UNFIT: Final = re.compile(r"[\x00-\x20\x7f-\x9f\"<>\\^`|]")


def check_template(template: str) -> str:
    """Return a template of a replay's URL; UsageError when it is none that a browser may be sent to."""
    if why := _what_is_wrong(template):
        raise UsageError(
            f"The replay's URL {why}.",
            hint=f"Write it with {PLACEHOLDER} in it, such as https://asayer.example.com/5/session/{PLACEHOLDER}.",
            code="bad_replay_url",
        )
    return template


def _what_is_wrong(template: str) -> str:
    if template.count(PLACEHOLDER) != 1 or set("{}") & set(template.replace(PLACEHOLDER, "")):
        return f"must have {PLACEHOLDER} in it, once, and no other braces"
    from urllib.parse import urlsplit  # noqa: PLC0415 - only where a template is set, for a fast start

    try:
        parts = urlsplit(template)
        host = parts.hostname
    except ValueError:
        return "cannot be read"
    if parts.scheme not in ("https", "http") or not host:
        return "must begin with https:// or http:// and a host"
    if parts.username is not None or parts.password is not None:
        return "must not have a user or a password in it"
    if PLACEHOLDER in parts.netloc:
        return f"must have {PLACEHOLDER} behind the host"
    return "has characters in it that no URL has" if _UNFIT.search(template) else ""


def replay_url(template: str, session_id: SessionId) -> str:
    """Return the link to a session's replay, empty where no template is set."""
    return template.replace(PLACEHOLDER, str(session_id))
