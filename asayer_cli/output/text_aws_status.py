"""What `aws status` says to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from asayer_cli.aws.status_model import Answer, AwsStatus, KeyStatus, Leftover, Place, PolicyStatus, Verdict
from asayer_cli.output.facts import fact_grid
from asayer_cli.output.next_steps import next_lines
from asayer_cli.output.text_aws import render
from asayer_cli.times import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from rich.console import RenderableType

    from asayer_cli.aws.status_model import Ability

    _Fact = tuple[str, Text]

_NAME_WIDTH: Final = 10  # of the longest name, so that both sides stand under each other


@render.register(AwsStatus)
def _(data: AwsStatus) -> Iterator[RenderableType]:
    yield Text(_heading(data), style="bold")
    yield Text()
    yield Text("In the account", style="bold")
    yield _facts(_account(data))
    yield Text()
    yield Text(f"On this machine, profile {data.profile}", style="bold")
    yield _facts(_machine(data))
    if data.keys:
        yield Text()
        yield _key_table(data)
    if data.abilities:
        yield Text()
        yield Text(f"What the key {data.machine.access_key_id} can do, asked with it", style="bold")
        for one in data.abilities:
            yield Text.assemble("  ", _sign(one), " ", one.sentence)
    if data.open_changes:
        yield Text()
        yield Text("Cut off", style="bold")
        for change in data.open_changes:
            yield Text.assemble("  ", ("!", "yellow"), " ", change.sentence)
    if data.next_steps:
        yield Text()
        yield from next_lines(data.next_steps)


def _sign(ability: Ability) -> tuple[str, str]:
    if not ability.as_wanted:
        return ("✗", "red")
    return ("?", "yellow") if ability.answer is Answer.UNKNOWN else ("✓", "green")


def _heading(data: AwsStatus) -> str:
    name, profile = data.user_name, data.profile
    return {
        Verdict.NOTHING: f"There is nothing yet: no IAM user {name}, and no key in profile {profile}.",
        Verdict.NOT_HERE: f"The user {name} is there, and profile {profile} of this machine has no key of it.",
        Verdict.READY: "All is well: the key works, and reads what the collector needs.",
        Verdict.BROKEN: "Something is wrong: see the errors below.",
        Verdict.UNCLEAR: "As far as can be told without looking into the account:",
    }[data.verdict]


def _facts(facts: Iterator[_Fact]) -> Table:
    return fact_grid(facts, _NAME_WIDTH)


def _fact(name: str, value: str, mark: str = "") -> _Fact:
    return name, Text.assemble(value, (f" ({mark})" if mark else "", "yellow"))


def _account(data: AwsStatus) -> Iterator[_Fact]:
    if data.caller is None:
        yield _fact("account", "not asked")
        return
    yield _fact("account", f"{data.caller.account}, asked as {data.caller.arn}")
    if data.user is None:
        yield _fact("user", f"{data.user_name}: {'there is none' if data.user_known else 'not told'}")
        return
    user = data.user
    managed = f"{user.arn}, managed by asayer-cli"
    yield _fact("user", managed) if user.managed else _fact("user", user.arn, "not managed by asayer-cli")
    yield _fact("boundary", user.boundary or "none")
    for policy in user.policies:
        yield _fact("rights", _policy(policy), "" if policy.ours else "more than the collector needs")
    if not user.policies:
        yield _fact("rights", "none")


def _policy(policy: PolicyStatus) -> str:
    if policy.ours:
        return f"{policy.name.rpartition('/')[2]}: {policy.grants}"
    return f"{policy.kind} {policy.name}" if policy.kind == "group" else f"{policy.name} ({policy.kind})"


def _machine(data: AwsStatus) -> Iterator[_Fact]:
    here = data.machine
    if not here.access_key_id and not here.user_name:
        yield _fact("settings", "nothing of CloudWatch Logs")
        return
    yield _fact("user", f"{here.user_name or 'not named'} in account {here.account or 'not named'}")
    yield _fact("key in use", here.access_key_id or "none")
    yield _fact("region", here.region or "not named")
    first, *others = here.log_groups or ("not named",)
    yield _fact("collected", first)
    if others:
        yield _fact("searched", ", ".join(others))
    yield _fact("secrets in", here.secret_store)


def _key_table(data: AwsStatus) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("access key", no_wrap=True)
    table.add_column("in AWS", overflow="fold")
    table.add_column("on this machine", overflow="fold")
    for key in data.keys:
        table.add_row(Text(key.id), Text(_in_aws(key, data.asked_at)), Text(_here(key, data.profile)))
    return table


def _in_aws(key: KeyStatus, now: datetime) -> str:
    if key.created_at is None:
        return "gone" if key.state == "gone" else "not told"
    age = f"{key.state}, {format_duration(now - key.created_at)} old"
    if key.last_used_at is None:
        return f"{age}, never used"
    used = format_duration(now - key.last_used_at)
    return f"{age}, last used {used} ago in {key.last_used_service} ({key.last_used_region})"


def _here(key: KeyStatus, profile: str) -> str:
    words = {
        Place.IN_USE: f"in use by profile {profile}",
        Place.SECRET_MISSING: f"named by profile {profile}, and its SECRET IS MISSING",
        Place.KEPT: f"kept by profile {profile}, not in use",
        Place.OTHER_PROFILE: "",
        Place.NOBODY: "nobody here has it",
        Place.UNKNOWN: "not told: its secret cannot be looked for",
    }[key.place]
    others = f"in use by profile {', '.join(key.profiles)}" if key.profiles else ""
    left = {
        Leftover.NO: "",
        Leftover.PERHAPS: "perhaps left over from an interrupted run",
        Leftover.CERTAINLY: "left over from an interrupted run",
    }[key.leftover]
    return "; ".join(filter(None, (words, others, left)))
