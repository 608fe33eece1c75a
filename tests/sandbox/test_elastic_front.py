from __future__ import annotations

import base64
import gzip
import json
import re
from typing import TYPE_CHECKING
from urllib.error import HTTPError

import pytest
from elasticsearch import (
    ApiError,
    AuthenticationException,
    AuthorizationException,
    BadRequestError,
    UnsupportedProductError,
)
from elasticsearch import ConnectionError as ElasticConnectionError

from asayer_cli.sandbox.control import Control
from asayer_cli.sandbox.elastic.errors import ElasticError
from asayer_cli.sandbox.elastic.upstream import Upstream
from asayer_cli.sandbox.faults import Fault

if TYPE_CHECKING:
    from asayer_cli.sandbox.faults import Kind
    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]


def basic(elastic: LocalElastic) -> dict[str, str]:
    pair = f"{elastic.username}:{elastic.password}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}


def test_the_administrator_gets_in(elastic: LocalElastic) -> None:
    with elastic.client() as client:
        assert client.info()["version"]["number"] == "8.15.3"
        assert client.ping()
        me = client.security.authenticate()
    assert me["username"] == elastic.username
    assert me["authentication_type"] == "realm"
    assert me["roles"] == ["superuser"]


def test_without_credentials_nobody_gets_in(elastic: LocalElastic) -> None:
    answer = elastic.request("GET", "/")
    assert answer.status == 401
    assert answer.headers.getlist("WWW-Authenticate") == [
        'Basic realm="security" charset="UTF-8"',
        'Bearer realm="security"',
        "ApiKey",
    ]
    assert answer.headers["X-Elastic-Product"] == "Elasticsearch"
    error = answer.json()["error"]
    assert error["type"] == "security_exception"
    assert error["reason"] == "missing authentication credentials for REST request [/]"
    assert error["root_cause"][0]["header"] == error["header"]


@pytest.mark.parametrize(
    ("authorization", "reason"),
    [
        (
            "Basic " + base64.b64encode(b"administrator:wrong").decode(),
            r"unable to authenticate user \[administrator\]",
        ),
        ("Basic " + base64.b64encode(b"nobody:correct horse").decode(), r"unable to authenticate user \[nobody\]"),
        ("Basic !!!", r"unable to authenticate user \[\]"),
        ("Bearer abc", "unable to authenticate with provided credentials"),
        ("ApiKey !!!", "unable to find apikey with id"),
        ("ApiKey " + base64.b64encode(b"unknown:secret").decode(), "unable to find apikey with id unknown"),
    ],
)
def test_wrong_credentials_are_refused(elastic: LocalElastic, authorization: str, reason: str) -> None:
    answer = elastic.request("GET", "/_security/_authenticate", headers={"Authorization": authorization})
    assert answer.status == 401
    error = answer.json()["error"]
    text = error["reason"] + error.get("additional_unsuccessful_credentials", "")
    assert re.search(reason, text)


def test_the_official_client_reads_the_refusal(elastic: LocalElastic) -> None:
    with elastic.client(user=("administrator", "wrong")) as client, pytest.raises(AuthenticationException):
        client.info()


def test_answers_are_of_the_type_that_was_asked_for(elastic: LocalElastic) -> None:
    vendor = "application/vnd.elasticsearch+json;compatible-with=8"
    asked = elastic.request("GET", "/_security/_authenticate", headers={**basic(elastic), "Accept": vendor})
    plain = elastic.request("GET", "/_security/_authenticate", headers=basic(elastic))
    assert asked.headers["Content-Type"] == vendor
    assert plain.headers["Content-Type"] == "application/json"


def test_the_next_versions_clients_are_refused(elastic: LocalElastic) -> None:
    headers = {**basic(elastic), "Accept": "application/vnd.elasticsearch+json;compatible-with=9"}
    answer = elastic.request("GET", "/", headers=headers)
    assert answer.status == 400
    assert answer.json()["error"]["type"] == "media_type_header_exception"
    assert "must be either version 8 or 7, but found 9" in answer.json()["error"]["reason"]


def test_compressed_requests_are_read(elastic: LocalElastic) -> None:
    body = gzip.compress(json.dumps({"cluster": ["monitor"]}).encode())
    headers = {**basic(elastic), "Content-Encoding": "gzip", "Content-Type": "application/json"}
    answer = elastic.request("POST", "/_security/user/_has_privileges", body=body, headers=headers)
    assert answer.json()["cluster"] == {"monitor": True}
    broken = elastic.request("POST", "/_security/user/_has_privileges", body=b"{}", headers=headers)
    assert broken.status == 400


def test_a_body_that_is_no_json_is_refused(elastic: LocalElastic) -> None:
    headers = {**basic(elastic), "Content-Type": "application/json"}
    for body in (b"{", b"[]", b"\xff"):
        answer = elastic.request("POST", "/_security/api_key", body=body, headers=headers)
        assert answer.status == 400


def test_security_can_be_off(elastic: LocalElastic) -> None:
    elastic.control.change(security="disabled")
    assert elastic.request("GET", "/").status == 200
    assert elastic.request("GET", "/_search").status == 200
    answer = elastic.request("GET", "/_security/_authenticate")
    assert answer.status == 400
    assert answer.json() == {"error": "no handler found for uri [/_security/_authenticate] and method [GET]"}


def test_api_keys_can_be_off(elastic: LocalElastic) -> None:
    with elastic.client() as client:
        key = client.security.create_api_key(name="k")
        elastic.control.change(security="api_keys_disabled")
        with pytest.raises(BadRequestError, match=r"feature_not_enabled_exception.*api keys are not enabled"):
            client.security.create_api_key(name="k")
        assert client.security.authenticate()["username"] == elastic.username
    with elastic.client(api_key=key["encoded"]) as client, pytest.raises(AuthenticationException):
        client.security.authenticate()


def test_opensearch_is_told_apart(elastic: LocalElastic) -> None:
    elastic.control.change(product="opensearch")
    answer = elastic.request("GET", "/", headers=basic(elastic))
    assert answer.json()["version"]["distribution"] == "opensearch"
    assert "X-Elastic-Product" not in answer.headers
    with elastic.client() as client, pytest.raises(UnsupportedProductError):
        client.info()
    assert elastic.request("GET", "/_security/_authenticate", headers=basic(elastic)).status == 400


def test_serverless_is_told_apart(elastic: LocalElastic) -> None:
    elastic.control.change(build_flavor="serverless")
    with elastic.client() as client:
        assert client.info()["version"]["build_flavor"] == "serverless"
        with pytest.raises(ApiError) as refused:
            client.cluster.health()
        assert refused.value.status_code == 410
        with pytest.raises(BadRequestError, match="run_as"):
            client.security.create_api_key(name="k", role_descriptors={"r": {"run_as": ["ada"]}})


def test_users_are_made_with_their_rights(elastic: LocalElastic) -> None:
    grant = {"names": ["logs-*"], "privileges": ["read"]}
    elastic.control.change(users=[{"username": "ada", "password": "p", "cluster": ["monitor"], "indices": [grant]}])
    with elastic.client(user=("ada", "p")) as client:
        assert client.security.authenticate()["roles"] == ["ada-role"]
        assert client.info()["version"]
        with pytest.raises(AuthorizationException):
            client.security.create_api_key(name="k")


def test_users_and_roles_are_made_through_the_api(elastic: LocalElastic) -> None:
    with elastic.client() as client:
        assert client.security.put_role(name="reader", cluster=["monitor"])["role"]["created"]
        assert not client.security.put_role(name="reader", cluster=["monitor"])["role"]["created"]
        assert client.security.put_user(username="ada", password="secret", roles=["reader", "missing"])["created"]
    with elastic.client(user=("ada", "secret")) as client:
        assert client.security.authenticate()["roles"] == ["reader"]
        with pytest.raises(AuthorizationException, match=r"granted by the cluster privileges \[manage_security,all\]"):
            client.security.put_user(username="eve", password="secret", roles=["superuser"])


@pytest.mark.parametrize(
    "settings",
    [
        {"secrity": "disabled"},
        {"security": "off"},
        {"product": "solr"},
        {"shard_failures": -1},
        {"shard_failures": "many"},
        {"users": [{"username": "ada"}]},
        {"users": [{"username": "ada", "password": "p", "cluster": ["montior"]}]},
        {"users": "ada"},
        {"expire_keys_now": ["missing"]},
        {"clock_offset_seconds": "an hour"},
    ],
)
def test_settings_that_make_no_sense_are_refused(elastic: LocalElastic, settings: dict[str, object]) -> None:
    with pytest.raises(HTTPError) as refused:
        elastic.control.change(**settings)
    with refused.value as answer:
        assert answer.code == 400
        assert json.load(answer)["error"]


def test_control_needs_its_token(elastic: LocalElastic) -> None:
    with pytest.raises(HTTPError) as refused:
        Control(elastic.url, "wrong").change(security="disabled")
    with refused.value as answer:
        assert answer.code == 403
    assert elastic.request("GET", "/").status == 401


def calls(elastic: LocalElastic) -> list[tuple[str, str, int]]:
    return [(call["operation"], call["principal"], call["status"]) for call in elastic.control.requests()]


def test_calls_are_recorded_with_who_made_them(elastic: LocalElastic) -> None:
    with elastic.client() as client:
        key = client.security.create_api_key(name="k", role_descriptors={"none": {}})
    with elastic.client(api_key=key["encoded"]) as client, pytest.raises(AuthorizationException):
        client.info()
    elastic.request("GET", "/_search")
    assert calls(elastic) == [
        ("security.create_api_key", elastic.username, 200),
        ("info", f"api_key:{key['id']}", 403),
        ("search", "", 401),
    ]


def test_exchanges_are_recorded_without_credentials(elastic: LocalElastic) -> None:
    with elastic.client() as client:
        client.security.has_privileges(cluster=["monitor"])
        client.bulk(operations=[{"delete": {"_index": "logs", "_id": "1"}}])
    first, second = elastic.control.exchanges()
    assert first == {
        "method": "POST",
        "path": "/_security/user/_has_privileges",
        "query": "",
        "request_body": {"cluster": ["monitor"]},
        "status": 200,
        "response_body": {
            "username": elastic.username,
            "has_all_requested": True,
            "cluster": {"monitor": True},
            "index": {},
            "application": {},
        },
    }
    assert second["request_body"] == [{"delete": {"_index": "logs", "_id": "1"}}]
    credentials = basic(elastic)["Authorization"].removeprefix("Basic ")
    assert credentials not in json.dumps([first, second])
    assert elastic.password not in json.dumps([first, second])


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("error_500", ApiError),
        ("throttle", ApiError),
        ("denied", AuthorizationException),
        ("cut_after", ElasticConnectionError),
    ],
)
def test_failures_come_on_order(elastic: LocalElastic, kind: Kind, error: type[Exception]) -> None:
    elastic.control.order(Fault("elastic", "security.create_api_key", kind))
    with elastic.client() as client:
        with pytest.raises(error):
            client.security.create_api_key(name="k")
        made = client.security.get_api_key(owner=True)["api_keys"]
    assert len(made) == (1 if kind == "cut_after" else 0)


def test_a_search_server_that_is_gone_is_a_503() -> None:
    with pytest.raises(ElasticError) as refused:
        Upstream("http://127.0.0.1:1").catalog()
    assert refused.value.reply.status == 503
