"""One connection to a cluster: TLS, proxies, patience; what makes something is sent only once."""

from __future__ import annotations

import base64
import logging
import os
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import elastic_transport
import elasticsearch

from asayer_cli import __version__
from asayer_cli.elastic.endpoint import Endpoint, endpoint_of, refuse_plain_http
from asayer_cli.elastic.errors import translate
from asayer_cli.elastic.model import UserPassword
from asayer_cli.elastic.node import node_class
from asayer_cli.elastic.route import DIRECT, Route
from asayer_cli.elastic.shapes import malformed
from asayer_cli.errors import AsayerError, UsageError
from asayer_cli.network import Network, check_bundle, current, proxy_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asayer_cli.elastic.node import Trace
    from asayer_cli.integrations import ElasticAddress, ElasticKey

T = TypeVar("T")
_log = logging.getLogger(__name__)
TIMEOUT_SECONDS: Final = 30.0
_PAUSES: Final = (0.3, 0.8, 2.0)
_LONGEST_PAUSE: Final = 10.0
# Failures, by our codes, that another try may get past.
_MAY_PASS: Final = frozenset({"throttled", "unavailable", "connection_cut"})
_FINGERPRINT: Final = re.compile(r"(?:[0-9A-Fa-f]{2}:?){32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cluster:
    """The client library's connection, the address, `who` asks, such as `user elastic`, and the way there.

    The client itself never retries: `ask` does, for what may be sent twice; `ask_once` is for the rest. Both raise
    our errors.
    """

    client: elasticsearch.Elasticsearch
    endpoint: Endpoint
    who: str
    route: Route = DIRECT
    pauses: tuple[float, ...] = _PAUSES

    def ask(self, call: Callable[[elasticsearch.Elasticsearch], T]) -> T:
        """Make a call that reads, or that may be sent twice; after a failure that may pass, again, at most 3 times."""
        for pause in self.pauses:
            try:
                return self.ask_once(call)
            except AsayerError as error:
                if error.code not in _MAY_PASS:
                    raise
                time.sleep(_wanted_pause(error.__cause__, pause))
        return self.ask_once(call)

    def ask_once(self, call: Callable[[elasticsearch.Elasticsearch], T]) -> T:
        """Make a call that is sent once, whatever happens."""
        try:
            return call(self.client)
        except RecursionError as error:
            raise malformed(self.endpoint.url, "it is JSON too deep to be read") from error
        except (elasticsearch.ApiError, elastic_transport.TransportError) as error:
            raise translate(error, self.endpoint, self.who, self.route) from error

    def close(self) -> None:
        """Close the connection."""
        self.client.close()


def connect(
    address: ElasticAddress,
    auth: ElasticKey | UserPassword,
    *,
    allow_http: bool = False,
    trace: Trace = _log.debug,
    timeout: float | None = None,
    environ: Mapping[str, str] = os.environ,
    network: Network | None = None,
) -> Cluster:
    """Prepare a connection; nothing is sent yet.

    `trace` gets one line a request (method, path, status, milliseconds); by default that is this module's logger.
    `network` is the run's own unless given. Without a proxy in it, HTTPS_PROXY, HTTP_PROXY and ALL_PROXY name one;
    NO_PROXY excepts hosts from either. With no `ca_cert` and `fingerprint` in the address, the network's `ca_bundle`,
    SSL_CERT_FILE and REQUESTS_CA_BUNDLE count, in that order. `timeout` (seconds) is the network's, else 30.
    UsageError for a wrong address, proxy or CA file, and for plain HTTP off loopback unless `allow_http`.
    """
    network = network or current()
    endpoint = endpoint_of(address)
    refuse_plain_http(endpoint, allowed=allow_http)
    timeout = network.seconds(TIMEOUT_SECONDS) if timeout is None else timeout
    route = Route(proxy_for(endpoint.scheme, endpoint.host, endpoint.port, environ, network))
    client = elasticsearch.Elasticsearch(
        endpoint.url,
        **_authentication(auth),
        **(_tls_options(address, environ, network) if endpoint.scheme == "https" else {}),
        node_class=node_class(route.proxy, trace, timeout),
        headers={"user-agent": f"asayer-cli/{__version__}"},
        max_retries=0,
        retry_on_timeout=False,
        request_timeout=timeout,
    )
    return Cluster(client, endpoint, _who(auth), route)


def _authentication(auth: ElasticKey | UserPassword) -> dict[str, Any]:
    if isinstance(auth, UserPassword):
        return {"basic_auth": _encoded(auth.username, auth.password.reveal())}
    return {"api_key": _encoded(auth.api_key_id, auth.api_key.reveal())}


def _encoded(name: str, secret: str) -> str:
    """Encode a pair as Elasticsearch decodes it, in UTF-8; the client library itself takes ASCII only."""
    return base64.b64encode(f"{name}:{secret}".encode(errors="surrogateescape")).decode()


def _who(auth: ElasticKey | UserPassword) -> str:
    return f"user {auth.username}" if isinstance(auth, UserPassword) else f"API key {auth.api_key_id}"


def _tls_options(address: ElasticAddress, environ: Mapping[str, str], network: Network) -> dict[str, Any]:
    if address.fingerprint:
        if not _FINGERPRINT.fullmatch(address.fingerprint):
            raise _bad_fingerprint()
        return {"ssl_assert_fingerprint": address.fingerprint}
    bundle = address.ca_cert or network.ca_bundle or environ.get("SSL_CERT_FILE") or environ.get("REQUESTS_CA_BUNDLE")
    if not bundle:
        return {}
    check_bundle(bundle, "--ca-cert, ASAYER_ELASTIC_CA_CERT, --ca-bundle, SSL_CERT_FILE or REQUESTS_CA_BUNDLE")
    return {"ca_certs": bundle}


def _bad_fingerprint() -> UsageError:
    return UsageError(
        "The fingerprint is no SHA-256 fingerprint.",
        hint="It has 64 hexadecimal digits; colons between them are fine.",
        code="malformed_fingerprint",
    )


def _wanted_pause(error: BaseException | None, pause: float) -> float:
    wanted = (error.meta.headers.get("retry-after") or "") if isinstance(error, elasticsearch.ApiError) else ""
    return min(max(pause, float(wanted)), _LONGEST_PAUSE) if wanted.isdecimal() else pause
