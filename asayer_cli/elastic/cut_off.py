"""What runs that were cut off left in a cluster, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asayer_cli.elastic.life_model import InterruptedRun
from asayer_cli.elastic.lineage import REVOCATION, profile_of
from asayer_cli.entries import rfc3339
from asayer_cli.profile_option import for_profile

if TYPE_CHECKING:
    from asayer_cli.audit import Change
    from asayer_cli.elastic.api_keys import FoundKeys
    from asayer_cli.elastic.model import ApiKeyRecord
    from asayer_cli.elastic.situation import Held


def explain(change: Change, found: FoundKeys, held: Held) -> InterruptedRun:
    """Tell what became of a change whose outcome nobody wrote down, and which command settles it."""
    if change.action == REVOCATION:
        key_id = change.object.rpartition("/")[2]
        record = next((record for record in found.records if record.id == key_id), None)
        words, command = _revocation(key_id, record, everybodys=found.everybodys)
    else:
        record = next((record for record in found.records if record.run == change.change), None)
        key_id = record.id if record else ""
        words, command = _creation(record, held, everybodys=found.everybodys)
    profile = profile_of(change.object) or held.profile
    step = f"asayer-cli elastic {command}{for_profile(profile)}" if command else ""
    return InterruptedRun(change.change, rfc3339(change.time), change.action, change.object, key_id, words, step)


def _creation(record: ApiKeyRecord | None, held: Held, *, everybodys: bool) -> tuple[str, str]:
    if record is None:
        if everybodys:
            return "It made no key that is still there; the next run writes that down.", ""
        return "Whether it made a key cannot be seen: ask as a user who may see everybody's keys.", ""
    again = "rotate-key" if record.replaces else "create-key"
    if record.invalidated:
        return f"Its key, {record.id}, is revoked: nothing is left of it.", ""
    if held.holders.named_by(record.id):
        return f"It was done but for its last line: API key {record.id} is made, stored and in use.", ""
    if held.holders.kept_by(record.id):
        return f"It made API key {record.id} and stored its secret; the command, run again, goes on from there.", again
    return f"It made API key {record.id}, whose secret nobody has; the command, run again, revokes it.", again


def _revocation(key_id: str, record: ApiKeyRecord | None, *, everybodys: bool) -> tuple[str, str]:
    if record and not record.invalidated:
        return f"API key {key_id} was to be revoked, and it is not.", f"revoke-key {key_id}"
    if record or everybodys:
        return f"API key {key_id} was to be revoked, and it is.", ""
    return f"API key {key_id} was to be revoked; whether it is cannot be seen: ask as a user.", ""
