"""Send one request and take its answer: no redirect is followed, nothing is sent twice."""

from __future__ import annotations

import logging
import time
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import urllib3

from asayer_cli import __version__
from asayer_cli.canary.transport_errors import translate
from asayer_cli.network import Network, check_bundle, proxy_for, proxy_refused
from asayer_cli.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asayer_cli.canary.order import Place

_log = logging.getLogger(__name__)
USER_AGENT: Final = f"asayer-cli/{__version__} canary"
TIMEOUT_SECONDS: Final = 30.0
CONNECT_SECONDS: Final = 10.0
_MOST_READ: Final = 65_536
_PROXY_LOGIN: Final = 407


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and headers (by any case of their names), and the seconds from sending until they were there."""

    status: int
    headers: Mapping[str, str]
    seconds: float


class Sender:
    """The way to one place, a connection for each request.

    A server may close an idle connection at any time; a browser then sends a request again, and nothing is to be sent
    twice here.
    """

    def __init__(self, place: Place, environ: Mapping[str, str], network: Network) -> None:
        self._place = place
        self._proxy = proxy_for(place.scheme, place.host, place.port, environ, network)
        seconds = network.seconds(TIMEOUT_SECONDS)
        timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, seconds), read=seconds)
        options: dict[str, Any] = {"timeout": timeout, "retries": False, **_authorities(place, environ, network)}
        self._pool = _proxied(self._proxy, options) if self._proxy else urllib3.PoolManager(**options)

    def send(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """Send a request without a body; UnreachableError when no answer comes, or none that is HTTP."""
        started = time.monotonic()
        outcome = "no answer"
        try:
            with self._open(method, target, headers) as response:
                seconds = time.monotonic() - started
                outcome = str(response.status)
                _drain(response)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise translate(error, method, self._place, self._proxy) from error
        finally:
            self.close()
            _log.debug("%s %s %s %.0f ms", method, self._place.shown, outcome, (time.monotonic() - started) * 1000)
        if self._proxy and response.status == _PROXY_LOGIN:
            raise proxy_refused(self._proxy, self._place.shown, response.status)
        return Answer(response.status, response.headers, seconds)

    def _open(self, method: str, target: str, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        return self._pool.request(
            method,
            self._place.origin + target,
            headers={"Accept": "*/*", "User-Agent": USER_AGENT, **headers},
            redirect=False,
            preload_content=False,
            decode_content=False,
        )

    def close(self) -> None:
        """Close the connection."""
        self._pool.clear()


def _drain(response: urllib3.BaseHTTPResponse) -> None:
    """Read a short body, for servers log it when nobody takes their answer; what breaks in it is no matter."""
    if not 0 < int(response.length_remaining or 0) <= _MOST_READ:
        return
    try:
        response.read()
    except (urllib3.exceptions.HTTPError, OSError) as error:
        _log.debug("the answer's body was not read to its end: %s", type(error).__name__)


def _authorities(place: Place, environ: Mapping[str, str], network: Network) -> dict[str, Any]:
    bundle = network.ca_bundle or environ.get("SSL_CERT_FILE") or environ.get("REQUESTS_CA_BUNDLE")
    if place.scheme != "https" or not bundle:
        return {}
    check_bundle(bundle, "--ca-bundle, ASAYER_CA_BUNDLE, SSL_CERT_FILE or REQUESTS_CA_BUNDLE")
    return {"ca_certs": bundle}


def _proxied(proxy: str, options: dict[str, Any]) -> urllib3.ProxyManager:
    parts = urllib.parse.urlsplit(proxy)
    if parts.username:
        password = Secret(urllib.parse.unquote(parts.password or "")).reveal()
        login = f"{urllib.parse.unquote(parts.username)}:{password}"
        options = {**options, "proxy_headers": urllib3.make_headers(proxy_basic_auth=login)}
        proxy = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return urllib3.ProxyManager(proxy, **options)
