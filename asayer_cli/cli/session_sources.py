"""Where `session` reads: the profile's integrations, or files in their place; each is opened in a thread of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from asayer_cli.errors import NotConfiguredError, UsageError
from asayer_cli.tag import ASAYER
from asayer_cli.timeline.side_by_side import Opened, Opening, SourceRules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asayer_cli.cli.app import App
    from asayer_cli.entries import LogEntry
    from asayer_cli.settings import Settings
    from asayer_cli.tag import TagConvention


@dataclass(frozen=True, slots=True)
class Choice:
    """What the options say about where to read, and how."""

    convention: TagConvention
    only: str
    log_groups: tuple[str, ...]
    files: tuple[str, ...]
    collector: str
    engine: str
    follow: bool
    allow_http: bool


def openings(app: App, settings: Settings, choice: Choice) -> list[Opening]:
    """Return the sources to open; UsageError for options that exclude each other."""
    if choice.files:
        if choice.only or choice.log_groups:
            raise UsageError("--file reads files alone.", hint="Leave --only and --log-group out, or --file.")
        return [Opening("file", ", ".join(choice.files), partial(_open_files, choice))]
    if choice.log_groups and choice.only == "elastic":
        raise UsageError("--log-group is for CloudWatch.", hint="Leave it out, or --only elastic.")
    openers = {
        "aws": Opening("aws", "CloudWatch Logs", partial(_open_aws, app, settings, choice)),
        "elastic": Opening("elastic", "Elasticsearch", partial(_open_elastic, app, settings, choice)),
    }
    return [openers[choice.only]] if choice.only else list(openers.values())


def _open_files(choice: Choice) -> Sequence[Opened]:
    from asayer_cli.collector import CloudWatchCollector, collector_for_elasticsearch
    from asayer_cli.files.source import FileSource

    judge = collector_for_elasticsearch if choice.collector == "elasticsearch" else CloudWatchCollector
    rules = SourceRules("file", judge(choice.convention), lambda _entry: False)
    return [Opened(FileSource(choice.files, follow=choice.follow), rules)]


def _open_aws(app: App, settings: Settings, choice: Choice) -> Sequence[Opened]:
    from asayer_cli.collector import CloudWatchCollector
    from asayer_cli.integrations import aws_integration

    integration = aws_integration(settings, app.store(settings), app.environ)
    if integration is None:
        return _none(settings, choice)
    from asayer_cli.aws.session_source import cloudwatch_sources

    collected = integration.collected_group if choice.convention is ASAYER else ""
    if choice.log_groups:
        integration = replace(integration, log_groups=choice.log_groups)
    sources = cloudwatch_sources(integration, choice.engine, _Reporter(app), allow_http=choice.allow_http)
    rules = SourceRules("aws", CloudWatchCollector(choice.convention), partial(_lies_in, collected))
    return [Opened(source, rules) for source in sources]


def _lies_in(group: str, entry: LogEntry) -> bool:
    return bool(group) and entry.place.partition(" ")[0] == group


def _open_elastic(app: App, settings: Settings, choice: Choice) -> Sequence[Opened]:
    from asayer_cli.collector import collector_for_elasticsearch
    from asayer_cli.integrations import elastic_integration

    integration = elastic_integration(settings, app.store(settings), app.environ)
    if integration is None:
        return _none(settings, choice)
    from asayer_cli.elastic.session_source import elastic_sources

    collector = collector_for_elasticsearch(choice.convention)
    rules = SourceRules("elastic", collector, partial(_is_collected, choice.convention))
    sources = elastic_sources(integration, _Reporter(app), allow_http=choice.allow_http)
    return [Opened(source, rules) for source in sources]


def _is_collected(convention: TagConvention, entry: LogEntry) -> bool:
    """Tell whether the product reads an index: OpenReplay's collector knows but one."""
    return convention is ASAYER or entry.place == "logs"


def _none(settings: Settings, choice: Choice) -> Sequence[Opened]:
    """Return nothing for an integration that is not configured; NotConfiguredError where it alone was asked for."""
    if choice.only:
        raise NotConfiguredError(
            f"Profile {settings.profile} has no integration for {choice.only}.",
            hint="Run asayer-cli aws setup." if choice.only == "aws" else "Run asayer-cli elastic create-key.",
        )
    return ()


class _Reporter:
    """Tells what sources have to say, from their threads, on a console that is made only where it is needed."""

    def __init__(self, app: App) -> None:
        self._app = app

    def say(self, text: str) -> None:
        """Tell something."""
        self._app.console.say(text)

    def warn(self, text: str) -> None:
        """Warn of something."""
        self._app.console.warn(text)

    def detail(self, text: str) -> None:
        """Tell something that only `--verbose` shows."""
        if self._app.verbose or self._app.debug:
            self._app.console.detail(text)

    def progress(self, _text: str) -> None:
        """Say nothing: one line tells of all sources."""
