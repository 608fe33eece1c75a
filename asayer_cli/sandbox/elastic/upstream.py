"""The search server behind the front: send it requests, and ask it which indices there are."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

import urllib3

from asayer_cli.sandbox.elastic.errors import error
from asayer_cli.sandbox.elastic.indices import Catalog, read_catalog
from asayer_cli.sandbox.elastic.requests import Request
from asayer_cli.sandbox.wsgi import Reply

_SECONDS: Final = 60.0
_CONNECTIONS: Final = 16
_RESOLVE: Final = Request("GET", ("_resolve", "index", "*"), {"expand_wildcards": "all"}, b"")


class Upstream:
    """One search server on loopback. Safe to use from several threads."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._pool = urllib3.PoolManager(maxsize=_CONNECTIONS, retries=False, timeout=_SECONDS)

    def send(self, request: Request) -> Reply:
        """Pass a request on, without its credentials; raises `ElasticError` (503) when the server is gone."""
        headers = {"Accept": "application/json"}
        if request.body:
            headers["Content-Type"] = request.content_type
        if request.segments[:1] == ("_cat",):
            headers["Accept"] = request.accept
        try:
            answer = self._pool.request(request.method, self._url + request.target, body=request.body, headers=headers)
        except urllib3.exceptions.HTTPError as problem:
            raise error(503, "node_disconnected_exception", "the sandbox's search server is gone") from problem
        content_type = answer.headers.get("Content-Type", "application/json")
        return Reply(answer.status, (("Content-Type", content_type),), answer.data)

    def catalog(self) -> Catalog:
        """Return every index and alias there is."""
        return read_catalog(json.loads(self.send(_RESOLVE).body))


def at_index(request: Request, position: int | None, expression: str) -> Request:
    """Return the request with another index expression, at `position` of its path (None where it had none)."""
    segments = list(request.segments)
    if position is not None:
        segments[position] = expression
    elif segments[0] == "_cat":
        segments.append(expression)
    else:
        segments.insert(0, expression)
    return replace(request, segments=tuple(segments))
