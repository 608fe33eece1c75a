from __future__ import annotations

import asyncio
import contextlib
import gc
import pickle
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli import tag
from asayer_cli.propagation import ASAYER, OPENREPLAY
from asayer_cli.propagation.session import (
    carry,
    current_session_id,
    enter_session,
    in_session,
    leave_session,
    parse_session_id,
    session_context,
    session_of,
)
from asayer_cli.session_id import MAXIMUM, SessionId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

ID = "4113219715072001793"
OTHER = "4113219715072001794"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (ID, ID),
        (ID.encode(), ID),
        (int(ID), ID),
        (f" {ID}\t", ID),
        ("007", "7"),
        ("0", "0"),
        ("0" * 40 + "5", "5"),
        (str(MAXIMUM), str(MAXIMUM)),
        (MAXIMUM, str(MAXIMUM)),
        (str(MAXIMUM + 1), None),
        (MAXIMUM + 1, None),
        ("9" * 10_000, None),
        (-1, None),
        (True, None),
        (None, None),
        ("", None),
        (" ", None),
        ("-5", None),
        ("+5", None),
        ("5.0", None),
        ("1_000", None),
        ("42, 43", None),
        ("42\n", None),
        ("42\r\n[asayer_session_id=43] error", None),
        ("٤٢", None),
        ("²", None),
        (b"\xff", None),
        (b"", None),
        (5.0, None),
        (["5"], None),
    ],
)
def test_only_an_unsigned_64_bit_decimal_is_a_session_id(value: object, expected: str | None) -> None:
    assert parse_session_id(value) == expected


@given(st.one_of(st.text(), st.binary(), st.integers(), st.from_regex(r"[0-9 \t]{0,25}", fullmatch=True)))
def test_what_is_taken_is_a_session_id_and_writes_a_tag_that_the_collectors_read(value: str | bytes | int) -> None:
    session_id = parse_session_id(value)
    if session_id is not None:
        assert str(SessionId.parse(session_id)) == session_id
        reading = tag.read_tag(tag.ASAYER.write(SessionId.parse(session_id)))
        assert reading is not None
        assert str(reading.session_id) == session_id


def test_the_conventions_are_those_of_the_program() -> None:
    assert {(one.name, one.tag_name, one.headers) for one in (ASAYER, OPENREPLAY)} == {
        (one.name, one.tag_name, one.headers) for one in tag.CONVENTIONS.values()
    }


def test_a_context_sets_nests_and_resets() -> None:
    assert current_session_id() is None
    with session_context(ID) as outer:
        assert outer == current_session_id() == ID
        with session_context("no id"):
            assert current_session_id() is None
        with session_context(OTHER):
            assert current_session_id() == OTHER
        assert current_session_id() == ID
    assert current_session_id() is None


def test_leaving_never_raises() -> None:
    token = copy_context().run(enter_session, ID)
    leave_session(token)
    token = enter_session(ID)
    leave_session(token)
    leave_session(token)
    assert current_session_id() is None


def first(value: object) -> object:
    return value


def test_a_decorator_sets_the_id_of_a_call() -> None:
    @in_session(first)
    def plain(_value: object) -> str | None:
        return current_session_id()

    @in_session(first)
    async def coroutine(_value: object) -> str | None:
        await asyncio.sleep(0)
        return current_session_id()

    assert plain(ID) == ID
    assert plain.__name__ == "plain"
    assert asyncio.iscoroutinefunction(coroutine)
    assert asyncio.run(coroutine(ID)) == ID


def test_a_decorator_sets_the_id_of_each_step_of_a_generator() -> None:
    @in_session(first)
    def generator(_value: object) -> Iterator[Any]:
        try:
            received = yield current_session_id()
            yield current_session_id(), received
        finally:
            ended.append(current_session_id())

    @in_session(first)
    async def async_generator(_value: object) -> AsyncIterator[Any]:
        await asyncio.sleep(0)
        yield current_session_id()
        await asyncio.sleep(0)
        yield current_session_id()

    async def collect() -> list[Any]:
        found = []
        async for item in async_generator(ID):
            assert current_session_id() is None
            found.append(item)
        return found

    ended: list[str | None] = []
    steps: Any = generator(ID)
    assert next(steps) == ID
    assert current_session_id() is None
    assert steps.send("given") == (ID, "given")
    steps.close()
    assert ended == [ID]
    assert asyncio.run(collect()) == [ID, ID]


def test_a_decorated_function_runs_when_its_id_cannot_be_had() -> None:
    @in_session(lambda event: event["id"])
    def handler(event: object) -> tuple[object, str | None]:
        return event, current_session_id()

    assert handler(None) == (None, None)


def test_a_generator_gets_what_is_thrown_into_it() -> None:
    @in_session(lambda: ID)
    def generator() -> Iterator[Any]:
        try:
            yield
        except KeyError as error:
            yield error, current_session_id()
        raise ValueError(current_session_id())

    steps: Any = generator()
    next(steps)
    thrown = KeyError("x")
    assert steps.throw(thrown) == (thrown, ID)
    with pytest.raises(ValueError, match=ID) as raised:
        next(steps)
    assert session_of(raised.value) == ID


def current_or(word: str) -> str:
    return current_session_id() or word


def test_what_is_carried_has_the_id_in_any_thread_and_can_be_pickled() -> None:
    with session_context(ID):
        carried = carry(current_or)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(carried, "none").result() == ID
        assert pool.submit(current_or, "none").result() == "none"
    assert pickle.loads(pickle.dumps(carried))("none") == ID  # noqa: S301 - made here


def test_a_carried_coroutine_has_the_id_while_it_runs() -> None:
    async def later() -> str | None:
        await asyncio.sleep(0)
        return current_session_id()

    with session_context(ID):
        carried = carry(later)
    assert asyncio.run(carried()) == ID


def caught(value: object, kind: type[BaseException] = ValueError) -> BaseException:
    try:
        with session_context(value):
            raise kind("bad card")  # noqa: TRY301 - what leaves the block is the matter
    except kind as error:
        return error


def test_the_session_that_an_exception_left_is_known_without_touching_it() -> None:
    error = caught(ID)
    assert session_of(error) == ID
    assert error.__dict__ == {}
    assert getattr(error, "__notes__", []) == []
    assert session_of(ValueError("another")) is None
    assert session_of(None) is None


def test_the_innermost_session_counts() -> None:
    with pytest.raises(ValueError, match="bad card") as raised, session_context(OTHER), session_context(ID):
        raise ValueError("bad card")
    assert session_of(raised.value) == ID


def test_an_exception_raised_for_one_that_left_a_session_belongs_to_it() -> None:
    with pytest.raises(RuntimeError) as raised:
        raise RuntimeError from caught(ID)
    assert session_of(raised.value) == ID
    group = ExceptionGroup("two", [caught(ID), caught(ID)])  # type: ignore[type-var]
    assert session_of(group) == ID
    assert session_of(ExceptionGroup("two", [caught(ID), caught(OTHER)])) is None  # type: ignore[type-var]


def test_an_exception_at_the_address_of_a_former_one_does_not_inherit_its_session() -> None:
    addresses, found = set(), set()
    for _ in range(200):
        addresses.add(id(caught(ID)))
        try:
            raise ValueError("outside of any session")  # noqa: TRY301 - it needs a traceback
        except ValueError as error:
            found.add((id(error) in addresses, session_of(error)))
    assert (True, None) in found
    assert {session_id for _, session_id in found} == {None}


def test_an_exception_at_the_address_of_a_former_one_of_the_same_place_has_its_own_session() -> None:
    addresses, found = set(), set()
    for value in [1, 2, None] * 70:
        error = caught(value)
        found.add((value, id(error) in addresses, session_of(error)))
        addresses.add(id(error))
        del error
    assert {(1, True, "1"), (2, True, "2"), (None, True, None)} <= found
    assert {(value, session_id) for value, _, session_id in found} == {(1, "1"), (2, "2"), (None, None)}


def raised_by(error: BaseException, value: object, *outer: object) -> BaseException:
    """Return the exception when it has left a session, and those around it."""
    try:
        with session_context(outer[0]) if outer else contextlib.nullcontext():
            in_session(lambda _: value)(raise_it)(error)
    except BaseException as caught:  # noqa: BLE001 - whatever was given
        return caught
    raise AssertionError


def raise_it(error: BaseException) -> None:
    raise error


def test_one_object_that_is_raised_in_several_requests_belongs_to_the_last() -> None:
    error = KeyError("shared")
    assert [session_of(raised_by(error, value)) for value in (1, 2, None, 3)] == ["1", "2", None, "3"]
    assert [session_of(raised_by(error, *given)) for given in ((4, 5), (6, 6), (None, None), (None, 7), (8, None))] == [
        "4",
        "6",
        None,
        None,
        "8",
    ]


def test_the_innermost_of_three_sessions_counts() -> None:
    with pytest.raises(KeyError) as raised, session_context(3), session_context(2), session_context(1):
        raise KeyError("x")
    assert session_of(raised.value) == "1"


@pytest.mark.parametrize("kind", [KeyError, ValueError])
def test_what_is_caught_inside_of_a_block_has_no_session_of_a_former_one(kind: type[Exception]) -> None:
    def consume(value: object, kind: type[Exception], word: str) -> tuple[Exception, str | None]:
        try:
            with session_context(value):
                try:
                    raise_it(kind(word))
                except ValueError as error:
                    if word == "leave":
                        raise
                    return error, session_of(error)
        except Exception as error:  # noqa: BLE001 - of either kind
            return error, session_of(error)
        raise AssertionError

    former = [consume(1, kind, "leave") for _ in range(200)]
    assert {session_id for _, session_id in former} == {"1"}
    addresses = {id(error) for error, _ in former}
    del former
    gc.collect()
    caught_inside = [consume(None, ValueError, "stay") for _ in range(400)]
    assert {session_id for error, session_id in caught_inside if id(error) in addresses} == {None}


def test_thousands_of_exceptions_that_live_at_once_have_each_its_session() -> None:
    errors = [(str(number), caught(number)) for number in range(4_000)]
    assert [(number, session_of(error)) for number, error in errors if session_of(error) != number] == []


def test_an_exception_keeps_nothing_alive() -> None:
    class FreedError(ValueError):
        def __del__(self) -> None:
            freed.append(1)

    freed: list[int] = []
    caught(ID, FreedError)
    gc.collect()
    assert freed


def test_thousands_of_tasks_keep_their_ids() -> None:
    async def task(number: int) -> bool:
        with session_context(number):
            for _ in range(5):
                await asyncio.sleep(0)
                if current_session_id() != str(number):
                    return False
        return current_session_id() is None

    async def run() -> list[bool]:
        return await asyncio.gather(*(task(number) for number in range(1, 3001)))

    assert all(asyncio.run(run()))
