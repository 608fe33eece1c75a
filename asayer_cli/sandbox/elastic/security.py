"""The users, roles and API keys of the local Elasticsearch: who somebody is, and what they may do."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.elastic.errors import unauthenticated
from asayer_cli.sandbox.elastic.privileges import SUPERUSER, Rights, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

REALM: Final = "default_native"
NO_CREDENTIALS: Final = "missing authentication credentials for REST request [{path}]"
BAD_CREDENTIALS: Final = (
    "unable to authenticate with provided credentials and anonymous access is not allowed for this request"
)
_UNIT_MS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SMALL_UNITS: Final = ("nanos", "micros")
_TIME: Final = re.compile(r"(-?\d+)\s*(nanos|micros|ms|s|m|h|d)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class User:
    """A user of the native realm; ``roles`` are names."""

    username: str
    password: str = field(repr=False)
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key; times are epoch milliseconds. ``descriptors`` are as Elasticsearch shows them."""

    id: str
    secret: str = field(repr=False)
    name: str
    username: str
    creation: int
    expiration: int | None
    rights: Rights
    descriptors: Mapping[str, object]
    metadata: Mapping[str, object]
    invalidated_at: int | None = None

    def expired(self, now_ms: int) -> bool:
        """Tell whether its time is up."""
        return self.expiration is not None and self.expiration <= now_ms

    @property
    def encoded(self) -> str:
        """What follows ``ApiKey`` in an Authorization header."""
        return base64.b64encode(f"{self.id}:{self.secret}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request: a user, or one of a user's API keys."""

    username: str
    roles: tuple[str, ...]
    rights: Rights
    key: ApiKey | None = None

    @property
    def name(self) -> str:
        """How the record of calls names it; distinct for each key."""
        return f"api_key:{self.key.id}" if self.key else self.username

    @property
    def subject(self) -> str:
        """How Elasticsearch's refusals name it."""
        if self.key:
            return f"API key id [{self.key.id}] of user [{self.username}]"
        return f"user [{self.username}] with effective roles [{','.join(self.roles)}]"


# Where security is off, everybody may do everything.
ANYBODY: Final = Principal("_anonymous", (SUPERUSER.name,), Rights(((SUPERUSER,),)))


def lifetime_ms(text: str) -> int:
    """Read a time value such as ``90d`` into milliseconds; ValueError, worded as Elasticsearch does."""
    match = _TIME.fullmatch(text.strip())
    if match:
        unit = match[2].lower()
        return 0 if unit in _SMALL_UNITS else int(match[1]) * _UNIT_MS[unit]
    if text.strip() in ("0", "-1"):
        return int(text)
    problem = f"failed to parse setting [expiration] with value [{text}] as a time value"
    raise ValueError(f"{problem}: unit is missing or unrecognized")


class Directory:
    """All users, roles and API keys. Safe to use from several threads."""

    def __init__(self, administrator: str, password: str) -> None:
        self._lock = threading.RLock()
        self._roles = {SUPERUSER.name: SUPERUSER}
        self._users = {administrator: User(administrator, password, (SUPERUSER.name,))}
        self._keys: dict[str, ApiKey] = {}
        self.clock_offset_ms = 0

    def now_ms(self) -> int:
        """Return the directory's own time, which a test can move."""
        return int(time.time() * 1000) + self.clock_offset_ms

    def put_role(self, role: Role) -> bool:
        """Add or replace a role; True when it is new."""
        with self._lock:
            created = role.name not in self._roles
            self._roles[role.name] = role
        return created

    def put_user(self, user: User) -> bool:
        """Add or replace a user; True when it is new."""
        with self._lock:
            created = user.username not in self._users
            self._users[user.username] = user
        return created

    def all_keys(self) -> list[ApiKey]:
        """Return every key that was ever made, oldest first."""
        with self._lock:
            return list(self._keys.values())

    def add_key(self, key: ApiKey) -> None:
        """Keep a new key."""
        with self._lock:
            self._keys[key.id] = key

    def invalidate(self, key_ids: list[str]) -> None:
        """End keys for good."""
        with self._lock:
            for key_id in key_ids:
                self._keys[key_id] = replace(self._keys[key_id], invalidated_at=self.now_ms())

    def expire(self, key_ids: list[str]) -> None:
        """Let keys expire now; raises KeyError for one that does not exist."""
        with self._lock:
            for key_id in key_ids:
                self._keys[key_id] = replace(self._keys[key_id], expiration=self.now_ms())

    def authenticate(self, authorization: str | None, path: str, *, keys_enabled: bool = True) -> Principal:
        """Tell who sends an Authorization header; refuses with Elasticsearch's 401."""
        scheme, _, credentials = (authorization or "").partition(" ")
        if scheme.lower() == "basic":
            return self._user(_decode_pair(credentials), path)
        if scheme.lower() == "apikey" and keys_enabled:
            return self._key(_decode_pair(credentials))
        if authorization:
            raise unauthenticated(BAD_CREDENTIALS)
        raise unauthenticated(NO_CREDENTIALS.format(path=path))

    def _user(self, pair: tuple[str, str] | None, path: str) -> Principal:
        username, password = pair or ("", "")
        with self._lock:
            user = self._users.get(username)
            if user is None or not compare_digest(user.password.encode(), password.encode()):
                raise unauthenticated(f"unable to authenticate user [{username}] for REST request [{path}]")
            roles = tuple(self._roles[name] for name in user.roles if name in self._roles)
        return Principal(user.username, tuple(role.name for role in roles), Rights((roles,)))

    def _key(self, pair: tuple[str, str] | None) -> Principal:
        key_id, secret = pair or ("", "")
        with self._lock:
            key = self._keys.get(key_id)
        problem = self._problem(key, key_id, secret)
        if key is None or problem:
            raise unauthenticated(BAD_CREDENTIALS, f"API key: {problem}")
        return Principal(key.username, (), key.rights, key)

    def _problem(self, key: ApiKey | None, key_id: str, secret: str) -> str | None:
        if key is None:
            return f"unable to find apikey with id {key_id}"
        if key.invalidated_at is not None:
            return f"api key [{key_id}] has been invalidated"
        if not compare_digest(key.secret.encode(), secret.encode()):
            return f"invalid credentials for API key [{key_id}]"
        return "api key is expired" if key.expired(self.now_ms()) else None


def new_id() -> str:
    """Return an id of a key: 20 characters, as Elasticsearch's are."""
    return secrets.token_urlsafe(15)


def new_secret() -> str:
    """Return the secret of a key: 22 characters, as Elasticsearch's are."""
    return secrets.token_urlsafe(16)


def _decode_pair(credentials: str) -> tuple[str, str] | None:
    try:
        first, colon, second = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (first, second) if colon else None
