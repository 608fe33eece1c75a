from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.session_id import EPOCH_MS, MAXIMUM, OutOfRangeError, SessionId

IDS = st.integers(0, MAXIMUM).map(SessionId)
LAST_MS = EPOCH_MS + 2**40 - 1


def test_bits() -> None:
    made = SessionId((5 << 24) | (3 << 8) | 7)
    assert made.started_at == datetime(2019, 2, 12, 19, 33, 20, 5000, UTC)
    assert SessionId.starting_at(made.started_at, low_bits=(3 << 8) | 7) == made


def test_an_id_of_the_product() -> None:
    session_id = SessionId.parse("4113219715072001793")
    assert session_id.value & 0xFF == 1
    assert session_id.started_at.year == 2026
    assert str(session_id) == "4113219715072001793"


@given(IDS)
def test_text_round_trip(session_id: SessionId) -> None:
    assert SessionId.parse(str(session_id)) == session_id


@given(st.integers(EPOCH_MS, LAST_MS), st.integers(0, 2**24 - 1), st.integers(-14, 14))
def test_time_round_trip(ms: int, low_bits: int, hours: int) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    session_id = SessionId.starting_at(moment.astimezone(timezone(timedelta(hours=hours))), low_bits)
    assert session_id.started_at == moment
    assert session_id.value & (2**24 - 1) == low_bits


@given(IDS, IDS)
def test_order_is_the_order_of_time(one: SessionId, other: SessionId) -> None:
    if one < other:
        assert one.started_at <= other.started_at


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "+1", "-1", "1.0", "1e3", "0x1", "1_000", "k3j2.1x.9z", "\u0663", "\uff11", "1\n"]
)
def test_other_text_is_no_id(text: str) -> None:
    with pytest.raises(ValueError, match="decimal digits"):
        SessionId.parse(text)


def test_limits() -> None:
    assert SessionId.parse("0").value == 0
    assert SessionId.parse("18446744073709551615").value == MAXIMUM
    assert SessionId.parse("0" * 5000 + "42").value == 42


@pytest.mark.parametrize("text", ["18446744073709551616", "9" * 21, "9" * 100_000])
def test_more_than_64_bits(text: str) -> None:
    with pytest.raises(OutOfRangeError):
        SessionId.parse(text)


@pytest.mark.parametrize("value", [-1, MAXIMUM + 1])
def test_no_value_out_of_range(value: int) -> None:
    with pytest.raises(OutOfRangeError):
        SessionId(value)


def test_no_id_for_a_session_before_the_epoch() -> None:
    with pytest.raises(OutOfRangeError):
        SessionId.starting_at(datetime(2019, 2, 12, 19, 33, 19, tzinfo=UTC))


def test_what_the_product_can_have_made() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    session_id = SessionId.starting_at(moment)
    assert session_id.may_be_real(moment)
    assert not session_id.may_be_real(moment - timedelta(milliseconds=1))
    assert not SessionId(42).may_be_real(moment)
