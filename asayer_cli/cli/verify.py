"""`verify`: the proof that the product's collectors can take what the application logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from asayer_cli.cli.base import command
from asayer_cli.cli.canary_options import Sectioned, canary_options, refuse_combinations
from asayer_cli.cli.file_choice import file_source, refuse_mixtures, without_window
from asayer_cli.cli.reading_options import collector_option, file_option
from asayer_cli.cli.types import DURATION, MOMENT, SESSION_ID
from asayer_cli.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from asayer_cli.canary.arrival import CanarySource
    from asayer_cli.canary.model import CanaryVerification
    from asayer_cli.cli.app import App
    from asayer_cli.exit_codes import ExitCode
    from asayer_cli.session_id import SessionId
    from asayer_cli.settings import Settings
    from asayer_cli.verification.model import Verification
    from asayer_cli.verification.verify import Source
    from asayer_cli.verification.wishes import Wishes

_OUTPUTS: Final = ("text", "json", "junit", "github")


@command("verify", outputs=_OUTPUTS, cls=Sectioned)
@canary_options
@file_option
@collector_option
@click.option("--only", type=click.Choice(("aws", "elastic")), help="Verify only this source.")
@click.option("--since", type=MOMENT, metavar="TIME", help="Begin of the window: an age (2h) or ISO 8601 with a zone.")
@click.option("--until", type=MOMENT, metavar="TIME", help="End of the window, not included; now when not given.")
@click.option("--session", type=SESSION_ID, metavar="ID", help="Count only entries of this session.")
@click.option(
    "--min-entries",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Collectible entries that each source must have.",
)
@click.option(
    "--wait", type=DURATION, metavar="DURATION", help="Ask again until it is there, at most this long; a canary: 3m."
)
@click.option("--explain", is_flag=True, help="List every tagged entry with its verdict.")
@click.option("--strict", is_flag=True, help="A near miss is a failure.")
@click.option("--allow-empty", is_flag=True, help="No failure when there was no error to collect, and no near miss.")
@click.option(
    "--convention",
    type=click.Choice(("asayer", "openreplay")),
    envvar="ASAYER_CONVENTION",
    help="How the tag is named; asayer when nothing else is set.",
)
@click.option("--show-messages", is_flag=True, help="Show log messages also in junit and github reports.")
@click.option("--report-file", type=click.Path(dir_okay=False), help="Write the report here and text to the screen.")
@click.option("--allow-http", is_flag=True, help="Send credentials over plain HTTP to a host that is not this one.")
def group(
    app: App,
    file: tuple[str, ...],
    collector: str,
    only: str | None,
    since: datetime | None,
    until: datetime | None,
    session: SessionId | None,
    wait: timedelta | None,
    convention: str | None,
    canary_params: Mapping[str, Any],
    *,
    min_entries: int,
    explain: bool,
    strict: bool,
    allow_empty: bool,
    show_messages: bool,
    allow_http: bool,
) -> Result:
    """Prove that the product's collector takes your log entries.

    Tagged entries must be there, the collector's own search must find them, and its rules must let them pass.

    With --canary, a request is sent as a browser would send it, with the id of a session that nobody has, and followed
    until each collector can take its entry; where it gets lost, the hop is named.

    Uses the collector's own credentials: those that `aws setup` and `elastic create-key` stored, or, in CI, those of
    the environment. Changes nothing.

    With --file, local files are judged as if their lines were in the log store, all of them unless --since or --until
    is given: plain text, JSON lines, what Docker and Kubernetes write, and exports of CloudWatch, also compressed by
    gzip or zstd. Each line is taken for an entry.

    \b
    asayer-cli verify                             the last hour, every integration
    asayer-cli verify --wait 3m                   right after a deployment
    asayer-cli verify --session 8135...           one session
    asayer-cli verify -o junit --report-file r.xml
    asayer-cli verify --file app.log              without any account
    asayer-cli verify --canary https://api.example.com/asayer-canary --origin https://shop.example.com
    """
    from datetime import timedelta

    from asayer_cli.tag import CONVENTIONS
    from asayer_cli.verification.wishes import Wishes

    context = click.get_current_context()
    refuse_mixtures(context, file)
    settings = app.settings()
    wishes = Wishes(
        convention=CONVENTIONS[convention or settings.text("convention", "asayer")],
        since=since,
        until=until,
        session_id=session,
        min_entries=min_entries,
        wait=wait or timedelta(0),
        strict=strict,
        explain=explain,
        allow_empty=allow_empty,
    )
    verification: Verification | CanaryVerification
    refuse_combinations(context, canary_params)
    if file:
        wishes = without_window(wishes)
        # from here on the files are read, while the rest of the program is imported
        reader = file_source(context, file, collector, wishes)
        verification, exit_code = _verify(app, [reader], wishes)
    elif canary_params["canary"] is not None:
        verification, exit_code = _verify_canary(app, settings, wishes, only, canary_params, allow_http=allow_http)
    else:
        sources = _sources(app, settings, wishes, only, allow_http=allow_http)
        verification, exit_code = _verify(app, sources, wishes)
    return Result(
        _led_to(app.profile, verification),
        exit_code=exit_code,
        show_messages=show_messages,
        report_file=app.report_file,
        summary_file=app.summary_file,
    )


def _verify_canary(
    app: App,
    settings: Settings,
    wishes: Wishes,
    only: str | None,
    canary_params: Mapping[str, Any],
    *,
    allow_http: bool,
) -> tuple[CanaryVerification, ExitCode]:
    from contextlib import closing
    from datetime import UTC, datetime

    from asayer_cli import network
    from asayer_cli.canary.sender import Sender
    from asayer_cli.canary.verify import Choices, verify
    from asayer_cli.cli.canary_options import CANARY_WAIT, order_of

    order = order_of(app, canary_params, wishes.convention, allow_http=allow_http)
    sources = _sources(app, settings, wishes, only, allow_http=allow_http)
    choices = Choices(wishes.convention, wishes.wait or CANARY_WAIT, wishes.strict, wishes.explain)
    with closing(Sender(order.place, app.environ, network.current())) as sender:
        return verify(order, sources, choices, sender, app.console, datetime.now(UTC))


def _led_to(profile: str, verification: Verification | CanaryVerification) -> Verification | CanaryVerification:
    from dataclasses import replace

    from asayer_cli.profile_option import led_to

    checks = (replace(check, remedy=led_to(profile, check.remedy)) for check in verification.checks)
    return replace(verification, checks=tuple(checks))


def _verify(app: App, sources: Sequence[Source], wishes: Wishes) -> tuple[Verification, ExitCode]:
    from asayer_cli.verification.verify import verify

    _check_window(app, wishes)
    return verify(sources, wishes, app.console)


def _check_window(app: App, wishes: Wishes) -> None:
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    wishes.window(now)
    if wishes.session_id and not wishes.session_id.may_be_real(now):
        app.console.warn(
            f"Session id {wishes.session_id} was not made by the product: its session would have begun at "
            f"{wishes.session_id.started_at:%Y-%m-%d %H:%M} UTC."
        )


def _sources(
    app: App, settings: Settings, wishes: Wishes, only: str | None, *, allow_http: bool
) -> Sequence[CanarySource]:
    from asayer_cli.errors import NotConfiguredError

    sources: list[CanarySource] = []
    if only != "elastic" and (source := _aws_source(app, settings, wishes, asked=only == "aws", allow_http=allow_http)):
        sources.append(source)
    if only != "aws" and (source := _elastic_source(app, settings, wishes, allow_http=allow_http)):
        sources.append(source)
    if not sources:
        raise NotConfiguredError(
            f"Profile {settings.profile} has no integration{f' for {only}' if only else ''} to verify.",
            hint="Run asayer-cli aws setup or asayer-cli elastic create-key; in CI, set ASAYER_AWS_ACCESS_KEY_ID and "
            "what belongs to it, or ASAYER_ELASTIC_URL and ASAYER_ELASTIC_API_KEY.",
        )
    return sources


def _aws_source(app: App, settings: Settings, wishes: Wishes, *, asked: bool, allow_http: bool) -> CanarySource | None:
    from asayer_cli.errors import UsageError
    from asayer_cli.integrations import aws_integration
    from asayer_cli.tag import ASAYER

    if wishes.convention is not ASAYER:
        if asked:
            raise UsageError("OpenReplay's collector reads Elasticsearch only.", hint="Leave --only aws out.")
        app.console.detail("OpenReplay's collector reads Elasticsearch only; CloudWatch is left out.")
        return None
    integration = aws_integration(settings, app.store(settings), app.environ)
    if integration is None:
        return None
    from asayer_cli.aws.reading import CloudWatchReader
    from asayer_cli.verification.aws_source import AwsSource

    return AwsSource(integration, CloudWatchReader(integration.key, integration.region, allow_http=allow_http))


def _elastic_source(app: App, settings: Settings, wishes: Wishes, *, allow_http: bool) -> CanarySource | None:
    from asayer_cli.integrations import elastic_integration

    integration = elastic_integration(settings, app.store(settings), app.environ)
    if integration is None:
        return None
    from asayer_cli.elastic.reading import ElasticReader
    from asayer_cli.verification.elastic_source import ElasticSource

    return ElasticSource(integration, ElasticReader(integration, allow_http=allow_http), wishes.convention)
