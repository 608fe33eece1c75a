"""The Elasticsearch APIs that the sandbox knows: the name of each, its action, and how its indices are authorised.

What is not listed here is open to superusers only. Operation names are the Python client's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from asayer_cli.sandbox.elastic.privileges import ALL, MANAGE_TEMPLATES, MONITOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# cluster: a cluster privilege. narrowed: an index expression, limited to what is allowed. exact: index names, not
# expanded. nowhere: an action that must be allowed on any index at all. The others have code of their own.
Kind = Literal[
    "cluster", "narrowed", "exact", "nowhere", "search", "open_pit", "close_pit", "scroll", "bulk", "mget", "msearch",
    "data_stream", "security",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Route:
    """One API. In ``template``, ``[/{index}]`` may be absent, and ``{…}`` stands for one part of the path."""

    operation: str
    methods: str
    template: str
    kind: Kind
    action: str = ""
    cluster: tuple[str, ...] = ()
    serverless: bool = True

    @property
    def creates_index(self) -> bool:
        """Whether writing to an index that does not exist makes it."""
        return self.kind == "bulk" or self.action.startswith(("indices:data/write/index", "indices:data/write/update"))


@dataclass(frozen=True, slots=True)
class Match:
    """A route and where in the path its index expression stands (None where the path has none)."""

    route: Route
    index_at: int | None


SEARCH: Final = "indices:data/read/search"
BULK: Final = "indices:data/write/bulk"
_ROUTES: Final = (
    Route("info", "GET HEAD", "/", "cluster", "cluster:monitor/main", MONITOR),
    Route("security.authenticate", "GET", "/_security/_authenticate", "security"),
    Route("security.has_privileges", "GET POST", "/_security/user/_has_privileges", "security"),
    Route("security.create_api_key", "POST PUT", "/_security/api_key", "security"),
    Route("security.get_api_key", "GET", "/_security/api_key", "security"),
    Route("security.invalidate_api_key", "DELETE", "/_security/api_key", "security"),
    Route("security.put_user", "POST PUT", "/_security/user/{name}", "security"),
    Route("security.put_role", "POST PUT", "/_security/role/{name}", "security"),
    Route("search", "GET POST", "[/{index}]/_search", "search", SEARCH),
    Route("count", "GET POST", "[/{index}]/_count", "narrowed", SEARCH),
    Route("msearch", "GET POST", "[/{index}]/_msearch", "msearch", "indices:data/read/msearch"),
    Route("mget", "GET POST", "[/{index}]/_mget", "mget", "indices:data/read/mget"),
    Route("async_search.submit", "POST", "[/{index}]/_async_search", "narrowed",
          "indices:data/read/async_search/submit"),
    Route("scroll", "GET POST", "/_search/scroll", "scroll", "indices:data/read/scroll"),
    Route("clear_scroll", "DELETE", "/_search/scroll", "scroll", "indices:data/read/scroll/clear"),
    Route("open_point_in_time", "POST", "/{index}/_pit", "open_pit", "indices:data/read/open_point_in_time"),
    Route("close_point_in_time", "DELETE", "/_pit", "close_pit", "indices:data/read/close_point_in_time"),
    Route("field_caps", "GET POST", "[/{index}]/_field_caps", "narrowed", "indices:data/read/field_caps"),
    Route("esql.query", "POST", "/_query", "nowhere", "indices:data/read/esql"),
    Route("get", "GET HEAD", "/{index}/_doc/{id}", "exact", "indices:data/read/get"),
    Route("get_source", "GET HEAD", "/{index}/_source/{id}", "exact", "indices:data/read/get"),
    Route("indices.validate_query", "GET POST", "[/{index}]/_validate/query", "narrowed",
          "indices:admin/validate/query"),
    Route("indices.get_mapping", "GET", "[/{index}]/_mapping", "narrowed", "indices:admin/mappings/get"),
    Route("indices.get_field_mapping", "GET", "[/{index}]/_mapping/field/{fields}", "narrowed",
          "indices:admin/mappings/fields/get"),
    Route("indices.get_settings", "GET", "[/{index}]/_settings", "narrowed", "indices:monitor/settings/get"),
    Route("indices.get_settings", "GET", "[/{index}]/_settings/{name}", "narrowed", "indices:monitor/settings/get"),
    Route("indices.get_alias", "GET HEAD", "[/{index}]/_alias", "narrowed", "indices:admin/aliases/get"),
    Route("indices.get_alias", "GET HEAD", "/{index}/_alias/{name}", "narrowed", "indices:admin/aliases/get"),
    Route("indices.resolve_index", "GET POST", "/_resolve/index/{index}", "narrowed", "indices:admin/resolve/index"),
    Route("indices.get_data_stream", "GET", "/_data_stream", "data_stream", "indices:admin/data_stream/get"),
    Route("indices.get_data_stream", "GET", "/_data_stream/{name}", "data_stream", "indices:admin/data_stream/get"),
    Route("indices.stats", "GET", "[/{index}]/_stats", "narrowed", "indices:monitor/stats"),
    Route("indices.analyze", "GET POST", "/{index}/_analyze", "exact", "indices:admin/analyze"),
    Route("indices.analyze", "GET POST", "/_analyze", "nowhere", "indices:admin/analyze"),
    Route("bulk", "POST PUT", "[/{index}]/_bulk", "bulk", BULK),
    Route("index", "POST", "/{index}/_doc", "exact", "indices:data/write/index:op_type/create"),
    Route("index", "POST PUT", "/{index}/_doc/{id}", "exact", "indices:data/write/index:op_type/index"),
    Route("create", "POST PUT", "/{index}/_create/{id}", "exact", "indices:data/write/index:op_type/create"),
    Route("update", "POST", "/{index}/_update/{id}", "exact", "indices:data/write/update"),
    Route("delete", "DELETE", "/{index}/_doc/{id}", "exact", "indices:data/write/delete"),
    Route("delete_by_query", "POST", "/{index}/_delete_by_query", "narrowed", "indices:data/write/delete/byquery"),
    Route("update_by_query", "POST", "/{index}/_update_by_query", "narrowed", "indices:data/write/update/byquery"),
    Route("indices.put_mapping", "PUT POST", "/{index}/_mapping", "narrowed", "indices:admin/mapping/put"),
    Route("indices.put_settings", "PUT", "[/{index}]/_settings", "narrowed", "indices:admin/settings/update"),
    Route("indices.put_alias", "PUT POST", "/{index}/_alias/{name}", "narrowed", "indices:admin/aliases"),
    Route("indices.refresh", "GET POST", "[/{index}]/_refresh", "narrowed", "indices:admin/refresh"),
    Route("indices.flush", "GET POST", "[/{index}]/_flush", "narrowed", "indices:admin/flush"),
    Route("indices.get", "GET HEAD", "/{index}", "narrowed", "indices:admin/get"),
    Route("indices.create", "PUT", "/{index}", "exact", "indices:admin/create"),
    Route("indices.delete", "DELETE", "/{index}", "exact", "indices:admin/delete"),
    Route("cat.indices", "GET", "/_cat/indices", "narrowed", "indices:monitor/stats", MONITOR),
    Route("cat.indices", "GET", "/_cat/indices/{index}", "narrowed", "indices:monitor/stats", MONITOR),
    Route("cluster.health", "GET", "/_cluster/health", "cluster", "cluster:monitor/health", MONITOR, serverless=False),
    Route("cluster.state", "GET", "/_cluster/state", "cluster", "cluster:monitor/state", MONITOR, serverless=False),
    Route("nodes.info", "GET", "/_nodes", "cluster", "cluster:monitor/nodes/info", MONITOR, serverless=False),
    Route("license.get", "GET", "/_license", "cluster", "cluster:monitor/xpack/license/get", MONITOR),
    Route("xpack.info", "GET", "/_xpack", "cluster", "cluster:monitor/xpack/info", MONITOR, serverless=False),
    Route("indices.get_index_template", "GET HEAD", "/_index_template/{name}", "cluster",
          "indices:admin/index_template/get", ("monitor", *MANAGE_TEMPLATES)),
    Route("indices.put_index_template", "PUT POST", "/_index_template/{name}", "cluster",
          "indices:admin/index_template/put", MANAGE_TEMPLATES),
    Route("indices.delete_index_template", "DELETE", "/_index_template/{name}", "cluster",
          "indices:admin/index_template/delete", MANAGE_TEMPLATES),
)  # fmt: skip
_ANYTHING_ELSE: Final = Route("unknown", "", "", "cluster", "cluster:admin/unknown", ALL)


def _variants(routes: Iterable[Route]) -> Iterator[tuple[Route, list[str]]]:
    for route in routes:
        for template in (route.template.replace("[/{index}]", ""), route.template.replace("[/{index}]", "/{index}")):
            yield route, [part for part in template.split("/") if part]


_VARIANTS: Final = tuple(_variants(_ROUTES))


def find_route(method: str, segments: tuple[str, ...]) -> Match:
    """Find the API that a request means."""
    for route, parts in _VARIANTS:
        if method in route.methods.split() and _fits(parts, segments):
            return Match(route, parts.index("{index}") if "{index}" in parts else None)
    return Match(_ANYTHING_ELSE, None)


def _fits(parts: list[str], segments: tuple[str, ...]) -> bool:
    return len(parts) == len(segments) and all(map(_part_fits, parts, segments))


def _part_fits(part: str, segment: str) -> bool:
    if part == "{index}":
        return not segment.startswith("_") or segment == "_all"
    return part.startswith("{") or part == segment
