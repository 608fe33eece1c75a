from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

import pytest
from elasticsearch import AuthenticationException, AuthorizationException, BadRequestError, NotFoundError

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]
READER = {"asayer": {"cluster": [], "indices": [{"names": ["*log*"], "privileges": ["read", "view_index_metadata"]}]}}
ADA = ("ada", "p")
JSON = {"accept": "application/json", "content-type": "application/json"}


def make_ada(elastic: LocalElastic, *cluster: str, index: dict[str, list[str]] | None = None) -> None:
    """Make a user with these cluster privileges, and index privileges by name pattern."""
    indices = [{"names": [names], "privileges": held} for names, held in (index or {}).items()]
    elastic.control.change(users=[{"username": "ada", "password": "p", "cluster": cluster, "indices": indices}])


def ids(answer: Any) -> list[str]:
    return [key["id"] for key in answer["api_keys"]]


def test_a_key_is_made_and_works(elastic: LocalElastic) -> None:
    with elastic.client() as client:
        made = client.security.create_api_key(name="asayer-api-key", role_descriptors=READER, metadata={"by": "test"})
    assert set(made.body) == {"id", "name", "api_key", "encoded"}
    assert base64.b64decode(made["encoded"]).decode() == f"{made['id']}:{made['api_key']}"
    assert (len(made["id"]), len(made["api_key"])) == (20, 22)
    with elastic.client(api_key=made["encoded"]) as client:
        me = client.security.authenticate()
    assert me["username"] == elastic.username
    assert me["authentication_type"] == "api_key"
    assert me["roles"] == []
    assert (me["api_key"]["id"], me["api_key"]["name"]) == (made["id"], "asayer-api-key")


def test_the_guides_spelling_of_the_role_is_taken(elastic: LocalElastic) -> None:
    descriptor = {"cluster": ["all"], "index": [{"names": ["*log*"], "privileges": ["read"]}]}
    with elastic.client() as client:
        made = client.security.create_api_key(name="k", role_descriptors={"asayer-role": descriptor})
        record = client.security.get_api_key(id=made["id"])["api_keys"][0]
    assert record["role_descriptors"]["asayer-role"]["indices"] == [
        {"names": ["*log*"], "privileges": ["read"], "allow_restricted_indices": False}
    ]
    assert record["role_descriptors"]["asayer-role"]["cluster"] == ["all"]


@pytest.mark.parametrize(
    ("lifetime", "seconds"), [("90d", 90 * 86400), ("1h", 3600), ("30m", 1800), ("15s", 15), ("500ms", 0.5)]
)
def test_a_key_expires_when_it_was_told_to(elastic: LocalElastic, lifetime: str, seconds: float) -> None:
    with elastic.client() as client:
        made = client.security.create_api_key(name="k", expiration=lifetime)
        record = client.security.get_api_key(id=made["id"])["api_keys"][0]
    assert made["expiration"] == record["expiration"] == record["creation"] + seconds * 1000
    assert abs(record["creation"] / 1000 - time.time()) < 30


def test_an_expired_key_is_refused_and_still_listed(elastic: LocalElastic) -> None:
    with elastic.client() as client:
        made = client.security.create_api_key(name="k", expiration="1h")
        elastic.control.change(clock_offset_seconds=3601)
        assert ids(client.security.get_api_key(name="k")) == [made["id"]]
        assert ids(client.security.get_api_key(name="k", active_only=True)) == []
    with elastic.client(api_key=made["encoded"]) as client, pytest.raises(AuthenticationException) as refused:
        client.security.authenticate()
    error = refused.value.body["error"]
    assert error["additional_unsuccessful_credentials"] == "API key: api key is expired"
    elastic.control.change(clock_offset_seconds=0)
    with elastic.client(api_key=made["encoded"]) as client:
        assert client.security.authenticate()


def test_a_key_can_be_made_to_expire_now(elastic: LocalElastic) -> None:
    with elastic.client() as client:
        made = client.security.create_api_key(name="k")
    elastic.control.change(expire_keys_now=[made["id"]])
    with elastic.client(api_key=made["encoded"]) as client, pytest.raises(AuthenticationException):
        client.security.authenticate()


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "api key name is required"),
        ({"name": ""}, "api key name is required"),
        ({"name": "_k"}, "api key name may not begin with an underscore"),
        ({"name": " k"}, "api key name may not begin or end with whitespace"),
        ({"name": "k" * 257}, "may not be more than 256 characters long"),
        ({"name": "k", "expiration": "soon"}, "unit is missing or unrecognized"),
        ({"name": "k", "expiration": "90"}, "unit is missing or unrecognized"),
        ({"name": "k", "expiration": "1.5d"}, "unit is missing or unrecognized"),
        ({"name": "k", "metadata": {"_by": "me"}}, r"metadata keys may not start with \[_\]"),
        ({"name": "k", "metadata": 7}, "metadata"),
        ({"name": "k", "roles": {}}, r"unknown field \[roles\]"),
        ({"name": "k", "role_descriptors": ["r"]}, "role_descriptors"),
        ({"name": "k", "role_descriptors": {"r": {"indexes": []}}}, r"unexpected field \[indexes\]"),
        ({"name": "k", "role_descriptors": {"r": {"cluster": ["montior"]}}}, r"unknown cluster privilege \[montior\]"),
        (
            {"name": "k", "role_descriptors": {"r": {"index": [{"names": "a", "privileges": ["reed"]}]}}},
            r"unknown index privilege \[reed\]",
        ),
        ({"name": "k", "role_descriptors": {"r": {"index": [{"names": "a"}]}}}, r"missing required \[privileges\]"),
        ({"name": "k", "role_descriptors": {"r": {"index": [{"privileges": ["read"]}]}}}, r"required \[names\]"),
    ],
)
def test_what_makes_no_key(elastic: LocalElastic, body: dict[str, Any], problem: str) -> None:
    with elastic.client() as client:
        with pytest.raises(BadRequestError, match=f"(?s).*{problem}") as refused:
            client.perform_request("POST", "/_security/api_key", body=body, headers=JSON)
        assert refused.value.body["status"] == 400
        assert ids(client.security.get_api_key()) == []


def test_document_level_security_needs_a_licence(elastic: LocalElastic) -> None:
    grant = {"names": ["logs"], "privileges": ["read"], "query": {"match_all": {}}}
    with elastic.client() as client, pytest.raises(AuthorizationException, match="license is non-compliant"):
        client.security.create_api_key(name="k", role_descriptors={"r": {"indices": [grant]}})


def privileges(client: Elasticsearch) -> Any:
    checks = [{"names": ["*log*", "other"], "privileges": ["read", "write"]}]
    return client.security.has_privileges(cluster=["monitor", "manage_own_api_key"], index=checks)


def test_a_key_has_what_both_its_descriptors_and_its_creator_have(elastic: LocalElastic) -> None:
    make_ada(elastic, "manage_own_api_key", index={"logs-*": ["read"], "other": ["all"]})
    wide = {"r": {"cluster": ["all"], "indices": [{"names": ["*"], "privileges": ["all"]}]}}
    with elastic.client(user=ADA) as client:
        made = client.security.create_api_key(name="k", role_descriptors=wide)
        same = client.security.create_api_key(name="k")
        weak = client.security.create_api_key(name="k", role_descriptors=READER)
    for key in (made, same):
        with elastic.client(api_key=key["encoded"]) as client:
            held = privileges(client)
        assert held["cluster"] == {"monitor": False, "manage_own_api_key": True}
        assert held["index"] == {"*log*": {"read": False, "write": False}, "other": {"read": True, "write": True}}
    with elastic.client(api_key=weak["encoded"]) as client:
        assert client.security.has_privileges(index=[{"names": ["logs-1"], "privileges": ["read"]}])[
            "has_all_requested"
        ]
        assert not client.security.has_privileges(cluster=["manage_own_api_key"])["has_all_requested"]


def test_a_key_keeps_its_creators_rights_of_that_time(elastic: LocalElastic) -> None:
    make_ada(elastic, "manage_own_api_key", index={"*": ["read"]})
    with elastic.client(user=ADA) as client:
        made = client.security.create_api_key(name="k")
    make_ada(elastic)
    with elastic.client(api_key=made["encoded"]) as client:
        assert client.security.has_privileges(index=[{"names": ["*"], "privileges": ["read"]}])["has_all_requested"]


def test_a_key_makes_no_keys_but_such_without_rights(elastic: LocalElastic) -> None:
    with elastic.client() as client:
        made = client.security.create_api_key(name="k")
    with elastic.client(api_key=made["encoded"]) as client:
        for descriptors in (None, {}, READER):
            with pytest.raises(BadRequestError, match="creating derived api keys requires an explicit role descriptor"):
                client.security.create_api_key(name="derived", role_descriptors=descriptors)
        derived = client.security.create_api_key(name="derived", role_descriptors={"none": {}})
    with elastic.client(api_key=derived["encoded"]) as client:
        assert client.security.authenticate()["api_key"]["name"] == "derived"
        assert not client.security.has_privileges(cluster=["monitor"])["has_all_requested"]


def test_making_a_key_needs_the_right(elastic: LocalElastic) -> None:
    make_ada(elastic, "monitor", "manage")
    wanted = r"granted by the cluster privileges \[manage_own_api_key,manage_api_key,manage_security,all\]"
    with elastic.client(user=ADA) as client, pytest.raises(AuthorizationException, match=wanted):
        client.security.create_api_key(name="k")


def test_keys_are_listed_by_id_name_and_owner(elastic: LocalElastic) -> None:
    make_ada(elastic, "manage_own_api_key")
    with elastic.client(user=ADA) as client:
        hers = client.security.create_api_key(name="asayer-1", metadata={"by": "ada"})["id"]
    with elastic.client() as client:
        mine = [client.security.create_api_key(name=name)["id"] for name in ("asayer-1", "asayer-2", "other")]
        get = client.security.get_api_key
        assert ids(get()) == [hers, *mine]
        assert ids(get(owner=True)) == mine
        assert ids(get(id=mine[1])) == [mine[1]]
        assert ids(get(name="asayer-1")) == [hers, mine[0]]
        assert ids(get(name="asayer-*")) == [hers, *mine[:2]]
        assert ids(get(name="*", owner=True)) == mine
        assert ids(get(username="ada")) == [hers]
        assert ids(get(name="missing")) == []
        with pytest.raises(NotFoundError):
            get(id="missing")
        with pytest.raises(BadRequestError, match="only one of"):
            get(id=hers, name="asayer-1")
        with pytest.raises(BadRequestError, match="username or realm name must not be specified"):
            get(id=hers, username="ada")
        with pytest.raises(BadRequestError, match="neither username nor realm-name"):
            get(owner=True, username="ada")
        record = get(id=hers)["api_keys"][0]
    assert record["name"] == "asayer-1"
    assert record["username"] == "ada"
    assert record["realm"] == "default_native"
    assert record["metadata"] == {"by": "ada"}
    assert record["invalidated"] is False
    assert record["role_descriptors"] == {}
    assert "expiration" not in record


def test_who_manages_their_own_keys_lists_these_only(elastic: LocalElastic) -> None:
    make_ada(elastic, "manage_own_api_key")
    with elastic.client() as client:
        foreign = client.security.create_api_key(name="k")["id"]
    with elastic.client(user=ADA) as client:
        own = client.security.create_api_key(name="k")["id"]
        assert ids(client.security.get_api_key(owner=True)) == [own]
        with pytest.raises(AuthorizationException):
            client.security.get_api_key()
        with pytest.raises(AuthorizationException):
            client.security.get_api_key(name="k")
        with pytest.raises(NotFoundError):
            client.security.get_api_key(id=foreign, owner=True)


def test_a_key_reads_its_own_record_without_any_right(elastic: LocalElastic) -> None:
    with elastic.client() as client:
        foreign = client.security.create_api_key(name="k")["id"]
        made = client.security.create_api_key(name="k", role_descriptors=READER, expiration="90d")
    with elastic.client(api_key=made["encoded"]) as client:
        own = client.security.get_api_key(id=made["id"])["api_keys"][0]
        assert own["expiration"] == made["expiration"]
        for options in ({}, {"owner": True}, {"name": "k"}, {"id": foreign}):
            with pytest.raises(AuthorizationException):
                client.security.get_api_key(**options)


def test_keys_are_invalidated(elastic: LocalElastic) -> None:
    with elastic.client() as client:
        made = [client.security.create_api_key(name=name) for name in ("a", "b", "b")]
        first, second, third = (key["id"] for key in made)
        ended = client.security.invalidate_api_key(ids=[first])
        assert ended.body == {"invalidated_api_keys": [first], "previously_invalidated_api_keys": [], "error_count": 0}
        again = client.security.invalidate_api_key(ids=[first, "missing"])
        assert again["invalidated_api_keys"] == []
        by_name = client.security.invalidate_api_key(name="b", owner=True)
        assert by_name["invalidated_api_keys"] == [second, third]
        records = client.security.get_api_key()["api_keys"]
        assert all(record["invalidated"] for record in records)
        assert ids(client.security.get_api_key(active_only=True)) == []
    with elastic.client(api_key=made[0]["encoded"]) as client, pytest.raises(AuthenticationException) as refused:
        client.security.authenticate()
    problem = refused.value.body["error"]["additional_unsuccessful_credentials"]
    assert problem == f"API key: api key [{first}] has been invalidated"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": []},
        {"ids": ["a"], "name": "b"},
        {"ids": "a"},
        {"ids": ["a"], "username": "ada"},
        {"owner": True, "username": "ada"},
        {"name": 7},
        {"key": "a"},
    ],
)
def test_what_invalidates_nothing(elastic: LocalElastic, body: dict[str, Any]) -> None:
    with elastic.client() as client:
        made = client.security.create_api_key(name="b")
        with pytest.raises(BadRequestError):
            client.perform_request("DELETE", "/_security/api_key", body=body, headers=JSON)
        assert ids(client.security.get_api_key(active_only=True)) == [made["id"]]


def test_who_manages_their_own_keys_must_say_so_to_end_one(elastic: LocalElastic) -> None:
    make_ada(elastic, "manage_own_api_key")
    with elastic.client() as client:
        foreign = client.security.create_api_key(name="k")["id"]
    with elastic.client(user=ADA) as client:
        own = client.security.create_api_key(name="k")["id"]
        with pytest.raises(AuthorizationException, match=r"api_key/invalidate\] is unauthorized for user \[ada\]"):
            client.security.invalidate_api_key(ids=[own])
        assert client.security.invalidate_api_key(ids=[foreign], owner=True)["invalidated_api_keys"] == []
        assert client.security.invalidate_api_key(ids=[own], owner=True)["invalidated_api_keys"] == [own]
        assert client.security.invalidate_api_key(username="ada", realm_name="default_native")["error_count"] == 0


def test_a_key_ends_itself_and_no_other(elastic: LocalElastic) -> None:
    with elastic.client() as client:
        foreign = client.security.create_api_key(name="k")["id"]
        descriptors = {"r": {"cluster": ["manage_own_api_key"]}}
        made = client.security.create_api_key(name="k", role_descriptors=descriptors)
    with elastic.client(api_key=made["encoded"]) as client:
        with pytest.raises(AuthorizationException):
            client.security.invalidate_api_key(ids=[foreign], owner=True)
        assert client.security.invalidate_api_key(ids=[made["id"]])["invalidated_api_keys"] == [made["id"]]


def test_privileges_are_told(elastic: LocalElastic) -> None:
    make_ada(elastic, "monitor", index={"*log*": ["read", "view_index_metadata"]})
    with elastic.client(user=ADA) as client:
        held = client.security.has_privileges(
            cluster=["monitor", "all"],
            index=[
                {"names": ["*log*", "logs-1"], "privileges": ["read", "write"]},
                {"names": ["*"], "privileges": ["read"]},
                {"names": ["logs-1"], "privileges": ["view_index_metadata"]},
            ],
            application=[{"application": "kibana", "privileges": ["read"], "resources": ["*"]}],
        )
    assert held.body == {
        "username": "ada",
        "has_all_requested": False,
        "cluster": {"monitor": True, "all": False},
        "index": {
            "*log*": {"read": True, "write": False},
            "logs-1": {"read": True, "write": False, "view_index_metadata": True},
            "*": {"read": False},
        },
        "application": {"kibana": {"*": {"read": False}}},
    }


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, "must specify at least one privilege"),
        ({"indices": [{"names": ["a"], "privileges": ["read"]}]}, r"unexpected field \[indices\]"),
        ({"index": {"names": ["a"], "privileges": ["read"]}}, "expected an array"),
        ({"index": [{"names": ["a"], "privileges": ["reed"]}]}, r"unknown index privilege \[reed\]"),
        ({"cluster": ["montior"]}, r"unknown cluster privilege \[montior\]"),
        ({"cluster": [7]}, "expected a string or an array of strings"),
        ({"application": [{"privileges": ["a"], "resources": ["b"]}]}, r"missing required \[application\]"),
    ],
)
def test_checks_that_make_no_sense(elastic: LocalElastic, body: dict[str, Any], problem: str) -> None:
    with elastic.client() as client, pytest.raises(BadRequestError, match=f"(?s).*{problem}"):
        client.perform_request("POST", "/_security/user/_has_privileges", body=body, headers=JSON)
