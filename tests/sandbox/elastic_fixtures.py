"""The local Elasticsearch for tests: the real search server behind the real front, one front for each test.

Test files name this file in `pytest_plugins`.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from elasticsearch import Elasticsearch
from werkzeug.serving import make_server

from asayer_cli.sandbox.control import Control
from asayer_cli.sandbox.elastic import noida
from asayer_cli.sandbox.elastic.front import create_app
from asayer_cli.sandbox.faults import FaultPlan
from tests.contracts import check_exchange, is_described

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

    @property
    def control(self) -> Control:
        """The front's control requests."""
        return Control(self.url, TOKEN)

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """Send a request by hand."""
        with urllib3.PoolManager(retries=False) as pool:
            return pool.request(method, self.url + path, body=body, headers=headers)


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
        local = LocalElastic(url)
        yield local
        problems = [problem for exchange in local.control.exchanges() for problem in unlike_the_contracts(exchange)]
    assert problems == []


@pytest.fixture
def quick_elastic(search_server: noida.Noida) -> Iterator[LocalElastic]:
    """The same without a record of exchanges: where documents are many, checking them all takes too long."""
    _empty(search_server.url)
    who = {"username": USERNAME, "password": PASSWORD}
    with serve(create_app(search_server.url, **who, faults=FaultPlan(), control_token=TOKEN, record=False)) as url:
        yield LocalElastic(url)


def unlike_the_contracts(exchange: dict[str, Any]) -> list[str]:
    """Say how a successful exchange differs from the official descriptions, where they have its API."""
    plays_opensearch = "opensearch" in str(exchange["response_body"])
    if exchange["status"] != HTTPStatus.OK or not is_described(exchange) or plays_opensearch:
        return []
    return check_exchange(exchange)
