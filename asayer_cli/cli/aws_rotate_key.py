"""`aws rotate-key`: a new key beside the old one, and later the end of the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from asayer_cli.cli.aws_options import allow_http_option, aws_profile_option, user_name_option, wait_for_key_option
from asayer_cli.cli.base import command, dry_run_option, secret_store_option, yes_option
from asayer_cli.cli.types import NAMES
from asayer_cli.result import Result

if TYPE_CHECKING:
    from datetime import timedelta

    from asayer_cli.aws.rotation import UserKeys
    from asayer_cli.cli.app import App

_OF_ONE_RUN = frozenset({"revoke_old", "delete", "old_key", "reveal"})


@command("rotate-key")
@aws_profile_option
@user_name_option
@click.option("--revoke-old", is_flag=True, help="End the old key: make it inactive, once the one in use is proven.")
@click.option("--delete", is_flag=True, help="With --revoke-old: also delete it, for good.")
@click.option(
    "--old-key",
    type=NAMES,
    multiple=True,
    metavar="ID",
    help="With --revoke-old: end this key, even if another profile uses it or it is the newer one; repeatable.",
)
@click.option("--reveal", is_flag=True, help="Show the new secret too.")
@wait_for_key_option
@allow_http_option
@secret_store_option
@dry_run_option
@yes_option
def rotate_key(
    app: App,
    aws_profile: str,
    user_name: str | None,
    old_key: tuple[str, ...],
    wait_for_key: timedelta,
    secret_store: str | None,
    *,
    revoke_old: bool,
    delete: bool,
    reveal: bool,
    allow_http: bool,
    dry_run: bool,
    yes: bool,
) -> Result:
    """Make a new access key for the collector's user; the old one stays valid until you end it.

    The new key is proven, kept in the secret store and written into the settings. Enter it under Preferences >
    Integrations; then end the old one with --revoke-old, which shows when it was last used. A rotation that was cut
    off is finished by running it again.

    \b
    asayer-cli aws rotate-key --dry-run
    asayer-cli aws rotate-key --reveal
    asayer-cli aws rotate-key --revoke-old                    makes the old key inactive
    asayer-cli aws rotate-key --revoke-old --delete           deletes it
    """
    from asayer_cli.aws.permissions import Needed
    from asayer_cli.cli.aws_life import alone, user_keys
    from asayer_cli.cli.aws_setup import typed
    from asayer_cli.errors import UsageError

    if (delete or old_key) and not revoke_old:
        raise UsageError("--delete and --old-key are about the old key.", hint="Add --revoke-old to end it.")
    app.secret_store = secret_store or ""
    again = typed(click.get_current_context(), _OF_ONE_RUN)
    with alone(app, dry_run=dry_run):
        user = user_keys(app, aws_profile, user_name, Needed.BY_ROTATE, allow_http=allow_http)
        if revoke_old:
            return _revoke(app, user, tuple(filter(None, old_key)), again, delete=delete, dry_run=dry_run, yes=yes)
        return _rotate(app, user, again, wait_for_key, reveal=reveal, dry_run=dry_run, yes=yes)


def _rotate(app: App, user: UserKeys, again: str, wait: timedelta, *, reveal: bool, dry_run: bool, yes: bool) -> Result:
    from asayer_cli.aws.rotation import Rotation
    from asayer_cli.cli.aws_life import confirmed, show_plan

    job = Rotation(user, again)
    plan = job.plan()
    show_plan(app, plan.steps, plan.warnings)
    if dry_run:
        return Result(job.planned(plan))
    confirmed(app, yes=yes)
    outcome = job.carry_out(plan, wait, reveal=reveal)
    _tell_of_environment(app, outcome.access_key_id)
    return Result(outcome, reveal=reveal)


def _tell_of_environment(app: App, key_id: str) -> None:
    """Say when a variable hides the new key from later commands."""
    named = app.environ.get("ASAYER_AWS_ACCESS_KEY_ID", "").strip()
    if named and named != key_id:
        app.console.warn(
            f"ASAYER_AWS_ACCESS_KEY_ID is set to {named}, and later commands follow it: set it to {key_id} (and "
            "ASAYER_AWS_SECRET_ACCESS_KEY with it), or unset both."
        )


def _revoke(
    app: App, user: UserKeys, named: tuple[str, ...], again: str, *, delete: bool, dry_run: bool, yes: bool
) -> Result:
    from asayer_cli.aws.rotation import Revocation
    from asayer_cli.aws.rotation_plan import Revoking
    from asayer_cli.cli.aws_life import confirmed, show_plan

    job = Revocation(user, Revoking(delete, named, again))
    plan = job.plan()
    if plan.steps or plan.warnings or dry_run:
        show_plan(app, plan.steps, plan.warnings)
    if dry_run:
        return Result(job.planned(plan))
    if plan.steps:
        confirmed(app, yes=yes)
    return Result(job.carry_out(plan))
