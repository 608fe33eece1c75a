"""The reading engine: complete, in order, each once, within the quota; against a model that makes it hard."""

from __future__ import annotations

import random
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.aws.budget import PERIOD_SECONDS, Pace, budget_for, quota
from asayer_cli.aws.engines import FILTER, INSIGHTS, choose
from asayer_cli.aws.event_order import EventOrder
from asayer_cli.aws.filter_schedule import MOST_WAITING_ENTRIES, Chain, Page, Schedule
from asayer_cli.aws.model import LogGroup
from asayer_cli.aws.reading import CloudWatchReader, collector_pattern, session_patterns
from asayer_cli.aws.slices import Density, Slice, SlicePlan
from asayer_cli.entries import LogEntry, Window, milliseconds, moment
from asayer_cli.integrations import AwsKey
from asayer_cli.secret import Secret
from asayer_cli.session_id import SessionId
from asayer_cli.tag import ASAYER
from tests.benchmarks.cloudwatch import Model, model
from tests.benchmarks.conduct import Conduct
from tests.benchmarks.log_events import GroupSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

END = 1_800_000_000_000
DAY_MS = 86_400_000


def entry(ms: int, number: int) -> LogEntry:
    return LogEntry(moment(ms), "x", "group stream", f"id-{number:04}")


# --- the pace -------------------------------------------------------------------------------------------------------


@given(
    st.integers(1, 25),
    st.lists(st.tuples(st.floats(0, 0.4), st.sampled_from(["answered", "throttled", "back", ""])), max_size=120),
)
def test_no_second_sees_more_calls_than_the_quota(most: int, steps: list[tuple[float, str]]) -> None:
    pace, now, slots = Pace(most), 0.0, list[float]()
    for seconds, then in steps:
        now += seconds
        slot = pace.slot(now)
        assert slot >= now
        if then == "back":
            pace.give_back(slot)
            continue
        slots.append(slot)
        if then:
            pace.answered() if then == "answered" else pace.throttled(now)
        now = max(now, slot)
    for first, behind in zip(slots, slots[most:], strict=False):
        assert behind - first >= PERIOD_SECONDS - 1e-6


def test_after_a_rest_a_second_s_calls_go_out_at_once_and_then_evenly() -> None:
    pace = Pace(10)
    assert [pace.slot(5.0) for _ in range(10)] == [5.0] * 10
    later = [pace.slot(5.0) for _ in range(3)]
    assert later[0] == 5.0 + PERIOD_SECONDS
    assert later[1] > later[0]
    assert pace.free(5.0) == 0


def test_throttling_slows_down_and_answers_recover() -> None:
    pace = Pace(10)
    pace.throttled(0.0)
    pace.throttled(0.1)
    assert pace.limit == 7.5
    for _ in range(60):
        pace.answered()
    assert pace.limit == 10


def test_quotas_are_those_of_the_service_and_budgets_are_shared() -> None:
    assert [quota("FilterLogEvents", region) for region in ("us-east-1", "eu-central-1", "eu-west-1")] == [25, 5, 10]
    assert budget_for("A", "eu-west-1", "FilterLogEvents") is budget_for("A", "eu-west-1", "FilterLogEvents")
    assert budget_for("A", "eu-west-1", "FilterLogEvents") is not budget_for("B", "eu-west-1", "FilterLogEvents")


def test_a_call_that_is_not_to_go_out_is_given_back_at_once() -> None:
    budget, stopped = budget_for("C", "eu-central-1", "FilterLogEvents"), threading.Event()
    assert all(budget.take(stopped) for _ in range(5))
    stopped.set()
    assert not budget.take(stopped)
    assert budget.free() == 0


# --- slices and order -----------------------------------------------------------------------------------------------


@given(
    st.integers(0, 40 * DAY_MS),
    st.integers(1, 25),
    st.lists(st.tuples(st.integers(1, DAY_MS), st.integers(1, 40)), max_size=3),
    st.floats(1, 5),
    st.integers(1, 12),
)
def test_slices_cover_the_window_once(
    width: int, burst: int, learnt: list[tuple[int, int]], pages: float, chains: int
) -> None:
    density = Density()
    for known, count in learnt:
        density.learn(known, count)
    plan, at = SlicePlan(Slice(0, width), burst, density), 0
    for _ in range(300):
        if plan.exhausted:
            assert at == width
            return
        cut = plan.next(pages, chains)
        assert cut.start == at < cut.end
        at = cut.end


@given(st.lists(st.integers(0, 6), max_size=30), st.integers(1, 5), st.booleans())
def test_a_chain_s_entries_come_in_order_and_once(times: list[int], size: int, repeats: bool) -> None:  # noqa: FBT001
    events = [entry(ms, number) for number, ms in enumerate(sorted(times))]
    order, taken = EventOrder(), list[LogEntry]()
    for begin in range(0, len(events), size):
        order.add(events[max(begin - (1 if repeats else 0), 0) : begin + size][::-1])
        taken += order.take()
    order.finish()
    taken += order.take()
    assert taken == sorted(events, key=lambda one: (one.time, one.entry_id))
    assert (order.entries, order.bytes) == (0, 0)


def test_an_event_that_is_told_late_still_comes() -> None:
    order = EventOrder()
    order.add([entry(5, 1), entry(9, 2)])
    order.add([entry(3, 3), entry(9, 2), entry(5, 1)])
    order.finish()
    assert [one.entry_id for one in order.take()] == ["id-0003", "id-0001", "id-0002"]


@given(
    st.lists(st.integers(0, DAY_MS // 4 - 1), max_size=40).map(sorted),
    st.integers(1, 30),
    st.integers(0, 1000),
)
def test_any_order_of_answers_gives_every_entry_once(times: list[int], size: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same each time
    events = [entry(ms, number) for number, ms in enumerate(times)]
    schedule = Schedule(Slice(0, DAY_MS // 4), 10, 9, Density())
    flying, taken = list[Chain](), list[LogEntry]()
    while True:
        while len(flying) < 12 and (chain := schedule.start(0.0)):
            flying.append(chain)
        while schedule.can_take and (part := schedule.take()):
            taken += part
        if not flying:
            break
        chain = flying.pop(chance.randrange(len(flying)))
        if chance.random() < 0.1:
            schedule.postponed(chain, 0.0)
            continue
        mine = [one for one in events if one.time and chain.slice.start <= milliseconds(one.time) < chain.slice.end]
        begin = int(chain.token or 0)
        token = str(begin + size) if begin + size < len(mine) else ""
        free = chance.randrange(10)
        schedule.answered(chain, Page(mine[begin : begin + size], token, 0.3), free)
    assert schedule.ended
    assert taken == events


def test_what_comes_next_is_read_however_much_waits_behind_it() -> None:
    schedule = Schedule(Slice(0, DAY_MS // 4), 10, 9, Density())
    chains = [chain for _ in range(9) if (chain := schedule.start(0.0))]
    first, second, *behind = chains
    for chain in behind:
        start = chain.slice.start
        schedule.answered(chain, Page([entry(start + n, n) for n in range(4_000)], "", 0.3), 0)
    schedule.postponed(second, 0.0)
    schedule.answered(first, Page([entry(5, 1)], "", 0.3), 0)
    assert schedule.take() == [entry(5, 1)]
    assert schedule.start(0.0) is second


def test_no_more_waits_than_may_whatever_the_pages_hold() -> None:
    schedule = Schedule(Slice(0, DAY_MS // 4), 10, 9, Density())
    taken = list[LogEntry]()
    chains = [chain for _ in range(9) if (chain := schedule.start(0.0))]
    asked = 0
    while chains:
        for chain in chains[::-1]:
            start = chain.slice.start
            schedule.answered(chain, Page([entry(start + n, n) for n in range(5_000)], "", 0.3), 0)
            asked += 1
        assert schedule.waiting <= MOST_WAITING_ENTRIES + 5_000
        while schedule.can_take and (part := schedule.take()):
            taken += part
        chains = [chain for _ in range(9) if (chain := schedule.start(0.0))]
    assert len(taken) == 9 * 5_000
    assert taken == sorted(taken, key=lambda one: milliseconds(one.time) if one.time else 0)
    assert asked < 30


# --- against the model ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cloudwatch() -> Iterator[Model]:
    with model(GroupSpec("/hard", END, events=20_000, ties=4, tagged_every=10)) as running:
        yield running


@pytest.fixture
def reader(cloudwatch: Model, bare_environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> CloudWatchReader:
    for name, value in {**bare_environ, "AWS_ENDPOINT_URL": cloudwatch.url}.items():
        monkeypatch.setenv(name, value)
    # the first region has the largest quota, and waits the least
    return CloudWatchReader(AwsKey("AKIAIOSFODNN7EXAMPLE", Secret("x" * 40)), "us-east-1")


@pytest.mark.parametrize("seed", [1, 2])
def test_every_entry_once_and_in_order_whatever_fails(cloudwatch: Model, reader: CloudWatchReader, seed: int) -> None:
    hard = Conduct(
        0.01, 25, 200_000, seed, throttle=0.05, cut=0.1, failed=0.05, partial=0.3, empty=0.2, duplicates=True
    )
    cloudwatch.control(conduct=hard)
    window = Window(moment(END - DAY_MS), moment(END + 1))
    found = list(reader.search("/hard", collector_pattern(ASAYER), window))
    assert len({one.entry_id for one in found}) == len(found) == 2000
    assert found == sorted(found, key=lambda one: (one.time, one.entry_id))


def test_a_short_window_is_one_burst(cloudwatch: Model, reader: CloudWatchReader) -> None:
    told = cloudwatch.control(conduct=Conduct(0.05, 25))
    session = SessionId.parse(told["groups"][0]["session_id"])
    window = Window(session.started_at, session.started_at + timedelta(hours=2))
    stream = reader.engine.search("/hard", session_patterns(ASAYER, [session]), window)
    assert len(list(stream)) == told["groups"][0]["entries"]
    assert cloudwatch.control()["calls"]["FilterLogEvents"]["answered"] == stream.calls == 24


def test_closing_ends_the_threads(cloudwatch: Model, reader: CloudWatchReader) -> None:
    cloudwatch.control(conduct=Conduct(0.05, 25, 10_000))
    before = threading.active_count()
    stream = reader.engine.search("/hard", ("",), Window(moment(END - DAY_MS), moment(END)))
    next(stream)
    stream.close()
    until = time.monotonic() + 10
    while threading.active_count() > before:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert list(stream) == []


# --- which engine ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("log_class", "gigabytes", "hours", "engine"),
    [
        ("STANDARD", 10, 2, FILTER),
        ("STANDARD", 10_000, 2, INSIGHTS),
        ("STANDARD", 100, 24 * 30, INSIGHTS),
        ("STANDARD", 10_000, 24 * 30, FILTER),
        ("INFREQUENT_ACCESS", 0, 1, INSIGHTS),
        ("DELIVERY", 0, 1, INSIGHTS),
    ],
)
def test_the_engine_suits_class_window_and_size(log_class: str, gigabytes: int, hours: int, engine: str) -> None:
    now = moment(END)
    group = LogGroup("eu-west-1", "g", log_class, 30, gigabytes * 10**9, now - timedelta(days=400), True, "")
    choice = choose(group, Window(now - timedelta(hours=hours), now), now, 10)
    assert choice.engine == engine
    assert choice.why
    assert choice.slow == (gigabytes * hours > 1_000_000)
    assert choose(None, Window(now - timedelta(hours=hours), now), now, 10).engine == FILTER
