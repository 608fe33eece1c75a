"""A key's life for people: what there is, what was rotated, what was revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from asayer_cli.elastic.key_plan import describe
from asayer_cli.elastic.key_words import facts, whereabouts
from asayer_cli.elastic.life_model import (
    ElasticStatus,
    KeyState,
    RevocationOutcome,
    RotationOutcome,
    RotationStep,
    Sight,
)
from asayer_cli.output.next_steps import next_lines
from asayer_cli.output.text_common import render as render_common
from asayer_cli.output.text_elastic import render
from asayer_cli.profile_option import for_profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from asayer_cli.elastic.life_model import KnownKey

_STYLES: Final = {KeyState.VALID: "green", KeyState.EXPIRED: "yellow", KeyState.REVOKED: "dim"}
_SIGHTS: Final = {
    Sight.EVERYBODYS: "everybody's keys, as {who}",
    Sight.OWN: "the keys of {who} alone: others are not shown to this user",
    Sight.ITSELF: "this profile's key alone, as it tells of itself; name a user with --username to see all keys",
    Sight.NONE: "no keys: nobody may look; name a user with --username",
}
_NAME_WIDTH: Final = 13
_DRY_RUN: Final = "Dry run: nothing was changed."


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
    yield from next_lines(data.next_steps or (f"asayer-cli verify{for_profile(data.profile)}",))


def _key(known: KnownKey, data: ElasticStatus) -> Iterator[RenderableType]:
    record, style = known.record, _STYLES[known.state]
    yield Text.assemble((f"API key {record.id}", "bold"), f"  {record.name}  ", (known.state.value, style))
    here = whereabouts(known, data.profile, data.api_key_id, data.secret_store, given=data.ability is not None)
    yield _in_columns(*((name, value, "dim") for name, value in (*facts(record), ("here", here))))
    yield Text()


def _ability(data: ElasticStatus) -> Iterator[RenderableType]:
    if not data.ability:
        return
    yield Text(f"What API key {data.ability.api_key_id} can do, as the cluster tells the key itself", style="bold")
    yield _in_columns(
        *(("can", sentence, "green") for sentence in data.ability.can),
        *(("cannot", sentence, "dim") for sentence in data.ability.cannot),
    )
    yield Text()


@render.register(RotationOutcome)
def _(data: RotationOutcome) -> Iterator[RenderableType]:
    if not data.done:
        yield Text(_DRY_RUN, style="bold")
        return
    if data.step in (RotationStep.REVOKE_OLD, RotationStep.NOTHING):
        yield from _old_keys(data)
        return
    words = "has a new key" if data.step is RotationStep.ROTATE else "has the new key of a run that was cut off"
    yield Text(f"Done: profile {data.profile} {words}, and it works.", style="bold")
    for record in data.still_valid:
        yield Text.assemble("  ", ("!", "yellow"), f" still valid: the old API key {describe(record)}")
    for key_id in data.revoked:
        yield Text(f"  revoked: API key {key_id}, which a run that was cut off left behind")
    yield Text()
    if data.integrations:
        yield from render_common(data.integrations)
    yield from next_lines(data.next_steps)


def _old_keys(data: RotationOutcome) -> Iterator[RenderableType]:
    if data.revoked:
        yield Text(f"Done: API key {' and '.join(data.revoked)} is revoked for good.", style="bold")
    elif data.forgotten:
        yield Text("Done: no old key is valid.", style="bold")
    else:
        yield Text("Nothing to do: no old key of this profile is valid.", style="bold")
    yield _fact("in use", f"API key {data.api_key_id}, proved just now")
    yield from _forgotten(data.forgotten)
    yield from next_lines(data.next_steps)


@render.register(RevocationOutcome)
def _(data: RevocationOutcome) -> Iterator[RenderableType]:
    key_id = data.key.record.id
    if data.was is KeyState.REVOKED:
        yield Text(f"API key {key_id} is revoked already.", style="bold")
    elif data.done:
        yield Text(f"Done: API key {key_id} is revoked for good.", style="bold")
    if not data.done:
        yield Text(_DRY_RUN)
        return
    yield from _forgotten(data.forgotten)
    yield from next_lines(data.next_steps)


def _forgotten(names: tuple[str, ...]) -> Iterator[RenderableType]:
    for name in names:
        yield _fact("forgotten", f"the secret {name}")


def _in_columns(*rows: tuple[str, str, str]) -> Table:
    """Return names, values and the names' styles as a grid: a value that does not fit goes on below itself."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(min_width=_NAME_WIDTH)
    grid.add_column(overflow="fold")
    for name, value, style in rows:
        grid.add_row(Text(f"  {name}", style=style), Text(value))
    return grid


def _fact(name: str, value: str) -> Table:
    return _in_columns((name, value, "dim"))
