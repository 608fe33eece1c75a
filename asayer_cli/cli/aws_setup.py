"""What `aws setup` asks a person, and the desk that its room works at."""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from asayer_cli.errors import UsageError
from asayer_cli.result import Level, Message, Result

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from asayer_cli.aws.model import Identity, LogGroup
    from asayer_cli.aws.session import AwsSession
    from asayer_cli.aws.setup import Collection
    from asayer_cli.aws.setup_plan import Wishes
    from asayer_cli.cli.app import App
    from asayer_cli.settings import Settings

DEFAULT_USER_NAME: Final = "asayer_cw"
_MOST_SHOWN: Final = 20
_ONLY_THIS_TIME: Final = frozenset({"dry_run", "yes", "wait_for_key", "output", "color", "verbose", "quiet", "debug"})


def wishes_of(given: dict[str, Any], settings: Settings) -> Wishes:
    """Return what the options ask for; UsageError for values that AWS would not take."""
    from asayer_cli.aws.model import Scope
    from asayer_cli.aws.setup_plan import Wishes

    return Wishes(
        user_name=given["user_name"] or settings.text("aws.user_name", DEFAULT_USER_NAME),
        path=given["path"],
        boundary=given["permissions_boundary"],
        scope=Scope(given["scope"]) if given["scope"] else None,
        adopt=given["adopt"],
        drop_other_groups=given["drop_other_groups"],
        add_key=given["add_key"],
        delete_keys=given["delete_key"],
        again=typed(click.get_current_context()),
    )


def typed(context: click.Context, without: frozenset[str] = frozenset()) -> str:
    """Return the command line as it was typed, for a next run that decides or does more; some options left out."""
    words = ["asayer-cli", *context.command_path.split()[1:]]
    for option in context.command.params:
        if context.get_parameter_source(option.name or "") is not ParameterSource.COMMANDLINE:
            continue
        if option.name in _ONLY_THIS_TIME | without:
            continue
        value = context.params[option.name or ""]
        for one in value if isinstance(value, tuple) else (value,):
            words += [option.opts[0]] if isinstance(one, bool) else [option.opts[0], shlex.quote(str(one))]
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class Choices:
    """Region and log groups: from options and settings, or asked for on a terminal."""

    app: App
    settings: Settings
    session: AwsSession
    identity: Identity

    def region(self, given: str | None) -> str:
        """Say who is acting, and return the region; UsageError when there is none, or no such one."""
        from asayer_cli.aws.regions import check_region

        who = self.identity
        acting = f"Acting as {who.arn} in account {who.account} ({who.partition})"
        region = (given or "").strip() or self.settings.text("aws.region") or self.session.region
        self.app.console.say(f"{acting}, region {region}." if region else f"{acting}.")
        region = region or self._ask_region()
        check_region(self.session, who, region)
        return region

    def collection(self, region: str, given: Sequence[str]) -> Collection:
        """Return what to collect; UsageError when a group is not there, or cannot be collected."""
        from asayer_cli.aws.log_groups import check_name, require_groups
        from asayer_cli.aws.setup import Collection

        names = tuple(dict.fromkeys(filter(None, given))) or self.settings.many("aws.log_groups")
        for name in names:
            check_name(name)
        if names:
            require_groups(self.session, region, names)
        return Collection(self.identity, region, names or (self._ask_group(region),))

    def _ask_region(self) -> str:
        if not self.app.interactive:
            raise UsageError("The region is missing.", hint="Name it with --region.", code="no_region")
        from asayer_cli.aws.regions import enabled_regions

        regions = enabled_regions(self.session, self.identity)
        self.app.console.explain("Regions: " + ", ".join(regions))
        while (answer := click.prompt("Region of the log groups", err=True).strip()) not in regions:
            self.app.console.explain(f"{answer} is not among them.")
        return str(answer)

    def _ask_group(self, region: str) -> str:
        if not self.app.interactive:
            raise UsageError(
                "The log group is missing.",
                hint=f"Name it with --log-group; the groups there are: asayer-cli aws log-groups --region {region}.",
                code="no_log_group",
            )
        from asayer_cli.aws.log_groups import list_groups
        from asayer_cli.aws.regions import credentials_are_good

        self.app.console.progress(f"Listing the log groups in {region} ...")
        with credentials_are_good(region):
            groups = [group for group in list_groups(self.session, region) if group.collectible]
        if not groups:
            raise UsageError(
                f"There is no log group in {region} that the product could collect.",
                hint="Look in the others: asayer-cli aws log-groups --all-regions.",
                code="no_log_group",
            )
        return _choose(self.app, groups)


def _choose(app: App, groups: Sequence[LogGroup]) -> str:
    """Let the user pick a group by its number or name; a part of a name narrows the list."""
    shown = groups
    while True:
        for number, group in enumerate(shown[:_MOST_SHOWN], 1):
            app.console.explain(f"{number:>4}  {group.name}")
        if len(shown) > _MOST_SHOWN:
            app.console.explain(f"      and {len(shown) - _MOST_SHOWN} more")
        answer = click.prompt("Log group to collect (a number, a name, or a part of one)", err=True).strip()
        if answer.isdecimal() and 0 < int(answer) <= min(len(shown), _MOST_SHOWN):
            return shown[int(answer) - 1].name
        if any(group.name == answer for group in groups):
            return str(answer)
        shown = [group for group in groups if answer in group.name]
        if not shown:
            app.console.explain(f"No log group has {answer} in its name.")
            shown = groups


def run(
    choices: Choices,
    collection: Collection,
    wishes: Wishes,
    wait: timedelta,
    aws_profile: str,
    *,
    dry_run: bool,
    yes: bool,
) -> Result:
    """Plan, ask, carry out, while no other run does; return what was done."""
    with contextlib.nullcontext() if dry_run else choices.app.exclusive("aws"):
        return _run(choices, collection, wishes, wait, aws_profile, dry_run=dry_run, yes=yes)


def _run(
    choices: Choices,
    collection: Collection,
    wishes: Wishes,
    wait: timedelta,
    aws_profile: str,
    *,
    dry_run: bool,
    yes: bool,
) -> Result:
    from asayer_cli.aws.access import UserAccess
    from asayer_cli.aws.setup import Setup
    from asayer_cli.cli.aws_desk import desk_of
    from asayer_cli.output.text_aws import plan_lines

    app = choices.app
    access = UserAccess(choices.session, choices.identity, wishes.user_name, wishes.path or "/")
    job = Setup(
        access,
        collection,
        wishes,
        desk_of(app, choices.settings, collection, aws_profile, allow_http=choices.session.allow_http),
    )
    app.console.progress(f"Looking at the IAM user {wishes.user_name} ...")
    plan = job.plan()
    if plan.steps or dry_run:
        for line in plan_lines(plan):
            app.console.explain(line)
    if dry_run:
        return Result(job.planned(plan), tuple(Message(Level.WARNING, text) for text in plan.warnings))
    if plan.steps and not app.confirm("Do this?", yes=yes):
        raise click.Abort
    outcome = job.carry_out(plan, wait)
    return Result(outcome, tuple(Message(Level.WARNING, text) for text in plan.warnings))
