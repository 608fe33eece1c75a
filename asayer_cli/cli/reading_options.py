"""Options of the commands that read log entries: which files instead of a log store, by whose rules, how to ask."""

from __future__ import annotations

from typing import Final

import click

from asayer_cli.cli import complete

ENGINES: Final = ("auto", "filter", "insights")
COLLECTORS: Final = ("cloudwatch", "elasticsearch")

# the function gets `file`, a tuple of paths as they were typed, empty where the option is not given
file_option = click.option(
    "--file",
    type=click.Path(allow_dash=True),
    multiple=True,
    metavar="PATH",
    shell_complete=complete.files,
    help="Read this file, or every file in this folder, instead of the integrations, and need no account; several "
    "times for several. - is standard input.",
)
# the function gets `engine`, one of ENGINES
engine_option = click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="auto",
    show_default=True,
    help="How CloudWatch is read: by FilterLogEvents, by Logs Insights (which costs by the bytes scanned), or by "
    "whichever suits the log class, the window and the size.",
)
# the function gets `collector`, one of COLLECTORS
collector_option = click.option(
    "--collector",
    type=click.Choice(COLLECTORS),
    default="cloudwatch",
    show_default=True,
    help="With --file: the collector by whose rules entries are judged. That of Elasticsearch wants JSON lines, as "
    "the documents are sent, with utc_time and tags.",
)
