from __future__ import annotations

import importlib
import json
import logging
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli.propagation.frameworks import serve_in_session
from asayer_cli.propagation.handlers import tag_entry
from asayer_cli.propagation.imports import forget_imports, patch, undo_patches, when_imported
from tests.propagation.launched import run, script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TAG = "[asayer_session_id=42]"


def tagged(text: str, level: int = logging.ERROR, session_id: str | None = "42") -> str:
    record = logging.LogRecord("x", level, "", 0, "", (), None)
    record.__dict__["_asayer_session_id"] = session_id
    return tag_entry(text, record)


@pytest.mark.parametrize(
    ("text", "level", "expected"),
    [
        ("one\n  two", logging.INFO, f"{TAG} one\n{TAG}   two"),
        ("oops", logging.ERROR, f"{TAG} ERROR oops"),
        ("an error", logging.CRITICAL, f"{TAG} an error"),
        (f"{TAG} is there", logging.INFO, f"{TAG} is there"),
        (f"{TAG} is there", logging.ERROR, f"{TAG} ERROR is there"),
        (f"{TAG} one\n[asayer_session_id=7] error", logging.INFO, f"{TAG} one\n{TAG} [asayer_session_id=7] error"),
        ("{not json}", logging.INFO, f"{TAG} {{not json}}"),
        ('{"a": 1} more', logging.INFO, f'{TAG} {{"a": 1}} more'),
        ("[1]", logging.INFO, f"{TAG} [1]"),
        ("", logging.INFO, f"{TAG} "),
        ('{"a":' * 5000 + "1" + "}" * 5000, logging.INFO, TAG + ' {"a":' + '{"a":' * 4999 + "1" + "}" * 5000),
    ],
)
def test_plain_text_is_tagged_line_by_line(text: str, level: int, expected: str) -> None:
    assert tagged(text, level) == expected
    assert tagged(text, level, session_id=None) == text


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ('{"b": 1, "message": "x", "utc_time": "t"}', f'{{"b": 1, "message": "{TAG} x", "utc_time": "t"'),
        ('{"b":1,"message":"x","utc_time":"t"}', f'{{"b":1,"message":"{TAG} x","utc_time":"t"'),
        ('{"event": "\\u00e4", "utc_time": "t"}\n', f'{{"event": "{TAG} \\u00e4", "utc_time": "t"'),
        ('{"event": "ä", "utc_time": "t"}', f'{{"event": "{TAG} ä", "utc_time": "t"'),
        (
            '{"msg": "x", "utc_time": "t", "tags": "a"}',
            f'{{"msg": "{TAG} x", "utc_time": "t", "tags": ["a", "error"]}}',
        ),
        ('{\n  "msg": "x",\n  "utc_time": "t"\n}', f'{{\n  "msg": "{TAG} x",\n  "utc_time": "t",\n  "tags": [\n'),
    ],
)
def test_a_json_object_is_tagged_inside_in_its_own_style(text: str, start: str) -> None:
    made = tagged(text)
    assert made.startswith(start)
    assert json.loads(made)["tags"][-1] == "error"
    assert tagged(made) == made
    assert tagged(text, session_id=None) == text


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    path, modules = list(sys.path), set(sys.modules)
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path[:] = path
    forget_imports()
    undo_patches()
    for name in set(sys.modules) - modules:
        del sys.modules[name]


def test_modules_call_back_when_they_are_imported(folder: Path) -> None:
    script(folder, "value = 1", "waited_for.py")
    script(folder, "import waited_for", "other.py")
    (folder / "namespace").mkdir()
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("zipped.py", "import zipped_too\nvalue = 1")
        archive.writestr("zipped_too.py", "value = 1")
    sys.path.append(str(folder / "archive.zip"))
    seen: list[tuple[str, Any]] = []

    def callback(module: Any) -> None:
        seen.append((module.__name__, getattr(module, "value", None)))

    for name in ("waited_for", "zipped", "zipped_too", "namespace", "not_there", "sys"):
        when_imported(name, callback)
        when_imported(name, callback)
    assert seen.pop(0) == ("sys", None)
    importlib.import_module("other")
    importlib.import_module("zipped")
    importlib.import_module("namespace")
    with pytest.raises(ModuleNotFoundError, match="not_there"):
        importlib.import_module("not_there")
    module = sys.modules["waited_for"]
    assert module.__spec__ is not None
    assert type(module.__spec__.loader).__name__ == "SourceFileLoader"
    importlib.reload(module)
    names = [name for name, value in seen if value == 1]
    assert names == ["waited_for", "zipped_too", "zipped", "waited_for"]


def test_a_failing_callback_is_warned_of_once_and_the_import_goes_on(folder: Path) -> None:
    script(folder, "value = 1", "waited_for.py")

    def broken_callback(_module: Any) -> None:
        raise AttributeError("another version")

    when_imported("waited_for", broken_callback)
    with pytest.warns(RuntimeWarning, match="another version") as warned:
        importlib.reload(importlib.import_module("waited_for"))
    assert (sys.modules["waited_for"].value, len(warned)) == (1, 1)


def test_a_patch_is_made_once_and_undone() -> None:
    class Owner:
        def there(self) -> int:
            return 1

    def wrap(original: Any) -> Any:
        return lambda self: original(self) + 1

    before = vars(Owner)["there"]
    for _ in range(2):
        patch(Owner, "there", wrap)
        patch(Owner, "missing", wrap)
    assert Owner().there() == 2
    undo_patches()
    assert vars(Owner)["there"] is before
    assert not hasattr(Owner, "missing")


def test_what_kind_of_application_a_callable_is() -> None:
    class Asgi:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    class Asgi2:
        def __init__(self, scope: Any) -> None: ...

    class WsgiClass:
        def __init__(self, environ: Any, start_response: Any) -> None: ...

    def asgi(scope: Any, receive: Any, send: Any) -> None: ...

    def wsgi(environ: Any, start_response: Any) -> None: ...

    def kind(app: Any) -> str:
        return type(serve_in_session(app)).__name__

    assert kind(Asgi()) == kind(Asgi().__call__) == kind(asgi) == "AsgiMiddleware"
    assert kind(WsgiClass) == kind(wsgi) == kind(lambda *_: []) == "WsgiMiddleware"
    assert serve_in_session(Asgi2) is Asgi2
    assert serve_in_session("no application") == "no application"
    once = serve_in_session(Asgi())
    assert serve_in_session(once) is once


def test_frameworks_and_logging_configured_before_and_after(tmp_path: Path) -> None:
    file = script(
        tmp_path,
        """
        import asyncio, io, logging, logging.config, logging.handlers, queue, sys

        import django
        from django.conf import settings
        from django.core.asgi import get_asgi_application
        from django.core.wsgi import get_wsgi_application
        from django.http import HttpResponse
        from django.test import Client
        from django.urls import path
        from flask import Flask
        from starlette.applications import Starlette
        from starlette.responses import PlainTextResponse
        from starlette.routing import Route

        from asayer_cli.propagation import install, uninstall
        from asayer_cli.propagation.session import current_session_id

        settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None)
        django.setup()
        urlpatterns = [path("", lambda request: HttpResponse(current_session_id() or "none"))]
        flask = Flask(__name__)
        flask.get("/")(lambda: current_session_id() or "none")
        failures = []

        async def home(request):
            return PlainTextResponse(current_session_id() or "none")

        async def on_error(request, error):
            failures.append(current_session_id())
            return PlainTextResponse("failed", 500)

        async def fail(request):
            raise ValueError

        def starlette():
            return Starlette(routes=[Route("/", home), Route("/fail", fail)], exception_handlers={500: on_error})

        def serve(app, address="/", headers=((b"x-session-id", b"42"),)):
            sent, received = [], []

            async def receive():
                if received:
                    await asyncio.sleep(60)
                received.append(1)
                return {"type": "http.request", "body": b"", "more_body": False}

            async def send(message):
                sent.append(message.get("body", b""))

            scope = {"type": "http", "method": "GET", "path": address, "query_string": b"", "root_path": "",
                     "headers": list(headers), "asgi": {"version": "3.0"}, "http_version": "1.1"}
            try:
                asyncio.run(app(scope, receive, send))
            except ValueError:
                pass
            return b"".join(sent).decode()

        def ask(app):
            environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "x", "SERVER_PORT": "80",
                       "HTTP_X_SESSION_ID": "42", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr,
                       "wsgi.url_scheme": "http"}
            return b"".join(app(environ, lambda *_: None)).decode()

        texts = io.StringIO()
        config = {"version": 1, "handlers": {"text": {"class": "logging.StreamHandler", "stream": texts}},
                  "root": {"handlers": ["text"]}}
        logging.config.dictConfig(config)

        built = starlette()
        assert serve(built) == "none"
        assert install(built) is install(built) is built
        assert serve(built) == "42" and serve(built, headers=()) == "none"
        unbuilt = install(starlette())
        assert serve(unbuilt, "/fail") == "failed" and failures == ["42"]
        assert install(flask) is flask and ask(flask) == "42"
        assert ask(install(get_wsgi_application())) == "42" and serve(install(get_asgi_application())) == "42"

        # without an application the classes themselves
        assert ask(Flask(__name__)) and serve(starlette()) == "none" == ask(get_wsgi_application())
        install()
        assert serve(starlette()) == "42" == ask(get_wsgi_application()) == serve(get_asgi_application())

        from asayer_cli.propagation import session_context
        entries = queue.Queue()
        logging.getLogger("queued").addHandler(logging.handlers.QueueHandler(entries))
        with session_context(42):
            logging.error("before")
            logging.config.dictConfig(config | {"disable_existing_loggers": False})
            logging.error("after")
            logging.getLogger("queued").warning("by a queue")
        logging.handlers.QueueListener(entries, logging.StreamHandler(texts)).handle(entries.get())
        tag = "[asayer_session_id=42] "
        assert texts.getvalue().splitlines() == [
            tag + "ERROR before", tag + "ERROR after", tag + "by a queue", tag + "by a queue"
        ], texts.getvalue()
        before = logging.Handler.format
        uninstall()
        assert logging.Handler.format is not before and type(sys.stdout).__name__ == "TextIOWrapper"
        assert serve(starlette()) == "none" == ask(get_wsgi_application())
        install(tag_name="sid", headers=["X-Sid"])
        assert serve(starlette(), headers=[(b"x-sid", b"43")]) == "43"
        with session_context(42):
            print("done")
        """,
    )
    ended = run(sys.executable, file, folder=tmp_path)
    assert (ended.stdout, ended.stderr) == ("[sid=42] done\n", "")


def test_what_is_written_is_tagged_by_its_record_whoever_writes_it(tmp_path: Path) -> None:
    file = script(
        tmp_path,
        """
        import logging, logging.handlers, sys

        raw = logging.StreamHandler(sys.stderr)
        memory = logging.handlers.MemoryHandler(2, target=raw)
        memory.setFormatter(logging.Formatter("%(message)s"))
        log = logging.getLogger("shop")
        log.addHandler(memory)

        from asayer_cli.propagation import install, session_context, uninstall

        install()
        assert raw.stream is sys.stderr  # so that its lines meet no unfinished ones
        for first, second in (("1", "2"), (None, "3"), ("4", None)):
            with session_context(first):
                log.warning("of %s", first)
            with session_context(second):
                log.warning("of %s", second)
        with session_context("5"):
            print("unfinished", end="", file=sys.stderr, flush=True)
            raw.handle(logging.makeLogRecord({"msg": "of nobody", "_asayer_session_id": None}))
        uninstall()
        """,
    )
    assert run(sys.executable, str(file), folder=tmp_path).stderr.splitlines() == [
        "[asayer_session_id=1] of 1",
        "[asayer_session_id=2] of 2",
        "of None",
        "[asayer_session_id=3] of 3",
        "[asayer_session_id=4] of 4",
        "of None",
        "[asayer_session_id=5] unfinished",
        "of nobody",
    ]
