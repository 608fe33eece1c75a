"""What Elasticsearch's privileges allow: cluster privileges by name, index privileges by the actions they stand for.

The actions of each index privilege are those of Elasticsearch 8.15 (x-pack, IndexPrivilege). Cluster privileges imply
one another by name, close to Elasticsearch's rules: `all` everything, `manage` everything but the security ones,
`manage_security` and `manage_api_key` the weaker ones of their kind. Restricted (system) indices, document and field
level security, application privileges and remote clusters do not exist here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.elastic.patterns import covers

if TYPE_CHECKING:
    from collections.abc import Iterable

# From the weakest to the strongest: the order in which a refusal names the privileges that would do.
INDEX_PRIVILEGES: Final[dict[str, tuple[str, ...]]] = {
    "none": (),
    "create_doc": (
        "indices:data/write/index",
        "indices:data/write/index[*",
        "indices:data/write/index:op_type/create",
        "indices:data/write/bulk*",
    ),
    "create": ("indices:data/write/index*", "indices:data/write/bulk*"),
    "delete": ("indices:data/write/delete*", "indices:data/write/bulk*"),
    "index": (
        "indices:data/write/index*",
        "indices:data/write/bulk*",
        "indices:data/write/update*",
        "indices:admin/mapping/auto_put",
    ),
    "read": ("indices:data/read/*", "indices:admin/resolve/index"),
    "read_cross_cluster": ("internal:transport/proxy/indices:data/read/*", "indices:admin/shards/search_shards"),
    "view_index_metadata": (
        "indices:admin/aliases/get",
        "indices:admin/data_stream/get",
        "indices:admin/get",
        "indices:admin/mappings/fields/get*",
        "indices:admin/mappings/get",
        "indices:admin/resolve/*",
        "indices:admin/shards/search_shards",
        "indices:admin/validate/query*",
        "indices:data/read/field_caps*",
        "indices:monitor/settings/get",
    ),
    "monitor": ("indices:monitor/*",),
    "maintenance": ("indices:admin/refresh*", "indices:admin/flush*", "indices:admin/forcemerge*"),
    "create_index": ("indices:admin/create", "indices:admin/auto_create", "indices:admin/data_stream/create"),
    "auto_configure": ("indices:admin/auto_create", "indices:admin/mapping/auto_put"),
    "delete_index": ("indices:admin/delete", "indices:admin/data_stream/delete"),
    "manage_ilm": ("indices:admin/ilm/*",),
    "manage_data_stream_lifecycle": ("indices:admin/data_stream/lifecycle/*",),
    "write": ("indices:data/write/*", "indices:admin/mapping/auto_put"),
    "manage": ("indices:monitor/*", "indices:admin/*", "indices:data/read/field_caps*"),
    "all": ("indices:*", "internal:transport/proxy/indices:*"),
}
_KEY_PRIVILEGES: Final = frozenset({"manage_own_api_key", "grant_api_key", "manage_api_key"})
_SECURITY_PRIVILEGES: Final = _KEY_PRIVILEGES | {
    "delegate_pki",
    "manage_oidc",
    "manage_saml",
    "manage_security",
    "manage_service_account",
    "manage_token",
    "manage_user_profile",
    "read_security",
}
_MONITOR_PRIVILEGES: Final = frozenset(
    {"monitor"}
    | {f"monitor_{what}" for what in ("data_frame_transforms", "data_stream_global_retention", "enrich", "inference")}
    | {f"monitor_{what}" for what in ("esql", "ml", "rollup", "snapshot", "text_structure", "transform", "watcher")}
)
_MANAGE_PRIVILEGES: Final = frozenset(
    {"manage", "cancel_task", "create_snapshot", "read_ccr", "read_ilm", "read_pipeline", "read_slm"}
    | {f"manage_{what}" for what in ("autoscaling", "ccr", "data_frame_transforms", "enrich", "ilm", "inference")}
    | {f"manage_{what}" for what in ("index_templates", "ingest_pipelines", "logstash_pipelines", "ml", "pipeline")}
    | {f"manage_{what}" for what in ("rollup", "slm", "transform", "watcher", "data_stream_global_retention")}
    | {"manage_behavioral_analytics", "manage_search_application", "manage_search_query_rules"}
    | {"manage_search_synonyms", "post_behavioral_analytics_event"}
)
_OTHER_PRIVILEGES: Final = frozenset({"none", "transport_client", "cross_cluster_replication", "cross_cluster_search"})
CLUSTER_PRIVILEGES: Final = frozenset(
    {"all"} | _MANAGE_PRIVILEGES | _MONITOR_PRIVILEGES | _SECURITY_PRIVILEGES | _OTHER_PRIVILEGES
)
_IMPLIED: Final[dict[str, frozenset[str]]] = {
    "all": CLUSTER_PRIVILEGES,
    "manage": _MANAGE_PRIVILEGES | _MONITOR_PRIVILEGES | {"none"},
    "monitor": _MONITOR_PRIVILEGES | {"none"},
    "manage_security": _SECURITY_PRIVILEGES | {"none"},
    "manage_api_key": _KEY_PRIVILEGES | {"none"},
}
MONITOR: Final = ("monitor", "manage", "all")
MANAGE_TEMPLATES: Final = ("manage_index_templates", "manage", "all")
READ_KEYS: Final = ("manage_own_api_key", "read_security", "manage_api_key", "manage_security", "all")
MANAGE_KEYS: Final = ("manage_own_api_key", "manage_api_key", "manage_security", "all")
MANAGE_SECURITY: Final = ("manage_security", "all")
ALL: Final = ("all",)


class UnknownPrivilegeError(ValueError):
    """A name that is no privilege of Elasticsearch; the message is Elasticsearch's."""


def index_actions(privilege: str) -> tuple[str, ...]:
    """Return the action patterns of an index privilege; an action pattern stands for itself.

    Raises `UnknownPrivilegeError`.
    """
    if privilege.lower() in INDEX_PRIVILEGES:
        return INDEX_PRIVILEGES[privilege.lower()]
    if privilege.startswith(("indices:", "internal:")):
        return (privilege,)
    raise UnknownPrivilegeError(
        f"unknown index privilege [{privilege}]. a privilege must be either one of the predefined fixed indices "
        f"privileges [{','.join(sorted(INDEX_PRIVILEGES))}] or a pattern over one of the available index actions"
    )


def check_cluster_privilege(privilege: str) -> None:
    """Raise `UnknownPrivilegeError` for what is neither a cluster privilege nor a pattern of cluster actions."""
    if privilege.lower() not in CLUSTER_PRIVILEGES and not privilege.startswith(("cluster:", "indices:")):
        raise UnknownPrivilegeError(
            f"unknown cluster privilege [{privilege}]. a privilege must be either one of the predefined cluster "
            f"privilege names [{','.join(sorted(CLUSTER_PRIVILEGES))}] or a pattern over one of the available "
            "cluster actions"
        )


def index_privileges_granting(action: str) -> list[str]:
    """Name the index privileges that allow an action, the weakest first."""
    return [name for name, actions in INDEX_PRIVILEGES.items() if covers(actions, action)]


@dataclass(frozen=True, slots=True)
class IndexGrant:
    """Privileges on the indices that any of the name patterns matches."""

    names: tuple[str, ...]
    privileges: tuple[str, ...]

    @property
    def actions(self) -> tuple[str, ...]:
        """The action patterns that the privileges stand for."""
        return tuple(action for privilege in self.privileges for action in index_actions(privilege))


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of privileges."""

    name: str
    cluster: tuple[str, ...] = ()
    indices: tuple[IndexGrant, ...] = ()


SUPERUSER: Final = Role("superuser", ("all",), (IndexGrant(("*",), ("all",)),))


@dataclass(frozen=True, slots=True)
class Rights:
    """What a principal may do: what every layer allows, and a layer allows what any of its roles does.

    A user has one layer. An API key has its own and those of its creator, as they were when it was made.
    """

    layers: tuple[tuple[Role, ...], ...]

    def limited_by(self, other: Rights) -> Rights:
        """Return what both allow."""
        return Rights(self.layers + other.layers)

    def has_any_cluster(self, privileges: Iterable[str]) -> bool:
        """Tell whether at least one of the privileges is held."""
        return any(self.has_cluster(privilege) for privilege in privileges)

    def has_cluster(self, privilege: str) -> bool:
        """Tell whether a cluster privilege, or a pattern of cluster actions, is held."""
        return all(any(_role_has_cluster(role, privilege) for role in layer) for layer in self.layers)

    def has_index(self, pattern: str, privilege: str) -> bool:
        """Tell whether the privilege is held on every index that the pattern stands for.

        As in Elasticsearch, the name patterns of one grant count together, those of different grants apart: `a*` and
        `b*` in two grants do not cover `?x`, and the privileges of all covering grants add up.
        """
        actions = index_actions(privilege)
        return all(_layer_allows(layer, pattern, action) for layer in self.layers for action in actions)

    def allows(self, action: str, index: str) -> bool:
        """Tell whether the action is allowed on one index or alias, by its name."""
        return all(_layer_allows(layer, index, action) for layer in self.layers)

    def allows_somewhere(self, action: str) -> bool:
        """Tell whether the action is allowed on any name pattern at all."""
        return all(
            any(covers(grant.actions, action) for role in layer for grant in role.indices) for layer in self.layers
        )


def _role_has_cluster(role: Role, privilege: str) -> bool:
    held = {name.lower() for name in role.cluster}
    implied = held.union(*(_IMPLIED.get(name, frozenset()) for name in held))
    if privilege.lower() in CLUSTER_PRIVILEGES:
        return privilege.lower() in implied
    return "all" in held or covers((name for name in held if ":" in name), privilege)


def _layer_allows(layer: tuple[Role, ...], pattern: str, action: str) -> bool:
    grants = [grant for role in layer for grant in role.indices if covers(grant.names, pattern)]
    return covers((allowed for grant in grants for allowed in grant.actions), action)
