from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli.collector import ElasticsearchCollector, crashes_the_collector
from asayer_cli.entries import LogEntry
from asayer_cli.sandbox.elastic import samples as elastic_samples
from asayer_cli.tag import Reason

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]
NOW = datetime(2026, 11, 22, 0, 20, tzinfo=UTC)


def documents(client: Elasticsearch, index: str) -> list[Any]:
    hits: list[Any] = client.search(index=index, size=100)["hits"]["hits"]
    return hits


def judged(hits: list[Any]) -> Counter[Reason | None]:
    """Count the verdicts on what was meant as a tagged error."""
    counted: Counter[Reason | None] = Counter()
    for hit in hits:
        source = hit["_source"]
        entry = LogEntry(None, str(source.get("message", "")), hit["_index"], hit["_id"], source)
        verdict = ElasticsearchCollector().judge(entry)
        if verdict and (verdict.near_miss or verdict.collectible):
            counted[verdict.reason] += 1
    return counted


def test_samples_have_what_is_collected_and_each_near_miss(elastic: LocalElastic) -> None:
    elastic_samples.load(elastic.url, elastic.username, elastic.password, NOW)
    with elastic.client() as client:
        verdicts = judged(documents(client, "*log*"))
    assert verdicts == {
        None: elastic_samples.COLLECTIBLE,
        Reason.MISSING_ERROR_TAG: 1,
        Reason.MISSING_UTC_TIME: 1,
        Reason.BAD_UTC_TIME: 1,
        Reason.MESSAGE_NOT_TEXT: 1,
        Reason.ID_OUT_OF_RANGE: 1,
        Reason.ID_NOT_NUMERIC: 1,
        Reason.WRONG_TAG_NAME: 1,
        Reason.MALFORMED_TAG: 1,
    }


def test_the_collectors_own_search_finds_them(elastic: LocalElastic) -> None:
    elastic_samples.load(elastic.url, elastic.username, elastic.password, NOW)
    query = {
        "bool": {
            "filter": [
                {"match": {"message": {"query": "asayer_session_id="}}},
                {"term": {"tags": {"value": "error"}}},
                {"range": {"utc_time": {"gte": "2026-11-21T23:20:00Z", "lt": "2026-11-22T00:20:00Z"}}},
            ]
        }
    }
    with elastic.client() as client:
        hits = client.search(index="*log*", query=query, size=100, sort=[{"utc_time": "asc"}])["hits"]["hits"]
    assert judged(list(hits))[None] == elastic_samples.COLLECTIBLE


def test_samples_lie_in_an_index_for_each_day(elastic: LocalElastic) -> None:
    elastic_samples.load(elastic.url, elastic.username, elastic.password, NOW)
    with elastic.client() as client:
        names = set(client.indices.get_mapping(index="*"))
        by_default = set(client.indices.get_mapping(index="*log*"))
    days = {"shop-logs-2026.11.21", "shop-logs-2026.11.22"}
    assert by_default == days | {"catalog-items"}
    assert names == by_default | {"filebeat-shop-2026.11.21", "filebeat-shop-2026.11.22"}


def test_no_sample_stops_the_collector(elastic: LocalElastic) -> None:
    elastic_samples.load(elastic.url, elastic.username, elastic.password)
    with elastic.client() as client:
        hits = documents(client, "*")
    assert hits
    assert not any(crashes_the_collector(hit["_source"].get("utc_time")) for hit in hits)


def test_sessions_began_before_their_entries(elastic: LocalElastic) -> None:
    for session_id in elastic_samples.session_ids(NOW):
        assert session_id.may_be_real(NOW)
        assert (NOW - session_id.started_at).total_seconds() < 3600


def test_a_refusal_is_reported(elastic: LocalElastic) -> None:
    with pytest.raises(RuntimeError, match="unable to authenticate user"):
        elastic_samples.load(elastic.url, elastic.username, "wrong", NOW)
