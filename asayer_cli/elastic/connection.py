"""One connection to a cluster: TLS, the environment's proxies, patience; what makes something is sent only once."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import elastic_transport
import elasticsearch

from asayer_cli import __version__
from asayer_cli.elastic.endpoint import Endpoint, endpoint_of, refuse_plain_http
from asayer_cli.elastic.errors import translate
from asayer_cli.elastic.model import UserPassword
from asayer_cli.elastic.node import node_class
from asayer_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asayer_cli.elastic.node import Trace
    from asayer_cli.integrations import ElasticAddress, ElasticKey

T = TypeVar("T")
_log = logging.getLogger(__name__)
TIMEOUT_SECONDS: Final = 30.0
_PAUSES: Final = (0.3, 0.8, 2.0)
_LONGEST_PAUSE: Final = 10.0
_WORTH_ANOTHER_TRY: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """The client library's connection, the address, and `who` asks, such as `user elastic`.

    The client itself never retries: `ask` does, for what may be sent twice; `ask_once` is for the rest. Both raise
    our errors.
    """

    client: elasticsearch.Elasticsearch
    endpoint: Endpoint
    who: str
    pauses: tuple[float, ...] = _PAUSES

    def ask(self, call: Callable[[elasticsearch.Elasticsearch], T]) -> T:
        """Make a call that reads, or that may be sent twice; after a failure that may pass, again, at most 3 times."""
        for pause in self.pauses:
            try:
                return call(self.client)
            except (elasticsearch.ApiError, elastic_transport.TransportError) as error:
                if not _may_pass(error):
                    raise translate(error, self.endpoint, self.who) from error
                time.sleep(_wanted_pause(error, pause))
        return self.ask_once(call)

    def ask_once(self, call: Callable[[elasticsearch.Elasticsearch], T]) -> T:
        """Make a call that is sent once, whatever happens."""
        try:
            return call(self.client)
        except (elasticsearch.ApiError, elastic_transport.TransportError) as error:
            raise translate(error, self.endpoint, self.who) from error

    def close(self) -> None:
        """Close the connection."""
        self.client.close()


def connect(
    address: ElasticAddress,
    auth: ElasticKey | UserPassword,
    *,
    allow_http: bool = False,
    trace: Trace = _log.debug,
    timeout: float = TIMEOUT_SECONDS,
    environ: Mapping[str, str] = os.environ,
) -> Cluster:
    """Prepare a connection; nothing is sent yet.

    `trace` gets one line a request (method, path, status, milliseconds); by default that is this module's logger.
    Proxies come from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY; with no `ca_cert` and `fingerprint` in the
    address, SSL_CERT_FILE and REQUESTS_CA_BUNDLE count.
    UsageError for a wrong address or CA file, and for plain HTTP off loopback unless `allow_http`.
    """
    endpoint = endpoint_of(address)
    refuse_plain_http(endpoint, allowed=allow_http)
    try:
        client = elasticsearch.Elasticsearch(
            endpoint.url,
            **_authentication(auth),
            **(_tls_options(address, environ) if endpoint.scheme == "https" else {}),
            node_class=node_class(environ, trace, timeout),
            headers={"user-agent": f"asayer-cli/{__version__}"},
            max_retries=0,
            retry_on_timeout=False,
            request_timeout=timeout,
        )
    except (OSError, ValueError) as error:  # an unreadable or broken CA file, or a fingerprint of no known length
        raise _bad_tls_option(address) from error
    return Cluster(client, endpoint, _who(auth))


def _authentication(auth: ElasticKey | UserPassword) -> dict[str, Any]:
    if isinstance(auth, UserPassword):
        return {"basic_auth": (auth.username, auth.password.reveal())}
    return {"api_key": (auth.api_key_id, auth.api_key.reveal())}


def _who(auth: ElasticKey | UserPassword) -> str:
    return f"user {auth.username}" if isinstance(auth, UserPassword) else f"API key {auth.api_key_id}"


def _tls_options(address: ElasticAddress, environ: Mapping[str, str]) -> dict[str, Any]:
    if address.fingerprint:
        return {"ssl_assert_fingerprint": address.fingerprint}
    if address.ca_cert and not Path(address.ca_cert).is_file():
        raise UsageError(f"There is no CA certificate file {address.ca_cert}.", hint="Check --ca-cert.", code="ca_cert")
    bundle = address.ca_cert or environ.get("SSL_CERT_FILE") or environ.get("REQUESTS_CA_BUNDLE")
    return {"ca_certs": bundle} if bundle else {}


def _bad_tls_option(address: ElasticAddress) -> UsageError:
    if address.fingerprint:
        return UsageError(
            "The fingerprint is no SHA-256 fingerprint.",
            hint="It has 64 hexadecimal digits; colons between them are fine.",
            code="malformed_fingerprint",
        )
    return UsageError(
        f"The CA certificate file {address.ca_cert or 'of SSL_CERT_FILE or REQUESTS_CA_BUNDLE'} holds no certificate.",
        hint="It must be a PEM file, with lines that say BEGIN CERTIFICATE.",
        code="ca_cert",
    )


def _may_pass(error: elasticsearch.ApiError | elastic_transport.TransportError) -> bool:
    if isinstance(error, elasticsearch.ApiError):
        return error.meta.status in _WORTH_ANOTHER_TRY
    return type(error) is elastic_transport.ConnectionError


def _wanted_pause(error: Exception, pause: float) -> float:
    wanted = (error.meta.headers.get("retry-after") or "") if isinstance(error, elasticsearch.ApiError) else ""
    return min(max(pause, float(wanted)), _LONGEST_PAUSE) if wanted.isdigit() else pause
