"""What may be typed for a session, and which span of time it leads to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from asayer_cli.errors import UsageError
from asayer_cli.session_id import SessionId
from asayer_cli.timeline.asked import Bounds, ask, parse_session
from asayer_cli.timeline.replay_url import check_template, replay_url
from asayer_cli.timeline.zones import zone_named

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BEGAN = NOW - timedelta(hours=5)
ID = SessionId.starting_at(BEGAN, 513)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    "text",
    [
        f"{ID}",
        f"  {ID}\n",
        f"[asayer_session_id={ID}]",
        f"ERROR [Asayer_Session_Id={ID}] boom 4113219715072001793",
        f"openReplaySession.id={ID}",
        f"https://asayer.example.com/5/session/{ID}",
        f"https://app.example.com/12/session/{ID}?jumpto=12345&at=1763812800000",
        f"https://app.example.com/#/sessions/{ID}/events",
        f"https://app.example.com/s?x=1&session%3D{ID}",
        f"asayer.example.com/5/session/{ID}",
    ],
)
def test_what_names_a_session(text: str) -> None:
    assert parse_session(text, NOW) == ID


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("k3j2.1x.9z", "session_token", "is a session token"),
        ("[asayer_session_id=k3j2.1x.9z]", "session_token", "is a session token"),
        ("boom", "malformed_session_id", "is no session id"),
        ("-5", "malformed_session_id", "is no session id"),
        ("", "malformed_session_id", "is no session id"),
        ("\u0661\u0662", "malformed_session_id", "is no session id"),
        ("18446744073709551616", "malformed_session_id", "does not fit an unsigned 64-bit"),
        ("9" * 5000, "malformed_session_id", "does not fit an unsigned 64-bit"),
        ("[asayer_session_id=99999999999999999999]", "malformed_session_id", "does not fit"),
        ("https://asayer.example.com/5/session/12345", "malformed_session_id", "There is no session id in"),
        (f"https://a.example.com/{ID}/{SessionId.starting_at(BEGAN)}", "ambiguous_url", "several numbers"),
    ],
)
def test_what_does_not(text: str, code: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_session(text, NOW)
    assert caught.value.code == code
    assert said in caught.value.message
    assert len(caught.value.message) < 200
    assert caught.value.hint


def test_the_id_bounds_the_window() -> None:
    (span,) = ask([str(ID)], Bounds(), NOW).spans
    assert (span.window.start, span.window.end) == (BEGAN - MINUTE, BEGAN + 2 * HOUR)
    (span,) = ask([str(ID)], Bounds(max_duration=24 * HOUR), NOW).spans
    assert span.window.end == NOW + 5 * MINUTE  # the future is left out, as far as clocks agree
    (span,) = ask([str(ID)], Bounds(max_duration=24 * HOUR, follow=True), NOW).spans
    assert span.window.end == BEGAN + 24 * HOUR
    (span,) = ask([str(ID)], Bounds(since=NOW - HOUR, until=NOW), NOW).spans
    assert (span.window.start, span.window.end) == (NOW - HOUR, NOW)
    (span,) = ask([str(ID)], Bounds(since=NOW - HOUR), NOW).spans
    assert (span.window.start, span.window.end) == (NOW - HOUR, NOW + 5 * MINUTE)


def test_overlapping_windows_are_one_span() -> None:
    near, far = SessionId.starting_at(BEGAN + HOUR), SessionId.starting_at(BEGAN - 24 * HOUR)
    asked = ask([str(near), str(far), str(ID), str(near)], Bounds(), NOW)
    assert asked.session_ids == (near, far, ID)
    assert [span.session_ids for span in asked.spans] == [{far}, {ID, near}]
    assert asked.spans[1].window.end == BEGAN + 3 * HOUR


@pytest.mark.parametrize(
    ("session_id", "said"), [(SessionId(42), "before the product"), (SessionId(2**64 - 1), "will")]
)
def test_an_id_that_the_product_cannot_have_made(session_id: SessionId, said: str) -> None:
    asked = ask([str(session_id)], Bounds(), NOW)
    assert asked.spans[0].window.start == NOW - 24 * HOUR
    assert asked.spans[0].window.end == NOW + 5 * MINUTE
    (doubt,) = asked.doubts
    assert said in doubt
    assert "The last 24 hours are searched" in doubt
    (doubt,) = ask([str(session_id)], Bounds(since=NOW - HOUR), NOW).doubts
    assert "24 hours" not in doubt


@pytest.mark.parametrize(
    ("texts", "bounds", "code"),
    [
        ([], Bounds(), "no_session_id"),
        ([str(SessionId.starting_at(BEGAN, number)) for number in range(101)], Bounds(), "too_many_sessions"),
        ([str(ID)], Bounds(since=NOW, until=NOW - HOUR), "empty_window"),
        ([str(ID)], Bounds(until=BEGAN - HOUR), "empty_window"),
        ([str(ID)], Bounds(max_duration=timedelta(days=36_500 * 90), follow=True), "bad_window"),
    ],
)
def test_windows_that_cannot_be(texts: list[str], bounds: Bounds, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        ask(texts, bounds, NOW)
    assert caught.value.code == code


def test_the_link_to_a_replay() -> None:
    template = check_template("https://asayer.example.com/5/session/{session_id}?from=cli")
    assert replay_url(template, ID) == f"https://asayer.example.com/5/session/{ID}?from=cli"
    assert replay_url("", ID) == ""


@pytest.mark.parametrize(
    "template",
    [
        "",
        "https://asayer.example.com/",
        "javascript:alert({session_id})",
        "https:///{session_id}",
        "https://{session_id}.example.com/",
        "https://user:pass@example.com/{session_id}",
        "https://example.com/{session_id}/{session_id}",
        "https://example.com/{session_id}{x}",
        'https://example.com/"{session_id}',
        "https://example.com/ {session_id}",
        "https://[::1/{session_id}",
    ],
)
def test_templates_that_are_none(template: str) -> None:
    with pytest.raises(UsageError, match="The replay's URL"):
        check_template(template)


def test_time_zones() -> None:
    assert zone_named("utc", {}).key == "UTC"
    assert zone_named("Europe/Berlin", {}).key == "Europe/Berlin"
    assert zone_named("local", {"TZ": ":Asia/Tokyo"}).key == "Asia/Tokyo"
    assert zone_named("local", {"TZ": "<rule>-3"}).utcoffset(NOW) is not None
    for name in ("Mars/Olympus", "../../etc/passwd", ""):
        with pytest.raises(UsageError, match="There is no time zone"):
            zone_named(name, {})
