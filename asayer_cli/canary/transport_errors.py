"""No answer came from the application: what broke on the way, from the HTTP library's exceptions to ours."""

from __future__ import annotations

import re
import socket
import ssl
from typing import TYPE_CHECKING, Final

import urllib3.exceptions

from asayer_cli.errors import UnreachableError
from asayer_cli.network import causes_of, late_hint, name_of, proxy_failure, seconds_waited

if TYPE_CHECKING:
    from asayer_cli.canary.order import Place

# Numbers of OpenSSL's X509_V_ERR_ constants.
_EXPIRED: Final = frozenset({9, 10})
_WRONG_NAME: Final = frozenset({62, 64})
_NOT_TLS: Final = re.compile(r"wrong.version.number|record.layer.failure|http.request|unknown.protocol", re.IGNORECASE)
_NOT_HTTP: Final = re.compile(
    r"BadStatusLine|LineTooLong|InvalidHeader|HeaderParsingError|got more than \d+ headers", re.IGNORECASE
)
_HAS_EXCEPTION: Final = (urllib3.exceptions.SSLError, ssl.SSLError)


def translate(error: BaseException, method: str, place: Place, proxy: str | None) -> UnreachableError:
    """Return what a request without an answer means for a person."""
    causes = causes_of(error)
    said = " ".join(f"{type(cause).__name__}: {cause}" for cause in causes)
    if proxy and any(isinstance(cause, urllib3.exceptions.ProxyError) for cause in causes):
        return proxy_failure(proxy, place.shown, causes)
    if any(isinstance(cause, (urllib3.exceptions.NameResolutionError, socket.gaierror)) for cause in causes):
        return UnreachableError(
            f"The host {place.host} is not known: its name does not resolve.",
            hint="Check the spelling of the URL, and whether a VPN is needed.",
            code="unknown_host",
        )
    if any(isinstance(cause, _HAS_EXCEPTION) for cause in causes):
        return _tls_error(causes, said, place)
    if any(_is_late(cause) for cause in causes):
        through = f" through the proxy {name_of(proxy)}" if proxy else ""
        return UnreachableError(
            f"{place.shown} did not answer the {method} request{through}{seconds_waited(causes)}.",
            hint=late_hint("the URL of --canary"),
            code="timeout",
        )
    return _broken(causes, said, place)


def _is_late(cause: BaseException) -> bool:
    """Whether time ran out; the library counts every failed connection among its timeouts."""
    late = isinstance(cause, (urllib3.exceptions.TimeoutError, TimeoutError))
    return late and not isinstance(cause, urllib3.exceptions.NewConnectionError)


def _broken(causes: tuple[BaseException, ...], said: str, place: Place) -> UnreachableError:
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return UnreachableError(
            f"Nothing listens at {place.origin}: the connection was refused.",
            hint="Check host and port, and that the application runs; then run this again.",
            code="connection_refused",
        )
    if _NOT_HTTP.search(said) or any(isinstance(cause, ValueError) for cause in causes):
        return UnreachableError(
            f"What {place.origin} answered is not HTTP.",
            hint="Check the port; a server that speaks TLS answers so to plain HTTP: try https://.",
            code="malformed_answer",
        )
    if any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes):
        return UnreachableError(
            f"There is no connection to {place.origin}.",
            hint="Check the address and the way to it (firewall, VPN, proxy).",
            code="no_connection",
        )
    return UnreachableError(
        f"{place.origin} closed the connection without an answer.",
        hint="Try again; if it stays, look at the log of the application and of the proxy in front of it. A worker "
        "that dies while it answers ends the connection so.",
        code="connection_cut",
    )


def _tls_error(causes: tuple[BaseException, ...], said: str, place: Place) -> UnreachableError:
    codes = {cause.verify_code for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)}
    if codes & _WRONG_NAME or "doesn't match" in said:
        return UnreachableError(
            f"The certificate of {place.origin} is not made out for the host {place.host}.",
            hint="Use the host name that the certificate has; browsers would refuse this one too.",
            code="tls_hostname",
        )
    if codes & _EXPIRED:
        return UnreachableError(
            f"The certificate of {place.origin} has expired or is not valid yet.",
            hint="Renew it, and check this computer's clock.",
            code="tls_expired",
        )
    if codes:
        return UnreachableError(
            f"The certificate of {place.origin} is signed by an authority that this computer does not know.",
            hint="Give the authority's certificate with --ca-bundle FILE; where a browser complains as well, the "
            "server may leave out an intermediate certificate.",
            code="tls_unknown_authority",
        )
    if _NOT_TLS.search(said):
        return UnreachableError(
            f"What {place.origin} answered is not TLS.",
            hint="If it has no TLS, its address begins with http://; or the port is wrong.",
            code="tls_not_spoken",
        )
    return UnreachableError(
        f"The TLS connection to {place.origin} failed.", hint="Check the address and the port.", code="tls_failed"
    )
