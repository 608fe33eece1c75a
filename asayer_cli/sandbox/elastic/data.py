"""Everything about indices and documents: checked, limited to what is allowed, and passed on to the search server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asayer_cli.sandbox.elastic.errors import index_not_found
from asayer_cli.sandbox.elastic.gate import (
    demand_cluster,
    demand_exact,
    demand_index_exists_or_may_be_made,
    demand_narrowed,
    demand_somewhere,
)
from asayer_cli.sandbox.elastic.items import bulk, multi_get
from asayer_cli.sandbox.elastic.patterns import is_pattern
from asayer_cli.sandbox.elastic.search import Searches
from asayer_cli.sandbox.elastic.upstream import at_index
from asayer_cli.sandbox.wsgi import Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from asayer_cli.sandbox.elastic.requests import Request
    from asayer_cli.sandbox.elastic.routes import Kind, Match
    from asayer_cli.sandbox.elastic.security import Principal
    from asayer_cli.sandbox.elastic.upstream import Upstream

    Handler = Callable[[Match, Request, Principal], Reply]


class DataApi:
    """One handler for each kind of route. Safe to use from several threads."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self.searches = Searches(upstream)
        self._handlers: dict[Kind, Handler] = {
            "cluster": self._cluster,
            "narrowed": self._narrowed,
            "exact": self._exact,
            "nowhere": self._nowhere,
            "data_stream": self._data_stream,
            "bulk": lambda match, request, who: bulk(request, _index(match, request), who, upstream),
            "mget": lambda match, request, who: multi_get(request, _index(match, request), who, upstream),
            "search": lambda match, request, who: self.searches.search(request, match.index_at, who),
            "msearch": lambda match, request, who: self.searches.multi_search(request, match.index_at, who),
            "open_pit": lambda _, request, who: self.searches.open_pit(request, who),
            "close_pit": lambda _, request, who: self.searches.close_pit(request, who),
            "scroll": lambda _, request, who: self.searches.scroll(request, who),
        }

    def answer(self, match: Match, request: Request, principal: Principal) -> Reply:
        """Answer a request of any kind but `security`; raises `ElasticError`."""
        return self._handlers[match.route.kind](match, request, principal)

    def _cluster(self, match: Match, request: Request, principal: Principal) -> Reply:
        demand_cluster(principal, match.route)
        return self._upstream.send(request)

    def _nowhere(self, match: Match, request: Request, principal: Principal) -> Reply:
        demand_somewhere(principal, match.route.action)
        return self._upstream.send(request)

    def _narrowed(self, match: Match, request: Request, principal: Principal) -> Reply:
        if match.route.cluster:
            demand_cluster(principal, match.route)
        catalog, expression = self._upstream.catalog(), _index(match, request) or ""
        narrowed = demand_narrowed(principal, match.route.action, expression, catalog, request)
        return self._upstream.send(at_index(request, match.index_at, narrowed.expression))

    def _exact(self, match: Match, request: Request, principal: Principal) -> Reply:
        names = (_index(match, request) or "").split(",")
        for name in names:
            demand_exact(principal, match.route.action, name)
        if match.route.creates_index:
            demand_index_exists_or_may_be_made(principal, names[0], self._upstream.catalog())
        return self._upstream.send(request)

    def _data_stream(self, match: Match, request: Request, principal: Principal) -> Reply:
        """There are none: an empty list, or a 404 for a plain name."""
        demand_somewhere(principal, match.route.action)
        names = request.segments[1].split(",") if len(request.segments) > 1 else []
        for name in names:
            if not is_pattern(name) and name != "_all":
                raise index_not_found(name)
        return json_reply(200, {"data_streams": []})


def _index(match: Match, request: Request) -> str | None:
    return None if match.index_at is None else request.segments[match.index_at]
