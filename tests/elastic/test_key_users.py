"""Who makes a key: users with more rights and with less."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from asayer_cli.elastic.model import KeyAction
from asayer_cli.errors import CredentialsRejectedError, PermissionDeniedError
from tests.elastic.support import Heard, carry_out, live_keys, maker, store, user

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]


def test_a_wrong_password(elastic: LocalElastic, tmp_path: Path) -> None:
    with pytest.raises(CredentialsRejectedError):
        maker(elastic, tmp_path, user=(elastic.username, "wrong")).plan(replace=False)


def test_a_user_who_may_make_no_keys(elastic: LocalElastic, tmp_path: Path) -> None:
    with pytest.raises(PermissionDeniedError) as denied:
        maker(elastic, tmp_path, user=user(elastic, "monitor")).plan(replace=False)
    assert denied.value.action == "manage_own_api_key"
    assert '"cluster": ["manage_own_api_key"]' in denied.value.hint


def test_a_user_with_the_least_rights_is_enough(elastic: LocalElastic, tmp_path: Path) -> None:
    store(elastic, "app-logs", [])
    read = {"names": ["*log*"], "privileges": ["read", "view_index_metadata"]}
    heard = Heard()
    login = user(elastic, "manage_own_api_key", indices=[read])
    outcome = carry_out(maker(elastic, tmp_path, heard, user=login))
    assert outcome.report is not None
    assert (outcome.report.made_by, outcome.report.readable, heard.warned) == ("ada", True, [])
    again = carry_out(maker(elastic, tmp_path, user=login))
    assert again.action is KeyAction.KEEP


@pytest.mark.parametrize("privilege", ["manage_own_api_key", "manage_api_key"])
def test_who_makes_a_key_can_revoke_the_former_one_as_told(
    elastic: LocalElastic, tmp_path: Path, privilege: str
) -> None:
    read = {"names": ["*log*"], "privileges": ["read", "view_index_metadata"]}
    login = user(elastic, privilege, indices=[read])
    carry_out(maker(elastic, tmp_path, user=login))
    second = carry_out(maker(elastic, tmp_path, user=login), replace=True)
    line, _, body = second.revoke_request.partition("\n")
    method, path = line.split()
    with elastic.client(user=login) as client:
        headers = {"content-type": "application/json", "accept": "application/json"}
        client.perform_request(method, path, headers=headers, body=json.loads(body))
    assert list(live_keys(elastic)) == [second.api_key_id]


def test_a_weak_user_is_warned_of_a_weak_key(elastic: LocalElastic, tmp_path: Path) -> None:
    store(elastic, "app-logs", [])
    store(elastic, "web-logs", [])
    heard = Heard()
    read = {"names": ["app-*"], "privileges": ["read"]}
    mine = maker(elastic, tmp_path, heard, user=user(elastic, "manage_own_api_key", indices=[read]))
    outcome = carry_out(mine)
    assert outcome.report is not None
    assert [match.name for match in outcome.report.matches] == ["app-logs"]
    assert any("lacks read and view_index_metadata on *log*" in warning for warning in heard.warned)
