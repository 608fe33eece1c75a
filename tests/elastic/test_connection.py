from __future__ import annotations

import hashlib
import logging
import socket
import ssl
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import trustme

from asayer_cli.elastic.answers import identity_of
from asayer_cli.elastic.api_keys import ApiKeys
from asayer_cli.elastic.connection import Cluster, connect
from asayer_cli.elastic.key_request import KeyRequest
from asayer_cli.elastic.model import KeyIdentity, UserPassword
from asayer_cli.errors import AsayerError, OutcomeUnknownError, UnreachableError, UsageError
from asayer_cli.integrations import ElasticAddress, ElasticKey
from asayer_cli.secret import Secret
from tests.elastic.support import PRODUCT, WHO, Answers, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PASSWORD = "planted-password"
ELSEWHERE = "es.example.com"
LOGIN = UserPassword("elastic", Secret(PASSWORD))


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def certificate(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("localhost", "127.0.0.1", ELSEWHERE)


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return str(tmp_path / "ca.pem")


@pytest.fixture
def tls_port(certificate: trustme.LeafCert) -> Iterator[int]:
    with serving(Answers(WHO), server_context(certificate)) as port:
        yield port


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


def fingerprint(pem: bytes) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.decode())).hexdigest()


def cluster_at(
    address: ElasticAddress, environ: Mapping[str, str] | None = None, *, allow_http: bool = False
) -> Cluster:
    cluster = connect(address, LOGIN, allow_http=allow_http, environ=environ or {}, timeout=5)
    return replace(cluster, pauses=(0.01, 0.01))


def who(address: ElasticAddress, environ: Mapping[str, str] | None = None, *, allow_http: bool = False) -> KeyIdentity:
    cluster = cluster_at(address, environ, allow_http=allow_http)
    try:
        return identity_of(cluster.ask(lambda client: client.security.authenticate().body))
    finally:
        cluster.close()


def failure(
    address: ElasticAddress, environ: Mapping[str, str] | None = None, *, allow_http: bool = False
) -> AsayerError:
    with pytest.raises(AsayerError) as failed:
        who(address, environ, allow_http=allow_http)
    assert PASSWORD not in failed.value.message + failed.value.hint
    assert failed.value.hint
    return failed.value


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_foreign_authority_is_refused_and_trusted_when_given(tls_port: int, ca_file: str, host: str) -> None:
    url = f"https://{host}:{tls_port}"
    refused = failure(ElasticAddress(url))
    assert (refused.code, refused.exit_code) == ("tls_unknown_authority", 5)
    assert "--ca-cert" in refused.hint
    assert "--fingerprint" in refused.hint
    assert who(ElasticAddress(url, ca_cert=ca_file)).username == "elastic"
    assert who(ElasticAddress(url), {"SSL_CERT_FILE": ca_file}).username == "elastic"
    assert who(ElasticAddress(url), {"REQUESTS_CA_BUNDLE": ca_file}).username == "elastic"


def test_a_fingerprint_stands_for_the_authority(
    tls_port: int, certificate: trustme.LeafCert, authority: trustme.CA
) -> None:
    url = f"https://localhost:{tls_port}"
    right = fingerprint(certificate.cert_chain_pems[0].bytes())
    with_colons = ":".join(right[at : at + 2] for at in range(0, 64, 2)).upper()
    for given in (right, with_colons):
        assert who(ElasticAddress(url, fingerprint=given)).username == "elastic"
    wrong = failure(ElasticAddress(url, fingerprint=fingerprint(authority.cert_pem.bytes())[::-1]))
    assert wrong.code == "tls_fingerprint"


def test_a_certificate_for_another_host_is_refused(authority: trustme.CA, ca_file: str) -> None:
    with serving(Answers(WHO), server_context(authority.issue_cert("es.example.com"))) as port:
        for host in ("localhost", "127.0.0.1"):
            refused = failure(ElasticAddress(f"https://{host}:{port}", ca_cert=ca_file))
            assert refused.code == "tls_hostname"
            assert host in refused.message


def test_tls_spoken_to_a_server_without_it() -> None:
    with serving(Answers(WHO)) as port:
        refused = failure(ElasticAddress(f"https://localhost:{port}"))
    assert refused.code == "tls_not_spoken"
    assert f"http://localhost:{port}" in refused.hint


def test_plain_http_spoken_to_a_server_with_tls(tls_port: int) -> None:
    refused = failure(ElasticAddress(f"http://localhost:{tls_port}"))
    assert refused.code == "connection_cut"
    assert "https://" in refused.hint


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        refused = failure(ElasticAddress(f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert refused.code == "connection_refused"


def test_an_unknown_host() -> None:
    assert failure(ElasticAddress("https://no-such-host.invalid")).code == "unknown_host"


def test_no_answer_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cluster = connect(ElasticAddress(f"http://127.0.0.1:{silent.getsockname()[1]}"), LOGIN, environ={}, timeout=0.3)
        with pytest.raises(UnreachableError) as late:
            cluster.ask(lambda client: client.security.authenticate())
        cluster.close()
    assert late.value.code == "timeout"


def test_wrong_tls_options_are_told_before_anything_is_sent(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    url = "https://localhost:1"
    for address, code in (
        (ElasticAddress(url, ca_cert=str(tmp_path / "missing.pem")), "ca_cert"),
        (ElasticAddress(url, ca_cert=str(broken)), "ca_cert"),
        (ElasticAddress(url, fingerprint="abc"), "malformed_fingerprint"),
        (ElasticAddress(url, fingerprint="z" * 64), "malformed_fingerprint"),
    ):
        with pytest.raises(UsageError) as refused:
            cluster_at(address)
        assert refused.value.code == code


def test_each_request_is_traced_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    unavailable = (503, {"Retry-After": "0", **PRODUCT}, b"{}")
    with serving(Answers(unavailable, WHO)) as port, caplog.at_level(logging.DEBUG, "asayer_cli.elastic"):
        who(ElasticAddress(f"http://127.0.0.1:{port}"))
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("asayer_cli.elastic")]
    assert [line.rsplit(" ", 2)[0] for line in lines] == [
        "GET /_security/_authenticate 503",
        "GET /_security/_authenticate 200",
    ]
    assert PASSWORD not in caplog.text
    assert "Authorization" not in caplog.text


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_failure_that_may_pass_is_asked_again_a_few_times(status: int) -> None:
    answers = Answers((status, PRODUCT, b'{"error": {"type": "busy"}, "status": 1}'))
    with serving(answers) as port:
        cluster = cluster_at(ElasticAddress(f"http://127.0.0.1:{port}"))
        with pytest.raises(UnreachableError):
            cluster.ask(lambda client: client.security.authenticate())
        cluster.close()
    assert len(answers.asked) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_other_failures_are_not_asked_again(status: int) -> None:
    answers = Answers((status, PRODUCT, b'{"error": {"type": "no"}, "status": 1}'))
    with serving(answers) as port, pytest.raises(AsayerError):
        who(ElasticAddress(f"http://127.0.0.1:{port}"))
    assert len(answers.asked) == 1


def test_a_deprecation_notice_of_the_server_is_no_warning_of_ours() -> None:
    noted = (200, {"Warning": '299 Elasticsearch-8.15.0-abc "built-in security is off"', **PRODUCT}, WHO[2])
    with serving(Answers(noted)) as port:
        assert who(ElasticAddress(f"http://127.0.0.1:{port}")).username == "elastic"


def test_what_makes_a_key_is_sent_once_whatever_happens() -> None:
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_take_and_hang_up, args=(server, asked))
        thread.start()
        cluster = cluster_at(ElasticAddress(f"http://127.0.0.1:{server.getsockname()[1]}"))
        with pytest.raises(UnreachableError):
            ApiKeys(cluster).create(KeyRequest("k", ("*log*",)), "run")
        cluster.close()
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    assert len(asked) == 1


def _take_and_hang_up(server: socket.socket, asked: list[bytes]) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            asked.append(connection.recv(65_536))


def test_an_answer_without_the_key_leaves_the_outcome_unknown() -> None:
    with serving(Answers((200, PRODUCT, b'{"id": "abc"}'))) as port:
        cluster = cluster_at(ElasticAddress(f"http://127.0.0.1:{port}"))
        with pytest.raises(OutcomeUnknownError):
            ApiKeys(cluster).create(KeyRequest("k", ("*log*",)), "run")
        cluster.close()


def test_an_api_key_is_sent_as_one() -> None:
    cluster = connect(ElasticAddress("http://localhost:1"), ElasticKey("id1", Secret("planted-key")), environ={})
    assert cluster.who == "API key id1"
    assert "planted-key" not in repr(cluster)
    cluster.close()
