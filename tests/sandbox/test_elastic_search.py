from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from elasticsearch import ApiError, AuthorizationException, BadRequestError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elasticsearch import Elasticsearch

    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]
ADA = ("ada", "p")
BY_INDEX = {"field": "_index"}
ON_LOGS = {"terms": {"_index": ["logs-1", "logs-2"]}}


@pytest.fixture
def filled(elastic: LocalElastic) -> LocalElastic:
    """Seven documents: four, two and one in three indices; ada reads those of the logs."""
    with elastic.client() as client:
        for index, count in (("logs-1", 4), ("logs-2", 2), ("other", 1)):
            properties = {"tag": {"type": "keyword"}, "at": {"type": "date"}}
            client.indices.create(index=index, mappings={"properties": properties})
            operations: list[dict[str, Any]] = []
            for number in range(count):
                operations += [{"index": {}}, document(number)]
            client.bulk(index=index, operations=operations, refresh=True)
    grant = {"names": ["logs-*"], "privileges": ["read"]}
    elastic.control.change(users=[{"username": "ada", "password": "p", "indices": [grant]}])
    return elastic


def document(number: int) -> dict[str, object]:
    return {"tag": "odd" if number % 2 else "even", "at": f"2026-01-01T00:00:0{number}Z"}


@pytest.fixture
def administrator(filled: LocalElastic) -> Iterator[Elasticsearch]:
    with filled.client() as client:
        yield client


@pytest.fixture
def ada(filled: LocalElastic) -> Iterator[Elasticsearch]:
    with filled.client(user=ADA) as client:
        yield client


def by_index(answer: Any) -> dict[str, int]:
    return {bucket["key"]: bucket["doc_count"] for bucket in answer["aggregations"]["indices"]["buckets"]}


def open_pit(client: Elasticsearch, index: str = "*") -> dict[str, str]:
    return {"id": client.open_point_in_time(index=index, keep_alive="1m")["id"]}


def test_a_point_in_time_is_read_to_its_end(ada: Elasticsearch) -> None:
    pit = open_pit(ada)
    seen: list[tuple[str, str]] = []
    after = None
    while True:
        answer = ada.search(pit=pit, size=4, sort=[{"at": {"order": "asc"}}], search_after=after)
        assert answer["pit_id"]
        if not answer["hits"]["hits"]:
            break
        seen += [(hit["_index"], hit["_id"]) for hit in answer["hits"]["hits"]]
        after = answer["hits"]["hits"][-1]["sort"]
    assert len(seen) == len(set(seen)) == 6
    assert {index for index, _ in seen} == {"logs-1", "logs-2"}
    assert ada.close_point_in_time(id=pit["id"]).body == {"succeeded": True, "num_freed": 1}
    with pytest.raises(NotFoundError, match="No search context found"):
        ada.search(pit=pit)


def test_a_point_in_time_belongs_to_who_opened_it(administrator: Elasticsearch, ada: Elasticsearch) -> None:
    pit = open_pit(administrator, "logs-1")
    with pytest.raises(NotFoundError, match="search_phase_execution_exception"):
        ada.search(pit=pit)
    with pytest.raises(NotFoundError) as refused:
        ada.close_point_in_time(id=pit["id"])
    assert refused.value.body == {"succeeded": True, "num_freed": 0}
    assert administrator.search(pit=pit)["hits"]["total"]["value"] == 4


def test_two_keys_of_one_user_are_two(filled: LocalElastic, administrator: Elasticsearch) -> None:
    first, second = (administrator.security.create_api_key(name="k")["encoded"] for _ in range(2))
    with filled.client(api_key=first) as client:
        pit = open_pit(client)
    with filled.client(api_key=second) as client, pytest.raises(NotFoundError):
        client.search(pit=pit)


def test_rights_that_are_gone_end_a_point_in_time(filled: LocalElastic, ada: Elasticsearch) -> None:
    pit = open_pit(ada)
    grant = {"names": ["logs-2"], "privileges": ["read"]}
    filled.control.change(users=[{"username": "ada", "password": "p", "indices": [grant]}])
    with pytest.raises(AuthorizationException, match=r"on indices \[logs-1\]"):
        ada.search(pit=pit)


def test_a_point_in_time_on_nothing_finds_nothing(ada: Elasticsearch) -> None:
    pit = open_pit(ada, "nothing-*")
    answer = ada.search(pit=pit, sort=[{"_shard_doc": "asc"}], query={"match_all": {}})
    assert answer["hits"]["hits"] == []
    assert answer["pit_id"] == pit["id"]
    assert answer["_shards"]["total"] == 0
    assert ada.close_point_in_time(id=pit["id"])["num_freed"] == 1


def test_what_a_point_in_time_does_not_take(ada: Elasticsearch) -> None:
    with pytest.raises(BadRequestError, match="keep_alive"):
        ada.perform_request("POST", "/logs-1/_pit", headers={"accept": "application/json"})
    with pytest.raises(BadRequestError, match="cannot be used with point in time"):
        ada.search(index="logs-1", pit=open_pit(ada))
    with pytest.raises(AuthorizationException):
        open_pit(ada, "other")


def test_a_scroll_is_read_to_its_end_by_who_opened_it(administrator: Elasticsearch, ada: Elasticsearch) -> None:
    answer = ada.search(index="*", scroll="1m", size=4)
    scroll_id = answer["_scroll_id"]
    with pytest.raises(NotFoundError):
        administrator.scroll(scroll_id=scroll_id)
    rest = ada.scroll(scroll_id=scroll_id, scroll="1m")
    assert len(answer["hits"]["hits"]) + len(rest["hits"]["hits"]) == 6
    assert ada.clear_scroll(scroll_id=rest["_scroll_id"])["succeeded"]
    with pytest.raises(NotFoundError):
        ada.scroll(scroll_id=scroll_id)


def test_documents_are_counted_by_index(administrator: Elasticsearch, ada: Elasticsearch) -> None:
    aggregations = {"indices": {"terms": BY_INDEX}}
    assert by_index(administrator.search(size=0, aggs=aggregations)) == {"logs-1": 4, "logs-2": 2, "other": 1}
    assert by_index(ada.search(size=0, aggs=aggregations)) == {"logs-1": 4, "logs-2": 2}
    assert by_index(ada.search(pit=open_pit(ada), size=0, aggs=aggregations)) == {"logs-1": 4, "logs-2": 2}
    odd = {"term": {"tag": {"value": "odd"}}}
    assert by_index(administrator.search(size=0, query=odd, aggs=aggregations)) == {"logs-1": 2, "logs-2": 1}


def test_counts_by_index_are_sorted_and_cut(administrator: Elasticsearch) -> None:
    def counted(**options: object) -> Any:
        return administrator.search(size=0, aggs={"indices": {"terms": {**BY_INDEX, **options}}})

    assert list(by_index(counted())) == ["logs-1", "logs-2", "other"]
    assert list(by_index(counted(order={"_count": "asc"}))) == ["other", "logs-2", "logs-1"]
    assert list(by_index(counted(order={"_key": "desc"}))) == ["other", "logs-2", "logs-1"]
    first = counted(size=1)
    assert by_index(first) == {"logs-1": 4}
    assert first["aggregations"]["indices"]["sum_other_doc_count"] == 3
    assert by_index(counted(min_doc_count=2)) == {"logs-1": 4, "logs-2": 2}
    with pytest.raises(BadRequestError, match="the sandbox does not know"):
        counted(include="logs-.*")
    with pytest.raises(BadRequestError, match="orders"):
        counted(order={"max": "desc"})


def test_counts_by_index_stand_at_any_depth(administrator: Elasticsearch) -> None:
    inner = {"indices": {"terms": BY_INDEX, "aggs": {"tags": {"terms": {"field": "tag"}}}}}
    answer = administrator.search(
        size=0,
        aggs={
            "odd": {"filter": {"term": {"tag": {"value": "odd"}}}, "aggs": inner},
            "tags": {"terms": {"field": "tag"}},
        },
    )["aggregations"]
    buckets = answer["odd"]["indices"]["buckets"]
    assert [(bucket["key"], bucket["doc_count"]) for bucket in buckets] == [("logs-1", 2), ("logs-2", 1)]
    assert [bucket["tags"]["buckets"][0]["key"] for bucket in buckets] == ["odd", "odd"]
    assert {bucket["key"]: bucket["doc_count"] for bucket in answer["tags"]["buckets"]} == {"even": 4, "odd": 3}
    outer = administrator.search(size=0, aggs={"tags": {"terms": {"field": "tag"}, "aggs": inner}})["aggregations"]
    even = next(bucket for bucket in outer["tags"]["buckets"] if bucket["key"] == "even")
    assert [bucket["doc_count"] for bucket in even["indices"]["buckets"]] == [2, 1, 1]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"terms": {"_index": ["logs-1", "logs-2"]}}, 6),
        ({"term": {"_index": {"value": "other"}}}, 1),
        ({"bool": {"filter": [ON_LOGS, {"term": {"tag": {"value": "odd"}}}]}}, 3),
        ({"bool": {"must_not": [ON_LOGS]}}, 1),
        ({"bool": {"should": [ON_LOGS, {"term": {"_index": {"value": "other"}}}], "minimum_should_match": 1}}, 7),
        ({"prefix": {"_index": {"value": "logs"}}}, 6),
        ({"wildcard": {"_index": {"value": "*log*"}}}, 6),
    ],
)
def test_queries_ask_for_an_index(administrator: Elasticsearch, query: dict[str, Any], count: int) -> None:
    assert administrator.search(query=query)["hits"]["total"]["value"] == count
    pit = open_pit(administrator)
    assert administrator.search(pit=pit, query=query)["hits"]["total"]["value"] == count
    assert administrator.count(query=query)["count"] == count


def test_a_query_for_an_index_reaches_no_other(ada: Elasticsearch) -> None:
    query = {"terms": {"_index": ["logs-1", "other"]}}
    assert ada.search(index="*", query=query)["hits"]["total"]["value"] == 4


def test_shards_can_fail(filled: LocalElastic, administrator: Elasticsearch) -> None:
    filled.control.change(shard_failures=2)
    shards = administrator.search(index="logs-1")["_shards"]
    assert (shards["total"], shards["successful"], shards["failed"], len(shards["failures"])) == (3, 1, 2, 2)
    assert administrator.search(pit=open_pit(administrator))["_shards"]["failed"] == 2
    assert administrator.msearch(searches=[{}, {}])["responses"][0]["_shards"]["failed"] == 2
    with pytest.raises(ApiError) as refused:
        administrator.search(index="logs-1", allow_partial_search_results=False)
    assert refused.value.status_code == 503
    filled.control.change(shard_failures=0)
    assert administrator.search(index="logs-1")["_shards"]["failed"] == 0


def test_a_search_that_makes_no_sense_is_the_search_servers_400(ada: Elasticsearch) -> None:
    with pytest.raises(BadRequestError, match="parsing_exception"):
        ada.search(query={"mtach": {}})
