"""The client library's connection to one node, taught proxies, a connect timeout and a trace."""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import urllib3
from elastic_transport import HttpHeaders, NodeConfig, TransportError, Urllib3HttpNode
from elastic_transport.client_utils import DEFAULT, DefaultType

from asayer_cli.secret import Secret

if TYPE_CHECKING:
    from elastic_transport._node import NodeApiResponse

Trace = Callable[[str], None]
_REFUSALS: Final = 400
CONNECT_SECONDS: Final = 10.0


def node_class(proxy: str | None, trace: Trace, timeout: float) -> type[Urllib3HttpNode]:
    """Return the class of nodes for one connection: through `proxy`, each request told to `trace`.

    What breaks is noted with the request that it broke, for whoever words the error.
    """

    class Node(Urllib3HttpNode):
        """The library's node, with its pool led through a proxy where the environment names one."""

        def __init__(self, config: NodeConfig) -> None:
            super().__init__(config)
            self.pool.timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, timeout), read=timeout)
            if proxy:
                self.pool = _through(proxy, self.pool)

        def perform_request(
            self,
            method: str,
            target: str,
            body: bytes | None = None,
            headers: HttpHeaders | None = None,
            request_timeout: DefaultType | float | None = DEFAULT,  # noqa: ARG002 - the pool's own timeout counts
        ) -> NodeApiResponse:
            started = time.monotonic()
            try:
                answer = super().perform_request(method, target, body, headers)
            except TransportError as error:
                _tell(trace, method, target, type(error).__name__, started)
                error.add_note(_named(method, target))
                raise
            _tell(trace, method, target, str(answer.meta.status), started)
            # A deprecation notice is for whoever runs the cluster; the library would print it as a Python warning.
            answer.meta.headers.pop("warning", None)
            if answer.meta.status >= _REFUSALS and not answer.meta.mimetype:
                # The library takes it for JSON and tells of that; what a proxy refuses so is no JSON.
                answer.meta.headers["content-type"] = "text/plain"
            return answer

    return Node


def _tell(trace: Trace, method: str, target: str, status: str, started: float) -> None:
    trace(f"{_named(method, target)} {status} {(time.monotonic() - started) * 1000:.0f} ms")


def _named(method: str, target: str) -> str:
    return f"{method} {target.partition('?')[0]}"


class _ProxiedPool:
    """Stands in for a connection pool to one host: the same `urlopen`, through a proxy."""

    def __init__(self, manager: urllib3.ProxyManager, origin: str) -> None:
        self._manager = manager
        self._origin = origin

    def urlopen(self, method: str, target: str, **options: Any) -> urllib3.BaseHTTPResponse:  # noqa: ANN401 - passed on
        return self._manager.urlopen(method, self._origin + target, redirect=False, **options)

    def close(self) -> None:
        self._manager.clear()


def _through(proxy: str, pool: urllib3.HTTPConnectionPool) -> Any:  # noqa: ANN401 - in the place of a pool
    """Return what replaces `pool`: the same checks of the server's certificate, through the proxy."""
    parts = urllib.parse.urlsplit(proxy)
    options: dict[str, Any] = {"timeout": pool.timeout, "maxsize": 1, "block": True}
    if parts.username:
        password = Secret(urllib.parse.unquote(parts.password or "")).reveal()
        login = f"{urllib.parse.unquote(parts.username)}:{password}"
        options["proxy_headers"] = urllib3.make_headers(proxy_basic_auth=login)
        proxy = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    host = f"[{pool.host}]" if ":" in pool.host else pool.host
    manager = urllib3.ProxyManager(proxy, **options, **_tls_options(pool))
    manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, pool.scheme: type(pool)}
    return _ProxiedPool(manager, f"{pool.scheme}://{host}:{pool.port}")


def _tls_options(pool: urllib3.HTTPConnectionPool) -> dict[str, Any]:
    """Return how the library set its own pool up to check the server, in the form that a pool manager takes."""
    if not isinstance(pool, urllib3.HTTPSConnectionPool):
        return {}
    fingerprint = getattr(pool, "_elastic_assert_fingerprint", None) or pool.assert_fingerprint
    return {
        "ssl_context": pool.conn_kw["ssl_context"],
        "assert_fingerprint": fingerprint,
        "assert_hostname": pool.assert_hostname,
        "cert_reqs": pool.cert_reqs,
        "ca_certs": pool.ca_certs,
    }
