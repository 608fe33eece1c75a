"""The client library's connection to one node, taught the environment's proxies, a connect timeout and a trace."""

from __future__ import annotations

import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import urllib3
from elastic_transport import HttpHeaders, NodeConfig, TransportError, Urllib3HttpNode
from elastic_transport.client_utils import DEFAULT, DefaultType

from asayer_cli.elastic.endpoint import Endpoint
from asayer_cli.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from elastic_transport._node import NodeApiResponse

Trace = Callable[[str], None]
CONNECT_SECONDS: Final = 10.0


def node_class(environ: Mapping[str, str], trace: Trace, timeout: float) -> type[Urllib3HttpNode]:
    """Return the class of nodes for one connection: proxies as in `environ`, each request told to `trace`."""

    class Node(Urllib3HttpNode):
        """The library's node, with its pool led through a proxy where the environment names one."""

        def __init__(self, config: NodeConfig) -> None:
            super().__init__(config)
            self.pool.timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, timeout), read=timeout)
            if proxy := proxy_for(config.scheme, config.host, config.port, environ):
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
                raise
            _tell(trace, method, target, str(answer.meta.status), started)
            # A deprecation notice is for whoever runs the cluster; the library would print it as a Python warning.
            answer.meta.headers.pop("warning", None)
            return answer

    return Node


def _tell(trace: Trace, method: str, target: str, status: str, started: float) -> None:
    trace(f"{method} {target.partition('?')[0]} {status} {(time.monotonic() - started) * 1000:.0f} ms")


def proxy_for(scheme: str, host: str, port: int, environ: Mapping[str, str]) -> str | None:
    """Return the proxy that the environment names for an address, None when there is none or NO_PROXY excepts it.

    There is none for this computer itself: what is sent there may be in the clear and must not leave it.
    """
    if Endpoint(scheme, host, port).is_loopback:
        return None
    settings = {name.lower(): value.strip() for name, value in sorted(environ.items()) if value.strip()}
    proxies = {name.removesuffix("_proxy"): value for name, value in settings.items() if name.endswith("_proxy")}
    if urllib.request.proxy_bypass_environment(f"{host}:{port}", proxies):  # type: ignore[attr-defined]
        return None
    proxy = proxies.get(scheme) or proxies.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


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
