"""What interrupted runs left in the cluster, and what the next run makes of it."""

from __future__ import annotations

import socket
import ssl
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import trustme

from asayer_cli.elastic.key_request import KeyRequest
from asayer_cli.elastic.model import KeyAction
from asayer_cli.elastic.situation import ACTION
from asayer_cli.errors import AsayerError, RefusedError, UnreachableError
from tests.elastic.support import Heard, carry_out, live_keys, maker, open_changes, pass_on, serving, user

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from asayer_cli.integrations import ElasticKey
    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]


def test_a_key_of_a_run_that_was_killed_is_revoked_by_the_next(elastic: LocalElastic, tmp_path: Path) -> None:
    lost = killed_while_making(elastic, tmp_path)
    plan = maker(elastic, tmp_path).plan(replace=False)
    assert any(f"revoke API key {lost}" in line for line in plan.lines())
    mine = maker(elastic, tmp_path)
    outcome = mine.carry_out(plan)
    assert outcome.cleaned_up == (lost,)
    assert list(live_keys(elastic)) == [outcome.api_key_id]
    assert open_changes(mine) == 0


def test_a_key_of_a_run_that_was_killed_after_storing_it_is_taken_over(elastic: LocalElastic, tmp_path: Path) -> None:
    mine = maker(elastic, tmp_path)
    change = mine.held.journal.begin(mine.keys.cluster.endpoint.url, ACTION, mine.held.target("asayer-api-key"))
    new = mine.keys.create(mine.request, change.change)
    mine.held.store.put(mine.held.secret_name(new.key.api_key_id), new.key.api_key)
    outcome = carry_out(maker(elastic, tmp_path))
    assert (outcome.action, outcome.api_key_id) == (KeyAction.ADOPT, new.key.api_key_id)
    assert (tmp_path / "saved").read_text() == new.key.api_key_id
    assert open_changes(mine) == 0
    assert carry_out(maker(elastic, tmp_path)).action is KeyAction.KEEP


def test_a_run_that_was_killed_at_its_very_end_is_closed(elastic: LocalElastic, tmp_path: Path) -> None:
    mine = maker(elastic, tmp_path)
    change = mine.held.journal.begin(mine.keys.cluster.endpoint.url, ACTION, mine.held.target("asayer-api-key"))
    new = mine.keys.create(mine.request, change.change)
    mine.held.store.put(mine.held.secret_name(new.key.api_key_id), new.key.api_key)
    mine.save(new.key)
    assert carry_out(maker(elastic, tmp_path)).action is KeyAction.KEEP
    assert open_changes(mine) == 0
    assert list(live_keys(elastic)) == [new.key.api_key_id]


def test_another_machines_key_of_the_same_name_is_never_touched(elastic: LocalElastic, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    theirs = carry_out(maker(elastic, there)).api_key_id
    lost = killed_while_making(elastic, here)
    with pytest.raises(RefusedError):
        maker(elastic, here).plan(replace=False)
    carry_out(maker(elastic, here), replace=True)
    assert theirs in live_keys(elastic)
    assert lost not in live_keys(elastic)


def killed_while_making(elastic: LocalElastic, folder: Path) -> str:
    """Leave what a run leaves that ends between making the key and storing its secret; return the key's id."""
    mine = maker(elastic, folder)
    change = mine.held.journal.begin(mine.keys.cluster.endpoint.url, ACTION, mine.held.target("asayer-api-key"))
    return mine.keys.create(mine.request, change.change).key.api_key_id


def left_by(elastic: LocalElastic, folder: Path, login: tuple[str, str]) -> str:
    """Leave what a run of a user leaves that ends between making the key and storing its secret."""
    mine = maker(elastic, folder, user=login)
    change = mine.held.journal.begin(mine.keys.cluster.endpoint.url, ACTION, mine.held.target("asayer-api-key"))
    return mine.keys.create(mine.request, change.change).key.api_key_id


def test_a_leftover_of_another_user_is_revoked_where_that_is_allowed(elastic: LocalElastic, tmp_path: Path) -> None:
    left = left_by(elastic, tmp_path, user(elastic, "manage_own_api_key"))
    heard = Heard()
    outcome = carry_out(maker(elastic, tmp_path, heard))
    assert any(f"Revoked API key {left}" in line for line in heard.said)
    assert list(live_keys(elastic)) == [outcome.api_key_id]


def test_a_leftover_that_may_be_seen_and_not_revoked_is_not_called_revoked(
    elastic: LocalElastic, tmp_path: Path
) -> None:
    left = left_by(elastic, tmp_path, (elastic.username, elastic.password))
    heard = Heard()
    mine = maker(elastic, tmp_path, heard, user=user(elastic, "manage_own_api_key", "read_security"))
    with pytest.raises(AsayerError, match=f"did not revoke API key {left} of user administrator") as failed:
        carry_out(mine)
    assert (failed.value.code, "manage_api_key" in failed.value.hint) == ("not_revoked", True)
    assert not any("Revoked" in line for line in heard.said)
    assert list(live_keys(elastic)) == [left]
    assert open_changes(mine) == 1


def test_a_user_who_cannot_see_a_leftover_does_not_settle_it(elastic: LocalElastic, tmp_path: Path) -> None:
    left = left_by(elastic, tmp_path, (elastic.username, elastic.password))
    read = {"names": ["*log*"], "privileges": ["read", "view_index_metadata"]}
    weak = maker(elastic, tmp_path, user=user(elastic, "manage_own_api_key", indices=[read]))
    made = carry_out(weak).api_key_id
    assert open_changes(weak) == 1
    carry_out(maker(elastic, tmp_path))
    assert list(live_keys(elastic)) == [made]
    assert left != made
    assert open_changes(weak) == 0


def test_revoking_is_believed_only_when_the_key_is_revoked(elastic: LocalElastic, tmp_path: Path) -> None:
    admins = carry_out(maker(elastic, tmp_path)).api_key_id
    adas = maker(elastic, tmp_path, user=user(elastic, "manage_own_api_key")).keys
    with pytest.raises(AsayerError, match="which this user may not see"):
        adas.revoke(admins)
    mine = maker(elastic, tmp_path).keys
    mine.revoke(admins)
    mine.revoke(admins)
    mine.revoke("nosuchkey")
    assert live_keys(elastic) == {}


@pytest.mark.parametrize(
    "wanted",
    [
        KeyRequest("asayer-api-key", ("*log*",), timedelta(days=30)),
        KeyRequest("asayer-api-key", ("*log*",)),
        KeyRequest("asayer-api-key", ("shop-*",), timedelta(days=90), ("monitor",)),
        KeyRequest("asayer-api-key", ("*log*",), timedelta(days=90), ("monitor",)),
    ],
)
def test_only_a_leftover_that_is_just_what_was_asked_for_is_taken_over(
    elastic: LocalElastic, tmp_path: Path, wanted: KeyRequest
) -> None:
    made_with = KeyRequest("asayer-api-key", ("*log*",), timedelta(days=90), ("monitor",))
    mine = maker(elastic, tmp_path, request=made_with)
    change = mine.held.journal.begin(mine.keys.cluster.endpoint.url, ACTION, mine.held.target("asayer-api-key"))
    left = mine.keys.create(mine.request, change.change).key
    mine.held.store.put(mine.held.secret_name(left.api_key_id), left.api_key)
    outcome = carry_out(maker(elastic, tmp_path, request=wanted))
    assert outcome.action is (KeyAction.ADOPT if wanted == made_with else KeyAction.CREATE)
    assert list(live_keys(elastic)) == [outcome.api_key_id]
    assert (mine.held.key(left.api_key_id) is None) is (wanted != made_with)


def test_a_key_that_another_profile_uses_is_no_leftover(elastic: LocalElastic, tmp_path: Path) -> None:
    mine = maker(elastic, tmp_path)
    change = mine.held.journal.begin(mine.keys.cluster.endpoint.url, ACTION, mine.held.target("asayer-api-key"))
    used = mine.keys.create(mine.request, change.change).key
    mine.save(used)
    other = maker(elastic, tmp_path, profile="other")
    with pytest.raises(RefusedError):
        other.plan(replace=False)
    same_target = other.held.journal.begin(other.keys.cluster.endpoint.url, ACTION, other.held.target("asayer-api-key"))
    stored = other.keys.create(other.request, same_target.change).key
    mine.held.store.put(mine.held.secret_name(stored.api_key_id), stored.api_key)
    assert other.plan(replace=True).revoked == ()
    carry_out(other, replace=True)
    assert {used.api_key_id, stored.api_key_id} < set(live_keys(elastic))


class BrokenTls:
    """Passes everything on to a front, and answers the making of a key with what is no TLS."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        answered = pass_on(self._url, environ, start_response)
        if (environ["REQUEST_METHOD"], environ["PATH_INFO"]) != ("PUT", "/_security/api_key"):
            return answered
        with socket.socket(fileno=environ["werkzeug.socket"].detach()) as bare:
            bare.sendall(b"HTTP/1.1 502 in the middle of a TLS stream\r\n\r\n")
        raise ConnectionAbortedError


def test_tls_that_breaks_after_the_request_leaves_no_key(elastic: LocalElastic, tmp_path: Path) -> None:
    authority, heard = trustme.CA(), Heard()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with serving(BrokenTls(elastic.url), context) as port:
        mine = maker(elastic, tmp_path, heard, url=f"https://127.0.0.1:{port}", ca_cert=str(tmp_path / "ca.pem"))
        with pytest.raises(UnreachableError, match="not TLS"):
            carry_out(mine)
    assert live_keys(elastic) == {}
    assert "revoked again" in heard.warned[-1]
    assert open_changes(mine) == 0


def test_a_journal_that_fails_at_the_end_is_a_warning(elastic: LocalElastic, tmp_path: Path) -> None:
    heard = Heard()
    mine = maker(elastic, tmp_path, heard)
    journal = tmp_path / "journal.jsonl"

    def save(key: ElasticKey) -> None:
        mine.save(key)
        journal.rename(tmp_path / "kept.jsonl")
        journal.mkdir()

    outcome = carry_out(replace(mine, save=save))
    assert outcome.done
    assert list(live_keys(elastic)) == [outcome.api_key_id]
    assert outcome.api_key_id in heard.warned[-1]
    assert "made, proved and saved" in heard.warned[-1]
    journal.rmdir()
    (tmp_path / "kept.jsonl").rename(journal)
    assert carry_out(maker(elastic, tmp_path)).action is KeyAction.KEEP
    assert open_changes(mine) == 0


def test_a_journal_that_fails_in_the_cleaning_up_hides_no_cause(elastic: LocalElastic, tmp_path: Path) -> None:
    heard, journal = Heard(), tmp_path / "journal.jsonl"

    def save(_key: ElasticKey) -> None:
        journal.unlink()
        journal.mkdir()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out(maker(elastic, tmp_path, heard, save=save))
    assert live_keys(elastic) == {}
    assert "made and revoked again. Its trace here is not cleared: The journal" in heard.warned[-1]
