"""What the AWS commands say to people."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Final

from rich.text import Text

from asayer_cli.aws.model import Plan, SetupOutcome, SetupStatus, StepKind
from asayer_cli.output.facts import fact_grid
from asayer_cli.output.next_steps import next_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

_SIGNS: Final = {
    StepKind.DELETE_KEY: ("-", "bold red"),
    StepKind.DETACH_POLICY: ("-", "bold red"),
    StepKind.DELETE_GROUP_POLICY: ("-", "bold red"),
    StepKind.SAVE_SETTINGS: ("·", "dim"),
}
_HEADINGS: Final = {
    SetupStatus.PLANNED: "Dry run: nothing was changed.",
    SetupStatus.IN_PLACE: "Nothing to do: everything is in place, and the key works.",
    SetupStatus.DONE: "Done: the product can read your log groups.",
}


_NAME_WIDTH: Final = 13


@singledispatch
def render(data: object) -> Iterator[RenderableType]:
    """Yield what to print for a result's data."""
    raise TypeError(f"{type(data).__name__} has no text form")


def plan_lines(plan: Plan) -> Iterator[RenderableType]:
    """Yield the plan, a line for each step; one line when there is nothing to do."""
    if not plan.steps:
        yield Text("Plan: nothing to do.", style="bold")
        return
    yield Text("Plan:", style="bold")
    for step in plan.steps:
        yield Text.assemble("  ", _SIGNS.get(step.kind, ("+", "bold green")), " ", step.text)


@render.register(SetupOutcome)
def _(data: SetupOutcome) -> Iterator[RenderableType]:
    yield Text(_HEADINGS[data.status], style="bold")
    if data.status is SetupStatus.PLANNED:
        return
    yield fact_grid(_facts(data), _NAME_WIDTH)
    for proof in data.proofs:
        yield Text.assemble("  ", ("✓", "green"), " ", proof)
    yield from next_lines(data.next_steps)


def _facts(data: SetupOutcome) -> Iterator[tuple[str, str]]:
    yield "account", f"{data.identity.account} ({data.identity.partition})"
    yield "user", f"{data.user_name}, rights: {data.scope.value}"
    yield "access key", f"{data.access_key_id}, its secret in {data.secret_store}"
    yield "region", data.region
    first, *others = data.log_groups
    yield "collected", first
    if others:
        yield "only searched", ", ".join(others)


from asayer_cli.output import text_aws_life, text_aws_status  # noqa: E402, F401 - for their effect on `render`
