"""What the commands about a user's later life begin and end with."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from asayer_cli.aws.life import LifeStep
    from asayer_cli.aws.permissions import Needed
    from asayer_cli.aws.rotation import UserKeys
    from asayer_cli.cli.app import App


def alone(app: App, *, dry_run: bool) -> AbstractContextManager[None]:
    """Keep other runs from changing the profile's keys while the block lasts, unless nothing is changed in it."""
    return nullcontext() if dry_run else app.exclusive("aws")


def user_keys(app: App, aws_profile: str, user_name: str | None, needed: Needed, *, allow_http: bool) -> UserKeys:
    """Say who is acting, and return the keys of the profile's user; NotConfiguredError where it is not set up."""
    from asayer_cli.aws.access import UserAccess
    from asayer_cli.aws.identity import who_am_i_anywhere
    from asayer_cli.aws.rotation import UserKeys
    from asayer_cli.aws.session import caller_session
    from asayer_cli.aws.setup import Collection
    from asayer_cli.cli.aws_desk import desk_of
    from asayer_cli.cli.aws_setup import DEFAULT_USER_NAME
    from asayer_cli.errors import NotConfiguredError
    from asayer_cli.profile_option import for_profile

    settings = app.settings()
    region, groups = settings.text("aws.region"), settings.many("aws.log_groups")
    if not region or not groups:
        option = for_profile(app.profile)
        raise NotConfiguredError(
            f"Profile {app.profile} is not set up for CloudWatch Logs yet: its settings name no region and log group.",
            hint=f"Run asayer-cli aws setup{option}; what there is already: asayer-cli aws status{option}.",
            code="not_set_up",
        )
    session = caller_session(aws_profile, allow_http=allow_http)
    identity = who_am_i_anywhere(session, session.region or region)
    app.console.say(f"Acting as {identity.arn} in account {identity.account} ({identity.partition}).")
    name = user_name or settings.text("aws.user_name", DEFAULT_USER_NAME)
    collection = Collection(identity, region, groups)
    desk = desk_of(app, settings, collection, aws_profile, allow_http=allow_http)
    app.console.progress(f"Looking at the IAM user {name} ...")
    return UserKeys(UserAccess(session, identity, name, needed=needed), collection, desk)


def show_plan(app: App, steps: tuple[LifeStep, ...], warnings: Iterable[str]) -> None:
    """Print a plan, and what is doubtful about it, before anybody is asked."""
    from asayer_cli.output.text_aws_life import life_plan_lines

    for line in life_plan_lines(steps):
        app.console.explain(line)
    for text in warnings:
        app.console.warn(text)


def confirmed(app: App, *, yes: bool) -> None:
    """Ask before the plan is carried out; click.Abort when it shall not be."""
    if not app.confirm("Do this?", yes=yes):
        raise click.Abort
