"""The part of the Logs Insights query language that the sandbox knows, and its refusal of every other part."""

from __future__ import annotations

import pytest

from asayer_cli.sandbox.aws.insights_events import Row
from asayer_cli.sandbox.aws.insights_expressions import Moment
from asayer_cli.sandbox.aws.insights_query import answered, matched, parse, shown_row
from asayer_cli.sandbox.aws.insights_tokens import MalformedQueryError

NINE = 1_795_339_800_004  # 2026-11-22 09:30:00.004 UTC
MINUTE = 60_000
MESSAGES = (
    "ERROR [asayer_session_id=42] boom in 12 ms",
    "INFO [asayer_session_id=42] fine in 7 ms",
    "ERROR nobody is told",
    '{"level": "error", "request": {"ms": 3, "ok": false}, "tags": ["a", "b"]}',
    "error [asayer_session_id=7] Boom",
)


def rows_of(query: str, most: int = 10_000) -> list[dict[str, str]]:
    rows = [
        Row(
            {
                "@timestamp": Moment(NINE + number * 20 * MINUTE),
                "@message": message,
                "@log": "123456789012:/a",
                "@logStream": f"{'web' if number % 2 else 'api'}/{number}",
                "@ingestionTime": Moment(NINE),
                "@ptr": f"p{number}",
            }
        )
        for number, message in enumerate(MESSAGES)
    ]
    understood = parse(query)
    found = answered(understood, matched(understood, rows), most)
    return [{pair["field"]: pair["value"] for pair in shown_row(understood, row)} for row in found]


def pointers(condition: str) -> str:
    """Return the numbers of the messages that a condition holds for."""
    return "".join(row["@ptr"][1:] for row in rows_of(f"filter {condition} | sort @timestamp asc"))


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ('@message like "ERROR"', "02"),
        ("@message like 'asayer_session_id=42'", "01"),
        ("@message like /(?i)error/", "0234"),
        ("@message =~ /in \\d+ ms/", "01"),
        ("@message not like /(?i)error/", "1"),
        ('not @message like "ERROR"', "134"),
        ('@message like "ERROR" and @message like "boom" or @message like "Boom"', "04"),
        ('@message like "ERROR" and (@message like "boom" or @message like "nobody")', "02"),
        ('level = "error"', "3"),
        # what an event has not is neither equal nor unequal to anything
        ('level != "error"', ""),
        ('not level = "error"', ""),
        ('level not like "x"', "3"),
        ("ispresent(level) and not ispresent(other)", "3"),
        ("not ispresent(level)", "0124"),
        ("request.ms < 10 and request.ok = 0 and tags.1 = 'b'", "3"),
        ('strcontains(@message, "fine") = 1', "1"),
        ("strlen(@message) <= 20", "2"),
        ('tolower(@message) like "boom"', "04"),
        ('@logStream in ["api/0", "web/3"]', "03"),
        ("@logStream not in ['api/0', 'web/3']", "124"),
        (f"toMillis(@timestamp) >= {NINE + 20 * MINUTE} and toMillis(@timestamp) < {NINE + 60 * MINUTE}", "12"),
        ("coalesce(level, @message) = 'error'", "3"),
        ("isempty(level) = 1 and @message like /\\[asayer_session_id=(?:42|7)\\]/", "014"),
        ('@message like "a \\" b" or @message like /a\\/b/', ""),
    ],
)
def test_conditions(condition: str, found: str) -> None:
    assert pointers(condition) == found


def test_rows_show_the_fields_that_were_asked_for() -> None:
    assert rows_of('filter level = "error"') == [
        {"@timestamp": "2026-11-22 10:30:00.004", "@message": MESSAGES[3], "@ptr": "p3"}
    ]
    query = "fields @logStream, level, ispresent(level) as has, bin(1h) as hour | sort @timestamp asc | limit 1"
    assert rows_of(query) == [{"@logStream": "api/0", "has": "0", "hour": "2026-11-22 09:00:00.000", "@ptr": "p0"}]
    assert rows_of("fields @message, @log | display @log | limit 1") == [{"@log": "123456789012:/a", "@ptr": "p4"}]
    # newest first where nothing sorts, and no more than the request's limit
    assert [row["@ptr"] for row in rows_of("fields @log", most=2)] == ["p4", "p3"]
    assert [row["@ptr"] for row in rows_of("sort @logStream asc, @timestamp desc")] == ["p0", "p2", "p4", "p1", "p3"]


def test_parse_extracts_named_groups_and_leaves_out_what_does_not_match() -> None:
    query = (
        r"parse @message /\[asayer_session_id=(?<id>\d+)\]/ | parse @message /in (?<ms>\d+) ms/"
        " | filter ispresent(id) | fields id, ms | sort @timestamp asc"
    )
    assert rows_of(query) == [
        {"id": "42", "ms": "12", "@ptr": "p0"},
        {"id": "42", "ms": "7", "@ptr": "p1"},
        {"id": "7", "@ptr": "p4"},
    ]


def test_stats_count_by_fields_and_spans_of_time() -> None:
    query = (
        r"parse @message /session_id=(?<id>\d+)/ | parse @message /in (?<ms>\d+) ms/"
        " | fields ispresent(id) as tagged"
        " | stats count(*) as entries, count(ms) as timed, sum(ms), min(ms), max(ms), avg(ms),"
        " count_distinct(id) as ids, earliest(@message) as first, latest(@message) as last by @log, bin(1h), tagged"
        " | sort bin(1h) asc, tagged desc"
    )
    hours = rows_of(query)
    assert hours[0] == {
        "@log": "123456789012:/a",
        "bin(1h)": "2026-11-22 09:00:00.000",
        "tagged": "1",
        "entries": "2",
        "timed": "2",
        "sum(ms)": "19",
        "min(ms)": "7",
        "max(ms)": "12",
        "avg(ms)": "9.5",
        "ids": "1",
        "first": MESSAGES[0],
        "last": MESSAGES[1],
    }
    assert [(row["bin(1h)"][11:13], row["tagged"], row["entries"]) for row in hours[1:]] == [
        ("10", "1", "1"),
        ("10", "0", "2"),
    ]
    assert "sum(ms)" not in hours[1]
    assert rows_of('filter @message like "nowhere" | stats count(*) as entries') == [{"entries": "0"}]
    assert rows_of('filter @message like "nowhere" | stats count(*) as entries by @log') == []
    many = rows_of("stats count() as entries by @logStream as stream | filter entries > 0 | sort stream asc | limit 2")
    assert many == [{"stream": "api/0", "entries": "1"}, {"stream": "api/2", "entries": "1"}]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "stats",
        "dedup @message",
        "pattern @message",
        "SOURCE logGroups()",
        "fields @message |",
        "fields @message limit 5",
        "fields @nosuch",
        "fields @message as @log",
        "fields abs(ms)",
        "fields ispresent(a) as x, ispresent(b) as x",
        "filter @message",
        "filter @message like",
        'filter @message like "open',
        "filter strcontains(@message, 'x')",
        "filter @timestamp > 5",
        "filter ispresent(a, b)",
        "filter not like 'x'",
        "filter @message like /(/",
        "filter @message like /a(?=b)/",
        "filter @message like /(?<!a)b/",
        r"filter @message like /(a)\1/",
        'parse @message "user=*" as user',
        "parse @message /no group/",
        "parse /(?<a>x)/",
        "parse @message /(?<a>x)/ | parse @message /(?<a>y)/",
        "stats median(x)",
        "stats max(@timestamp)",
        "stats count(*) by ispresent(x)",
        "stats count(*) by bin(300s)",
        "stats count(*) by bin(90m)",
        "stats count(*) as n, count(a) as n",
        "stats count(*) as n by @log | filter @message like 'x'",
        "stats count(*) as n by @log | stats max(n)",
        "stats max(@message)",
        "limit 0",
        "limit 10001",
        "limit 5 | limit 5",
        "sort @timestamp",
        f"filter @message like '{'x' * 10_000}'",
    ],
)
def test_every_other_query_is_refused(query: str) -> None:
    with pytest.raises(MalformedQueryError):
        rows_of(query)
