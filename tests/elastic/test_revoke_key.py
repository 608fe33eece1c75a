"""`elastic revoke-key`: one key, named by its id, ended for good."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from asayer_cli.sandbox.faults import Fault
from tests.elastic.life import REVOCATION
from tests.elastic.support import live_keys, make_key, user

if TYPE_CHECKING:
    from tests.elastic.life import Machine
    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]


def test_a_key_is_shown_revoked_and_forgotten(elastic: LocalElastic, machine: Machine) -> None:
    old = machine.create()
    new = machine.create("--replace")
    planned = machine.run("revoke-key", old, "--dry-run")
    assert "owner    administrator (realm default_native)" in planned.err
    assert "a former key" not in planned.err
    assert "this profile keeps its secret and does not use it" in planned.err
    assert "forget its secret, which profile default keeps" in planned.err
    assert "Dry run" in planned.out
    assert machine.error(2, "revoke-key", old)["code"] == "confirmation_needed"
    assert set(live_keys(elastic)) == {old, new}
    done = machine.data("revoke-key", old, "--yes", "--debug")
    assert (done["done"], done["was"], done["forgotten"]) == (True, "valid", [f"default/elastic/{old}"])
    assert list(live_keys(elastic)) == [new]
    again = machine.run("revoke-key", old)
    assert (again.code, "is revoked already" in again.out) == (0, True)
    assert [r.target for r in machine.journal.records() if r.action == REVOCATION] == [f"api_key/{old}"] * 2


def test_a_key_that_asayer_cli_did_not_make(elastic: LocalElastic, machine: Machine) -> None:
    key_id = make_key(elastic).api_key_id
    refused = machine.run("revoke-key", key_id, "--yes")
    assert refused.code == 1
    assert "not made by asayer-cli" in refused.err
    assert "--made-elsewhere" in refused.err
    assert list(live_keys(elastic)) == [key_id]
    assert machine.data("revoke-key", key_id, "--yes", "--made-elsewhere")["forgotten"] == []
    assert live_keys(elastic) == {}


def test_a_key_that_a_profile_uses(elastic: LocalElastic, machine: Machine) -> None:
    key_id = machine.create("--profile", "shop")
    error = machine.error(1, "revoke-key", key_id, "--yes")
    assert error["code"] == "in_use"
    assert "profile shop" in error["message"]
    assert "asayer-cli elastic rotate-key --profile shop" in error["hint"]
    done = machine.data("revoke-key", key_id, "--yes", "--in-use")
    assert done["forgotten"] == [f"shop/elastic/{key_id}"]
    assert done["next_steps"][0].startswith("asayer-cli elastic create-key --replace --profile shop")
    assert machine.secrets() == []
    assert machine.error(1, "status", "--profile", "shop")["code"] == "api_key_invalidated"


def test_a_key_that_the_environment_gives_is_in_use(elastic: LocalElastic, machine: Machine) -> None:
    key_id = machine.create()
    (secret,) = machine.secrets()
    (machine.config / "config.toml").unlink()
    for name, value in (("ASAYER_ELASTIC_API_KEY", f"{key_id}:{secret}"), ("ASAYER_ELASTIC_API_KEY_ID", key_id)):
        given = replace(machine, environ={**machine.environ, name: value})
        assert given.error(1, "revoke-key", key_id, "--yes")["code"] == "in_use"
    assert list(live_keys(elastic)) == [key_id]


def test_a_key_that_is_not_there_or_not_to_be_seen(elastic: LocalElastic, machine: Machine) -> None:
    error = machine.error(1, "revoke-key", "no-such-id", "--yes")
    assert (error["code"], "asayer-cli elastic status" in error["hint"]) == ("no_such_key", True)
    key_id = machine.create()
    ada = machine.as_user(user(elastic, "manage_own_api_key"))
    hidden = ada.error(1, "revoke-key", key_id, "--yes", "--in-use")
    assert "another user's" in hidden["message"]
    assert "manage_api_key" in hidden["hint"]
    seen = machine.as_user(user(elastic, "manage_own_api_key", "read_security"))
    assert seen.error(1, "revoke-key", key_id, "--yes", "--in-use")["code"] == "not_revoked"
    assert (list(live_keys(elastic)), len(machine.secrets())) == ([key_id], 1)
    assert machine.unsettled() == set()


def test_a_run_cut_off_on_the_way_is_finished_by_the_next(elastic: LocalElastic, machine: Machine) -> None:
    key_id = machine.create()
    elastic.control.order(Fault("elastic", "security.invalidate_api_key", "cut_after", times=9))
    assert machine.run("revoke-key", key_id, "--yes", "--in-use").code == 5
    elastic.control.order()
    assert (live_keys(elastic), len(machine.secrets()), len(machine.unsettled())) == ({}, 1, 1)
    explained = machine.run("status", "-o", "json").data["interrupted"]
    assert [run["explanation"] for run in explained] == [f"API key {key_id} was to be revoked, and it is."]
    finished = machine.data("revoke-key", key_id)
    assert (finished["was"], finished["forgotten"]) == ("revoked", [f"default/elastic/{key_id}"])
    assert (machine.secrets(), machine.unsettled()) == ([], set())


@pytest.mark.parametrize("key_id", ["-iEj2fMSpBaDy6KGJ6nH", "--j2fMSpBaDy6KGJ6nHi", "-yj2fMSpBaDy6KGJ6nHi"])
def test_an_id_that_looks_like_an_option(machine: Machine, key_id: str) -> None:
    error = machine.error(1, "revoke-key", key_id, "--yes", "--secret-store", "file")
    assert (error["code"], key_id in error["message"]) == ("no_such_key", True)


def test_where_nothing_is_configured(machine: Machine) -> None:
    error = machine.error(3, "revoke-key", "id", without=("ASAYER_ELASTIC_URL",))
    assert error["code"] == "not_configured"
    assert machine.error(3, "revoke-key", "id", without=("ASAYER_ELASTIC_USERNAME",))["code"] == "not_configured"
    assert machine.error(2, "revoke-key", " ")["code"] == "usage"
