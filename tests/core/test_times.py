from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.times import format_duration, parse_duration, parse_moment

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("90d", timedelta(days=90)),
        ("3m", timedelta(minutes=3)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        (" 2H ", timedelta(hours=2)),
        ("1w", timedelta(weeks=1)),
        ("250ms", timedelta(milliseconds=250)),
        ("1m1ms", timedelta(minutes=1, milliseconds=1)),
        ("36500d", timedelta(days=36_500)),
    ],
)
def test_durations(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    "text", ["", "5", "m", "5 m", "5min", "1.5h", "-5m", "+5m", "5m!", "\u0665m", "1y", "1M2", "1e3s"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["0s", "36501d", "999999999w", "1s" + "999999999w" * 500])
def test_durations_out_of_range(text: str) -> None:
    with pytest.raises(ValueError, match="out of range"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW),
        ("NOW", NOW),
        ("2h", NOW - timedelta(hours=2)),
        ("2026-11-22T09:30:00Z", NOW),
        (" 2026-11-22T11:30:00+02:00 ", NOW),
        ("2026-11-22 09:30Z", NOW),
        ("20261122T093000Z", NOW),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    parsed = parse_moment(text, NOW)
    assert parsed == moment
    assert parsed.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-11-22T09:30:00", "has no zone"),
        ("2026-11-22", "has no zone"),
        ("yesterday", "is no time"),
        ("2026-02-30T00:00:00Z", "is no time"),
        ("", "is no time"),
        ("1795309323", "is no time"),
        ("0001-01-01T00:00:00+14:00", "out of range"),
        ("9999-12-31T23:59:59-14:00", "out of range"),
        ("0m", "out of range"),
    ],
)
def test_what_is_no_moment(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_moment(text, NOW)


@given(st.text())
def test_any_text_is_a_moment_or_a_value_error(text: str) -> None:
    try:
        assert parse_moment(text, NOW).tzinfo is UTC
    except ValueError as error:
        assert str(error)  # noqa: PT017 - either is right


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (-5, "0s"), (59.6, "1m"), (180, "3m"), (5400, "1h 30m"), (12 * 86400, "12d"), (90061, "1d 1h")],
)
def test_format(seconds: float, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text


@given(st.integers(1, 10**8))
def test_what_is_formatted_is_a_duration(seconds: int) -> None:
    parsed = parse_duration(format_duration(timedelta(seconds=seconds)).replace(" ", ""))
    assert timedelta(0) <= timedelta(seconds=seconds) - parsed < max(timedelta(minutes=1), parsed)
