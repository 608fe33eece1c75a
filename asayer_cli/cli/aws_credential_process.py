"""`aws credential-process`: the collector's key for the AWS SDKs and the AWS CLI, from the secret store.

Each AWS command runs it, so that it imports nothing that it can do without: no SDK and no screen.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from asayer_cli.cli.base import command, secret_store_option
from asayer_cli.errors import NotConfiguredError, UsageError
from asayer_cli.result import Result

if TYPE_CHECKING:
    from asayer_cli.cli.app import App
    from asayer_cli.integrations import AwsKey


@command("credential-process", outputs=("text",))
@click.option("--print-config", is_flag=True, help="Print the lines for ~/.aws/config instead, without any secret.")
@secret_store_option
def credential_process(app: App, secret_store: str | None, *, print_config: bool) -> Result:
    """Hand the collector's key to the AWS SDKs and the AWS CLI.

    They run this themselves (the setting credential_process of ~/.aws/config), so that the secret stays in the secret
    store and is in no file of theirs. It reads the key of --profile, and asks AWS nothing.

    \b
    asayer-cli aws credential-process --print-config >> ~/.aws/config
    aws --profile asayer logs tail /ecs/api
    """
    app.secret_store = secret_store or ""
    if print_config:
        return _print_config(app)
    if sys.stdout.isatty():
        raise UsageError(
            "This prints a secret for the AWS SDKs to read, and standard output is a terminal.",
            hint="Let the SDKs run it; the lines for ~/.aws/config: asayer-cli aws credential-process --print-config. "
            "To see the secret: asayer-cli integrations show --reveal.",
            code="secret_on_terminal",
        )
    sys.stdout.write(_document(_key(app)) + "\n")
    raise click.exceptions.Exit(0)  # nothing else is to be printed, and no screen imported for it


def _key(app: App) -> AwsKey:
    from asayer_cli.integrations import aws_key

    settings = app.settings()
    key = aws_key(settings, app.store(settings), app.environ)
    if key is None:
        raise NotConfiguredError(
            f"Profile {app.profile} has no access key of AWS.",
            hint=f"Make one: {_setup(app)}; or name another profile in the line of ~/.aws/config: --profile.",
            code="no_access_key",
        )
    return key


def _setup(app: App) -> str:
    from asayer_cli.profile_option import for_profile

    return f"asayer-cli aws setup{for_profile(app.profile)}"


def _document(key: AwsKey) -> str:
    """Return what the SDKs read; without an expiration they take the key for a lasting one.

    "Process credential provider" in the AWS SDKs and Tools Reference Guide.
    """
    secret = key.secret_access_key.reveal()
    return json.dumps({"Version": 1, "AccessKeyId": key.access_key_id, "SecretAccessKey": secret})


def _print_config(app: App) -> Result:
    from asayer_cli.credential_process import config_lines, program_words

    settings = app.settings()
    lines = config_lines(
        program_words(sys.argv[0]), app.profile, region=settings.text("aws.region"), store=app.secret_store
    )
    for line in ("", *lines):  # a file that they are appended to may lack the end of its last line
        app.console.write(line)
    if not settings.text("aws.access_key_id"):
        app.console.warn(f"Profile {app.profile} has no access key yet: make one with {_setup(app)}.")
    return Result()
