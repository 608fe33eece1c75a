"""`coverage`: how much of what the back end logs as errors reaches replays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from asayer_cli.cli import complete
from asayer_cli.cli.base import command
from asayer_cli.cli.reading_options import collector_option, file_option
from asayer_cli.cli.types import DOLLARS, MOMENT, NAMES, PERCENT

if TYPE_CHECKING:
    from datetime import datetime

    from asayer_cli.cli.app import App
    from asayer_cli.coverage.measure import Source
    from asayer_cli.result import Result
    from asayer_cli.settings import Settings
    from asayer_cli.tag import TagConvention

_OUTPUTS: Final = ("text", "json", "junit", "html")


@command("coverage", outputs=_OUTPUTS)
@click.option(
    "--by",
    type=click.Choice(("group", "stream", "index", "service")),
    help="What to count by: log groups or the prefixes of their streams, indices or the service.name of their "
    "documents. Without it, or where a source has no such thing: log groups, indices, files.",
)
@click.option(
    "--since",
    type=MOMENT,
    metavar="TIME",
    help="Begin of the window: an age (2h) or ISO 8601 with a zone; when not given, 24 hours before its end, and with "
    "--file, without --until as well, all times.",
)
@click.option("--until", type=MOMENT, metavar="TIME", help="End of the window, not included; now when not given.")
@click.option(
    "--fail-under",
    type=PERCENT,
    metavar="PERCENT",
    help="Fail when, in any place that the product collects, less than this share of the errors can reach a replay. "
    "A place without errors does not fail.",
)
@click.option("--only", type=click.Choice(("aws", "elastic")), help="Measure only this source.")
@click.option(
    "--log-group",
    type=NAMES,
    multiple=True,
    metavar="NAME",
    shell_complete=complete.log_groups,
    help="Measure this log group instead of those of the profile; several times for several.",
)
@click.option(
    "--max-cost",
    type=DOLLARS,
    default=5.0,
    show_default=True,
    metavar="DOLLARS",
    help="Ask CloudWatch Logs Insights nothing that may cost more, as estimated from the size of the log groups.",
)
@file_option
@collector_option
@click.option(
    "--convention",
    type=click.Choice(("asayer", "openreplay")),
    envvar="ASAYER_CONVENTION",
    help="How the tag is named; asayer when nothing else is set.",
)
@click.option("--show-messages", is_flag=True, help="Show log messages also in junit reports.")
@click.option("--report-file", type=click.Path(dir_okay=False), help="Write the report here and text to the screen.")
@click.option("--allow-http", is_flag=True, help="Send credentials over plain HTTP to a host that is not this one.")
def group(
    app: App,
    by: str | None,
    since: datetime | None,
    until: datetime | None,
    fail_under: float | None,
    only: str | None,
    log_group: tuple[str, ...],
    max_cost: float,
    file: tuple[str, ...],
    collector: str,
    convention: str | None,
    *,
    show_messages: bool,
    allow_http: bool,
) -> Result:
    """Tell how much of what the back end logs as errors reaches replays.

    Each place is shown with its errors, how many of them carry a session id, how many the product's collector takes,
    and why it drops the others, with one message and the fix for each reason.

    The services count themselves and nothing is downloaded but samples. CloudWatch Logs Insights costs by the bytes
    that it scans: what it will cost at most is estimated first, and what it did cost is shown. Elasticsearch cannot
    tell every class by a search; where it cannot, up to 200 entries are read and the rest is estimated, which is said.

    \b
    asayer-cli coverage                           the last 24 hours, every integration
    asayer-cli coverage --by service --only elastic
    asayer-cli coverage --fail-under 90 -o junit --report-file r.xml
    asayer-cli coverage --file app.log            without any account

    \b
    Exit codes:
      0  measured, and no place is under --fail-under; also where there was no error at all
      1  a place is under --fail-under, or counting may cost more than --max-cost
      2  wrong usage, such as a log group or an index that is not there
      3  no integration is configured
      4  credentials rejected, or permission denied
      5  a service could not be reached, or not everything could be read
    """
    from dataclasses import replace
    from datetime import UTC, datetime

    from asayer_cli.coverage.measure import measure, wishes_of
    from asayer_cli.coverage.model import By
    from asayer_cli.profile_option import led_to
    from asayer_cli.result import Result
    from asayer_cli.tag import CONVENTIONS

    settings = app.settings()
    named = CONVENTIONS[convention or settings.text("convention", "asayer")]
    wishes = wishes_of(named, since, until, By(by) if by else None, datetime.now(UTC))
    if file:
        sources: list[Source] = [_files(file, collector, alone=not (only or log_group))]
    else:
        sources = _sources(app, settings, named, only, log_group, max_cost, allow_http=allow_http)
    app.console.progress(f"counting the errors of {' and '.join(source.place for source in sources)}")
    coverage, exit_code = measure(sources, wishes, fail_under)
    failures = tuple(
        replace(source.failure, hint=led_to(app.profile, source.failure.hint))
        for source in coverage.sources
        if source.failure
    )
    return Result(
        coverage, exit_code=exit_code, errors=failures, show_messages=show_messages, report_file=app.report_file
    )


def _sources(
    app: App,
    settings: Settings,
    convention: TagConvention,
    only: str | None,
    log_groups: tuple[str, ...],
    max_cost: float,
    *,
    allow_http: bool,
) -> list[Source]:
    from asayer_cli.errors import NotConfiguredError

    sources: list[Source] = []
    if only != "elastic" and (
        source := _aws(app, settings, convention, log_groups, max_cost, asked=only == "aws", allow_http=allow_http)
    ):
        sources.append(source)
    if only != "aws" and not log_groups and (source := _elastic(app, settings, convention, allow_http=allow_http)):
        sources.append(source)
    if not sources:
        raise NotConfiguredError(
            f"Profile {settings.profile} has no integration{f' for {only}' if only else ''} to measure.",
            hint="Run asayer-cli aws setup or asayer-cli elastic create-key, or name files with --file; in CI, set "
            "ASAYER_AWS_ACCESS_KEY_ID and what belongs to it, or ASAYER_ELASTIC_URL and ASAYER_ELASTIC_API_KEY.",
        )
    return sources


def _aws(
    app: App,
    settings: Settings,
    convention: TagConvention,
    log_groups: tuple[str, ...],
    max_cost: float,
    *,
    asked: bool,
    allow_http: bool,
) -> Source | None:
    from asayer_cli.errors import UsageError
    from asayer_cli.integrations import aws_integration
    from asayer_cli.tag import ASAYER

    if convention is not ASAYER:
        if asked or log_groups:
            raise UsageError("OpenReplay's collector reads Elasticsearch only.", hint="Leave --only aws out.")
        app.console.detail("OpenReplay's collector reads Elasticsearch only; CloudWatch is left out.")
        return None
    integration = aws_integration(settings, app.store(settings), app.environ)
    if integration is None:
        return None
    from asayer_cli.aws.log_groups import check_name
    from asayer_cli.aws.session import collector_session
    from asayer_cli.coverage.aws_source import AwsSource

    names = tuple(dict.fromkeys(check_name(name) for name in log_groups)) or integration.log_groups
    session = collector_session(integration.key, integration.region, allow_http=allow_http)
    return AwsSource(session, names, integration.collected_group, max_cost, account=integration.key.access_key_id)


def _elastic(app: App, settings: Settings, convention: TagConvention, *, allow_http: bool) -> Source | None:
    from asayer_cli.integrations import elastic_integration

    integration = elastic_integration(settings, app.store(settings), app.environ)
    if integration is None:
        return None
    from asayer_cli.coverage.elastic_source import ElasticSource
    from asayer_cli.elastic.coverage_reading import CoverageReader

    return ElasticSource(CoverageReader(integration, convention, allow_http=allow_http), integration.indexes)


def _files(paths: tuple[str, ...], collector: str, *, alone: bool) -> Source:
    from asayer_cli.coverage.file_source import FileSource
    from asayer_cli.errors import UsageError

    if not alone:
        raise UsageError("--file replaces the integrations.", hint="Leave --only and --log-group out.")
    return FileSource(paths, collector)
