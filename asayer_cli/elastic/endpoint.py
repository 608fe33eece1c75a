"""Where a cluster is: `--url` or `--cloud-id`, read and judged before anything is sent."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from asayer_cli.errors import NotConfiguredError, UsageError
from asayer_cli.network import is_loopback
from asayer_cli.secret import Secret

if TYPE_CHECKING:
    from asayer_cli.integrations import ElasticAddress

DEFAULT_PORTS: Final = {"https": 443, "http": 9200}
_HIGHEST_PORT: Final = 65_535
_HOST_NAME: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?", re.ASCII)
_PATH: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*", re.ASCII)
_PORT: Final = re.compile(r"[0-9]{1,5}", re.ASCII)
_EXAMPLE: Final = "Write it like https://elastic.example.com:9243."


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address: `host` without brackets, `path_prefix` without a trailing slash, empty for none."""

    scheme: str
    host: str
    port: int
    path_prefix: str = ""

    @property
    def url(self) -> str:
        """The address in full, port included."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.path_prefix}"

    @property
    def is_loopback(self) -> bool:
        """Whether what is sent there stays on this computer."""
        return is_loopback(self.host)


def endpoint_of(address: ElasticAddress) -> Endpoint:
    """Return where a configured cluster is; NotConfiguredError when none is, UsageError when the address is wrong."""
    if address.url and address.cloud_id:
        raise UsageError("Both a URL and a Cloud id are given.", hint="Give --url or --cloud-id, not both.")
    if address.url:
        return parse_url(address.url)
    if address.cloud_id:
        return parse_cloud_id(address.cloud_id)
    raise NotConfiguredError(
        "No Elasticsearch address is given.",
        hint="Give --url, or set ASAYER_ELASTIC_URL (for Elastic Cloud: --cloud-id, ASAYER_ELASTIC_CLOUD_ID).",
        code="elastic_url_missing",
    )


def host_and_port(address: ElasticAddress) -> tuple[str, int]:
    """Return the host and the port that the product asks for; errors as of `endpoint_of`."""
    endpoint = endpoint_of(address)
    return endpoint.host, endpoint.port


def parse_url(text: str) -> Endpoint:
    """Read a cluster's URL: http or https, no user information, port 443 (https) or 9200 (http) where it has none.

    UsageError, which never repeats a password, when it is none.
    """
    text = text.strip()
    _refuse_user_information(text)
    if any(character <= " " or character == "\x7f" for character in text):
        raise _malformed(text, "it has a space or a control character in it")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _malformed(text, str(error)) from error
    _check_parts(text, parts, host)
    if port is None:
        port = DEFAULT_PORTS[parts.scheme]
    if not 0 < port <= _HIGHEST_PORT:
        raise _malformed(text, "its port is out of range")
    return Endpoint(parts.scheme, host, port, parts.path.rstrip("/"))


def _check_parts(text: str, parts: SplitResult, host: str) -> None:
    if parts.scheme not in DEFAULT_PORTS or "//" not in text:
        raise _malformed(text, "it does not begin with https:// or http://")
    if not host:
        raise _malformed(text, "it has no host")
    if not _is_host(host):
        raise _malformed(text, f"{host!r} is no host name")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise _malformed(text, "it has a query or a fragment")
    if not _PATH.fullmatch(parts.path):
        raise _malformed(text, "its path has characters that must be percent-encoded")


def _is_host(host: str) -> bool:
    if ":" not in host:
        return bool(_HOST_NAME.fullmatch(host))
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return "%" not in host  # no zone of a link-local address: it means something on one computer only


def _refuse_user_information(text: str) -> None:
    authority = re.split(r"[/?#\\]", text.partition("//")[2] or text, maxsplit=1)[0]
    user, at, _ = authority.rpartition("@")
    if not at and "@" not in text:
        return
    for part in re.split(r"[:@]", user or text.rpartition("@")[0])[1:]:
        Secret(part)  # so that nothing prints what may be a password
    raise UsageError(
        "The URL has a user or a password in it.",
        hint="Take them out: give the user with --username, and the password when it is asked for, in "
        "ASAYER_ELASTIC_PASSWORD or with --password-stdin.",
        code="url_with_credentials",
    )


def _malformed(text: str, why: str) -> UsageError:
    return UsageError(f"{text!r} is no URL of a cluster: {why}.", hint=_EXAMPLE, code="malformed_url")


def parse_cloud_id(text: str) -> Endpoint:
    """Read an Elastic Cloud id, `name:base64(host[:port]$elasticsearch$kibana)`; UsageError when it is none."""
    encoded = text.strip().rpartition(":")[2]
    try:
        host, _, rest = base64.b64decode(encoded, validate=True).decode("ascii").partition("$")
    except (binascii.Error, ValueError) as error:
        raise _malformed_cloud_id() from error
    uuid = rest.partition("$")[0]
    name, _, port = host.partition(":")
    host_name = f"{uuid}.{name}"
    if not uuid or not _HOST_NAME.fullmatch(host_name) or (port and not _PORT.fullmatch(port)):
        raise _malformed_cloud_id()
    number = int(port or DEFAULT_PORTS["https"])
    if not 0 < number <= _HIGHEST_PORT:
        raise _malformed_cloud_id()
    return Endpoint("https", host_name.lower(), number)


def _malformed_cloud_id() -> UsageError:
    return UsageError(
        "The Cloud id is malformed.",
        hint="Copy it from the deployment's page in Elastic Cloud: a name, a colon, and letters and digits.",
        code="malformed_cloud_id",
    )


def refuse_plain_http(endpoint: Endpoint, *, allowed: bool) -> None:
    """Raise UsageError where credentials would cross a network in the clear and nobody allowed it."""
    if endpoint.scheme == "https" or endpoint.is_loopback or allowed:
        return
    raise UsageError(
        f"{endpoint.url} is plain HTTP: everybody on the way could read the credentials.",
        hint="Use the https:// address; where there is none and you accept that, add --allow-http.",
        code="plain_http",
    )
