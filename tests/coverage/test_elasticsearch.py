from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.collector import ElasticsearchCollector
from asayer_cli.coverage.elastic_source import ElasticSource, parted
from asayer_cli.coverage.measure import wishes_of
from asayer_cli.coverage.model import By
from asayer_cli.coverage.rules import UNTAGGED_ERROR, ErrorClass, class_of
from asayer_cli.elastic.coverage_query import Stratum, sampling
from asayer_cli.elastic.coverage_reading import CoverageReader
from asayer_cli.entries import LogEntry
from asayer_cli.integrations import ElasticAddress, ElasticIntegration, parse_api_key
from asayer_cli.tag import ASAYER
from tests.contracts import check_exchange, is_described
from tests.coverage.corpus import COLLECTIBLE, CORPUS, UNTAGGED
from tests.coverage.test_cloudwatch import classes
from tests.verification.conftest import document

if TYPE_CHECKING:
    from tests.coverage.conftest import Coverage
    from tests.verification.conftest import Admin, Doc

TYPES = {
    "log": {"properties": {"level": {"type": "keyword"}}},
    "service": {"properties": {"name": {"type": "keyword"}}},
}
TAGGED = "[asayer_session_id=42] payment refused"
NO_TIME: dict[str, None] = {"utc_time": None}
OF_FIELDS: dict[str, tuple[Doc, str | None]] = {
    "tags say error, the words do not": (document(TAGGED), COLLECTIBLE),
    "one text instead of a list": (document(TAGGED, tags="error"), COLLECTIBLE),
    "the level says error": (document(TAGGED, tags=None, log={"level": "ERROR"}), "missing_error_tag"),
    "the level says info": (document(f"{TAGGED} error", tags=None, log={"level": "info"}), None),
    "another case of the tag": (document(f"{TAGGED} error", tags=["Error"]), "missing_error_tag"),
    "no utc_time": (document(TAGGED, utc_time=None), "missing_utc_time"),
    "no zone": (document(TAGGED, utc_time="2026-11-22T09:30:00"), "bad_utc_time"),
    "neither tags nor time": (document(f"{TAGGED} error", tags=None, utc_time=None), "missing_error_tag"),
    "nothing at all": (document("payment refused"), UNTAGGED),
    "no message": (document(None, log={"level": "error"}), UNTAGGED),
}


def class_here(doc: Doc) -> str | None:
    message = doc.get("message")
    found = class_of(LogEntry(None, str(message or ""), "", "", doc), ElasticsearchCollector())
    return found.name if found else None


@pytest.fixture(scope="module")
def messages(admin: Admin) -> str:
    return admin.index([document(message, tags=None, utc_time=None) for message in CORPUS], TYPES)


def test_aggregations_class_each_message_as_the_collector_does(messages: str, admin: Admin, coverage: Coverage) -> None:
    expected = Counter(filter(None, (class_here(document(message, tags=None, utc_time=None)) for message in CORPUS)))
    before = len(admin.front("elastic").exchanges())
    run = coverage(indices=(messages,))
    assert run.code == 0, run.err
    exchanges = [exchange for exchange in admin.front("elastic").exchanges()[before:] if is_described(exchange)]
    assert len(exchanges) > 5
    assert [problem for exchange in exchanges for problem in check_exchange(exchange)] == []
    [found] = run.data["sources"][0]["groups"]
    assert classes(found) == expected
    assert found["exact"]


def test_fields_decide_too(admin: Admin, coverage: Coverage) -> None:
    docs = [doc for doc, _ in OF_FIELDS.values()]
    assert {name: class_here(doc) for name, (doc, _) in OF_FIELDS.items()} == {
        name: expected for name, (_, expected) in OF_FIELDS.items()
    }
    [found] = coverage(indices=(admin.index(docs, TYPES),)).data["sources"][0]["groups"]
    assert classes(found) == Counter(expected for _, expected in OF_FIELDS.values() if expected)


def test_what_a_search_cannot_tell_is_estimated(admin: Admin, elastic_key: dict[str, str]) -> None:
    docs = [document("[asayer_session_id=42] ERROR", timedelta(minutes=minute)) for minute in range(90)]
    docs += [document("[asayer_session_id=x] ERROR", timedelta(minutes=minute)) for minute in range(30)]
    docs += [document("ERROR", timedelta(minutes=minute)) for minute in range(40)]
    index = admin.index(docs, TYPES)
    key = parse_api_key(elastic_key["ASAYER_ELASTIC_API_KEY"])
    integration = ElasticIntegration(ElasticAddress(url=elastic_key["ASAYER_ELASTIC_URL"]), key, (index,))
    now = datetime.now(UTC)
    wishes = wishes_of(ASAYER, now - timedelta(hours=2), None, None, now)
    source = ElasticSource(CoverageReader(integration, ASAYER), (index,), samples=60)
    counted = source.count(wishes, By.INDEX)
    [group] = counted.groups
    assert not group.exact
    assert (group.errors, sum(point.errors for point in group.series)) == (160, 160)
    reasons = {rejection.reason: rejection.count for rejection in group.rejected}
    assert reasons["untagged"] == 40
    assert group.collectible + reasons["id_not_numeric"] == 120
    assert 60 < group.collectible < 115
    assert counted.complete
    assert "up to 60 entries" in counted.remarks[0]


def test_services_and_data_streams_and_mappings(admin: Admin, coverage: Coverage) -> None:
    tagged = "[asayer_session_id=42] ERROR"
    mapped = {"message": {"type": "keyword"}, **TYPES}
    named = admin.index([document(tagged, service={"name": "api"}), document("ERROR", service={"name": "web"})], TYPES)
    other = admin.index([document(tagged), document("fine"), document("CRITICAL", tags=None)], mapped)
    run = coverage("--by", "service", indices=(named, other))
    assert {group["name"]: classes(group) for group in run.data["sources"][0]["groups"]} == {
        "api": {COLLECTIBLE: 1},
        "web": {UNTAGGED: 1},
        "(no service.name)": {"unsearchable_field": 1, UNTAGGED: 2},
    }
    by_index = coverage("--by", "stream", indices=(named, other)).data["sources"][0]
    assert {group["name"] for group in by_index["groups"]} == {named, other}
    assert by_index["remarks"] == ["there is no stream here to group by"]


def test_only_an_index_that_may_hold_errors_makes_the_count_incomplete(admin: Admin, coverage: Coverage) -> None:
    logs, catalog = admin.index([document("ERROR")]), f"verify-catalog-{uuid.uuid4().hex}"
    admin.elastic("PUT", f"/{catalog}", {"mappings": {"properties": {"price": {"type": "float"}}}})
    unreadable = admin.index([], {"utc_time": {"type": "ip"}, "@timestamp": {"type": "ip"}})
    run = coverage(indices=(logs, catalog))
    assert (run.code, run.data["errors"], run.data["complete"]) == (0, 1, True)
    assert run.data["sources"][0]["remarks"] == [f"index {catalog} has no log messages with a time, and is left out"]
    for indices in ((logs, unreadable), (catalog,)):
        run = coverage(indices=indices)
        assert (run.code, run.data["complete"]) == (5, False)
        [note] = run.data["sources"][0]["notes"]
        assert note == f"index {indices[-1]} has no time that can be searched, and is left out"


def test_no_cluster_scores_all_its_errors_for_one_sample() -> None:
    errors = Stratum({"match_all": {}}, sure=True, found=False, decided=True)
    assert "function_score" in sampling(errors, {"match_all": {}}, None, 2)["query"]
    assert "function_score" not in sampling(errors, {"match_all": {}}, None, 1)["query"]


@pytest.mark.parametrize("expression", ["nothing-log", "nothing-log-*"])
def test_no_index_is_no_success(coverage: Coverage, expression: str) -> None:
    run = coverage("--fail-under", "90", indices=(expression,))
    assert run.code == 2
    assert run.json["errors"][0]["code"] == "index_not_found"


def test_failed_shards_and_refused_keys(admin: Admin, coverage: Coverage) -> None:
    index, group = admin.index([document("ERROR")]), admin.log(["ERROR"])
    front = admin.front("elastic")
    front.change(shard_failures=1)
    try:
        run = coverage(indices=(index,))
    finally:
        front.change(shard_failures=0)
    assert run.code == 5
    assert "1 of 2 shards failed" in run.data["sources"][0]["notes"][0]
    half = coverage(groups=(group,), indices=(index,), env={"ASAYER_ELASTIC_API_KEY": "a:b"})
    assert half.code == 4
    assert [source["errors"] for source in half.data["sources"]] == [1, 0]
    assert half.data["sources"][1]["failure"]["code"] == half.json["errors"][0]["code"] == "credentials_rejected"


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=20),
    st.dictionaries(st.sampled_from([UNTAGGED_ERROR, ErrorClass("a", tagged=True), None]), st.integers(1, 9)),
)
def test_parts_are_whole_and_keep_to_the_shares(numbers: list[int], given_shares: dict[ErrorClass | None, int]) -> None:
    times: dict[datetime | None, int] = {
        datetime.fromtimestamp(second, UTC): number for second, number in enumerate(numbers)
    }
    parts = list(parted(times, Counter(given_shares)))
    assert all(number >= 0 for _, _, number in parts)
    for when, number in times.items():
        assert sum(part for at, _, part in parts if at == when) == number
    whole = sum(given_shares.values())
    for error, share in given_shares.items():
        found = sum(part for _, of, part in parts if of == error)
        assert abs(found - sum(numbers) * share / whole) < len(given_shares)
