"""Making a key, step by step and with every step failing, through the sandbox's front."""

from __future__ import annotations

import json
import os
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli.elastic.api_keys import ApiKeys
from asayer_cli.elastic.key_request import KeyRequest
from asayer_cli.elastic.model import KeyAction
from asayer_cli.elastic.route import Route
from asayer_cli.errors import (
    AsayerError,
    CheckFailedError,
    NotConfiguredError,
    OutcomeUnknownError,
    RefusedError,
    UnreachableError,
    UsageError,
)
from asayer_cli.sandbox.faults import Fault
from tests.elastic.support import (
    PRODUCT,
    Heard,
    answer,
    carry_out,
    live_keys,
    make_key,
    maker,
    open_changes,
    pass_on,
    serving,
    store,
    user,
)

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from asayer_cli.elastic.create_key import KeyMaker
    from asayer_cli.integrations import ElasticKey
    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]
CREATE = "security.create_api_key"


def test_a_key_is_made_proved_stored_and_journalled(elastic: LocalElastic, tmp_path: Path) -> None:
    store(elastic, "app-logs", [])
    store(elastic, "catalog", [])
    heard = Heard()
    mine = maker(elastic, tmp_path, heard)
    outcome = carry_out(mine)
    key_id = outcome.api_key_id
    assert (outcome.action, outcome.done, outcome.expires_at) == (KeyAction.CREATE, True, None)
    assert live_keys(elastic) == {key_id: "asayer-api-key"}
    assert mine.held.key(key_id) is not None
    assert (tmp_path / "saved").read_text() == key_id
    assert open_changes(mine) == 0
    assert outcome.report is not None
    assert (outcome.report.readable, outcome.report.writable) == (True, False)
    assert [match.name for match in outcome.report.matches] == ["app-logs", "catalog"]
    assert heard.said[0].startswith("Acting as administrator")
    assert any("catalog" in warning for warning in heard.warned)


def test_planning_changes_nothing(elastic: LocalElastic, tmp_path: Path) -> None:
    elastic.control.forget_requests()
    plan = maker(elastic, tmp_path).plan(replace=False)
    assert plan.changes_something
    assert any("*log*: read, view_index_metadata" in line for line in plan.lines())
    assert {call["operation"] for call in elastic.control.requests()} == {
        "security.authenticate",
        "security.has_privileges",
        "security.get_api_key",
    }
    assert list(tmp_path.iterdir()) == []


def test_a_second_run_has_nothing_to_do(elastic: LocalElastic, tmp_path: Path) -> None:
    made = carry_out(maker(elastic, tmp_path))
    plan = maker(elastic, tmp_path).plan(replace=False)
    assert not plan.changes_something
    again = carry_out(maker(elastic, tmp_path))
    assert (again.action, again.api_key_id, again.to_revoke) == (KeyAction.KEEP, made.api_key_id, ())
    assert again.report is not None
    assert list(live_keys(elastic)) == [made.api_key_id]


def test_a_lifetime_is_kept(elastic: LocalElastic, tmp_path: Path) -> None:
    request = KeyRequest("asayer-api-key", ("*log*",), timedelta(days=90))
    outcome = carry_out(maker(elastic, tmp_path, request=request))
    assert outcome.expires_at is not None
    assert timedelta(days=89) < outcome.expires_at - datetime.now(UTC) < timedelta(days=91)


def test_replacing_leaves_the_old_key_alive(elastic: LocalElastic, tmp_path: Path) -> None:
    old = carry_out(maker(elastic, tmp_path)).api_key_id
    mine = maker(elastic, tmp_path)
    outcome = carry_out(mine, replace=True)
    assert outcome.to_revoke == (old,)
    assert old in outcome.revoke_request
    assert [record.id for record in outcome.existing] == [old]
    assert set(live_keys(elastic)) == {old, outcome.api_key_id}
    assert mine.held.key(old) is not None
    assert mine.held.key(outcome.api_key_id) is not None


def test_other_wishes_for_a_key_in_place_need_a_decision(elastic: LocalElastic, tmp_path: Path) -> None:
    carry_out(maker(elastic, tmp_path))
    other = KeyRequest("asayer-api-key", ("logs-*",))
    with pytest.raises(RefusedError, match=r"\*log\*") as refused:
        maker(elastic, tmp_path, request=other).plan(replace=False)
    assert (refused.value.code, "--replace" in refused.value.hint) == ("key_differs", True)


@pytest.mark.parametrize(
    ("request_now", "option", "told"),
    [
        (KeyRequest("asayer-api-key", ("*log*",), timedelta(days=30)), "--expires-in", "not 30d after it was made"),
        (KeyRequest("asayer-api-key", ("*log*",), None, ("all",)), "--cluster-privilege", "it has monitor, not all"),
    ],
)
def test_a_key_in_place_is_not_said_to_be_what_it_is_not(
    elastic: LocalElastic, tmp_path: Path, request_now: KeyRequest, option: str, told: str
) -> None:
    made_with = KeyRequest("asayer-api-key", ("*log*",), timedelta(days=90), ("monitor",))
    carry_out(maker(elastic, tmp_path, request=made_with))
    with pytest.raises(RefusedError, match=told) as refused:
        maker(elastic, tmp_path, request=request_now).plan(replace=False)
    assert refused.value.code == "key_differs"
    assert option in refused.value.hint
    for same in (made_with, KeyRequest("asayer-api-key", ("*log*",))):
        kept = carry_out(maker(elastic, tmp_path, request=same))
        assert (kept.action, kept.cluster_privileges) == (KeyAction.KEEP, ("monitor",))


def test_a_key_whose_secret_is_elsewhere_needs_a_decision(elastic: LocalElastic, tmp_path: Path) -> None:
    made = carry_out(maker(elastic, tmp_path)).api_key_id
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(RefusedError) as refused:
        maker(elastic, other).plan(replace=False)
    assert refused.value.code == "key_exists"
    for part in (made, elastic.username, "never expires"):
        assert part in refused.value.message
    for part in ("--replace", "--name"):
        assert part in refused.value.hint
    replaced = carry_out(maker(elastic, other), replace=True)
    assert (replaced.to_revoke, replaced.revoke_request) == ((), "")
    assert [record.id for record in replaced.existing] == [made]
    second = KeyRequest("second", ("*log*",))
    assert carry_out(maker(elastic, other, request=second)).action is KeyAction.CREATE


def test_a_key_of_another_profile_is_said_to_be_in_use(elastic: LocalElastic, tmp_path: Path) -> None:
    made = carry_out(maker(elastic, tmp_path)).api_key_id
    other = maker(elastic, tmp_path, profile="other")
    with pytest.raises(RefusedError, match=f"{made} .* used by profile default") as refused:
        other.plan(replace=False)
    assert "--profile default" in refused.value.hint
    plan = other.plan(replace=True)
    assert plan.to_revoke == ()
    assert any(f"{made} " in line and "used by profile default" in line for line in plan.lines())


def test_a_key_in_place_that_was_revoked_is_made_anew(elastic: LocalElastic, tmp_path: Path) -> None:
    first = carry_out(maker(elastic, tmp_path)).api_key_id
    with elastic.client() as client:
        client.security.invalidate_api_key(ids=[first])
    second = carry_out(maker(elastic, tmp_path))
    assert second.action is KeyAction.CREATE
    assert second.to_revoke == ()
    assert list(live_keys(elastic)) == [second.api_key_id]


def test_an_expired_key_is_made_anew(elastic: LocalElastic, tmp_path: Path) -> None:
    request = KeyRequest("asayer-api-key", ("*log*",), timedelta(days=1))
    first = carry_out(maker(elastic, tmp_path, request=request)).api_key_id
    elastic.control.change(expire_keys_now=[first])
    assert carry_out(maker(elastic, tmp_path)).action is KeyAction.CREATE


def test_an_api_key_makes_no_key(elastic: LocalElastic, tmp_path: Path) -> None:
    key = make_key(elastic)
    mine = maker(elastic, tmp_path)
    cluster = mine.connect_with(key)
    with pytest.raises(RefusedError) as refused:
        maker(elastic, tmp_path, keys=type(mine.keys)(cluster)).plan(replace=False)
    assert refused.value.code == "creator_is_api_key"


def test_a_key_that_can_read_nothing_is_revoked_again(elastic: LocalElastic, tmp_path: Path) -> None:
    store(elastic, "app-logs", [])
    heard = Heard()
    mine = maker(elastic, tmp_path, heard, user=user(elastic, "manage_own_api_key"))
    with pytest.raises(CheckFailedError) as failed:
        carry_out(mine)
    assert failed.value.code == "key_cannot_read"
    nothing_is_left(elastic, mine, tmp_path)
    assert "revoked again" in heard.warned[-1]


def test_a_cluster_privilege_is_given_when_asked_for(elastic: LocalElastic, tmp_path: Path) -> None:
    request = KeyRequest("asayer-api-key", ("*log*",), None, ("all",))
    heard = Heard()
    carry_out(maker(elastic, tmp_path, heard, request=request))
    with elastic.client() as client:
        (key,) = client.security.get_api_key(name="asayer-api-key")["api_keys"]
    assert key["role_descriptors"]["asayer-role"]["cluster"] == ["all"]


def test_a_cluster_privilege_that_does_not_exist(elastic: LocalElastic, tmp_path: Path) -> None:
    request = KeyRequest("asayer-api-key", ("*log*",), None, ("everything",))
    with pytest.raises(UsageError, match="everything"):
        maker(elastic, tmp_path, request=request).plan(replace=False)


def test_patterns_that_match_nothing_are_warned_of(elastic: LocalElastic, tmp_path: Path) -> None:
    heard = Heard()
    carry_out(maker(elastic, tmp_path, heard))
    assert any("matches no index yet" in warning for warning in heard.warned)


@pytest.mark.parametrize("setting", ["disabled", "api_keys_disabled"])
def test_a_cluster_without_api_keys(elastic: LocalElastic, tmp_path: Path, setting: str) -> None:
    elastic.control.change(security=setting)
    with pytest.raises(AsayerError) as failed:
        carry_out(maker(elastic, tmp_path))
    assert failed.value.code in ("security_disabled", "api_keys_disabled")
    assert failed.value.hint


def nothing_is_left(elastic: LocalElastic, mine: KeyMaker, folder: Path) -> None:
    assert live_keys(elastic) == {}
    assert not (folder / "saved").exists()
    secrets = folder / "secrets.json"
    assert not secrets.exists() or secrets.read_text() == "{}"
    assert open_changes(mine) == 0


@pytest.mark.parametrize("operation", ["security.authenticate", "security.has_privileges"])
@pytest.mark.parametrize("kind", ["cut_before", "error_500", "denied", "throttle"])
def test_whatever_fails_in_the_proof_the_key_is_revoked(
    elastic: LocalElastic, tmp_path: Path, operation: str, kind: Any
) -> None:
    mine = maker(elastic, tmp_path)
    plan = mine.plan(replace=False)
    elastic.control.order(Fault("elastic", operation, kind, times=9))
    with pytest.raises(AsayerError):
        mine.carry_out(plan)
    nothing_is_left(elastic, mine, tmp_path)


class LateNode:
    """Passes everything on to a front, and knows an API key only when it is shown for the third time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.unknown = 2

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        if environ["HTTP_AUTHORIZATION"].startswith("ApiKey") and self.unknown:
            self.unknown -= 1
            cause = {"type": "security_exception", "reason": "unable to authenticate"}
            return answer(start_response, 401, PRODUCT, json.dumps({"error": cause}).encode())
        return pass_on(self._url, environ, start_response)


def test_a_new_key_that_is_not_known_yet_is_waited_for(elastic: LocalElastic, tmp_path: Path) -> None:
    node, heard = LateNode(elastic.url), Heard()
    with serving(node) as port:
        assert carry_out(maker(elastic, tmp_path, heard, url=f"http://127.0.0.1:{port}")).done
    assert node.unknown == 0
    assert any("waiting until the cluster knows" in line for line in heard.said)


@pytest.mark.parametrize("step", ["store", "settings", "interrupt"])
def test_whatever_fails_on_this_machine_the_key_is_revoked(elastic: LocalElastic, tmp_path: Path, step: str) -> None:
    heard = Heard()

    def save(_key: ElasticKey) -> None:
        if step == "interrupt":
            raise KeyboardInterrupt
        if step == "settings":
            raise NotConfiguredError("The settings file cannot be written.")

    mine = maker(elastic, tmp_path, heard, save=save)
    plan = mine.plan(replace=False)
    if step == "store":
        (tmp_path / "secrets.json").mkdir()
    with pytest.raises((AsayerError, KeyboardInterrupt)):
        mine.carry_out(plan)
    if step == "store":
        assert live_keys(elastic) == {}
        assert open_changes(mine) == 0
    else:
        nothing_is_left(elastic, mine, tmp_path)
        assert "revoked again" in heard.warned[-1]


def test_the_store_is_tried_before_a_key_is_made(elastic: LocalElastic, tmp_path: Path) -> None:
    mine = maker(elastic, tmp_path)
    plan = mine.plan(replace=False)
    (tmp_path / "secrets.json").mkdir()
    with pytest.raises(NotConfiguredError):
        mine.carry_out(plan)
    assert CREATE not in {call["operation"] for call in elastic.control.requests()}


def test_a_key_that_cannot_be_revoked_is_named_with_the_request(elastic: LocalElastic, tmp_path: Path) -> None:
    heard = Heard()
    mine = maker(elastic, tmp_path, heard, save=interrupt)
    plan = mine.plan(replace=False)
    elastic.control.order(Fault("elastic", "security.invalidate_api_key", "error_500", times=9))
    with pytest.raises(KeyboardInterrupt):
        mine.carry_out(plan)
    (left,) = live_keys(elastic)
    assert left in heard.warned[-1]
    assert "DELETE /_security/api_key" in heard.warned[-1]
    elastic.control.order()
    again = Heard()
    outcome = carry_out(maker(elastic, tmp_path, again))
    assert outcome.action is KeyAction.ADOPT
    assert outcome.api_key_id == left


def interrupt(_key: ElasticKey) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(("kind", "made"), [("cut_after", True), ("cut_before", False), ("error_500", False)])
def test_a_key_made_with_an_unknown_outcome_is_found_and_revoked(
    elastic: LocalElastic, tmp_path: Path, kind: Any, *, made: bool
) -> None:
    heard = Heard()
    mine = maker(elastic, tmp_path, heard)
    plan = mine.plan(replace=False)
    elastic.control.order(Fault("elastic", CREATE, kind))
    elastic.control.forget_requests()
    with pytest.raises(UnreachableError) as broken:
        mine.carry_out(plan)
    calls = [call["operation"] for call in elastic.control.requests()]
    assert calls.count(CREATE) == 1
    assert live_keys(elastic) == {}
    assert isinstance(broken.value, OutcomeUnknownError) is not made
    assert open_changes(mine) == (0 if made else 1)
    again = carry_out(maker(elastic, tmp_path))
    assert again.action is KeyAction.CREATE
    assert open_changes(mine) == 0


def unheard(*_answer: Any) -> Any:
    """Be a `start_response` that tells nobody."""


def test_a_proxy_that_gives_up_on_the_answer_leaves_no_key(elastic: LocalElastic, tmp_path: Path) -> None:
    def proxy(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        making = (environ["REQUEST_METHOD"], environ["PATH_INFO"]) == ("PUT", "/_security/api_key")
        passed = pass_on(elastic.url, environ, unheard if making else start_response)
        return answer(start_response, 504, {"Content-Type": "text/html"}, b"<html>late") if making else passed

    with serving(proxy) as port:
        mine = maker(elastic, tmp_path, url=f"http://127.0.0.1:{port}")
        through = replace(mine.keys.cluster, route=Route("http://proxy.example.com:3128"))
        with pytest.raises(UnreachableError, match=r"proxy\.example\.com"):
            carry_out(replace(mine, keys=ApiKeys(through)))
        nothing_is_left(elastic, mine, tmp_path)


@pytest.mark.parametrize("kind", ["denied", "throttle"])
def test_a_clear_refusal_leaves_nothing_open(elastic: LocalElastic, tmp_path: Path, kind: Any) -> None:
    mine = maker(elastic, tmp_path)
    plan = mine.plan(replace=False)
    elastic.control.order(Fault("elastic", CREATE, kind))
    with pytest.raises(AsayerError):
        mine.carry_out(plan)
    nothing_is_left(elastic, mine, tmp_path)
    assert [call["operation"] for call in elastic.control.requests()].count(CREATE) == 1


def test_an_interrupt_while_the_settings_are_written_leaves_them_a_key_that_works(
    elastic: LocalElastic, tmp_path: Path
) -> None:
    mine = maker(elastic, tmp_path)

    def save(key: ElasticKey) -> None:
        mine.save(key)
        os.kill(os.getpid(), signal.SIGINT)

    outcome = carry_out(replace(mine, save=save))
    assert (tmp_path / "saved").read_text() == outcome.api_key_id
    assert list(live_keys(elastic)) == [outcome.api_key_id]
