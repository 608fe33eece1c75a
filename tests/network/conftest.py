from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import trustme

from asayer_cli import network
from asayer_cli.network import Network
from tests.network.servers import DOMAIN, forward_proxy, server_context, silent_server, tls_in_front_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.sandbox.supervisor import Addresses

PROXY_PASSWORD = "planted-proxy/pass word"
PROXY_LOGIN = "me:planted-proxy%2Fpass%20word"


@dataclass(frozen=True)
class Office:
    """A closed network: both services behind TLS under names that only its proxies know.

    `open_proxy` asks for nothing, `strict_proxy` for a login, `opening_proxy` opens TLS and has an authority for that.
    """

    ca_file: str
    fingerprint: str
    opening_ca_file: str
    aws_port: int
    elastic_port: int
    plain_aws_port: int
    plain_elastic_port: int
    silent_port: int
    open_proxy: int
    strict_proxy: int
    opening_proxy: int

    def environ(self, host: str = "") -> dict[str, str]:
        """Return where the services are; under the name `host` where that is given."""
        return {
            "AWS_ENDPOINT_URL": f"https://{host or f'aws.{DOMAIN}'}:{self.aws_port}",
            "ASAYER_ELASTIC_URL": f"https://{host or f'elastic.{DOMAIN}'}:{self.elastic_port}",
        }

    def plain_environ(self, host: str) -> dict[str, str]:
        """Return where the services are without TLS, under the name `host`."""
        return {
            "AWS_ENDPOINT_URL": f"http://{host}:{self.plain_aws_port}",
            "ASAYER_ELASTIC_URL": f"http://{host}:{self.plain_elastic_port}",
        }


@pytest.fixture(scope="session")
def office(sandbox_addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    services, opening = trustme.CA(), trustme.CA()
    services.cert_pem.write_to_path(folder / "services.pem")
    opening.cert_pem.write_to_path(folder / "opening.pem")
    opening.private_key_pem.write_to_path(folder / "opening.key")
    own = trustme.CA()
    own.private_key_pem.write_to_path(folder / "signing.key")
    context, fingerprint = server_context(services)
    with ExitStack() as open_until_the_end:
        enter = open_until_the_end.enter_context
        yield Office(
            ca_file=str(folder / "services.pem"),
            fingerprint=fingerprint,
            opening_ca_file=str(folder / "opening.pem"),
            aws_port=enter(tls_in_front_of(_port(sandbox_addresses.aws_endpoint_url), context)),
            elastic_port=enter(tls_in_front_of(_port(sandbox_addresses.elastic_url), context)),
            plain_aws_port=_port(sandbox_addresses.aws_endpoint_url),
            plain_elastic_port=_port(sandbox_addresses.elastic_url),
            silent_port=enter(silent_server()),
            open_proxy=enter(forward_proxy(folder / "open")),
            strict_proxy=enter(forward_proxy(folder / "strict", "--basic-auth", f"me:{PROXY_PASSWORD}")),
            opening_proxy=enter(
                forward_proxy(
                    folder / "opening",
                    *("--ca-key-file", str(folder / "opening.key"), "--ca-cert-file", str(folder / "opening.pem")),
                    *("--ca-signing-key-file", str(folder / "signing.key"), "--ca-file", str(folder / "services.pem")),
                    *("--ca-cert-dir", str(folder / "opening" / "certificates")),
                )
            ),
        )


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port
    return port


@pytest.fixture
def any_network() -> Iterator[None]:
    """Let a test choose a network of its own in this process."""
    yield
    network.use(Network())
