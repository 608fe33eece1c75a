"""Searches: limited to what is allowed, with points in time and scrolls that belong to whoever opened them.

A point in time on no index at all is kept here, since noida-db refuses to open one.
"""

from __future__ import annotations

import json
import secrets
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.elastic.errors import (
    ElasticError,
    error,
    illegal_argument,
    invalid_request,
    search_context_missing,
)
from asayer_cli.sandbox.elastic.gate import demand_narrowed, demand_somewhere, refusal
from asayer_cli.sandbox.elastic.index_terms import merge_by_index, split_by_index
from asayer_cli.sandbox.elastic.indices import NO_INDEX, Narrowed
from asayer_cli.sandbox.elastic.requests import Request
from asayer_cli.sandbox.elastic.routes import SEARCH
from asayer_cli.sandbox.elastic.upstream import at_index
from asayer_cli.sandbox.wsgi import Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asayer_cli.sandbox.elastic.security import Principal
    from asayer_cli.sandbox.elastic.upstream import Upstream

_OPEN_PIT: Final = "indices:data/read/open_point_in_time"
_CLOSE_PIT: Final = "indices:data/read/close_point_in_time"
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Context:
    """A point in time or a scroll: who opened it, and on which names."""

    owner: str
    names: tuple[str, ...]


class Searches:
    """Answers searches and what belongs to them. Safe to use from several threads."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._lock = threading.Lock()
        self._contexts: dict[str, Context] = {}
        self.failed_shards = 0
        self.timed_out = False

    def search(self, request: Request, index_at: int | None, principal: Principal) -> Reply:
        """Answer a search, on an index expression or on a point in time."""
        body = request.json_object()
        if "pit" in body and index_at is None:
            return self._search_pit(request, body, principal)
        expression = "" if index_at is None else request.segments[index_at]
        narrowed = demand_narrowed(principal, SEARCH, expression, self._upstream.catalog(), request)
        answer = self._carry_out(at_index(request, index_at, narrowed.expression), body, narrowed.names)
        self._keep(answer, "_scroll_id", principal, narrowed.names)
        return answer

    def _search_pit(self, request: Request, body: dict[str, object], principal: Principal) -> Reply:
        pit = body["pit"]
        pit_id = str(pit.get("id")) if isinstance(pit, dict) else ""
        context = self._context(pit_id, principal)
        refused = [name for name in context.names if not principal.rights.allows(SEARCH, name)]
        if refused:
            raise refusal(principal, SEARCH, refused)
        if not context.names:
            return self._search_nothing(request, body, pit_id)
        answer = self._carry_out(request, body, context.names)
        self._keep(answer, "pit_id", principal, context.names)
        return answer

    def _search_nothing(self, request: Request, body: dict[str, object], pit_id: str) -> Reply:
        rest = {name: value for name, value in body.items() if name != "pit"}
        reply = self._carry_out(at_index(request, None, NO_INDEX), rest, ())
        return _changed(reply, {"pit_id": pit_id}) if reply.status == _OK else reply

    def _carry_out(self, request: Request, body: dict[str, object], names: Sequence[str]) -> Reply:
        """Send a search on, with a body that the server understands and an answer as Elasticsearch gives it."""
        indices = self._upstream.catalog().behind(names) if "aggs" in body or "aggregations" in body else ()
        reply = self._upstream.send(request.with_json(split_by_index(body, indices)) if body else request)
        if reply.status != _OK:
            return reply
        answer = json.loads(reply.body)
        merge_by_index(body, answer)
        if self.failed_shards:
            _fail_shards(answer, self.failed_shards, request)
        answer["timed_out"] = self.timed_out or answer["timed_out"]
        return json_reply(reply.status, answer)

    def multi_search(self, request: Request, index_at: int | None, principal: Principal) -> Reply:
        """Answer several searches, each with an error of its own where it fails."""
        expression = "" if index_at is None else request.segments[index_at]
        responses = [self._one_of_many(search, principal) for search in _searches(request, expression)]
        return json_reply(200, {"took": 0, "responses": responses})

    def _one_of_many(self, search: Request, principal: Principal) -> dict[str, object]:
        try:
            reply = self.search(search, 0, principal)
        except ElasticError as problem:
            reply = problem.reply
        return {**json.loads(reply.body), "status": reply.status}

    def open_pit(self, request: Request, principal: Principal) -> Reply:
        """Open a point in time on what is allowed of an index expression."""
        if "keep_alive" not in request.query:
            raise invalid_request("[keep_alive] is not specified")
        catalog = self._upstream.catalog()
        narrowed = demand_narrowed(principal, _OPEN_PIT, request.segments[0], catalog, request)
        reply = self._opened(request, narrowed)
        self._keep(reply, "id", principal, narrowed.names)
        if reply.status != _OK:
            return reply
        count = len(catalog.behind(narrowed.names))
        # Answered since 8.16; older clients pass over it.
        return _changed(reply, {"_shards": {"total": count, "successful": count, "skipped": 0, "failed": 0}})

    def _opened(self, request: Request, narrowed: Narrowed) -> Reply:
        if narrowed.names:
            return self._upstream.send(at_index(request, 0, narrowed.expression))
        return json_reply(200, {"id": f"sandbox-{secrets.token_urlsafe(24)}"})

    def close_pit(self, request: Request, principal: Principal) -> Reply:
        """Close a point in time of one's own; for any other there is nothing to close."""
        demand_somewhere(principal, _CLOSE_PIT)
        context = self._forget(str(request.json_object().get("id")), principal)
        if context is None:
            return json_reply(404, {"succeeded": True, "num_freed": 0})
        return self._upstream.send(request) if context.names else json_reply(200, {"succeeded": True, "num_freed": 1})

    def scroll(self, request: Request, principal: Principal) -> Reply:
        """Read on in a scroll of one's own, or end it (DELETE)."""
        body = request.json_object()
        listed = body.get("scroll_id", request.query.get("scroll_id", []))
        scroll_ids = [str(item) for item in listed] if isinstance(listed, list) else [str(listed)]
        if not scroll_ids:
            raise invalid_request("scrollId is missing")
        contexts = [self._context(scroll_id, principal) for scroll_id in scroll_ids]
        if request.method == "DELETE":
            for scroll_id in scroll_ids:
                self._forget(scroll_id, principal)
            return self._upstream.send(request)
        answer = self._upstream.send(request)
        self._keep(answer, "_scroll_id", principal, contexts[0].names)
        return answer

    def _keep(self, reply: Reply, name: str, principal: Principal, names: tuple[str, ...]) -> None:
        """Remember whose the context is that an answer names, if it names one."""
        context_id = json.loads(reply.body).get(name) if reply.status == _OK else None
        if context_id:
            with self._lock:
                self._contexts[context_id] = Context(principal.name, names)

    def forget_all(self) -> None:
        """Forget every point in time and scroll; whoever reads on is told that there is none."""
        with self._lock:
            self._contexts.clear()

    def _context(self, context_id: str, principal: Principal) -> Context:
        with self._lock:
            context = self._contexts.get(context_id)
        if context is None or context.owner != principal.name:
            raise search_context_missing(context_id)
        return context

    def _forget(self, context_id: str, principal: Principal) -> Context | None:
        with self._lock:
            context = self._contexts.get(context_id)
            if context is None or context.owner != principal.name:
                return None
            return self._contexts.pop(context_id)


def _searches(request: Request, expression: str) -> list[Request]:
    """Split a multi-search into searches, each on a path with an index expression."""
    lines = [line for line in request.body.split(b"\n") if line.strip()]
    if len(lines) % 2:
        raise illegal_argument("a multi-search is pairs of lines, a header and a body")
    headers = [_header(line) for line in lines[::2]]
    return [_search(header, body, expression) for header, body in zip(headers, lines[1::2], strict=True)]


def _header(line: bytes) -> dict[str, object]:
    return Request("POST", (), {}, line).json_object()


def _search(header: dict[str, object], body: bytes, expression: str) -> Request:
    named = header.get("index", expression) or "_all"
    joined = ",".join(str(name) for name in named) if isinstance(named, list) else str(named)
    options = ("ignore_unavailable", "allow_no_indices", "expand_wildcards")
    query = {name: str(header[name]).lower() for name in options if name in header}
    return Request("POST", (joined, "_search"), query, body)


def _changed(reply: Reply, fields: Mapping[str, object]) -> Reply:
    return replace(reply, body=json.dumps({**json.loads(reply.body), **fields}).encode())


def _fail_shards(answer: dict[str, object], count: int, request: Request) -> None:
    """Let shards be missing from an answer, or refuse where the request takes no partial answer."""
    if not request.flag("allow_partial_search_results", default=True):
        details = {"phase": "query", "grouped": True, "failed_shards": []}
        raise error(503, "search_phase_execution_exception", "Partial shards failure", **details)
    shards = answer["_shards"]
    if isinstance(shards, dict):
        reason = {"type": "node_not_connected_exception", "reason": "[sandbox-2][127.0.0.1:9301] Node not connected"}
        failures = [{"shard": shard, "node": "sandbox-2", "reason": reason} for shard in range(count)]
        counts = {"total": shards["total"] + count, "failed": shards["failed"] + count}
        answer["_shards"] = {**shards, **counts, "failures": failures}
