from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli.session_id import SessionId
from tests.canary.application import PAGE, SECRET
from tests.canary.variants import LEAKED

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.canary.conftest import World
    from tests.conftest import Run

    Runs = Callable[[str], Run]


def checks(run: Run) -> dict[str, dict[str, Any]]:
    return {check["id"]: check for check in run.data["checks"]}


def test_a_canary_goes_all_the_way(runs: Runs, world: World) -> None:
    run = runs("fine")
    assert run.code == 0, run.out
    assert {check["status"] for check in run.data["checks"]} == {"pass"}
    assert {"canary.preflight", "canary.request", "canary.answer_readable", "aws.canary", "elastic.canary"} <= set(
        checks(run)
    )
    (canary,) = run.data["canaries"]
    preflight, request = world.store("fine").requests
    assert request.session == canary["session_id"]
    assert request.mark == preflight.mark == canary["mark"]
    assert canary["status"] == 500
    assert 0 < canary["preflight_seconds"] < 30
    for arrival in canary["arrivals"].values():
        assert canary["answer_seconds"] < arrival["queryable_seconds"] <= arrival["collectible_seconds"]
        assert arrival["logged_at"] >= canary["sent_at"]


def test_the_request_is_a_browsers(runs: Runs, world: World) -> None:
    runs("fine")
    preflight, request = world.store("fine").requests
    assert (preflight.method, request.method) == ("OPTIONS", "GET")
    assert preflight.headers["access-control-request-method"] == "GET"
    assert preflight.headers["access-control-request-headers"] == "x-session-id"
    assert preflight.headers["origin"] == request.headers["origin"] == PAGE
    assert (preflight.secret, request.secret) == ("", SECRET)
    assert "x-session-id" not in preflight.headers
    assert request.headers["user-agent"].startswith("asayer-cli/")
    assert request.headers["user-agent"].endswith(" canary")
    assert not {"content-length", "transfer-encoding", "cookie"} & set(request.headers)


def test_several_canaries_have_ids_of_their_own_that_began_just_now(runs: Runs, world: World) -> None:
    run = runs("many")
    assert run.code == 0, run.out
    ids = [SessionId.parse(canary["session_id"]) for canary in run.data["canaries"]]
    assert len(ids) == 3
    assert len({session_id.value & 0xFFFFFF for session_id in ids}) == 3
    for session_id, canary in zip(ids, run.data["canaries"], strict=True):
        age = SessionId.starting_at(session_id.started_at)
        assert str(session_id) in {request.session for request in world.store("near").requests}
        assert age.started_at.isoformat() < canary["sent_at"]
    assert [source["collectible"] for source in run.data["sources"]] == [3, 3]
    assert len(run.data["sources"][0]["entries"]) == 6


def test_a_near_miss_beside_it_is_a_warning_and_a_failure_when_strict(runs: Runs) -> None:
    for name, status, code in (("many", "warn", 0), ("strict", "fail", 1)):
        run = runs(name)
        assert run.code == code, run.out
        assert checks(run)["aws.canary"]["status"] == checks(run)["elastic.canary"]["status"] == status
        assert checks(run)["aws.canary"]["code"] == "no_error_word"
        assert checks(run)["elastic.canary"]["code"] == "missing_utc_time"


@pytest.mark.parametrize(
    ("name", "code", "line"),
    [
        ("no-cors", "cors_origin", f"Access-Control-Allow-Origin: {PAGE}"),
        ("no-cors", "cors_origin", "Access-Control-Allow-Headers: X-Session-Id"),
        ("other-origin", "cors_origin", f"Access-Control-Allow-Origin: {PAGE}"),
        ("header-missing", "cors_header", "Access-Control-Allow-Headers: Content-Type, X-Session-Id"),
        ("preflight-401", "preflight_status", "before anybody is asked for one"),
    ],
)
def test_a_refused_preflight_names_the_line_to_add_and_nothing_is_sent(
    runs: Runs, world: World, name: str, code: str, line: str
) -> None:
    run = runs(name)
    assert run.code == 1
    preflight = checks(run)["canary.preflight"]
    assert (preflight["status"], preflight["code"]) == ("fail", code)
    assert line in preflight["remedy"]
    assert [request.method for request in world.store(name).requests] == ["OPTIONS"]
    assert checks(run)["canary.request"]["status"] == checks(run)["aws.canary"]["status"] == "skip"
    assert run.data["canaries"] == []


def test_an_answer_that_the_browser_hides_is_a_warning(runs: Runs) -> None:
    run = runs("hidden")
    assert run.code == 0, run.out
    hidden = checks(run)["canary.answer_readable"]
    assert (hidden["status"], hidden["code"]) == ("warn", "answer_hidden")
    assert f"Access-Control-Allow-Origin: {PAGE}" in hidden["remedy"]


@pytest.mark.parametrize(
    ("name", "exit_code", "code", "said"),
    [
        ("redirect", 1, "redirect", "to https://login.example.com"),
        ("missing", 1, "route_missing", "404"),
        ("forbidden", 1, "route_refused", "403"),
        ("gateway", 1, "route_unavailable", "the application itself did not answer"),
        ("teapot", 1, "unexpected_status", "418"),
        ("hostile", 1, "redirect", "no address that can be used"),
        ("garbage", 5, "malformed_answer", "is not HTTP"),
        ("hanging", 5, "timeout", "did not answer the GET request within 0.3 s"),
        ("cached", 1, "cached_answer", "a cache on the way answered"),
        ("early-hints", 1, "unexpected_status", "answered 103"),
        ("two-lengths", 5, "malformed_answer", "is not HTTP"),
    ],
)
def test_a_request_that_does_not_run_the_route(
    runs: Runs, world: World, name: str, exit_code: int, code: str, said: str
) -> None:
    run = runs(name)
    assert run.code == exit_code, run.out
    request = checks(run)["canary.request"]
    assert (request["status"], request["code"]) == ("fail", code)
    assert said in request["summary"]
    assert "planted-token" not in run.out
    assert request["remedy"]
    assert checks(run)["elastic.canary"]["status"] == "skip"
    sent = [request for request in world.store(name).requests if request.method == "GET"]
    assert len(sent) == 1


def test_a_status_that_is_expected_is_no_failure(runs: Runs) -> None:
    assert runs("teapot-expected").code == runs("moved").code == 0


def test_a_server_that_closes_its_connections_unannounced_loses_nothing(runs: Runs, world: World) -> None:
    assert runs("closing").code == 0, runs("closing").out
    assert len(world.store("closing").requests) == 5


def test_another_status_than_the_expected_one_still_tells_what_it_means(runs: Runs) -> None:
    assert checks(runs("missing-expected"))["canary.request"]["code"] == "route_missing"
    assert "--expect-status" not in checks(runs("early-hints"))["canary.request"]["remedy"]


@pytest.mark.parametrize(
    ("name", "exit_code", "code", "said"),
    [
        ("dropped", 1, "untagged", "asayer-cli snippet nginx"),
        ("blank", 1, "blank_tag", "past its proxy"),
        ("access-only", 6, "no_error_entry", "Does the route log an error"),
        ("silent", 6, "nothing_arrived", "asayer_canary=c"),
        ("others", 6, "not_there", "asayer_canary=c"),
        ("token", 1, "id_not_numeric", "window.asayer.sessionID()"),
        ("leaked", 1, "other_session", "the request's own context"),
        ("local-time", 1, "clock", "UTC"),
        ("error-address", 6, "no_error_entry", "Does the route log an error"),
        ("outside", 1, "untagged", "arrived, so no proxy drops it"),
        ("joined", 1, "joined_lines", "let it begin a new one"),
        ("cut-off", 1, "cut_off", "limits the length"),
    ],
)
def test_what_lost_it_after_the_answer(runs: Runs, name: str, exit_code: int, code: str, said: str) -> None:
    run = runs(name)
    assert run.code == exit_code, run.out
    assert checks(run)["canary.request"]["status"] == "pass"
    for source in ("aws.canary", "elastic.canary"):
        check = checks(run)[source]
        assert (check["status"], check["code"]) == ("fail", code)
        assert said in check["remedy"]
    if name == "leaked":
        assert LEAKED in checks(run)["aws.canary"]["summary"]
    assert all(arrival["collectible_seconds"] is None for arrival in run.data["canaries"][0]["arrivals"].values())


def test_a_servers_line_about_the_request_is_no_near_miss(runs: Runs) -> None:
    run = runs("beside-access")
    assert run.code == 0, run.out
    assert {check["status"] for check in run.data["checks"]} == {"pass"}


def test_a_servers_tagged_line_alone_does_not_hide_that_the_route_may_log_nothing(runs: Runs) -> None:
    run = runs("tagged-access")
    assert run.code == 1
    for source, code in (("aws.canary", "no_error_word"), ("elastic.canary", "missing_error_tag")):
        assert checks(run)[source]["code"] == code
        assert "does the route log an error" in checks(run)[source]["remedy"]


def test_tagged_and_not_collectible(runs: Runs) -> None:
    level = runs("level")
    assert level.code == 1
    assert checks(level)["aws.canary"]["code"] == "no_error_word"
    assert checks(level)["elastic.canary"]["code"] == "missing_error_tag"
    assert "CRITICAL" in checks(level)["aws.canary"]["sample"]
    arrival = level.data["canaries"][0]["arrivals"]["aws"]
    assert arrival["queryable_seconds"] > 0
    assert arrival["collectible_seconds"] is None
    miscased = runs("miscased")
    assert miscased.code == 1
    assert checks(miscased)["aws.canary"]["code"] == "case_mismatch"
    assert checks(miscased)["elastic.canary"]["status"] == "pass"


def test_a_clock_that_is_off_is_a_warning(runs: Runs) -> None:
    run = runs("slow-clock")
    assert run.code == 0, run.out
    assert checks(run)["aws.canary"]["code"] == checks(run)["elastic.canary"]["code"] == "clock"
    assert "its time is 2m behind the request's" in checks(run)["aws.canary"]["summary"]
