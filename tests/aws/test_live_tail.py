"""Live Tail through the local AWS: real event streams, broken ones, and an end that waits for nobody."""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING

import pytest
from urllib3.connection import HTTPConnection
from urllib3.response import HTTPResponse

from asayer_cli.aws.live_tail import Gap, shut_down, tail
from asayer_cli.aws.session import AwsSession, collector_session, is_own_endpoint
from asayer_cli.entries import LogEntry
from asayer_cli.errors import PermissionDeniedError, RefusedError, UnreachableError, UsageError
from asayer_cli.integrations import AwsKey
from asayer_cli.sandbox.faults import Fault
from asayer_cli.secret import Secret
from tests.aws.conftest import REGION, Account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from asayer_cli.sandbox.control import Control

SETTINGS = {"live_tail_s": 10_800, "live_tail_end": "timeout", "live_tail_sessions": 15}
READ_ONLY = "CloudWatchReadOnlyAccess"


@pytest.fixture(autouse=True)
def _live_tail_settings(aws: Control) -> Iterator[None]:
    yield
    aws.change(**SETTINGS)


@pytest.fixture
def session(account: Account) -> AwsSession:
    key_id, secret = account.make_user(READ_ONLY)
    return collector_session(AwsKey(key_id, Secret(secret)), REGION)


@pytest.fixture
def group(account: Account) -> str:
    name, logs = f"/test/{uuid.uuid4().hex}", account.client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="main")
    return name


@pytest.fixture
def log(account: Account, group: str) -> Callable[..., int]:
    def put(*messages: str) -> int:
        now = int(time.time() * 1000)
        batch = [{"timestamp": now, "message": message} for message in messages]
        account.client("logs").put_log_events(logGroupName=group, logStreamName="main", logEvents=batch)
        return now

    return put


def arn(group: str) -> str:
    return f"arn:aws:logs:{REGION}:123456789012:log-group:{group}"


def taken(found: Iterator[LogEntry | Gap], count: int) -> list[str]:
    """Return the next things that a tail yields: messages, and why there are gaps in brackets."""
    return [f"<{one.why}>" if isinstance(one, Gap) else one.message for one in (next(found) for _ in range(count))]


def test_events_come_as_they_are_logged(session: AwsSession, group: str, log: Callable[..., int]) -> None:
    log("[asayer_session_id=1] before")
    stopped = threading.Event()
    found = tail(session, REGION, [arn(group)], '"[asayer_session_id=1]"', stopped)
    assert taken(found, 1) == ["<started>"]
    began = time.monotonic()
    moment = log("[asayer_session_id=1] first", "[asayer_session_id=12] other", "[asayer_session_id=1] second")
    first, second = next(found), next(found)
    assert time.monotonic() - began < 5
    assert isinstance(first, LogEntry)
    assert isinstance(second, LogEntry)
    assert (first.message, second.message) == ("[asayer_session_id=1] first", "[asayer_session_id=1] second")
    assert (first.place, first.stream) == (f"{group} main", "main")
    assert first.time is not None
    assert first.ingested_at is not None
    assert first.time.timestamp() == pytest.approx(moment / 1000, abs=0.001)
    assert first.entry_id != second.entry_id
    stopped.set()
    assert list(found) == []


@pytest.mark.parametrize("end", ["timeout", "failure", "cut"])
def test_a_session_that_ends_is_begun_anew(
    session: AwsSession, group: str, log: Callable[..., int], aws: Control, end: str
) -> None:
    aws.change(live_tail_s=1, live_tail_end=end)
    stopped = threading.Event()
    found = tail(session, REGION, [arn(group)], "", stopped)
    assert taken(found, 1) == ["<started>"]
    log("one")
    assert taken(found, 2) == ["one", "<started>"]
    aws.change(**SETTINGS)
    stopped.set()
    assert list(found) == []


def test_a_sample_is_told(session: AwsSession, group: str, log: Callable[..., int]) -> None:
    stopped = threading.Event()
    found = tail(session, REGION, [arn(group)], "", stopped)
    assert taken(found, 1) == ["<started>"]
    log(*(f"event {number}" for number in range(1200)))
    assert taken(found, 1) == ["<sampled>"]
    assert len(set(taken(found, 500))) == 500
    log("afterwards")
    assert taken(found, 1) == ["afterwards"]
    stopped.set()
    assert list(found) == []


def test_the_end_waits_for_no_connection(session: AwsSession, group: str, aws: Control) -> None:
    aws.change(live_tail_s=0, live_tail_end="silence")
    stopped = threading.Event()
    found = tail(session, REGION, [arn(group)], "", stopped)
    assert taken(found, 1) == ["<started>"]
    (reading,) = (thread for thread in threading.enumerate() if thread.name == "live-tail")
    began = time.monotonic()
    threading.Timer(0.3, stopped.set).start()
    assert list(found) == []
    reading.join()
    # a stream that is silent would be given up after ten seconds; the rest is for a machine that has much to do
    assert time.monotonic() - began < 4


def test_the_end_waits_for_no_later_session_either(session: AwsSession, group: str, aws: Control) -> None:
    aws.change(live_tail_s=0)
    stopped = threading.Event()
    found = tail(session, REGION, [arn(group)], "", stopped)
    assert taken(found, 1) == ["<started>"]
    aws.change(live_tail_end="silence")
    assert set(taken(found, 2)) == {"<started>"}
    threading.Timer(0.3, stopped.set).start()
    began = time.monotonic()
    assert list(found) == []
    for reading in [thread for thread in threading.enumerate() if thread.name == "live-tail"]:
        reading.join()
    assert time.monotonic() - began < 4


def test_what_cannot_be_tailed_is_told(
    session: AwsSession, group: str, account: Account, aws: Control, environ: dict[str, str]
) -> None:
    def error_of(kind: type[Exception], *groups: str, pattern: str = "") -> Exception:
        with pytest.raises(kind) as caught:
            next(tail(session, REGION, [arn(group) for group in groups], pattern, threading.Event()))
        return caught.value

    account.client("logs").create_log_group(logGroupName=f"{group}-ia", logGroupClass="INFREQUENT_ACCESS")
    assert "not supported for this log class" in str(error_of(UsageError, f"{group}-ia"))
    assert "does not exist" in str(error_of(UsageError, "/no/such"))
    assert "pattern" in str(error_of(UsageError, group, pattern="[a, b]"))
    assert "10 log groups" in str(error_of(UsageError, *[group] * 11))
    aws.change(live_tail_sessions=0)
    error_of(RefusedError, group)
    aws.order(Fault("logs", "StartLiveTail", "cut_before"))
    error_of(UnreachableError, group)
    account.iam.detach_user_policy(UserName=account.user, PolicyArn=f"arn:aws:iam::aws:policy/{READ_ONLY}")
    denied = error_of(PermissionDeniedError, group)
    assert isinstance(denied, PermissionDeniedError)
    assert denied.action == "logs:StartLiveTail"


def test_only_awss_own_endpoint_has_a_host_for_streams(session: AwsSession, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not session.streaming_client("logs", REGION, 10).meta.config.inject_host_prefix
    for own in ("https://logs.eu-west-1.amazonaws.com", "https://logs-fips.eu-west-1.amazonaws.com"):
        assert is_own_endpoint(own, "logs", "eu-west-1")
    for other in ("http://127.0.0.1:4566", "https://vpce-1.logs.eu-west-1.vpce.amazonaws.com", "https://logs.test"):
        assert not is_own_endpoint(other, "logs", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    key = AwsKey("AKIAIOSFODNN7EXAMPLE", Secret("nonsense-nonsense"))
    client = collector_session(key, REGION).streaming_client("logs", REGION, 10)
    assert client.meta.endpoint_url == f"https://logs.{REGION}.amazonaws.com"
    assert client.meta.config.inject_host_prefix


def test_an_answer_that_its_reader_closes_at_this_moment_is_shut_down() -> None:
    class ClosedMeanwhile:
        """A socket's shutdown that is there when urllib3 looks for it, and gone when it is called."""

        def __bool__(self) -> bool:
            answer.close()
            return True

    answer = HTTPResponse(connection=HTTPConnection("127.0.0.1"), sock_shutdown=ClosedMeanwhile())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        answer.shutdown()
    answer = HTTPResponse(connection=HTTPConnection("127.0.0.1"), sock_shutdown=ClosedMeanwhile())  # type: ignore[arg-type]
    shut_down(answer)
    assert answer.closed
