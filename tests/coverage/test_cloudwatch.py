from __future__ import annotations

import signal
import time
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from asayer_cli.aws.budget import START_QUERY, budget_for
from asayer_cli.aws.coverage_cost import most_scanned
from asayer_cli.aws.model import STANDARD, LogGroup
from asayer_cli.aws.session import collector_session
from asayer_cli.coverage.aws_source import AwsSource
from asayer_cli.coverage.measure import wishes_of
from asayer_cli.coverage.model import By
from asayer_cli.coverage.rules import COLLECTIBLE
from asayer_cli.entries import Window
from asayer_cli.integrations import AwsKey
from asayer_cli.sandbox.faults import Fault
from asayer_cli.secret import Secret
from asayer_cli.tag import ASAYER
from tests import warm
from tests.coverage.corpus import CORPUS, UNTAGGED

if TYPE_CHECKING:
    from asayer_cli.aws.session import AwsSession
    from asayer_cli.coverage.measure import Wishes
    from tests.coverage.conftest import Coverage, EnvironFor
    from tests.verification.conftest import Admin

NOW = datetime.now(UTC)
TAGGED = "[asayer_session_id=42] ERROR boom"


def classes(group: dict[str, Any]) -> dict[str, int]:
    """Return how many errors of a place belong to each class."""
    found = {rejection["reason"]: rejection["count"] for rejection in group["rejected"]}
    return {**found, **({COLLECTIBLE: group["collectible"]} if group["collectible"] else {})}


@pytest.fixture(scope="module")
def group(admin: Admin) -> str:
    return admin.log(list(CORPUS))


def test_insights_classes_each_message_as_the_collector_does(group: str, coverage: Coverage) -> None:
    run = coverage(groups=(group,))
    assert run.code == 0, run.err
    [source] = run.data["sources"]
    [found] = source["groups"]
    assert classes(found) == Counter(name for name in CORPUS.values() if name)
    assert found["errors"] == sum(point["errors"] for point in found["series"]) == run.data["errors"]
    assert found["tagged"] == 16
    assert all(rejection["sample"] in CORPUS and rejection["remedy"] for rejection in found["rejected"])
    assert source["scanned_bytes"] >= sum(map(len, CORPUS))
    assert source["cost"] > 0


def test_what_is_not_collected_or_cannot_be_counted_is_said(admin: Admin, coverage: Coverage) -> None:
    collected = admin.log([TAGGED, "ERROR"])
    rare = admin.log(["ERROR"], log_class="INFREQUENT_ACCESS")
    passing = admin.log([], log_class="DELIVERY")
    admin.front("aws").forget_requests()
    run = coverage("--by", "stream", groups=(collected, rare, passing, "/not/there"))
    assert run.code == 5
    [source] = run.data["sources"]
    assert {group["name"].split()[0]: group["collected"] for group in source["groups"]} == {
        collected: True,
        rare: False,
    }
    assert [group["name"].count(" ") for group in source["groups"]] == [1, 1]
    assert (source["errors"], source["collectible"], source["share"]) == (2, 1, 50.0)
    assert any(passing in note and "Delivery" in note for note in source["notes"])
    assert "there is no log group /not/there in eu-west-1" in source["notes"]
    assert [call["operation"] for call in admin.front("aws").requests()].count("StartQuery") == 2


@pytest.fixture
def session(admin: Admin, aws_key: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> AwsSession:
    monkeypatch.setenv("AWS_ENDPOINT_URL", admin.addresses.aws_endpoint_url)
    key = AwsKey(aws_key["ASAYER_AWS_ACCESS_KEY_ID"], Secret(aws_key["ASAYER_AWS_SECRET_ACCESS_KEY"]))
    return collector_session(key, admin.addresses.aws_region)


def last_hour() -> Wishes:
    now = datetime.now(UTC)
    return wishes_of(ASAYER, now - timedelta(hours=1), now - timedelta(minutes=2), None, now)


def test_a_result_that_may_be_cut_off_is_asked_for_in_halves(admin: Admin, session: AwsSession) -> None:
    group, other = admin.log(list(CORPUS)), admin.log([TAGGED, "ERROR"])
    wishes = last_hour()
    whole = AwsSource(session, (group, other), group).count(wishes, By.GROUP)
    source = AwsSource(session, (group, other), group, most_rows=20)
    halved = source.count(wishes, By.GROUP)
    assert sum(one.errors for one in whole.groups) > len(CORPUS) / 2
    assert halved.groups == whole.groups
    cut = AwsSource(session, (group,), group, most_rows=2).count(wishes, By.GROUP)
    assert not cut.complete
    assert "more than 2 rows" in cut.notes[0]
    # nothing falls into a window that ends before the group was made, so that the estimate is nothing
    poor = AwsSource(session, (other,), other, max_cost=0, most_rows=1)
    assert "asking again would cost more than $0.00" in poor.count(wishes, By.GROUP).notes[0]


def test_queries_keep_to_the_calls_that_the_account_has_in_all(admin: Admin, session: AwsSession) -> None:
    group, account = admin.log([TAGGED]), uuid.uuid4().hex
    budget = budget_for(account, session.region, START_QUERY)
    admin.front("aws").order(Fault("logs", "StartQuery", "throttle"))
    AwsSource(session, (group,), group, account=account).count(last_hour(), By.GROUP)
    assert budget.free() < budget.most


def test_one_group_that_is_refused_takes_no_other_with_it(admin: Admin, coverage: Coverage) -> None:
    groups = admin.log([TAGGED]), admin.log(["ERROR"])
    admin.front("aws").order(Fault("logs", "StartQuery", "denied", times=2))
    run = coverage(groups=groups)
    assert (run.code, run.data["errors"] + run.data["sources"][0]["groups"][1]["errors"]) == (5, 1)
    [note] = run.data["sources"][0]["notes"]
    assert "could not be counted" in note
    admin.front("aws").order(Fault("logs", "StartQuery", "denied", times=3))
    assert coverage(groups=groups).code == 4


def test_what_costs_too_much_is_not_asked(group: str, admin: Admin, coverage: Coverage) -> None:
    admin.front("aws").forget_requests()
    run = coverage("--max-cost", "0", groups=(group,))
    assert run.code == 1
    assert run.json["errors"][0]["code"] == "too_expensive"
    assert "StartQuery" not in operations(admin)


def test_the_estimate_takes_the_part_that_is_kept_of_the_window() -> None:
    def scanned(days: int, retention: int | None, age: int = 100) -> int:
        group = LogGroup("eu-west-1", "/a", STANDARD, retention, 15_000, NOW - timedelta(days=age), True, "")
        return most_scanned([group], Window(NOW - timedelta(days=days), NOW), NOW)

    assert scanned(1, None) == 1_000
    assert scanned(1, 10) == 10_000
    assert scanned(30, 10) == scanned(200, None) == 100_000
    assert scanned(1, None, age=0) == 100_000


def test_the_threshold_fails_places_that_are_collected(admin: Admin, coverage: Coverage) -> None:
    hostile = "\x1b[31m<b>&\x00 ERROR planted-text"
    group, searched = admin.log([TAGGED, hostile]), admin.log(["ERROR"])
    run = coverage("--fail-under", "60", groups=(group, searched), output="junit")
    assert run.code == 1
    cases = {case.get("name"): case for case in ET.fromstring(run.out).iter("testcase")}
    failure, skipped = cases[group].find("failure"), cases[searched].find("skipped")
    assert failure is not None
    assert "50.0% of 2 errors" in str(failure.get("message"))
    assert UNTAGGED in str(failure.text)
    assert skipped is not None
    assert "planted-text" not in run.out
    shown = coverage("--fail-under", "50", "--show-messages", groups=(group, searched), output="junit")
    assert shown.code == 0
    assert "planted-text" in "".join(ET.fromstring(shown.out).itertext())
    assert "\x1b" not in shown.out


def test_an_interrupt_stops_the_query_that_is_billed(group: str, admin: Admin, environ_for: EnvironFor) -> None:
    front = admin.front("aws")
    front.forget_requests()
    front.change(insights_polls=1_000_000)
    try:
        run = warm.start("coverage", environ=environ_for((group,)))
        while "GetQueryResults" not in operations(admin):
            time.sleep(0.05)
        run.send(signal.SIGINT)
        code, _, err = run.finish(60)
    finally:
        front.change(insights_polls=1)
    assert code == 130, err
    assert "StopQuery" in operations(admin)


def operations(admin: Admin) -> set[str]:
    return {call["operation"] for call in admin.front("aws").requests()}
