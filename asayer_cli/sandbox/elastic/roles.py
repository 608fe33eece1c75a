"""Read role descriptors and privilege checks: what Elasticsearch accepts, and how it shows them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.elastic.errors import ElasticError, error, invalid_request
from asayer_cli.sandbox.elastic.privileges import (
    IndexGrant,
    Role,
    UnknownPrivilegeError,
    check_cluster_privilege,
    index_actions,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_ROLE_FIELDS: Final = frozenset(
    {"cluster", "indices", "index", "applications", "application", "run_as", "metadata", "transient_metadata"}
    | {"global", "description", "restriction", "remote_indices", "remote_cluster"}
)
_GRANT_FIELDS: Final = frozenset({"names", "name", "privileges", "allow_restricted_indices", "field_security", "query"})
_CHECK_FIELDS: Final = frozenset({"cluster", "index", "application"})


@dataclass(frozen=True, slots=True)
class PrivilegeChecks:
    """What `_has_privileges` asks. ``index``: (pattern, privileges). ``application``: (name, resources, privileges)."""

    cluster: tuple[str, ...]
    index: tuple[tuple[str, tuple[str, ...]], ...]
    application: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]


def read_role(name: str, value: object, *, serverless: bool = False) -> Role:
    """Read a role descriptor; its list of index grants may be named `indices` or `index`. Refuses with a 400 or 403.

    Document and field level security need a licence that the sandbox does not have; `run_as` is refused on serverless.
    """
    where = f"failed to parse role [{name}]"
    fields = _object(value, _ROLE_FIELDS, where)
    if serverless and fields.get("run_as"):
        raise parse_error(f"{where}. field [run_as] is not available in serverless mode")
    entries = fields.get("indices") or fields.get("index") or []
    if not isinstance(entries, list):
        raise parse_error(f"{where}. expected field [indices] value to be an array")
    role = Role(name, _strings(fields.get("cluster", []), where), tuple(_grant(entry, where) for entry in entries))
    _check_privileges(role)
    return role


def show_role(role: Role) -> dict[str, object]:
    """Return a role descriptor in the form in which Elasticsearch returns it."""
    indices = [
        {"names": list(grant.names), "privileges": list(grant.privileges), "allow_restricted_indices": False}
        for grant in role.indices
    ]
    rest: dict[str, object] = {
        "applications": [],
        "run_as": [],
        "metadata": {},
        "transient_metadata": {"enabled": True},
    }
    return {"cluster": list(role.cluster), "indices": indices, **rest}


def read_checks(value: object, username: str) -> PrivilegeChecks:
    """Read the body of `_has_privileges`; here the list is named `index`, and `indices` is refused."""
    where = f"failed to parse privileges check [{username}]"
    fields = _object(value, _CHECK_FIELDS, where)
    grants = [_grant(entry, where) for entry in _list(fields.get("index", []), where)]
    checks = PrivilegeChecks(
        _strings(fields.get("cluster", []), where),
        tuple((name, grant.privileges) for grant in grants for name in grant.names),
        tuple(_application(entry, where) for entry in _list(fields.get("application", []), where)),
    )
    if not (checks.cluster or checks.index or checks.application):
        raise invalid_request("must specify at least one privilege")
    return checks


def parse_error(reason: str) -> ElasticError:
    """Return the 400 for a descriptor that cannot be read."""
    return error(400, "parse_exception", reason)


def _grant(value: object, where: str) -> IndexGrant:
    fields = _object(value, _GRANT_FIELDS, where)
    for needed in ("names", "privileges"):
        if needed not in fields and not (needed == "names" and "name" in fields):
            raise parse_error(f"{where}. missing required [{needed}] field")
    if fields.get("field_security") or fields.get("query"):
        feature = "field and document level security"
        raise error(403, "security_exception", f"current license is non-compliant for [{feature}]")
    names = _strings(fields.get("names", fields.get("name")), where)
    if not names or any(name.startswith("/") for name in names):
        raise parse_error(f"{where}. the sandbox reads index names and wildcards, at least one, no regular expressions")
    return IndexGrant(names, _strings(fields["privileges"], where))


def _application(value: object, where: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    fields = _object(value, frozenset({"application", "resources", "privileges"}), where)
    application = fields.get("application")
    if not isinstance(application, str):
        raise parse_error(f"{where}. missing required [application] field")
    return application, _strings(fields.get("resources"), where), _strings(fields.get("privileges"), where)


def _check_privileges(role: Role) -> None:
    problems: list[str] = []
    checks: list[tuple[str, bool]] = [(name, False) for name in role.cluster]
    checks += [(name, True) for grant in role.indices for name in grant.privileges]
    for name, is_index in checks:
        try:
            index_actions(name) if is_index else check_cluster_privilege(name)
        except UnknownPrivilegeError as problem:
            problems.append(str(problem))
    if problems:
        raise invalid_request(*problems)


def _object(value: object, known: Iterable[str], where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise parse_error(f"{where}. expected an object but found [{value}] instead")
    for name in value:
        if name not in known:
            raise parse_error(f"{where}. unexpected field [{name}]")
    return value


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise parse_error(f"{where}. expected an array but found [{value}] instead")
    return value


def _strings(value: object, where: str) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
        raise parse_error(f"{where}. expected a string or an array of strings but found [{value}] instead")
    return tuple(values)
