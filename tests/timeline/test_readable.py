"""What a person sees of an entry: its message, level and trace, whatever wrote it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from asayer_cli.secret import MASK, Secret
from asayer_cli.tag import Reason
from asayer_cli.timeline.error_kinds import MOST_KINDS, OTHERS, ErrorCounts, generalised
from asayer_cli.timeline.folding import Repeats, TraceFolding
from tests.timeline.plain import BEGAN, ID, TAG, shown


@pytest.mark.parametrize(
    ("stored", "message", "level"),
    [
        (f"{TAG} ERROR boom", "ERROR boom", "error"),
        (f"ERROR {TAG} boom", "ERROR boom", "error"),
        (f"2026-11-22 10:00:00,123 {TAG} WARNING low", "WARNING low", "warning"),
        (f"{TAG} 2026-11-22T10:00:00.123Z INFO hello", "INFO hello", "info"),
        (f"[2026-11-22 10:00:00] local.ERROR: {TAG} boom", "local.ERROR: boom", "error"),
        (f"22:01:02.123 [main] DEBUG c.e.Cart - {TAG} x", "[main] DEBUG c.e.Cart - x", "debug"),
        (f"E1122 09:30:00.123456 7 cart.go:12] {TAG} boom", "E1122 09:30:00.123456 7 cart.go:12] boom", "error"),
        (f"level=warn msg=low {TAG}", "level=warn msg=low", "warning"),
        (f"{TAG} [error] 7#7: upstream", "[error] 7#7: upstream", "error"),
        (f"asayer_session_id={ID} Exception in worker", "Exception in worker", "error"),
        (f"[Asayer_Session_Id={ID}] KeyError: 'x'", "KeyError: 'x'", "error"),
        (f"{TAG} Traceback (most recent call last):", "Traceback (most recent call last):", "error"),
        (f"{TAG} GET /error-page/information 200 1ms", "GET /error-page/information 200 1ms", ""),
        (f"{TAG} \x1b[31mERROR\x1b[0m red", "ERROR red", "error"),
        (f"{TAG} payment accepted", "payment accepted", ""),
        (TAG, "", ""),
    ],
)
def test_plain_lines(stored: str, message: str, level: str) -> None:
    entry = shown(stored)
    assert (entry.message, entry.level, entry.raw) == (message, level, stored)


@pytest.mark.parametrize(
    ("fields", "message", "level"),
    [
        ({"message": f"{TAG} boom", "log.level": "ERROR"}, "boom", "error"),
        ({"message": f"{TAG} boom", "log": {"level": "Warning"}}, "boom", "warning"),
        ({"msg": f"{TAG} boom", "level": 50}, "boom", "error"),
        ({"msg": f"{TAG} boom", "level": 30}, "boom", "info"),
        ({"msg": f"{TAG} boom", "level": 20}, "boom", "debug"),
        ({"message": f"{TAG} boom", "level": 400, "level_name": "ERROR"}, "boom", "error"),
        ({"short_message": "x", "message": f"{TAG} boom", "level": 4}, "boom", "warning"),
        ({"message": f"{TAG} boom", "severity": "CRITICAL"}, "boom", "error"),
        ({"event": "boom", "level": "error", "asayer_session_id": str(ID)}, "boom", "error"),
        ({"error": {"message": f"{TAG} boom"}, "log": {"level": "error"}}, "boom", "error"),
        ({"body": {"text": f"{TAG} boom"}, "severity_text": "WARN"}, "boom", "warning"),
        ({"errorMessage": f"{TAG} boom", "errorType": "KeyError"}, "KeyError: boom", "error"),
        ({"message": f"{TAG} boom", "tags": ["error"]}, "boom", "error"),
        ({"message": f"{TAG} boom", "tags": ["access"], "level": True}, "boom", ""),
        ({"log": json.dumps({"level": "warn", "msg": f"{TAG} low"}), "stream": "stderr"}, "low", "warning"),
        ({"a": [1, {"b": TAG}]}, None, ""),
    ],
)
def test_json(fields: dict[str, object], message: str | None, level: str) -> None:
    line = json.dumps(fields)
    for entry in (shown(line), shown(f"{TAG} 2026-11-22T10:00:00Z {line}"), shown("", fields=fields)):
        assert entry.level == level
        if message is not None:
            assert entry.message == message


@pytest.mark.parametrize(
    "stored", ['{"message": ', "{" * 5000, '{"a":' * 5000, "[1]", "{}", f'{{"message": null, "x": "{TAG}"}}', "\udcff{"]
)
def test_what_looks_like_json(stored: str) -> None:
    entry = shown(stored)
    assert entry.message
    assert entry.level == ""


def test_traces() -> None:
    trace = 'Traceback (most recent call last):\n  File "a.py", line 1\nKeyError: 1'
    behind = ("\tat a.b(C.java:1)", "\tat c.d(E.java:2)\n")
    assert shown(f"{TAG} ERROR boom\n{trace}\n").trace == tuple(trace.split("\n"))
    assert shown(f"{TAG} ERROR boom", trace=behind).trace == ("\tat a.b(C.java:1)", "\tat c.d(E.java:2)")
    for key in ("error.stack_trace", "exc_info", "exception", "stack"):
        assert shown(json.dumps({"message": f"{TAG} boom", key: trace})).trace == tuple(trace.split("\n"))
    nested = {"message": f"{TAG} boom", "error": {"stack_trace": trace.split("\n")}}
    assert shown("", fields=nested).trace == tuple(trace.split("\n"))
    assert shown(f"\n\n{TAG} ERROR boom\r\nmore").message == "ERROR boom"


def test_place_and_time() -> None:
    entry = shown(f"{TAG} payment accepted", 1500)
    assert (entry.offset, entry.collected, entry.reason) == (timedelta(seconds=1.5), True, Reason.NO_ERROR_WORD)
    entry = shown(f'{{"asayer_session_id": {ID}, "msg": "2026-11-22 10:00:00 ERROR x"}}', None)
    assert (entry.time, entry.offset) == (None, None)
    assert entry.message == "2026-11-22 10:00:00 ERROR x"  # the only time there is
    assert entry.reason is Reason.MALFORMED_TAG


def test_tagged_lines_without_a_time_are_folded() -> None:
    lines = ["ERROR boom", "Traceback (most recent call last):", '  File "x", line 3', "ValueError: no", "INFO next"]
    folding = TraceFolding()
    seen = [done for line in lines for done in folding.add(shown(f"{TAG} {line}", None))]
    seen += folding.flush()
    assert [(one.message, len(one.trace)) for one in seen] == [("ERROR boom", 3), ("INFO next", 0)]


def test_tagged_lines_of_a_trace_are_folded() -> None:
    lines = ["ERROR failed", "Traceback (most recent call last):", "  File 'x', line 1", "    pay()", "ValueError: bad"]
    folding = TraceFolding()
    entries = [shown(f"{TAG} {line}", number) for number, line in enumerate(lines)]
    other = [shown(f"{TAG} INFO of another stream", 2, stream="t")]
    late = [shown(f"{TAG}   indented, and much later", 900), shown(f"{TAG} KeyError: of its own", 901)]
    seen = [done for entry in [*entries[:3], *other, *entries[3:], *late] for done in folding.add(entry)]
    seen += folding.flush()
    assert [entry.message for entry in seen] == [
        "ERROR failed",
        "INFO of another stream",
        "  indented, and much later",
        "KeyError: of its own",
    ]
    assert seen[0].trace == tuple(lines[1:])
    assert folding.folded == 4


def test_lines_that_each_have_a_time_before_their_tag_keep_their_indentation() -> None:
    at = "2026-11-22T09:00:00.123456789Z"  # as kubectl logs --timestamps writes it
    lines = ["ERROR failed", "Traceback (most recent call last):", "  File 'x', line 1", "    pay()", "ValueError: bad"]
    folding = TraceFolding()
    seen = [done for line in lines for done in folding.add(shown(f"{at} {TAG} {line}"))]
    seen += folding.flush()
    assert [(entry.message, entry.trace) for entry in seen] == [("ERROR failed", tuple(lines[1:]))]


def test_repeats_are_counted() -> None:
    repeats = Repeats()
    entries = [shown(f"{TAG} ERROR a", 0), shown(f"{TAG} ERROR a", 5), shown(f"{TAG} ERROR a", 9), shown(f"{TAG} b", 9)]
    seen = [done for entry in entries for done in repeats.add(entry)] + list(repeats.flush())
    assert [(entry.message, entry.repeats) for entry in seen] == [("ERROR a", 2), ("b", 0)]
    assert seen[0].last_time == BEGAN + timedelta(milliseconds=9)
    assert list(repeats.flush()) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("TimeoutError: 10.0.0.1:80 after 30s", "TimeoutError: 10.0.0.22:443 after 5s"),
        ("order 3f2b8c9a1d7e gone", "order 9c1d2e3f4a5b gone"),
        ("no 'basket' of \"ann\"", "no 'cart' of \"bob\""),
        ("id 6f1c1b5e-1111-4222-8333-123456789abc", "id 00000000-1111-4222-8333-123456789abc"),
        ("at 0xdeadbeef", "at 0x1"),
    ],
)
def test_kinds_leave_out_what_varies(one: str, other: str) -> None:
    assert generalised(one) == generalised(other)
    assert generalised("ValueError: bad card") == "ValueError: bad card"


def test_kinds_leave_no_part_of_a_secret() -> None:
    counts = ErrorCounts()
    counts.add(shown(f"{TAG} ERROR refused key {Secret('planted/4711/kind+secret').reveal()} of 3"))
    assert [kind.message for kind in counts.kinds()] == [f"refused key {MASK} of …"]


def test_errors_are_counted_in_a_bounded_table() -> None:
    counts = ErrorCounts()
    for number in range(MOST_KINDS + 50):
        name = "".join("abcdefghij"[int(digit)] for digit in str(number))
        counts.add(shown(f"{TAG} ERROR {name}", number))
    counts.add(shown(f"{TAG} INFO fine"))
    bare = shown(f"{TAG} Traceback (most recent call last):", 7, trace=["  File 'x'", "ValueError: bad 7"])
    for _ in range(60):
        counts.add(bare)
    kinds = counts.kinds()
    assert len(kinds) == MOST_KINDS + 1
    assert (kinds[0].message, kinds[0].count) == (OTHERS, 110)
    assert sum(kind.count for kind in kinds) == counts.errors == MOST_KINDS + 110
