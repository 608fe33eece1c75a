from __future__ import annotations

import base64
import ipaddress

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from asayer_cli.elastic.endpoint import Endpoint, host_and_port, parse_cloud_id, parse_url, refuse_plain_http
from asayer_cli.errors import AsayerError, NotConfiguredError, UsageError
from asayer_cli.integrations import ElasticAddress
from asayer_cli.secret import redact

LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
HOSTS = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
PORTS = st.integers(1, 65_535)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://es.example.com", Endpoint("https", "es.example.com", 443)),
        ("http://localhost", Endpoint("http", "localhost", 9200)),
        (" https://es.example.com:9243/ ", Endpoint("https", "es.example.com", 9243)),
        ("https://gate.example.com/teams/a/", Endpoint("https", "gate.example.com", 443, "/teams/a")),
        ("http://[::1]:9200", Endpoint("http", "::1", 9200)),
        ("HTTPS://ES.Example.com", Endpoint("https", "es.example.com", 443)),
    ],
)
def test_a_url_is_read(text: str, expected: Endpoint) -> None:
    assert parse_url(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "es.example.com",
        "localhost:9200",
        "ftp://es.example.com",
        "https:es.example.com",
        "https://",
        "https://:9200",
        "https://es.example.com:0",
        "https://es.example.com:70000",
        "https://es.example.com:port",
        "https://es example.com",
        "https://es.example.com\n.evil.com",
        "https://[::1",
        "https://[fe80::1%25eth0]",
        "https://es..example.com",
        "https://es.example.com/?pretty",
        "https://es.example.com/#top",
        "https://es.example.com?",
        "https://es.example.com/a b",
        "https://es.example.com/ä",
        "https://bücher.example",
    ],
)
def test_what_is_no_url_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_url(text)
    assert refused.value.code == "malformed_url"
    assert "https://" in refused.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "https://elastic:hunter2secret@es.example.com",
        "https://elastic:hunter2/secret@es.example.com",
        "elastic:hunter2secret@es.example.com",
        "https://elastic:hunter2@secret@es.example.com",
        "https://token-hunter2@es.example.com",
    ],
)
def test_a_url_with_a_login_is_refused_and_its_password_never_repeated(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_url(text)
    assert refused.value.code == "url_with_credentials"
    assert "hunter2" not in refused.value.message + refused.value.hint
    if ":hunter2secret@" in text:
        assert "hunter2secret" not in redact("somebody says hunter2secret")


@given(st.sampled_from(["http", "https"]), HOSTS, PORTS, st.sampled_from(["", "/a", "/a/b"]))
def test_what_is_written_is_read_again(scheme: str, host: str, port: int, prefix: str) -> None:
    endpoint = Endpoint(scheme, host, port, prefix)
    assert parse_url(endpoint.url) == endpoint
    assert parse_url(endpoint.url + "/") == endpoint


@given(st.ip_addresses(v=6), PORTS)
def test_ipv6_addresses_are_read(address: ipaddress.IPv6Address, port: int) -> None:
    assume(address.scope_id is None)
    endpoint = parse_url(f"https://[{address}]:{port}")
    assert ipaddress.ip_address(endpoint.host) == address
    assert parse_url(endpoint.url) == endpoint


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    for parse in (parse_url, parse_cloud_id):
        try:
            endpoint = parse(text)
        except AsayerError:
            continue
        assert endpoint.host
        assert 0 < endpoint.port <= 65_535


@given(HOSTS, PORTS, st.from_regex(r"[0-9a-f]{32}", fullmatch=True))
def test_a_cloud_id_is_read(host: str, port: int, uuid: str) -> None:
    encoded = base64.b64encode(f"{host}:{port}${uuid}$kibana".encode()).decode()
    assert parse_cloud_id(f"production:{encoded}") == Endpoint("https", f"{uuid}.{host}", port)


def test_a_cloud_id_without_a_port_means_443() -> None:
    encoded = base64.b64encode(b"eu-west-1.aws.found.io$abc123$def456").decode()
    assert host_and_port(ElasticAddress(cloud_id=f"name:{encoded}")) == ("abc123.eu-west-1.aws.found.io", 443)


@pytest.mark.parametrize("text", ["", "name", "name:", "name:!!!", "name:" + base64.b64encode(b"host").decode()])
def test_what_is_no_cloud_id_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_cloud_id(text)
    assert refused.value.code == "malformed_cloud_id"


def test_an_address_is_one_of_both() -> None:
    with pytest.raises(NotConfiguredError):
        host_and_port(ElasticAddress())
    with pytest.raises(UsageError):
        host_and_port(ElasticAddress(url="https://a.example", cloud_id="a:b"))


@pytest.mark.parametrize(
    "url", ["http://localhost:9200", "http://127.0.0.1", "http://[::1]", "http://es.localhost", "https://a.example"]
)
def test_credentials_may_go_where_nobody_listens(url: str) -> None:
    refuse_plain_http(parse_url(url), allowed=False)


@pytest.mark.parametrize("url", ["http://es.example.com", "http://10.0.0.1:9200", "http://localhost.example.com"])
def test_credentials_do_not_cross_a_network_in_the_clear(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        refuse_plain_http(parse_url(url), allowed=False)
    assert refused.value.code == "plain_http"
    assert "--allow-http" in refused.value.hint
    refuse_plain_http(parse_url(url), allowed=True)
