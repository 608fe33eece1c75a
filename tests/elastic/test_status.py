"""`elastic status`: what there is in the cluster and on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asayer_cli.elastic.api_keys import ApiKeys
from asayer_cli.elastic.connection import connect
from asayer_cli.elastic.model import UserPassword
from asayer_cli.elastic.privileges import EVERYBODYS_KEYS, POWERS
from asayer_cli.integrations import ElasticAddress
from asayer_cli.secret import Secret
from tests.elastic.life import REVOCATION
from tests.elastic.support import make_key, store, user

if TYPE_CHECKING:
    from tests.elastic.life import Machine
    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]
NOBODY = ("ASAYER_ELASTIC_USERNAME", "ASAYER_ELASTIC_PASSWORD")
READ = {"names": ["*log*"], "privileges": ["read", "view_index_metadata"]}


def test_with_nothing_set_up_it_names_the_next_command(machine: Machine) -> None:
    for without in (NOBODY, (*NOBODY, "ASAYER_ELASTIC_URL")):
        error = machine.error(3, "status", "--profile", "shop", without=without)
        assert error["code"] == "not_configured"
        assert "asayer-cli elastic create-key --profile shop" in error["hint"]
    alone = machine.data("status")
    assert (alone["keys"], alone["api_key_id"], alone["sight"]) == ([], "", "everybodys")
    assert alone["next_steps"] == ["asayer-cli elastic create-key"]


def test_keys_of_the_cluster_and_their_holders(elastic: LocalElastic, machine: Machine) -> None:
    store(elastic, "app-logs", [])
    mine = machine.create("--expires-in", "90d")
    others = machine.create("--replace", "--profile", "shop")
    with elastic.client() as client:
        managed = {"managed_by": "asayer-cli"}
        lost = client.security.create_api_key(name="asayer-api-key", role_descriptors={}, metadata=managed)["id"]
        client.security.create_api_key(name="an alert's key", role_descriptors={})
    elastic.control.forget_requests()
    status = machine.data("status", "--debug")
    keys = {key["record"]["id"]: key for key in status["keys"]}
    assert {key_id: key["holder"] for key_id, key in keys.items()} == {
        mine: "this_profile",
        others: "other_profile",
        lost: "nobody",
    }
    assert keys[mine]["record"]["index_privileges"] == ["read", "view_index_metadata"]
    assert (keys[mine]["used_by"], keys[mine]["secret_of"], keys[mine]["state"]) == (["default"], ["default"], "valid")
    assert (status["ability"]["readable"], status["ability"]["writable"]) == (True, False)
    assert f"asayer-cli elastic revoke-key {lost}" in status["next_steps"][0]
    assert machine.changed() == []
    text = machine.run("status").out
    assert "read *log*, which matches 1 now: app-logs" in text
    assert "cannot       write, change or delete anything in *log*" in text
    assert "profile shop has it" in text
    assert "nobody on this machine has its secret" in text
    assert "in 89d" in text or "in 90d" in text


def test_a_user_who_sees_the_own_keys_only_is_told_so(elastic: LocalElastic, machine: Machine) -> None:
    key_id = machine.create()
    own = machine.as_user(user(elastic, "manage_own_api_key", indices=[READ]))
    status = own.data("status")
    assert (status["sight"], [key["record"]["id"] for key in status["keys"]]) == ("own", [key_id])
    assert "the keys of user ada alone" in own.run("status").out


def test_without_a_user_or_rights_the_key_tells_of_itself(elastic: LocalElastic, machine: Machine) -> None:
    key_id = machine.create()
    status = machine.data("status", without=NOBODY)
    assert (status["sight"], [key["record"]["id"] for key in status["keys"]]) == ("itself", [key_id])
    weak = machine.as_user(user(elastic, "monitor")).run("status")
    assert weak.code == 0
    assert "no other keys than this profile's" in weak.err.replace("\n", " ")
    assert key_id in weak.out


@pytest.mark.parametrize("privilege", EVERYBODYS_KEYS)
def test_each_privilege_listed_shows_everybodys_keys(elastic: LocalElastic, privilege: str) -> None:
    key = make_key(elastic)
    name, password = user(elastic, privilege)
    cluster = connect(ElasticAddress(elastic.url), UserPassword(name, Secret(password)), environ={})
    found = ApiKeys(cluster).all()
    cluster.close()
    assert (found.everybodys, [record.id for record in found.records]) == (True, [key.api_key_id])


def test_only_powers_that_are_listed_are_asked_about(elastic: LocalElastic, machine: Machine) -> None:
    machine.create("--cluster-privilege", "monitor")
    status = machine.data("status", without=NOBODY)
    bodies = [exchange["request_body"] for exchange in elastic.control.exchanges()]
    assert [body["cluster"] for body in bodies if body and "cluster" in body][-1] == list(POWERS)
    assert POWERS["monitor"] in status["ability"]["can"]
    assert POWERS["manage_security"] in status["ability"]["cannot"]


def test_a_key_that_may_too_much(elastic: LocalElastic, machine: Machine) -> None:
    store(elastic, "app-logs", [])
    strong = make_key(elastic, {"cluster": ["all"], "indices": [{"names": ["*"], "privileges": ["all"]}]})
    given = f"{strong.api_key_id}:{strong.api_key.reveal()}"
    status = machine.data("status", without=NOBODY, ASAYER_ELASTIC_API_KEY=given)
    assert status["ability"]["writable"]
    assert set(POWERS.values()) < set(status["ability"]["can"])
    assert status["ability"]["cannot"] == []
    assert not status["keys"][0]["record"]["managed"]


def test_a_key_that_ended_fails_with_the_next_command(elastic: LocalElastic, machine: Machine) -> None:
    key_id = machine.create("--profile", "shop", "--expires-in", "90d")
    elastic.control.change(expire_keys_now=[key_id])
    for without in ((), NOBODY):
        error = machine.error(1, "status", "--profile", "shop", without=without)
        assert error["code"] == "api_key_expired"
        assert {"create-key", "--replace", "--profile shop"} == {
            part for part in ("create-key", "--replace", "--profile shop") if part in error["hint"]
        }
    with elastic.client() as client:
        client.security.invalidate_api_key(ids=[key_id])
    assert machine.error(1, "status", "--profile", "shop")["code"] == "api_key_invalidated"
    text = machine.run("status", "--profile", "shop").out
    assert "revoked" in text
    assert "asayer-cli elastic create-key --replace --profile shop" in text


def test_a_secret_that_is_missing_fails_and_the_key_is_shown(machine: Machine) -> None:
    key_id = machine.create()
    (machine.config / "secrets.json").unlink()
    ended = machine.run("status", "-o", "json")
    assert ended.code == 1
    assert ended.json["errors"][0]["code"] == "secret_missing"
    (key,) = ended.data["keys"]
    assert (key["record"]["id"], key["holder"], key["secret_of"]) == (key_id, "this_profile", [])
    assert "its secret is not kept here" in " ".join(machine.run("status").out.split())


def test_runs_that_were_cut_off_are_explained(elastic: LocalElastic, machine: Machine) -> None:
    current = machine.create()
    lost = machine.cut_off_while_making(replaces=current)
    stored = machine.cut_off_while_making(stored=True)
    machine.begin(REVOCATION, f"api_key/{current}")
    machine.begin("elastic.create_api_key", "profile/default/api_key/asayer-api-key")
    status = machine.data("status")
    words = [run["explanation"] for run in status["interrupted"]]
    assert f"It made API key {lost}, whose secret nobody has" in words[0]
    assert f"It made API key {stored} and stored its secret" in words[1]
    assert words[2] == f"API key {current} was to be revoked, and it is not."
    assert "no key that is still there" in words[3]
    assert [run["next_step"] for run in status["interrupted"]] == [
        "asayer-cli elastic rotate-key",
        "asayer-cli elastic create-key",
        f"asayer-cli elastic revoke-key {current}",
        "",
    ]
    unseen = machine.data("status", without=NOBODY)["interrupted"]
    assert "cannot be seen" in unseen[0]["explanation"]
    assert unseen[0]["next_step"] == ""


def test_what_goes_wrong_on_the_way(elastic: LocalElastic, machine: Machine) -> None:
    machine.create()
    assert machine.error(4, "status", ASAYER_ELASTIC_PASSWORD="not the one")["code"] == "credentials_rejected"
    assert machine.error(3, "status", without=("ASAYER_ELASTIC_PASSWORD",))["code"] == "password_missing"
    assert machine.error(5, "status", "--url", "http://127.0.0.1:9")["code"] == "connection_refused"
    elastic.control.change(security="disabled")
    assert machine.error(1, "status")["code"] == "security_disabled"
