from __future__ import annotations

from typing import Any

import pytest

from tests.contracts import NAMES, check_exchange, contract, is_described

HAS_PRIVILEGES = {
    "method": "POST",
    "path": "/_security/user/_has_privileges",
    "query": "",
    "request_body": {"index": [{"names": ["*log*"], "privileges": ["read"]}]},
    "status": 200,
    "response_body": {
        "username": "ada",
        "has_all_requested": True,
        "cluster": {},
        "index": {"*log*": {"read": True}},
        "application": {},
    },
}


def problems(**changed: Any) -> str:
    return "\n".join(check_exchange({**HAS_PRIVILEGES, **changed}))


def test_a_sound_exchange_passes() -> None:
    assert is_described(HAS_PRIVILEGES)
    assert check_exchange(HAS_PRIVILEGES) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_is_found_by_its_own_path(name: str) -> None:
    for template, methods in contract(name).paths.items():
        path = template.replace("{index}", "logs-*,filebeat-1").replace("{id}", "7").replace("{name}", "logs")
        for method in methods:
            found = contract(name).find(method.upper(), path)
            assert found is not None
            assert found.template == template


def test_a_wrong_request_is_reported() -> None:
    assert "at /index/0: 'names' is a required property" in problems(request_body={"index": [{"privileges": ["read"]}]})
    assert "at /index" in problems(request_body={"index": {"names": ["*log*"], "privileges": ["read"]}})
    assert "the body is missing" in problems(request_body=None)


def test_a_wrong_answer_is_reported() -> None:
    answer = dict(HAS_PRIVILEGES["response_body"])  # type: ignore[call-overload]
    del answer["username"]
    assert "response: at /: 'username' is a required property" in problems(response_body=answer)
    assert "at /has_all_requested" in problems(response_body={**answer, "username": "ada", "has_all_requested": "yes"})


def test_a_refusal_is_not_checked() -> None:
    assert problems(status=403, response_body={"error": {}, "status": 403}) == ""


def test_parameters_are_checked() -> None:
    search: dict[str, Any] = {"method": "GET", "path": "/*log*/_search", "request_body": None, "status": 404}
    search["response_body"] = None
    assert check_exchange({**search, "query": "size=10&ignore_unavailable=true&expand_wildcards=open,hidden"}) == []
    assert "[siez] is not described" in "\n".join(check_exchange({**search, "query": "siez=10"}))
    assert "[size] does not take 'many'" in "\n".join(check_exchange({**search, "query": "size=many"}))


def test_what_only_one_contract_has_is_reported_for_the_other() -> None:
    health = {"method": "GET", "path": "/_cluster/health", "query": "", "request_body": None, "status": 404}
    health["response_body"] = None
    assert not is_described(health)
    assert is_described(health, NAMES[:1])
    assert check_exchange(health) == [f"{NAMES[1]}: GET /_cluster/health: the API is not described"]
