"""Talk to a front's control requests: order failures, change settings, read what was called."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.request import ProxyHandler, Request, build_opener

if TYPE_CHECKING:
    from asayer_cli.sandbox.faults import Fault

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Control:
    """The control requests of one front: ``url`` and ``token`` as in `supervisor.Addresses`."""

    url: str
    token: str = field(repr=False)

    def order(self, *faults: Fault) -> None:
        """Make calls fail; forgets all former orders."""
        self._send("PUT", "faults", [asdict(fault) for fault in faults])

    def change(self, **settings: object) -> None:
        """Change settings of the front (for the local AWS: `aws.settings.AwsSettings`)."""
        self._send("PUT", "settings", settings)

    def create_log_groups(self, region: str, prefix: str, count: int) -> None:
        """Create many log groups at once, named `prefix` and a number of five digits (local AWS only)."""
        self._send("POST", "log-groups", {"region": region, "prefix": prefix, "count": count})

    def forget_points(self) -> None:
        """End every point in time and scroll, as a node does that is restarted (local Elasticsearch only)."""
        self._send("POST", "points/forgotten", {})

    def requests(self) -> list[dict[str, Any]]:
        """Return the calls so far, oldest first: service, operation, region, principal, status."""
        calls: list[dict[str, Any]] = self._send("GET", "requests")
        return calls

    def forget_requests(self) -> None:
        """Empty the list of calls."""
        self._send("DELETE", "requests")

    def exchanges(self) -> list[dict[str, Any]]:
        """Return whole exchanges with the local Elasticsearch, where the sandbox records them."""
        exchanges: list[dict[str, Any]] = self._send("GET", "exchanges")
        return exchanges

    def _send(self, method: str, name: str, value: object = None) -> Any:  # noqa: ANN401 - JSON
        request = Request(  # noqa: S310 - an address of the sandbox's own
            f"{self.url}/_sandbox/{name}",
            data=None if value is None else json.dumps(value).encode(),
            headers={"X-Sandbox-Token": self.token, "Content-Type": "application/json"},
            method=method,
        )
        # loopback is never behind a proxy
        with build_opener(ProxyHandler({})).open(request, timeout=TIMEOUT_S) as answer:
            return json.load(answer)
