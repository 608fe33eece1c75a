from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.propagation.launched import lines_of, script, served

if TYPE_CHECKING:
    from pathlib import Path

ID = "4113219715072001793"
TAG = f"[asayer_session_id={ID}]"
APPLICATION = """
    import json, logging, logging.config, logging.handlers, queue

    class Json(logging.Formatter):
        def format(self, record):
            return json.dumps({"level": record.levelname, "message": record.getMessage()})

    console = {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}
    logging.config.dictConfig({
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": Json}},
        "handlers": {"console": console},
        "loggers": {"json": {"handlers": ["console"], "level": "INFO", "propagate": False}},
    })
    entries = queue.Queue()
    queued = logging.getLogger("queued")
    queued.propagate = False
    queued.addHandler(logging.handlers.QueueHandler(entries))
    listener = logging.handlers.QueueListener(entries, logging.StreamHandler())
    listener.start()

    def work(mark):
        logging.getLogger("json").error("json %s", mark)
        queued.warning("queued %s", mark)
        print("printed", mark, flush=True)
        if mark.startswith("boom"):
            raise RuntimeError("bad " + mark)

    def wsgi(environ, start_response):
        work(environ["QUERY_STRING"])
        start_response("200 OK", [("Content-Length", "2")])
        yield b"ok"

    async def asgi(scope, receive, send):
        if scope["type"] == "http":
            work(scope["query_string"].decode())
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"ok"})
"""
GUNICORN = ("gunicorn", "--bind=127.0.0.1:{port}", "--access-logfile=-", "--no-control-socket")
UVICORN = ("uvicorn", "--port={port}", "--lifespan=off", "application:asgi")


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ((*GUNICORN, "application:wsgi"), 2),
        ((*GUNICORN, "--worker-class=gthread", "application:wsgi"), 2),
        ((*GUNICORN, "--worker-class=asgi", "application:asgi"), 0),
        (UVICORN, 0),
    ],
    ids=["gunicorn", "gunicorn-threads", "gunicorn-asgi", "uvicorn"],
)
def test_all_that_a_server_writes_of_a_request_is_tagged(tmp_path: Path, command: tuple[str, ...], more: int) -> None:
    script(tmp_path, APPLICATION, "application.py")
    with served(tmp_path, *command) as ask:
        ask("/?calm-one", ID)
        ask("/?boom-one", ID)
        ask("/?calm-two", None)
        ask("/?boom-two", "not an id")
    with_id = lines_of(tmp_path, "calm-one") + lines_of(tmp_path, "boom-one")
    assert [line for line in with_id if line.count(TAG) != 1] == []
    assert [line for line in with_id if line[0] != "{" and not line.startswith(TAG)] == []
    for line in with_id:
        if line[0] == "{":
            assert json.loads(line)["message"].startswith(f"{TAG} json ")
            assert json.loads(line)["tags"] == ["error"]
    without = lines_of(tmp_path, "calm-two") + lines_of(tmp_path, "boom-two")
    assert [line for line in without if "asayer_session_id" in line] == []
    # gunicorn names the failed request in its error, and has a second line for it in its access log
    assert len(without) == len(with_id) == 9 + more
    assert all(line.startswith(TAG) for line in lines_of(tmp_path, "Error handling request")[:1])
