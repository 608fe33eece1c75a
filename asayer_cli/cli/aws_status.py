"""`aws status`: what there is in the account and on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asayer_cli.cli.aws_options import allow_http_option, aws_profile_option, user_name_option
from asayer_cli.cli.base import command, secret_store_option
from asayer_cli.result import Failure, Level, Message, Result

if TYPE_CHECKING:
    from asayer_cli.aws.session import AwsSession
    from asayer_cli.aws.status import Here, There
    from asayer_cli.cli.app import App
    from asayer_cli.errors import AsayerError
    from asayer_cli.secret_store import SecretStore
    from asayer_cli.settings import Settings


@command("status")
@aws_profile_option
@user_name_option
@allow_http_option
@secret_store_option
def status(app: App, aws_profile: str, user_name: str | None, secret_store: str | None, *, allow_http: bool) -> Result:
    """Show the collector's user, its rights and keys in the account, beside what this machine has of them.

    Changes nothing. What the key in use can and cannot do is asked with the key itself. Without AWS credentials of
    your own it tells what that key alone can tell. Ends with 1 when something is broken, and says what mends it.

    \b
    asayer-cli aws status
    asayer-cli aws status --output json
    """
    from asayer_cli.aws.session import caller_session
    from asayer_cli.aws.status import There, status_of
    from asayer_cli.cli.aws_setup import DEFAULT_USER_NAME
    from asayer_cli.exit_codes import first_of

    app.secret_store = secret_store or ""
    settings = app.settings()
    name = user_name or settings.text("aws.user_name", DEFAULT_USER_NAME)
    store, problems = _store(app, settings)
    session = caller_session(aws_profile, allow_http=allow_http)
    here = _here(app, settings, store, session, aws_profile, readable=not problems)
    there, notes = There(), list[Message]()
    app.console.progress(f"Looking at the IAM user {name} ...")
    if session.has_credentials():
        there, refusals = _ask(session, settings, name)
        problems += refusals
    else:
        notes.append(_alone(settings, here, problems))
    data, wrong = status_of(name, here, there, problems)
    return Result(
        data,
        messages=tuple(notes),
        exit_code=first_of(error.exit_code for error in wrong),
        errors=tuple(map(Failure.of, wrong)),
    )


def _store(app: App, settings: Settings) -> tuple[SecretStore, list[AsayerError]]:
    """Return the secret store; where it does not work, what the environment has in its place, and why."""
    from asayer_cli.errors import NotConfiguredError
    from asayer_cli.secret_store import EnvironmentStore, secret_name

    store = app.store(settings)
    try:
        store.get(secret_name(app.profile, "aws", settings.text("aws.access_key_id", "none")))
    except NotConfiguredError as error:
        return EnvironmentStore(), [error]
    return store, []


def _here(
    app: App, settings: Settings, store: SecretStore, session: AwsSession, aws_profile: str, *, readable: bool
) -> Here:
    from asayer_cli.aws.session import collector_session
    from asayer_cli.aws.status import Here
    from asayer_cli.aws.status_model import MachineStatus
    from asayer_cli.cli.aws_desk import known_secrets

    region = settings.text("aws.region")
    network_profile = aws_profile or app.environ.get("AWS_PROFILE", "")
    machine = MachineStatus(
        account=settings.text("aws.account"),
        user_name=settings.text("aws.user_name"),
        access_key_id=settings.text("aws.access_key_id"),
        region=region,
        log_groups=settings.many("aws.log_groups"),
        secret_store=store.label if readable else app.store(settings).label,
    )
    return Here(
        machine,
        known_secrets(app, settings, store),
        app.journal(),
        lambda key: collector_session(key, region, network_profile, allow_http=session.allow_http),
        readable,
    )


def _ask(session: AwsSession, settings: Settings, name: str) -> tuple[There, list[AsayerError]]:
    from asayer_cli.aws.access import UserAccess
    from asayer_cli.aws.identity import who_am_i_anywhere
    from asayer_cli.aws.permissions import Needed
    from asayer_cli.aws.status import look

    return look(
        lambda: who_am_i_anywhere(session, session.region or settings.text("aws.region")),
        lambda caller: UserAccess(session, caller, name, needed=Needed.BY_STATUS),
        settings.profile,
        settings.text("aws.account"),
    )


def _alone(settings: Settings, here: Here, problems: list[AsayerError]) -> Message:
    """Say that the key tells alone; NotConfiguredError, or the first of the problems, where there is no key either."""
    from asayer_cli.errors import NotConfiguredError

    key_id = here.machine.access_key_id
    if key_id and here.secrets.get(key_id) is None and problems:
        raise problems[0]
    if not key_id or here.secrets.get(key_id) is None:
        what = f"the secret of {key_id} is not here" if key_id else f"profile {settings.profile} has no key"
        raise NotConfiguredError(
            f"There are no AWS credentials, and {what}: nobody can be asked.",
            hint="Log in (aws sso login, aws configure), name a profile (--aws-profile), or set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY.",
            code="no_credentials",
        )
    return Message(
        Level.NOTE,
        f"There are no AWS credentials of yours, so that nobody could look into the account: all this is what the "
        f"collector's key {key_id} alone can tell. Log in, or name a profile (--aws-profile), to see the rest.",
    )
