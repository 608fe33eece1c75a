"""What the forward proxy of these tests does with names: it knows those of the test's own domain, and refuses some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.http.exception import HttpRequestRejected
from proxy.http.proxy import HttpProxyBasePlugin

if TYPE_CHECKING:
    from proxy.common.types import HostPort
    from proxy.http.parser import HttpParser

REFUSED = {b"forbidden.asayer.test": 403, b"late.asayer.test": 504, b"closing.asayer.test": None}


class Names(HttpProxyBasePlugin):
    """Resolves names below asayer.test to this computer, as an office's name server might."""

    def resolve_dns(self, host: str, port: int) -> tuple[str | None, HostPort | None]:  # noqa: ARG002 - as inherited
        return "127.0.0.1" if host.endswith(".asayer.test") else None, None

    def before_upstream_connection(self, request: HttpParser) -> HttpParser | None:
        if request.host in REFUSED:
            raise HttpRequestRejected(
                status_code=REFUSED[request.host],
                reason=b"Refused",
                headers={b"Content-Type": b"text/html"},
                body=b"<html>Ask the network team.</html>",
            )
        return request
