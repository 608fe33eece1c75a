"""The sandbox's AWS account: moto's users, keys, groups, roles and policies, read the way AWS decides by them.

moto holds the state; this adds what moto lacks: permissions boundaries of users, and when a policy began to count.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from moto.iam.models import AccessKeyLastUsed, Group, ManagedPolicy, Role, User, iam_backends
from moto.sts.models import sts_backends

from asayer_cli.sandbox.aws import iam_policy
from asayer_cli.sandbox.supervisor import ACCOUNT_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from moto.iam.models import AccessKey, IAMBackend
    from moto.sts.models import AssumedRole

    from asayer_cli.sandbox.aws.settings import AwsSettings

ADMINISTRATOR = "sandbox-admin"

Entity = User | Group | Role


@dataclass(frozen=True, slots=True)
class Principal:
    """Who signs with a key. ``name`` is the user's name, or role/session; ``age_s`` the age of the key."""

    name: str
    arn: str
    access_key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    active: bool
    age_s: float
    holder: User | Role


class Account:
    """One account in the partition ``aws``. Everything is read from moto at the time of the question."""

    def __init__(self) -> None:
        self.iam: IAMBackend = iam_backends[ACCOUNT_ID]["aws"]
        self._lock = threading.Lock()
        self._counting_since: dict[tuple[str, str, str], float] = {}
        self.administrator = self._create_administrator()

    def _create_administrator(self) -> Principal:
        self.iam.create_user("us-east-1", ADMINISTRATOR)
        self.iam.attach_user_policy("arn:aws:iam::aws:policy/AdministratorAccess", ADMINISTRATOR)
        return self._user_principal(self.iam.create_access_key(ADMINISTRATOR))

    def principal(self, access_key_id: str) -> Principal | None:
        """Return the user or assumed role of a key; None when there is no such key."""
        key = self.iam.access_keys.get(access_key_id)
        if key is None:
            return None
        if key.user_name is None:
            return self._role_principal(access_key_id)
        return self._user_principal(key)

    def _user_principal(self, key: AccessKey) -> Principal:
        user = self.iam.get_user(str(key.user_name))
        return Principal(
            name=user.name,
            arn=user.arn,
            access_key_id=key.access_key_id,
            secret=key.secret_access_key,
            token="",
            active=key.status == "Active",
            age_s=age(key.create_date),
            holder=user,
        )

    def _role_principal(self, access_key_id: str) -> Principal | None:
        assumed: AssumedRole | None = sts_backends[ACCOUNT_ID]["aws"].get_assumed_role_from_access_key(access_key_id)
        role = next((role for role in self.iam.get_roles() if assumed and role.arn == assumed.role_arn), None)
        if assumed is None or role is None:
            return None
        return Principal(
            name=f"{role.name}/{assumed.session_name}",
            arn=assumed.arn,
            access_key_id=access_key_id,
            secret=assumed.secret_access_key,
            token=assumed.session_token,
            active=assumed.expiration.timestamp() > time.time(),
            age_s=float("inf"),
            holder=role,
        )

    def decide(self, holder: User | Role, request: iam_policy.Request, settings: AwsSettings) -> iam_policy.Decision:
        """Decide whether a user or role may do something, by the policies that count already."""
        policies = [_parsed(document) for document in self._documents(holder, settings)]
        return iam_policy.decide(policies, self._boundary(holder), request)

    def boundary_allows(self, holder: User | Role, request: iam_policy.Request) -> bool | None:
        """Tell whether the permissions boundary allows something; None where there is no boundary."""
        boundary = self._boundary(holder)
        return None if boundary is None else iam_policy.evaluate([boundary], request) == "allowed"

    def _documents(self, holder: User | Role, settings: AwsSettings) -> Iterator[str]:
        groups = self.iam.get_groups_for_user(holder.name) if isinstance(holder, User) else []
        for entity in (holder, *groups):
            for name, document in _policies(entity):
                if not settings.hides(self._age_of_policy(entity, name, document), settings.policy_delay_s):
                    yield document

    def _age_of_policy(self, entity: Entity, name: str, document: str) -> float:
        with self._lock:
            return time.monotonic() - self._counting_since.get((entity.id, name, document), 0.0)

    def note_policies(self, entity: Entity) -> None:
        """Remember since when each policy of a user, group or role is there; to be called after each change."""
        present = {(entity.id, name, document) for name, document in _policies(entity)}
        with self._lock:
            for gone in [key for key in self._counting_since if key[0] == entity.id and key not in present]:
                del self._counting_since[gone]
            for key in present:
                self._counting_since.setdefault(key, time.monotonic())

    def _boundary(self, holder: User | Role) -> iam_policy.Policy | None:
        boundary = getattr(holder, "permissions_boundary", None)
        if not boundary:
            return None
        policy = self.iam.managed_policies.get(boundary["PermissionsBoundaryArn"])
        # a boundary whose policy was deleted allows nothing
        return _parsed(_default_document(policy)) if policy else ()

    def set_boundary(self, user: User, policy_arn: str | None) -> None:
        """Give a user a permissions boundary, or take it away. moto shows what it finds under this attribute."""
        boundary = {"PermissionsBoundaryType": "PermissionsBoundaryPolicy", "PermissionsBoundaryArn": policy_arn}
        user.permissions_boundary = boundary if policy_arn else None  # type: ignore[attr-defined]

    def holders(self) -> list[User | Role]:
        """Return whoever can have rights of his own."""
        return [*self.iam.users.values(), *self.iam.roles.values()]

    def arn_of(self, kind: str, name: str) -> str | None:
        """Return the ARN of an existing ``user``, ``group`` or ``role``."""
        entities: dict[str, Iterable[Entity]] = {
            "user": self.iam.users.values(),
            "group": self.iam.groups.values(),
            "role": self.iam.roles.values(),
        }
        return next((entity.arn for entity in list(entities[kind]) if entity.name == name), None)

    def user(self, name: str) -> User | None:
        """Return a user by the exact name."""
        return self.iam.users.get(name)


def _policies(entity: Entity) -> list[tuple[str, str]]:
    # copied first, because other threads attach and detach
    attached = [(arn, _default_document(policy)) for arn, policy in list(entity.managed_policies.items())]
    return attached + list(entity.policies.items())


def _default_document(policy: ManagedPolicy) -> str:
    return str(next(version.document for version in policy.versions if version.is_default))


@lru_cache(maxsize=256)
def _parsed(document: str) -> iam_policy.Policy:
    return iam_policy.parse(document)


def age(created: datetime) -> float:
    """Return the seconds since a time of moto's (UTC, with or without a zone)."""
    return time.time() - created.replace(tzinfo=UTC).timestamp()


def mark_used(principal: Principal, account: Account, service: str, region: str) -> None:
    """Remember when, where and for what a key was used last; IAM counts as us-east-1."""
    key = account.iam.access_keys.get(principal.access_key_id)
    if key is not None:
        place = "us-east-1" if service == "iam" else region
        key.last_used = AccessKeyLastUsed(timestamp=datetime.now(UTC), service=service, region=place)
