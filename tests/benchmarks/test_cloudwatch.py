"""The model of CloudWatch keeps the service's rules."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.exceptions import ClientError, IncompleteReadError

from asayer_cli.aws.session import collector_session
from asayer_cli.integrations import AwsKey
from asayer_cli.secret import Secret
from asayer_cli.tag import ASAYER
from tests.benchmarks.cloudwatch import Model, model
from tests.benchmarks.conduct import Conduct
from tests.benchmarks.log_events import REGION, Group, GroupSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

SPEC: Final = GroupSpec("/bench/small", 1_790_000_000_000, events=3_000, tagged_every=10, ties=5, late=0.02)
RARE: Final = GroupSpec("/bench/rare", SPEC.end_ms, events=50, log_class="INFREQUENT_ACCESS")
GROUP: Final = Group(SPEC)
SEARCH: Final = {"logGroupName": SPEC.name, "startTime": SPEC.start_ms, "endTime": SPEC.end_ms}
QUICK: Final = Conduct(latency=0.0, quota=1000, page_bytes=100_000)


@pytest.fixture(scope="module")
def cloudwatch() -> Iterator[Model]:
    with model(SPEC, RARE, conduct=QUICK) as running:
        yield running


@pytest.fixture
def logs(cloudwatch: Model, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloudwatch.url)
    cloudwatch.control(conduct=QUICK, release=False)
    key = AwsKey("AKIAIOSFODNN7EXAMPLE", Secret("bench"))
    return collector_session(key, REGION).client("logs", REGION, once=True)


def _pages(logs: Any, **more: Any) -> list[dict[str, Any]]:
    pages = [logs.filter_log_events(**SEARCH, **more)]
    while token := pages[-1].get("nextToken"):
        pages.append(logs.filter_log_events(**SEARCH, **more, nextToken=token))
    return pages


def _indices(pages: list[dict[str, Any]]) -> list[int]:
    return [int(event["eventId"][20:]) for page in pages for event in page["events"]]


def test_pages_lead_through_all_that_can_be_searched(logs: Any, cloudwatch: Model) -> None:
    pages = _pages(logs)
    assert _indices(pages) == [index for index in range(SPEC.events) if index not in GROUP.late]
    assert max(sum(len(event["message"]) for event in page["events"]) for page in pages) <= QUICK.page_bytes
    cloudwatch.control(release=True)
    assert _indices(_pages(logs, filterPattern=ASAYER.tag_name)) == list(range(0, SPEC.events, SPEC.tagged_every))
    wanted = ASAYER.write(SPEC.session_id)
    assert _indices(_pages(logs, filterPattern=f'?"{wanted}" ?"no such text"')) == GROUP.session
    assert logs.filter_log_events(**SEARCH, limit=1, startFromHead=False)["events"][0]["timestamp"] == GROUP.times[-1]


def test_pages_may_be_partial_or_empty_and_their_borders_are_answered_twice(logs: Any, cloudwatch: Model) -> None:
    whole = len(_pages(logs))
    cloudwatch.control(conduct=Conduct(latency=0, quota=1000, page_bytes=100_000, partial=0.6, empty=0.2), release=True)
    pages = _pages(logs)
    assert len(pages) > whole
    assert any(not page["events"] for page in pages[:-1])
    assert _indices(pages) == list(range(SPEC.events))
    cloudwatch.control(conduct=Conduct(latency=0, quota=1000, page_bytes=100_000, duplicates=True))
    indices = _indices(_pages(logs))
    assert len(indices) > len(set(indices)) == SPEC.events


def test_more_calls_in_a_second_than_the_quota_are_throttled(logs: Any, cloudwatch: Model) -> None:
    cloudwatch.control(conduct=Conduct(latency=0.05, quota=10))

    def ask(number: int) -> str:
        try:
            logs.filter_log_events(**SEARCH, limit=number + 1)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(ask, range(16)))
    assert [codes.count(""), codes.count("ThrottlingException")] == [10, 6]
    counted = cloudwatch.control()["calls"]["FilterLogEvents"]
    assert (counted["answered"], counted["throttled"], counted["busiest"]) == (10, 6, 10)


def test_what_the_service_refuses_is_refused(logs: Any) -> None:
    token = logs.filter_log_events(**SEARCH)["nextToken"]
    refused = {
        "InvalidParameterException": {**SEARCH, "filterPattern": "other", "nextToken": token},
        "InvalidOperationException": {**SEARCH, "logGroupName": RARE.name},
        "ResourceNotFoundException": {**SEARCH, "logGroupName": "/bench/none"},
    }
    for code, request in refused.items():
        with pytest.raises(ClientError) as error:
            logs.filter_log_events(**request)
        assert error.value.response["Error"]["Code"] == code


def test_neighbours_are_read_from_a_stream_to_and_fro(logs: Any) -> None:
    stream = {"logGroupName": SPEC.name, "logStreamName": GROUP.stream(1)}
    mine = [GROUP.message(i) for i in range(SPEC.events) if i % 4 == 1 and i not in GROUP.late]
    first = logs.get_log_events(**stream, startFromHead=True, limit=100)
    second = logs.get_log_events(**stream, startFromHead=True, limit=100, nextToken=first["nextForwardToken"])
    assert [event["message"] for event in first["events"] + second["events"]] == mine[:200]
    back = logs.get_log_events(**stream, limit=100, nextToken=second["nextBackwardToken"])
    assert [event["message"] for event in back["events"]] == mine[:100]
    assert [event["message"] for event in logs.get_log_events(**stream, limit=5)["events"]] == mine[-5:]


def test_an_answer_that_was_cut_off_is_no_empty_page(logs: Any, cloudwatch: Model) -> None:
    cloudwatch.control(conduct=Conduct(latency=0, cut=1.0))
    with pytest.raises(IncompleteReadError):
        logs.filter_log_events(**SEARCH)
