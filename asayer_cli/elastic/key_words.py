"""What is known of an API key, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from asayer_cli.integrations import ELASTIC_KEY_VARIABLE
from asayer_cli.times import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.elastic.life_model import KnownKey
    from asayer_cli.elastic.model import ApiKeyRecord


def facts(record: ApiKeyRecord) -> Iterator[tuple[str, str]]:
    """Yield what the cluster knows of a key: a name and a value each."""
    realm = f" (realm {record.realm})" if record.realm else ""
    yield "owner", f"{record.username}{realm}{'' if record.managed else '; not made by asayer-cli'}"
    yield "made", f"{record.created_at:%Y-%m-%d %H:%M} UTC, {_ago(record.created_at)}"
    yield "expires", _expiry(record)
    yield "rights", _rights(record)


def whereabouts(known: KnownKey, profile: str, key_id: str, store: str, *, given: bool = False) -> str:
    """Tell who on this machine has a key; `key_id` is the one that `profile` uses, `store` where secrets are.

    `given` tells that the secret is at hand, wherever it comes from.
    """
    if known.record.id == key_id:
        elsewhere = f"its secret comes from {ELASTIC_KEY_VARIABLE}" if given else "its secret is not kept here"
        kept = f"its secret is in {store}" if profile in known.secret_of else elsewhere
        others = [name for name in known.used_by if name != profile]
        return f"this profile uses it; {kept}" + (f"; profile {', '.join(others)} uses it too" if others else "")
    if known.older:
        return "a former key of this profile" + (", its secret still kept" if profile in known.secret_of else "")
    others = sorted({*known.used_by, *known.secret_of} - {profile})
    if others:
        return f"profile {', '.join(others)} has it"
    if profile in known.secret_of:
        return "this profile keeps its secret and does not use it"
    return "nobody on this machine has its secret"


def _rights(record: ApiKeyRecord) -> str:
    """Return what a key was given; it has its owner's rights at most."""
    if not record.indexes:
        return "not told, or all that its owner may do"
    limited = ", some documents or fields only" if record.limited else ""
    cluster = ", ".join(record.cluster_privileges) or "no privilege"
    return f"{', '.join(record.index_privileges)} on {', '.join(record.indexes)}{limited}; in the cluster: {cluster}"


def _expiry(record: ApiKeyRecord) -> str:
    if record.expires_at is None:
        return "never"
    when, left = f"{record.expires_at:%Y-%m-%d %H:%M} UTC", record.expires_at - datetime.now(UTC)
    return f"{when}, in {format_duration(left)}" if left.total_seconds() > 0 else f"{when}, {_ago(record.expires_at)}"


def _ago(moment: datetime) -> str:
    return f"{format_duration(datetime.now(UTC) - moment)} ago"
