"""The snippets that are no web application: any Python program, Lambda, Celery with a real broker, the page."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from asayer_cli.snippets import snippet
from tests.snippets.pasting import (
    FORMS,
    SECRET,
    SESSION,
    Form,
    python,
    taken_by_cloudwatch,
    taken_by_elasticsearch,
)
from tests.snippets.serving import PATIENCE_SECONDS, Server, free_port, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANY_PROGRAM = """
import pasted, sys
pasted.handle("4113219715072001793", ["visa"] * 3)
pasted.work({"session_id": 5, "card": "amex"})
pasted.work({"session_id": "forged] x", "card": "none"})
pasted.log_as_json()
pasted.handle("4113219715072001793", ["json"])
"""
EVENTS = """
import json, pasted, sys
for line in sys.stdin:
    event = json.loads(line)
    print(json.dumps(pasted.handler(event, None)), flush=True)
"""


@pytest.fixture(params=FORMS, ids=lambda form: form.name)
def form(request: pytest.FixtureRequest) -> Form:
    chosen: Form = request.param
    return chosen


def test_any_program(form: Form, tmp_path: Path, bare_environ: dict[str, str]) -> None:
    (tmp_path / "pasted.py").write_text(form.printed("python", tmp_path, bare_environ), encoding="utf-8")
    ended = python("-c", ANY_PROGRAM, folder=tmp_path, environ=form.environ())
    *plain, as_json = ended.stderr.splitlines()
    assert list(map(taken_by_cloudwatch, plain)) == [*[SESSION] * 3, "5", None]
    assert taken_by_elasticsearch(as_json) == taken_by_cloudwatch(as_json) == SESSION


def test_lambda(form: Form, tmp_path: Path, bare_environ: dict[str, str]) -> None:
    (tmp_path / "pasted.py").write_text(form.printed("lambda", tmp_path, bare_environ), encoding="utf-8")
    for secret, open_to in ((SECRET, {SECRET}), ("", set[str]())):
        given = ("", "wrong", SECRET)
        ended = subprocess.run(
            [sys.executable, "-c", EVENTS],
            input="\n".join(json.dumps(event) for value in given for event in canary_events(value)),
            cwd=tmp_path,
            env=form.environ(ASAYER_CANARY_SECRET=secret),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=True,
        )
        statuses = [json.loads(line)["statusCode"] for line in ended.stdout.splitlines()]
        canary = [500 if value in open_to else 404 for value in given]
        assert statuses == [status for one in canary for status in (one, one, one, 200, 404)]
        entries = ended.stderr.splitlines()
        assert list(map(taken_by_cloudwatch, entries)) == [SESSION] * 3 * len(open_to)


def canary_events(given: str) -> list[dict[str, object]]:
    """Return events of each kind of trigger with a secret, one of another path, and one without headers."""
    headers = {"X-Session-Id": SESSION, "X-Asayer-Canary": given}
    lowered = {name.lower(): value for name, value in headers.items()}
    return [
        {"rawPath": "/prod/asayer-canary", "headers": lowered, "queryStringParameters": {"asayer_canary": "m1"}},
        {"path": "/asayer-canary", "headers": headers, "queryStringParameters": None},
        {
            "path": "/asayer-canary",
            "multiValueHeaders": {name: [value] for name, value in lowered.items()},
            "multiValueQueryStringParameters": {"asayer_canary": ["m1"]},
        },
        {"rawPath": "/other", "headers": lowered},
        {"path": "/asayer-canary", "headers": None},
    ]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    port, folder = free_port(), tmp_path_factory.mktemp("redis")
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with serving(command, port, folder, {}) as server:
        yield server


def test_celery(form: Form, redis: Server, tmp_path: Path, bare_environ: dict[str, str]) -> None:
    (tmp_path / "tasks.py").write_text(form.printed("celery", tmp_path, bare_environ), encoding="utf-8")
    module = "asayer_session" if form.vendored else "asayer_cli.propagation"
    send = f"import tasks\nfrom {module} import session_context\n"
    send += "for number in (1, 2, 3):\n    with session_context(number):\n        tasks.charge.delay('visa')\n"
    environ = form.environ(CELERY_BROKER_URL=f"redis://127.0.0.1:{redis.port}/0")
    python("-c", f"{send}tasks.charge.delay('amex')", folder=tmp_path, environ=environ)
    command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "solo", "--loglevel", "INFO"]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    printed = tmp_path / "worker.log"
    with (
        printed.open("wb") as log,
        subprocess.Popen(command, cwd=tmp_path, env=environ, stdout=log, stderr=log) as worker,
    ):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while printed.read_text(encoding="utf-8").count("card refused") < 4 and time.monotonic() < deadline:
            time.sleep(0.1)
        worker.terminate()
    errors = [line for line in printed.read_text(encoding="utf-8").splitlines() if "card refused" in line]
    assert {taken_by_cloudwatch(line) for line in errors if "visa" in line} == {"1", "2", "3"}
    assert [taken_by_cloudwatch(line) for line in errors if "amex" in line] == [None]


class _Scripts(HTMLParser):
    """Collects the scripts of a page: those with an address, and the text of the others."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loaded: list[dict[str, str | None]] = []
        self.written: list[str] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script" and "src" in dict(attrs):
            self.loaded.append(dict(attrs))
        self._inside = tag == "script" and "src" not in dict(attrs)

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.written.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"


def test_the_page_loads_the_script_in_either_way(tmp_path: Path) -> None:
    found = _Scripts(snippet("javascript").text)
    assert found.loaded == [{"src": "/asayer-propagate.js", "data-origins": "https://api.example.com"}]
    (module,) = found.written
    (tmp_path / "page.mjs").write_text(module, encoding="utf-8")
    subprocess.run([shutil.which("node") or "node", "--check", "page.mjs"], cwd=tmp_path, check=True)
    assert 'import "/asayer-propagate.js";' in module
