"""`aws status`: both sides, what is wrong between them, and the command that mends it; nothing is changed."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from asayer_cli.sandbox.faults import Fault
from tests.aws.conftest import GROUP
from tests.aws.life import NO_CREDENTIALS, assert_no_secret, error_of, secrets_of
from tests.aws.test_setup_interrupted import journal_line
from tests.terminal import screen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from asayer_cli.sandbox.control import Control
    from tests.aws.conftest import Account, Program
    from tests.conftest import Run

    Status = Callable[..., Run]


COLUMNS = 80


@pytest.fixture
def status(program: Program, account: Account, aws: Control) -> Status:
    """Run `aws status` for this test's user, with JSON; it must not change anything."""

    def run(*arguments: str, env: dict[str, str | None] | None = None) -> Run:
        aws.forget_requests()
        ended = program("aws", "status", "--user-name", account.user, "-o", "json", *arguments, env=env)
        assert "Traceback" not in ended.err
        done = {call["operation"] for call in aws.requests() if call["status"] == 200}
        assert not [name for name in done if not name.startswith(("Get", "List", "Describe", "Filter"))]
        return ended

    return run


def abilities(run: Run) -> dict[str, str]:
    return {one["what"]: one["answer"] for one in run.data["abilities"]}


def test_nothing_is_no_failure(status: Status, program: Program, account: Account) -> None:
    run = status()
    assert (run.code, run.data["verdict"], run.data["user"]) == (0, "nothing", None)
    assert run.data["next_steps"] == ["asayer-cli aws setup"]
    text = program("aws", "status", "--user-name", account.user)
    assert text.code == 0
    assert "There is nothing yet" in text.out
    assert "Next:\n  asayer-cli aws setup\n" in text.out


def test_all_is_well(
    setup: Program, status: Status, program: Program, account: Account, environ: dict[str, str]
) -> None:
    key_id = setup().data["access_key_id"]
    run = status("--debug")
    assert (run.code, run.data["verdict"]) == (0, "ready"), run.out
    user = run.data["user"]
    assert (user["managed"], user["path"], user["boundary"]) == (True, "/", "")
    (policy,) = user["policies"]
    assert (policy["kind"], policy["ours"]) == ("attached", True)
    (key,) = run.data["keys"]
    assert (key["id"], key["state"], key["place"]) == (key_id, "active", "in_use")
    assert key["last_used_service"] == "logs"
    assert abilities(run) == {
        "be_accepted": "yes",
        "list_log_groups": "yes",
        "read_log_group": "yes",
        "write_log_events": "no",
    }
    text = program("aws", "status", "--user-name", account.user)
    for words in ("All is well", "managed by asayer-cli", f"it may read {GROUP}", "it may not write log events"):
        assert words in text.out
    assert_no_secret((run, text), environ, secrets_of(environ).values())
    elsewhere = status("--profile", "other")
    assert (elsewhere.code, elsewhere.data["verdict"]) == (0, "not_here")
    assert elsewhere.data["keys"][0]["place"] == "other_profile"
    assert elsewhere.data["keys"][0]["profiles"] == ["default"]


def test_who_has_which_key_and_what_is_more_than_needed(
    setup: Program, status: Status, program: Program, account: Account, journal_file: Path
) -> None:
    old = setup("--scope", "log-groups").data["access_key_id"]
    new = program("aws", "rotate-key", "--yes", "-o", "json").data["access_key_id"]
    account.iam.attach_user_policy(UserName=account.user, PolicyArn="arn:aws:iam::aws:policy/CloudWatchLogsFullAccess")
    run = status()
    assert [(key["id"], key["place"]) for key in run.data["keys"]] == [(old, "kept"), (new, "in_use")]
    policies = {policy["kind"]: policy for policy in run.data["user"]["policies"]}
    assert (policies["inline"]["ours"], policies["inline"]["grants"]) == (True, f"reads {GROUP}")
    assert not policies["attached"]["ours"]
    error = error_of(run)
    assert (run.code, error["code"]) == (1, "may_write")
    account.iam.delete_access_key(UserName=account.user, AccessKeyId=old)
    strange = account.make_key()[0]
    with journal_file.open("a") as journal:
        journal.write(journal_line(account.user, new))
    told = status()
    places = {key["id"]: (key["state"], key["place"], key["leftover"]) for key in told.data["keys"]}
    assert places[strange] == ("active", "nobody", "perhaps")
    assert places[old] == ("gone", "kept", "no")
    (change,) = told.data["open_changes"]
    assert f"{strange} may be what it made, and its secret is lost" in change["sentence"]


def test_a_broken_side_is_told_with_its_remedy(
    setup: Program, status: Status, account: Account, environ: dict[str, str], secrets_file: Path
) -> None:
    key_id = setup().data["access_key_id"]
    kept = secrets_file.read_text()
    secrets_file.write_text(json.dumps({f"default/aws/{key_id}": "wrong-secret-wrong-secret-wrong-secret-12"}))
    wrong = status()
    assert (wrong.code, error_of(wrong)["code"]) == (1, "cannot_be_accepted")
    assert "wrong-secret-wrong" not in wrong.out + wrong.err
    secrets_file.unlink()
    missing = status()
    assert (missing.code, error_of(missing)["code"]) == (1, "secret_missing")
    assert missing.data["keys"][0]["place"] == "secret_missing"
    secrets_file.write_text(kept)
    secrets_file.chmod(0o600)
    account.iam.update_access_key(UserName=account.user, AccessKeyId=key_id, Status="Inactive")
    inactive = status()
    assert (inactive.code, error_of(inactive)["code"]) == (1, "key_inactive")
    assert "--status Active" in error_of(inactive)["hint"]
    account.iam.delete_access_key(UserName=account.user, AccessKeyId=key_id)
    gone = status()
    assert (gone.code, error_of(gone)["code"]) == (1, "key_gone")
    assert error_of(gone)["hint"].endswith("asayer-cli aws rotate-key.")
    account.iam.detach_user_policy(UserName=account.user, PolicyArn=account.attached()[0])
    account.iam.delete_user(UserName=account.user)
    nobody = status()
    assert (nobody.code, error_of(nobody)["code"], nobody.data["verdict"]) == (1, "user_missing", "broken")
    assert "asayer-cli aws setup" in error_of(nobody)["hint"]
    assert secrets_of(environ), "nothing is forgotten by looking"


def test_a_caller_who_may_not_look_gets_the_statement_to_ask_for(
    setup: Program, status: Status, account: Account, aws: Control
) -> None:
    setup()
    aws.order(Fault("iam", "GetUser", "denied", times=99))
    run = status()
    error = error_of(run)
    assert (run.code, error["code"], run.data["verdict"]) == (4, "permission_denied", "unclear")
    statement = json.loads(error["hint"][error["hint"].index("{") :])
    assert "iam:ListAccessKeys" in statement["Action"]
    assert not [action for action in statement["Action"] if not action.startswith(("iam:Get", "iam:List"))]
    assert abilities(run)["read_log_group"] == "yes"
    assert run.data["keys"][0]["state"] == "unknown"


def test_the_collectors_key_alone_can_tell(setup: Program, status: Status, program: Program) -> None:
    setup()
    run = status(env=NO_CREDENTIALS)
    assert (run.code, run.data["verdict"], run.data["caller"]) == (0, "unclear", None)
    assert abilities(run)["write_log_events"] == "no"
    assert "no AWS credentials of yours" in run.json["messages"][0]["text"]
    nobody = program("aws", "status", "-o", "json", "--profile", "empty", env=NO_CREDENTIALS)
    assert (nobody.code, error_of(nobody)["code"]) == (3, "no_credentials")


def test_refusals_become_sentences(setup: Program, status: Status, aws: Control, program: Program) -> None:
    setup()
    aws.order(Fault("logs", "FilterLogEvents", "denied"), Fault("logs", "DescribeLogGroups", "error_500", times=9))
    run = status()
    sentences = {one["what"]: one["sentence"] for one in run.data["abilities"]}
    assert (run.code, error_of(run)["code"]) == (1, "cannot_read_log_group")
    assert "and the collector needs that" in sentences["read_log_group"]
    assert "could not be asked" in sentences["list_log_groups"]
    program("config", "set", "aws.log_groups", "/no/such/group")
    aws.order()
    assert "there is no such log group" in error_of(status())["message"]
    program("config", "set", "aws.account", "999999999999")
    other = status()
    assert "other_account" in [error["code"] for error in other.json["errors"]]


def test_a_secret_store_that_does_not_work_is_told_beside_the_rest(setup: Program, status: Status) -> None:
    setup()
    run = status("--secret-store", "keyring")
    assert run.code == 3
    assert "secret_store_unavailable" in [error["code"] for error in run.json["errors"]]
    assert run.data["user"]["managed"]


def test_what_an_unreadable_store_has_is_not_called_missing(
    setup: Program, status: Status, program: Program, account: Account, secrets_file: Path
) -> None:
    setup()
    account.iam.create_access_key(UserName=account.user)
    secrets_file.write_text("{")
    run = status()
    assert [error["code"] for error in run.json["errors"]] == ["secret_store_broken"]
    assert {key["place"] for key in run.data["keys"]} == {"unknown"}
    assert run.data["machine"]["secret_store"] == f"the file {secrets_file}"
    assert "--delete-key" not in run.out
    alone = program("aws", "status", "-o", "json", env=NO_CREDENTIALS)
    assert error_of(alone)["code"] == "secret_store_broken"
    text = program("aws", "status", "--user-name", account.user)
    assert "MISSING" not in text.out
    assert "nobody here has it" not in text.out


def test_the_next_command_is_one_that_works(setup: Program, status: Status, account: Account, program: Program) -> None:
    key_id = setup().data["access_key_id"]
    other = ("--profile", "other")
    assert status(*other).data["next_steps"][0].startswith("asayer-cli aws setup --profile other")
    assert program("integrations", "remove", "--yes").code == 0
    (add,) = status().data["next_steps"]
    assert add == f"asayer-cli aws setup --add-key  # a second key; {key_id} stays valid"
    second = setup("--add-key").data["access_key_id"]
    assert program("integrations", "remove", "--yes").code == 0
    ends = status().data["next_steps"]
    assert [step.split("  # ")[0] for step in ends] == [
        f"asayer-cli aws setup --delete-key {each}" for each in sorted((key_id, second), key=[key_id, second].index)
    ]
    account.iam.untag_user(UserName=account.user, TagKeys=["managed-by"])
    assert "setup --adopt " in status().data["next_steps"][0]


def test_what_is_beside_the_key_in_use_gets_its_next_command(
    setup: Program, status: Status, account: Account, program: Program
) -> None:
    old = setup().data["access_key_id"]
    assert program("aws", "rotate-key", "--yes").code == 0
    assert status().data["next_steps"][1].startswith("asayer-cli aws rotate-key --revoke-old  # ")
    account.iam.update_access_key(UserName=account.user, AccessKeyId=old, Status="Inactive")
    assert status().data["next_steps"][1].startswith("asayer-cli aws rotate-key --revoke-old --delete  # ")
    account.iam.untag_user(UserName=account.user, TagKeys=["managed-by"])
    assert "setup --adopt " in status().data["next_steps"][1]


def test_what_could_not_be_asked_has_no_tick(setup: Program, program: Program, account: Account) -> None:
    setup()
    run = program("aws", "status", "--user-name", account.user, env={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert run.code == 5
    assert "  ? whose key it is could not be asked" in run.out


def test_the_screen_keeps_to_its_width(setup: Program, account: Account, environ: dict[str, str]) -> None:
    key_id = setup().data["access_key_id"]
    code, text = screen("aws", "status", "--user-name", account.user, environ=environ)
    assert code == 0, text
    assert key_id in text
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "\n")
    assert max(map(len, shown.splitlines())) <= COLUMNS
