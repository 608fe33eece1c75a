from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.session_id import MAXIMUM, SessionId
from asayer_cli.tag import ASAYER, CONVENTIONS, OPENREPLAY, Reason, TagConvention, read_tag

IDS = st.integers(0, MAXIMUM).map(SessionId)
BOTH = st.sampled_from(list(CONVENTIONS.values()))


def reason_of(message: str, convention: TagConvention = ASAYER) -> Reason | None:
    reading = read_tag(message, convention)
    assert reading is not None
    return reading.reason


def id_of(message: str, convention: TagConvention = ASAYER) -> int:
    reading = read_tag(message, convention)
    assert reading is not None
    assert reading.session_id is not None
    return reading.session_id.value


def test_write() -> None:
    assert ASAYER.write(SessionId(42)) == "[asayer_session_id=42]"
    assert OPENREPLAY.write(SessionId(42)) == "[openReplaySession.id=42]"


@given(IDS, BOTH, st.text(alphabet=st.characters(exclude_characters="=")), st.text())
def test_what_is_written_is_read(session_id: SessionId, convention: TagConvention, before: str, after: str) -> None:
    reading = read_tag(before + convention.write(session_id) + after, convention)
    assert reading is not None
    assert reading.session_id == session_id


@given(IDS, st.text())
def test_what_is_written_is_read_inside_json(session_id: SessionId, text: str) -> None:
    line = json.dumps({"message": ASAYER.write(session_id) + text})
    assert id_of(line) == session_id.value


@given(st.text(), BOTH)
def test_any_text_is_judged(text: str, convention: TagConvention) -> None:
    reading = read_tag(text, convention)
    assert reading is None or (reading.session_id is None) == (reading.reason is not None)


@given(
    st.lists(st.sampled_from(["asayer", "_", "session", "id", "=", "Id", "\\", "u003d", ":", '"', "42", "[", "]", " "]))
)
def test_any_pieces_of_a_tag_are_judged(pieces: list[str]) -> None:
    reading = read_tag("".join(pieces))
    assert reading is None or (reading.session_id is None) == (reading.reason is not None)


@pytest.mark.parametrize(
    "message",
    [
        "[asayer_session_id=42] boom",
        "asayer_session_id=42",
        "[Asayer_Session_Id=42] boom",
        "[ASAYER_SESSION_ID=42]",
        "my_asayer_session_id=42x",
        "\x1b[31m[asayer_session_id=42]\x1b[0m",
        "[asayer_session_id=042]",
        "[asayer_session_id=abc] [asayer_session_id=42]",
        "[asayer_session_id=42] [asayer_session_id=43]",
    ],
)
def test_ids_that_the_collectors_expression_finds(message: str) -> None:
    assert id_of(message) == 42


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("[asayer_session_id=18446744073709551616] ERROR", Reason.ID_OUT_OF_RANGE),
        ("[asayer_session_id=18446744073709551616] then [asayer_session_id=42]", Reason.ID_OUT_OF_RANGE),
        ("[asayer_session_id=k3j2.1x.9z] ERROR", Reason.ID_NOT_NUMERIC),
        ("[asayer_session_id=-42]", Reason.ID_NOT_NUMERIC),
        ("[asayer_session_id=null]", Reason.ID_NOT_NUMERIC),
        ("[asayer_session_id=]", Reason.MALFORMED_TAG),
        ("[asayer_session_id= 42]", Reason.MALFORMED_TAG),
        ("[asayer_session_id: 42]", Reason.MALFORMED_TAG),
        ("[asayer_session_id 42]", Reason.MALFORMED_TAG),
        ('asayer_session_id="42"', Reason.MALFORMED_TAG),
        ('{"asayer_session_id": "42"}', Reason.MALFORMED_TAG),
        (r'{"message": "{\"asayer_session_id\": 42}"}', Reason.MALFORMED_TAG),
        (r'{"message": "[asayer_session_id\u003d42] ERROR"}', Reason.MALFORMED_TAG),
        (r'{"message": "[asayer_session_id\\u003d42] ERROR"}', Reason.MALFORMED_TAG),
        ("?asayer_session_id%3D42", Reason.MALFORMED_TAG),
        ("[asayerSessionId=42] ERROR", Reason.WRONG_TAG_NAME),
        ("[AsayerSessionID=42] ERROR", Reason.WRONG_TAG_NAME),
        ("[asayer-session-id=42] ERROR", Reason.WRONG_TAG_NAME),
        ("[asayer.session.id=42] ERROR", Reason.WRONG_TAG_NAME),
        ("[asayer session id: 42] ERROR", Reason.WRONG_TAG_NAME),
        (r"[asayerSessionId\u003d42]", Reason.WRONG_TAG_NAME),
    ],
)
def test_reasons(message: str, reason: Reason) -> None:
    assert reason_of(message) is reason


@pytest.mark.parametrize(
    "message",
    [
        "",
        "payment accepted",
        "sessionid=42",
        "asayer_session_id",
        "the column asayer_session_id is new",
        "asayer session id rejected",
        "[openReplaySession.id=42]",
        "asayersession=42",
    ],
)
def test_what_was_not_meant_as_a_tag(message: str) -> None:
    assert read_tag(message) is None


def test_openreplay_has_its_own_spellings() -> None:
    assert id_of("[openReplaySession.id=42]", OPENREPLAY) == 42
    assert id_of("[openreplaysession.id=42]", OPENREPLAY) == 42
    assert reason_of("[openReplaySessionXid=42] [open_replay_session_id=42]", OPENREPLAY) is Reason.WRONG_TAG_NAME
    assert read_tag("[openReplaySessionXid=42]", OPENREPLAY) is None
    assert read_tag("[asayer_session_id=42]", OPENREPLAY) is None


def test_a_long_line_is_read_in_reasonable_time() -> None:
    assert read_tag("asayer_session_id" + " " * 1_000_000) is None
    assert read_tag("asayer_session_id\\" * 50_000) is None
    assert id_of("asayer " * 100_000 + "asayer_session_id=42") == 42
