"""Judge answers as a browser does: the CORS protocol of the Fetch standard (fetch.spec.whatwg.org, 3.3 and 4.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from asayer_cli.secret import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"
ALLOW_HEADERS: Final = "Access-Control-Allow-Headers"
ALLOW_METHODS: Final = "Access-Control-Allow-Methods"
ALLOW_CREDENTIALS: Final = "Access-Control-Allow-Credentials"
_FREE_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
_FREE_TYPES: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
_LONGEST_FREE: Final = 128
_UNSAFE: Final = re.compile(r"[\x00-\x08\x10-\x1f\"():<>?@\[\\\]{}\x7f]")
_LANGUAGES: Final = re.compile(r"[0-9A-Za-z *,.;=-]*")
_RANGE: Final = re.compile(r"bytes=\d+-\d*")
# Set by the browser itself, so that no page needs leave for them.
_FORBIDDEN: Final = frozenset(
    {"accept-charset", "cookie", "cookie2", "date", "dnt", "keep-alive", "referer", "set-cookie", "via"}
)
_NEVER_BY_WILDCARD: Final = frozenset({"authorization"})
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_LONGEST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class CrossOrigin:
    """A request that a page of `origin` wants to make: `headers` are the names that it adds.

    `values` are those of the headers that are not secret; by its value a header may need no leave.
    """

    origin: str
    method: str
    headers: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def unsafe_headers(self) -> tuple[str, ...]:
        """The names that need leave, in lower case and in order, as a browser asks for them."""
        free = {name.lower() for name, value in self.values.items() if _is_free(name.lower(), value)}
        names = {name.lower() for name in self.headers}
        return tuple(sorted(name for name in names - free - _FORBIDDEN if not _is_browsers(name)))

    @property
    def credentialed(self) -> bool:
        """Whether it carries cookies, for which no wildcard counts."""
        return any(name.lower() == "cookie" for name in self.headers)

    def spelling(self, name: str) -> str:
        """Return a header's name as it was given."""
        return next((given for given in self.headers if given.lower() == name), name)


def _is_browsers(name: str) -> bool:
    return name.startswith(("sec-", "proxy-"))


def _is_free(name: str, value: str) -> bool:
    """Whether a header is one that every page may send (Fetch, "CORS-safelisted request-header"); `name` lower case."""
    if len(value) > _LONGEST_FREE:
        return False
    if name in ("accept-language", "content-language"):
        return _LANGUAGES.fullmatch(value) is not None
    if name == "range":
        return _RANGE.fullmatch(value) is not None
    if name == "content-type" and value.partition(";")[0].strip(" \t").lower() not in _FREE_TYPES:
        return False
    return name in ("accept", "content-type") and not _UNSAFE.search(value)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a browser stops: a stable `code`, what is wrong, and the response header `line` to send instead."""

    code: str
    why: str
    line: str = ""


def objections_to_preflight(asked: CrossOrigin, status: int, headers: Mapping[str, str]) -> tuple[Objection, ...]:
    """Return why a browser would not send the request after this answer; empty when it would.

    `headers` by any case of their names; several lines of one name joined with `, `.
    """
    found = objections_to_origin(asked, headers)
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        found = (Objection("preflight_status", f"it is answered {status}, and a browser needs 200 to 299"), *found)
    return (*found, *_method(asked, headers), *_headers(asked, headers))


def objections_to_origin(asked: CrossOrigin, headers: Mapping[str, str]) -> tuple[Objection, ...]:
    """Return why a browser would keep an answer from the page; the origin is compared byte by byte."""
    allowed, line = _value(headers, ALLOW_ORIGIN), f"{ALLOW_ORIGIN}: {asked.origin}"
    if allowed is None:
        return (Objection("cors_origin", f"{ALLOW_ORIGIN} is missing", line),)
    if allowed == "*" and not asked.credentialed:
        return ()
    if allowed != asked.origin:
        return (Objection("cors_origin", _wrong_origin(allowed, asked), line),)
    if asked.credentialed and _value(headers, ALLOW_CREDENTIALS) != "true":
        why = f"{ALLOW_CREDENTIALS} is not true, and the request has cookies"
        return (Objection("cors_credentials", why, f"{ALLOW_CREDENTIALS}: true"),)
    return ()


def _wrong_origin(allowed: str, asked: CrossOrigin) -> str:
    if allowed == "*":
        return f"{ALLOW_ORIGIN} is *, which does not count for a request with cookies"
    if "," in allowed:
        return f"{ALLOW_ORIGIN} names several ({_shown(allowed)}); it is sent twice, or lists what must be one origin"
    return f"{ALLOW_ORIGIN} is {_shown(allowed)}, not {asked.origin}"


def _method(asked: CrossOrigin, headers: Mapping[str, str]) -> tuple[Objection, ...]:
    allowed = _listed(headers, ALLOW_METHODS)
    line = f"{ALLOW_METHODS}: {', '.join(dict.fromkeys([*_kept(allowed), asked.method]))}"
    if asked.method in _FREE_METHODS or asked.method in allowed or ("*" in allowed and not asked.credentialed):
        return _malformed(ALLOW_METHODS, allowed, line)
    return (Objection("cors_method", f"{ALLOW_METHODS} does not name {asked.method}", line),)


def _headers(asked: CrossOrigin, headers: Mapping[str, str]) -> tuple[Objection, ...]:
    allowed = _listed(headers, ALLOW_HEADERS)
    names = {name.lower() for name in allowed}
    any_name = "*" in names and not asked.credentialed
    missing = [
        asked.spelling(name)
        for name in asked.unsafe_headers
        if name not in names and not (any_name and name not in _NEVER_BY_WILDCARD)
    ]
    line = f"{ALLOW_HEADERS}: {', '.join([*_kept(allowed), *missing])}"
    if not missing:
        return _malformed(ALLOW_HEADERS, allowed, line)
    star = ", and * does not stand for it here" if "*" in names else ""
    return (Objection("cors_header", f"{ALLOW_HEADERS} does not name {', '.join(missing)}{star}", line),)


def _malformed(name: str, allowed: list[str], line: str) -> tuple[Objection, ...]:
    """Object to a list with something in it that is no name: a browser then takes none of it."""
    wrong = next((item for item in allowed if not _TOKEN.fullmatch(item)), None)
    if wrong is None:
        return ()
    return (Objection("cors_malformed", f"{name} has {_shown(wrong)!r} in it, which is no name", line),)


def _value(headers: Mapping[str, str], name: str) -> str | None:
    """Return a header's value without the blanks around it, which are no part of it; None when it is missing."""
    value = headers.get(name)
    return None if value is None else value.strip(" \t\r\n")


def _listed(headers: Mapping[str, str], name: str) -> list[str]:
    return [part.strip(" \t") for part in headers.get(name, "").split(",") if part.strip(" \t")]


def _kept(allowed: list[str]) -> list[str]:
    """Return what is allowed already, for the line to send; what is no name is left out."""
    kept = [name for name in allowed if _TOKEN.fullmatch(name)]
    return kept if len(", ".join(kept)) <= _LONGEST_SHOWN else ["..."]


def _shown(value: str) -> str:
    value = redact(value)  # before a secret could be parted
    return value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}..."
