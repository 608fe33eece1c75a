"""`elastic rotate-key`: a new key like the current one, and the end of the old one."""

from __future__ import annotations

import json
import shutil
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli import audit
from asayer_cli.elastic.model import ApiKeyRecord
from asayer_cli.elastic.rotation import request_like
from asayer_cli.errors import RefusedError
from asayer_cli.sandbox.faults import Fault
from asayer_cli.settings_file import update
from tests.elastic.life import REVOCATION
from tests.elastic.support import live_keys, store, user

if TYPE_CHECKING:
    from pathlib import Path

    from tests.elastic.life import Machine
    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]
NOW = datetime.now(UTC)
READ = {"names": ["*log*"], "privileges": ["read", "view_index_metadata"]}


def named(machine: Machine, profile: str = "default") -> str:
    """Return the id of the key in the settings."""
    text = (machine.config / "config.toml").read_text()
    return str(tomllib.loads(text)["profiles"][profile]["elastic"]["api_key_id"])


def record(elastic: LocalElastic, key_id: str) -> dict[str, Any]:
    with elastic.client() as client:
        found: dict[str, Any] = client.security.get_api_key(id=key_id)["api_keys"][0]
    return found


def test_a_key_is_rotated_and_the_old_one_revoked_later(elastic: LocalElastic, machine: Machine) -> None:
    store(elastic, "app-logs", [])
    old = machine.create("--expires-in", "90d", "--index", "app-*", "--cluster-privilege", "monitor")
    rotated = machine.data("rotate-key", "--yes", "--debug")
    new = rotated["api_key_id"]
    assert (rotated["step"], rotated["done"], named(machine)) == ("rotate", True, new)
    assert rotated["integrations"]["elasticsearch"]["api_key"] == "********"
    assert set(live_keys(elastic)) == {old, new}
    before, after = record(elastic, old), record(elastic, new)
    assert after["role_descriptors"] == before["role_descriptors"]
    assert after["expiration"] - after["creation"] == before["expiration"] - before["creation"]
    assert after["metadata"]["replaces"] == old
    assert len(machine.secrets()) == 2

    error = machine.error(1, "rotate-key", "--yes")
    assert error["code"] == "two_keys"
    assert old in error["message"]
    assert "asayer-cli elastic rotate-key --revoke-old" in error["hint"]
    assert machine.data("status")["next_steps"] == ["asayer-cli elastic rotate-key --revoke-old"]

    ended = machine.data("rotate-key", "--revoke-old", "--yes")
    assert (ended["revoked"], ended["forgotten"]) == ([old], [f"default/elastic/{old}"])
    assert list(live_keys(elastic)) == [new]
    assert len(machine.secrets()) == 1
    assert machine.data("rotate-key", "--revoke-old")["step"] == "nothing"
    actions = [(r.action, r.state, r.made) for r in machine.journal.records() if r.state != "begun"]
    assert actions == [
        ("elastic.create_api_key", "done", old),
        ("elastic.create_api_key", "done", new),
        ("elastic.invalidate_api_key", "done", ""),
        ("local.forget", "done", ""),
    ]


def test_what_is_shown(elastic: LocalElastic, machine: Machine) -> None:
    old = machine.create("--profile", "shop")
    planned = machine.run("rotate-key", "--dry-run", "--profile", "shop")
    assert f"leave API key {old} valid until" in planned.err
    assert "Dry run" in planned.out
    assert list(live_keys(elastic)) == [old]
    rotated = machine.run("rotate-key", "--yes", "--reveal", "--expires-in", "30d", "--profile", "shop")
    assert rotated.code == 0
    assert [secret in rotated.out for secret in machine.secrets()].count(True) == 1
    assert "elastic rotate-key --revoke-old --profile shop" in rotated.out
    assert "still valid: the old API key" in rotated.out
    lifetime = (record(elastic, named(machine, "shop"))[name] for name in ("expiration", "creation"))
    assert int(next(lifetime)) - int(next(lifetime)) == 30 * 86_400_000
    revoking = machine.run("rotate-key", "--revoke-old", "--dry-run", "--profile", "shop")
    assert f"revoke API key {old}" in revoking.err
    assert "does not record when a key was last used" in revoking.err
    assert len(live_keys(elastic)) == 2
    unasked = machine.error(2, "rotate-key", "--revoke-old", "--profile", "shop")
    assert unasked["code"] == "confirmation_needed"


def test_an_expired_key_is_rotated_too(elastic: LocalElastic, machine: Machine) -> None:
    old = machine.create("--expires-in", "90d")
    elastic.control.change(expire_keys_now=[old])
    rotated = machine.data("rotate-key", "--yes", "--expires-in", "90d")
    assert rotated["still_valid"] == []
    assert machine.data("status")["ability"]["api_key_id"] == rotated["api_key_id"]


def test_a_run_cut_off_before_the_secret_was_stored(elastic: LocalElastic, machine: Machine) -> None:
    old = machine.create()
    lost = machine.cut_off_while_making(replaces=old)
    rotated = machine.data("rotate-key", "--yes")
    assert rotated["revoked"] == [lost]
    assert set(live_keys(elastic)) == {old, rotated["api_key_id"]}
    assert machine.unsettled() == set()
    assert [(r.target, r.state) for r in machine.journal.records() if r.action == REVOCATION] == [
        (f"api_key/{lost}", "begun"),
        (f"api_key/{lost}", "done"),
    ]


def test_a_run_cut_off_while_it_cleaned_up(elastic: LocalElastic, machine: Machine) -> None:
    old = machine.create()
    lost = machine.cut_off_while_making(replaces=old)
    elastic.control.order(Fault("elastic", "security.invalidate_api_key", "cut_after", times=9))
    assert machine.run("rotate-key", "--yes").code == 5
    elastic.control.order()
    assert machine.data("rotate-key", "--yes")["revoked"] == []
    assert lost not in live_keys(elastic)
    assert machine.unsettled() == set()
    (creation,) = [change for change in audit.read(machine.journal).changes if change.made == lost]
    assert creation.outcome is audit.Outcome.UNDONE


def test_a_run_cut_off_after_the_secret_was_stored(elastic: LocalElastic, machine: Machine) -> None:
    old = machine.create()
    stored = machine.cut_off_while_making(replaces=old, stored=True)
    rotated = machine.data("rotate-key", "--yes")
    assert (rotated["api_key_id"], named(machine)) == (stored, stored)
    assert set(live_keys(elastic)) == {old, stored}
    assert machine.unsettled() == set()


def test_a_run_cut_off_at_its_very_end(elastic: LocalElastic, machine: Machine) -> None:
    old = machine.create()
    new = machine.cut_off_while_making(replaces=old, stored=True, saved=True)
    finished = machine.data("rotate-key", "--yes", "--expires-in", "1d")
    assert (finished["step"], finished["api_key_id"]) == ("finish", new)
    assert [key["id"] for key in finished["still_valid"]] == [old]
    assert machine.unsettled() == set()
    (closed,) = [record for record in machine.journal.records() if record.made == new]
    assert (closed.state, closed.outcome) == ("settled", "")
    assert machine.error(1, "rotate-key", "--yes")["code"] == "two_keys"


def test_a_rotation_that_fails_leaves_the_old_key_as_it_was(elastic: LocalElastic, machine: Machine) -> None:
    old = machine.create()
    elastic.control.order(Fault("elastic", "security.create_api_key", "cut_after"))
    assert machine.error(5, "rotate-key", "--yes")["code"] == "connection_cut"
    elastic.control.order(Fault("elastic", "security.authenticate", "error_500", after=1, times=9))
    assert machine.run("rotate-key", "--yes").code == 5
    elastic.control.order()
    assert (list(live_keys(elastic)), named(machine), len(machine.secrets())) == ([old], old, 1)
    assert machine.unsettled() == set()


def test_a_key_that_another_machine_rotated(elastic: LocalElastic, machine: Machine, tmp_path: Path) -> None:
    old = machine.create()
    folders = {"ASAYER_CONFIG_DIR": str(tmp_path / "there"), "ASAYER_STATE_DIR": str(tmp_path / "there-state")}
    there = replace(machine, environ={**machine.environ, **folders})
    shutil.copytree(machine.config, there.config)
    new = machine.data("rotate-key", "--yes")["api_key_id"]
    error = there.error(1, "rotate-key", "--yes")
    assert error["code"] == "rotated_elsewhere"
    assert f"asayer-cli elastic revoke-key {new}" in error["hint"]
    assert set(live_keys(elastic)) == {old, new}


def test_a_key_that_settings_or_environment_name_is_no_old_one(elastic: LocalElastic, machine: Machine) -> None:
    old = machine.create()
    (secret,) = machine.secrets()
    new = machine.data("rotate-key", "--yes", ASAYER_ELASTIC_API_KEY_ID=old)["api_key_id"]
    refused = machine.run("rotate-key", "--revoke-old", "--yes", ASAYER_ELASTIC_API_KEY_ID=old)
    assert f"API key {old} was rotated already: there is {new}" in refused.err
    assert "ASAYER_ELASTIC_API_KEY_ID is set" in refused.err
    given = machine.data("rotate-key", "--revoke-old", "--yes", ASAYER_ELASTIC_API_KEY=f"{old}:{secret}")
    assert given["revoked"] == []
    assert set(live_keys(elastic)) == {old, new}


def test_a_newer_key_is_no_old_one(elastic: LocalElastic, machine: Machine) -> None:
    old = machine.create()
    new = machine.data("rotate-key", "--yes")["api_key_id"]
    update(machine.config, "default", {"elastic.api_key_id": old})  # as a backup has it
    for option in ((), ("--revoke-old",)):
        error = machine.error(1, "rotate-key", "--yes", *option)
        assert (error["code"], f"config set elastic.api_key_id {new}" in error["hint"]) == ("rotated_elsewhere", True)
    assert set(live_keys(elastic)) == {old, new}


def test_old_keys_stay_while_the_current_one_does_not_work(elastic: LocalElastic, machine: Machine) -> None:
    old = machine.create()
    new = machine.data("rotate-key", "--yes")["api_key_id"]
    secrets = (machine.config / "secrets.json").read_text()
    kept = {name: value for name, value in json.loads(secrets).items() if new not in name}
    (machine.config / "secrets.json").write_text(json.dumps(kept))
    assert machine.error(1, "rotate-key", "--revoke-old", "--yes")["code"] == "secret_missing"
    (machine.config / "secrets.json").write_text(secrets)
    with elastic.client() as client:
        client.security.invalidate_api_key(ids=[new])
    assert machine.error(4, "rotate-key", "--revoke-old", "--yes")["code"] == "api_key_invalidated"
    assert list(live_keys(elastic)) == [old]


def test_a_revocation_that_fails_can_be_run_again(elastic: LocalElastic, machine: Machine) -> None:
    old = machine.create()
    machine.data("rotate-key", "--yes")
    elastic.control.order(Fault("elastic", "security.invalidate_api_key", "error_500", times=9))
    assert machine.run("rotate-key", "--revoke-old", "--yes").code == 5
    assert len(machine.unsettled()) == 1
    with elastic.client() as client:  # it was carried out all the same, or by somebody else
        elastic.control.order()
        client.security.invalidate_api_key(ids=[old])
    again = machine.data("rotate-key", "--revoke-old", "--yes")
    assert (again["revoked"], again["forgotten"]) == ([], [f"default/elastic/{old}"])
    assert machine.unsettled() == set()


def test_records_of_runs_that_had_all_but_ended_are_closed(elastic: LocalElastic, machine: Machine) -> None:
    old = machine.create()
    machine.data("rotate-key", "--yes")
    machine.begin("elastic.invalidate_api_key", f"api_key/{old}")
    forgetting = machine.journal.begin("", "local.forget", "profile/default/elastic", (f"default/elastic/{old}",))
    other = machine.journal.begin("", "local.forget", "profile/default/elastic", ("elastic.url",))
    with elastic.client() as client:
        client.security.invalidate_api_key(ids=[old])
    assert machine.data("rotate-key", "--revoke-old")["forgotten"] == [f"default/elastic/{old}"]
    assert forgetting.change not in machine.unsettled()
    assert machine.unsettled() == {other.change}


def test_a_key_that_another_profile_uses_is_left_alone(elastic: LocalElastic, machine: Machine) -> None:
    old = machine.create()
    config = machine.config / "config.toml"
    text = config.read_text()
    config.write_text(text + text.replace("profiles.default", "profiles.shop"))
    planned = machine.run("rotate-key", "--yes")
    assert "profile shop uses the old key too" in planned.err
    assert "--revoke-old" not in planned.out
    assert machine.data("rotate-key", "--revoke-old", "--yes")["step"] == "nothing"
    assert old in live_keys(elastic)


def test_another_user_rotates_a_key_that_only_the_key_itself_shows(elastic: LocalElastic, machine: Machine) -> None:
    old = machine.create()
    ada = machine.as_user(user(elastic, "manage_own_api_key", indices=[READ]))
    rotated = ada.run("rotate-key", "--yes")
    assert rotated.code == 0, rotated.err
    assert "the old key is of administrator, the new one will be of ada" in rotated.err
    assert old in rotated.out
    (machine.config / "secrets.json").unlink()
    other = ada.as_user(("ada", "lovelace"))
    with elastic.client() as client:
        client.security.invalidate_api_key(ids=[named(machine)])
    config = machine.config / "config.toml"
    config.write_text(config.read_text().replace(named(machine), old))
    assert other.error(1, "rotate-key", "--yes")["code"] == "key_unknown"


def test_a_profile_without_a_key(machine: Machine) -> None:
    error = machine.error(3, "rotate-key", "--yes", "--profile", "shop")
    assert (error["code"], "create-key --profile shop" in error["hint"]) == ("no_key", True)
    machine.create()
    assert machine.error(3, "rotate-key", "--url", "http://127.0.0.1:9", "--yes")["code"] == "no_key"
    assert machine.error(2, "rotate-key", "--revoke-old", "--reveal")["code"] == "usage"


def test_a_key_that_sees_part_of_its_documents_is_not_copied() -> None:
    limited = ApiKeyRecord("id", "name", NOW, None, False, "ada", "", indexes=("*log*",), limited=True)
    with pytest.raises(RefusedError) as refused:
        request_like(limited, ("*log*",), None)
    assert refused.value.code == "limited_key"
    untold = ApiKeyRecord("id", "name", NOW, NOW + timedelta(days=2, milliseconds=3), False, "ada", "")
    request = request_like(untold, ("logs-*",), None)
    assert (request.indexes, request.expires_in, request.replaces) == (("logs-*",), timedelta(days=2), "id")
