"""Elasticsearch's security API, as far as asayer-cli meets it: who am I, what may I do, and API keys.

Also users and roles (`PUT /_security/user/{name}`, `PUT /_security/role/{name}`), so that weak users can be made.
Expired and invalidated keys stay listed. `with_limited_by` and profile ids are not supported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.elastic.errors import denied, error, illegal_argument, invalid_request, unparsable
from asayer_cli.sandbox.elastic.privileges import (
    MANAGE_KEYS,
    MANAGE_SECURITY,
    READ_KEYS,
    Rights,
    UnknownPrivilegeError,
    check_cluster_privilege,
)
from asayer_cli.sandbox.elastic.roles import PrivilegeChecks, read_checks, read_role, show_role
from asayer_cli.sandbox.elastic.security import REALM, ApiKey, User, lifetime_ms, new_id, new_secret
from asayer_cli.sandbox.wsgi import Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from asayer_cli.sandbox.elastic.requests import Request
    from asayer_cli.sandbox.elastic.security import Directory, Principal

_OWN: Final = "manage_own_api_key"
_CREATE: Final = "cluster:admin/xpack/security/api_key/create"
_GET: Final = "cluster:admin/xpack/security/api_key/get"
_INVALIDATE: Final = "cluster:admin/xpack/security/api_key/invalidate"
_LONGEST_NAME: Final = 256
_CREATE_FIELDS: Final = frozenset({"name", "expiration", "role_descriptors", "metadata"})
_SELECTION_FIELDS: Final = frozenset({"id", "ids", "name", "owner", "username", "realm_name"})
_DERIVED: Final = "creating derived api keys requires an explicit role descriptor that is empty (has no privileges)"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which keys a request means. A name may end in ``*``."""

    ids: tuple[str, ...] = ()
    name: str | None = None
    owner: bool = False
    username: str | None = None
    realm: str | None = None

    def check(self, *, must_select: bool) -> None:
        """Refuse combinations that Elasticsearch refuses."""
        if self.ids and self.name:
            raise invalid_request("only one of [api key id(s), api key name] can be specified")
        if (self.username or self.realm) and (self.ids or self.name):
            raise invalid_request(
                "username or realm name must not be specified when the api key id(s) or api key name are specified"
            )
        if (self.username or self.realm) and self.owner:
            raise invalid_request("neither username nor realm-name may be specified when retrieving owned API keys")
        if must_select and not (self.ids or self.name or self.owner or self.username or self.realm):
            raise invalid_request(
                "One of [api key id(s), api key name, username, realm name] must be specified if [owner] flag is false"
            )

    def takes(self, key: ApiKey, owner: str) -> bool:
        """Tell whether the request of `owner` means this key."""
        username = owner if self.owner else self.username
        return (
            (not self.ids or key.id in self.ids)
            and _name_matches(self.name, key.name)
            and (username is None or key.username == username)
            and (self.realm is None or self.realm == REALM)
        )


class SecurityApi:
    """Answers one operation at a time; every method takes the request and who makes it."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._operations: dict[str, Callable[[Request, Principal], Reply]] = {
            "security.authenticate": self.authenticate,
            "security.has_privileges": self.has_privileges,
            "security.create_api_key": self.create_api_key,
            "security.get_api_key": self.get_api_key,
            "security.invalidate_api_key": self.invalidate_api_key,
            "security.put_user": self.put_user,
            "security.put_role": self.put_role,
        }
        self.keys_enabled = True
        self.serverless = False

    def answer(self, operation: str, request: Request, principal: Principal) -> Reply:
        """Answer an operation such as ``security.authenticate``; raises `ElasticError`."""
        if operation.endswith("api_key") and not self.keys_enabled:
            details = {"disabled.feature": "api_key_service"}
            raise error(400, "feature_not_enabled_exception", "api keys are not enabled", **details)
        return self._operations[operation](request, principal)

    def authenticate(self, _request: Request, principal: Principal) -> Reply:
        """Tell who makes the request."""
        kind = "_es_api_key" if principal.key else "native"
        realm = {"name": "_es_api_key" if principal.key else REALM, "type": kind}
        body: dict[str, object] = {
            "username": principal.username,
            "roles": list(principal.roles),
            "full_name": None,
            "email": None,
            "metadata": {},
            "enabled": True,
            "authentication_realm": realm,
            "lookup_realm": realm,
            "authentication_type": "api_key" if principal.key else "realm",
        }
        if principal.key:
            # managed_by came with 9.x and serverless, where it is required; older clients pass over it.
            body["api_key"] = {"id": principal.key.id, "name": principal.key.name, "managed_by": "elasticsearch"}
        return json_reply(200, body)

    def has_privileges(self, request: Request, principal: Principal) -> Reply:
        """Tell which privileges are held. Application privileges do not exist here: nobody holds one."""
        checks = read_checks(request.json_object(), principal.username)
        try:
            cluster, index = _evaluate(checks, principal.rights)
        except UnknownPrivilegeError as problem:
            raise illegal_argument(str(problem)) from problem
        application = {
            name: {resource: dict.fromkeys(privileges, False) for resource in resources}
            for name, resources, privileges in checks.application
        }
        answers = [*cluster.values(), *(held for privileges in index.values() for held in privileges.values())]
        body = {"cluster": cluster, "index": index, "application": application}
        complete = all(answers) and not application
        return json_reply(200, {"username": principal.username, "has_all_requested": complete, **body})

    def create_api_key(self, request: Request, principal: Principal) -> Reply:
        """Make a key, limited by its creator's rights as they are now."""
        _demand(principal, _CREATE, MANAGE_KEYS)
        fields = request.json_object()
        for name in fields.keys() - _CREATE_FIELDS:
            raise unparsable(f"[api_key_request] unknown field [{name}]")
        key = self._new_key(fields, principal)
        self._directory.add_key(key)
        body: dict[str, object] = {"id": key.id, "name": key.name}
        if key.expiration is not None:
            body["expiration"] = key.expiration
        return json_reply(200, {**body, "api_key": key.secret, "encoded": key.encoded})

    def _new_key(self, fields: dict[str, object], creator: Principal) -> ApiKey:
        name, metadata = _key_name(fields.get("name")), _metadata(fields.get("metadata"))
        descriptors = fields.get("role_descriptors", {})
        if not isinstance(descriptors, dict):
            raise unparsable("[api_key_request] role_descriptors doesn't support values that are no object")
        roles = tuple(read_role(role, value, serverless=self.serverless) for role, value in descriptors.items())
        if creator.key and (not roles or any(role.cluster or role.indices for role in roles)):
            raise illegal_argument(_DERIVED)
        now = self._directory.now_ms()
        return ApiKey(
            new_id(),
            new_secret(),
            name,
            creator.username,
            now,
            _expiration(fields.get("expiration"), now),
            Rights((roles,)).limited_by(creator.rights) if roles else creator.rights,
            {role.name: show_role(role) for role in roles},
            metadata,
        )

    def get_api_key(self, request: Request, principal: Principal) -> Reply:
        """List keys. A key may read its own record without any privilege; an unknown id is a 404."""
        key_id = request.query.get("id")
        selection = Selection(
            (key_id,) if key_id else (),
            request.query.get("name"),
            request.flag("owner"),
            request.query.get("username"),
            request.query.get("realm_name"),
        )
        selection.check(must_select=False)
        if not _is_own_record(selection, principal):
            _demand_over_keys(principal, selection, _GET, READ_KEYS)
        now, active_only = self._directory.now_ms(), request.flag("active_only")
        keys = [key for key in self._directory.all_keys() if selection.takes(key, principal.username)]
        shown = [_show_key(key) for key in keys if not active_only or _is_active(key, now)]
        return json_reply(404 if key_id and not shown else 200, {"api_keys": shown})

    def invalidate_api_key(self, request: Request, principal: Principal) -> Reply:
        """End keys. Those that were ended before are passed over, as Elasticsearch's search for active keys does."""
        selection = _selection_of(request.json_object())
        selection.check(must_select=True)
        _demand_over_keys(principal, selection, _INVALIDATE, MANAGE_KEYS)
        keys = [key for key in self._directory.all_keys() if selection.takes(key, principal.username)]
        ended = [key.id for key in keys if key.invalidated_at is None]
        self._directory.invalidate(ended)
        body = {"invalidated_api_keys": ended, "previously_invalidated_api_keys": [], "error_count": 0}
        return json_reply(200, body)

    def put_user(self, request: Request, principal: Principal) -> Reply:
        """Add or replace a user with a password and roles."""
        _demand(principal, "cluster:admin/xpack/security/user/put", MANAGE_SECURITY)
        fields = request.json_object()
        password, roles = fields.get("password"), fields.get("roles", [])
        if not isinstance(password, str) or not isinstance(roles, list):
            raise invalid_request("password must be specified unless you are updating an existing user")
        user = User(request.segments[-1], password, tuple(str(role) for role in roles))
        return json_reply(200, {"created": self._directory.put_user(user)})

    def put_role(self, request: Request, principal: Principal) -> Reply:
        """Add or replace a role."""
        _demand(principal, "cluster:admin/xpack/security/role/put", MANAGE_SECURITY)
        role = read_role(request.segments[-1], request.json_object(), serverless=self.serverless)
        return json_reply(200, {"role": {"created": self._directory.put_role(role)}})


def _evaluate(checks: PrivilegeChecks, rights: Rights) -> tuple[dict[str, bool], dict[str, dict[str, bool]]]:
    for name in checks.cluster:
        check_cluster_privilege(name)
    cluster = {name: rights.has_cluster(name) for name in checks.cluster}
    index: dict[str, dict[str, bool]] = {}
    for pattern, privileges in checks.index:
        held = {privilege: rights.has_index(pattern, privilege) for privilege in privileges}
        index.setdefault(pattern, {}).update(held)
    return cluster, index


def _demand(principal: Principal, action: str, privileges: Iterable[str]) -> None:
    if not principal.rights.has_any_cluster(privileges):
        raise denied(action, principal.subject, "cluster", privileges)


def _demand_over_keys(principal: Principal, selection: Selection, action: str, privileges: Iterable[str]) -> None:
    """Refuse who may manage their own keys only and does not limit the request to these.

    A key owns no other key: with this privilege alone it reaches itself.
    """
    if principal.rights.has_any_cluster(name for name in privileges if name != _OWN):
        return
    own = selection.owner or (selection.username == principal.username and selection.realm == REALM)
    limited = _is_own_record(selection, principal) if principal.key else own
    if not (limited and principal.rights.has_cluster(_OWN)):
        raise denied(action, principal.subject, "cluster", privileges)


def _is_own_record(selection: Selection, principal: Principal) -> bool:
    return principal.key is not None and selection.ids == (principal.key.id,)


def _selection_of(fields: dict[str, object]) -> Selection:
    for name in fields.keys() - _SELECTION_FIELDS:
        raise unparsable(f"[invalidate_api_key_request] unknown field [{name}]")
    ids = fields.get("ids", [])
    if not isinstance(ids, list) or not all(isinstance(key_id, str) for key_id in ids):
        raise unparsable("[invalidate_api_key_request] failed to parse field [ids]")
    if "ids" in fields and not ids:
        raise invalid_request("Field [ids] cannot be an empty array")
    single = _optional_text(fields, "id")
    return Selection(
        (*ids, single) if single else tuple(ids),
        _optional_text(fields, "name"),
        fields.get("owner") is True,
        _optional_text(fields, "username"),
        _optional_text(fields, "realm_name"),
    )


def _optional_text(fields: dict[str, object], name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value or None
    raise unparsable(f"[invalidate_api_key_request] {name} doesn't support values of type: {type(value).__name__}")


def _name_matches(wanted: str | None, name: str) -> bool:
    if wanted is None:
        return True
    return name.startswith(wanted[:-1]) if wanted.endswith("*") else name == wanted


def _key_name(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise invalid_request("api key name is required")
    problems = []
    if len(value) > _LONGEST_NAME:
        problems.append(f"api key name may not be more than {_LONGEST_NAME} characters long")
    if value != value.strip():
        problems.append("api key name may not begin or end with whitespace")
    if value.startswith("_"):
        problems.append("api key name may not begin with an underscore")
    if problems:
        raise invalid_request(*problems)
    return value


def _metadata(value: object) -> dict[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise unparsable("[api_key_request] metadata doesn't support values that are no object")
    if any(name.startswith("_") for name in value):
        raise invalid_request("API key metadata keys may not start with [_]")
    return value


def _expiration(value: object, now_ms: int) -> int | None:
    if value is None:
        return None
    try:
        return now_ms + lifetime_ms(str(value))
    except ValueError as problem:
        cause = {"type": "illegal_argument_exception", "reason": str(problem)}
        raise unparsable("[1:1] [api_key_request] failed to parse field [expiration]", caused_by=cause) from problem


def _is_active(key: ApiKey, now_ms: int) -> bool:
    return key.invalidated_at is None and not key.expired(now_ms)


def _show_key(key: ApiKey) -> dict[str, object]:
    shown: dict[str, object] = {"id": key.id, "name": key.name, "type": "rest", "creation": key.creation}
    if key.expiration is not None:
        shown["expiration"] = key.expiration
    shown["invalidated"] = key.invalidated_at is not None
    if key.invalidated_at is not None:
        shown["invalidation"] = key.invalidated_at
    owner = {"username": key.username, "realm": REALM, "realm_type": "native"}
    return {**shown, **owner, "metadata": key.metadata, "role_descriptors": key.descriptors}
