"""Interrupts and broken connections while a key is made: none is left behind, and none of others is deleted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from asayer_cli.entries import rfc3339
from asayer_cli.sandbox.control import Control
from asayer_cli.sandbox.faults import Fault
from tests.aws.conftest import GROUP, REGION, Account, Program
from tests.aws.test_setup_keys import secrets_in, warnings

if TYPE_CHECKING:
    from pathlib import Path


def creations(aws: Control) -> int:
    return sum(call["operation"] == "CreateAccessKey" for call in aws.requests())


def test_a_cut_after_the_key_was_made_leaves_no_key(setup: Program, account: Account, aws: Control) -> None:
    aws.order(Fault("iam", "CreateAccessKey", "cut_after"))
    run = setup()
    assert run.code == 5
    assert run.json["errors"][0]["code"] == "outcome_unknown"
    assert creations(aws) == 1
    assert account.key_ids() == []
    assert "whose secret never arrived, was deleted again" in warnings(run)
    assert setup().code == 0


def test_a_cut_before_the_key_was_made_tells_so(setup: Program, account: Account, aws: Control) -> None:
    aws.order(Fault("iam", "CreateAccessKey", "cut_before"))
    run = setup()
    assert (run.code, run.json["errors"][0]["code"]) == (5, "outcome_unknown")
    assert creations(aws) == 1
    assert account.key_ids() == []
    assert setup().code == 0


def test_a_throttled_creation_is_tried_again(setup: Program, account: Account, aws: Control) -> None:
    aws.order(Fault("iam", "CreateAccessKey", "throttle"))
    run = setup()
    assert (run.code, creations(aws)) == (0, 2), run.err
    assert account.key_ids() == [run.data["access_key_id"]]


def test_what_fails_before_the_request_is_sent_is_no_unknown_outcome(
    setup: Program, account: Account, aws: Control
) -> None:
    looks_before = 2
    aws.order(Fault("iam", "ListAccessKeys", "cut_before", times=20, after=looks_before))
    run = setup()
    assert (run.code, run.json["errors"][0]["code"]) == (5, "connection_closed")
    assert creations(aws) == 0
    assert "asayer-cli-run" not in account.tags()


@pytest.mark.parametrize(("kind", "code"), [("denied", 4), ("error_500", 5)])
def test_a_refused_creation_is_not_repeated(
    setup: Program, account: Account, aws: Control, kind: str, code: int
) -> None:
    aws.order(Fault("iam", "CreateAccessKey", kind))  # type: ignore[arg-type]
    run = setup()
    assert run.code == code
    assert creations(aws) == 1
    assert account.key_ids() == []


def journal_line(user: str, *before: str) -> str:
    record = {
        "change": "c1",
        "time": rfc3339(datetime.now(UTC)),
        "state": "begun",
        "account": "123456789012",
        "action": "iam:CreateAccessKey",
        "target": f"user/{user}",
        "before": list(before),
        "made": "",
        "outcome": "",
    }
    return json.dumps(record) + "\n"


def test_a_key_since_an_interrupted_run_is_shown_and_never_deleted_unasked(setup: Program, account: Account) -> None:
    colleagues = interrupted_before_a_colleague(setup, account)
    run = setup()
    error = run.json["errors"][0]
    assert (run.code, error["code"]) == (1, "key_secret_elsewhere")
    assert f"{colleagues}, " in error["message"]
    assert "perhaps left over from an interrupted run" in error["message"]
    assert account.key_ids() == [colleagues]
    named = setup("--delete-key", colleagues)
    assert named.code == 0, named.err
    assert account.key_ids() == [named.data["access_key_id"]]


def interrupted_before_a_colleague(setup: Program, account: Account) -> str:
    Control(account.addresses.aws_endpoint_url, account.addresses.control_token).order(
        Fault("iam", "CreateAccessKey", "cut_before")
    )
    assert setup().json["errors"][0]["code"] == "outcome_unknown"
    return account.make_key()[0]


def test_a_key_made_by_somebody_else_in_the_same_run_stays(setup: Program, account: Account, aws: Control) -> None:
    account.iam.create_user(UserName=account.user, Tags=[{"Key": "managed-by", "Value": "asayer-cli"}])
    aws.order(Fault("iam", "CreateAccessKey", "cut_before", seconds=5))
    colleague = threading.Timer(4.5, account.make_key)
    colleague.start()
    run = setup()
    colleague.join()
    (kept,) = account.key_ids()
    error = run.json["errors"][0]
    assert error["code"] == "outcome_unknown"
    assert f"{kept} is new since then, and left as it is" in error["message"]


def test_what_was_there_before_or_is_in_use_is_never_a_leftover(
    setup: Program, account: Account, journal_file: Path
) -> None:
    before, _ = account.make_user()
    account.iam.tag_user(UserName=account.user, Tags=[{"Key": "managed-by", "Value": "asayer-cli"}])
    used = account.make_key()
    account.client("sts", key=used).get_caller_identity()
    journal_file.parent.mkdir()
    journal_file.write_text(journal_line(account.user, before))
    run = setup()
    assert (run.code, run.json["errors"][0]["code"]) == (1, "two_keys")
    assert len(account.key_ids()) == 2


def test_a_key_that_another_profile_holds_is_no_leftover(setup: Program, account: Account, journal_file: Path) -> None:
    first = setup("--profile", "other").data["access_key_id"]
    journal_file.write_text(journal_line(account.user))
    plan = setup("--dry-run", "--add-key", ask=()).data["plan"]
    assert [step["kind"] for step in plan] == ["create_key", "save_settings"]
    assert account.key_ids() == [first]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_waiting_deletes_the_key(
    account: Account, aws: Control, environ: dict[str, str], secrets_file: Path, number: int
) -> None:
    aws.change(key_delay_s=600)
    where = ["--region", REGION, "--log-group", GROUP, "--user-name", account.user, "--yes", "-o", "json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "asayer_cli", "aws", "setup", *where],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 30
    while not any(call["principal"] == account.user for call in aws.requests()):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    envelope = json.loads(out)
    assert envelope["errors"][0]["code"] == "interrupted"
    assert any("was deleted again" in message["text"] for message in envelope["messages"])
    assert account.key_ids() == []
    assert secrets_in(secrets_file) == []


def test_a_key_that_could_not_be_looked_for_is_deleted_by_the_next_run(
    setup: Program, account: Account, aws: Control
) -> None:
    looks_before = 3
    aws.order(
        Fault("iam", "CreateAccessKey", "cut_after"),
        Fault("iam", "ListAccessKeys", "denied", times=9, after=looks_before),
    )
    run = setup()
    assert (run.code, run.json["errors"][0]["code"]) == (5, "outcome_unknown")
    assert "cannot be asked now" in run.json["errors"][0]["message"]
    aws.order()
    (leftover,) = account.key_ids()
    again = setup()
    assert again.code == 0, again.err
    first, *_ = again.data["plan"]
    assert (first["kind"], first["target"]) == ("create_key", account.user)
    assert any("which an interrupted run made, and nobody has" in step["text"] for step in again.data["plan"])
    assert leftover not in account.key_ids()
    assert account.key_ids() == [again.data["access_key_id"]]
    assert "asayer-cli-run" not in account.tags()


def test_a_key_that_aws_made_after_our_patience_is_deleted_by_the_next_run(
    setup: Program, account: Account, aws: Control
) -> None:
    aws.order(Fault("iam", "CreateAccessKey", "slow", seconds=10))
    run = setup(env={"ASAYER_TIMEOUT": "300ms"})
    assert (run.code, run.json["errors"][0]["code"]) == (5, "outcome_unknown")
    aws.order()
    deadline = time.monotonic() + 30
    while not (late := account.key_ids()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    again = setup()
    assert again.code == 0, again.err
    assert account.key_ids() == [again.data["access_key_id"]]
    assert late != account.key_ids()
    assert "asayer-cli-run" not in account.tags()
