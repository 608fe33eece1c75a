"""The page of a coverage: how much of what is logged as errors reaches replays, place by place, and what to mend."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from asayer_cli.output.page.coverage_chart import bar_svg, series_svg, share_text
from asayer_cli.output.page.document import data_block, escaped, filled, frame
from asayer_cli.output.page.moments import moment_html, zone_fact
from asayer_cli.output.page.reasons import TITLES
from asayer_cli.times import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from asayer_cli.coverage.model import Coverage, GroupCoverage, Rejection, SourceCoverage
    from asayer_cli.result import Failure

STYLES: Final = ("base.css", "coverage.css", "narrow.css", "print.css")
SCRIPTS: Final = ("dom.js", "theme.js", "times.js", "coverage.js")
SOURCES: Final = {"aws": "CloudWatch Logs", "elastic": "Elasticsearch", "file": "Files"}
_KINDS: Final = {"group": "log group", "stream": "stream prefix", "index": "index", "service": "service"}
_FINE: Final = 90.0
_POOR: Final = 50.0
_LONGEST_SAMPLE: Final = 600


def coverage_page(coverage: Coverage) -> str:
    """Return the whole page as text; everything on it can be read without its script."""
    return _page(
        {
            "title": "Coverage of errors",
            "headline": _headline(coverage),
            "facts": "".join(f"<li>{fact}</li>" for fact in _facts(coverage)) + zone_fact(UTC),
            "warning": _warning(coverage),
            "sources": "\n".join(_source(source, coverage.fail_under) for source in coverage.sources),
        }
    )


def failure_page(failures: Sequence[Failure]) -> str:
    """Return the page of a run that could not count anything."""
    items = "".join(f"<li>{escaped(f'{failure.message} {failure.hint}'.strip())}</li>" for failure in failures)
    return _page(
        {
            "title": "Coverage of errors",
            "headline": "Nothing was counted",
            "facts": "",
            "warning": f'<section class="notice warning"><ul>{items}</ul></section>',
            "sources": "",
        }
    )


def _page(slots: dict[str, str]) -> str:
    begin, end = frame("coverage.html", STYLES, SCRIPTS)
    return filled(begin, slots) + data_block("about", {"zone": "UTC"}) + filled(end, slots)


def _headline(coverage: Coverage) -> str:
    if coverage.share is None:
        return "No errors were counted"
    grade = _grade(coverage.share, coverage.fail_under, passed=coverage.passed)
    return f'<span class="whole {grade}">{escaped(share_text(coverage.share))}</span> of errors can reach replays'


def _grade(share: float | None, wanted: float | None, *, passed: bool) -> str:
    """Return the class that colours a share: by what was wanted, else by the common sense of most teams."""
    if share is None:
        return "none"
    if wanted is not None:
        return "good" if passed else "bad"
    return "good" if share >= _FINE else "bad" if share < _POOR else "warning"


def _facts(coverage: Coverage) -> list[str]:
    facts = [
        f"<b>{coverage.collectible:,}</b> of <b>{coverage.errors:,}</b> errors can reach a replay",
        f"<b>{coverage.tagged:,}</b> carry a session id",
    ]
    if coverage.fail_under is not None:
        wanted = escaped(share_text(coverage.fail_under))
        badge = ("good", "passed") if coverage.passed else ("bad", "failed")
        facts.append(f'at least {wanted} wanted <span class="badge {badge[0]}">{badge[1]}</span>')
    if not coverage.complete:
        facts.append('<span class="badge warning">incomplete</span>')
    return facts


def _warning(coverage: Coverage) -> str:
    troubles = [(source, text) for source in coverage.sources for text in _troubles(source)]
    if not troubles and coverage.complete:
        return ""
    items = "".join(f"<li><b>{escaped(source.place)}</b>: {escaped(text)}</li>" for source, text in troubles)
    return (
        '<section class="notice warning" aria-labelledby="incomplete"><h2 id="incomplete">Not everything was counted'
        f"</h2><ul>{items}</ul></section>"
    )


def _troubles(source: SourceCoverage) -> list[str]:
    failed = [f"{source.failure.message} {source.failure.hint}".strip()] if source.failure else []
    return [*source.notes, *failed]


def _source(source: SourceCoverage, wanted: float | None) -> str:
    groups = "".join(_group(group, wanted) for group in source.groups)
    if not source.failure and not any(group.errors for group in source.groups):
        groups = f'<p class="soft">No errors were logged here in this time.</p>{groups}'
    return (
        f'<section class="panel source-panel"><header><h2>{SOURCES.get(source.source, escaped(source.source))} '
        f'<span class="soft">{escaped(source.place)}</span></h2><p class="soft">{_searched(source)}</p></header>'
        f"{groups}{_remarks(source)}</section>"
    )


def _searched(source: SourceCoverage) -> str:
    by = "file" if source.source == "file" and source.by == "group" else _KINDS[source.by]
    window = f"{moment_html(source.searched_from, UTC)} to {moment_html(source.searched_to, UTC)}"
    return f"by {by}, {window}; a bar of the chart is {format_duration(source.interval)}"


def _remarks(source: SourceCoverage) -> str:
    said = list(source.remarks)
    if source.scanned_bytes is not None and source.cost is not None:
        said.append(f"Counting scanned {source.scanned_bytes:,} bytes and cost about ${source.cost:.4f}.")
    items = "".join(f"<li>{escaped(text)}</li>" for text in said)
    return f'<ul class="remarks">{items}</ul>' if items else ""


def _group(group: GroupCoverage, wanted: float | None) -> str:
    grade = _grade(group.share, wanted if group.collected else None, passed=group.passed)
    about = "" if group.exact else "about "
    return (
        f'<article class="group{"" if group.collected else " aside"}"><header><h3 class="code">{escaped(group.name)}'
        f'</h3><p>{about}<b class="{grade}">{escaped(share_text(group.share))}</b> <span class="soft">'
        f"{group.collectible:,} of {group.errors:,}, {group.tagged:,} tagged</span></p></header>"
        f"{bar_svg(group, wanted if group.collected else None)}"
        f'<div class="details">{_rejections(group)}{_over_time(group)}</div>'
        f"{_asides(group)}</article>"
    )


def _over_time(group: GroupCoverage) -> str:
    chart = series_svg(group.series)
    if not chart:
        return ""
    first, last = (moment_html(point.time, UTC) for point in (group.series[0], group.series[-1]))
    return f'<div class="over-time">{chart}<p class="ends soft">{first}<span>{last}</span></p></div>'


def _asides(group: GroupCoverage) -> str:
    said = []
    if not group.collected:
        said.append("The product does not collect from this place; the totals leave it out.")
    if not group.exact:
        said.append("Partly estimated from samples.")
    if group.timeless:
        said.append(f"{group.timeless:,} of the errors have no time and are in no bar of the chart.")
    items: Iterable[str] = (f"<li>{text}</li>" for text in said)
    return f'<ul class="remarks">{"".join(items)}</ul>' if said else ""


def _rejections(group: GroupCoverage) -> str:
    rows = "".join(_rejection(rejection, group.errors) for rejection in group.rejected if rejection.count)
    return f'<ul class="reasons">{rows}</ul>' if rows else ""


def _rejection(rejection: Rejection, errors: int) -> str:
    title = TITLES.get(rejection.reason, rejection.reason)
    sample = rejection.sample[:_LONGEST_SAMPLE] + ("…" if len(rejection.sample) > _LONGEST_SAMPLE else "")
    shown = f"<pre>{escaped(sample)}</pre>" if sample else ""
    share = 100 * rejection.count / max(errors, 1)
    return (
        f'<li><p><b class="number">{rejection.count:,}</b> {escaped(title)} <span class="soft">'
        f"{escaped(share_text(share))} &middot; <code>{escaped(rejection.reason)}</code></span></p>{shown}"
        f'<p class="remedy">{escaped(rejection.remedy)}</p></li>'
    )
