"""The snippets for Flask, FastAPI and Django, each under its own server: tagged logs, a guarded canary, CORS."""

from __future__ import annotations

import contextlib
import http.server
import re
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import pytest

from asayer_cli.snippets import snippet
from tests.snippets.pasting import FORMS, SECRET, SESSION, Form, parts, taken_by_cloudwatch, taken_by_elasticsearch
from tests.snippets.serving import PAGE, Server, allowed, free_port, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ROUTE = "/asayer-canary"
CORS = {"flask": "Flask", "fastapi": "FastAPI"}
GUNICORN = ("gunicorn", "--bind", "127.0.0.1:{port}", "--threads", "4", "--graceful-timeout", "5")
UVICORN = ("uvicorn", "--port", "{port}")
PROJECT = "mysite"


@dataclass(frozen=True)
class Case:
    """A kind, the form of its import, the server's command, and the formatter to choose in Django's LOGGING."""

    kind: str
    form: Form
    command: tuple[str, ...]
    formatter: str = "plain"

    def paste(self, folder: Path, environ: Mapping[str, str], project: Path) -> None:
        """Put an application into a folder: the snippet as printed, with the CORS part where there is one.

        Django's goes into a copy of a new `project`.
        """
        text = self.form.printed(self.kind, folder, environ)
        if self.kind == "django":
            shutil.copytree(project, folder, dirs_exist_ok=True)
            _into_project(folder, parts(text.replace('"formatter": "plain"', f'"formatter": "{self.formatter}"')))
            return
        cors = next(body for name, body in parts(snippet("cors").text).items() if name == CORS[self.kind])
        (folder / "app.py").write_text(f"{text}\n\n{cors}", encoding="utf-8")


def _into_project(folder: Path, found: dict[str, str]) -> None:
    for name, body in found.items():
        path = folder / name
        grows = path.name in ("settings.py", "urls.py")
        path.write_text((path.read_text(encoding="utf-8") if grows else "") + body, encoding="utf-8")


def case(kind: str, form: Form, *command: str, formatter: str = "plain") -> object:
    return pytest.param(Case(kind, form, command, formatter), id=f"{kind}-{form.name}")


PACKAGE, VENDORED = FORMS
CASES = [
    case("flask", PACKAGE, *GUNICORN, "app:app"),
    case("flask", VENDORED, *GUNICORN, "app:app"),
    case("fastapi", PACKAGE, *UVICORN, "app:app"),
    case("fastapi", VENDORED, *UVICORN, "app:app"),
    case("django", PACKAGE, *GUNICORN, "mysite.wsgi:application"),
    case("django", VENDORED, *UVICORN, "mysite.asgi:application", formatter="json"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    subprocess.run([sys.executable, "-m", "django", "startproject", PROJECT, "."], cwd=folder, check=True)
    return folder


@contextlib.contextmanager
def started(chosen: Case, folder: Path, secret: str) -> Iterator[Server]:
    environ = chosen.form.environ(ASAYER_CANARY_SECRET=secret)
    port = free_port()
    command = [sys.executable, "-m", *(word.format(port=port) for word in chosen.command)]
    with serving(command, port, folder, environ) as server:
        yield server


def canary_entries(server: Server) -> list[str]:
    return [line for line in server.lines if "asayer canary error" in line]


@pytest.mark.parametrize("chosen", CASES)
def test_the_canary_is_open_to_its_secret_alone(
    chosen: Case, tmp_path: Path, bare_environ: dict[str, str], project: Path
) -> None:
    chosen.paste(tmp_path, bare_environ, project)
    with started(chosen, tmp_path, SECRET) as server:
        for given in ({}, {"X_Asayer_Canary": ""}, {"X_Asayer_Canary": "wrong"}, {"X_Asayer_Canary": "gr\xfcn"}):
            assert server.ask(ROUTE, X_Session_Id="7", **given).status == 404
        assert canary_entries(server) == []
        assert server.ask(f"{ROUTE}?asayer_canary=m%5Bark", X_Session_Id=SESSION, X_Asayer_Canary=SECRET).status == 500
        assert server.ask(ROUTE, X_Session_Id="forged] x", X_Asayer_Canary=SECRET).status == 500
        if chosen.kind in CORS:
            check_cors(server)
    tagged, untagged = canary_entries(server)
    assert taken(tagged) == SESSION
    assert "asayer canary error m[ark" in tagged
    assert taken(untagged) is None
    assert not [line for line in server.lines if "Traceback" in line or "forged" in line]


def taken(line: str) -> str | None:
    return taken_by_elasticsearch(line) if line.startswith("{") else taken_by_cloudwatch(line)


def check_cors(server: Server) -> None:
    assert allowed(server.preflight(ROUTE, PAGE))
    assert "access-control-allow-origin" not in server.preflight(ROUTE, f"{PAGE}.evil.net").headers
    answer = server.ask(ROUTE, Origin=PAGE, X_Session_Id=SESSION)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (404, PAGE)


@pytest.mark.parametrize("chosen", CASES[::2])
def test_the_canary_is_closed_without_a_secret(
    chosen: Case, tmp_path: Path, bare_environ: dict[str, str], project: Path
) -> None:
    chosen.paste(tmp_path, bare_environ, project)
    with started(chosen, tmp_path, "") as server:
        for given in ({}, {"X_Asayer_Canary": ""}, {"X_Asayer_Canary": SECRET}):
            assert server.ask(ROUTE, X_Session_Id=SESSION, **given).status == 404
    assert canary_entries(server) == []


@pytest.mark.skipif(find_spec("corsheaders") is None, reason="not installed: django-cors-headers")
def test_django_answers_preflights(tmp_path: Path, bare_environ: dict[str, str], project: Path) -> None:
    chosen = Case("django", PACKAGE, (*GUNICORN, "mysite.wsgi:application"))
    chosen.paste(tmp_path, bare_environ, project)
    with (tmp_path / "mysite" / "settings.py").open("a", encoding="utf-8") as settings:
        settings.write(parts(snippet("cors").text)["Django"])
    with started(chosen, tmp_path, SECRET) as server:
        check_cors(server)


class PlainServer(http.server.BaseHTTPRequestHandler):
    """A server of one's own, which sends the header lines that the snippet's comment names to its own page."""

    lines: Final = re.findall(r"^#   ([A-Z][\w-]+): (.+)$", snippet("cors").text, re.MULTILINE)

    def do_OPTIONS(self) -> None:
        self._answer(204, self.lines)

    def do_GET(self) -> None:
        self._answer(404, [self.lines[0], self.lines[-1]])

    def _answer(self, status: int, lines: list[tuple[str, str]]) -> None:
        self.send_response(status)
        for name, value in lines if self.headers.get("Origin") == PAGE else ():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


def test_the_header_lines_alone_do(tmp_path: Path) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), PlainServer) as plain:
        thread = threading.Thread(target=plain.serve_forever)
        thread.start()
        check_cors(Server(plain.server_port, tmp_path / "nothing"))
        plain.shutdown()
        thread.join()
