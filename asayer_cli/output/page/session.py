"""The page of a session: its entries on a time axis, in a list that can be searched and unfolded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asayer_cli.entries import milliseconds
from asayer_cli.output.page import statement
from asayer_cli.output.page.document import data_block, filled, frame
from asayer_cli.output.page.entry_data import write_entries
from asayer_cli.output.page.moments import zone_fact, zone_of
from asayer_cli.output.page.plain_list import PlainList
from asayer_cli.output.page.private_file import private_file
from asayer_cli.output.page.reasons import MEANINGS
from asayer_cli.output.sanitise import for_page

if TYPE_CHECKING:
    from pathlib import Path

    from asayer_cli.exit_codes import ExitCode
    from asayer_cli.output.page.private_file import PrivateFile
    from asayer_cli.timeline.model import Completeness, Session, Timeline

STYLES: Final = ("base.css", "session.css", "entry.css", "narrow.css", "print.css")
SCRIPTS: Final = (
    "dom.js",
    "theme.js",
    "times.js",
    "data.js",
    "filters.js",
    "axis.js",
    "axis_range.js",
    "entry.js",
    "row.js",
    "list.js",
    "toolbar.js",
    "keys.js",
    "session.js",
)


def write_session(path: Path, timeline: Timeline) -> tuple[Completeness, ExitCode]:
    """Write a timeline's page while it is read, with mode 0600 and at once; UsageError when it cannot be written.

    Takes every entry and calls `finish`, whose answer it returns. Memory does not grow with the number of entries.
    """
    with private_file(path) as file:
        return _write(file, timeline)


def _write(file: PrivateFile, timeline: Timeline) -> tuple[Completeness, ExitCode]:
    begin, end = frame("session.html", STYLES, SCRIPTS)
    title = _title(timeline.sessions)
    plain = PlainList(zone_of(timeline.zone))
    file.write(filled(begin, {"title": title}))
    sessions = {session.id: number for number, session in enumerate(timeline.sessions)}
    write_entries(file, plain.watching(timeline.entries), sessions)
    completeness, code = timeline.finish()
    file.write(data_block("about", _about(timeline)))
    file.write(filled(end, _slots(timeline, completeness, plain)))
    return completeness, code


def _title(sessions: tuple[Session, ...]) -> str:
    others = f" and {len(sessions) - 1} more" if len(sessions) > 1 else ""
    return f"Session {sessions[0].id}{others}" if sessions else "Sessions"


def _about(timeline: Timeline) -> dict[str, object]:
    return {
        "sessions": [
            {"id": str(session.id), "began": milliseconds(session.started_at)} for session in timeline.sessions
        ],
        "zone": for_page(timeline.zone),
        "sources": statement.SOURCES,
        "reasons": {reason.value: meaning for reason, meaning in MEANINGS.items()},
    }


def _slots(timeline: Timeline, completeness: Completeness, plain: PlainList) -> dict[str, str]:
    zone = zone_of(timeline.zone)
    return {
        "sessions": statement.sessions_html(timeline.sessions, zone),
        "facts": statement.facts_html(completeness) + zone_fact(zone),
        "warning": statement.warning_html(completeness),
        "nothing": "" if plain.seen else statement.nothing_html(completeness),
        "kinds": statement.kinds_html(completeness.error_kinds, zone),
        "plain": plain.html() if plain.seen else "",
        "completeness": statement.completeness_html(completeness, zone),
    }
