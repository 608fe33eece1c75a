"""How services are reached: whose certificates are trusted, through which proxy, how long an answer may take.

Chosen once for a run and the same for AWS and Elasticsearch. A run has one network: it is kept for the process, so that
whatever opens a connection finds it, in any thread.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from asayer_cli.errors import UnreachableError, UsageError
from asayer_cli.secret import Secret
from asayer_cli.times import parse_duration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

    from asayer_cli.settings import Settings

SHORTEST_SECONDS: Final = 0.1
LONGEST_SECONDS: Final = 600.0
PORTS: Final = {"http": 80, "https": 443}
_NO_URL: Final = re.compile(r"[\s\\]")
_LOGIN_IN_ENVIRONMENT: Final = "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT"
_ITS_OWN_FAILURE: Final = 500
_ASKS_FOR_LOGIN: Final = 407


@dataclass(frozen=True, slots=True)
class Network:
    """What was chosen; empty (`timeout`, in seconds: None) where the services' own ways decide."""

    ca_bundle: str = ""
    proxy: str = ""
    timeout: float | None = None

    def seconds(self, usual: float) -> float:
        """Return how long to wait for an answer where `usual` is what a service gets otherwise."""
        return usual if self.timeout is None else self.timeout


class _Process:
    network = Network()


def use(network: Network) -> None:
    """Let every connection that is opened from now on go this way."""
    _Process.network = network


def current() -> Network:
    """Return the network of this run."""
    return _Process.network


def choose(settings: Settings, *, ca_bundle: str = "", proxy: str = "", timeout: str = "") -> Network:
    """Return the network of the given options, else of the settings; UsageError for what cannot be used."""
    ca_bundle = ca_bundle or settings.text("network.ca_bundle")
    proxy = proxy or settings.text("network.proxy")
    timeout = timeout or settings.text("network.timeout")
    if ca_bundle:
        ca_bundle = absolute(ca_bundle)
        check_bundle(ca_bundle, "--ca-bundle, ASAYER_CA_BUNDLE or the setting network.ca_bundle")
    return Network(ca_bundle, parse_proxy(proxy) if proxy else "", parse_timeout(timeout) if timeout else None)


def parse_timeout(text: str) -> float:
    """Read how long to wait for an answer, in seconds; UsageError when it is no duration, or out of range."""
    try:
        seconds = parse_duration(text).total_seconds()
    except ValueError as error:
        raise _bad_timeout(f"{error}.") from error
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise _bad_timeout(f"{text!r} is out of range: an answer is waited for between 100ms and 10m.")
    return seconds


def _bad_timeout(why: str) -> UsageError:
    return UsageError(
        why, hint="Write it like --timeout 30s (ASAYER_TIMEOUT, setting network.timeout).", code="bad_timeout"
    )


def parse_proxy(text: str) -> str:
    """Read a proxy's URL, `http://` where it names no scheme; UsageError when it is none, or has a login in it."""
    url = with_scheme(text.strip())
    if "@" in url:
        hide_login(url)
        raise UsageError(
            "The proxy's URL has a user or a password in it, which neither options nor settings take.",
            hint=f"Give it to the environment instead, {_LOGIN_IN_ENVIRONMENT}, and leave --proxy out.",
            code="proxy_userinfo",
        )
    _parts(url, "--proxy, ASAYER_PROXY or the setting network.proxy")
    return url


def with_scheme(proxy: str) -> str:
    """Return a proxy's URL, `http://` put before a bare `host:port`."""
    return proxy if "://" in proxy else f"http://{proxy}"


def hide_login(proxy: str) -> None:
    """Let nothing print the password of a proxy's URL, however it is written there."""
    from urllib.parse import unquote  # noqa: PLC0415 - only for a proxy, for a fast start

    login = proxy.partition("://")[2].rpartition("@")[0]
    for part in filter(None, (login, login.partition(":")[2])):
        Secret(part)
        Secret(unquote(part))


def _parts(url: str, named_by: str) -> SplitResult:
    """Part a proxy's URL; UsageError, which does not show it, when it is none."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - only for a proxy, for a fast start

    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        plain = parts.path in ("", "/") and not parts.query and not parts.fragment and not _NO_URL.search(url)
        if parts.scheme in PORTS and parts.hostname and parts.port != 0 and plain:
            return parts
    raise UsageError(
        f"The proxy's URL cannot be used ({named_by} names it).",
        hint="Write it like http://proxy.example.com:3128, a password's special characters as %40 for @, and so on; "
        "SOCKS proxies are not supported.",
        code="malformed_proxy",
    )


def proxy_for(scheme: str, host: str, port: int, environ: Mapping[str, str], network: Network) -> str | None:
    """Return the URL of the proxy for an address: the chosen one, or the environment's; None for none.

    There is none where NO_PROXY excepts the address, and none for this computer itself: what is sent there may be in
    the clear and must not leave it. UsageError when the environment names one that cannot be used.
    """
    if is_loopback(host):
        return None
    from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # noqa: PLC0415 - as above

    settings = {name.lower(): value.strip() for name, value in sorted(environ.items()) if value.strip()}
    proxies = {name.removesuffix("_proxy"): value for name, value in settings.items() if name.endswith("_proxy")}
    if proxy_bypass_environment(f"{host}:{port}", proxies):
        return None
    proxy = network.proxy or proxies.get(scheme) or proxies.get("all")
    if not proxy:
        return None
    url = with_scheme(proxy)
    hide_login(url)
    _parts(url, f"{scheme.upper()}_PROXY or ALL_PROXY")
    return url


def is_loopback(host: str) -> bool:
    """Tell whether what is sent to a host stays on this computer."""
    host = host.rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def name_of(proxy: str) -> str:
    """Return host and port of a proxy's URL, without its login."""
    scheme, _, rest = with_scheme(proxy).partition("://")
    authority = re.split(r"[/?#]", rest.rpartition("@")[2], maxsplit=1)[0]
    return authority if re.search(r":\d+$", authority) else f"{authority}:{PORTS.get(scheme, 80)}"


def absolute(path: str) -> str:
    """Return a path that means the same in every folder."""
    from pathlib import Path  # noqa: PLC0415 - only where a file is named, for a fast start

    return str(Path(path).expanduser().absolute())


def check_bundle(path: str, named_by: str) -> None:
    """Raise UsageError when a file holds no certificates that could be trusted; `named_by` says where it is named."""
    import ssl  # noqa: PLC0415 - only where a file is named, for a fast start

    try:
        _read_bundle(path)
    except ssl.SSLError as error:
        raise _bad_bundle(path, "holds no certificate", named_by) from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it has a zero byte in its name"
        raise _bad_bundle(path, f"cannot be read: {why}", named_by) from error


@lru_cache(maxsize=4)
def _read_bundle(path: str) -> None:
    """Read a file as TLS would; a file of all public authorities takes tens of milliseconds, and is read once."""
    import ssl  # noqa: PLC0415 - as above

    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)


def _bad_bundle(path: str, why: str, named_by: str) -> UsageError:
    return UsageError(
        f"The CA certificate file {path} {why}.",
        hint=f"It must be a PEM file, with lines that say BEGIN CERTIFICATE ({named_by} names it).",
        code="ca_cert",
    )


def proxy_refused(proxy: str, wanted: str, status: int) -> UnreachableError:
    """Return the error for a proxy that answers in a service's place: the credentials were never judged."""
    name = name_of(proxy)
    if status == _ASKS_FOR_LOGIN:
        wants = "does not accept the login that it got" if "@" in proxy else "asks for a login"
        return UnreachableError(
            f"The proxy {name} {wants} ({status}); {wanted} was not asked.",
            hint=f"Give its user and password in the environment, {_LOGIN_IN_ENVIRONMENT}, without --proxy; or name "
            "the host in NO_PROXY.",
            code="proxy_authentication",
        )
    if status >= _ITS_OWN_FAILURE:
        return UnreachableError(
            f"The proxy {name} does not reach {wanted} ({status}).",
            hint="Check the address that is asked for, and that the proxy knows its name; or name the host in "
            "NO_PROXY. No key or right was judged.",
            code="proxy_refused",
        )
    return UnreachableError(
        f"The proxy {name} refuses to connect to {wanted} ({status}).",
        hint="Let the proxy allow it, or name the host in NO_PROXY. The service itself was not asked: no key or right "
        "was judged.",
        code="proxy_refused",
    )


def proxy_unreachable(proxy: str, wanted: str, why: str) -> UnreachableError:
    """Return the error for a proxy with which there is no talk; `why` ends the sentence, such as `is not known`."""
    return UnreachableError(
        f"The proxy {name_of(proxy)} on the way to {wanted} {why}.",
        hint="Check the proxy's address (--proxy, ASAYER_PROXY, HTTPS_PROXY, HTTP_PROXY or ALL_PROXY), or name the "
        "host in NO_PROXY.",
        code="proxy_unreachable",
    )


def proxy_failure(proxy: str, wanted: str, causes: tuple[BaseException, ...]) -> UnreachableError:
    """Return the error for a proxy that let nothing through; `causes` are the exceptions of the attempt."""
    import socket  # noqa: PLC0415 - only for a failure

    said = " ".join(str(cause) for cause in causes)
    if status := re.search(r"Tunnel connection failed: (\d{3})", said):
        return proxy_refused(proxy, wanted, int(status[1]))
    if any(isinstance(cause, socket.gaierror) for cause in causes) or "Failed to resolve" in said:
        return proxy_unreachable(proxy, wanted, "is not known: its name does not resolve")
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return proxy_unreachable(proxy, wanted, "refuses the connection: nothing listens there")
    if any(isinstance(cause, TimeoutError) for cause in causes) or "timed out" in said:
        return proxy_unreachable(proxy, wanted, "did not answer in time")
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return proxy_unreachable(proxy, wanted, "has a certificate that is not trusted (see --ca-bundle)")
    return proxy_unreachable(proxy, wanted, "closed the connection without an answer")


def seconds_waited(causes: tuple[BaseException, ...]) -> str:
    """Return how long an answer was waited for, such as ` within 30 s`; empty where the exceptions do not say."""
    found = re.search(r"timeout=([\d.]+)", " ".join(str(cause) for cause in causes))
    return f" within {float(found[1]):g} s" if found else ""


def late_hint(address: str) -> str:
    """Return what to do where no answer came; `address` says where the service's address is set."""
    return f"Check the way to it ({address}, firewall, VPN, proxy), or wait longer: --timeout 2m."


def causes_of(error: BaseException) -> tuple[BaseException, ...]:
    """Return an exception and whatever it wraps: causes, contexts, arguments, `reason`."""
    pending, found = [error], list[BaseException]()
    while pending:
        one = pending.pop(0)
        if any(one is other for other in found):
            continue
        found.append(one)
        wrapped = (one.__cause__, one.__context__, *one.args, getattr(one, "reason", None))
        pending += [item for item in wrapped if isinstance(item, BaseException)]
    return tuple(found)
