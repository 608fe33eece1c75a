from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.collector import (
    CloudWatchCollector,
    ElasticsearchCollector,
    Verdict,
    collector_for_elasticsearch,
    crashes_the_collector,
    has_error_tag,
    is_rfc3339,
)
from asayer_cli.entries import LogEntry
from asayer_cli.tag import ASAYER, OPENREPLAY, Reason

NOW = datetime(2026, 11, 22, tzinfo=UTC)
CLOUDWATCH = CloudWatchCollector()
ELASTIC = ElasticsearchCollector()
GOOD: dict[str, Any] = {
    "message": "[asayer_session_id=42] boom",
    "tags": ["error"],
    "utc_time": "2026-11-22T01:02:03.004Z",
}


def event(message: str) -> LogEntry:
    return LogEntry(NOW, message, "/ecs/shop/stream", "1")


def document(**fields: object) -> LogEntry:
    source = {name: value for name, value in {**GOOD, **fields}.items() if value is not ...}
    message = source.get("message", "")
    return LogEntry(NOW, message if isinstance(message, str) else str(message), "logs", "1", source)


def judged(verdict: Verdict | None) -> tuple[int | None, Reason | None, bool]:
    assert verdict is not None
    assert verdict.collectible == (verdict.reason is None)
    session_id = verdict.session_id.value if verdict.session_id else None
    return session_id, verdict.reason, verdict.near_miss


@pytest.mark.parametrize(
    ("message", "session_id", "reason"),
    [
        ("[asayer_session_id=4113219715072001793] ValueError: bad card", 4113219715072001793, None),
        ("[asayer_session_id=4113219715072001793] payment accepted", 4113219715072001793, Reason.NO_ERROR_WORD),
        ("[Asayer_Session_Id=4113219715072001793] ERROR boom", 4113219715072001793, Reason.CASE_MISMATCH),
        ("asayer_session_id=42 Exception in worker", 42, None),
        ("[asayer_session_id=18446744073709551616] ERROR boom", None, Reason.ID_OUT_OF_RANGE),
        ("[asayer_session_id=k3j2.1x.9z] ERROR boom", None, Reason.ID_NOT_NUMERIC),
        ('{"message": "[asayer_session_id=42] ERROR boom"}', 42, None),
        ("[asayerSessionId=42] ERROR boom", None, Reason.WRONG_TAG_NAME),
    ],
)
def test_the_examples_of_the_rules(message: str, session_id: int | None, reason: Reason | None) -> None:
    assert judged(CLOUDWATCH.judge(event(message)))[:2] == (session_id, reason)


@pytest.mark.parametrize("word", ["error", "ERROR", "Error", "exception", "KeyException", "terror", "errors", "eRRoR"])
def test_error_words(word: str) -> None:
    assert judged(CLOUDWATCH.judge(event(f"[asayer_session_id=42] {word}"))) == (42, None, False)


@pytest.mark.parametrize(
    "word", ["err", "failed", "ERR0R", "erreur", "\uff45\uff52\uff52\uff4f\uff52", "except\u0131on", "WARN"]
)
def test_no_error_words(word: str) -> None:
    assert judged(CLOUDWATCH.judge(event(f"[asayer_session_id=42] {word}"))) == (42, Reason.NO_ERROR_WORD, False)


@pytest.mark.parametrize(
    "text",
    [
        "CRITICAL out of memory",
        "Traceback (most recent call last):",
        "FATAL: the end",
        "panic: runtime",
        '{"level": "fatal"}',
        '{"log.level":"critical"}',
        '{"levelname": "severe"}',
    ],
)
def test_a_failure_without_the_word_is_a_near_miss(text: str) -> None:
    assert judged(CLOUDWATCH.judge(event(f"[asayer_session_id=42] {text}"))) == (42, Reason.NO_ERROR_WORD, True)


@pytest.mark.parametrize("text", ["INFO payment accepted", "not critical at all", '{"level": "info"}', "no panic here"])
def test_a_tagged_line_that_is_no_failure_is_no_near_miss(text: str) -> None:
    assert judged(CLOUDWATCH.judge(event(f"[asayer_session_id=42] {text}")))[2] is False


def test_cloudwatch_minds_the_case_of_the_term_anywhere_in_the_message() -> None:
    assert judged(CLOUDWATCH.judge(event("[Asayer_Session_Id=42] asayer_session_id ERROR"))) == (42, None, False)


@given(st.text(), st.booleans())
def test_every_event_is_judged(text: str, tagged: bool) -> None:  # noqa: FBT001 - drawn
    verdict = CLOUDWATCH.judge(event(f"asayer_session_id=42 {text}" if tagged else text))
    assert not tagged or verdict is not None


def test_a_document_as_the_collector_wants_it() -> None:
    assert judged(ELASTIC.judge(document())) == (42, None, False)
    assert judged(ELASTIC.judge(document(tags="error"))) == (42, None, False)


def test_elasticsearch_takes_any_case_and_needs_no_error_word() -> None:
    assert judged(ELASTIC.judge(document(message="[Asayer_Session_Id=5] fine"))) == (5, None, False)


@pytest.mark.parametrize(
    ("fields", "reason", "near_miss"),
    [
        ({"tags": ["warning"], "message": "[asayer_session_id=42] fine"}, Reason.MISSING_ERROR_TAG, False),
        ({"tags": ["Error"], "message": "[asayer_session_id=42] ERROR"}, Reason.MISSING_ERROR_TAG, True),
        (
            {"tags": [], "message": '[asayer_session_id=42] "GET / HTTP/1.1" 500 Internal Server Error'},
            Reason.MISSING_ERROR_TAG,
            False,
        ),
        (
            {"tags": [], "message": "[asayer_session_id=42] Internal Server Error: /pay"},
            Reason.MISSING_ERROR_TAG,
            True,
        ),
        ({"tags": ..., "level": "ERROR"}, Reason.MISSING_ERROR_TAG, True),
        ({"tags": ..., "level": "info", "message": "[asayer_session_id=42] 0 errors"}, Reason.MISSING_ERROR_TAG, False),
        ({"tags": ..., "log": {"level": "critical"}}, Reason.MISSING_ERROR_TAG, True),
        ({"tags": ..., "log.level": "fatal"}, Reason.MISSING_ERROR_TAG, True),
        ({"tags": "errors, error"}, Reason.MISSING_ERROR_TAG, False),
        ({"utc_time": ...}, Reason.MISSING_UTC_TIME, True),
        ({"utc_time": None}, Reason.MISSING_UTC_TIME, True),
        ({"utc_time": "2026-11-22 01:02:03Z"}, Reason.BAD_UTC_TIME, True),
        ({"utc_time": "2026-11-22T01:02:03"}, Reason.BAD_UTC_TIME, True),
        ({"utc_time": "2026-02-30T01:02:03Z"}, Reason.BAD_UTC_TIME, True),
        ({"utc_time": 1795309323004}, Reason.BAD_UTC_TIME, True),
        ({"message": ["[asayer_session_id=42] boom"]}, Reason.MESSAGE_NOT_TEXT, True),
        ({"message": "[asayer_session_id=99999999999999999999] boom"}, Reason.ID_OUT_OF_RANGE, True),
        ({"message": "[asayerSessionId=42] boom"}, Reason.WRONG_TAG_NAME, True),
    ],
)
def test_documents_that_are_dropped(fields: dict[str, Any], reason: Reason, near_miss: bool) -> None:  # noqa: FBT001
    assert judged(ELASTIC.judge(document(**fields)))[1:] == (reason, near_miss)


def test_a_document_without_a_tag_is_nobodys_concern() -> None:
    assert ELASTIC.judge(document(message="boom", tags=["error"])) is None
    assert CLOUDWATCH.judge(event("ERROR boom")) is None


def test_openreplay_asks_for_the_tag_alone() -> None:
    collector = collector_for_elasticsearch(OPENREPLAY)
    verdict = collector.judge(document(message="[openReplaySession.id=42] fine", tags=..., utc_time=5))
    assert judged(verdict) == (42, None, False)
    assert collector_for_elasticsearch(ASAYER) == ELASTIC


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-22T01:02:03Z",
        "2026-11-22T01:02:03.123456789Z",
        "2026-11-22T01:02:03+02:00",
        "2026-11-22T01:02:03,5-11:30",
    ],
)
def test_times_that_go_reads(value: str) -> None:
    assert is_rfc3339(value)


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-22",
        "2026-11-22T01:02Z",
        "2026-11-22T01:02:03+0200",
        "2026-11-22T25:02:03Z",
        "20261122T010203Z",
        "2026-11-22T01:02:03z ",
        "٢026-11-22T01:02:03Z",
        "",
        5,
        None,
        ["2026-11-22T01:02:03Z"],
    ],
)
def test_times_that_go_does_not_read(value: object) -> None:
    assert not is_rfc3339(value)


@given(st.none() | st.text() | st.integers() | st.lists(st.text()) | st.booleans())
def test_any_value_of_a_field_is_judged(value: object) -> None:
    assert has_error_tag(value) == (value == "error" or (isinstance(value, list) and "error" in value))
    assert crashes_the_collector(value) == (value is not None and not isinstance(value, str))
    assert judged(ELASTIC.judge(document(tags=value, utc_time=value)))[0] == 42
