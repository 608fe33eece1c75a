"""Proxies, certificates, foreign answers and the trace: what stands between here and AWS."""

from __future__ import annotations

import logging
import re
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk
import pytest
import trustme

from asayer_cli.aws.errors import translated
from asayer_cli.aws.identity import who_am_i
from asayer_cli.aws.new_key import may_be_made
from asayer_cli.aws.session import caller_session, collector_session
from asayer_cli.errors import AsayerError, CredentialsRejectedError, UnreachableError
from asayer_cli.exit_codes import ExitCode
from asayer_cli.integrations import AwsKey
from asayer_cli.sandbox.faults import Fault
from asayer_cli.secret import Secret
from tests.aws.conftest import REGION, Account

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from asayer_cli.sandbox.control import Control


_LISTED = """
import sys
listed = []
sys.addaudithook(lambda event, told: listed.append(told[0]) if event in ("os.listdir", "os.scandir") else None)
from asayer_cli.aws.session import caller_session
caller_session().client("logs", "eu-west-1")
print(sum("botocore" in str(folder) and "data" in str(folder) for folder in listed))
"""


def test_a_client_does_not_look_into_every_service(bare_environ: dict[str, str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _LISTED], env=bare_environ, capture_output=True, text=True, check=True
    )
    assert 0 < int(ended.stdout) < 20


class Refusing(BaseHTTPRequestHandler):
    """Answers everything with a page that is not AWS's; a CONNECT as a proxy that wants a login."""

    answer = (403, b"<html><title>Blocked</title>This site is not allowed.</html>")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        status, page = self.answer
        self.send_response(status)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def do_CONNECT(self) -> None:
        self.send_response(407)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(context: ssl.SSLContext | None = None, answer: tuple[int, bytes] = Refusing.answer) -> Iterator[int]:
    handler = type("Answering", (Refusing,), {"answer": answer})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def ask(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ask STS once, with some variables set, and return our error."""

    def run(**variables: str) -> AsayerError:
        for name, value in {"AWS_MAX_ATTEMPTS": "1", **variables}.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(AsayerError) as caught:
            who_am_i(caller_session(allow_http=True), REGION)
        return caught.value

    return run


def test_a_proxy_that_refuses_is_not_a_wrong_key(ask: Any) -> None:
    with serving() as port:
        error = ask(
            AWS_ENDPOINT_URL="https://sts.aws.invalid", HTTPS_PROXY=f"http://me:planted-secret@127.0.0.1:{port}"
        )
    assert (type(error), error.code) == (UnreachableError, "proxy_authentication")
    assert f"127.0.0.1:{port}" in error.message
    assert "HTTPS_PROXY" in error.hint
    assert "planted" not in error.message + error.hint


def test_a_proxy_that_answers_itself_is_not_a_wrong_key(ask: Any) -> None:
    with serving() as port:
        error = ask(
            AWS_ENDPOINT_URL="http://sts.aws.invalid", NO_PROXY="", no_proxy="", HTTP_PROXY=f"http://127.0.0.1:{port}"
        )
    assert (type(error), error.code) == (UnreachableError, "unexpected_answer")


def test_this_computer_is_never_asked_through_a_proxy(ask: Any) -> None:
    with serving() as port:
        error = ask(
            AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}", NO_PROXY="", no_proxy="", HTTP_PROXY="http://127.0.0.1:1"
        )
    assert error.code == "unexpected_answer"


def test_a_proxy_that_is_not_there(ask: Any) -> None:
    error = ask(AWS_ENDPOINT_URL="https://sts.aws.invalid", HTTPS_PROXY="http://127.0.0.1:1")
    assert error.code == "proxy_unreachable"


def test_a_foreign_certificate_and_the_authority_that_makes_it_good(ask: Any, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with serving(context) as port:
        url = f"https://localhost:{port}"
        untrusted = ask(AWS_ENDPOINT_URL=url)
        missing = ask(AWS_ENDPOINT_URL=url, AWS_CA_BUNDLE=str(tmp_path / "none.pem"))
        trusted = ask(AWS_ENDPOINT_URL=url, AWS_CA_BUNDLE=str(tmp_path / "ca.pem"))
    assert (untrusted.code, untrusted.exit_code) == ("tls_untrusted", ExitCode.UNREACHABLE)
    assert "--ca-bundle" in untrusted.hint
    assert "AWS_CA_BUNDLE" in untrusted.hint
    assert (missing.code, missing.exit_code) == ("ca_cert", ExitCode.USAGE)
    assert trusted.code == "unexpected_answer"


def test_a_page_that_is_not_awss_is_told(ask: Any) -> None:
    with serving() as port:
        error = ask(AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
    assert (error.code, error.exit_code) == ("unexpected_answer", ExitCode.UNREACHABLE)
    assert "HTTP 403" in error.message


@pytest.mark.parametrize("page", [b"<html>Log in</html>", b"<!doctype html><br>Log in", b""])
def test_a_login_page_that_claims_success_is_told(ask: Any, page: bytes) -> None:
    with serving(answer=(200, page)) as port:
        error = ask(AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
    assert (error.code, error.exit_code) == ("unexpected_answer", ExitCode.UNREACHABLE)


def receive_request(connection: socket.socket) -> None:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
    left = int(length[1]) - len(body) if length else 0
    while left > 0:
        left -= len(connection.recv(65536))


@contextmanager
def breaking_after_the_request(context: ssl.SSLContext) -> Iterator[int]:
    """Read one request over TLS, then go on in plain text."""

    def serve() -> None:
        connection = context.wrap_socket(listening.accept()[0], server_side=True)
        receive_request(connection)  # whole: what is left unread would reset the connection
        with socket.socket(fileno=connection.detach()) as plain:
            plain.sendall(b"no TLS record" * 9)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def test_tls_that_breaks_after_the_request_leaves_the_outcome_open(ask: Any, tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with breaking_after_the_request(context) as port:
        error = ask(AWS_ENDPOINT_URL=f"https://localhost:{port}", AWS_CA_BUNDLE=str(tmp_path / "ca.pem"))
    assert error.code == "tls_failed"
    assert may_be_made(error)


URL = "https://user:planted-secret@sts.example.com/?token=planted-secret"


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (sdk.EndpointConnectionError(endpoint_url=URL), "endpoint_unreachable"),
        (sdk.ConnectTimeoutError(endpoint_url=URL), "connect_timeout"),
        (sdk.ReadTimeoutError(endpoint_url=URL), "read_timeout"),
        (sdk.ConnectionClosedError(endpoint_url=URL), "connection_closed"),
        (sdk.ProxyConnectionError(proxy_url=URL), "proxy_unreachable"),
        (sdk.SSLError(endpoint_url=URL, error="[SSL: CERTIFICATE_VERIFY_FAILED]"), "tls_untrusted"),
        (sdk.SSLError(endpoint_url=URL, error="x"), "tls_failed"),
        (sdk.HTTPClientError(error="x"), "unreachable"),
        (sdk.CredentialRetrievalError(provider="p", error_msg="planted-secret"), "credentials_unavailable"),
        (sdk.UnauthorizedSSOTokenError(), "login_needed"),
        (sdk.ParamValidationError(report="Invalid length"), "invalid_value"),
        (sdk.PaginationError(message="loop"), "aws_error"),
    ],
)
def test_each_of_the_sdks_errors_has_its_code_and_no_secret(raised: Exception, code: str) -> None:
    with pytest.raises(AsayerError) as caught, translated("sts:GetCallerIdentity", region=REGION):
        raise raised
    assert caught.value.code == code
    assert "planted" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    ("aws_code", "status", "said", "code"),
    [
        ("ExpiredToken", 403, "The security token included in the request is expired", "credentials_expired"),
        ("SignatureDoesNotMatch", 403, "Signature expired: 20261122T0 is now earlier than 20261122T1", "clock_skew"),
        ("SignatureDoesNotMatch", 403, "The request signature we calculated does not match", "wrong_secret"),
        (
            "UnrecognizedClientException",
            400,
            "The security token included in the request is invalid.",
            "credentials_rejected",
        ),
        ("LimitExceeded", 409, "Cannot exceed quota for AccessKeysPerUser: 2", "limit_exceeded"),
        ("NoSuchEntity", 404, "The user with name x cannot be found.", "not_found"),
        ("ConcurrentModification", 409, "try again", "busy"),
        ("InvalidOperationException", 400, "not supported for this log class", "invalid_value"),
        ("ServiceUnavailable", 503, "busy", "service_failure"),
        ("SomethingNew", 400, "a new kind of refusal", "aws_error"),
    ],
)
def test_each_of_awss_errors_has_its_code(aws_code: str, status: int, said: str, code: str) -> None:
    response = {"Error": {"Code": aws_code, "Message": said}, "ResponseMetadata": {"HTTPStatusCode": status}}
    with pytest.raises(AsayerError) as caught, translated("iam:CreateAccessKey"):
        raise sdk.ClientError(response, "CreateAccessKey")
    assert caught.value.code == code


def test_what_is_a_bug_of_ours_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="ours"), translated("iam:GetUser"):
        raise ValueError("ours")


def test_making_a_key_is_sent_once_and_reading_is_repeated(account: Account, aws: Control) -> None:
    session = caller_session()
    aws.order(Fault("iam", "*", "cut_before", times=2))
    session.client("iam", REGION).list_users()
    assert [call["operation"] for call in aws.requests()] == ["ListUsers"] * 3
    account.iam.create_user(UserName=account.user)
    aws.forget_requests()
    aws.order(Fault("iam", "CreateAccessKey", "error_500", times=2))
    with pytest.raises(sdk.ClientError):
        session.client("iam", REGION, once=True).create_access_key(UserName=account.user)
    assert len(aws.requests()) == 1


def test_the_trace_names_the_call_and_no_secret(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    secret = "planted-secret-0123456789abcdef"
    with caplog.at_level(logging.DEBUG, "asayer_cli"):
        session = caller_session()
        who_am_i(session, REGION)
        account.iam.create_user(UserName=account.user)
        made = session.client("iam", REGION).create_access_key(UserName=account.user)["AccessKey"]
        with pytest.raises(CredentialsRejectedError):
            who_am_i(collector_session(AwsKey(made["AccessKeyId"], Secret(secret)), REGION), REGION)
    lines = [record.getMessage() for record in caplog.records if record.name == "asayer_cli.aws"]
    assert lines[0].startswith(f"sts GetCallerIdentity {REGION}: 200 in ")
    assert any(line.startswith("iam CreateAccessKey") for line in lines)
    assert lines[-1].startswith(f"sts GetCallerIdentity {REGION}: 403 in ")
    assert not any(secret in line or made["SecretAccessKey"] in line for line in lines)


def test_a_long_refusal_is_cut_and_parts_no_secret() -> None:
    secret = Secret("planted-in-a-refusal").reveal()
    answer = {"Error": {"Code": "InvalidParameterException", "Message": f"{'r' * 990} {secret} {'r' * 3_000_000}"}}
    with pytest.raises(AsayerError) as failed, translated("logs:FilterLogEvents", region=REGION):
        raise sdk.ClientError(answer, "FilterLogEvents")
    assert "planted" not in failed.value.message
    assert len(failed.value.message) < 1_200


def test_the_program_tells_its_name_and_version(ask: Any, environ: dict[str, str]) -> None:
    client = caller_session().client("sts", REGION)
    assert "asayer-cli/" in client.meta.config.user_agent
    assert client.meta.config.connect_timeout < 10
