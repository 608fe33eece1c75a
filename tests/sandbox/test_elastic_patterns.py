from __future__ import annotations

import re
from fnmatch import translate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.sandbox.elastic.patterns import covers, is_pattern

TEXTS = st.text("ab", max_size=5)
PATTERNS = st.text("ab*?", max_size=6)


@pytest.mark.parametrize(
    ("granted", "requested", "expected"),
    [
        (["*log*"], "logs-*", True),
        (["*log*"], "catalog-items", True),
        (["*log*"], "filebeat-1", False),
        (["*log*"], "*log*", True),
        (["*log*"], "*", False),
        (["*"], "*log*", True),
        (["*log*", "*"], "?", True),
        (["logs-*"], "*log*", False),
        (["a*", "b*"], "c", False),
        (["a*", "b*"], "?*", False),
        (["a?"], "a*", False),
        (["a*"], "a?", True),
        (["?*"], "*", False),
        (["", "?*"], "*", True),
        ([], "a", False),
        ([], "*", False),
        (["indices:data/read/*"], "indices:data/read/search", True),
        (["indices:data/write/index[*"], "indices:data/write/index:op_type/index", False),
    ],
)
def test_covers(granted: list[str], requested: str, expected: bool) -> None:  # noqa: FBT001 - a table of answers
    assert covers(granted, requested) is expected


@given(PATTERNS, TEXTS)
def test_a_plain_name_is_covered_where_it_matches(pattern: str, text: str) -> None:
    assert covers([pattern], text) is bool(re.fullmatch(translate(pattern), text))


@given(st.lists(PATTERNS, max_size=3), PATTERNS, TEXTS)
def test_what_is_covered_matches_nothing_that_is_not_granted(granted: list[str], requested: str, text: str) -> None:
    if covers(granted, requested) and covers([requested], text):
        assert covers(granted, text)


@given(PATTERNS)
def test_a_pattern_covers_itself_and_all_covers_it(pattern: str) -> None:
    assert covers([pattern], pattern)
    assert covers(["*"], pattern)


def test_a_pattern_has_a_wildcard() -> None:
    assert is_pattern("logs-*")
    assert is_pattern("logs-?")
    assert not is_pattern("logs-1")
