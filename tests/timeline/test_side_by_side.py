"""Sources read side by side: every entry once, in the order of time, as soon as it can be; failures apart."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.errors import NotConfiguredError, UnreachableError, UsageError
from asayer_cli.exit_codes import ExitCode
from asayer_cli.tag import ASAYER
from asayer_cli.timeline.asked import Bounds, ask
from asayer_cli.timeline.reading import TimelineReader, Wanted
from asayer_cli.timeline.side_by_side import Opening
from tests.timeline.plain import ID, TAG, PlainSource, found, opening

GONE = UnreachableError("The service is gone.", hint="Wait.")
TIMES = st.lists(st.lists(st.one_of(st.none(), st.integers(0, 50_000)), max_size=30), min_size=1, max_size=4)


def wanted(**more: bool) -> Wanted:
    return Wanted(ask([str(ID)], Bounds(), datetime(2026, 11, 22, 12, tzinfo=UTC)), ASAYER, **more)  # type: ignore[arg-type]


def read(*openings: Opening) -> TimelineReader:
    reader = TimelineReader(openings, wanted(), lambda _text: None)
    reader.start()
    return reader


@given(TIMES)
def test_merged_in_the_order_of_time(times: list[list[int | None]]) -> None:
    last = 10**9
    sources = [
        PlainSource([found(f"{TAG} {n} {ms}", ms) for ms in sorted(given, key=lambda ms: last if ms is None else ms)])
        for n, given in enumerate(times)
    ]
    timeline = read(opening(*sources)).timeline("UTC")  # one opening that gives several
    entries = list(timeline.entries)
    seen = [last if entry.offset is None else round(entry.offset.total_seconds() * 1000) for entry in entries]
    assert seen == sorted(seen)
    assert sum(1 + entry.repeats for entry in entries) == sum(map(len, times))
    told, code = timeline.finish()
    assert told.entries == sum(map(len, times))
    assert told.complete
    assert code == (ExitCode.OK if told.entries else ExitCode.CHECK_FAILED)
    assert len(told.readings) == len(times)
    assert all(source.closed for source in sources)


def test_a_failing_source_does_not_end_the_others() -> None:
    fails = PlainSource([found(f"{TAG} ERROR before", 5)], place="broken", error=GONE)
    works = PlainSource([found(f"{TAG} a", 1), found(f"{TAG} z", 9)])
    timeline = read(opening(fails), opening(works)).timeline("UTC")
    assert [entry.message for entry in timeline.entries] == ["a", "ERROR before", "z"]
    told, code = timeline.finish()
    assert code is ExitCode.UNREACHABLE
    assert not told.complete
    assert [(reading.place, reading.entries, reading.complete) for reading in told.readings] == [
        ("broken", 1, False),
        ("a list", 2, True),
    ]
    assert told.readings[0].failure
    assert told.readings[0].failure.hint == "Wait."


def test_the_code_of_the_worst_failure_wins() -> None:
    def refuse() -> list[object]:
        raise NotConfiguredError("No secret.")

    timeline = read(opening(PlainSource([], error=GONE)), Opening("elastic", "Elasticsearch", refuse)).timeline("UTC")  # type: ignore[arg-type]
    assert list(timeline.entries) == []
    told, code = timeline.finish()
    assert code is ExitCode.NOT_CONFIGURED
    assert told.readings[1].place == "Elasticsearch"
    assert told.likely_reasons == ()  # the failures are the reason


def test_progress_says_whose_answer_is_waited_for() -> None:
    answered = threading.Event()

    class Slow(PlainSource):
        def find(self, _search: object) -> object:  # type: ignore[override]
            answered.wait(20)
            yield from ()

    told: list[str] = []

    def tell(text: str) -> None:
        told.append(text)
        answered.set()

    quick = PlainSource([found(f"{TAG} a"), found(f"{TAG} b")], place="a list")
    reader = TimelineReader([opening(quick), opening(Slow([], place="slow"))], wanted(), tell)
    reader.start()
    assert len(list(reader.timeline("UTC").entries)) == 2
    assert told[0] == "2 entries so far, waiting for slow"


def test_what_is_incomplete_without_an_error() -> None:
    timeline = read(opening(PlainSource([found(f"{TAG} a")], notes=("1 of 3 shards failed",)))).timeline("UTC")
    list(timeline.entries)
    told, code = timeline.finish()
    assert (told.complete, code) == (False, ExitCode.UNREACHABLE)


def test_nothing_is_configured() -> None:
    timeline = read(Opening("aws", "", list), Opening("elastic", "", list)).timeline("UTC")
    with pytest.raises(NotConfiguredError, match="no integration"):
        list(timeline.entries)


def test_a_bug_is_not_hidden() -> None:
    timeline = read(opening(PlainSource([None])), opening(PlainSource([]))).timeline("UTC")  # type: ignore[list-item]
    with pytest.raises(AttributeError):
        list(timeline.entries)


def test_a_file_that_cannot_be_read_is_a_failure() -> None:
    def open_missing() -> list[object]:
        with open("/nowhere/at/all"):  # noqa: PTH123 - the operating system's own error
            return []

    timeline = read(Opening("file", "x", open_missing), opening(PlainSource([found(TAG)]))).timeline("UTC")  # type: ignore[arg-type]
    assert len(list(timeline.entries)) == 1
    assert timeline.finish()[1] is ExitCode.NOT_CONFIGURED


def test_an_entry_does_not_wait_for_later_ones() -> None:
    """While one source has not answered, nothing comes; when it has, all that is earlier comes at once."""
    answered = threading.Event()

    class Slow(PlainSource):
        def find(self, _search: object) -> object:  # type: ignore[override]
            answered.wait(20)
            yield found(f"{TAG} slow", 50)
            answered.clear()
            answered.wait(20)

    quick = PlainSource([found(f"{TAG} {ms}", ms) for ms in (10, 20, 60)])
    entries = iter(read(opening(quick), opening(Slow([]))).timeline("UTC").entries)
    answered.set()
    assert [next(entries).message for _ in range(3)] == ["10", "20", "slow"]
    answered.set()
    assert [entry.message for entry in entries] == ["60"]


def test_following_orders_what_comes_together() -> None:
    one = PlainSource([found(f"{TAG} begin", 0)], later=[found(f"{TAG} third", 30), found(f"{TAG} first", 10)])
    two = PlainSource([], later=[found(f"{TAG} second", 20)])
    how = wanted(follow=True)
    reader = TimelineReader([opening(one), opening(two)], how, lambda _text: None)
    reader.start()
    timeline = reader.timeline("UTC")
    entries = iter(timeline.entries)
    assert next(entries).message == "begin"
    two.go.set()
    one.go.set()
    assert [next(entries).message for _ in range(3)] == ["first", "second", "third"]
    how.stopped.set()
    assert list(entries) == []
    told, code = timeline.finish()
    assert (told.entries, told.complete, code) == (4, True, ExitCode.OK)


def test_following_shows_what_has_no_time_when_it_comes() -> None:
    ten_years = 10 * 365 * 86_400_000
    one = PlainSource([], later=[found(f"{TAG} timeless", None), found(f"{TAG} of a clock ahead", ten_years)])
    one.go.set()
    how = wanted(follow=True)
    reader = TimelineReader([opening(one)], how, lambda _text: None)
    reader.start()
    entries = iter(reader.timeline("UTC").entries)
    assert [next(entries).message for _ in range(2)] == ["timeless", "of a clock ahead"]
    how.stopped.set()
    assert list(entries) == []


def test_an_interrupted_reading_says_so() -> None:
    forever = threading.Event()

    class Endless(PlainSource):
        def find(self, _search: object) -> object:  # type: ignore[override]
            number = 0
            while not forever.is_set():
                yield found(f"{TAG} {number}", number)
                number += 1

    how = wanted()
    reader = TimelineReader([opening(Endless([]))], how, lambda _text: None)
    reader.start()
    timeline = reader.timeline("UTC")
    entries = iter(timeline.entries)
    for _ in range(2000):
        next(entries)
    how.stopped.set()
    assert len(list(entries)) < 3000  # what was read ahead is bounded
    told, code = timeline.finish()
    forever.set()
    assert code is ExitCode.INTERRUPTED
    assert told.readings[0].notes == ("reading was interrupted before its end",)


def test_the_error_of_the_usage_is_its_code() -> None:
    timeline = read(opening(PlainSource([], error=UsageError("No such group.")))).timeline("UTC")
    list(timeline.entries)
    assert timeline.finish()[1] is ExitCode.USAGE
