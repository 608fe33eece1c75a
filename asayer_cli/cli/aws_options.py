"""Options that the AWS commands share."""

from __future__ import annotations

import click

from asayer_cli.cli import complete
from asayer_cli.cli.types import DURATION

aws_profile_option = click.option(
    "--aws-profile",
    metavar="NAME",
    default="",
    shell_complete=complete.aws_profiles,
    help="Profile of ~/.aws/config; AWS_PROFILE when not given.",
)
allow_http_option = click.option(
    "--allow-http", is_flag=True, help="Let AWS_ENDPOINT_URL be plain HTTP on a host that is not this one."
)
user_name_option = click.option(
    "--user-name",
    envvar="ASAYER_AWS_USER_NAME",
    metavar="NAME",
    help="IAM user of the collector.  [default: asayer_cw]",
)
wait_for_key_option = click.option(
    "--wait-for-key",
    type=DURATION,
    default="60s",
    show_default=True,
    metavar="DURATION",
    help="How long AWS may take to know the new key everywhere.",
)
