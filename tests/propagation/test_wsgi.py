from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import pytest

from asayer_cli.propagation import WsgiMiddleware, current_session_id, session_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = "4113219715072001793"


def environ(value: str | None = ID) -> dict[str, Any]:
    made: dict[str, Any] = {}
    setup_testing_defaults(made)
    made["QUERY_STRING"] = ""
    if value is not None:
        made["HTTP_X_SESSION_ID"] = value
    return made


def start_response(_status: str, _headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
    return lambda _text: None


def id_bytes() -> bytes:
    return (current_session_id() or "none").encode()


def test_a_streamed_body_has_the_id_at_each_step_and_nobody_else_has() -> None:
    def app(_environ: Any, begin: Any) -> Iterator[bytes]:
        begin("200 OK", [("Content-Type", "text/plain")])
        try:
            yield id_bytes()
            yield id_bytes()
        finally:
            closed.append(current_session_id())

    closed: list[str | None] = []
    body: Any = validator(WsgiMiddleware(validator(app)))(environ(), start_response)
    assert current_session_id() is None
    steps = iter(body)
    assert next(steps) == ID.encode()
    assert current_session_id() is None
    assert next(steps) == ID.encode()
    with pytest.raises(StopIteration):
        next(steps)
    body.close()
    assert closed == [ID]
    assert current_session_id() is None


def test_two_bodies_taken_in_turns_keep_their_ids() -> None:
    def app(_environ: Any, _begin: Any) -> Iterator[bytes]:
        yield id_bytes()
        yield id_bytes()

    bodies = [iter(WsgiMiddleware(app)(environ(value), start_response)) for value in ("1", "2", None)]
    assert [next(body) for body in bodies * 2] == [b"1", b"2", b"none"] * 2


@pytest.mark.parametrize("value", ["letters", "-1", "1,2", "", None])
def test_no_valid_header_is_no_id(value: str | None) -> None:
    assert list(WsgiMiddleware(lambda *_: [id_bytes()])(environ(value), start_response)) == [b"none"]


def test_whole_bodies_and_files_reach_the_server_as_they_are() -> None:
    listed = [b"x"]
    assert WsgiMiddleware(lambda *_: listed)(environ(), start_response) is listed
    given = environ()
    given["wsgi.file_wrapper"] = FileWrapper
    wrapped = FileWrapper(io.BytesIO(b"x"))
    assert WsgiMiddleware(lambda *_: wrapped)(given, start_response) is wrapped


def test_an_exception_passes_unchanged_whether_called_or_streamed() -> None:
    raised = RuntimeError("boom")

    def calling(*_: Any) -> list[bytes]:
        raise raised

    def streaming(*_: Any) -> Iterator[bytes]:
        yield b"x"
        raise raised

    for app in (calling, streaming):
        raised.__traceback__ = None
        with pytest.raises(RuntimeError) as caught:
            list(WsgiMiddleware(app)(environ(), start_response))
        assert caught.value is raised
        assert session_of(raised) == ID


def test_several_headers() -> None:
    given = environ(None) | {"HTTP_X_OTHER": "7"}
    app = WsgiMiddleware(lambda *_: [id_bytes()], headers=("X-Session-Id", "x-other"))
    assert app(given, start_response) == [b"7"]
