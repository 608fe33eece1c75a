"""Who may do what: the checks before a request goes to the search server, with Elasticsearch's refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.elastic.errors import ElasticError, denial, denied, index_not_found
from asayer_cli.sandbox.elastic.indices import Catalog, Narrowed, narrow
from asayer_cli.sandbox.elastic.privileges import ALL, index_privileges_granting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asayer_cli.sandbox.elastic.requests import Request
    from asayer_cli.sandbox.elastic.routes import Route
    from asayer_cli.sandbox.elastic.security import Principal

AUTO_CREATE: Final = "indices:admin/auto_create"
# Requests that may also name remote clusters are resolved before they are refused, so that the refusal names indices.
_RESOLVED_FIRST: Final = ("indices:data/read/", "indices:admin/resolve/")


def demand_cluster(principal: Principal, route: Route) -> None:
    """Refuse who holds none of the cluster privileges of the route; an unknown API takes all rights there are."""
    held = principal.rights.has_any_cluster(route.cluster)
    if route.cluster == ALL:
        held = held and has_all_indices(principal)
    if not held:
        raise denied(route.action, principal.subject, "cluster", route.cluster)


def demand_somewhere(principal: Principal, action: str) -> None:
    """Refuse who may not do the action on any index at all."""
    if not principal.rights.allows_somewhere(action):
        raise refusal(principal, action)


def demand_narrowed(principal: Principal, action: str, expression: str, catalog: Catalog, request: Request) -> Narrowed:
    """Limit an index expression to what is allowed; refuses plain names that are not, and who may do it nowhere."""
    if not action.startswith(_RESOLVED_FIRST):
        demand_somewhere(principal, action)
    narrowed = narrow(
        expression,
        catalog,
        lambda name: principal.rights.allows(action, name),
        hidden=not {"all", "hidden"}.isdisjoint(request.query.get("expand_wildcards", "open").split(",")),
        lenient=request.flag("ignore_unavailable"),
    )
    if narrowed.denied:
        raise refusal(principal, action, narrowed.denied)
    if not narrowed.names:
        demand_somewhere(principal, action)
        if not request.flag("allow_no_indices", default=True):
            raise index_not_found(expression)
    return narrowed


def demand_exact(principal: Principal, action: str, index: str) -> None:
    """Refuse who may not do the action on the index.

    An action such as ``indices:data/write/index:op_type/create`` is asked about without its kind first, as a
    refusal names the wider one.
    """
    for asked in (action.partition(":op_type/")[0], action):
        if not principal.rights.allows(asked, index):
            raise refusal(principal, asked, [index])


def demand_index_exists_or_may_be_made(principal: Principal, index: str, catalog: Catalog) -> None:
    """Refuse a write to a new index by somebody who may not make one."""
    if index not in catalog.names and not principal.rights.allows(AUTO_CREATE, index):
        raise refusal(principal, AUTO_CREATE, [index])


def has_all_indices(principal: Principal) -> bool:
    """Tell whether somebody may do everything to every index."""
    return principal.rights.has_index("*", "all")


def refusal(principal: Principal, action: str, indices: Iterable[str] = ()) -> ElasticError:
    """Return the 403 for an action on indices."""
    return denied(action, principal.subject, "index", index_privileges_granting(action), indices)


def refusal_sentence(principal: Principal, action: str, index: str) -> str:
    """Return the sentence for one item of a request that is refused."""
    return denial(action, principal.subject, "index", index_privileges_granting(action), [index])
