from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from asayer_cli.errors import UsageError
from asayer_cli.exit_codes import ExitCode
from asayer_cli.output.envelope import to_json, write_envelope
from asayer_cli.result import Failure, Level, Message, Result
from asayer_cli.secret import MASK, Secret
from asayer_cli.session_id import SessionId
from tests.output.hostile import TEXTS, begins_command, harmful

PLANTED = "planted-secret-2"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["schema", "command", "ok", "exit_code", "data", "messages", "errors"],
    "properties": {
        "schema": {"const": 1},
        "command": {"type": "string"},
        "ok": {"type": "boolean"},
        "exit_code": {"enum": [int(code) for code in ExitCode]},
        "data": {"type": ["object", "null"]},
        "messages": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["level", "text"],
                "properties": {"level": {"enum": ["note", "warning"]}, "text": {"type": "string"}},
            },
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["code", "message", "hint"],
                "properties": {name: {"type": "string"} for name in ("code", "message", "hint")},
            },
        },
    },
}


class Kind(StrEnum):
    ONE = "one"


class Number(Enum):
    TWO = 2


@dataclass(frozen=True, slots=True)
class Inner:
    place: Path
    kind: Kind


@dataclass(frozen=True, slots=True)
class Outer:
    text: str
    inners: tuple[Inner, ...]
    counts: dict[Kind, int]
    when: datetime
    lasting: timedelta
    session_id: SessionId
    number: Number
    nothing: None
    flag: bool
    ratio: float
    secret: Secret
    hidden: str = field(default="not for JSON", metadata={"json": False})


def outer(text: str = "text", secret: str = PLANTED) -> Outer:
    return Outer(
        text=text,
        inners=(Inner(Path("/tmp/x"), Kind.ONE),),  # noqa: S108 - no file
        counts={Kind.ONE: 3},
        when=datetime(2026, 11, 22, 3, 0, tzinfo=timezone(timedelta(hours=2))),
        lasting=timedelta(minutes=1, milliseconds=5),
        session_id=SessionId(2**64 - 1),
        number=Number.TWO,
        nothing=None,
        flag=True,
        ratio=0.5,
        secret=Secret(secret),
    )


def envelope(result: Result, command: str = "test", messages: tuple[Message, ...] = ()) -> dict[str, Any]:
    text = write_envelope(result, command, messages)
    parsed: dict[str, Any] = json.loads(text)
    Draft202012Validator(SCHEMA).validate(parsed)
    assert not harmful(text)
    return parsed


def test_every_kind_of_value() -> None:
    assert envelope(Result(outer()))["data"] == {
        "text": "text",
        "inners": [{"place": "/tmp/x", "kind": "one"}],  # noqa: S108 - no file
        "counts": {"one": 3},
        "when": "2026-11-22T01:00:00.000Z",
        "lasting": 60.005,
        "session_id": "18446744073709551615",
        "number": 2,
        "nothing": None,
        "flag": True,
        "ratio": 0.5,
        "secret": MASK,
    }


def test_success_and_failure() -> None:
    good = envelope(Result(), "config show", (Message(Level.NOTE, "by the way"),))
    assert (good["ok"], good["exit_code"], good["data"], good["errors"]) == (True, 0, None, [])
    assert good["command"] == "config show"
    assert good["messages"] == [{"level": "note", "text": "by the way"}]
    failure = Failure.of(UsageError("what", hint="do", code="stable"))
    bad = envelope(Result(errors=(failure,), exit_code=ExitCode.USAGE))
    assert (bad["ok"], bad["exit_code"]) == (False, 2)
    assert bad["errors"] == [{"code": "stable", "message": "what", "hint": "do"}]


def test_a_failed_check_is_not_ok_without_an_error() -> None:
    assert envelope(Result(exit_code=ExitCode.CHECK_FAILED))["ok"] is False


@given(TEXTS)
def test_hostile_text_keeps_its_value(text: str) -> None:
    written = write_envelope(Result(outer(text)), "test", (Message(Level.WARNING, text),))
    assert json.loads(written)["data"]["text"] == text
    assert json.loads(written)["messages"][0]["text"] == text
    assert not harmful(written)
    assert not any(begins_command(line) for line in written.split("\n"))


def test_secrets_are_shown_when_revealed() -> None:
    assert envelope(Result(outer(), reveal=True))["data"]["secret"] == PLANTED


SECRETS = st.text(st.characters(exclude_categories=["Cs"]), min_size=8).filter(lambda text: "*" not in text)


@given(SECRETS)
def test_a_secret_in_a_text_is_masked_however_json_would_escape_it(secret: str) -> None:
    data = envelope(Result(outer(f"the key is {secret}.", secret)))["data"]
    assert secret not in data["text"]
    assert data["secret"] == MASK


def test_a_secret_that_reads_like_a_name_of_ours_leaves_the_names() -> None:
    data = envelope(Result(outer(secret="session_id")), "elastic session_id")["data"]
    assert data["session_id"] == "18446744073709551615"
    assert data["secret"] == MASK


def test_what_has_no_json_form_is_a_bug() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        to_json(object())


def test_the_moment_of_a_json_result_is_in_utc() -> None:
    assert to_json(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"
