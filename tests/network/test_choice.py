"""Which authorities, proxy and patience count: flag, environment, settings, then the services' own ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest
import trustme

from asayer_cli.errors import UsageError
from asayer_cli.network import Network, choose, name_of, parse_proxy, parse_timeout, proxy_for
from asayer_cli.secret import redact
from asayer_cli.settings import load
from tests.cli.test_options import ALL

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Cli

OPTIONS = {"--ca-bundle", "--proxy", "--timeout"}
LOCAL = {"audit", "aws credential-process", "completions", "config", "demo", "integrations", "sandbox", "snippet"}
ELSEWHERE = ("https", "es.example.com", 443)


def test_each_command_that_talks_to_a_service_takes_the_way_there_and_no_other_does() -> None:
    for context in ALL:
        if isinstance(context.command, click.Group):
            continue
        path = context.command_path.partition(" ")[2]
        found = {option for param in context.command.params for option in param.opts}
        local = path in LOCAL or path.partition(" ")[0] in LOCAL
        assert found & OPTIONS == (set() if local else OPTIONS), path


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({"ALL_PROXY": "http://p:1"}, "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, None),
        ({"HTTPS_PROXY": "p:1"}, "http://p:1"),
        ({"HTTPS_PROXY": "p:1", "NO_PROXY": ".example.org"}, "http://p:1"),
        ({"HTTPS_PROXY": "p:1", "NO_PROXY": ".example.com"}, None),
        ({"HTTPS_PROXY": "p:1", "NO_PROXY": "*"}, None),
        ({}, None),
    ],
)
def test_which_of_the_environments_proxies_counts(environ: dict[str, str], proxy: str | None) -> None:
    assert proxy_for(*ELSEWHERE, environ, Network()) == proxy
    chosen = Network(proxy="http://chosen:3128")
    assert proxy_for(*ELSEWHERE, environ, chosen) == (None if proxy is None and "NO_PROXY" in environ else chosen.proxy)


@pytest.mark.parametrize("host", ["localhost", "api.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_computer_is_never_asked_through_a_proxy(host: str) -> None:
    environ = {"ALL_PROXY": "http://p:1", "HTTP_PROXY": "http://p:1"}
    assert proxy_for("http", host, 9200, environ, Network(proxy="http://p:1")) is None
    assert proxy_for("http", "10.0.0.1", 9200, environ, Network()) == "http://p:1"


@pytest.mark.parametrize("login", ["me:planted-secret", "me:planted%2Dsecret", "planted-secret", "a:b@planted-secret"])
def test_a_login_in_the_proxys_url_is_refused_and_never_shown(login: str) -> None:
    for written in (f"http://{login}@proxy:3128", f"{login}@proxy:3128"):
        with pytest.raises(UsageError) as refused:
            parse_proxy(written)
        assert "HTTPS_PROXY" in refused.value.hint
        assert "planted" not in refused.value.message + refused.value.hint
        assert "planted" not in redact(written)
        assert name_of(written) == "proxy:3128"


@pytest.mark.parametrize("text", ["socks5://p:1", "http://", "http://p:99999", "http://p:0", "http://p/x", "p q", "//"])
def test_what_is_no_proxys_url(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_proxy(text)
    assert refused.value.code == "malformed_proxy"
    with pytest.raises(UsageError):
        proxy_for(*ELSEWHERE, {"HTTPS_PROXY": text}, Network())


def test_how_long_an_answer_may_take() -> None:
    assert [parse_timeout(text) for text in ("100ms", "1s", "2m30s", "10m")] == [0.1, 1, 150, 600]
    for text in ("99ms", "601s", "1h", "30", "soon", ""):
        with pytest.raises(UsageError) as refused:
            parse_timeout(text)
        assert refused.value.code == "bad_timeout"


def test_an_option_goes_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    for name in ("file", "environment", "option"):
        trustme.CA().cert_pem.write_to_path(tmp_path / f"{name}.pem")
    (tmp_path / "config.toml").write_text(
        f'[profiles.default.network]\nca_bundle = "{tmp_path}/file.pem"\nproxy = "file:1"\ntimeout = "1s"\n'
    )
    environ = {"ASAYER_CONFIG_DIR": str(tmp_path)}
    assert choose(load("default", environ)) == Network(f"{tmp_path}/file.pem", "http://file:1", 1)
    environ |= {
        "ASAYER_CA_BUNDLE": f"{tmp_path}/environment.pem",
        "ASAYER_PROXY": "environment:2",
        "ASAYER_TIMEOUT": "2s",
    }
    settings = load("default", environ)
    assert choose(settings) == Network(f"{tmp_path}/environment.pem", "http://environment:2", 2)
    chosen = choose(settings, ca_bundle=f"{tmp_path}/option.pem", proxy="option:3", timeout="3s")
    assert chosen == Network(f"{tmp_path}/option.pem", "http://option:3", 3)


def test_a_file_without_certificates_is_told_before_anything_is_contacted(bare: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    (tmp_path / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nnothing\n")
    (tmp_path / "key.pem").write_bytes(trustme.CA().private_key_pem.bytes())
    aws = ("aws", "log-groups", "--region", "eu-west-1")
    for arguments, name in (
        (aws, "missing.pem"),
        (aws, "."),
        (("verify",), "empty.pem"),
        (("elastic", "create-key", "--url", "https://es.invalid"), "broken.pem"),
        (("aws", "setup", "--region", "eu-west-1", "--log-group", "/x"), "key.pem"),
    ):
        run = bare(*arguments, "--ca-bundle", str(tmp_path / name))
        assert run.code == 2, run.err
        assert "CA certificate file" in run.err
        assert "--ca-bundle" in run.err
    run = bare(*aws, "-o", "json", env={"ASAYER_CA_BUNDLE": str(tmp_path / "missing.pem")})
    assert (run.code, run.json["errors"][0]["code"]) == (2, "ca_cert")


def test_settings_that_cannot_be_used_are_not_saved(bare: Cli, tmp_path: Path) -> None:
    assert bare("config", "set", "network.timeout", "1h").code == 2
    run = bare("config", "set", "network.proxy", "http://me:planted-secret@proxy:3128")
    assert run.code == 2
    assert "HTTPS_PROXY" in run.err
    assert "planted" not in run.out + run.err
    assert bare("config", "set", "network.ca_bundle", "ca.pem").code == 0
    assert '"ca.pem"' not in (saved := (tmp_path / "config" / "config.toml").read_text())
    assert "/ca.pem" in saved
    (tmp_path / "config" / "config.toml").write_text('[profiles.default.network]\nproxy = "http://me:planted-secret@p"')
    for arguments in (("config", "show"), ("verify",)):
        run = bare(*arguments)
        assert run.code == 2
        assert "network.proxy is wrong" in run.err
        assert "planted" not in run.out + run.err
