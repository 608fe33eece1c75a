from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.coverage.steps import step_for, steps_of
from asayer_cli.coverage.tally import share
from asayer_cli.entries import Window
from tests.verification.conftest import document

if TYPE_CHECKING:
    from tests.coverage.conftest import Coverage
    from tests.verification.conftest import Admin

HOSTILE = "\x1b]0;owned\x07\n::error::forged\u202e ERROR planted-text " + "long " * 100


@pytest.mark.parametrize("columns", ["80", "160"])
def test_text_shows_places_reasons_and_what_was_scanned(admin: Admin, coverage: Coverage, columns: str) -> None:
    group = admin.log(["[asayer_session_id=42] ERROR boom", "[asayer_session_id=42] an exception", HOSTILE])
    index = admin.index([document("[asayer_session_id=42] ERROR boom")])
    run = coverage("--fail-under", "90", groups=(group,), indices=(index,), output="text", env={"COLUMNS": columns})
    assert run.code == 1
    lines = run.out.splitlines()
    assert "  ██████░░░░  66.6%  2 of 3 collectible, 2 tagged" in run.out
    assert f"{group}  ✗" in run.out
    assert "  ██████████ 100.0%  1 of 1 collectible, 1 tagged" in run.out
    [errors] = {line[-1] for line in lines if line.startswith("    errors ·")} - {"·"}
    assert errors == "█"
    [sample] = [line for line in lines if line.startswith("    1 untagged: ")]
    assert "planted-text" in sample or columns == "80"
    assert max(map(len, lines)) <= int(columns)
    assert "less than a cent" in run.out
    assert lines[-1] == f"Under 90%: {group}."
    assert not {"\x1b", "\x07", "\u202e"} & set(run.out)


@given(st.integers(1, 10**11), st.integers(0, 10**10))
def test_a_window_is_cut_into_few_equal_steps(milliseconds: int, offset: int) -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(milliseconds=offset)
    window = Window(start, start + timedelta(milliseconds=milliseconds))
    step = step_for(window)
    begins = steps_of(window, step)
    assert 1 <= len(begins) <= 26
    assert begins[0] <= window.start < begins[0] + step
    assert begins[-1] < window.end <= begins[-1] + step
    assert step % timedelta(minutes=1) == timedelta(0)
    assert step < timedelta(days=1) or step % timedelta(days=1) == timedelta(0)


def test_only_all_is_a_hundred() -> None:
    assert share(2_999, 3_000) == 99.9
    assert share(3_000, 3_000) == 100.0
    assert share(0, 0) is None
