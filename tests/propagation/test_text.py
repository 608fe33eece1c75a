from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.propagation.text import tag_lines, with_error_word, write_tag
from asayer_cli.tag import read_tag

ID = "4113219715072001793"
TAG = f"[asayer_session_id={ID}] "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("boom", f"{TAG}boom"),
        ("", TAG),
        ("a\nb", f"{TAG}a\n{TAG}b"),
        ("a\n", f"{TAG}a\n"),
        ("a\n\nb", f"{TAG}a\n{TAG}\n{TAG}b"),
        (f"{TAG}a\nb", f"{TAG}a\n{TAG}b"),
        ("[asayer_session_id=5] a", f"{TAG}[asayer_session_id=5] a"),
        ("a\r\nb", f"{TAG}a\r\n{TAG}b"),
    ],
)
def test_every_physical_line_begins_with_the_tag(text: str, expected: str) -> None:
    assert tag_lines(text, ID) == expected


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\n\r[]=asayer_session_id0123456789 "))))
def test_no_text_loses_a_line_or_forges_one(text: str) -> None:
    tagged = tag_lines(text, ID)
    lines, originals = tagged.split("\n"), text.split("\n")
    assert len(lines) == len(originals)
    for line, original in zip(lines, originals, strict=True):
        assert line in (TAG + original, original)
        if line:
            reading = read_tag(line)
            assert reading is not None
            assert str(reading.session_id) == ID


def test_another_tag_name() -> None:
    assert tag_lines("boom", "5", "openReplaySession.id") == "[openReplaySession.id=5] boom"
    assert write_tag("5") == "[asayer_session_id=5]"


@pytest.mark.parametrize(
    ("text", "level", "expected"),
    [
        ("payment declined", "ERROR", "ERROR payment declined"),
        ("payment declined", "CRITICAL", "CRITICAL ERROR payment declined"),
        ("CRITICAL payment declined", "CRITICAL", "ERROR CRITICAL payment declined"),
        ("payment declined\nValueError: x", "ERROR", "ERROR payment declined\nValueError: x"),
        ("an Error", "ERROR", "an Error"),
        ("terror", "ERROR", "terror"),
        ("EXCEPTION in worker", "CRITICAL", "EXCEPTION in worker"),
        ("", "ERROR", "ERROR "),
        ("declined", "", "ERROR declined"),
    ],
)
def test_the_first_line_of_an_error_has_a_word_that_the_collector_takes(text: str, level: str, expected: str) -> None:
    assert with_error_word(text, level) == expected
    assert "error" in expected.partition("\n")[0].lower() or "exception" in expected.partition("\n")[0].lower()
