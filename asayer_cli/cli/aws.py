"""`aws`: the collector's IAM user and key, and the log groups there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from asayer_cli.cli import complete
from asayer_cli.cli.aws_credential_process import credential_process
from asayer_cli.cli.aws_emit import emit_code, emit_options, refuse_without_emit
from asayer_cli.cli.aws_options import allow_http_option, aws_profile_option, user_name_option, wait_for_key_option
from asayer_cli.cli.aws_rotate_key import rotate_key
from asayer_cli.cli.aws_status import status
from asayer_cli.cli.aws_teardown import teardown
from asayer_cli.cli.base import command, dry_run_option, secret_store_option, yes_option
from asayer_cli.cli.types import NAMES
from asayer_cli.result import Result

if TYPE_CHECKING:
    from asayer_cli.aws.session import AwsSession
    from asayer_cli.cli.app import App
    from asayer_cli.settings import Settings


@click.group("aws")
def group() -> None:
    """Let the product read your CloudWatch log groups."""


@command("setup")
@aws_profile_option
@click.option(
    "--region",
    envvar="ASAYER_AWS_REGION",
    metavar="REGION",
    shell_complete=complete.regions,
    help="Region of the log groups.",
)
@click.option(
    "--log-group",
    "log_groups",
    type=NAMES,
    multiple=True,
    envvar="ASAYER_AWS_LOG_GROUPS",
    metavar="NAME",
    shell_complete=complete.log_groups,
    help="Log group; repeatable: the first is collected, the others are only searched.",
)
@user_name_option
@click.option("--path", metavar="PATH", help="IAM path of a new user, such as /integrations/.")
@click.option("--permissions-boundary", default="", metavar="ARN", help="Policy that caps the user's rights.")
@click.option(
    "--scope",
    type=click.Choice(("managed-policy", "log-groups")),
    help="CloudWatchReadOnlyAccess, or an inline policy for the chosen log groups alone; what is in place, or else "
    "managed-policy, when not given.",
)
@click.option(
    "--drop-other-groups",
    is_flag=True,
    help="With the scope log-groups: take the log groups of earlier runs and other profiles out of the policy.",
)
@click.option("--adopt", is_flag=True, help="Take over an existing user that asayer-cli did not make.")
@click.option("--add-key", is_flag=True, help="Make a second key beside the one there is, which stays valid.")
@click.option(
    "--delete-key",
    type=NAMES,
    multiple=True,
    metavar="ID",
    help="Delete this access key of the user; repeatable. Keys that are not named stay.",
)
@wait_for_key_option
@emit_options
@allow_http_option
@secret_store_option
@dry_run_option
@yes_option
def setup(
    app: App,
    aws_profile: str,
    secret_store: str | None,
    *,
    allow_http: bool,
    dry_run: bool,
    yes: bool,
    **given: Any,  # noqa: ANN401 - the other options, each of its own type
) -> Result:
    """Make the IAM user and the access key that the product reads CloudWatch Logs with, and prove them.

    Acts with your own AWS credentials, shows its plan and asks before it changes anything. It can be run again at any
    time: what is in place is proven again, what is half done is finished. The secret goes into the secret store.

    \b
    asayer-cli aws setup                                      asks for region and log group
    asayer-cli aws setup --region eu-west-1 --log-group /ecs/api --dry-run
    asayer-cli aws setup --region eu-west-1 --log-group /ecs/api --scope log-groups --yes
    asayer-cli aws setup --emit terraform > asayer.tf         the same as code, without doing anything
    """
    from asayer_cli.aws.identity import who_am_i_anywhere
    from asayer_cli.aws.session import caller_session
    from asayer_cli.cli.aws_setup import Choices, run, wishes_of

    if given["emit"]:
        return emit_code(app, given, wishes_of)
    refuse_without_emit()
    app.secret_store = secret_store or ""
    settings = app.settings()
    wishes = wishes_of(given, settings)
    session = caller_session(aws_profile, allow_http=allow_http)
    identity = who_am_i_anywhere(
        session, session.region or (given["region"] or "").strip() or settings.text("aws.region")
    )
    choices = Choices(app, settings, session, identity)
    region = choices.region(given["region"])
    collection = choices.collection(region, given["log_groups"])
    return run(choices, collection, wishes, given["wait_for_key"], aws_profile, dry_run=dry_run, yes=yes)


@command("log-groups", outputs=("text", "json", "csv", "plain"))
@aws_profile_option
@click.option(
    "--region",
    type=NAMES,
    multiple=True,
    metavar="REGION",
    shell_complete=complete.regions,
    help="Region to ask; repeatable.",
)
@click.option("--all-regions", is_flag=True, help="Ask every region that the account has enabled, at the same time.")
@click.option(
    "--prefix",
    default="",
    metavar="TEXT",
    shell_complete=complete.log_groups,
    help="Only groups whose name begins with this.",
)
@click.option("--contains", default="", metavar="TEXT", help="Only groups that have this in their name.")
@allow_http_option
@secret_store_option
def log_groups(
    app: App,
    aws_profile: str,
    region: tuple[str, ...],
    prefix: str,
    contains: str,
    secret_store: str | None,
    *,
    all_regions: bool,
    allow_http: bool,
) -> Result:
    """List log groups, and mark those that the product cannot collect.

    Acts with your own AWS credentials, or with the collector's key where there are none. Without --region it asks
    the region of the profile's settings, or else that of your AWS configuration.

    \b
    asayer-cli aws log-groups --region eu-west-1 --region us-east-1
    asayer-cli aws log-groups --all-regions --contains api
    asayer-cli aws log-groups --output plain | cut -f2
    """
    from asayer_cli.aws.listing import Listing, choose_regions
    from asayer_cli.aws.log_groups import check_name
    from asayer_cli.errors import UsageError

    for text in filter(None, (prefix, contains)):
        check_name(text)
    if all_regions and region:
        raise UsageError("--region and --all-regions exclude each other.", hint="Give one of them.")
    app.secret_store = secret_store or ""
    settings = app.settings()
    session = _caller_or_collector(app, settings, aws_profile, region, allow_http=allow_http)
    default = settings.text("aws.region") or session.region
    asked = choose_regions(session, region, default, app.console, everywhere=all_regions)
    return Result(Listing(session, asked, prefix=prefix, contains=contains).stream())


def _caller_or_collector(
    app: App, settings: Settings, aws_profile: str, regions: tuple[str, ...], *, allow_http: bool
) -> AwsSession:
    """Return a session of the caller, or of the collector's key where the caller has no credentials."""
    from asayer_cli.aws.session import caller_session, collector_session
    from asayer_cli.integrations import aws_key

    caller = caller_session(aws_profile, allow_http=allow_http)
    if aws_profile or caller.has_credentials():
        return caller
    key = aws_key(settings, app.store(settings), app.environ)
    if key is None:
        return caller
    region = settings.text("aws.region") or caller.region or next(iter(regions), "")
    app.console.detail(f"There are no AWS credentials: asking with the collector's key {key.access_key_id}.")
    return collector_session(key, region, allow_http=allow_http)


group.add_command(setup)
group.add_command(credential_process)
group.add_command(log_groups)
group.add_command(status)
group.add_command(rotate_key)
group.add_command(teardown)
