"""How the local Elasticsearch behaves: what `PUT /_sandbox/settings` can change."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from asayer_cli.sandbox.elastic.errors import ElasticError
from asayer_cli.sandbox.elastic.roles import read_role
from asayer_cli.sandbox.elastic.security import User
from asayer_cli.sandbox.faults import InvalidControlError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asayer_cli.sandbox.elastic.security import Directory

Security = Literal["enabled", "disabled", "api_keys_disabled"]
Product = Literal["elasticsearch", "opensearch"]
BuildFlavor = Literal["default", "serverless"]
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "security": get_args(Security),
    "product": get_args(Product),
    "build_flavor": get_args(BuildFlavor),
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What stays as it was set. ``shard_failures`` are reported by every search, and whether it ``timed_out``."""

    security: Security = "enabled"
    product: Product = "elasticsearch"
    build_flavor: BuildFlavor = "default"
    shard_failures: int = 0
    timed_out: bool = False

    @property
    def serverless(self) -> bool:
        """Whether this is Elasticsearch Serverless."""
        return self.build_flavor == "serverless"


def change_behaviour(behaviour: Behaviour, values: Mapping[str, object]) -> Behaviour:
    """Return the behaviour with new values of the settings that it has; raises `InvalidControlError`."""
    for name, choices in _CHOICES.items():
        if name in values and values[name] not in choices:
            raise InvalidControlError(f"{name} is one of {', '.join(choices)}")
    failures = values.get("shard_failures", behaviour.shard_failures)
    if not isinstance(failures, int) or failures < 0:
        raise InvalidControlError("shard_failures is a number that is not negative")
    timed_out = values.get("timed_out", behaviour.timed_out)
    if not isinstance(timed_out, bool):
        raise InvalidControlError("timed_out is true or false")
    return Behaviour(
        cast("Security", values.get("security", behaviour.security)),
        cast("Product", values.get("product", behaviour.product)),
        cast("BuildFlavor", values.get("build_flavor", behaviour.build_flavor)),
        failures,
        timed_out,
    )


def change_directory(directory: Directory, values: Mapping[str, object]) -> None:
    """Carry out ``users``, ``expire_keys_now`` and ``clock_offset_seconds``; raises `InvalidControlError`.

    A user is ``{"username", "password", "cluster": [...], "indices": [{"names", "privileges"}]}`` and gets a role
    named after them.
    """
    users, ids = values.get("users", []), values.get("expire_keys_now", [])
    if not isinstance(users, list) or not isinstance(ids, list):
        raise InvalidControlError("users and expire_keys_now are lists")
    for user in users:
        _add_user(directory, user)
    if "clock_offset_seconds" in values:
        offset = values["clock_offset_seconds"]
        if not isinstance(offset, int | float):
            raise InvalidControlError("clock_offset_seconds is a number")
        directory.clock_offset_ms = int(offset * 1000)
    try:
        directory.expire([str(key_id) for key_id in ids])
    except KeyError as problem:
        raise InvalidControlError(f"there is no API key {problem}") from problem


def check_names(values: Mapping[str, object]) -> None:
    """Refuse settings that do not exist."""
    known = {field.name for field in fields(Behaviour)} | {"users", "expire_keys_now", "clock_offset_seconds"}
    unknown = values.keys() - known
    if unknown:
        raise InvalidControlError(f"unknown settings: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")


def _add_user(directory: Directory, value: object) -> None:
    user = value if isinstance(value, dict) else {}
    username, password = user.get("username"), user.get("password")
    if not isinstance(username, str) or not isinstance(password, str):
        raise InvalidControlError("a user needs username and password")
    privileges = {name: user[name] for name in ("cluster", "indices") if name in user}
    try:
        role = read_role(f"{username}-role", privileges)
    except ElasticError as problem:
        raise InvalidControlError(problem.reply.body.decode()) from problem
    directory.put_role(role)
    directory.put_user(User(username, password, (role.name,)))
