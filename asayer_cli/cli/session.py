"""`session`: what the back end did while a user's session lasted."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Final

import click

from asayer_cli.cli import complete
from asayer_cli.cli.base import command
from asayer_cli.cli.reading_options import collector_option, engine_option, file_option
from asayer_cli.cli.types import DURATION, MOMENT
from asayer_cli.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta
    from types import FrameType

    from asayer_cli.cli.app import App
    from asayer_cli.timeline.asked import Asked
    from asayer_cli.timeline.reading import Wanted

_OUTPUTS: Final = ("text", "json", "jsonl")
_MOST_CONTEXT: Final = 100
_LONGEST_INPUT: Final = 1_000_000


@command("session", outputs=_OUTPUTS)
@click.argument("sessions", metavar="ID...", nargs=-1, required=True)
@click.option("--only", type=click.Choice(("aws", "elastic")), help="Read only this source.")
@click.option(
    "--log-group",
    multiple=True,
    metavar="NAME",
    shell_complete=complete.log_groups,
    help="Log group to search instead of the profile's; several times for several.",
)
@file_option
@collector_option
@engine_option
@click.option(
    "--max-duration",
    type=DURATION,
    default="2h",
    show_default=True,
    metavar="DURATION",
    help="How long after its beginning the session is searched for.",
)
@click.option("--since", type=MOMENT, metavar="TIME", help="Begin of the window: an age (2h) or ISO 8601 with a zone.")
@click.option("--until", type=MOMENT, metavar="TIME", help="End of the window, not included.")
@click.option("--follow", is_flag=True, help="Go on as entries arrive, until Ctrl-C or the end of the window.")
@click.option("--for", "follow_for", type=DURATION, metavar="DURATION", help="With --follow: end after so long.")
@click.option(
    "--context",
    type=click.IntRange(0, _MOST_CONTEXT),
    default=0,
    metavar="N",
    help="Show so many entries before and after each one, of the same stream.",
)
@click.option("--full", is_flag=True, help="Unfold stack traces, and show long messages at length.")
@click.option(
    "--tz",
    default="local",
    show_default=True,
    metavar="NAME",
    help="Time zone that times are shown in: local, UTC, or a name such as Europe/Berlin.",
)
@click.option(
    "--replay-url",
    envvar="ASAYER_REPLAY_URL",
    metavar="TEMPLATE",
    help="Link to the replay, with {session_id} in it; the setting replay_url when not given.",
)
@click.option("--html", type=click.Path(dir_okay=False), help="Write the timeline as a page into this file, too.")
@click.option(
    "--no-pager", is_flag=True, help="Do not use a pager. ASAYER_PAGER, else PAGER, says which; less if none."
)
@click.option(
    "--convention",
    type=click.Choice(("asayer", "openreplay")),
    envvar="ASAYER_CONVENTION",
    help="How the tag is named; asayer when nothing else is set.",
)
@click.option("--allow-http", is_flag=True, help="Send credentials over plain HTTP to a host that is not this one.")
def group(
    app: App,
    sessions: tuple[str, ...],
    only: str | None,
    log_group: tuple[str, ...],
    file: tuple[str, ...],
    collector: str,
    engine: str,
    max_duration: timedelta,
    since: datetime | None,
    until: datetime | None,
    follow_for: timedelta | None,
    context: int,
    tz: str,
    replay_url: str | None,
    html: str | None,
    convention: str | None,
    *,
    follow: bool,
    full: bool,
    no_pager: bool,
    allow_http: bool,
) -> Result:
    """Show what the back end did during a session.

    Its log entries from every configured source, in the order of time, each beside the moment of the replay; the id
    alone tells when to search. ID is a session id, a tag, or the URL of a replay; - reads them from standard input.

    The end says what was searched, and whether anything may be missing. The exit code is 0 when entries were found, 1
    when there are none, and that of the error when a source could not be read; what the others have is shown.

    \b
    asayer-cli session 4113219715072001793
    asayer-cli session 4113219715072001793 --follow       while it goes on
    asayer-cli session 4113219715072001793 --html s.html  one page for your colleagues
    asayer-cli session 4113219715072001793 --file app.log --file worker.log.gz
    """
    from datetime import UTC, datetime
    from pathlib import Path

    from asayer_cli.cli.session_sources import Choice, openings
    from asayer_cli.tag import CONVENTIONS
    from asayer_cli.timeline.asked import Bounds, ask
    from asayer_cli.timeline.reading import TimelineReader, Wanted
    from asayer_cli.timeline.replay_url import check_template
    from asayer_cli.timeline.view import TimelineView

    settings = app.settings()
    asked = ask(_typed(sessions, file), Bounds(since, until, max_duration, follow), datetime.now(UTC))
    template = check_template(replay_url) if replay_url else settings.text("replay_url")
    chosen = CONVENTIONS[convention or settings.text("convention", "asayer")]
    follow = _follows(app, asked, follow=follow)
    wanted = Wanted(asked, chosen, context, follow, follow_for, template, app.profile)
    choice = Choice(chosen, only or "", log_group, file, collector, engine, follow, allow_http)
    if app.verbose or app.debug:
        for span in asked.spans:  # on a console that is there before the threads have something to tell
            app.console.detail(f"searched from {span.window.start:%Y-%m-%dT%H:%M:%SZ} to {span.window.end:%H:%M:%SZ}")
    reader = TimelineReader(openings(app, settings, choice), wanted, _progress(app))
    reader.start()

    from asayer_cli.timeline.zones import zone_named

    zone = zone_named(tz, app.environ)
    if follow:
        _end_at_interrupt(wanted)
    for doubt in asked.doubts:
        app.console.warn(doubt)
    page = None if html is None else Path(html)
    return Result(
        TimelineView(reader.timeline(str(zone.key)), zone, wanted.stopped.set, full, page, not (no_pager or follow))
    )


def _progress(app: App) -> Callable[[str], None]:
    """Return how to tell of progress on a console that is made when the first questions are on their way.

    It is told when nothing has come for a moment: then whatever has come is shown.
    """

    def tell(text: str) -> None:
        app.console.hand_over()
        app.console.progress(text)

    return tell


def _typed(sessions: tuple[str, ...], files: tuple[str, ...]) -> list[str]:
    """Return what was typed, `-` replaced by the words of standard input."""
    if "-" not in sessions:
        return list(sessions)
    if "-" in files:
        raise click.UsageError("Standard input cannot be both the session ids and a file.")
    given = sys.stdin.buffer.read(_LONGEST_INPUT).decode(errors="replace").split()
    return [text for session in sessions for text in (given if session == "-" else [session])]


def _follows(app: App, asked: Asked, *, follow: bool) -> bool:
    """Tell whether there is anything to follow: entries cannot come into a window that is over."""
    from datetime import UTC, datetime

    if not follow or max(span.window.end for span in asked.spans) > datetime.now(UTC):
        return follow
    app.console.warn(
        "The session's window is over, so that there is nothing to follow; --until or a longer --max-duration moves "
        "its end."
    )
    return False


def _end_at_interrupt(wanted: Wanted) -> None:
    """Let the first Ctrl-C end the reading, so that its end can be told, and the second one the program."""

    def end(_number: int, _frame: FrameType | None) -> None:
        wanted.stopped.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, end)
