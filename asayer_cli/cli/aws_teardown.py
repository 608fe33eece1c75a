"""`aws teardown`: take away the collector's user and all that belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from asayer_cli.cli.aws_options import allow_http_option, aws_profile_option, user_name_option
from asayer_cli.cli.base import command, dry_run_option, secret_store_option
from asayer_cli.cli.types import DURATION
from asayer_cli.result import Result

if TYPE_CHECKING:
    from datetime import timedelta

    from asayer_cli.aws.teardown import Teardown
    from asayer_cli.cli.app import App


@command("teardown")
@aws_profile_option
@user_name_option
@click.option("--confirm", metavar="NAME", default="", help="With --yes: the user's name, as you would type it.")
@click.option(
    "--wait",
    type=DURATION,
    default="60s",
    show_default=True,
    metavar="DURATION",
    help="How long AWS may take to show that nothing is left.",
)
@allow_http_option
@secret_store_option
@dry_run_option
@click.option("--yes", "-y", is_flag=True, help="Do not ask for the user's name; --confirm must give it.")
def teardown(
    app: App,
    aws_profile: str,
    user_name: str | None,
    confirm: str,
    wait: timedelta,
    secret_store: str | None,
    *,
    allow_http: bool,
    dry_run: bool,
    yes: bool,
) -> Result:
    """Delete the collector's IAM user with its keys and rights, and forget them on this machine.

    Only a user that is tagged managed-by=asayer-cli. The plan names everything, also what others have added to the
    user; you confirm it by typing the user's name. A run that was cut off is finished by running it again. In the
    end AWS is asked to prove that nothing is left.

    \b
    asayer-cli aws teardown --dry-run
    asayer-cli aws teardown
    asayer-cli aws teardown --yes --confirm asayer_cw
    """
    from asayer_cli.cli.aws_life import alone, show_plan
    from asayer_cli.cli.aws_setup import DEFAULT_USER_NAME

    app.secret_store = secret_store or ""
    # after a run that forgot the settings and was cut off, --confirm alone still names the user
    name = user_name or app.settings().text("aws.user_name", confirm or DEFAULT_USER_NAME)
    if not dry_run:
        _check_confirmation(app, name, confirm, yes=yes)
    with alone(app, dry_run=dry_run):
        job = _teardown(app, aws_profile, name, allow_http=allow_http)
        plan = job.plan()
        if plan.steps or dry_run:
            show_plan(app, plan.steps, plan.warnings)
        if dry_run:
            return Result(job.planned(plan))
        if plan.steps and not yes:
            _ask(app, name)
        outcome = job.carry_out(plan, wait)
    _tell_of_environment(app)
    return Result(outcome)


def _check_confirmation(app: App, name: str, confirm: str, *, yes: bool) -> None:
    """Raise UsageError where it is clear from the start that nobody can confirm, or confirms something else."""
    from asayer_cli.errors import UsageError

    exact = f"--yes --confirm {name}"
    if confirm and confirm != name:
        raise UsageError(
            f"--confirm names {confirm}, and the user to delete is {name}.",
            hint=f"Look at the plan first (--dry-run); then give {exact}.",
            code="confirmation_differs",
        )
    if yes and not confirm:
        raise UsageError(
            "--yes alone does not delete a user.",
            hint=f"Look at the plan first (--dry-run); then give its name, too: {exact}.",
            code="confirmation_needed",
        )
    if not yes and not app.interactive:
        raise UsageError(
            "Deleting a user needs a confirmation, and there is no terminal to ask on.",
            hint=f"Look at the plan first (--dry-run); then run it with {exact}.",
            code="confirmation_needed",
        )


def _teardown(app: App, aws_profile: str, name: str, *, allow_http: bool) -> Teardown:
    from asayer_cli.aws.identity import home_region, who_am_i_anywhere
    from asayer_cli.aws.permissions import Needed
    from asayer_cli.aws.session import caller_session
    from asayer_cli.aws.setup import Collection
    from asayer_cli.aws.setup_plan import Wishes
    from asayer_cli.aws.teardown import Neighbours, Teardown
    from asayer_cli.aws.user_end import UserEnd
    from asayer_cli.cli.aws_desk import desk_of
    from asayer_cli.settings import profile_names, read_profile

    settings, folder = app.settings(), app.config_folder
    Wishes(name)  # whose check of the name this is
    session = caller_session(aws_profile, allow_http=allow_http)
    region = settings.text("aws.region")
    identity = who_am_i_anywhere(session, session.region or region)
    app.console.say(f"Acting as {identity.arn} in account {identity.account} ({identity.partition}).")
    app.console.progress(f"Looking at the IAM user {name} ...")
    collection = Collection(identity, region or home_region(session, session.region), ())
    desk = desk_of(app, settings, collection, aws_profile, allow_http=allow_http, keeps=False)
    others = {other: read_profile(folder, other) for other in profile_names(folder) if other != app.profile}
    access = UserEnd(session, identity, name, needed=Needed.BY_TEARDOWN)
    return Teardown(access, identity, desk, Neighbours(others))


def _ask(app: App, name: str) -> None:
    answer = click.prompt(f"Type the user's name, {name}, to delete all this", err=True, default="", show_default=False)
    if answer.strip() != name:
        app.console.explain("That is not its name.")
        raise click.Abort


def _tell_of_environment(app: App) -> None:
    """Say when variables go on naming what is gone."""
    named = [name for name in ("ASAYER_AWS_ACCESS_KEY_ID", "ASAYER_AWS_SECRET_ACCESS_KEY") if app.environ.get(name)]
    if named:
        app.console.warn(f"Still set in the environment: {' and '.join(named)}. Unset it, where it is about this user.")
