from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.entries import LogEntry, Window, milliseconds, moment, rfc3339


@given(st.integers(-(10**13), 10**14))
def test_milliseconds_round_trip(ms: int) -> None:
    assert milliseconds(moment(ms)) == ms


def test_milliseconds_of_another_zone() -> None:
    assert milliseconds(datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == 0


def test_rfc3339() -> None:
    assert rfc3339(datetime(2026, 11, 22, 3, 2, 3, 4567, timezone(timedelta(hours=2)))) == "2026-11-22T01:02:03.004Z"


def test_a_window_has_zones() -> None:
    aware = datetime(2026, 11, 22, tzinfo=UTC)
    naive = aware.replace(tzinfo=None)
    assert Window(aware, aware + timedelta(seconds=1)).end_ms == milliseconds(aware) + 1000
    for start, end in ((naive, aware), (aware, naive)):
        with pytest.raises(ValueError, match="zone"):
            Window(start, end)


def test_an_entry_without_fields_has_none_that_could_be_shared_by_mistake() -> None:
    entry = LogEntry(None, "boom", "logs", "1")
    assert dict(entry.fields) == {}
    with pytest.raises(TypeError):
        entry.fields["new"] = 1  # type: ignore[index]
