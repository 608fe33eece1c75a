"""Timelines made of plain data, as a page gets them: a shop's session, hostile texts, and many entries."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from asayer_cli.coverage.model import UNTAGGED, By, Coverage, GroupCoverage, Point, Rejection, SourceCoverage
from asayer_cli.exit_codes import ExitCode
from asayer_cli.result import Failure
from asayer_cli.session_id import SessionId
from asayer_cli.tag import Reason
from asayer_cli.timeline.model import Completeness, ErrorKind, Session, SourceReading, Timeline, TimelineEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BEGAN: Final = datetime(2026, 11, 20, 14, 3, 7, 250_000, UTC)
SESSION: Final = SessionId.starting_at(BEGAN, 0x1A2B01)
GROUP: Final = "/ecs/shop-api"
INDEX: Final = "shop-logs-2026.11.20"
TRACE: Final = (
    "Traceback (most recent call last):",
    '  File "/app/shop/views.py", line 88, in pay',
    "    receipt = gateway.charge(order.total, card)",
    '  File "/usr/lib/python3.12/site-packages/gateway/client.py", line 214, in charge',
    "    raise CardDeclined(response.reason)",
    "gateway.errors.CardDeclinedError: insufficient funds (order 4411)",
)


def entry(seconds: float, message: str, level: str = "info", **changes: object) -> TimelineEntry:
    """Return an entry so many seconds after the session began, in CloudWatch unless changed."""
    offset = timedelta(seconds=seconds)
    tagged = f"{level.upper()} [asayer_session_id={SESSION}] {message}"
    plain = TimelineEntry(
        time=BEGAN + offset,
        offset=offset,
        session_id=SESSION,
        source="aws",
        place=GROUP,
        stream="web/shop-api/3f9c1d",
        level=level,
        message=message,
        trace=(),
        before=(),
        after=(),
        raw=tagged,
        entry_id=f"{round(seconds * 1000):056d}",
        collected=True,
        reason=None if level == "error" else Reason.NO_ERROR_WORD,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def document(seconds: float, message: str, level: str, **changes: object) -> TimelineEntry:
    """Return an entry of Elasticsearch, whose raw form is JSON with an id that JavaScript numbers cannot hold."""
    fields = {
        "@timestamp": (BEGAN + timedelta(seconds=seconds)).isoformat(),
        "message": message,
        "log": {"level": level},
        "session": int(SESSION.value),
        "labels": [],
        "http": {"request": {"method": "POST", "path": "/api/pay"}, "response": {"status_code": 502}},
    }
    return entry(
        seconds,
        message,
        level,
        source="elastic",
        place=INDEX,
        stream="shop-worker-7d9f",
        raw=json.dumps(fields),
        entry_id=f"doc-{seconds}",
        reason=Reason.MISSING_ERROR_TAG,
        **changes,
    )


def shop() -> list[TimelineEntry]:
    """Return a session of some minutes in a shop whose payments begin to fail."""
    entries = []
    pages = ("/", "/c/shoes", "/p/4411", "/p/4411/reviews", "/cart", "/checkout", "/checkout/address")
    for number in range(150):
        at = 0.4 + number * 3.1 + (number % 7) * 0.31
        page = pages[number * 7 // 150]
        entries.append(entry(at, f"GET {page} 200 in {12 + number * 37 % 180} ms", "info" if number % 5 else "debug"))
    for number in range(9):
        at = 190 + number * 21.4
        entries.append(document(at, f"payment provider slow: {900 + number * 140} ms, retrying", "warning"))
    for number in range(6):
        at = 252.3 + number * 33
        message = f"payment of order 44{11 + number} failed"
        entries.append(entry(at, message, "error", trace=TRACE, repeats=3 * (number == 2), last_time=None))
    entries[-4] = replace(
        entries[-4],
        last_time=entries[-4].time and entries[-4].time + timedelta(seconds=4),
        before=("POST /api/pay begins", "card checked"),
        after=("POST /api/pay 502 in 1840 ms",),
    )
    entries.append(document(263.9, "could not write the order: connection refused by db-2:5432", "error"))
    entries.append(entry(431, "worker restarted", "", place="/ecs/shop-worker", collected=False, reason=None))
    entries.sort(key=lambda each: each.time or BEGAN)
    entries.append(
        entry(
            0,
            "left over from a file without times",
            "",
            source="file",
            time=None,
            offset=None,
            place="app.log",
            entry_id="app.log:17",
            collected=False,
        )
    )
    return entries


def reading(place: str, entries: int, **changes: object) -> SourceReading:
    """Return a reading that went well unless changed."""
    plain = SourceReading(
        source="aws",
        place=place,
        searched_from=BEGAN - timedelta(minutes=1),
        searched_to=BEGAN + timedelta(hours=2),
        engine="filter",
        entries=entries,
        complete=True,
        newest=BEGAN + timedelta(minutes=9),
        newest_ingestion=BEGAN + timedelta(minutes=9, seconds=3),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


READINGS: Final = (
    reading("log group /ecs/shop-api in eu-west-1", 156),
    reading(
        "log group /ecs/shop-worker in eu-west-1", 1, remarks=("Scanned 1.2 GiB, for about $0.01.",), engine="insights"
    ),
    reading(
        "index *log* at https://search.shop.example:9200", 10, source="elastic", engine="search", newest_ingestion=None
    ),
    reading("app.log", 1, source="file", engine="file", newest=None, newest_ingestion=None),
)
FAILED: Final = replace(
    READINGS[2],
    entries=0,
    complete=False,
    newest=None,
    notes=("2 of 5 shards did not answer.",),
    failure=Failure("unreachable", "The search at search.shop.example broke off.", "Try again in a minute."),
)


@dataclass
class Finish:
    """The end of a timeline, which counts how often it was asked for."""

    completeness: Completeness
    code: ExitCode = ExitCode.OK
    calls: int = field(default=0)

    def __call__(self) -> tuple[Completeness, ExitCode]:
        self.calls += 1
        return self.completeness, self.code


def completeness(entries: Iterable[TimelineEntry] = (), **changes: object) -> Completeness:
    """Return the statement that fits some entries, of which all was read unless changed."""
    kept = list(entries)
    errors = [each for each in kept if each.level == "error"]
    kinds = (
        ErrorKind("payment of order # failed", 9, BEGAN + timedelta(seconds=252.3), BEGAN + timedelta(seconds=417.3)),
    )
    others = (
        (ErrorKind("could not write the order: connection refused by db-#:#", 1, errors[1].time, errors[1].time),)
        if len(errors) > 1
        else ()
    )
    plain = Completeness(
        entries=len(kept),
        errors=len(errors),
        error_kinds=kinds + others if errors else (),
        readings=READINGS,
        complete=True,
        may_grow=False,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def timeline(
    entries: Iterable[TimelineEntry], finish: Finish, *, replay_url: str = "", zone: str = "Europe/Berlin"
) -> Timeline:
    """Return a timeline of one session."""
    url = replay_url or f"https://replay.shop.example/3/session/{SESSION}"
    return Timeline((Session(SESSION, BEGAN, url),), zone, iter(entries), finish)


def many(count: int) -> Iterator[TimelineEntry]:
    """Yield entries over two hours, every 97th an error with a stack trace."""
    for number in range(count):
        at = number * 7200 / count
        if number % 97 == 96:
            yield entry(at, f"payment of order {number} failed", "error", trace=TRACE, entry_id=f"e{number}")
        else:
            yield entry(
                at, f"GET /p/{number} 200 in {number % 300} ms, customer {number * 7919 % 10007}", entry_id=f"e{number}"
            )


def shop_coverage() -> Coverage:
    """Return a coverage of two sources: well tagged, half tagged, and one that is not collected; one failed."""
    step = timedelta(hours=1)
    begin = BEGAN - 24 * step
    falling = tuple(
        Point(begin + hour * step, 20 + hour % 7 * 9, (20 + hour % 7 * 9) * (24 - hour) // 26) for hour in range(24)
    )
    steady = tuple(Point(begin + hour * step, 4 * (hour % 5), 4 * (hour % 5)) for hour in range(24))
    errors, taken = sum(p.errors for p in falling), sum(p.collectible for p in falling)
    fine = sum(p.errors for p in steady)
    untagged = Rejection(
        UNTAGGED,
        errors - taken - 40,
        "ERROR worker 7: <b>payment</b> timed out\n  after 30 s",
        "Tag what the worker logs.",
    )
    wordless = Rejection(
        Reason.NO_ERROR_WORD,
        40,
        f"CRITICAL [asayer_session_id={SESSION}] out of memory",
        "Put the level into the line.",
    )
    groups = (
        GroupCoverage(
            GROUP, errors, taken + 40, taken, 100 * taken / errors, (untagged, wordless), falling, passed=False
        ),
        GroupCoverage("/ecs/shop-search", fine, fine, fine, 100.0, (), steady),
        GroupCoverage(
            "/ecs/shop-worker",
            12,
            0,
            0,
            0.0,
            (replace(untagged, count=12),),
            (),
            collected=False,
            exact=False,
            timeless=3,
        ),
        GroupCoverage("/ecs/shop-quiet", 0, 0, 0, None),
    )
    aws = SourceCoverage(
        "aws",
        "account 123456789012, eu-west-1",
        begin,
        BEGAN,
        By.GROUP,
        step,
        groups,
        errors + fine,
        taken + 40 + fine,
        taken + fine,
        100 * (taken + fine) / (errors + fine),
        48_318_382_080,
        0.225,
        remarks=("Counted by CloudWatch Logs Insights.",),
    )
    elastic = SourceCoverage(
        "elastic",
        "*log* at https://search.shop.example:9200",
        begin,
        BEGAN,
        By.INDEX,
        step,
        complete=False,
        failure=Failure("unreachable", "search.shop.example does not answer.", "Try again in a minute."),
    )
    return Coverage(
        (aws, elastic), aws.errors, aws.tagged, aws.collectible, aws.share, 90.0, complete=False, passed=False
    )
