from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.sandbox.aws.filter_pattern import InvalidPatternError, parse

TAGGED = "2026-01-01 ERROR [asayer_session_id=4113219715072001793] ValueError: bad card"


@pytest.mark.parametrize(
    ("pattern", "message", "matches"),
    [
        ("", "anything", True),
        ("asayer_session_id", TAGGED, True),
        ("ASAYER_SESSION_ID", TAGGED, False),
        ("asayer_session", TAGGED, False),
        ("session", TAGGED, False),
        ("ERROR asayer_session_id", TAGGED, True),
        ("ERROR missing", TAGGED, False),
        ('"[asayer_session_id=4113219715072001793]"', TAGGED, True),
        ('"[asayer_session_id=411321971507200179]"', TAGGED, False),
        ('"id=4113"', TAGGED, True),
        (r'"say \"hi\""', 'they say "hi" here', True),
        ('"two words" ERROR', "ERROR: two words", True),
        ("?missing ?ERROR", TAGGED, True),
        ("?missing ?absent", TAGGED, False),
        ("?missing ERROR", TAGGED, True),
        ("ERROR -ValueError", TAGGED, False),
        ("ERROR -KeyError", TAGGED, True),
        ('-"bad card"', TAGGED, False),
        (r"%\[asayer_session_id=[0-9]+\]%", TAGGED, True),
        (r"%\[asayer_session_id=[0-9]{1,3}\]%", TAGGED, False),
        (r"%^2026.*card$%", TAGGED, True),
        (r"%card\x20%", TAGGED, False),
        (r"%bad\x20card%", TAGGED, True),
        (r"%Error|Exception% asayer_session_id", TAGGED, True),
        (r"-%[Ee]rror%", TAGGED, False),
    ],
)
def test_text_patterns(pattern: str, message: str, matches: bool) -> None:  # noqa: FBT001
    assert parse(pattern)(message) is matches


LINE = json.dumps(
    {
        "level": "ERROR",
        "message": "[asayer_session_id=4113219715072001793] boom",
        "status": 500,
        "id": 4113219715072001793,
        "a.b": "dotted",
        "user": {"id": 7, "tags": ["x", "error"]},
        "ok": True,
    }
)


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ('{ $.level = "ERROR" }', True),
        ('{ $.level = "error" }', False),
        ("{ $.level = ERR* }", True),
        ('{ $.level != "INFO" }', True),
        ('{ $.missing = "*" }', False),
        ('{ $.missing != "x" }', False),
        ('{ $.message = "*asayer_session_id=4113219715072001793*" }', True),
        (r"{ $.message = %\[asayer_session_id=[0-9]+\]% }", True),
        (r"{ $.message = %^asayer% }", False),
        ("{ $.status = 500 }", True),
        ("{ $.status = 501 }", False),
        ("{ $.id = 4113219715072001793 }", True),
        ("{ $.id = 4113219715072001792 }", False),
        ("{ $.['a.b'] = \"dotted\" }", True),
        ('{ $.user.tags[1] = "error" }', True),
        ('{ $.user.tags[*] = "error" }', True),
        ("{ $.user.* = 7 }", True),
        ('{ $.user = "*" }', False),
        ('{ $.user.tags = "*" }', False),
        ("{ $.ok = 1 }", False),
        ('{ $.level = "INFO" || $.status = 500 }', True),
        ('{ $.level = "ERROR" && $.status = 404 }', False),
        ('{ $.level = "ERROR" || $.level = "WARN" && $.status = 404 }', True),
        ('{ ($.level = "ERROR" || $.level = "WARN") && $.status = 404 }', False),
    ],
)
def test_json_patterns(pattern: str, matches: bool) -> None:  # noqa: FBT001
    assert parse(pattern)(LINE) is matches


@pytest.mark.parametrize("message", ["no json", "[]", '"text"', "5", '{"level": null}', '{"level": "INFO"', ""])
def test_a_json_pattern_never_matches_anything_else(message: str) -> None:
    assert parse('{ $.level = "ERROR" }')(message) is False


@pytest.mark.parametrize(
    "pattern",
    [
        "asayer_session_id=5",
        "foo-bar",
        '"never closed',
        "%(a|b)%",
        "%%",
        "%a b%",
        "%é%",
        r"%\1%",
        "%[a%",
        "%a{3,1}%",
        "%a% %b% %c%",
        "a" * 1025,
        "[ip, user, ...]",
        "{ $.level }",
        '{ $.level = "ERROR"',
        "{ $.status > 400 }",
        '{ level = "ERROR" }',
        "{ $.*.* = 5 }",
        '{ ($.level = "ERROR" }',
        '{ $.level = "ERROR" "WARN" }',
        "{}",
        "{ $.a = @ }",
    ],
)
def test_what_aws_refuses_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidPatternError, match="nvalid"):
        parse(pattern)


printable = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=60)


@given(st.text(min_size=1, max_size=30), st.text(max_size=60))
def test_a_quoted_term_is_a_substring(term: str, message: str) -> None:
    quoted = '"' + term.replace("\\", "\\\\").replace('"', '\\"') + '"'
    matches = parse(quoted)
    assert matches(message) is (term in message)
    assert matches(message + term) is True


@given(st.from_regex(r"[A-Za-z0-9_]{1,8}", fullmatch=True), printable)
def test_a_bare_term_is_a_whole_word(term: str, message: str) -> None:
    assert parse(term)(message) is (term in re.split(r"[^A-Za-z0-9_]+", message))


@given(printable)
def test_every_pattern_is_read_or_refused(pattern: str) -> None:
    try:
        matches = parse(pattern)
    except InvalidPatternError:
        return
    assert isinstance(matches("ERROR [asayer_session_id=1]"), bool)
