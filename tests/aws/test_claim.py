"""Two runs of two machines that make a key of one user at the same moment, in the worst orders of their requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli.aws.access import UserAccess
from asayer_cli.aws.identity import who_am_i
from asayer_cli.aws.known_secrets import KnownSecrets
from asayer_cli.aws.new_key import NewKey
from asayer_cli.aws.session import caller_session
from asayer_cli.errors import RefusedError
from asayer_cli.journal import Journal
from asayer_cli.known_secrets import key_holders
from asayer_cli.reporting import Silent
from asayer_cli.secret_store import FileStore
from tests.aws.conftest import REGION

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from asayer_cli.integrations import AwsKey
    from asayer_cli.sandbox.control import Control
    from tests.aws.conftest import Account

    Machine = Callable[[str], "Making"]

PUT_CLAIM, CREATE = 1, 2


class OfWholeSeconds(UserAccess):
    """IAM tells when a key was made in whole seconds; the local one more finely."""

    def key_dates(self) -> tuple[dict[str, datetime], datetime]:
        dates, at = super().key_dates()
        return {key_id: made_at.replace(microsecond=0) for key_id, made_at in dates.items()}, at


class Making:
    """One machine, about to make a key; `meanwhile` happens right before a request of its."""

    def __init__(self, access: UserAccess, account: str, home: Path, journal: Path) -> None:
        holders = key_holders("aws", home, "default", store := FileStore(home / "secrets.json"))
        self.secrets = KnownSecrets("default", holders, "", store, {})
        self.new_key = NewKey(access, account, self.secrets, Journal(journal), Silent())
        self._meanwhile: dict[int, Callable[[], Any]] = {}
        self._requests = 0

    def meanwhile(self, request: int, happening: Callable[[], Any]) -> Making:
        self._meanwhile[request] = happening
        return self

    def make(self, known: set[str] | None = None) -> AwsKey:
        with self.new_key.undone_on_failure():
            return self.new_key.make(known or set(), self._settled)

    def _settled(self, call: Callable[[], Any]) -> Any:
        self._requests += 1
        self._meanwhile.get(self._requests, lambda: None)()
        return call()


@pytest.fixture
def machine(environ: dict[str, str], account: Account, tmp_path: Path) -> Machine:
    """Make a machine by its name; those whose names begin with one letter have one journal."""
    account.iam.create_user(UserName=account.user)
    session = caller_session()
    identity = who_am_i(session, REGION)

    def made(name: str) -> Making:
        home = tmp_path / name
        home.mkdir()
        access = OfWholeSeconds(session, identity, account.user)
        return Making(access, identity.account, home, tmp_path / f"{name[0]}.jsonl")

    return made


def test_a_key_made_before_the_claim_is_seen(machine: Machine, account: Account, aws: Control) -> None:
    one, other = machine("a"), machine("b")
    with pytest.raises(RefusedError, match="has just been made by another run"):
        one.meanwhile(PUT_CLAIM, other.make).make()
    assert account.key_ids() == [key for key in account.key_ids() if other.secrets.get(key)]
    assert len(account.key_ids()) == 1
    assert sum(call["operation"] == "CreateAccessKey" for call in aws.requests()) == 1
    assert "asayer-cli-run" not in account.tags()


@pytest.mark.parametrize("attempt", range(6))
def test_of_two_keys_of_one_second_the_later_goes(machine: Machine, account: Account, attempt: int) -> None:
    """Ids are random, so that the order of ids must not decide: the one that looked first has kept its key."""
    one, other = machine("a1"), machine("a2")
    with pytest.raises(RefusedError, match="at the same moment"):
        one.meanwhile(CREATE, other.make).make()
    (left,) = account.key_ids()
    assert other.secrets.get(left)
    assert one.secrets.store.names() == ()


def test_the_one_that_steps_back_leaves_the_claim_of_the_other(machine: Machine, account: Account) -> None:
    claims = {"asayer-cli-run": "2026-11-22T05:00:00Z/of-another-run"}

    def claimed_by_another() -> None:
        account.iam.create_access_key(UserName=account.user)
        account.iam.tag_user(UserName=account.user, Tags=[{"Key": k, "Value": v} for k, v in claims.items()])

    with pytest.raises(RefusedError, match="at the same moment"):
        machine("a").meanwhile(CREATE, claimed_by_another).make()
    assert len(account.key_ids()) == 1
    assert account.tags() == claims
