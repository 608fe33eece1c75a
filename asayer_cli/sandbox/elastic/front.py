"""The local Elasticsearch: a search server (noida-db) behind what it lacks, security above all.

Every request is authenticated (Basic for users, ``ApiKey`` for keys), authorised by index pattern and privilege, and
passed on, limited to the indices that its sender may reach. The security API is answered here.

Where it differs from Elasticsearch: what `elastic_routes` does not list needs all rights; there are no data streams,
no restricted indices, no document or field level security; cluster privileges imply one another by name; the index
that a terms lookup inside a query names is not authorised.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.elastic.data import DataApi
from asayer_cli.sandbox.elastic.errors import ElasticError, error, no_handler
from asayer_cli.sandbox.elastic.requests import Request, read_request
from asayer_cli.sandbox.elastic.routes import Match, find_route
from asayer_cli.sandbox.elastic.security import ANYBODY, Directory, Principal
from asayer_cli.sandbox.elastic.security_api import SecurityApi
from asayer_cli.sandbox.elastic.settings import Behaviour, change_behaviour, change_directory, check_names
from asayer_cli.sandbox.elastic.upstream import Upstream
from asayer_cli.sandbox.faults import Call, with_control
from asayer_cli.sandbox.wsgi import Reply, json_reply, send

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from asayer_cli.sandbox.faults import FaultPlan

EXCHANGES_KEPT: Final = 10_000
_VENDOR_JSON: Final = "application/vnd.elasticsearch+json"
_OPENSEARCH: Final = {"distribution": "opensearch", "number": "2.17.0", "build_type": "tar", "build_snapshot": False}


def create_app(
    noida_url: str, *, username: str, password: str, faults: FaultPlan, control_token: str, record: bool
) -> WSGIApplication:
    """Return the front of the search server at `noida_url`, with one administrator.

    ``PUT /_sandbox/settings`` takes the fields of `settings.Behaviour`, ``users``, ``expire_keys_now`` (ids)
    and ``clock_offset_seconds``. With `record`, ``GET /_sandbox/exchanges`` returns the last 10,000 exchanges, oldest
    first: method, path, query (as sent), request_body, status, response_body. A body is its JSON (a list of them for
    NDJSON), else text; null where there is none. They hold the secrets of new keys, never an Authorization header.
    ``POST /_sandbox/points/forgotten`` ends every point in time and scroll, as a node does that is restarted.
    """
    front = ElasticFront(noida_url, username, password, record=record)
    app = faults.middleware(front, front.identify)
    views, actions = {"exchanges": front.exchanges}, {"points/forgotten": front.forget_points}
    return with_control(app, faults, control_token, front.apply_settings, views, actions)


class ElasticFront:
    """The WSGI application itself. Safe to use from several threads."""

    def __init__(self, noida_url: str, username: str, password: str, *, record: bool) -> None:
        self._lock = threading.Lock()
        self._behaviour = Behaviour()
        self._directory = Directory(username, password)
        self._security = SecurityApi(self._directory)
        self._data = DataApi(Upstream(noida_url))
        self._record = record
        self._exchanges: deque[dict[str, object]] = deque(maxlen=EXCHANGES_KEPT)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        try:
            request = read_request(environ)
            reply = self._answer(request)
        except ElasticError as problem:
            reply, request = problem.reply, None
        reply = _dressed(reply, environ.get("HTTP_ACCEPT", ""), self._behaviour)
        if request and self._record:
            self._keep(_exchange(request, environ.get("QUERY_STRING", ""), reply))
        if environ["REQUEST_METHOD"] == "HEAD":
            reply = replace(reply, body=b"")
        return send(reply, start_response)

    def exchanges(self) -> list[dict[str, object]]:
        """Return the exchanges kept so far, oldest first."""
        with self._lock:
            return list(self._exchanges)

    def forget_points(self, _: dict[str, object]) -> None:
        """End every point in time and scroll."""
        self._data.searches.forget_all()

    def _keep(self, exchange: dict[str, object]) -> None:
        with self._lock:
            self._exchanges.append(exchange)

    def identify(self, environ: WSGIEnvironment) -> Call:
        """Say for the record who asks what; nobody, where the credentials are not accepted."""
        try:
            request = read_request(environ)
            operation = find_route(request.method, request.segments).route.operation
        except ElasticError:
            return Call("elastic", "unknown", "", "")
        try:
            return Call("elastic", operation, "", self._principal(request).name)
        except ElasticError:
            return Call("elastic", operation, "", "")

    def apply_settings(self, values: dict[str, object]) -> None:
        """Change how the front behaves; raises `InvalidControlError`."""
        check_names(values)
        with self._lock:
            behaviour = change_behaviour(self._behaviour, values)
            change_directory(self._directory, values)
            self._behaviour = behaviour
        self._security.keys_enabled = behaviour.security != "api_keys_disabled"
        self._security.serverless = behaviour.serverless
        self._data.searches.failed_shards = behaviour.shard_failures
        self._data.searches.timed_out = behaviour.timed_out

    def _principal(self, request: Request) -> Principal:
        if self._behaviour.security == "disabled":
            return ANYBODY
        keys_enabled = self._behaviour.security == "enabled"
        return self._directory.authenticate(request.authorization, request.path, keys_enabled=keys_enabled)

    def _answer(self, request: Request) -> Reply:
        try:
            principal = self._principal(request)
            match = find_route(request.method, request.segments)
            if match.route.kind == "security":
                return self._answer_security(match, request, principal)
            if self._behaviour.serverless and not match.route.serverless:
                raise _not_on_serverless(request)
            reply = self._data.answer(match, request, principal)
            return self._introduced(reply) if match.route.operation == "info" else reply
        except ElasticError as problem:
            return problem.reply

    def _answer_security(self, match: Match, request: Request, principal: Principal) -> Reply:
        if self._behaviour.security == "disabled" or self._behaviour.product == "opensearch":
            raise no_handler(request.method, request.path)
        return self._security.answer(match.route.operation, request, principal)

    def _introduced(self, reply: Reply) -> Reply:
        """Change what `GET /` says to the product and flavour that was set."""
        if not reply.body:
            return reply
        answer = json.loads(reply.body)
        if self._behaviour.product == "opensearch":
            tagline = "The OpenSearch Project: https://opensearch.org/"
            return json_reply(200, {**answer, "version": _OPENSEARCH, "tagline": tagline})
        version = {**answer["version"], "build_flavor": self._behaviour.build_flavor}
        return json_reply(200, {**answer, "version": version})


def _dressed(reply: Reply, accept: str, behaviour: Behaviour) -> Reply:
    """Give a reply the headers of the product, and the content type that was asked for."""
    headers = dict(header for header in reply.headers if header[0] != "WWW-Authenticate")
    if _VENDOR_JSON in accept and headers["Content-Type"].startswith("application/json"):
        headers["Content-Type"] = f"{_VENDOR_JSON};compatible-with=8"
    if behaviour.product == "elasticsearch":
        headers["X-Elastic-Product"] = "Elasticsearch"
    challenges = [header for header in reply.headers if header[0] == "WWW-Authenticate"]
    return replace(reply, headers=(*headers.items(), *challenges))


def _not_on_serverless(request: Request) -> ElasticError:
    where = f"Request for uri [{request.path}] with method [{request.method}]"
    reason = f"{where} exists but is not available when running in serverless mode"
    return error(410, "api_not_available_exception", reason)


def _exchange(request: Request, query: str, reply: Reply) -> dict[str, object]:
    lines = "ndjson" in request.content_type
    bodies = {"request_body": _readable(request.body, lines=lines), "response_body": _readable(reply.body)}
    return {"method": request.method, "path": request.path, "query": query, "status": reply.status, **bodies}


def _readable(body: bytes, *, lines: bool = False) -> object:
    try:
        if lines:
            return [json.loads(line) for line in body.splitlines() if line.strip()]
        return json.loads(body) if body.strip() else None
    except ValueError:
        return body.decode(errors="replace")
