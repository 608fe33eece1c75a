"""The session id that the code running now works for: one context variable, and what sets it for a while."""

from __future__ import annotations

import functools
import inspect
import sys
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from types import CodeType, TracebackType

MAXIMUM_SESSION_ID = 2**64 - 1
_MOST_DIGITS = 20
_MOST_NOTES = 4096
_DEEPEST_CHAIN = 16

# One for the whole process: a vendored file that is launched by its own name may be imported as part of a package too.
session_variable: ContextVar[str | None] = vars(sys).setdefault(
    "_asayer_session_id", ContextVar("asayer_session_id", default=None)
)
"""The id in decimal; `parse_session_id` comes before whatever is set here."""

unfinished_outputs: set[Any] = vars(sys).setdefault("_asayer_unfinished_outputs", set())
"""What holds the beginning of a line, and is told the id before a session is left."""


class ExitNote(NamedTuple):
    """Where an exception of this type and address left which session.

    `outer_id` was current again then: None where that was set to none, `Token.MISSING` where nothing was set.
    """

    address: int
    kind: type[BaseException]
    code: CodeType
    instruction: int
    session_id: str | None
    outer_id: object


# Which session an exception left, by the exception's address, which keeps nothing alive; the oldest go first.
_exit_notes: dict[int, ExitNote] = {}

current_session_id = session_variable.get
"""Return the current session id in decimal, None when there is none."""


def parse_session_id(value: object) -> str | None:
    """Return `value` (str, bytes or int) as a session id in decimal, None when it is none.

    A session id is an unsigned 64-bit integer; all else counts as absent, so that no header can forge a log line.
    """
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    elif isinstance(value, int) and not isinstance(value, bool):
        return str(value) if 0 <= value <= MAXIMUM_SESSION_ID else None
    if not isinstance(value, str):
        return None
    digits = value.strip(" \t")
    if not (digits.isdigit() and digits.isascii()):
        return None
    if len(digits) < _MOST_DIGITS and digits[0] != "0":
        return str(digits)
    digits = digits.lstrip("0") or "0"
    return digits if len(digits) <= _MOST_DIGITS and int(digits) <= MAXIMUM_SESSION_ID else None


def enter_session(value: object) -> Token[str | None]:
    """Make `value` the current session id, or none when it is not valid; return what `leave_session` takes."""
    return session_variable.set(parse_session_id(value))


def leave_session(token: Token[str | None]) -> None:
    """Make the id current again that was so before `enter_session`; never raises."""
    if unfinished_outputs:
        for output in list(unfinished_outputs):
            output.end_session(session_variable.get())
    try:
        session_variable.reset(token)
    except (ValueError, RuntimeError):  # left twice, or in another context, which ends with its id
        return


class session_context:  # noqa: N801 - used as a function, like contextlib.suppress
    """`with session_context(value):` makes `value` the session id of the block; None, or no valid id, means none."""

    __slots__ = ("_token", "session_id")

    def __init__(self, value: object) -> None:
        self.session_id = parse_session_id(value)

    def __enter__(self) -> str | None:
        """Return the id that is current now."""
        self._token = session_variable.set(self.session_id)
        return self.session_id

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Reset the id; let an exception pass and note which session it left."""
        leave_session(self._token)
        if error is not None:
            note_exit(error, self.session_id, self._token.old_value)


def note_exit(error: BaseException, session_id: str | None, outer_id: object) -> None:
    """Note that `error` leaves the session, or none, in the calling frame, or in one that called it.

    The innermost one counts, if it was left into this one: one object can be raised for one session after the other.
    A note that was made in the same place is of an exception that is no more, unless it is of a block in a block.
    """
    trace = error.__traceback__
    if trace is None:
        return
    found = _exit_note(error, trace.tb_next)
    if found is None and session_id is not None:
        found = _exit_note(error, trace)
    if found is not None and found.outer_id == session_id:
        _keep(found._replace(outer_id=outer_id))
    else:
        _keep(ExitNote(id(error), type(error), trace.tb_frame.f_code, trace.tb_lasti, session_id, outer_id))


def _keep(note: ExitNote) -> None:
    _exit_notes.pop(note.address, None)
    _exit_notes[note.address] = note
    if len(_exit_notes) > _MOST_NOTES:
        try:
            _exit_notes.pop(next(iter(_exit_notes)), None)
        except (StopIteration, RuntimeError):  # another thread has come in between
            return


def session_of(error: BaseException | None) -> str | None:
    """Return the id of the session that a living exception left, or one that it was raised for.

    For those who report an exception after its request has ended: servers, hooks. A group has the id that its parts
    share. Nothing is written to the exception, and it is not held. Where it was set that no session is current, only
    sessions count that were left into that.
    """
    into_none = session_variable.get(Token.MISSING) is None
    for _ in range(_DEEPEST_CHAIN):
        if error is None:
            return None
        note = _exit_note(error, error.__traceback__)
        found = note.session_id if note is not None and not (into_none and note.outer_id is not None) else None
        found = found or _shared_session(getattr(error, "exceptions", ()))
        if found is not None:
            return found
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return None


def _shared_session(errors: Any) -> str | None:
    if not isinstance(errors, tuple):
        return None
    found = {session_of(error) for error in errors if isinstance(error, BaseException)}
    return found.pop() if len(found) == 1 else None


def _exit_note(error: BaseException, trace: TracebackType | None) -> ExitNote | None:
    """Look a note up; an address may be used again, so the traceback must pass where the note was made."""
    note = _exit_notes.get(id(error))
    if note is None or note.kind is not type(error):
        return None
    while trace is not None:
        if trace.tb_frame.f_code is note.code and trace.tb_lasti == note.instruction:
            return note
        trace = trace.tb_next
    return None


def in_session(get_id: Callable[..., object]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a function, coroutine function or generator function to run under the id that `get_id` returns.

    `get_id` gets the call's arguments; when it fails there is no id.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            return _run_in_session(_given_id(get_id, args, kwargs), function, args, kwargs)

        if not inspect.iscoroutinefunction(function):
            return run

        @functools.wraps(function)
        async def run_async(*args: Any, **kwargs: Any) -> Any:
            with session_context(_given_id(get_id, args, kwargs)):
                return await function(*args, **kwargs)

        return run_async

    return decorate


def carry(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a callable that runs `function` under the id that is current now, in any thread, task or process.

    It can be pickled when `function` can.
    """
    return _Carried(function, session_variable.get())


class _Carried:
    __slots__ = ("function", "session_id")

    def __init__(self, function: Callable[..., Any], session_id: str | None) -> None:
        self.function = function
        self.session_id = session_id

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _run_in_session(self.session_id, self.function, args, kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Carried, (self.function, self.session_id)

    def __repr__(self) -> str:
        return f"carry({self.function!r})"


def _given_id(get_id: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    try:
        return get_id(*args, **kwargs)
    except Exception:  # noqa: BLE001 - whatever it meets, the function itself must run
        return None


def _run_in_session(value: object, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    with session_context(value) as session_id:
        result = function(*args, **kwargs)
    if inspect.isgenerator(result):
        return _generator_in_session(session_id, result)
    if inspect.isasyncgen(result):
        return _async_generator_in_session(session_id, result)
    return _coroutine_in_session(session_id, result) if inspect.iscoroutine(result) else result


async def _coroutine_in_session(session_id: str | None, coroutine: Any) -> Any:
    with session_context(session_id):
        return await coroutine


def _generator_in_session(session_id: str | None, generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    step: Callable[[Any], Any] = generator.send
    given: Any = None
    while True:
        token = session_variable.set(session_id)
        try:
            item = step(given)
        except StopIteration as stop:
            return stop.value
        except BaseException as error:
            note_exit(error, session_id, token.old_value)
            raise
        finally:
            leave_session(token)
        try:
            given = yield item
            step = generator.send
        except GeneratorExit:
            with session_context(session_id):
                generator.close()
            raise
        except BaseException as error:  # noqa: BLE001 - handed on to the generator, as yield from does
            step, given = generator.throw, error


async def _async_generator_in_session(
    session_id: str | None, generator: AsyncGenerator[Any, Any]
) -> AsyncGenerator[Any, Any]:
    step: Callable[[Any], Any] = generator.asend
    given: Any = None
    while True:
        token = session_variable.set(session_id)
        try:
            item = await step(given)
        except StopAsyncIteration:
            return
        except BaseException as error:
            note_exit(error, session_id, token.old_value)
            raise
        finally:
            leave_session(token)
        try:
            given = yield item
            step = generator.asend
        except GeneratorExit:
            with session_context(session_id):
                await generator.aclose()
            raise
        except BaseException as error:  # noqa: BLE001 - handed on to the generator, as a delegating one does
            step, given = generator.athrow, error
