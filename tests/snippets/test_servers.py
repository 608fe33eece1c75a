"""The snippets for Flask, FastAPI and Django, each under its own server: tagged logs, a guarded canary, CORS."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from asayer_cli.snippets import snippet
from tests.snippets.pasting import FORMS, SECRET, SESSION, Form, parts, taken_by_cloudwatch
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
    """A kind, the form of its import, and the server's command."""

    kind: str
    form: Form
    command: tuple[str, ...]

    def paste(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Put an application into a folder: the snippet as printed, with the CORS part where there is one."""
        text = self.form.printed(self.kind, folder, environ)
        if self.kind == "django":
            _into_project(folder, parts(text))
            return
        cors = next(body for name, body in parts(snippet("cors").text).items() if name == CORS[self.kind])
        (folder / "app.py").write_text(f"{text}\n\n{cors}", encoding="utf-8")


def _into_project(folder: Path, found: dict[str, str]) -> None:
    subprocess.run([sys.executable, "-m", "django", "startproject", PROJECT, "."], cwd=folder, check=True)
    for name, body in found.items():
        path = folder / name
        grows = path.name in ("settings.py", "urls.py")
        path.write_text((path.read_text(encoding="utf-8") if grows else "") + body, encoding="utf-8")


def case(kind: str, form: Form, *command: str) -> object:
    return pytest.param(Case(kind, form, command), id=f"{kind}-{form.name}")


PACKAGE, VENDORED = FORMS
CASES = [
    case("flask", PACKAGE, *GUNICORN, "app:app"),
    case("flask", VENDORED, *GUNICORN, "app:app"),
    case("fastapi", PACKAGE, *UVICORN, "app:app"),
    case("fastapi", VENDORED, *UVICORN, "app:app"),
    case("django", PACKAGE, *GUNICORN, "mysite.wsgi:application"),
    case("django", VENDORED, *UVICORN, "mysite.asgi:application"),
]


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
def test_the_canary_is_open_to_its_secret_alone(chosen: Case, tmp_path: Path, bare_environ: dict[str, str]) -> None:
    chosen.paste(tmp_path, bare_environ)
    with started(chosen, tmp_path, SECRET) as server:
        for given in ({}, {"X_Asayer_Canary": ""}, {"X_Asayer_Canary": "wrong"}, {"X_Asayer_Canary": "gr\xfcn"}):
            assert server.ask(ROUTE, X_Session_Id="7", **given).status == 404
        assert canary_entries(server) == []
        assert server.ask(f"{ROUTE}?mark=m%0Aark", X_Session_Id=SESSION, X_Asayer_Canary=SECRET).status == 500
        assert server.ask(ROUTE, X_Session_Id="forged] x", X_Asayer_Canary=SECRET).status == 500
        check_cors(chosen.kind, server)
    tagged, untagged = canary_entries(server)
    assert tagged.startswith(f"[asayer_session_id={SESSION}] ")
    assert "'m\\nark'" in tagged
    assert taken_by_cloudwatch(tagged) == SESSION
    assert "asayer_session_id" not in untagged
    assert not [line for line in server.lines if "Traceback" in line or "forged" in line]


def check_cors(kind: str, server: Server) -> None:
    if kind not in CORS:
        return
    assert allowed(server.preflight(ROUTE, PAGE))
    assert "access-control-allow-origin" not in server.preflight(ROUTE, f"{PAGE}.evil.net").headers
    answer = server.ask(ROUTE, Origin=PAGE, X_Session_Id=SESSION)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (404, PAGE)
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("chosen", CASES[::2])
def test_the_canary_is_closed_without_a_secret(chosen: Case, tmp_path: Path, bare_environ: dict[str, str]) -> None:
    chosen.paste(tmp_path, bare_environ)
    with started(chosen, tmp_path, "") as server:
        for given in ({}, {"X_Asayer_Canary": ""}, {"X_Asayer_Canary": SECRET}):
            assert server.ask(ROUTE, X_Session_Id=SESSION, **given).status == 404
    assert canary_entries(server) == []
