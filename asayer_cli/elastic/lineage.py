"""Which keys of a cluster were a profile's before its current one, and which runs of this machine were cut off."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from asayer_cli import audit
from asayer_cli.elastic.situation import ACTION as CREATION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asayer_cli.elastic.model import ApiKeyRecord
    from asayer_cli.elastic.situation import Held

REVOCATION: Final = "elastic.invalidate_api_key"


def cut_off(held: Held, url: str) -> tuple[audit.Change, ...]:
    """Return the changes of a cluster's keys, by any profile of this machine, whose outcome nobody wrote down."""
    return tuple(
        change
        for change in audit.read(held.journal).changes
        if change.outcome is audit.Outcome.UNKNOWN and change.account == url and change.action in (CREATION, REVOCATION)
    )


def revoked_by_cut_off_runs(held: Held, url: str) -> frozenset[str]:
    """Return the ids of the keys that runs were to revoke whose outcome nobody wrote down."""
    return frozenset(change.object.rpartition("/")[2] for change in cut_off(held, url) if change.action == REVOCATION)


def profile_of(target: str) -> str:
    """Return the profile that a change of the journal was made for, empty where its target names none."""
    profile, part, _ = target.removeprefix("profile/").partition("/api_key/")
    return profile if part and target.startswith("profile/") else ""


def made_here(held: Held, url: str) -> frozenset[str]:
    """Return the ids of the keys that runs of this profile made on this machine."""
    return frozenset(
        change.made
        for change in audit.read(held.journal).changes
        if (change.account, change.action) == (url, CREATION)
        and profile_of(change.object) == held.profile
        and change.made
    )


def older_keys(
    records: Iterable[ApiKeyRecord], held: Held, url: str, current: ApiKeyRecord | None
) -> tuple[ApiKeyRecord, ...]:
    """Return the keys, valid still, that were this profile's before its current one, oldest first.

    That is the key whose place the current one took, and whatever older one this profile has the secret of or made on
    this machine. A key that settings name or another profile has is none of them, nor is one of a run that was cut off.
    """
    now, made = datetime.now(UTC), made_here(held, url)
    unfinished = {change.change for change in cut_off(held, url)}
    found = [
        record
        for record in records
        if record.alive_at(now)
        and record.run not in unfinished
        and not held.is_in_use(record.id)
        and (
            _is_replaced(record, current)
            or (_is_before(record, current) and (record.id in made or held.key(record.id)))
        )
    ]
    return tuple(sorted(found, key=lambda record: record.created_at))


def successors(
    records: Iterable[ApiKeyRecord], held: Held, url: str, current: ApiKeyRecord
) -> tuple[ApiKeyRecord, ...]:
    """Return the keys, valid still, that took the current one's place, in their order; none of runs cut off here."""
    now, unfinished = datetime.now(UTC), {change.change for change in cut_off(held, url)}
    return tuple(
        record
        for record in records
        if record.replaces == current.id and record.alive_at(now) and record.run not in unfinished
    )


def _is_replaced(record: ApiKeyRecord, current: ApiKeyRecord | None) -> bool:
    return current is not None and record.id == current.replaces


def _is_before(record: ApiKeyRecord, current: ApiKeyRecord | None) -> bool:
    """Tell whether a key is the older one: settings that were put back may name the key that was replaced."""
    return current is None or record.created_at <= current.created_at
