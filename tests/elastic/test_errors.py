"""What other servers, other versions and switched-off features answer, in the forms that they are known to have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from asayer_cli.elastic.connection import connect
from asayer_cli.elastic.model import UserPassword
from asayer_cli.errors import AsayerError, CredentialsRejectedError, PermissionDeniedError
from asayer_cli.integrations import ElasticAddress, ElasticKey
from asayer_cli.secret import Secret
from tests.elastic.support import PRODUCT, Answers, serving

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asayer_cli.integrations import ElasticKey as Key
    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]
USER = UserPassword("elastic", Secret("planted-password"))
KEY = ElasticKey("the-id", Secret("planted-api-key"))
JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html"}
HTML_PAGE = b"<html><body>Sign in</body></html>"


def failure(url: str, auth: UserPassword | Key = USER) -> AsayerError:
    cluster = connect(ElasticAddress(url), auth, environ={})
    impatient = type(cluster)(cluster.client, cluster.endpoint, cluster.who, pauses=())
    try:
        with pytest.raises(AsayerError) as failed:
            impatient.ask(lambda client: client.security.authenticate())
    finally:
        cluster.close()
    assert "planted" not in failed.value.message + failed.value.hint
    return failed.value


def answered(status: int, headers: Mapping[str, str], body: object, auth: UserPassword | Key = USER) -> AsayerError:
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    with serving(Answers((status, headers, encoded))) as port:
        return failure(f"http://127.0.0.1:{port}", auth)


def cause(kind: str, reason: str, **more: str) -> dict[str, object]:
    inner = {"type": kind, "reason": reason, **more}
    return {"error": {"root_cause": [inner], **inner}}


def test_a_long_reason_is_cut_and_parts_no_secret() -> None:
    said = f"{'r' * 290} planted-api-key {'r' * 3_000_000}"
    found = answered(400, PRODUCT, cause("illegal_argument_exception", said), KEY)
    assert "rrr ****" in found.message
    assert len(found.message) < 500


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"product": "opensearch"}, "unsupported_product"),
        ({"security": "disabled"}, "security_disabled"),
    ],
)
def test_other_clusters(elastic: LocalElastic, settings: dict[str, object], code: str) -> None:
    elastic.control.change(**settings)
    found = failure(elastic.url, UserPassword(elastic.username, Secret(elastic.password)))
    assert found.code == code
    assert found.exit_code == 1
    assert found.hint


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, cause("exception", "Security must be explicitly enabled when using a [basic] license.")),
        (400, cause("invalid_index_name_exception", "Invalid index name [_security], must not start with '_'")),
        (400, {"error": "no handler found for uri [/_security/_authenticate] and method [GET]"}),
        (405, {"error": "Incorrect HTTP method for uri [/_security/api_key], no handler found", "status": 405}),
    ],
)
def test_security_switched_off_in_any_version(status: int, body: object) -> None:
    assert answered(status, PRODUCT, body).code == "security_disabled"


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (200, JSON, {"name": "node", "version": {"distribution": "opensearch"}}),
        (400, JSON, {"error": "no handler found for uri [/_security/_authenticate] and method [GET]"}),
        (
            406,
            JSON,
            {"error": "Content-Type header [application/vnd.elasticsearch+json] is not supported", "status": 406},
        ),
        (200, HTML, HTML_PAGE),
    ],
)
def test_what_is_no_elasticsearch(status: int, headers: dict[str, str], body: object) -> None:
    assert answered(status, headers, body).code == "unsupported_product"


def test_an_elasticsearch_that_is_too_old() -> None:
    body = cause("media_type_header_exception", "Invalid media-type value on headers [Accept]")
    found = answered(400, PRODUCT, body)
    assert found.code == "unsupported_version"
    assert "--print-request" in found.hint


def test_api_keys_switched_off() -> None:
    body = cause("feature_not_enabled_exception", "api keys are not enabled")
    assert answered(400, PRODUCT, body).code == "api_keys_disabled"


@pytest.mark.parametrize("headers", [PRODUCT, JSON])
def test_a_wrong_password(headers: dict[str, str]) -> None:
    body = cause(
        "security_exception", "unable to authenticate user [elastic] for REST request [/_security/_authenticate]"
    )
    found = answered(401, headers, body)
    assert isinstance(found, CredentialsRejectedError)
    assert "user elastic" in found.message
    assert "ASAYER_ELASTIC_PASSWORD" in found.hint


@pytest.mark.parametrize(
    ("detail", "code"),
    [
        ("API key: api key is expired", "api_key_expired"),
        ("API key: api key [the-id] has been invalidated", "api_key_invalidated"),
        ("API key: invalid credentials for API key [the-id]", "credentials_rejected"),
    ],
)
def test_why_a_key_is_not_accepted(detail: str, code: str) -> None:
    reason = "unable to authenticate with provided credentials and anonymous access is not allowed for this request"
    body = cause("security_exception", reason, additional_unsuccessful_credentials=detail)
    found = answered(401, PRODUCT, body, KEY)
    assert isinstance(found, CredentialsRejectedError)
    assert found.code == code
    assert "the-id" in found.message


def test_a_denial_names_the_action_and_the_privileges_that_grant_it() -> None:
    reason = (
        "action [indices:data/read/search] is unauthorized for API key id [the-id] of user [elastic] on indices "
        "[orders], this action is granted by the index privileges [read,all]"
    )
    found = answered(403, PRODUCT, cause("security_exception", reason), KEY)
    assert isinstance(found, PermissionDeniedError)
    assert found.action == "indices:data/read/search"
    assert "on orders" in found.message
    assert found.hint == "Any of these index privileges grants it: read, all."


def test_a_denial_without_an_action_keeps_the_servers_words() -> None:
    found = answered(403, PRODUCT, cause("security_exception", "current license is non-compliant for [security]"))
    assert isinstance(found, PermissionDeniedError)
    assert "non-compliant" in found.message


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (HTML, HTML_PAGE),
        (JSON, {"message": "Forbidden"}),
        (JSON, {"error": {"type": "authentication_error", "message": "Log in to the gateway"}}),
        ({}, b""),
    ],
)
def test_a_gateways_refusal_is_no_wrong_password(status: int, headers: dict[str, str], body: object) -> None:
    found = answered(status, headers, body)
    assert (found.code, found.exit_code) == ("gateway_refused", 5)


def test_a_redirection_is_not_followed_with_credentials() -> None:
    found = answered(301, {"Location": "https://elsewhere.example.com/", **HTML}, b"")
    assert found.code == "redirected"
    assert "https://" in found.hint


def test_an_answer_that_is_not_what_it_says() -> None:
    assert answered(200, PRODUCT, b'{"username": ').code == "malformed_answer"


@pytest.mark.parametrize(
    ("status", "exit_code"), [(429, 5), (502, 5), (503, 5), (504, 5), (500, 5), (418, 1), (404, 1)]
)
def test_whatever_else_goes_wrong_has_an_exit_code(status: int, exit_code: int) -> None:
    found = answered(status, PRODUCT, cause("some_exception", "some reason"))
    assert found.exit_code == exit_code
    assert str(status) in found.message


def test_the_unknown_is_named_by_status_and_type() -> None:
    found = answered(400, PRODUCT, cause("strange_exception", "x" * 1000))
    assert found.code == "elastic_error"
    assert "400: strange_exception: xxx" in found.message
    assert len(found.message) < 500
