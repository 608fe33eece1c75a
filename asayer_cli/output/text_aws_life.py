"""What the commands about a key's and a user's later life say to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from asayer_cli.aws.life import LifeKind, LifeStatus, Revoked, Rotated, TornDown
from asayer_cli.output.next_steps import next_lines
from asayer_cli.output.text_aws import render
from asayer_cli.output.text_common import render as render_common

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from asayer_cli.aws.life import LifeStep

_SIGNS: Final = {
    LifeKind.CREATE_KEY: ("+", "bold green"),
    LifeKind.USE_KEY: ("·", "dim"),
    LifeKind.SAVE_SETTINGS: ("·", "dim"),
}
_DRY_RUN: Final = "Dry run: nothing was changed."


def life_plan_lines(steps: Sequence[LifeStep]) -> Iterator[RenderableType]:
    """Yield the plan, a line for each step; what asayer-cli did not put there is marked."""
    if not steps:
        yield Text("Plan: nothing to do.", style="bold")
        return
    yield Text("Plan:", style="bold")
    for step in steps:
        yield Text.assemble("  ", _SIGNS.get(step.kind, ("-", "bold red")), " ", step.text, (_mark(step), "yellow"))


def _mark(step: LifeStep) -> str:
    if step.ours:
        return ""
    return " (not made from this machine)" if step.key else " (not put there by asayer-cli)"


@render.register(Rotated)
def _(data: Rotated) -> Iterator[RenderableType]:
    if data.status is LifeStatus.PLANNED or data.integrations is None:
        yield Text(_DRY_RUN, style="bold")
        return
    yield Text(f"Done: {data.user_name} has a new key, and it works.", style="bold")
    yield from _proofs(data.proofs)
    if data.old_key_id:
        yield Text.assemble("  ", ("!", "yellow"), f" the old key {data.old_key_id} is still valid, until it is ended")
    yield Text()
    yield from render_common(data.integrations)
    yield from next_lines(data.next_steps)


@render.register(Revoked)
def _(data: Revoked) -> Iterator[RenderableType]:
    yield Text(_revoked_heading(data), style="bold")
    yield from _proofs(data.proofs)
    yield from next_lines(data.next_steps)


@render.register(TornDown)
def _(data: TornDown) -> Iterator[RenderableType]:
    yield Text(_torn_down_heading(data), style="bold")
    yield from _proofs(data.proofs)
    for name in data.forgotten:
        yield Text(f"  forgotten on this machine: {name}")


def _torn_down_heading(data: TornDown) -> str:
    if data.status is LifeStatus.PLANNED:
        return _DRY_RUN
    if data.status is LifeStatus.IN_PLACE:
        return (
            f"Nothing to do: there is no IAM user {data.user_name} in account {data.identity.account}, and nothing of "
            f"it in profile {data.profile}."
        )
    return f"Done: nothing is left of {data.user_name}."


def _revoked_heading(data: Revoked) -> str:
    if data.status is LifeStatus.PLANNED:
        return _DRY_RUN
    if data.deleted:
        return f"Done: {' and '.join(data.deleted)} is deleted for good; the key in use is {data.access_key_id}."
    if data.deactivated:
        return f"Done: AWS does not accept {' and '.join(data.deactivated)} any more; in use is {data.access_key_id}."
    return f"Nothing to do: {data.user_name} has no other valid key than the one in use, {data.access_key_id}."


def _proofs(proofs: Sequence[str]) -> Iterator[RenderableType]:
    for proof in proofs:
        yield Text.assemble("  ", ("✓", "green"), " ", proof)
