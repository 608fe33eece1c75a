"""What the user asks the canary to be: read and judged before anything is sent."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from asayer_cli.errors import UsageError
from asayer_cli.network import PORTS, is_loopback
from asayer_cli.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SECRET_VARIABLE: Final = "ASAYER_CANARY_SECRET"  # noqa: S105 - the variable's name
SECRET_HEADER: Final = "X-Asayer-Canary"  # noqa: S105 - the header's name
SHORTEST_SECRET: Final = 8
_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")
_HOST: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_NAME: Final = re.compile(r"auth|cookie|token|secret|passw|api-?key|signature", re.IGNORECASE)
_OURS: Final = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect", "user-agent"}
    | {"origin", "access-control-request-method", "access-control-request-headers", "accept-encoding"}
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request goes: `host` without brackets, `target` the path and query as they are sent."""

    scheme: str
    host: str
    port: int
    target: str = "/"

    @property
    def origin(self) -> str:
        """The origin as a browser writes it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS[self.scheme] else f":{self.port}")

    @property
    def shown(self) -> str:
        """The URL without its query, which may hold what is nobody's business."""
        return self.origin + self.target.partition("?")[0]

    @property
    def stays_here(self) -> bool:
        """Whether what is sent stays on this computer."""
        return is_loopback(self.host)

    def target_with(self, query: str) -> str:
        """Return the target with one more pair in its query."""
        return f"{self.target}{'&' if '?' in self.target else '?'}{query}"


@dataclass(frozen=True, slots=True)
class Order:
    """One kind of request: `headers` are the user's ordinary ones, `secrets` those that nothing may show.

    `origin` is empty for a request that is not from another origin's page; `expected` is the status that the route
    answers with, None for any that a route which logs an error may have.
    """

    place: Place
    session_header: str
    method: str = "GET"
    origin: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict, repr=False)
    expected: int | None = None
    count: int = 1

    @property
    def cross_origin(self) -> bool:
        """Whether a browser would ask for leave first: the session's header is none that it sends freely."""
        return bool(self.origin) and self.origin != self.place.origin

    @property
    def page_headers(self) -> tuple[str, ...]:
        """The names of the headers that a page would add; the route's own shared secret is none of them."""
        added = [name for name in (*self.headers, *self.secrets) if name.lower() != SECRET_HEADER.lower()]
        return (self.session_header, *added)


def parse_url(text: str) -> Place:
    """Read the URL of a route: http or https, no user information; a fragment is not sent. UsageError otherwise."""
    text = text.strip()
    parts = _split(text, "--canary")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme, _host(parts, text, "--canary"), parts.port or PORTS[parts.scheme], target)


def parse_origin(text: str) -> str:
    """Read the origin of a page, such as https://shop.example.com, and return it as a browser writes it; UsageError."""
    text = text.strip()
    parts = _split(text, "--origin")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise _malformed("--origin", "it has a path; an origin is scheme, host and port alone")
    return Place(parts.scheme, _host(parts, text, "--origin"), parts.port or PORTS[parts.scheme]).origin


def _split(text: str, option: str) -> SplitResult:
    authority = re.split(r"[/?#\\]", text.partition("//")[2] or text, maxsplit=1)[0]
    if "@" in authority:
        for part in re.split(r"[:@]", text.partition("//")[2].rpartition("@")[0]):
            Secret(part)  # so that nothing prints what may be a password
        raise UsageError(
            f"The URL of {option} has a user or a password in it.",
            hint="Take them out. What the route asks for goes into a header: set the environment variable "
            f"{SECRET_VARIABLE}, or --header-from-env Authorization=VARIABLE.",
            code="url_with_credentials",
        )
    if not authority.isascii():
        raise _malformed(option, "its host has letters beyond ASCII; browsers send it as xn--..., so write it so")
    if not _VISIBLE.fullmatch(text) or "\\" in text:
        raise _malformed(option, "it has a blank or another character that must be percent-encoded")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _malformed(option, str(error)) from error
    if parts.scheme not in PORTS or "//" not in text:
        raise _malformed(option, "it does not begin with https:// or http://")
    if port == 0:
        raise _malformed(option, "its port is out of range")
    return parts


def _host(parts: SplitResult, text: str, option: str) -> str:
    host = parts.hostname or ""
    if ":" not in host:
        if not _HOST.fullmatch(host):
            raise _malformed(option, f"{host!r} is no host name" if host else "it has no host")
        return host
    try:
        return ipaddress.IPv6Address(host).compressed if "%" not in host else _no_zone(option)
    except ValueError as error:
        raise _malformed(option, f"{text!r} has no host that can be used") from error


def _no_zone(option: str) -> str:
    raise _malformed(option, "its address has a zone")


def _malformed(option: str, why: str) -> UsageError:
    example = "https://api.example.com/asayer-canary" if option == "--canary" else "https://shop.example.com"
    return UsageError(
        f"The URL of {option} cannot be used: {why}.", hint=f"Write it like {option} {example}.", code="malformed_url"
    )


def parse_headers(texts: Iterable[str], session_header: str) -> dict[str, str]:
    """Read `Name: value` headers; UsageError for what is none, what we send ourselves and what looks like a secret."""
    headers: dict[str, str] = {}
    for text in texts:
        name, colon, value = text.partition(":")
        if not colon:
            raise UsageError(f"{_shown(name)} is no header.", hint="Write it like --header 'Accept-Language: de'.")
        _check_name(name, session_header, headers)
        if _SECRET_NAME.search(name) or name.lower() == SECRET_HEADER.lower():
            Secret(value.strip())
            raise _secret_in_flag(name)
        headers[name] = _checked_value(name, value.strip(" \t"))
    return headers


def parse_secret_headers(
    texts: Iterable[str], session_header: str, others: Mapping[str, str], environ: Mapping[str, str]
) -> dict[str, Secret]:
    """Read `NAME=VARIABLE` pairs, and the shared secret of the route where the environment has one; UsageError."""
    headers: dict[str, Secret] = {}
    for text in texts:
        name, equals, variable = text.partition("=")
        if not equals or not _VARIABLE.fullmatch(variable):
            Secret(variable)
            raise UsageError(
                f"--header-from-env {_shown(name)} does not name an environment variable.",
                hint="Write it like --header-from-env Authorization=MY_VARIABLE; the value stays in MY_VARIABLE.",
                code="bad_header",
            )
        _check_name(name, session_header, {**others, **headers})
        headers[name] = _secret_of(variable, name, environ)
    if environ.get(SECRET_VARIABLE) and SECRET_HEADER.lower() not in {name.lower() for name in headers}:
        headers[SECRET_HEADER] = _secret_of(SECRET_VARIABLE, SECRET_HEADER, environ)
    return headers


def _secret_of(variable: str, name: str, environ: Mapping[str, str]) -> Secret:
    value = environ.get(variable, "")
    secret = Secret(value)
    if not value:
        raise UsageError(
            f"The environment variable {variable} is empty or not set; the header {name} needs it.",
            hint=f"Set it: export {variable}=...",
            code="header_missing",
        )
    if len(value) < SHORTEST_SECRET:
        raise UsageError(
            f"The value of {variable} is shorter than {SHORTEST_SECRET} characters: too easily guessed, and too common "
            "to be kept out of what is printed.",
            hint="Use a long random one, in the application and here: openssl rand -hex 16.",
            code="short_secret",
        )
    _checked_value(name, value)
    _hide_parts(value)
    return secret


def _hide_parts(value: str) -> None:
    """Let nothing print what a header carries in parts: the token behind `Bearer`, the cookies' values."""
    for part in re.split(r"[\s;,]+", value):
        for secret in (part, part.partition("=")[2].strip('"')):
            if len(secret) >= SHORTEST_SECRET:
                Secret(secret)


def _check_name(name: str, session_header: str, others: Mapping[str, object]) -> None:
    if not _TOKEN.fullmatch(name):
        raise UsageError(f"{_shown(name)} is no name of a header.", code="bad_header")
    if name.lower() in _OURS or name.lower() == session_header.lower():
        raise UsageError(
            f"The header {name} is the canary's own.",
            hint="Leave it out: give the page's origin with --origin; the session id is a fresh one each time.",
            code="bad_header",
        )
    if name.lower() in {other.lower() for other in others}:
        raise UsageError(f"The header {name} is given twice.", code="bad_header")


def _checked_value(name: str, value: str) -> str:
    if not _VALUE.fullmatch(value):
        raise UsageError(
            f"The value of the header {name} has a control character, or one that no header can have.",
            code="bad_header",
        )
    return value


def _secret_in_flag(name: str) -> UsageError:
    if name.lower() == SECRET_HEADER.lower():
        hint = f"Set the environment variable {SECRET_VARIABLE}; it is sent as {name}."
    else:
        hint = f"Keep the value in an environment variable: --header-from-env {name}=VARIABLE."
    return UsageError(
        f"The header {name} carries a secret, and a command line is seen by everybody on this computer.",
        hint=hint,
        code="secret_in_flag",
    )


def _shown(text: str) -> str:
    return repr(text[:40])


def refuse_plain_http(order: Order, *, allowed: bool) -> None:
    """Raise UsageError where a secret would cross a network in the clear and nobody allowed it."""
    if not order.secrets or order.place.scheme == "https" or order.place.stays_here or allowed:
        return
    raise UsageError(
        f"{order.place.shown} is plain HTTP: everybody on the way could read {', '.join(order.secrets)}.",
        hint="Use the https:// address; where there is none and you accept that, add --allow-http.",
        code="plain_http",
    )
