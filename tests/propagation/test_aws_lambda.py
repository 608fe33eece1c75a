from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli.propagation.aws_lambda import event_session_id
from tests.propagation.launched import run, script

if TYPE_CHECKING:
    from pathlib import Path

ID = "4113219715072001793"


class Odd:
    def get(self, _name: str) -> Any:
        raise OSError


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"resource": "/", "headers": {"X-Session-Id": ID}, "multiValueHeaders": {"X-Session-Id": [ID]}}, ID),
        ({"version": "2.0", "headers": {"x-session-id": ID}, "cookies": []}, ID),
        ({"requestContext": {"elb": {}}, "multiValueHeaders": {"x-session-id": ["x", ID]}}, ID),
        ({"headers": {"x-session-id": "x"}, "multiValueHeaders": {"x-SESSION-id": [ID]}}, ID),
        ({"headers": None, "multiValueHeaders": None}, None),
        ({"headers": {"x-session-id": f"{ID},{ID}"}}, None),
        ({"headers": {"x-session-id": None, 7: ID}, "multiValueHeaders": {"x-session-id": None}}, None),
        ({"headers": [["X-Session-Id", ID]]}, None),
        ({"Records": [{"Sns": {}}]}, None),
        ({}, None),
        ([], None),
        ("", None),
        (None, None),
        (Odd(), None),
    ],
)
def test_the_id_of_an_event(event: Any, expected: str | None) -> None:
    assert event_session_id(event, ["X-Session-Id"]) == expected


def test_a_handler_logs_and_fails_under_its_id(tmp_path: Path) -> None:
    file = script(
        tmp_path,
        """
        import logging, sys
        from asayer_cli.propagation.aws_lambda import lambda_handler
        from asayer_cli.propagation.session import current_session_id, session_of

        logging.basicConfig(format="%(levelname)s %(message)s", stream=sys.stdout)

        @lambda_handler
        def handler(event, context):
            "What it does."
            print("printed", context)
            if "fail" in event:
                raise event["fail"]
            return current_session_id()

        @lambda_handler(headers=["X-Other"])
        def other(event, context):
            return current_session_id()

        with_id = {"headers": {"x-session-id": "42", "x-other": "43"}}
        assert (handler.__name__, handler.__doc__) == ("handler", "What it does.")
        assert (handler(with_id, "c1"), other(with_id, None), handler({}, context="c2")) == ("42", "43", None)
        for event in (with_id, {}):
            error = ValueError("bad card")
            try:
                handler({**event, "fail": error}, None)
            except ValueError as raised:
                assert raised is error and session_of(raised) == ("42" if event else None)
            else:
                raise AssertionError
        """,
    )
    lines = run(sys.executable, file, folder=tmp_path).stdout.splitlines()
    tag = "[asayer_session_id=42]"
    assert lines[:2] == [f"{tag} printed c1", "printed c2"]
    assert lines[2:4] == [f"{tag} printed None", f"{tag} ERROR ValueError: bad card"]
    assert all(line.startswith(tag) for line in lines[4:-1])
    assert lines[-2:] == [f"{tag} ValueError: bad card", "printed None"]
