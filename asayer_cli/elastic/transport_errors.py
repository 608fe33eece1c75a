"""No usable answer came: what broke on the way, from the client library's exceptions to ours."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
from typing import TYPE_CHECKING, Final

import elastic_transport
import urllib3.exceptions

from asayer_cli.errors import AsayerError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.elastic.endpoint import Endpoint

# Numbers of OpenSSL's X509_V_ERR_ constants.
_EXPIRED: Final = frozenset({9, 10})
_WRONG_NAME: Final = frozenset({62, 64})
_NOT_TLS: Final = re.compile(r"wrong.version.number|record.layer.failure|http.request|unknown.protocol", re.IGNORECASE)
_NAME_MISMATCH: Final = re.compile(r"doesn't match|no appropriate subjectAltName|not valid for", re.IGNORECASE)
_TUNNEL_STATUS: Final = re.compile(r"Tunnel connection failed: (\d{3})")
_OTHER_FINGERPRINT: Final = re.compile(r"[Ff]ingerprints? did not match")


def translate_transport_error(error: elastic_transport.TransportError, endpoint: Endpoint) -> AsayerError:
    """Return what a broken connection means for a person; TLS, proxies, refusals and timeouts have their own codes."""
    causes = tuple(_causes(error))
    if isinstance(error, elastic_transport.SerializationError):
        return AsayerError(
            f"{endpoint.url} answered something that is not the JSON it announced.",
            hint="Check that the URL leads to Elasticsearch itself, not to Kibana or to a page of a proxy.",
            code="malformed_answer",
        )
    if proxy := _proxy_error(causes, endpoint):
        return proxy
    if isinstance(error, elastic_transport.TlsError):
        return _tls_error(causes, endpoint)
    if isinstance(error, elastic_transport.ConnectionTimeout):
        return UnreachableError(
            f"{endpoint.url} did not answer in time.",
            hint="Check the address and the way to it (firewall, VPN, proxy), or try again later.",
            code="timeout",
        )
    return _connection_error(causes, endpoint)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and whatever it wraps: causes, contexts, arguments, `reason`, `original_error`."""
    pending, seen = [error], set()
    while pending:
        found = pending.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        wrapped = (found.__cause__, found.__context__, *found.args, getattr(found, "reason", None))
        pending += [item for item in wrapped if isinstance(item, BaseException)]


def _proxy_error(causes: tuple[BaseException, ...], endpoint: Endpoint) -> AsayerError | None:
    if not any(isinstance(cause, urllib3.exceptions.ProxyError) for cause in causes):
        return None
    match = next((match for cause in causes if (match := _TUNNEL_STATUS.search(str(cause)))), None)
    return proxy_refusal(int(match[1]), endpoint) if match else _proxy_unreachable(endpoint)


def proxy_refusal(status: int, endpoint: Endpoint) -> AsayerError:
    """Return the error for a proxy that answered in the cluster's place: the credentials were never judged."""
    if status == http.HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return UnreachableError(
            f"The proxy on the way to {endpoint.url} asks for a login (407).",
            hint="Give its user and password in HTTPS_PROXY (or HTTP_PROXY), or name the host in NO_PROXY.",
            code="proxy_authentication",
        )
    return UnreachableError(
        f"The proxy on the way to {endpoint.url} refused the connection ({status}).",
        hint=f"Let the proxy allow {endpoint.host}:{endpoint.port}, or name the host in NO_PROXY. "
        "Elasticsearch itself was not asked.",
        code="proxy_refused",
    )


def _proxy_unreachable(endpoint: Endpoint) -> AsayerError:
    return UnreachableError(
        f"The proxy on the way to {endpoint.url} cannot be reached.",
        hint="Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY, or name the host in NO_PROXY.",
        code="proxy_unreachable",
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
            "Give the authority's certificate with --ca-cert (Elasticsearch keeps it in config/certs/http_ca.crt), "
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


def _connection_error(causes: tuple[BaseException, ...], endpoint: Endpoint) -> AsayerError:
    if any(isinstance(cause, (urllib3.exceptions.NameResolutionError, socket.gaierror)) for cause in causes):
        return UnreachableError(
            f"The host {endpoint.host} is not known: its name does not resolve.",
            hint="Check the spelling of the URL, and whether a VPN is needed.",
            code="unknown_host",
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return UnreachableError(
            f"Nothing listens at {endpoint.url}: the connection was refused.",
            hint="Check host and port (9200 or 9243 are usual), and that the cluster runs.",
            code="connection_refused",
        )
    if any(isinstance(cause, (urllib3.exceptions.ProtocolError, ConnectionError)) for cause in causes):
        return _cut_off(endpoint)
    return UnreachableError(
        f"There is no connection to {endpoint.url}.", hint="Check the address and the way to it (firewall, VPN, proxy)."
    )


def _cut_off(endpoint: Endpoint) -> AsayerError:
    tls = " A cluster that speaks TLS does so too when it is asked in plain HTTP: try https://."
    return UnreachableError(
        f"{endpoint.url} closed the connection without an answer.",
        hint=f"Try again.{tls if endpoint.scheme == 'http' else ''}",
        code="connection_cut",
    )
