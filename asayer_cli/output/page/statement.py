"""What a session's page says beside the entries: its sessions, its errors by kind, and how complete it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from asayer_cli.output.page.document import escaped
from asayer_cli.output.page.moments import moment_html

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from asayer_cli.timeline.model import Completeness, ErrorKind, Session, SourceReading

SOURCES: Final = {"aws": "CloudWatch", "elastic": "Elasticsearch", "file": "File"}


def replay_link(url: str) -> str:
    """Return the address where a click may lead, empty when it is none of the web's."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


def sessions_html(sessions: Sequence[Session], zone: tzinfo) -> str:
    """Return the heading: each session's id, its begin and the link to its replay."""
    return "\n".join(_session(session, zone) for session in sessions)


def _session(session: Session, zone: tzinfo) -> str:
    link = replay_link(session.replay_url)
    if link:
        replay = (
            f'<a class="button primary" href="{escaped(link)}" target="_blank" rel="noopener noreferrer">'
            'Watch the replay <span aria-hidden="true">↗</span></a>'
        )
    else:
        replay = f'<span class="soft">replay: {escaped(session.replay_url)}</span>' if session.replay_url else ""
    return (
        f'<div class="session"><h1><span class="soft">Session</span> <span class="id">{session.id}</span></h1>'
        f'<button type="button" class="quiet needs-script" hidden data-copy="{session.id}">Copy</button>'
        f'<p class="began">began {moment_html(session.started_at, zone)}</p>{replay}</div>'
    )


def facts_html(completeness: Completeness) -> str:
    """Return the figures under the heading."""
    errors = f'<b class="{"error" if completeness.errors else ""}">{completeness.errors:,}</b>'
    facts = [
        f"<b>{completeness.entries:,}</b> {_plural(completeness.entries, 'entry', 'entries')}",
        f"{errors} {_plural(completeness.errors, 'error', 'errors')}",
        f"<b>{len(completeness.readings)}</b> {_plural(len(completeness.readings), 'place', 'places')} searched",
        _verdict(completeness),
    ]
    return "".join(f"<li>{fact}</li>" for fact in facts)


def _verdict(completeness: Completeness) -> str:
    if not completeness.complete:
        return '<a class="badge warning" href="#completeness">incomplete</a>'
    if completeness.may_grow:
        return '<a class="badge info" href="#completeness">more may arrive</a>'
    return '<a class="badge good" href="#completeness">complete</a>'


def warning_html(completeness: Completeness) -> str:
    """Return what stands above the entries when some are missing; empty when none are."""
    if completeness.complete:
        return ""
    lines = "".join(_trouble(reading) for reading in completeness.readings if not reading.complete)
    return (
        '<section class="notice warning" aria-labelledby="incomplete"><h2 id="incomplete">This is not everything</h2>'
        f"<p>Entries may be missing here, because reading did not get to the end.</p><ul>{lines}</ul></section>"
    )


def _trouble(reading: SourceReading) -> str:
    said = " ".join((*reading.notes, *_failed(reading)))
    return f"<li><b>{escaped(reading.place)}</b>: {escaped(said)}</li>"


def _failed(reading: SourceReading) -> tuple[str, ...]:
    return (f"{reading.failure.message} {reading.failure.hint}".strip(),) if reading.failure else ()


def nothing_html(completeness: Completeness) -> str:
    """Return what stands in the place of the entries when there are none."""
    reasons = "".join(f"<li>{escaped(reason)}</li>" for reason in completeness.likely_reasons)
    likely = f"<p>The likeliest reasons, and what would tell:</p><ul>{reasons}</ul>" if reasons else ""
    return (
        '<section class="nothing"><h2>Nothing was found</h2>'
        "<p>No entry in the places and times that were searched carries this session&#x27;s tag. "
        f'<a href="#completeness">What was searched</a></p>{likely}</section>'
    )


def kinds_html(kinds: Sequence[ErrorKind], zone: tzinfo) -> str:
    """Return the errors by kind; empty when none came twice and there is one at most."""
    if not kinds:
        return ""
    rows = "".join(_kind(kind, zone) for kind in kinds)
    return (
        f'<details class="kinds panel" open><summary><h2>Errors by kind</h2> <span class="soft">{len(kinds):,}</span>'
        '</summary><section class="scroll" tabindex="0" aria-label="Errors by kind"><table>'
        "<thead><tr><th>Times</th><th>Message</th><th>First</th><th>Last</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></section></details>"
    )


def _kind(kind: ErrorKind, zone: tzinfo) -> str:
    return (
        f'<tr><td class="number">{kind.count:,}</td><td class="code"><span class="kind">{escaped(kind.message)}</span>'
        f"</td><td>{moment_html(kind.first, zone)}</td><td>{moment_html(kind.last, zone)}</td></tr>"
    )


def completeness_html(completeness: Completeness, zone: tzinfo) -> str:
    """Return the end of the page: what was searched, how far, and whether anything may be missing or still come."""
    rows = "".join(_reading(reading, zone) for reading in completeness.readings)
    return (
        f'<section class="panel" id="completeness" tabindex="-1"><h2>How complete this is</h2>'
        f"<p>{_sentence(completeness)}</p>"
        '<section class="scroll" tabindex="0" aria-label="What was searched"><table><thead><tr>'
        "<th>Searched</th><th>From, to</th><th>By</th><th>Entries</th><th>Newest entry, taken in</th>"
        f"<th>Result</th></tr></thead><tbody>{rows}</tbody></table></section></section>"
    )


def _sentence(completeness: Completeness) -> str:
    found = f"{completeness.entries:,} {_plural(completeness.entries, 'entry', 'entries')}"
    read = "Everything that was searched was read to its end" if completeness.complete else "Not everything was read"
    still = (
        "More entries may still arrive: the time searched has not passed, or logs are on their way."
        if completeness.may_grow
        else "Nothing more is expected."
    )
    return f"{read}: {found}. {still}"


def _reading(reading: SourceReading, zone: tzinfo) -> str:
    result, kind = ("all read", "good") if reading.complete else ("incomplete", "warning")
    if reading.complete and reading.may_grow:
        result, kind = "may grow", "info"
    return (
        f'<tr><td><span class="source">{SOURCES.get(reading.source, escaped(reading.source))}</span> '
        f'<span class="code">{escaped(reading.place)}</span>{_remarks(reading)}</td>'
        f"<td>{moment_html(reading.searched_from, zone)}<br>{moment_html(reading.searched_to, zone)}</td>"
        f'<td>{escaped(reading.engine)}</td><td class="number">{reading.entries:,}</td>'
        f"<td>{moment_html(reading.newest, zone)}<br>{moment_html(reading.newest_ingestion, zone)}</td>"
        f'<td><span class="badge {kind}">{result}</span></td></tr>'
    )


def _remarks(reading: SourceReading) -> str:
    texts = (*reading.notes, *_failed(reading), *reading.remarks)
    items = "".join(f"<li>{escaped(text)}</li>" for text in texts)
    return f'<ul class="remarks">{items}</ul>' if items else ""


def _plural(count: int, one: str, more: str) -> str:
    return one if count == 1 else more
