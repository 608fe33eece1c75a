"""The way to both services: certificate authorities, proxies and patience, with real servers on it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asayer_cli import network
from asayer_cli.aws.identity import who_am_i
from asayer_cli.aws.session import caller_session
from asayer_cli.elastic.connection import connect
from asayer_cli.elastic.model import UserPassword
from asayer_cli.errors import AccessRefusedError, UnreachableError
from asayer_cli.integrations import ElasticAddress
from asayer_cli.network import Network
from asayer_cli.secret import Secret
from tests.network.conftest import PROXY_LOGIN, PROXY_PASSWORD
from tests.network.servers import DOMAIN, EXPIRED, OTHER_NAME, unused_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conftest import Cli, Run
    from tests.network.conftest import Office

SETUP = ("aws", "setup", "--log-group", "/ecs/shop-api", "--user-name", "asayer_cw_office", "--yes")
AUTHORITIES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
UNTRUSTED = ("tls_untrusted", "tls_unknown_authority")
FOREVER_SECONDS = 60


def ask_aws(environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in {"AWS_MAX_ATTEMPTS": "1", **environ}.items():
        monkeypatch.setenv(name, value)
    return who_am_i(caller_session(allow_http=True), "eu-west-1").arn


def ask_elastic(environ: Mapping[str, str], *, fingerprint: str = "", ca_cert: str = "") -> str:
    address = ElasticAddress(environ["ASAYER_ELASTIC_URL"], ca_cert=ca_cert, fingerprint=fingerprint)
    login = UserPassword("elastic", Secret(environ["ASAYER_ELASTIC_PASSWORD"]))
    cluster = connect(address, login, environ=environ, allow_http=True)
    try:
        return str(cluster.ask_once(lambda client: client.security.authenticate())["username"])
    finally:
        cluster.close()


@pytest.fixture
def environ(any_network: None, sandbox_environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The sandbox's environment without any authority or proxy, also in this process."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in AUTHORITIES:
            monkeypatch.delenv(name)
    return {name: value for name, value in sandbox_environ.items() if name not in AUTHORITIES}


@pytest.fixture(params=["aws", "elastic"])
def who(request: pytest.FixtureRequest, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Ask one of the services for who is asking."""

    def run(more: Mapping[str, str], chosen: Network) -> str:
        network.use(chosen)
        whole = {**environ, **more}
        return ask_aws(whole, monkeypatch) if request.param == "aws" else ask_elastic(whole)

    return run


@pytest.fixture
def ask(who: Callable[..., str]) -> Callable[..., UnreachableError]:
    """Ask one of the services, and return how that failed."""

    def run(more: Mapping[str, str], chosen: Network) -> UnreachableError:
        with pytest.raises(UnreachableError) as failed:
            who(more, chosen)
        assert "planted" not in failed.value.message + failed.value.hint
        assert failed.value.exit_code == 5
        assert failed.value.hint
        return failed.value

    return run


def create_key(name: str) -> tuple[str, ...]:
    return ("elastic", "create-key", "--name", name, "--yes")


def through(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("host", "status"),
    [(f"forbidden.{DOMAIN}", 403), (f"late.{DOMAIN}", 504), ("nobody.invalid", 502)],
)
def test_a_proxy_that_refuses_is_named_and_nothing_else_is_blamed(
    office: Office, ask: Callable[..., UnreachableError], host: str, status: int
) -> None:
    failed = ask(office.environ(host), Network(proxy=through(office.open_proxy), ca_bundle=office.ca_file))
    assert failed.code == "proxy_refused"
    assert f"The proxy 127.0.0.1:{office.open_proxy}" in failed.message
    assert f"({status})" in failed.message
    assert f"{host}:" in failed.message
    assert "NO_PROXY" in failed.hint


def test_a_proxy_that_wants_a_login(office: Office, ask: Callable[..., UnreachableError]) -> None:
    trusted = Network(ca_bundle=office.ca_file)
    without = ask(office.environ(), Network(office.ca_file, through(office.strict_proxy)))
    wrong = ask(
        {**office.environ(), "HTTPS_PROXY": f"http://me:planted-wrong@127.0.0.1:{office.strict_proxy}"}, trusted
    )
    assert (without.code, wrong.code) == ("proxy_authentication", "proxy_authentication")
    assert "asks for a login" in without.message
    assert "does not accept the login" in wrong.message
    for failed in (without, wrong):
        assert f"127.0.0.1:{office.strict_proxy}" in failed.message
        assert "HTTPS_PROXY=http://USER:PASSWORD@" in failed.hint


def test_a_proxy_that_hangs_up(office: Office, ask: Callable[..., UnreachableError]) -> None:
    failed = ask(office.environ(f"closing.{DOMAIN}"), Network(proxy=through(office.open_proxy)))
    assert f"proxy 127.0.0.1:{office.open_proxy}" in failed.message
    assert failed.code in ("proxy_unreachable", "connection_closed", "connection_cut")


@pytest.mark.parametrize(
    ("proxy", "why"),
    [("127.0.0.1:{unused}", "nothing listens"), ("no-such-proxy.invalid:3128", "not known")],
)
def test_a_proxy_that_is_not_there(office: Office, ask: Callable[..., UnreachableError], proxy: str, why: str) -> None:
    address = proxy.format(unused=unused_port())
    failed = ask({**office.environ(), "HTTPS_PROXY": f"http://{PROXY_LOGIN}@{address}"}, Network())
    assert failed.code == "proxy_unreachable"
    assert address in failed.message
    assert why in failed.message


def test_a_proxy_that_never_answers(office: Office, ask: Callable[..., UnreachableError]) -> None:
    failed = ask(office.environ(), Network(proxy=through(office.silent_port), timeout=0.2))
    assert f"proxy 127.0.0.1:{office.silent_port}" in failed.message
    assert "within 0.2 s" in failed.message or "in time" in failed.message


def test_certificates_that_are_not_good(office: Office, ask: Callable[..., UnreachableError]) -> None:
    proxy = through(office.open_proxy)
    untrusted = ask(office.environ(), Network(proxy=proxy))
    assert untrusted.code in UNTRUSTED
    assert "--ca-bundle" in untrusted.hint
    for host, code in ((EXPIRED, "tls_expired"), (OTHER_NAME, "tls_hostname")):
        failed = ask(office.environ(host), Network(office.ca_file, proxy))
        assert (failed.code, host in failed.message) == (code, True)


def test_the_environments_own_authorities_count_where_none_are_chosen(
    office: Office, ask: Callable[..., UnreachableError]
) -> None:
    environ = {**office.environ(EXPIRED), "HTTPS_PROXY": through(office.open_proxy)}
    environ["REQUESTS_CA_BUNDLE"] = office.ca_file
    assert ask(environ, Network()).code == "tls_expired"
    assert ask(environ, Network(office.opening_ca_file)).code in UNTRUSTED


def test_the_clusters_own_authority_or_fingerprint_wins(office: Office, environ: dict[str, str]) -> None:
    network.use(Network(office.opening_ca_file, through(office.open_proxy)))
    there = {**environ, **office.environ()}
    assert ask_elastic(there, ca_cert=office.ca_file) == "elastic"
    assert ask_elastic(there, fingerprint=office.fingerprint) == "elastic"
    with pytest.raises(UnreachableError) as failed:
        ask_elastic(there, fingerprint=office.fingerprint[::-1])
    assert failed.value.code == "tls_fingerprint"


def test_plain_http_goes_through_the_proxy_too(office: Office, who: Callable[..., str]) -> None:
    there = office.plain_environ(f"plain.{DOMAIN}")
    assert who({**there, "ALL_PROXY": through(office.open_proxy)}, Network())
    assert who({**there, "ALL_PROXY": through(unused_port()), "HTTP_PROXY": through(office.open_proxy)}, Network())
    assert who(there, Network(proxy=through(office.open_proxy)))


def test_a_plain_request_that_the_proxy_refuses_is_no_wrong_key(
    office: Office, ask: Callable[..., UnreachableError]
) -> None:
    refused = ask(office.plain_environ(f"forbidden.{DOMAIN}"), Network(proxy=through(office.open_proxy)))
    assert "(403)" in refused.message or "HTTP 403" in refused.message
    wants_login = ask(office.plain_environ(f"plain.{DOMAIN}"), Network(proxy=through(office.strict_proxy)))
    for failed in (refused, wants_login):
        assert failed.code in ("gateway_refused", "proxy_authentication", "unexpected_answer")
        assert "proxy" in (failed.message + failed.hint).lower()


def test_this_computer_is_asked_without_the_proxy(office: Office, who: Callable[..., str]) -> None:
    there = office.plain_environ("127.0.0.1")
    nowhere = through(unused_port())
    assert who({**there, "HTTP_PROXY": nowhere, "ALL_PROXY": nowhere, "NO_PROXY": "", "no_proxy": ""}, Network())
    assert who(there, Network(proxy=nowhere))


def test_what_fetches_credentials_goes_the_same_way(
    office: Office, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(environ["AWS_CONFIG_FILE"]).write_text(
        "[profile office]\nrole_arn = arn:aws:iam::123456789012:role/reader\ncredential_source = Environment\n"
    )
    network.use(Network(office.ca_file, through(office.open_proxy)))
    for name, value in {**environ, **office.environ()}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(AccessRefusedError):  # the sandbox was reached, and lets nobody take a role
        who_am_i(caller_session("office"), "eu-west-1")
    network.use(Network(office.ca_file))
    with pytest.raises(UnreachableError):
        who_am_i(caller_session("office"), "eu-west-1")


def chosen(office: Office, proxy: int, ca_file: str) -> tuple[str, ...]:
    return ("--proxy", through(proxy), "--ca-bundle", ca_file)


def test_one_proxy_and_one_file_of_authorities_reach_both_services(cli: Cli, office: Office) -> None:
    options = chosen(office, office.open_proxy, office.ca_file)
    for command in (SETUP, ("aws", "log-groups"), create_key("office-one")):
        run = cli(*command, *options, env=office.environ())
        assert run.code == 0, run.out + run.err
    verified = cli("verify", *options, "-o", "json", env=office.environ())
    assert verified.code == 0
    assert {check["source"] for check in verified.data["checks"]} == {"aws", "elastic"}


def test_a_proxy_that_opens_tls_needs_its_authority_and_no_more(cli: Cli, office: Office) -> None:
    for command in (("aws", "log-groups"), (*create_key("office-opened"), "--dry-run")):
        run = cli(*command, *chosen(office, office.opening_proxy, office.opening_ca_file), env=office.environ())
        assert run.code == 0, run.err
    unknown = cli("aws", "log-groups", *chosen(office, office.opening_proxy, office.ca_file), env=office.environ())
    assert (unknown.code, "--ca-bundle" in unknown.err) == (5, True)


def test_the_settings_choose_for_every_later_command(cli: Cli, office: Office) -> None:
    assert cli("config", "set", "network.proxy", f"127.0.0.1:{office.open_proxy}").code == 0
    assert cli("config", "set", "network.ca_bundle", office.ca_file).code == 0
    assert cli("aws", "log-groups", env=office.environ()).code == 0
    assert cli("aws", "log-groups", "--proxy", through(unused_port()), env=office.environ()).code == 5


def nothing_planted(run: Run, folder: Path) -> bool:
    kept = (path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return "planted" not in run.out + run.err and not any(b"planted" in text for text in kept)


def test_a_login_of_the_environment_is_used_and_never_seen(cli: Cli, office: Office, tmp_path: Path) -> None:
    environ = {
        **office.environ(),
        "HTTPS_PROXY": f"http://{PROXY_LOGIN}@127.0.0.1:{office.strict_proxy}",
        "ASAYER_CA_BUNDLE": office.ca_file,
    }
    for command in (
        ("aws", "log-groups"),
        create_key("office-login"),
        ("verify", "--only", "elastic"),
        ("config", "show"),
    ):
        run = cli(*command, "--debug", env=environ)
        assert run.code == 0, run.err
        assert nothing_planted(run, tmp_path)
    environ["HTTPS_PROXY"] = environ["HTTPS_PROXY"].replace("pass", "fail")
    for command in (SETUP, create_key("office-login")):
        run = cli(*command, "--debug", env=environ)
        assert (run.code, "does not accept the login" in run.err) == (5, True), run.err
        assert nothing_planted(run, tmp_path)
    refused = cli("aws", "log-groups", "--proxy", f"http://{PROXY_LOGIN}@127.0.0.1:1", "--debug")
    assert refused.code == 2
    assert nothing_planted(refused, tmp_path)
    assert PROXY_PASSWORD not in refused.err


def test_a_refusing_proxy_is_no_failed_check_and_no_wrong_key(cli: Cli, office: Office) -> None:
    forbidden = {
        **office.environ(f"forbidden.{DOMAIN}"),
        "AWS_MAX_ATTEMPTS": "1",
        "ASAYER_ELASTIC_API_KEY": "some-id:planted-key-0123456789",
    }
    for command in (("verify", "--only", "elastic"), SETUP, create_key("office-refused")):
        run = cli(*command, "--proxy", through(office.open_proxy), env=forbidden)
        assert run.code == 5, run.out + run.err
        assert f"127.0.0.1:{office.open_proxy}" in run.out + run.err


@pytest.mark.parametrize("command", [SETUP, ("aws", "log-groups"), create_key("office-silent"), ("verify",)])
def test_a_service_that_never_answers_does_not_keep_anyone_waiting(
    cli: Cli, office: Office, command: tuple[str, ...]
) -> None:
    silent = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{office.silent_port}",
        "ASAYER_ELASTIC_URL": f"http://127.0.0.1:{office.silent_port}",
        "ASAYER_ELASTIC_API_KEY": "some-id:planted-key-0123456789" if command == ("verify",) else "",
    }
    began = time.monotonic()
    run = cli(*command, "--timeout", "500ms", env=silent, stdin="")
    assert time.monotonic() - began < FOREVER_SECONDS
    assert run.code == 5, run.err
    said = run.out + run.err
    assert "within 0.5 s" in said
    assert "--timeout" in said
    assert "sts:GetCallerIdentity" in said or "/_security/_authenticate" in said
    assert "planted" not in said
