from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from elasticsearch import ApiError, AuthorizationException, BadRequestError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from elasticsearch import Elasticsearch

    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]
READER = ["read", "view_index_metadata"]
ADA = ("ada", "p")


@pytest.fixture
def filled(elastic: LocalElastic) -> LocalElastic:
    """Three indices with a document in each, one of them with an alias."""
    with elastic.client() as client:
        for index in ("logs-1", "logs-2", "other"):
            client.index(index=index, id="1", document={"message": index}, refresh=True)
        client.perform_request(
            "POST",
            "/_aliases",
            body={"actions": [{"add": {"index": "other", "alias": "recent"}}]},
            headers={"accept": "application/json", "content-type": "application/json"},
        )
    return elastic


def key(elastic: LocalElastic, *cluster: str, **names: list[str]) -> str:
    """Make a key with index privileges by name, in which `_` stands for `*`."""
    indices = [{"names": [name.replace("_", "*")], "privileges": held} for name, held in names.items()]
    with elastic.client() as client:
        made = client.security.create_api_key(
            name="k", role_descriptors={"r": {"cluster": cluster, "indices": indices}}
        )
    return str(made["encoded"])


def found(answer: Any) -> list[str]:
    return sorted(hit["_index"] for hit in answer["hits"]["hits"])


def test_wildcards_find_only_what_is_allowed(filled: LocalElastic) -> None:
    with filled.client(api_key=key(filled, _log_=READER)) as client:
        for expression in (None, "*", "_all", "*log*", "*,-other", "l*,o*"):
            assert found(client.search(index=expression)) == ["logs-1", "logs-2"]
        assert found(client.search(index="*,-logs-1")) == ["logs-2"]
        assert client.count(index="*")["count"] == 2
        assert set(client.indices.get_mapping(index="*")) == {"logs-1", "logs-2"}
        assert set(client.indices.get_mapping()) == {"logs-1", "logs-2"}
        assert set(client.indices.get_settings(index="*")) == {"logs-1", "logs-2"}
        assert set(client.indices.get_alias(index="*")) == {"logs-1", "logs-2"}
        assert set(client.indices.get(index="*")) == {"logs-1", "logs-2"}
        assert [index["name"] for index in client.indices.resolve_index(name="*")["indices"]] == ["logs-1", "logs-2"]
        fields = client.field_caps(index="*", fields="message")
        assert fields["indices"] == ["logs-1", "logs-2"]
        assert "message" in fields["fields"]


def test_nothing_allowed_is_nothing_found(filled: LocalElastic) -> None:
    with filled.client(api_key=key(filled, missing=READER)) as client:
        answer = client.search(index="*")
        assert (found(answer), answer["_shards"]["total"]) == ([], 0)
        assert client.count(index="o*")["count"] == 0
        assert client.indices.get_mapping(index="*").body == {}
        assert client.field_caps(index="*", fields="*")["indices"] == []
        assert client.indices.resolve_index(name="*")["indices"] == []
        with pytest.raises(NotFoundError, match="no such index"):
            client.search(index="o*", allow_no_indices=False)


def test_plain_names_without_rights_are_refused(filled: LocalElastic) -> None:
    encoded = key(filled, _log_=["read"])
    with filled.client(api_key=encoded) as client:
        with pytest.raises(AuthorizationException) as refused:
            client.search(index="logs-1,other")
        identity = client.security.authenticate()["api_key"]["id"]
    error = refused.value.body["error"]
    assert error["type"] == "security_exception"
    assert error["reason"] == (
        f"action [indices:data/read/search] is unauthorized for API key id [{identity}] of user [administrator] "
        "on indices [other], this action is granted by the index privileges [read,all]"
    )
    assert error["root_cause"] == [{"type": "security_exception", "reason": error["reason"]}]


def test_plain_names_can_be_passed_over(filled: LocalElastic) -> None:
    with filled.client(api_key=key(filled, _log_=["read"])) as client:
        assert found(client.search(index="logs-1,other", ignore_unavailable=True)) == ["logs-1"]


def test_a_name_without_rights_is_refused_whether_it_exists_or_not(filled: LocalElastic) -> None:
    with filled.client(api_key=key(filled, _log_=["read"])) as client:
        with pytest.raises(AuthorizationException):
            client.search(index="missing")
        with pytest.raises(NotFoundError):
            client.search(index="logs-3")


def test_who_may_do_it_nowhere_is_refused_for_wildcards_too(filled: LocalElastic) -> None:
    with filled.client(api_key=key(filled, _=["write"])) as client:
        with pytest.raises(AuthorizationException):
            client.indices.get_mapping(index="*")
        with pytest.raises(AuthorizationException):
            client.open_point_in_time(index="*", keep_alive="1m")
        with pytest.raises(AuthorizationException):
            client.indices.get_data_stream()
        with pytest.raises(AuthorizationException, match=r"for API key id \[\S+\] of user \[administrator\], this"):
            client.search(index="*")


def test_rights_on_an_index_do_not_cover_its_alias(filled: LocalElastic) -> None:
    with filled.client(api_key=key(filled, other=["read"])) as client, pytest.raises(AuthorizationException):
        client.search(index="recent")
    with filled.client(api_key=key(filled, recent=["read"])) as client:
        assert found(client.search(index="recent")) == ["other"]
        assert found(client.search(index="*")) == ["other"]
        with pytest.raises(AuthorizationException):
            client.search(index="other")


def test_an_alias_beside_its_index_is_not_searched_twice(filled: LocalElastic) -> None:
    with filled.client() as client:
        assert found(client.search(index="other,recent")) == ["other"]


def test_metadata_and_documents_are_apart(filled: LocalElastic) -> None:
    with filled.client(api_key=key(filled, _log_=["view_index_metadata"])) as client:
        assert client.indices.get_mapping(index="logs-1")
        assert client.field_caps(index="logs-1", fields="*")["fields"]
        with pytest.raises(AuthorizationException):
            client.search(index="logs-1")
    with filled.client(api_key=key(filled, _log_=["read"])) as client:
        assert client.field_caps(index="logs-1", fields="*")["fields"]
        assert client.indices.resolve_index(name="logs-1")["indices"]
        with pytest.raises(AuthorizationException, match=r"privileges \[view_index_metadata,manage,all\]"):
            client.indices.get_mapping(index="logs-1")


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.info(),
        lambda client: client.cat.indices(),
        lambda client: client.cluster.health(),
        lambda client: client.nodes.info(),
        lambda client: client.license.get(),
    ],
)
def test_the_cluster_is_shown_to_monitors_only(filled: LocalElastic, call: Callable[[Elasticsearch], object]) -> None:
    with (
        filled.client(api_key=key(filled, _=["all"])) as client,
        pytest.raises(AuthorizationException, match=r"granted by the cluster privileges \[monitor,manage,all\]"),
    ):
        call(client)


def test_a_monitor_sees_the_cluster(filled: LocalElastic) -> None:
    with filled.client(api_key=key(filled, "monitor", _log_=["monitor"])) as client:
        assert client.info()["cluster_name"]
        assert client.cluster.health()["status"]
        shown = client.cat.indices(format="json", h="index")
        assert [row["index"] for row in shown] == ["logs-1", "logs-2"]  # type: ignore[index]
        with pytest.raises(AuthorizationException):
            client.cat.indices(index="other")


def refused_writes() -> list[Any]:
    return [
        lambda client: client.index(index="logs-1", document={}),
        lambda client: client.index(index="logs-1", id="1", document={}),
        lambda client: client.create(index="logs-1", id="2", document={}),
        lambda client: client.update(index="logs-1", id="1", doc={}),
        lambda client: client.delete(index="logs-1", id="1"),
        lambda client: client.delete_by_query(index="logs-*", query={"match_all": {}}),
        lambda client: client.update_by_query(index="logs-*"),
        lambda client: client.bulk(operations=[{"delete": {"_index": "logs-1", "_id": "1"}}]),
        lambda client: client.indices.create(index="logs-3"),
        lambda client: client.indices.delete(index="logs-1"),
        lambda client: client.indices.put_mapping(index="logs-1", properties={"a": {"type": "keyword"}}),
        lambda client: client.indices.put_settings(index="logs-1", settings={}),
        lambda client: client.indices.put_alias(index="logs-1", name="x"),
        lambda client: client.indices.refresh(index="logs-1"),
        lambda client: client.indices.put_index_template(name="t", index_patterns=["t*"]),
        lambda client: client.indices.update_aliases(actions=[{"add": {"index": "logs-1", "alias": "x"}}]),
        lambda client: client.reindex(source={"index": "logs-1"}, dest={"index": "x"}),
        lambda client: client.cluster.put_settings(persistent={}),
    ]


@pytest.mark.parametrize("call", refused_writes())
def test_a_reader_writes_nothing(filled: LocalElastic, call: Callable[[Elasticsearch], object]) -> None:
    with filled.client(api_key=key(filled, _=READER)) as client:
        with pytest.raises(AuthorizationException):
            call(client)
        assert found(client.search(index="*")) == ["logs-1", "logs-2", "other"]
        assert client.get(index="logs-1", id="1")["_source"] == {"message": "logs-1"}


def test_a_writer_writes_what_is_there(filled: LocalElastic) -> None:
    with filled.client(api_key=key(filled, _log_=["write"])) as client:
        assert client.index(index="logs-1", id="2", document={"message": "new"})["result"] == "created"
        assert client.delete(index="logs-1", id="2")["result"] == "deleted"
        with pytest.raises(AuthorizationException, match=r"indices:data/read/get"):
            client.get(index="logs-1", id="1")
        with pytest.raises(AuthorizationException, match=r"action \[indices:admin/auto_create\]"):
            client.index(index="logs-new", document={})
    with filled.client(api_key=key(filled, _log_=["write", "create_index"])) as client:
        assert client.index(index="logs-new", document={})["result"] == "created"


def test_who_may_only_add_changes_nothing(filled: LocalElastic) -> None:
    with filled.client(api_key=key(filled, _log_=["create_doc"])) as client:
        assert client.index(index="logs-1", document={})["result"] == "created"
        assert client.create(index="logs-1", id="2", document={})["result"] == "created"
        with pytest.raises(AuthorizationException):
            client.index(index="logs-1", id="1", document={})
        with pytest.raises(AuthorizationException):
            client.update(index="logs-1", id="1", doc={})
        with pytest.raises(AuthorizationException):
            client.delete(index="logs-1", id="1")


def test_bulk_items_are_refused_one_by_one(filled: LocalElastic) -> None:
    operations: list[dict[str, Any]] = [
        {"index": {"_index": "logs-1", "_id": "2"}},
        {"message": "new"},
        {"index": {"_index": "other", "_id": "2"}},
        {"message": "new"},
        {"delete": {"_index": "logs-2", "_id": "1"}},
        {"create": {"_index": "logs-3", "_id": "1"}},
        {"message": "new"},
    ]
    with filled.client(api_key=key(filled, _log_=["write"])) as client:
        answer = client.bulk(operations=operations, refresh=True)
        alone = client.bulk(operations=operations[2:4])
    items = [next(iter(item.items())) for item in answer["items"]]
    assert [(operation, item["_index"], item["status"]) for operation, item in items] == [
        ("index", "logs-1", 201),
        ("index", "other", 403),
        ("delete", "logs-2", 200),
        ("create", "logs-3", 403),
    ]
    assert answer["errors"] is True
    assert "on indices [other]" in items[1][1]["error"]["reason"]
    assert "action [indices:admin/auto_create]" in items[3][1]["error"]["reason"]
    assert [item["index"]["status"] for item in alone["items"]] == [403]
    with filled.client() as client:
        assert found(client.search(index="*")) == ["logs-1", "logs-1", "other"]


@pytest.mark.parametrize("body", [b"{}\n", b'{"index":\n', b'{"index":{}}\n{}\n', b'{"index":{"_index":"logs-1"}}\n'])
def test_a_bulk_that_cannot_be_read_is_refused(filled: LocalElastic, body: bytes) -> None:
    headers = {"Authorization": f"ApiKey {key(filled, _log_=['write'])}", "Content-Type": "application/x-ndjson"}
    answer = filled.request("POST", "/_bulk", body=body, headers=headers)
    assert answer.status == 400


def test_documents_are_got_one_by_one(filled: LocalElastic) -> None:
    with filled.client(api_key=key(filled, _log_=["read"])) as client:
        docs = [{"_index": "logs-1", "_id": "1"}, {"_index": "other", "_id": "1"}, {"_index": "logs-2", "_id": "9"}]
        first, second, third = client.mget(docs=docs)["docs"]
        assert first["_source"] == {"message": "logs-1"}
        assert second["error"]["type"] == "security_exception"
        assert third["found"] is False
        assert client.mget(index="logs-1", ids=["1"])["docs"][0]["found"]
        assert client.mget(index="other", ids=["1"])["docs"][0]["error"]
        with pytest.raises(BadRequestError):
            client.mget(docs=[{"_id": "1"}])


def test_several_searches_fail_one_by_one(filled: LocalElastic) -> None:
    with filled.client(api_key=key(filled, _log_=["read"])) as client:
        searches: list[dict[str, Any]] = [{"index": "*"}, {}, {"index": ["other"]}, {}, {"index": "logs-3"}, {}, {}, {}]
        answers = client.msearch(searches=searches)["responses"]
        assert [answer["status"] for answer in answers] == [200, 403, 404, 200]
        assert found(answers[0]) == found(answers[3]) == ["logs-1", "logs-2"]
        assert found(client.msearch(index="logs-1", searches=[{}, {}])["responses"][0]) == ["logs-1"]


def test_an_index_is_asked_for_by_head(filled: LocalElastic) -> None:
    with filled.client(api_key=key(filled, _log_=["view_index_metadata"])) as client:
        assert client.indices.exists(index="logs-1")
        assert not client.indices.exists(index="logs-3")
        with pytest.raises(ApiError) as refused:
            client.indices.exists(index="other")
        assert refused.value.status_code == 403


def test_hidden_indices_are_found_when_asked_for(filled: LocalElastic) -> None:
    with filled.client() as client:
        client.index(index=".logs-hidden", document={}, refresh=True)
    with filled.client(api_key=key(filled, _log_=["read"])) as client:
        assert found(client.search(index="*")) == ["logs-1", "logs-2"]
        assert found(client.search(index=".logs*")) == [".logs-hidden"]
        assert found(client.search(index="*", expand_wildcards="all")) == [".logs-hidden", "logs-1", "logs-2"]


def test_there_are_no_data_streams(filled: LocalElastic) -> None:
    with filled.client(api_key=key(filled, _=READER)) as client:
        assert client.indices.get_data_stream().body == {"data_streams": []}
        assert client.indices.get_data_stream(name="*log*").body == {"data_streams": []}
        with pytest.raises(NotFoundError):
            client.indices.get_data_stream(name="logs")


def test_indices_are_made_and_deleted_by_who_may(filled: LocalElastic) -> None:
    with filled.client(api_key=key(filled, _log_=["manage"])) as client:
        assert client.indices.create(index="logs-3")["acknowledged"]
        assert client.indices.delete(index="logs-3")["acknowledged"]
        with pytest.raises(AuthorizationException):
            client.indices.delete(index="logs-1,other")
        with pytest.raises(BadRequestError, match="Wildcard expressions or all indices are not allowed"):
            client.indices.delete(index="logs-*")
