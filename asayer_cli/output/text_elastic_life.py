"""A key's life for people: what there is, what was rotated, what was revoked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from rich.text import Text

from asayer_cli.elastic.life_model import (
    ElasticStatus,
    Holder,
    KeyState,
    KnownKey,
    Sight,
)
from asayer_cli.output.text_elastic import render
from asayer_cli.profile_option import for_profile
from asayer_cli.times import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from asayer_cli.elastic.model import ApiKeyRecord

_STYLES: Final = {KeyState.VALID: "green", KeyState.EXPIRED: "yellow", KeyState.REVOKED: "dim"}
_SIGHTS: Final = {
    Sight.EVERYBODYS: "everybody's keys, as {who}",
    Sight.OWN: "the keys of {who} alone: others are not shown to this user",
    Sight.ITSELF: "this profile's key alone, as it tells of itself; name a user with --username to see all keys",
    Sight.NONE: "no keys: nobody may look; name a user with --username",
}


@render.register(ElasticStatus)
def _(data: ElasticStatus) -> Iterator[RenderableType]:
    yield Text.assemble(("Elasticsearch  ", "bold"), data.url)
    yield _fact("profile", data.profile + ("" if data.api_key_id else ", which has no API key for this cluster"))
    yield _fact("shown", _SIGHTS[data.sight].format(who=data.asked_as))
    yield Text()
    if not data.keys:
        yield Text("No API key of asayer-cli is to be seen there.")
    for known in data.keys:
        yield from _key(known, data)
    yield from _ability(data)
    for run in data.interrupted:
        yield Text(f"A run of {run.time} was cut off ({run.action}). {run.explanation}", style="yellow")
    if data.interrupted:
        yield Text()
    if data.keys:
        yield Text("Elasticsearch does not record when a key was last used; its audit log does.", style="dim")
    yield from _next(data.next_steps or (_verify(data.profile),))


def _key(known: KnownKey, data: ElasticStatus) -> Iterator[RenderableType]:
    record = known.record
    yield Text.assemble(
        ("API key ", "bold"), (record.id, "bold"), f"  {record.name}  ", (known.state.value, _STYLES[known.state])
    )
    yield from key_facts(known)
    yield _fact("here", _whereabouts(known, data))
    yield Text()


def key_facts(known: KnownKey) -> Iterator[RenderableType]:
    """Yield what the cluster knows of a key, a line each."""
    record = known.record
    realm = f" (realm {record.realm})" if record.realm else ""
    yield _fact("owner", f"{record.username}{realm}{'' if record.managed else '; not made by asayer-cli'}")
    yield _fact("made", f"{record.created_at:%Y-%m-%d %H:%M} UTC, {_ago(record.created_at)}")
    yield _fact("expires", _expiry(record))
    yield _fact("rights", rights_of(record))


def rights_of(record: ApiKeyRecord) -> str:
    """Return what a key was given, in words; it has its owner's rights at most."""
    if not record.indexes:
        return "not told, or all that its owner may do"
    cluster = ", ".join(record.cluster_privileges) or "nothing"
    limited = ", some documents or fields only" if record.limited else ""
    return f"{', '.join(record.index_privileges)} on {', '.join(record.indexes)}{limited}; cluster: {cluster}"


def _whereabouts(known: KnownKey, data: ElasticStatus) -> str:
    if known.record.id == data.api_key_id:
        kept = f"its secret is in {data.secret_store}" if data.profile in known.secret_of else "its secret is NOT kept"
        others = [name for name in known.used_by if name != data.profile]
        return f"this profile uses it; {kept}" + (f"; profile {', '.join(others)} too" if others else "")
    if known.older:
        return "a former key of this profile, valid still"
    if known.holder is Holder.THIS_PROFILE:
        return "this profile keeps its secret and does not use it"
    if known.holder is Holder.OTHER_PROFILE:
        return f"profile {', '.join(sorted({*known.used_by, *known.secret_of}))} has it"
    return "nobody on this machine has its secret"


def _ability(data: ElasticStatus) -> Iterator[RenderableType]:
    if not data.ability:
        return
    yield Text(f"What API key {data.ability.api_key_id} can do, by its own asking", style="bold")
    for sentence in data.ability.can:
        yield Text(f"  can     {sentence}")
    for sentence in data.ability.cannot:
        yield Text(f"  cannot  {sentence}")
    yield Text()


def _expiry(record: ApiKeyRecord) -> str:
    if record.expires_at is None:
        return "never"
    left = record.expires_at - datetime.now(UTC)
    when = f"{record.expires_at:%Y-%m-%d %H:%M} UTC"
    return f"{when}, in {format_duration(left)}" if left.total_seconds() > 0 else f"{when}, {_ago(record.expires_at)}"


def _ago(moment: datetime) -> str:
    return f"{format_duration(datetime.now(UTC) - moment)} ago"


def _verify(profile: str) -> str:
    return f"asayer-cli verify{for_profile(profile)}"


def _next(steps: tuple[str, ...]) -> Iterator[RenderableType]:
    for number, step in enumerate(steps):
        yield Text.assemble("Next: " if number == 0 else "      ", (step, "bold"))


def _fact(name: str, value: str) -> Text:
    return Text.assemble("  ", (f"{name:<11}", "dim"), "  ", value)
