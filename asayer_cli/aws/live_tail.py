"""CloudWatch Live Tail: log events as they come in, and where some may have been missed.

Facts: botocore's model of StartLiveTail. An update comes each second, so that a stream that is silent is broken; of
more than 500 events in a second it holds a sample; a session ends after three hours. Only what comes in after the
start is seen, and an event has no id.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import EventStreamError

from asayer_cli.aws.errors import error_code, of_client_error, translated
from asayer_cli.aws.shapes import judge_event, moment_of
from asayer_cli.entries import LogEntry
from asayer_cli.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asayer_cli.aws.session import AwsSession

MOST_GROUPS: Final = 10
_ACTION: Final = "logs:StartLiveTail"
_READER: Final = "live-tail"
_SILENCE_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.25
_JOIN_SECONDS: Final = 0.3
# AWS keeps ten updates for a slow reader and then drops the oldest without a word; here more are kept, and it is told.
_UPDATES_KEPT: Final = 200
_MOST_FAILURES: Final = 5
_FIRST_PAUSE: Final = 0.5
_ENDS: Final = frozenset({"SessionTimeoutException", "SessionStreamingException"})


@dataclass(frozen=True, slots=True)
class Gap:
    """Events that came in from `since` until now may be missing here: whoever wants all asks for them another way.

    `since` is by this computer's clock. `why` is `started` (nothing is seen that came in before a session, nor between
    two), `sampled` (AWS left some out) or `overflow` (they came faster than they were taken).
    """

    since: datetime
    why: str


def tail(
    session: AwsSession, region: str, arns: Sequence[str], pattern: str, stopped: threading.Event
) -> Iterator[LogEntry | Gap]:
    """Yield the events of up to 10 log groups that match a filter pattern, as they come in, until `stopped`.

    `arns` name the groups, without `:*` at the end. A `Gap` comes when a session has begun, and wherever events may be
    missing; broken sessions are begun anew. Ends within a second when `stopped` is set, whatever the connection does.
    An entry's id is made up: it is the same as no other source's. Errors are ours: those of the first start, and
    UnreachableError when no session lasts.
    """
    return _Tail(session, region, tuple(arns), pattern, stopped).entries()


class _Tail:
    """Sessions, one after the other."""

    def __init__(
        self, session: AwsSession, region: str, arns: tuple[str, ...], pattern: str, stopped: threading.Event
    ) -> None:
        self._region = region
        self._client = session.streaming_client("logs", region, _SILENCE_SECONDS)
        self._request: dict[str, Any] = {"logGroupIdentifiers": list(arns)}
        if pattern:
            self._request["logEventFilterPattern"] = pattern
        self._stopped = stopped
        self._since = datetime.now(UTC)
        self._session_id = ""
        self._count = 0

    def entries(self) -> Iterator[LogEntry | Gap]:
        """Yield what the sessions have."""
        failures, began = 0, False
        while not self._stopped.is_set():
            reader = _Reader(self._client, self._request, self._region)
            try:
                yield from self._of_session(reader)
            finally:
                reader.close()
            failures = 0 if reader.worked else failures + 1
            began = began or reader.worked
            self._judge(reader.error, failures, began=began)
            self._stopped.wait(_FIRST_PAUSE * 2**failures if failures else 0)

    def _judge(self, error: Exception | None, failures: int, *, began: bool) -> None:
        """Raise the error with which a session ended, unless another one may do better."""
        if error and not (began and isinstance(error, UnreachableError) and failures <= _MOST_FAILURES):
            raise error
        if failures > _MOST_FAILURES:
            raise UnreachableError(
                f"Live Tail in {self._region} breaks off each time it has begun.",
                hint="A proxy or firewall may cut streams short: look at what it does to the host stream-logs.",
                code="live_tail_broken",
            )

    def _of_session(self, reader: _Reader) -> Iterator[LogEntry | Gap]:
        while not self._stopped.is_set():
            try:
                update = reader.updates.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                if reader.done.is_set() and reader.updates.empty():
                    return
                continue
            yield from self._of_update(update)

    def _of_update(self, update: _Update) -> Iterator[LogEntry | Gap]:
        with translated(_ACTION, region=self._region):
            judge_event(self._client.meta.service_model.operation_model("StartLiveTail"), update.event)
            found = [self._entry(event) for event in _events(update.event)]
        if why := _why_missing(update):
            yield Gap(self._since, why)
        if "sessionStart" in update.event:
            self._session_id = str(update.event["sessionStart"].get("sessionId", ""))
        else:
            self._since = update.received_at
        yield from found

    def _entry(self, event: dict[str, Any]) -> LogEntry:
        # A name, an ARN, or an account's number and a name: names have no colon.
        group = event["logGroupIdentifier"].removesuffix(":*").rpartition(":")[2]
        self._count += 1
        return LogEntry(
            time=moment_of(event["timestamp"]),
            message=event["message"],
            place=f"{group} {event['logStreamName']}",
            entry_id=f"live-tail/{self._session_id}/{self._count}",
            stream=event["logStreamName"],
            ingested_at=moment_of(event["ingestionTime"]),
        )


def shut_down(response: Any) -> None:  # noqa: ANN401 - urllib3's HTTPResponse
    """Let whoever reads an answer come to its end; does nothing where it has ended, or ends at this moment."""
    # ValueError and RuntimeError: ended already; TypeError: its reader closes it between urllib3's look and its call;
    # AttributeError: an urllib3 before 2.3, with which the thread ends after the longest silence
    with contextlib.suppress(ValueError, RuntimeError, TypeError, AttributeError, OSError):
        response.shutdown()


@dataclass(frozen=True, slots=True)
class _Update:
    """What came over the stream, and whether something before it had to be thrown away."""

    event: dict[str, Any]
    received_at: datetime
    is_behind_loss: bool


def _events(event: dict[str, Any]) -> list[dict[str, Any]]:
    return list(event.get("sessionUpdate", {}).get("sessionResults") or ())


def _why_missing(update: _Update) -> str:
    if "sessionStart" in update.event:
        return "started"
    if update.is_behind_loss:
        return "overflow"
    is_sampled = update.event.get("sessionUpdate", {}).get("sessionMetadata", {}).get("sampled")
    return "sampled" if is_sampled else ""


class _Reader:
    """A thread that reads one session, so that nobody else waits for the connection."""

    def __init__(self, client: Any, request: dict[str, Any], region: str) -> None:  # noqa: ANN401 - of botocore's making
        self.updates: queue.Queue[_Update] = queue.Queue(_UPDATES_KEPT)
        self.done = threading.Event()
        self.error: Exception | None = None
        self.worked = False
        self._client = client
        self._request = request
        self._region = region
        self._response: Any = None
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=_READER, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the session; closing a connection that another thread reads would wait for that thread."""
        self._closed.set()
        if self._response is not None:
            shut_down(self._response.raw)
        self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        try:
            stream = self._open()
            try:
                self._read(stream)
            finally:
                stream.close()
        except EventStreamError as error:
            if error_code(error) not in _ENDS:
                self.error = of_client_error(error, _ACTION, region=self._region)
        except Exception as error:  # noqa: BLE001 - for the thread that takes the entries to raise
            self.error = error
        finally:
            self.done.set()

    def _open(self) -> Any:  # noqa: ANN401 - botocore's EventStream
        # the reader of the session before had the same id
        self._client.meta.events.unregister("after-call", unique_id=_READER)
        self._client.meta.events.register("after-call", self._keep, unique_id=_READER)
        with translated(_ACTION, region=self._region):
            return self._client.start_live_tail(**self._request)["responseStream"]

    def _keep(self, http_response: Any, **_: object) -> None:  # noqa: ANN401 - botocore's AWSResponse
        self._response = http_response

    def _read(self, stream: Any) -> None:  # noqa: ANN401 - as above
        is_behind_loss = False
        for event in _until_broken(stream):
            if self._closed.is_set():
                return
            self.worked = self.worked or "sessionUpdate" in event
            try:
                self.updates.put_nowait(_Update(event, datetime.now(UTC), is_behind_loss))
            except queue.Full:
                is_behind_loss = True
            else:
                is_behind_loss = False


def _until_broken(stream: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - botocore's EventStream
    """Yield a stream's events until it ends or its connection breaks; EventStreamError where AWS ends it."""
    try:
        yield from stream
    except EventStreamError:
        raise
    except Exception:  # noqa: BLE001 - the SDK hands on what urllib3 or its own decoder raise, and another session follows
        return
