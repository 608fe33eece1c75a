"""Sessions and clients: whose credentials, how long to wait, how often to try.

The SDK's own chain decides about endpoints (AWS_ENDPOINT_URL), and about certificate authorities (AWS_CA_BUNDLE) where
none were chosen for the run.
botocore is used without boto3's layer on top, whose chain it is and which only costs time here.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader, create_loader

from asayer_cli import __version__
from asayer_cli.aws.errors import configuring, malformed_endpoint, translated
from asayer_cli.aws.shapes import judge_answers
from asayer_cli.errors import UsageError
from asayer_cli.network import PORTS, Network, check_bundle, current, is_loopback, proxy_for

if TYPE_CHECKING:
    from asayer_cli.integrations import AwsKey

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 30
ATTEMPTS: Final = 4
# As many pages of events as are read side by side, so that no connection is thrown away.
MOST_CONNECTIONS: Final = 40
HURRIED_SECONDS: Final = 5
HURRIED_ATTEMPTS: Final = 2
_TRACE: Final = logging.getLogger("asayer_cli.aws")
_STARTED: Final = "asayer_cli_started"
_HOST: Final = "asayer_cli_host"


class AwsSession:
    """Credentials with the clients made from them; safe to use from several threads.

    A client is made when it is first asked for and kept. `region` is empty where neither environment nor AWS
    profile names one.
    """

    def __init__(self, session: botocore.session.Session, region: str, *, allow_http: bool = False) -> None:
        self.region = region
        self.allow_http = allow_http
        self._session = session
        self._hurried = False
        self._clients: dict[tuple[str, str, bool], Any] = {}
        self._lock = threading.Lock()
        _trace_calls(session)
        judge_answers(session)

    def client(self, service: str, region: str, *, once: bool = False) -> Any:  # noqa: ANN401 - botocore makes the type
        """Return the client of a service in a region; with `once` it never sends a request twice."""
        with self._lock:
            key = (service, region, once)
            if key not in self._clients:
                self._clients[key] = self._make(service, region, once=once)
            return self._clients[key]

    def streaming_client(self, service: str, region: str, silence_s: float) -> Any:  # noqa: ANN401 - as above
        """Return a new client for answers that go on for hours; one that is silent for that long is broken.

        AWS streams from hosts of their own (`stream-logs`): another endpoint than AWS's has none of those.
        """
        with self._lock, configuring(service, region):
            config = self._config(once=True).merge(Config(read_timeout=silence_s))
            client = self._make_with(service, region, config)
            if is_own_endpoint(client.meta.endpoint_url, service, region):
                return client
            return self._make_with(service, region, config.merge(Config(inject_host_prefix=False)))

    def hurry(self) -> None:
        """Make all further clients with shorter waits and fewer attempts."""
        with self._lock:
            self._clients.clear()
            self._hurried = True

    def has_credentials(self) -> bool:
        """Tell whether the chain finds credentials; raises ours when it finds some that cannot be loaded."""
        with self._lock, configuring("sts"):
            return self._session.get_credentials() is not None

    def partition_of(self, region: str) -> str:
        """Return the partition of a region by its name; UsageError when it looks like no region."""
        with translated("sts:GetCallerIdentity", region=region):
            return str(self._session.get_partition_for_region(region))

    def known_regions(self, partition: str) -> tuple[str, ...]:
        """Return the regions of a partition that have CloudWatch Logs, as far as the SDK knows; not all are enabled."""
        return tuple(self._session.get_available_regions("logs", partition))

    def _make(self, service: str, region: str, *, once: bool) -> Any:  # noqa: ANN401 - botocore makes the type
        with configuring(service, region):
            return self._make_with(service, region, self._config(once=once))

    def _make_with(self, service: str, region: str, config: Config) -> Any:  # noqa: ANN401 - as above
        client = self._session.create_client(service, region_name=region, config=config)
        _check_endpoint(client.meta.endpoint_url, allow_http=self.allow_http)
        return client

    def _config(self, *, once: bool) -> Config:
        retries: dict[str, object] = {"mode": "standard"}
        if once:
            retries["total_max_attempts"] = 1
        elif self._hurried:
            retries["total_max_attempts"] = HURRIED_ATTEMPTS
        elif self._session.get_config_variable("max_attempts") is None:
            retries["total_max_attempts"] = ATTEMPTS
        return Config(
            **_patience(current(), hurried=self._hurried),
            retries=retries,
            max_pool_connections=MOST_CONNECTIONS,
            user_agent_extra=f"asayer-cli/{__version__}",
        )


def caller_session(aws_profile: str = "", *, allow_http: bool = False) -> AwsSession:
    """Return a session with the caller's own credentials, by the SDK's whole chain.

    NotConfiguredError for an AWS profile that does not exist.
    """
    with configuring("sts"):
        session = _session(profile=aws_profile or None)
        region = session.get_config_variable("region") or ""
    return AwsSession(session, region, allow_http=allow_http)


def collector_session(key: AwsKey, region: str, aws_profile: str = "", *, allow_http: bool = False) -> AwsSession:
    """Return a session with an access key and nothing else: no session token, no AWS profile of the environment.

    A given `aws_profile` says how AWS is reached (endpoint, certificate authority), never who asks.
    """
    unset = {"profile": (None, None, None, None)}
    with configuring("sts"):
        session = _session(profile=aws_profile or None, session_vars=None if aws_profile else unset)
        session.set_credentials(key.access_key_id, key.secret_access_key.reveal())
    return AwsSession(session, region, allow_http=allow_http)


class _Session(botocore.session.Session):  # type: ignore[misc]  # botocore has no types
    """The SDK's session, whose clients go the way that was chosen for the run: also those that fetch credentials."""

    def create_client(self, service_name: str, *args: Any, config: Config | None = None, **options: Any) -> Any:  # noqa: ANN401 - botocore's own
        """Make a client; UsageError for a proxy or a file of certificates that cannot be used."""
        client = super().create_client(service_name, *args, config=config, **options)
        parts = urlsplit(client.meta.endpoint_url)
        if parts.scheme == "https" and (bundle := self._bundle()):
            check_bundle(bundle, "--ca-bundle, AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE or the AWS profile")
        proxy = _proxy_to(client.meta.endpoint_url, current())
        if proxy is None and not _environment_names_a_proxy():
            return client
        led = Config(proxies={"http": proxy, "https": proxy} if proxy else {})
        return super().create_client(service_name, *args, config=config.merge(led) if config else led, **options)

    def _bundle(self) -> str:
        return str(self.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE") or "")


def _session(**options: object) -> botocore.session.Session:
    session = _Session(**options)
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
    network = current()
    session.set_default_client_config(Config(**_patience(network)))
    if network.ca_bundle:
        session.set_config_variable("ca_bundle", network.ca_bundle)
    return session


def _patience(network: Network, *, hurried: bool = False) -> dict[str, float]:
    """Return how long to wait for a connection and for an answer."""
    answer = network.seconds(READ_SECONDS)
    answer = min(answer, HURRIED_SECONDS) if hurried else answer
    return {"connect_timeout": min(answer, CONNECT_SECONDS), "read_timeout": answer}


def _proxy_to(url: str, network: Network) -> str | None:
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        return None
    return proxy_for(parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme], os.environ, network)


def _environment_names_a_proxy() -> bool:
    return any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"))


@lru_cache(maxsize=1)
def _loader(data_path: str | None) -> Any:  # noqa: ANN401 - botocore's Loader
    """Return one loader for all sessions: reading the SDK's data files is most of what a client costs."""
    return _Loader(create_loader(data_path).search_paths, include_default_search_paths=False)


class _Loader(Loader):  # type: ignore[misc]  # botocore has no types
    """The SDK's loader looks into the folders of all its 400 services for each kind of file; this one does not."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - botocore's signature
        """Name what there is a folder for; one without such a file is found out when the file is looked for."""
        folders = (folder for path in self.search_paths if (folder := Path(path)).is_dir())
        return sorted({service.name for folder in folders for service in folder.iterdir()})


def is_own_endpoint(url: str, service: str, region: str) -> bool:
    """Tell whether a URL is that of AWS's own endpoint of a service (or its FIPS twin), by its host's first names."""
    return (urlsplit(url).hostname or "").startswith((f"{service}.{region}.", f"{service}-fips.{region}."))


def _check_endpoint(url: str, *, allow_http: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise malformed_endpoint()
    if parts.username or parts.password:
        raise UsageError(
            "The AWS endpoint URL carries user information.",
            hint="Remove what stands before the @ in AWS_ENDPOINT_URL or in the AWS profile.",
            code="endpoint_userinfo",
        )
    if parts.scheme == "http" and not allow_http and not is_loopback(parts.hostname or ""):
        raise UsageError(
            f"The AWS endpoint {parts.scheme}://{parts.netloc} is plain HTTP: keys would cross the network readable.",
            hint="Use https, or pass --allow-http if nobody can listen on the way.",
            code="plain_http",
        )


def _trace_calls(session: botocore.session.Session) -> None:
    session.register("request-created", _note_start)
    session.register("response-received", _trace)
    session.register("response-received", _name_host)


def _note_start(request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's request
    request.context[_STARTED] = time.perf_counter()
    request.context[_HOST] = urlsplit(request.url).netloc.rpartition("@")[2]


def _name_host(context: dict[str, Any], exception: BaseException | None, **_: object) -> None:
    """Note on an exception which host was asked: that of a proxy does not say, and whoever runs the proxy must know."""
    if exception is not None:
        exception.add_note(context.get(_HOST, ""))


def _trace(
    event_name: str, context: dict[str, Any], response_dict: dict[str, Any] | None, exception: object, **_: object
) -> None:
    """Log one answer without its body, headers or parameters: any of them may hold a secret."""
    if not _TRACE.isEnabledFor(logging.DEBUG):
        return
    service, operation = event_name.split(".")[1:3]
    took = (time.perf_counter() - context.get(_STARTED, time.perf_counter())) * 1000
    outcome, request_id = type(exception).__name__, "-"
    if response_dict is not None:
        outcome = str(response_dict["status_code"])
        request_id = response_dict["headers"].get("x-amzn-RequestId", "-")
    _TRACE.debug(
        "%s %s %s: %s in %.0f ms, request id %s",
        service,
        operation,
        context["client_region"],
        outcome,
        took,
        request_id,
    )
