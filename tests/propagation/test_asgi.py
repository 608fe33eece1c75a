from __future__ import annotations

import asyncio
from typing import Any

import pytest

from asayer_cli.propagation import AsgiMiddleware, current_session_id, session_context, session_of

ID = "4113219715072001793"


async def _nothing(*_args: object) -> None:
    return None


def serve(scope: Any, headers: tuple[str, ...] = ("X-Session-Id",)) -> tuple[str | None, str | None]:
    """Return the id inside the application and the one after it."""
    seen = []

    async def app(given: Any, _receive: Any, _send: Any) -> None:
        assert given is scope
        await asyncio.sleep(0)
        seen.append(current_session_id())

    async def run() -> str | None:
        await AsgiMiddleware(app, headers)(scope, _nothing, _nothing)
        return current_session_id()

    after = asyncio.run(run())
    return seen[0], after


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([(b"x-session-id", ID.encode())], ID),
        ([(b"host", b"x"), (b"x-session-id", b" 42 ")], "42"),
        ([(b"x-session-id", b"letters"), (b"x-session-id", b"43")], "43"),
        ([(b"x-session-id", b"42, 43")], None),
        ([(b"x_session_id", ID.encode())], None),
        ([], None),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_header_is_current_for_exactly_the_connection(kind: str, headers: Any, expected: str | None) -> None:
    assert serve({"type": kind, "headers": headers}) == (expected, None)


def test_several_headers_by_any_spelling() -> None:
    assert serve({"type": "http", "headers": [(b"x-other", b"7")]}, ("X-Session-Id", "X-OTHER"))[0] == "7"


@pytest.mark.parametrize(
    "scope",
    [
        {"type": "http"},
        {"type": "http", "headers": None},
        {"type": "http", "headers": [b"x"]},
        {"type": "http", "headers": [(b"x-session-id", None)]},
        {"type": "lifespan", "headers": [(b"x-session-id", b"5")]},
        {},
    ],
)
def test_an_odd_scope_breaks_nothing(scope: Any) -> None:
    assert serve(scope) == (None, None)


def test_headers_that_can_be_read_only_once_are_still_there_for_the_application() -> None:
    scope = {"type": "http", "headers": iter([(b"x-session-id", b"5")])}
    assert serve(scope)[0] == "5"
    assert scope["headers"] == [(b"x-session-id", b"5")]


def test_a_request_without_header_has_no_id_even_where_one_is_current() -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        assert current_session_id() is None

    with session_context(ID):
        asyncio.run(AsgiMiddleware(app)({"type": "http", "headers": []}, None, None))


def test_an_exception_passes_unchanged_and_is_known_to_have_left_the_session() -> None:
    raised = RuntimeError("boom")

    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        raise raised

    with pytest.raises(RuntimeError) as caught:
        asyncio.run(AsgiMiddleware(app)({"type": "http", "headers": [(b"x-session-id", ID.encode())]}, None, None))
    assert caught.value is raised
    assert session_of(raised) == ID
