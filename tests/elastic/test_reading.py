from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from asayer_cli.collector import collector_for_elasticsearch
from asayer_cli.elastic.model import IndexKind
from asayer_cli.entries import Window
from asayer_cli.errors import AsayerError, CredentialsRejectedError, PermissionDeniedError
from asayer_cli.sandbox.faults import Fault
from asayer_cli.secret import Secret
from asayer_cli.tag import ASAYER, OPENREPLAY, Reason
from tests.elastic.support import HOUR, NOW, READ, document, make_key, reader, store

if TYPE_CHECKING:
    from asayer_cli.entries import LogEntry
    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]
TAGGED = "[asayer_session_id=42] ERROR boom"


def test_a_key_is_told_who_it_is(elastic: LocalElastic) -> None:
    key = make_key(elastic)
    identity = reader(elastic, key).identity()
    assert (identity.api_key_id, identity.username, identity.is_api_key) == (key.api_key_id, elastic.username, True)


def test_a_key_reads_its_own_record_without_privileges(elastic: LocalElastic) -> None:
    key = make_key(elastic, {"cluster": [], "indices": []}, expiration="90d")
    record = reader(elastic, key).key_record()
    assert record is not None
    assert record.id == key.api_key_id
    assert record.expires_at is not None
    assert timedelta(days=89) < record.expires_at - NOW < timedelta(days=91)
    assert record.alive_at(NOW)
    assert not record.alive_at(NOW + timedelta(days=92))


def test_a_wrong_an_expired_and_a_revoked_key_are_told_apart(elastic: LocalElastic) -> None:
    wrong = make_key(elastic)
    object.__setattr__(wrong, "api_key", Secret("not-the-key"))
    with pytest.raises(CredentialsRejectedError) as refused:
        reader(elastic, wrong).identity()
    assert refused.value.code == "credentials_rejected"
    expired = make_key(elastic, expiration="1d")
    elastic.control.change(expire_keys_now=[expired.api_key_id])
    with pytest.raises(CredentialsRejectedError, match=r"key \S+ has expired"):
        reader(elastic, expired).identity()
    revoked = make_key(elastic)
    with elastic.client() as client:
        client.security.invalidate_api_key(ids=[revoked.api_key_id])
    with pytest.raises(CredentialsRejectedError, match=r"key \S+ has been revoked"):
        reader(elastic, revoked).identity()


def test_matches_are_what_the_key_may_see(elastic: LocalElastic) -> None:
    for name in ("app-logs", "catalog", "orders", "web-log"):
        store(elastic, name, [])
    assert [match.name for match in reader(elastic).matches()] == ["app-logs", "catalog", "web-log"]
    assert {match.name: match.looks_like_log for match in reader(elastic).matches()}["catalog"] is False
    narrow = make_key(elastic, {"indices": [{"names": ["app-*"], "privileges": ["read"]}]})
    assert [(match.name, match.kind) for match in reader(elastic, narrow).matches()] == [("app-logs", IndexKind.INDEX)]


def test_a_missing_name_does_not_hide_the_others(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [])
    assert [match.name for match in reader(elastic, indexes=("app-logs", "gone-logs")).matches()] == ["app-logs"]
    assert reader(elastic, indexes=("gone-logs",)).matches() == ()
    assert reader(elastic, indexes=("gone-log*",)).matches() == ()


def test_names_are_found_without_the_right_to_resolve_them(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [])
    key = make_key(elastic)
    elastic.control.order(Fault("elastic", "indices.resolve_index", "denied", times=9))
    assert [match.name for match in reader(elastic, key).matches()] == ["app-logs"]
    assert [match.name for match in reader(elastic, key, ("app-logs", "gone-logs")).matches()] == ["app-logs"]


@pytest.mark.parametrize(
    ("names", "privileges", "may_read", "may_write"),
    [
        (["*log*"], ["read", "view_index_metadata"], True, False),
        (["app-*"], ["read"], True, False),
        (["*log*"], ["all"], True, True),
        (["*log*", "app-logs"], ["read", "create_doc"], True, True),
        (["other-*"], ["read"], False, False),
        (["*log*"], ["view_index_metadata"], False, False),
    ],
)
def test_rights_are_asked_for(
    elastic: LocalElastic,
    names: list[str],
    privileges: list[str],
    may_read: bool,  # noqa: FBT001 - expected values
    may_write: bool,  # noqa: FBT001 - the same
) -> None:
    store(elastic, "app-logs", [])
    mine = reader(elastic, make_key(elastic, {"indices": [{"names": names, "privileges": privileges}]}))
    assert (not mine.unreadable(), mine.may_write()) == (may_read, may_write)


def test_a_right_to_write_to_one_index_is_found(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [])
    store(elastic, "web-logs", [])
    role = {"indices": [*READ["indices"], {"names": ["web-logs"], "privileges": ["index"]}]}
    assert reader(elastic, make_key(elastic, role)).may_write()


def test_asking_for_rights_writes_nothing(elastic: LocalElastic) -> None:
    key = make_key(elastic, {"indices": [{"names": ["*log*"], "privileges": ["all"]}]})
    elastic.control.forget_requests()
    mine = reader(elastic, key)
    assert mine.may_write()
    assert {call["operation"] for call in elastic.control.requests()} <= {
        "security.has_privileges",
        "indices.resolve_index",
    }


def test_sound_fields_are_no_problem(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [])
    store(elastic, "catalog", [], {"message": None, "utc_time": None, "tags": None})
    assert reader(elastic).field_problems() == ()


@pytest.mark.parametrize(
    ("field", "kind", "shown", "effect"),
    [
        ("message", "keyword", "keyword", "compares the whole message"),
        ("message", "long", "long", "no text"),
        ("utc_time", "keyword", "keyword", "range"),
        ("utc_time", "long", "long", "stops the collector"),
        ("utc_time", None, "unmapped", "no time"),
        ("tags", None, "unmapped", "tag error"),
        ("tags", "long", "long", "no keyword"),
    ],
)
def test_fields_that_the_search_cannot_use_are_named(
    elastic: LocalElastic, field: str, kind: str | None, shown: str, effect: str
) -> None:
    store(elastic, "app-logs", [])
    store(elastic, "odd-logs", [], {field: kind})
    (problem,) = reader(elastic).field_problems()
    assert (problem.field, problem.mapped_as, problem.indices) == (field, shown, ("odd-logs",))
    assert effect in problem.effect
    assert len(reader(elastic).field_problems(OPENREPLAY)) == (field == "message")


def test_a_field_that_is_not_indexed_is_named(elastic: LocalElastic) -> None:
    with elastic.client() as client:
        properties = {
            "message": {"type": "text", "index": False},
            "utc_time": {"type": "date"},
            "tags": {"type": "keyword"},
        }
        client.indices.create(index="odd-logs", mappings={"properties": properties})
    (problem,) = reader(elastic).field_problems()
    assert problem.mapped_as == "text, not indexed"


def test_the_collectors_search_finds_what_the_collector_takes(elastic: LocalElastic) -> None:
    documents = [
        document(TAGGED, timedelta(minutes=3)),
        document("[Asayer_Session_Id=43] ERROR boom", timedelta(minutes=4)),
        document("[asayer_session_id=44] INFO fine", tags="error"),
        document("[asayer_session_id=45] ERROR boom", tags=["warning"]),
        document("[asayer_session_id=46] ERROR boom", tags="Error"),
        document("[asayer_session_id=47] ERROR boom", utc_time=None),
        document("[asayer_session_id=48] ERROR boom", timedelta(hours=2)),
        document("asayerSessionId=49 ERROR boom"),
        document("no tag at all"),
    ]
    store(elastic, "app-logs", documents)
    found = list(reader(elastic).collector_search(ASAYER, HOUR))
    assert [entry.message[:22] for entry in found] == [
        "[asayer_session_id=44]",
        "[Asayer_Session_Id=43]",
        "[asayer_session_id=42]",
    ]
    assert all(verdict and verdict.collectible for verdict in map(collector_for_elasticsearch(ASAYER).judge, found))
    entry = found[-1]
    assert (entry.time, entry.place) == (NOW - timedelta(minutes=3), "app-logs")
    assert entry.entry_id.startswith("app-logs/")
    assert entry.fields["tags"] == ["error"]


def test_the_window_is_half_open(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [document(TAGGED, timedelta(minutes=10)), document(TAGGED, timedelta(minutes=5))])
    window = Window(NOW - timedelta(minutes=10), NOW - timedelta(minutes=5))
    (found,) = reader(elastic).collector_search(ASAYER, window)
    assert found.time == window.start


def test_all_pages_are_read(elastic: LocalElastic) -> None:
    documents = [
        document(f"[asayer_session_id={number}] ERROR", timedelta(seconds=number % 7)) for number in range(1005)
    ]
    store(elastic, "app-logs", documents)
    mine = reader(elastic)
    found = [entry.entry_id for entry in mine.collector_search(ASAYER, HOUR)]
    assert (len(found), len(set(found))) == (1005, 1005)
    assert mine.take_notes() == ()


def test_a_point_in_time_is_closed_also_when_nobody_reads_on(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [document(TAGGED)])
    search = reader(elastic).collector_search(ASAYER, HOUR)
    next(iter(search))
    search.close()  # type: ignore[attr-defined]
    assert elastic.control.requests()[-1]["operation"] == "close_point_in_time"


def both_searches(elastic: LocalElastic) -> list[LogEntry]:
    """Return what the collector's search or the wider one finds."""
    mine = reader(elastic)
    return [*mine.collector_search(ASAYER, HOUR), *mine.suspect_search(ASAYER, HOUR)]


@pytest.mark.parametrize(
    "message",
    [
        TAGGED,
        "[ASAYER_SESSION_ID=42] ERROR boom",
        "[asayerSessionId=42] ERROR boom",
        "[asayer-session-id=42] ERROR boom",
        "[asayer session id=42] ERROR boom",
        "[asayer.session.id=42] ERROR boom",
        "[asayer_sessionId=42] ERROR boom",
        "[asayer_session_id: 42] ERROR boom",
        "asayer_session_id\\u003d42 ERROR boom",
        '{"asayer_session_id": "42", "level": "error"}',
    ],
)
@pytest.mark.parametrize("kind", ["text", "keyword"])
def test_whatever_was_meant_as_a_tag_is_a_suspect(elastic: LocalElastic, message: str, kind: str) -> None:
    store(elastic, "app-logs", [document(message), document("another session, another id")], {"message": kind})
    (found,) = both_searches(elastic)
    assert found.message == message


def test_a_message_that_is_too_long_for_its_keyword_is_a_suspect(elastic: LocalElastic) -> None:
    with elastic.client() as client:
        keyword = {"type": "keyword", "ignore_above": 20}
        client.indices.create(index="app-logs", mappings={"properties": {"message": keyword}})
        client.index(index="app-logs", document=document(TAGGED), refresh=True)
    assert [entry.message for entry in both_searches(elastic)] == [TAGGED]


@pytest.mark.parametrize(
    ("fields", "types"),
    [
        ({"utc_time": None}, {}),
        ({"@timestamp": None}, {}),
        ({"utc_time": None, "@timestamp": None}, {}),
        ({"utc_time": None}, {"utc_time": None}),
        ({}, {"utc_time": "keyword"}),
        ({"@timestamp": None}, {"utc_time": "keyword", "@timestamp": None}),
        ({"@timestamp": None, "utc_time": int((NOW - timedelta(minutes=1)).timestamp() * 1000)}, {"utc_time": "long"}),
        ({"tags": None}, {"tags": None}),
    ],
)
def test_suspects_are_found_by_either_time_and_without_any(
    elastic: LocalElastic, fields: dict[str, object], types: dict[str, str | None]
) -> None:
    store(elastic, "app-logs", [document(TAGGED, **fields), document(TAGGED, timedelta(hours=3), utc_time=None)], types)
    assert [entry.message for entry in both_searches(elastic)] == [TAGGED]


def test_indices_that_are_mapped_differently_are_all_searched(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [document(TAGGED)])
    store(elastic, "key-logs", [document(TAGGED)], {"message": "keyword"})
    store(elastic, "old-logs", [document(TAGGED, utc_time=NOW.timestamp() * 1000 - 1)], {"utc_time": "long"})
    store(elastic, "catalog", [], {"message": None})
    mine = reader(elastic)
    found = {entry.place for entry in mine.collector_search(ASAYER, HOUR)}
    suspects = {entry.place for entry in mine.suspect_search(ASAYER, HOUR)}
    assert "app-logs" in found
    assert found | suspects == {"app-logs", "key-logs", "old-logs"}
    assert not found & suspects
    assert mine.take_notes() == ()


def test_no_find_of_the_collector_is_a_suspect(elastic: LocalElastic) -> None:
    documents = [document(f"[asayer_session_id={number}] ERROR") for number in range(4)]
    dropped = [document(TAGGED, tags=["info"]), document(TAGGED, utc_time=None), document(TAGGED, timedelta(hours=3))]
    store(elastic, "app-logs", [*documents, *dropped])
    mine = reader(elastic)
    found = {entry.entry_id for entry in mine.collector_search(ASAYER, HOUR)}
    suspects = {entry.entry_id for entry in mine.suspect_search(ASAYER, HOUR)}
    assert (len(found), len(suspects), found & suspects) == (4, 2, set())


def test_a_message_that_is_no_text_is_shown_as_json(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [document([TAGGED, "more"])])
    (found,) = both_searches(elastic)
    assert found.message == f'["{TAGGED}", "more"]'
    verdict = collector_for_elasticsearch(ASAYER).judge(found)
    assert verdict is not None
    assert verdict.reason is Reason.MESSAGE_NOT_TEXT


def test_openreplay_reads_its_own_index(elastic: LocalElastic) -> None:
    store(elastic, "logs", [document("[openReplaySession.id=7] ERROR boom", utc_time=None, tags=None)])
    store(elastic, "other-logs", [document("[openReplaySession.id=8] ERROR boom")])
    (found,) = reader(elastic).collector_search(OPENREPLAY, HOUR)
    assert found.place == "logs"
    assert len(list(reader(elastic).suspect_search(OPENREPLAY, HOUR))) == 2


def test_the_newest_document_of_any_kind(elastic: LocalElastic) -> None:
    store(
        elastic,
        "app-logs",
        [document("old", timedelta(minutes=9)), document("new", timedelta(minutes=2), utc_time=None)],
    )
    store(elastic, "odd-logs", [document("x", timedelta(minutes=1))], {"@timestamp": "keyword", "utc_time": "keyword"})
    assert reader(elastic).newest(HOUR) == NOW - timedelta(minutes=2)
    earlier = Window(NOW - timedelta(days=2), NOW - timedelta(days=1))
    assert reader(elastic).newest(earlier) is None


def test_nothing_matches_and_nothing_is_found(elastic: LocalElastic) -> None:
    mine = reader(elastic)
    assert list(mine.collector_search(ASAYER, HOUR)) == []
    assert list(mine.suspect_search(ASAYER, HOUR)) == []
    assert mine.newest(HOUR) is None
    assert mine.field_problems() == ()


def test_a_plain_name_that_is_missing_is_an_error(elastic: LocalElastic) -> None:
    with pytest.raises(AsayerError) as missing:
        list(reader(elastic, indexes=("gone-logs",)).collector_search(ASAYER, HOUR))
    assert missing.value.code == "index_not_found"
    assert "gone-logs" in missing.value.message


def test_failed_shards_are_told_once(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [document(TAGGED)])
    elastic.control.change(shard_failures=2)
    mine = reader(elastic)
    list(mine.collector_search(ASAYER, HOUR))
    list(mine.suspect_search(ASAYER, HOUR))
    (note,) = mine.take_notes()
    assert "shards failed" in note


def test_a_key_without_rights_is_told_which_is_missing(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [document(TAGGED)])
    nothing = make_key(elastic, {"cluster": ["monitor"], "indices": []})
    with pytest.raises(PermissionDeniedError) as denied:
        list(reader(elastic, nothing, ("app-logs",)).collector_search(ASAYER, HOUR))
    assert denied.value.action.startswith("indices:data/read/")
    assert "read" in denied.value.hint


def test_throttling_is_waited_out_and_reported_when_it_stays(elastic: LocalElastic) -> None:
    mine = reader(elastic)
    elastic.control.order(Fault("elastic", "security.authenticate", "throttle", times=1))
    assert mine.identity().is_api_key
    elastic.control.order(Fault("elastic", "security.authenticate", "throttle", times=99))
    with pytest.raises(AsayerError) as throttled:
        mine.identity()
    assert (throttled.value.code, throttled.value.exit_code) == ("throttled", 5)


def test_a_cut_connection_is_tried_again(elastic: LocalElastic) -> None:
    store(elastic, "app-logs", [document(TAGGED)])
    mine = reader(elastic)
    elastic.control.order(
        Fault("elastic", "search", "cut_after", times=1), Fault("elastic", "field_caps", "cut_before")
    )
    assert len(list(mine.collector_search(ASAYER, HOUR))) == 1
