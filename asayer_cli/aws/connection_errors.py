"""No usable answer of AWS came: what broke on the way, from the SDK's exceptions to ours."""

from __future__ import annotations

import os
import re
import ssl
from typing import Final
from urllib.parse import urlsplit

import botocore.exceptions as sdk

from asayer_cli.errors import UnreachableError
from asayer_cli.network import PORTS, causes_of, current, late_hint, name_of, proxy_failure, proxy_for, seconds_waited

_NETWORK: Final = "Check the region's name, the network and AWS_ENDPOINT_URL; then run it again."
# Numbers of OpenSSL's X509_V_ERR_ constants.
_EXPIRED: Final = frozenset({9, 10})
_WRONG_NAME: Final = frozenset({62, 64})
_NAME_MISMATCH: Final = re.compile(r"doesn't match|no appropriate subjectAltName|not valid for|mismatch")
# Codes of failures before the request was sent: it did nothing.
NOT_SENT: Final = frozenset(
    {
        "connect_timeout",
        "endpoint_unreachable",
        "proxy_authentication",
        "proxy_refused",
        "proxy_unreachable",
        "tls_expired",
        "tls_hostname",
        "tls_untrusted",
    }
)
BROKEN: Final = (sdk.HTTPClientError, sdk.ConnectionError, sdk.IncompleteReadError)


def of_connection_error(error: sdk.BotoCoreError, action: str, region: str) -> UnreachableError:
    """Return our form of an exception that says that no answer came; `action` is the IAM action of the call."""
    wanted, causes = _endpoint(error, action, region), causes_of(error)
    if isinstance(error, sdk.ProxyConnectionError):
        return proxy_failure(str(error.kwargs["proxy_url"]), wanted, causes)
    if isinstance(error, sdk.SSLError):
        return _tls_error(causes, wanted)
    proxy = _proxy_of(error)
    through = f" through the proxy {name_of(proxy)}" if proxy else ""
    if isinstance(error, sdk.ReadTimeoutError | sdk.ConnectTimeoutError):
        return _late(error, f"{action}{through}", wanted, seconds_waited(causes))
    if isinstance(error, sdk.EndpointConnectionError):
        return UnreachableError(f"AWS cannot be reached ({wanted}).", hint=_NETWORK, code="endpoint_unreachable")
    if isinstance(error, sdk.ConnectionClosedError | sdk.ResponseStreamingError | sdk.IncompleteReadError):
        return UnreachableError(
            f"The connection to AWS{through} broke ({wanted}).",
            hint="Run it again; if it stays, check what the proxy allows." if proxy else "Run it again.",
            code="connection_closed",
        )
    return UnreachableError(f"The connection to AWS{through} failed ({wanted}).", hint=_NETWORK, code="unreachable")


def _late(error: sdk.BotoCoreError, asked: str, wanted: str, within: str) -> UnreachableError:
    if isinstance(error, sdk.ConnectTimeoutError):
        return UnreachableError(
            f"AWS cannot be reached for {asked}{within} ({wanted}).", hint=_NETWORK, code="connect_timeout"
        )
    return UnreachableError(
        f"AWS did not answer {asked}{within} ({wanted}).", hint=late_hint("AWS_ENDPOINT_URL"), code="read_timeout"
    )


def _endpoint(error: sdk.BotoCoreError, action: str, region: str) -> str:
    """Say which address it was, without user information or a query."""
    found = re.search(r"https?://(?:[^/\s\"]*@)?([^/\s\"?]+)", str(error.kwargs.get("endpoint_url", "")))
    service = action.partition(":")[0]
    noted = next(iter(getattr(error, "__notes__", ())), "")
    return found[1] if found else noted or (f"{service} in {region}" if region else service)


def _proxy_of(error: sdk.BotoCoreError) -> str | None:
    parts = urlsplit(str(error.kwargs.get("endpoint_url", "")))
    if parts.scheme not in PORTS or not parts.hostname:
        return None
    return proxy_for(parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme], os.environ, current())


def _tls_error(causes: tuple[BaseException, ...], wanted: str) -> UnreachableError:
    said = " ".join(str(cause) for cause in causes)
    codes = {cause.verify_code for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)}
    if codes & _EXPIRED:
        return UnreachableError(
            f"The TLS certificate of the AWS endpoint has expired or is not valid yet ({wanted}).",
            hint="Check this computer's clock; where a proxy opens TLS or AWS_ENDPOINT_URL leads elsewhere, its "
            "certificate must be renewed.",
            code="tls_expired",
        )
    if codes & _WRONG_NAME or _NAME_MISMATCH.search(said):
        return UnreachableError(
            f"The TLS certificate of the AWS endpoint is made out for another host ({wanted}).",
            hint="Use the host name that the certificate has (AWS_ENDPOINT_URL); else something stands between that is "
            "not AWS.",
            code="tls_hostname",
        )
    if codes or "CERTIFICATE_VERIFY_FAILED" in said:
        return UnreachableError(
            f"The TLS certificate of the AWS endpoint is signed by an authority that is not trusted ({wanted}).",
            hint="If a proxy opens TLS, name the file of its certificate authority: --ca-bundle /path/to/ca.pem "
            "(ASAYER_CA_BUNDLE, AWS_CA_BUNDLE). For good: asayer-cli config set network.ca_bundle /path/to/ca.pem.",
            code="tls_untrusted",
        )
    return UnreachableError(
        f"The encrypted connection to AWS failed ({wanted}).",
        hint="Run it again; if it stays, a proxy or firewall may stand between: look at HTTPS_PROXY, NO_PROXY and "
        "AWS_ENDPOINT_URL.",
        code="tls_failed",
    )
