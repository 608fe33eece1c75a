from __future__ import annotations

import collections
import itertools
import queue
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli.elastic.connection import connect
from asayer_cli.elastic.session_source import ElasticSessionSource, elastic_sources
from asayer_cli.elastic.slices import Sizes
from asayer_cli.entries import Window, milliseconds
from asayer_cli.errors import AsayerError, PermissionDeniedError
from asayer_cli.integrations import ElasticAddress, ElasticIntegration
from asayer_cli.reporting import Silent
from asayer_cli.sandbox.faults import Fault
from asayer_cli.session_id import SessionId
from asayer_cli.sources import Found, SessionSearch, Span
from asayer_cli.tag import ASAYER, OPENREPLAY
from tests.elastic.support import ALL_LOGS, HOUR, NOW, document, make_key, store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.tag import TagConvention
    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]
SESSION = SessionId.starting_at(NOW - timedelta(minutes=30), 7)
TAG = f"[asayer_session_id={SESSION}]"
SMALL = Sizes(first_page=9, sliced_from=40, slices=3)


def source(elastic: LocalElastic, indexes: tuple[str, ...] = ALL_LOGS, **options: Any) -> ElasticSessionSource:
    """Return a source with a key of its own, in a hurry."""
    cluster = replace(connect(ElasticAddress(elastic.url), make_key(elastic), environ={}), pauses=(0.01, 0.01))
    return ElasticSessionSource(cluster, indexes, Silent(), **options)


def asked(
    *ids: SessionId, window: Window = HOUR, convention: TagConvention = ASAYER, context: int = 0
) -> SessionSearch:
    return SessionSearch(convention, (Span(window, frozenset(ids or (SESSION,))),), context)


def messages(found: Iterator[Found]) -> list[str]:
    return [each.entry.message for each in found]


def ago(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)


def index(elastic: LocalElastic, name: str, properties: dict[str, Any], documents: list[dict[str, object]]) -> None:
    """Make an index with any mapping, and fill it."""
    with elastic.client() as client:
        client.indices.create(index=name, mappings={"dynamic": "false", "properties": properties})
        lines = [line for each in documents for line in ({"index": {"_index": name}}, each)]
        assert not lines or not client.bulk(operations=lines, refresh=True)["errors"]


DATE = {"@timestamp": {"type": "date"}}
ECS = {
    **DATE,
    "message": {"type": "match_only_text"},
    "error": {
        "properties": {
            "message": {"type": "match_only_text"},
            "stack_trace": {"type": "wildcard", "fields": {"text": {"type": "match_only_text"}}},
        }
    },
}


def test_the_tag_is_found_wherever_a_mapping_lets_it_be(elastic: LocalElastic) -> None:
    def at(minutes: float) -> str:
        return (NOW - ago(minutes)).isoformat()

    index(
        elastic,
        "ecs-logs",
        ECS,
        [
            {"@timestamp": at(9), "message": f"1 {TAG}"},
            {"@timestamp": at(8), "message": "2", "error": {"message": f"boom {TAG}"}},
            {"@timestamp": at(7), "message": "3", "error.stack_trace": f"Traceback\n  at a.b(c) {TAG}\nKeyError"},
            {"@timestamp": at(6), "message": f'4 {{"asayer_session_id": "{SESSION}"}}'},
            {"@timestamp": at(5), "message": f"5 asayer_session_id\\u003d{SESSION}"},
            {"@timestamp": at(5), "message": f"of {SESSION.value - 1} {SESSION}"},
            {"@timestamp": at(5), "message": f"[asayer_session_id={SESSION}9] asayer_session_id {SESSION}"},
        ],
    )
    store(elastic, "key-logs", [document(f"6 {TAG}\nmore", ago(4))], {"message": "keyword"})
    wild = {**DATE, "message": {"type": "keyword"}, "log": {"properties": {"original": {"type": "wildcard"}}}}
    index(elastic, "wild-logs", wild, [{"@timestamp": at(3), "message": "7", "log": {"original": f"x {TAG} y"}}])
    otel = {**DATE, "body": {"properties": {"text": {"type": "text"}}}, "asayer_session_id": {"type": "unsigned_long"}}
    index(
        elastic,
        "otel-logs",
        otel,
        [
            {"@timestamp": at(2), "message": "8", "body": {"text": f"x {TAG}"}},
            {"@timestamp": at(1), "message": "9", "asayer_session_id": SESSION.value},
        ],
    )
    fielded = {"utc_time": {"type": "date"}, "asayer_session_id": {"type": "keyword"}}
    index(elastic, "old-logs", fielded, [{"utc_time": at(0), "message": "10", "asayer_session_id": [str(SESSION)]}])
    found = list((mine := source(elastic)).find(asked()))
    assert [each.entry.message.split()[0] for each in found] == [str(number) for number in range(1, 11)]
    assert {each.session_id for each in found} == {SESSION}
    assert mine.reading().notes == ()


def test_texts_that_no_search_finds_are_read_or_told_of(elastic: LocalElastic) -> None:
    keyword = {"type": "keyword", "ignore_above": 50}
    long = [f"{TAG} {'x' * 60}", "y" * 60, f"{TAG} short"]
    written: list[dict[str, object]] = [
        {"@timestamp": (NOW - ago(3 - number)).isoformat(), "message": text} for number, text in enumerate(long)
    ]
    index(elastic, "long-logs", {**DATE, "message": keyword}, written)
    mine = source(elastic)
    assert (messages(mine.find(asked())), mine.reading().notes) == ([long[0], long[2]], ())
    index(elastic, "flat-logs", {**DATE, "message": {"type": "flattened"}}, [])
    for name, kind in (("flattened-logs", "flattened"), ("nested-logs", "nested")):
        index(elastic, name, {**DATE, "message": {"type": "text"}, "error": {"type": kind}}, written[2:])
    mine = source(elastic)
    assert len(list(mine.find(asked()))) == 4
    assert mine.reading().notes == ("message is kept but cannot be searched in flat-logs",)
    assert mine.reading().remarks == tuple(
        f"error is kept but cannot be searched in {kind}-logs" for kind in ("flattened", "nested")
    )


def test_windows_and_ids_belong_together(elastic: LocalElastic) -> None:
    first, second = SessionId(1), SessionId(2)
    store(
        elastic,
        "app-logs",
        [document(f"[asayer_session_id={number}] at {at}", ago(at)) for number in (1, 2, 12) for at in (50, 20)],
    )
    early, late = Window(NOW - ago(60), NOW - ago(40)), Window(NOW - ago(30), NOW)
    search = SessionSearch(ASAYER, (Span(early, frozenset([first])), Span(late, frozenset([first, second]))))
    assert messages(source(elastic).find(search)) == [
        "[asayer_session_id=1] at 50",
        "[asayer_session_id=1] at 20",
        "[asayer_session_id=2] at 20",
    ]
    many = asked(*map(SessionId, range(100)))
    assert len(list(source(elastic).find(many))) == 6


def test_nanoseconds_decide_the_order_between_indices(elastic: LocalElastic) -> None:
    moment = NOW - ago(5)
    nanos = {"@timestamp": {"type": "date_nanos"}, "message": {"type": "text"}}

    def at(fraction: str) -> str:
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction}Z"

    texts = ["000000001", "000000900", "001000000", "001000002"]
    index(elastic, "a-logs", nanos, [{"@timestamp": at(text), "message": f"{text} {TAG}"} for text in texts[1:]])
    index(elastic, "b-logs", nanos, [{"@timestamp": at(texts[0]), "message": f"{texts[0]} {TAG}"}])
    store(elastic, "c-logs", [{"@timestamp": at("000"), "message": f"000 {TAG}"}])
    store(elastic, "d-logs", [{"@timestamp": at("001"), "message": f"001 {TAG}"}])
    found = [message.split()[0] for message in messages(source(elastic).find(asked()))]
    assert found[:3] == ["000", *texts[:2]]
    assert set(found[3:5]) == {"001", texts[2]}
    assert found[5:] == texts[3:]
    cut = Window(moment, moment + timedelta(microseconds=1))
    assert len(list(source(elastic).find(asked(window=cut)))) == 3


def test_entries_without_an_indexed_time_come_as_well(elastic: LocalElastic) -> None:
    store(
        elastic,
        "app-logs",
        [
            document(f"1 {TAG}", ago(9)),
            document(f"2 {TAG}", ago(8), **{"@timestamp": None}),
            document(f"3 {TAG}", ago(7)),
            document(f"9 {TAG}", **{"@timestamp": None, "utc_time": None}),
            document(f"outside {TAG}", ago(600), **{"@timestamp": None}),
        ],
    )
    store(
        elastic,
        "raw-logs",
        [document(f"0 {TAG}", ago(10)), document(f"outside {TAG}", ago(600))],
        {"@timestamp": None, "utc_time": None},
    )
    store(elastic, "key-logs", [document(f"4 {TAG}", ago(6), utc_time="x")], {"utc_time": "keyword"})
    mine = source(elastic)
    found = list(mine.find(asked()))
    assert [each.entry.message[0] for each in found] == list("012349")
    assert [each.time is None for each in found] == [False] * 5 + [True]
    assert mine.reading().notes == ()


def test_too_many_without_a_time_are_told_of(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [{"message": f"{TAG} {number}"} for number in range(13)])
    mine = source(elastic, sizes=Sizes(without_time=10))
    assert len(list(mine.find(asked()))) == 10
    assert "only the first 10 entries" in mine.reading().notes[0]


def many(elastic: LocalElastic, count: int = 180) -> list[str]:
    """Store entries, seven in each millisecond, in two indices mapped alike and one that is not."""
    names, start = ("a-logs", "b-logs", "key-logs"), NOW - ago(20)
    documents = [
        document(f"{number:04} {TAG}", NOW - (start + timedelta(milliseconds=number // 7))) for number in range(count)
    ]
    for place, name in enumerate(names):
        store(elastic, name, documents[place::3][::-1], {"message": "keyword"} if name == "key-logs" else {})
    return [f"{number:04}" for number in range(count)]


def check_complete(found: list[Found], wanted: list[str]) -> None:
    assert sorted(each.entry.message[:4] for each in found) == wanted
    times = [each.time for each in found if each.time]
    assert times == sorted(times)
    assert len(times) == len(wanted)


def test_slices_are_read_side_by_side_and_merged(elastic: LocalElastic) -> None:
    wanted = many(elastic, 75)
    mine = source(elastic, sizes=SMALL)
    check_complete(list(mine.find(asked())), wanted)
    bodies = [each["request_body"] for each in elastic.control.exchanges() if each["path"] == "/_search"]
    assert {body["slice"]["id"] for body in bodies if "slice" in body} == {"0", "1", "2"}
    assert mine.reading().notes == ()


@pytest.mark.parametrize("sizes", [SMALL, replace(SMALL, sliced_from=20_000)])
def test_a_point_that_is_gone_is_opened_anew(quick_elastic: LocalElastic, sizes: Sizes) -> None:
    wanted = many(quick_elastic)
    found = []
    for number, each in enumerate(source(quick_elastic, sizes=sizes).find(asked())):
        found.append(each)
        if number in (1, 30, 31, 120):
            quick_elastic.control.forget_points()
    check_complete(found, wanted)


def test_a_point_that_is_always_gone_is_an_error(quick_elastic: LocalElastic) -> None:
    many(quick_elastic, 100)
    ended = threading.Event()

    def forget() -> None:
        while not ended.wait(0.001):
            quick_elastic.control.forget_points()

    forgetting = threading.Thread(target=forget)
    forgetting.start()
    try:
        with pytest.raises(AsayerError) as lost:
            collections.deque(
                (list(source(quick_elastic, sizes=Sizes(first_page=5)).find(asked())) for _ in range(20)), 0
            )
    finally:
        ended.set()
        forgetting.join()
    assert (lost.value.code, lost.value.exit_code) == ("search_context_lost", 5)


def test_what_makes_an_answer_smaller_is_told(elastic: LocalElastic) -> None:
    wanted = many(elastic, 30)
    elastic.control.change(shard_failures=2)
    mine = source(elastic)
    check_complete(list(mine.find(asked())), wanted)
    assert "2 of " in mine.reading().notes[0]
    assert "shards failed" in mine.reading().notes[0]
    elastic.control.change(shard_failures=0, timed_out=True)
    mine = source(elastic)
    list(mine.find(asked()))
    assert mine.reading().notes == ("Elasticsearch ran out of time and answered with what it had",)


def test_cut_connections_and_throttling_lose_and_double_nothing(quick_elastic: LocalElastic) -> None:
    wanted = many(quick_elastic)
    quick_elastic.control.order(
        *(
            Fault("elastic", "search", kind, times=2, after=after)  # type: ignore[arg-type]
            for after, kind in ((0, "cut_after"), (3, "cut_before"), (6, "throttle"))
        ),
        Fault("elastic", "open_point_in_time", "cut_before"),
        Fault("elastic", "field_caps", "throttle"),
    )
    mine = source(quick_elastic, sizes=SMALL)
    check_complete(list(mine.find(asked())), wanted)
    assert mine.reading().notes == ()


def test_pages_shrink_where_documents_are_large(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [document(f"{TAG} {number} {'x' * 300_000}") for number in range(6)])
    found = list(source(elastic, sizes=Sizes(first_page=2)).find(asked()))
    assert len({each.entry.entry_id for each in found}) == 6
    bodies = [each["request_body"] for each in elastic.control.exchanges() if each["path"] == "/_search"]
    assert [body["size"] for body in bodies if "pit" in body] == [2, 5]


def test_neighbours_are_those_of_the_stream(elastic: LocalElastic) -> None:
    properties = {**DATE, "message": {"type": "text"}, "container": {"properties": {"id": {"type": "keyword"}}}}

    def line(place: int, text: str, container: str = "c1") -> dict[str, object]:
        return {
            "@timestamp": milliseconds(NOW - ago(5)) + place // 2,
            "message": text,
            "container": {"id": container},
        }

    texts = ["a", "b", f"{TAG} ERROR boom", "Traceback (most recent call last):", "  File x", "KeyError: 1", "c", "d"]
    lines = [line(place, text) for place, text in enumerate(texts)]
    others = [line(place, f"of another {place}", "c2") for place in range(len(texts))]
    index(elastic, "app-logs", properties, [each for pair in zip(lines, others, strict=True) for each in pair])
    store(elastic, "bare-logs", [document(f"{TAG} without a stream", ago(1))])
    mine = source(elastic)
    found, bare = mine.find(asked(context=1))
    assert [entry.message for entry in found.before] == ["b"]
    assert [entry.message for entry in found.trace] == texts[3:6]
    assert [entry.message for entry in found.after] == ["c"]
    assert found.entry.stream == "c1"
    assert (bare.before, bare.after) == ((), ())
    assert "bare-logs" in mine.reading().remarks[0]


def test_the_newest_document_and_the_newest_ingestion_are_told(elastic: LocalElastic) -> None:
    taken = NOW - ago(1)
    properties = {**DATE, "message": {"type": "text"}, "event": {"properties": {"ingested": {"type": "date"}}}}
    documents: list[dict[str, object]] = [
        {"@timestamp": (NOW - ago(9)).isoformat(), "message": TAG, "event": {"ingested": taken.isoformat()}},
        {"@timestamp": (NOW - ago(2)).isoformat(), "message": "another"},
        {"@timestamp": (NOW - ago(600)).isoformat(), "message": TAG, "event": {"ingested": NOW.isoformat()}},
    ]
    index(elastic, "app-logs", properties, documents)
    mine = source(elastic)
    (found,) = mine.find(asked())
    assert found.entry.ingested_at == taken
    reading = mine.reading()
    assert (reading.engine, reading.newest, reading.newest_ingestion) == ("search", NOW - ago(2), taken)


def test_names_that_are_missing_are_told(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [document(TAG)])
    mine = source(elastic, ("app-logs", "gone-logs"))
    assert messages(mine.find(asked())) == [TAG]
    assert mine.reading().notes == ("There is no index gone-logs",)
    nothing = source(elastic, ("nothing-*",))
    assert list(nothing.find(asked())) == []
    assert "matches no index" in nothing.reading().notes[0]
    store(elastic, "dark-logs", [])
    with elastic.client() as client:
        hidden = {"message": {"type": "text", "index": False}, "@timestamp": {"type": "date"}}
        client.indices.create(index="hidden-logs", mappings={"properties": hidden})
    dark = source(elastic, ("hidden-logs",))
    assert list(dark.find(asked())) == []
    assert dark.reading().notes == ("message is kept but cannot be searched in hidden-logs",)


def test_an_index_that_is_deleted_meanwhile_is_told(elastic: LocalElastic) -> None:
    wanted = many(elastic, 60)
    reading = source(elastic, sizes=SMALL)
    search = reading.find(asked())
    found = list(itertools.islice(search, 2))
    with elastic.client() as client:
        client.indices.delete(index="b-logs")
    elastic.control.forget_points()
    found += search
    places = {each.entry.message[:4]: each.entry.place for each in found}
    assert set(places) >= set(wanted[::3]) | set(wanted[2::3])
    assert len(places) == len(found)


def test_a_key_without_the_right_is_an_error(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [])
    key = make_key(elastic, {"indices": []})
    (mine,) = elastic_sources(ElasticIntegration(ElasticAddress(elastic.url), key, ("app-logs",)), Silent())
    assert (mine.name, mine.place) == ("elastic", "indices app-logs at 127.0.0.1")
    with pytest.raises(PermissionDeniedError):
        list(mine.find(asked()))
    mine.close()


def test_openreplay_writes_its_tag_in_its_own_way(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [document(f"[openReplaySession.id={SESSION}] boom"), document(TAG)])
    assert len(list(source(elastic).find(asked(convention=OPENREPLAY)))) == 1


def test_what_comes_later_is_followed_once_however_late(quick_elastic: LocalElastic) -> None:
    since_import = datetime.now(UTC) - NOW
    store(quick_elastic, "app-logs", [document(f"1 {TAG}", -since_import)])
    mine = source(quick_elastic, poll_seconds=0.1)
    search = asked(window=Window(NOW - ago(30), datetime.now(UTC) + ago(10)))
    assert len(list(mine.find(search))) == 1
    stopped, found = threading.Event(), queue.SimpleQueue[str]()

    def follow() -> None:
        for each in mine.follow(search, stopped):
            found.put(each.entry.message[0])

    following = threading.Thread(target=follow)
    following.start()
    try:
        with quick_elastic.client() as client:
            for number, age in ((2, timedelta()), (3, ago(2)), (4, -timedelta(seconds=5))):
                client.index(index="app-logs", document=document(f"{number} {TAG}", age - since_import), refresh=True)
                assert found.get(timeout=20) == str(number)
        time.sleep(0.3)
    finally:
        stopped.set()
        following.join()
    assert found.empty()
