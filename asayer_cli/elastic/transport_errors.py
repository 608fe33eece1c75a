"""No usable answer came: what broke on the way, from the client library's exceptions to ours."""

from __future__ import annotations

import re
import socket
import ssl
from typing import TYPE_CHECKING, Final

import elastic_transport
import urllib3.exceptions

from asayer_cli.errors import AsayerError, UnreachableError
from asayer_cli.network import causes_of, late_hint, name_of, proxy_failure, seconds_waited

if TYPE_CHECKING:
    from asayer_cli.elastic.endpoint import Endpoint
    from asayer_cli.elastic.route import Route

# Numbers of OpenSSL's X509_V_ERR_ constants.
_EXPIRED: Final = frozenset({9, 10})
_WRONG_NAME: Final = frozenset({62, 64})
_NOT_TLS: Final = re.compile(r"wrong.version.number|record.layer.failure|http.request|unknown.protocol", re.IGNORECASE)
_NAME_MISMATCH: Final = re.compile(r"doesn't match|no appropriate subjectAltName|not valid for", re.IGNORECASE)
_OTHER_FINGERPRINT: Final = re.compile(r"[Ff]ingerprints? did not match")


def translate_transport_error(error: elastic_transport.TransportError, endpoint: Endpoint, route: Route) -> AsayerError:
    """Return what a broken connection means for a person; TLS, proxies, refusals and timeouts have their own codes."""
    causes = causes_of(error)
    if isinstance(error, elastic_transport.SerializationError):
        return AsayerError(
            f"{endpoint.url} answered something that is not the JSON it announced.",
            hint="Check that the URL leads to Elasticsearch itself, not to Kibana or to a page of a proxy.",
            code="malformed_answer",
        )
    if route.proxy and any(isinstance(cause, urllib3.exceptions.ProxyError) for cause in causes):
        return proxy_failure(route.proxy, endpoint.url, causes)
    if isinstance(error, elastic_transport.TlsError):
        return _tls_error(causes, endpoint)
    if isinstance(error, elastic_transport.ConnectionTimeout):
        return _late(error, causes, endpoint, route)
    return _connection_error(causes, endpoint, route)


def _late(
    error: elastic_transport.TransportError, causes: tuple[BaseException, ...], endpoint: Endpoint, route: Route
) -> UnreachableError:
    request = next(iter(getattr(error, "__notes__", ())), "the request")
    through = f" through the proxy {name_of(route.proxy)}" if route.proxy else ""
    return UnreachableError(
        f"{endpoint.url} did not answer {request}{through}{seconds_waited(causes)}.",
        hint=late_hint("--url"),
        code="timeout",
    )


def _tls_error(causes: tuple[BaseException, ...], endpoint: Endpoint) -> AsayerError:
    text = " ".join(str(cause) for cause in causes)
    codes = {cause.verify_code for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)}
    if _OTHER_FINGERPRINT.search(text):
        return _tls(
            f"{endpoint.url} has a certificate with another fingerprint than the one given.",
            f"If the certificate was renewed, check the new one and give it as --fingerprint. {_how(endpoint)}",
            "tls_fingerprint",
        )
    if codes & _WRONG_NAME or _NAME_MISMATCH.search(text):
        return _tls(
            f"The certificate of {endpoint.url} is not made out for the host {endpoint.host}.",
            f"Use the host name that the certificate has, or pin it with --fingerprint. {_how(endpoint)}",
            "tls_hostname",
        )
    if codes & _EXPIRED:
        return _tls(
            f"The certificate of {endpoint.url} has expired or is not valid yet.",
            "Renew it, and check this computer's clock.",
            "tls_expired",
        )
    if codes:
        return _tls(
            f"The certificate of {endpoint.url} is signed by an authority that this computer does not know.",
            "Give the authority's certificate with --ca-cert (Elasticsearch keeps it in config/certs/http_ca.crt), or "
            "with --ca-bundle where a proxy opens TLS, "
            f"or pin the certificate with --fingerprint. {_how(endpoint)}",
            "tls_unknown_authority",
        )
    if _NOT_TLS.search(text):
        return _tls(
            f"What {endpoint.url} answered is not TLS.",
            f"If the cluster has no TLS, its address is http://{endpoint.host}:{endpoint.port}; or the port is wrong.",
            "tls_not_spoken",
        )
    return _tls(f"The TLS connection to {endpoint.url} failed.", "Check the address and the port.", "tls_failed")


def _tls(message: str, hint: str, code: str) -> UnreachableError:
    return UnreachableError(message, hint=hint, code=code)


def _how(endpoint: Endpoint) -> str:
    return (
        "On the server itself: openssl x509 -fingerprint -sha256 -noout -in config/certs/http_ca.crt. Or ask the "
        f"cluster's operator; what openssl s_client -connect {endpoint.host}:{endpoint.port} shows may be forged."
    )


def _connection_error(causes: tuple[BaseException, ...], endpoint: Endpoint, route: Route) -> AsayerError:
    if any(isinstance(cause, (urllib3.exceptions.NameResolutionError, socket.gaierror)) for cause in causes):
        return UnreachableError(
            f"The host {endpoint.host} is not known: its name does not resolve.",
            hint="Check the spelling of the URL, and whether a VPN is needed.",
            code="unknown_host",
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return UnreachableError(
            f"Nothing listens at {endpoint.url}: the connection was refused.",
            hint="Check host and port (9200 or 9243 are usual), and that the cluster runs; then run this again.",
            code="connection_refused",
        )
    if any(isinstance(cause, (urllib3.exceptions.ProtocolError, ConnectionError)) for cause in causes):
        return _cut_off(endpoint, route)
    return UnreachableError(
        f"There is no connection to {endpoint.url}.", hint="Check the address and the way to it (firewall, VPN, proxy)."
    )


def _cut_off(endpoint: Endpoint, route: Route) -> AsayerError:
    if route.proxy:
        return UnreachableError(
            f"The connection to {endpoint.url} through the proxy {name_of(route.proxy)} was closed without an answer.",
            hint="Try again; if it stays, check what the proxy allows, or name the host in NO_PROXY.",
            code="connection_cut",
        )
    tls = " A cluster that speaks TLS does so too when it is asked in plain HTTP: try https://."
    return UnreachableError(
        f"{endpoint.url} closed the connection without an answer.",
        hint=f"Try again.{tls if endpoint.scheme == 'http' else ''}",
        code="connection_cut",
    )
