"""Who makes a key, and what that user may pass on: a key has its maker's rights at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asayer_cli.elastic import shapes
from asayer_cli.elastic.answers import identity_of
from asayer_cli.elastic.model import CreatorRights, KeyIdentity
from asayer_cli.elastic.privileges import CREATOR_CLUSTER, KEY_INDEX
from asayer_cli.errors import AsayerError, PermissionDeniedError, RefusedError, UsageError

if TYPE_CHECKING:
    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.key_request import KeyRequest
    from asayer_cli.reporting import Reporter


def introduce(cluster: Cluster, reporter: Reporter) -> KeyIdentity:
    """Say who is acting, and return it; RefusedError for an API key, which cannot make a useful one."""
    identity = identity_of(cluster.ask(lambda client: client.security.authenticate().body))
    if identity.is_api_key:
        raise refuse_api_key(f"The cluster says that API key {identity.api_key_id} is asking")
    realm = f" (realm {identity.realm})" if identity.realm else ""
    reporter.say(f"Acting as {identity.username}{realm} on {cluster.endpoint.url}.")
    return identity


def refuse_api_key(how: str) -> RefusedError:
    """Return the refusal of an API key as the maker of another."""
    return RefusedError(
        f"{how}; a key made by an API key has no rights at all, so a user must make it.",
        hint="Give a user: --username (ASAYER_ELASTIC_USERNAME), and the password when asked, in "
        "ASAYER_ELASTIC_PASSWORD or with --password-stdin.",
        code="creator_is_api_key",
    )


def rights_of(cluster: Cluster, request: KeyRequest) -> CreatorRights:
    """Ask what the user holds of what the key needs; UsageError for a cluster privilege that does not exist."""
    wanted: list[dict[str, Any]] = [{"names": list(request.indexes), "privileges": list(KEY_INDEX)}]
    privileges = [*CREATOR_CLUSTER, *request.cluster_privileges]
    try:
        answer = cluster.ask(lambda client: client.security.has_privileges(cluster=privileges, index=wanted).body)
    except AsayerError as error:
        if "unknown cluster privilege" in error.message:
            raise UsageError(
                f"A cluster privilege does not exist: {', '.join(request.cluster_privileges)}.",
                hint="The collector needs none: leave out --cluster-privilege.",
                code="unknown_privilege",
            ) from error
        raise
    answer = shapes.checked(answer, shapes.PRIVILEGES, "POST /_security/user/_has_privileges")
    held, on_indices = answer.get("cluster") or {}, answer.get("index") or {}
    return CreatorRights(
        may_create=any(held.get(name) for name in CREATOR_CLUSTER),
        own_only=not any(held.get(name) for name in CREATOR_CLUSTER[1:]),
        missing=tuple(
            (pattern, lacking)
            for pattern in request.indexes
            if (lacking := tuple(name for name in KEY_INDEX if not on_indices.get(pattern, {}).get(name)))
        ),
        missing_cluster=tuple(name for name in request.cluster_privileges if not held.get(name)),
    )


def judge(rights: CreatorRights, username: str, reporter: Reporter) -> None:
    """Raise PermissionDeniedError for a user who may make no key; warn for one who makes a weak one."""
    if not rights.may_create:
        raise PermissionDeniedError(
            f"User {username} may not make API keys.",
            hint=f"Ask for the cluster privilege {CREATOR_CLUSTER[0]} ({' or '.join(CREATOR_CLUSTER[1:])} do as well): "
            f'in a role, "cluster": ["{CREATOR_CLUSTER[0]}"].',
            action=CREATOR_CLUSTER[0],
        )
    for pattern, lacking in rights.missing:
        reporter.warn(
            f"User {username} lacks {' and '.join(lacking)} on {pattern}, so the key will lack it too: "
            "it will see only what this user may see."
        )
    if rights.missing_cluster:
        reporter.warn(
            f"User {username} lacks the cluster privilege {', '.join(rights.missing_cluster)}, so the key will lack it "
            "too; the collector needs none."
        )
