"""The commands that change something, each with the world it begins in and what must be true in the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.failures.world import GROUP, REGION, World

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY = "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"


@dataclass(frozen=True)
class Scenario:
    """A command line, in which `{name}` is the world's; `missing` tells what is not right yet, empty when all is."""

    name: str
    command: tuple[str, ...]
    prepare: Callable[[World], None]
    missing: Callable[[World], list[str]]

    def arguments(self, world: World) -> list[str]:
        return [*(word.format(name=world.name) for word in self.command), "-o", "json"]


def nothing(_: World) -> None:
    """Begin with nothing."""


def user_with_key(world: World) -> None:
    """Begin with what `aws setup` leaves."""
    iam = world.services.iam
    iam.create_user(UserName=world.name, Tags=[{"Key": "managed-by", "Value": "asayer-cli"}])
    iam.attach_user_policy(UserName=world.name, PolicyArn=POLICY)
    _use_new_key(world)


def _use_new_key(world: World) -> None:
    key = world.services.iam.create_access_key(UserName=world.name)["AccessKey"]
    world.keep("aws", key["AccessKeyId"], key["SecretAccessKey"])
    world.set(
        {
            "aws.account": "123456789012",
            "aws.user_name": world.name,
            "aws.access_key_id": key["AccessKeyId"],
            "aws.region": REGION,
            "aws.log_groups": (GROUP,),
        }
    )


def rotated_user(world: World) -> None:
    """Begin with what `aws rotate-key` leaves: two keys, the newer in use."""
    user_with_key(world)
    _use_new_key(world)


def cluster_with_key(world: World) -> None:
    """Begin with what `elastic create-key` leaves."""
    key_id, secret = world.services.make_api_key(world.name)
    world.keep("elastic", key_id, secret)
    url = world.services.addresses.elastic_url
    world.set({"elastic.url": url, "elastic.api_key_id": key_id, "elastic.indexes": ("*log*",)})


def rotated_cluster(world: World) -> None:
    """Begin with what `elastic rotate-key` leaves."""
    cluster_with_key(world)
    cluster_with_key(world)


def both(world: World) -> None:
    """Begin with both integrations."""
    user_with_key(world)
    cluster_with_key(world)


def _aws(world: World, keys: int) -> list[str]:
    there, held, used = world.keys, world.held("aws"), world.settings.get("aws.access_key_id")
    attached = world.services.iam.list_attached_user_policies(UserName=world.name) if there else {}
    facts = {
        f"{len(there)} keys instead of {keys}": len(there) == keys,
        "a key that nobody holds": set(there) <= set(held),
        "the key in use is not active": bool(there.get(str(used))),
        "the key in use is not the newest": not there or used == _newest(world),
        "the policy is not attached": [p["PolicyArn"] for p in attached.get("AttachedPolicies", [])] == [POLICY],
        # where it could not be taken off, and the next run stops for want of a decision, it ends by itself
        "a claim is left": keys > 1 or not there or "asayer-cli-run" not in world.tags,
        "an open change": not world.open_changes(),
    }
    return [what for what, holds in facts.items() if not holds]


def _newest(world: World) -> str:
    described = world.services.iam.list_access_keys(UserName=world.name)["AccessKeyMetadata"]
    latest = max(key["CreateDate"] for key in described)
    newest = [key["AccessKeyId"] for key in described if key["CreateDate"] == latest]
    return str(next((key for key in newest if key == world.settings.get("aws.access_key_id")), newest[0]))


def _elastic(world: World, alive: int) -> list[str]:
    there = [key for key, lives in world.services.api_keys(world.name).items() if lives]
    held, used = world.held("elastic"), world.settings.get("elastic.api_key_id")
    facts = {
        f"{len(there)} keys instead of {alive}": len(there) == alive,
        "a key that nobody holds": set(there) <= set(held),
        "the key in use is not alive": used in there,
        "an open change": not world.open_changes(),
    }
    return [what for what, holds in facts.items() if not holds]


def set_up(world: World) -> list[str]:
    return _aws(world, 1)


def rotated(world: World) -> list[str]:
    return _aws(world, 2)


def nothing_left(world: World) -> list[str]:
    facts = {
        "the user is there": not world.user_is_there(),
        "a secret is left": not world.held("aws"),
        "settings are left": not [name for name in world.settings if name.startswith("aws.")],
        "an open change": not world.open_changes(),
    }
    return [what for what, holds in facts.items() if not holds]


def key_made(world: World) -> list[str]:
    return _elastic(world, 1)


def key_rotated(world: World) -> list[str]:
    return _elastic(world, 2)


def forgotten(world: World) -> list[str]:
    facts = {
        "a secret is left": not world.held("aws") and not world.held("elastic"),
        "settings are left": not [name for name in world.settings if name != "secret_store"],
        "a key is gone": len(world.keys) == 1 and any(world.services.api_keys(world.name).values()),
        "an open change": not world.open_changes(),
    }
    return [what for what, holds in facts.items() if not holds]


_NAMED = ("--user-name", "{name}")
_WHERE = ("--region", REGION, "--log-group", GROUP)
SCENARIOS = (
    Scenario("aws setup", ("aws", "setup", *_WHERE, *_NAMED, "--yes"), nothing, set_up),
    Scenario("aws rotate-key", ("aws", "rotate-key", "--yes"), user_with_key, rotated),
    Scenario(
        "aws rotate-key --revoke-old --delete",
        ("aws", "rotate-key", "--revoke-old", "--delete", "--yes"),
        rotated_user,
        set_up,
    ),
    Scenario(
        "aws teardown",
        ("aws", "teardown", *_NAMED, "--yes", "--confirm", "{name}"),
        user_with_key,
        nothing_left,
    ),
    Scenario("elastic create-key", ("elastic", "create-key", "--name", "{name}", "--yes"), nothing, key_made),
    Scenario("elastic rotate-key", ("elastic", "rotate-key", "--yes"), cluster_with_key, key_rotated),
    Scenario(
        "elastic rotate-key --revoke-old",
        ("elastic", "rotate-key", "--revoke-old", "--yes"),
        rotated_cluster,
        key_made,
    ),
    Scenario("integrations remove", ("integrations", "remove", "--yes"), both, forgotten),
)
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
