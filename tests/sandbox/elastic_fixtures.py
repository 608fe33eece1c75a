"""The local Elasticsearch for tests: the real search server behind the real front, one front for each test.

Test files name this file in `pytest_plugins`.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import urllib3
from elasticsearch import Elasticsearch
from werkzeug.serving import make_server

from asayer_cli.sandbox import noida
from asayer_cli.sandbox.elastic_front import create_app
from asayer_cli.sandbox.faults import FaultPlan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed.wsgi import WSGIApplication

USERNAME = "administrator"
PASSWORD = "correct horse"
TOKEN = "control"


@dataclass(frozen=True, slots=True)
class LocalElastic:
    """One front, with the ways in that a test needs."""

    url: str
    username: str = USERNAME
    password: str = PASSWORD

    @contextmanager
    def client(self, *, user: tuple[str, str] | None = None, api_key: str | None = None) -> Iterator[Elasticsearch]:
        """Give a client of the administrator, of another user, or of an API key."""
        basic_auth = None if api_key else user or (self.username, self.password)
        with Elasticsearch(self.url, basic_auth=basic_auth, api_key=api_key, max_retries=0) as client:
            yield client

    def set(self, **settings: object) -> None:
        """Change settings of the front."""
        assert self.control("PUT", "settings", settings) == {"ok": True}

    def control(self, method: str, what: str, body: object = None, token: str = TOKEN) -> object:
        """Send a control request."""
        headers = {"X-Sandbox-Token": token}
        answer = self.request(method, f"/_sandbox/{what}", body=json.dumps(body).encode(), headers=headers)
        return json.loads(answer.data)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """Send a request by hand."""
        with urllib3.PoolManager(retries=False) as pool:
            return pool.request(method, self.url + path, body=body, headers=headers)

    def exchanges(self) -> list[dict[str, object]]:
        """Return what went over the wire so far."""
        kept = self.control("GET", "exchanges")
        assert isinstance(kept, list)
        return kept


@contextmanager
def serve(app: WSGIApplication) -> Iterator[str]:
    """Serve an application on a free port of loopback."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="session")
def search_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[noida.Noida]:
    """The search server without its front, shared by all tests."""
    server = noida.start(tmp_path_factory.mktemp("noida"))
    yield server
    server.stop()


def _empty(url: str) -> None:
    with urllib3.PoolManager(retries=False) as pool:
        there = json.loads(pool.request("GET", f"{url}/_resolve/index/*?expand_wildcards=all").data)
        for index in there["indices"]:
            assert pool.request("DELETE", f"{url}/{index['name']}").status == 200


@pytest.fixture
def elastic(search_server: noida.Noida) -> Iterator[LocalElastic]:
    """An Elasticsearch without indices, and without users but the administrator."""
    _empty(search_server.url)
    app = create_app(
        search_server.url,
        username=USERNAME,
        password=PASSWORD,
        faults=FaultPlan(),
        control_token=TOKEN,
        record=True,
    )
    with serve(app) as url:
        yield LocalElastic(url)
