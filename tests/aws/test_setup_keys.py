"""Access keys: made once, never lost, never deleted unless named, and undone when anything goes wrong."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from asayer_cli.sandbox.faults import Fault

if TYPE_CHECKING:
    from asayer_cli.sandbox.control import Control
    from tests.aws.conftest import Account, Program


def warnings(run: object) -> str:
    return " ".join(message["text"] for message in run.json["messages"])  # type: ignore[attr-defined]


def secrets_in(path: Path) -> list[str]:
    return list(json.loads(path.read_text())) if path.exists() else []


def test_a_key_whose_secret_is_elsewhere_is_explained(setup: Program, account: Account, secrets_file: Path) -> None:
    key_id = setup().data["access_key_id"]
    secrets_file.unlink()
    run = setup()
    assert run.code == 1
    error = run.json["errors"][0]
    assert error["code"] == "key_secret_elsewhere"
    assert key_id in error["message"]
    assert "last used" in error["message"]
    assert "--add-key" in error["hint"]
    assert f"--delete-key {key_id}" in error["hint"]
    assert account.key_ids() == [key_id]


def test_add_key_makes_a_second_one_and_keeps_the_first(setup: Program, account: Account, secrets_file: Path) -> None:
    first = setup().data["access_key_id"]
    secrets_file.unlink()
    run = setup("--add-key")
    assert run.code == 0, run.err
    assert sorted(account.key_ids()) == sorted([first, run.data["access_key_id"]])
    again = setup("--add-key", ask=())
    assert (again.code, again.data["plan"]) == (0, [])


def test_two_keys_of_others_are_explained(setup: Program, account: Account) -> None:
    keys = [account.make_user()[0], account.make_key()[0]]
    run = setup("--adopt")
    assert run.code == 1
    error = run.json["errors"][0]
    assert error["code"] == "two_keys"
    for key_id in keys:
        assert f"{key_id}, " in error["message"]
        assert f"--delete-key {key_id}" in error["hint"]
    assert "never used" in error["message"]
    assert sorted(account.key_ids()) == sorted(keys)


def test_a_named_key_makes_room(setup: Program, account: Account) -> None:
    keys = [account.make_user()[0], account.make_key()[0]]
    run = setup("--adopt", "--delete-key", keys[0], "--add-key")
    assert run.code == 0, run.err
    kinds = [step["kind"] for step in run.data["plan"]]
    assert kinds.index("delete_key") < kinds.index("create_key")
    assert run.data["plan"][kinds.index("delete_key")]["key"]["id"] == keys[0]
    assert sorted(account.key_ids()) == sorted([keys[1], run.data["access_key_id"]])


def test_a_named_key_goes_last_where_there_is_room(setup: Program, account: Account, secrets_file: Path) -> None:
    first = setup().data["access_key_id"]
    run = setup("--delete-key", first)
    assert run.code == 0, run.err
    assert [step["kind"] for step in run.data["plan"]] == ["create_key", "save_settings", "delete_key"]
    assert account.key_ids() == [run.data["access_key_id"]]
    assert secrets_in(secrets_file) == [f"default/aws/{run.data['access_key_id']}"]


def test_a_named_key_that_is_not_there_is_told(setup: Program) -> None:
    setup()
    run = setup("--delete-key", "AKIAIOSFODNN7EXAMPLE")
    assert (run.code, run.data["plan"]) == (0, [])
    assert "no access key AKIAIOSFODNN7EXAMPLE" in warnings(run)


def test_what_is_printed_for_two_foreign_keys_works(setup: Program, program: Program, account: Account) -> None:
    keys = [account.make_user()[0], account.make_key()[0]]
    printed = setup("--adopt", "--profile", "p").json["errors"][0]["hint"].partition("place: ")[2]
    words = printed.removesuffix(".").split(" or ")[0].split()
    assert words[:3] == ["asayer-cli", "aws", "setup"]
    run = program(*words[1:], "--yes", "-o", "json")
    assert run.code == 0, run.out
    assert run.data["profile"] == "p"
    assert sorted(account.key_ids()) == sorted([keys[1], run.data["access_key_id"]])


def test_the_same_again_works_when_the_named_key_is_gone(setup: Program, account: Account, aws: Control) -> None:
    keys = [account.make_user()[0], account.make_key()[0]]
    both = ("--adopt", "--delete-key", keys[0], "--delete-key", keys[1])
    aws.order(Fault("iam", "CreateAccessKey", "denied"))
    assert setup(*both).code == 4
    assert len(account.key_ids()) == 1
    run = setup(*both)
    assert run.code == 0, run.err
    assert account.key_ids() == [run.data["access_key_id"]]


def test_a_key_of_another_profile_is_named_as_such(setup: Program, account: Account) -> None:
    setup("--profile", "other")
    error = setup().json["errors"][0]
    assert "in use by profile other" in error["message"]
    assert f"--user-name {account.user}" in error["hint"]
    assert "(ends profile other)" in error["hint"]


def test_an_inactive_key_is_explained(setup: Program, account: Account) -> None:
    key_id = setup().data["access_key_id"]
    account.iam.update_access_key(UserName=account.user, AccessKeyId=key_id, Status="Inactive")
    run = setup()
    assert (run.code, run.json["errors"][0]["code"]) == (1, "key_inactive")
    assert "(inactive)" in run.json["errors"][0]["message"]


def test_a_secret_from_the_environment_counts(setup: Program, account: Account) -> None:
    key_id, secret = account.make_user()
    run = setup("--adopt", env={"ASAYER_AWS_ACCESS_KEY_ID": key_id, "ASAYER_AWS_SECRET_ACCESS_KEY": secret})
    assert run.code == 0, run.err
    assert run.data["access_key_id"] == key_id
    assert account.key_ids() == [key_id]


def test_a_stored_secret_that_is_wrong_is_told_from_a_new_key(
    setup: Program, account: Account, secrets_file: Path
) -> None:
    key_id = setup().data["access_key_id"]
    secrets_file.write_text(json.dumps({f"default/aws/{key_id}": "wrong-secret-wrong-secret-wrong-secret-12"}))
    run = setup()
    assert run.code == 4
    assert "does not accept it with the secret" in run.json["errors"][0]["message"]
    assert f"--delete-key {key_id}" in run.json["errors"][0]["hint"]
    assert account.key_ids() == [key_id]


def test_a_wrong_secret_in_the_environment_is_told_as_such(setup: Program, account: Account) -> None:
    key_id = setup().data["access_key_id"]
    run = setup(env={"ASAYER_AWS_SECRET_ACCESS_KEY": "wrong-secret-wrong-secret-wrong-secret-12"})
    error = run.json["errors"][0]
    assert (run.code, error["code"]) == (4, "wrong_secret")
    assert "the variable ASAYER_AWS_SECRET_ACCESS_KEY" in error["message"]
    assert error["hint"].startswith("Correct ASAYER_AWS_SECRET_ACCESS_KEY, or unset it.")
    assert account.key_ids() == [key_id]


def test_waits_for_a_key_that_services_learn_one_after_the_other(setup: Program, aws: Control) -> None:
    aws.change(key_delay_s={"sts": 1, "logs": 2})
    begun = time.monotonic()
    run = setup()
    assert run.code == 0, run.err
    assert time.monotonic() - begun >= 1


def test_waits_for_a_policy_that_comes_later_than_the_key(setup: Program, aws: Control) -> None:
    aws.change(policy_delay_s=2)
    assert setup().code == 0


def test_a_key_that_never_works_is_deleted_at_the_deadline(
    setup: Program, account: Account, aws: Control, secrets_file: Path, config_file: Path
) -> None:
    aws.change(key_delay_s=600)
    run = setup("--wait-for-key", "1s")
    assert run.code == 6
    assert run.json["errors"][0]["code"] == "key_not_accepted"
    assert "was deleted again" in warnings(run)
    assert "create the IAM user" in warnings(run)
    assert account.exists()
    assert account.key_ids() == []
    assert secrets_in(secrets_file) == []
    assert "access_key_id" not in config_file.read_text()


def test_a_right_that_never_comes_is_named(setup: Program, account: Account, aws: Control) -> None:
    aws.change(policy_delay_s=600)
    run = setup("--wait-for-key", "1s")
    assert run.code == 4
    assert "logs:DescribeLogGroups" in run.json["errors"][0]["message"]
    assert account.key_ids() == []


def test_when_deleting_fails_too_the_key_and_the_command_are_named(
    setup: Program, account: Account, aws: Control
) -> None:
    aws.change(key_delay_s=600)
    aws.order(Fault("iam", "DeleteAccessKey", "denied"))
    run = setup("--wait-for-key", "1s")
    (key_id,) = account.key_ids()
    assert f"aws iam delete-access-key --user-name {account.user} --access-key-id {key_id}" in warnings(run)


def test_an_unwritable_secret_store_stops_everything_before_it_begins(
    setup: Program, account: Account, aws: Control
) -> None:
    for store in ("environment", "keyring"):
        run = setup("--secret-store", store)
        assert run.code == 3
        assert run.json["errors"][0]["hint"]
    assert not account.exists()


def test_unwritable_settings_stop_everything_before_it_begins(setup: Program, account: Account, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = setup(env={"ASAYER_CONFIG_DIR": str(tmp_path / "file")})
    assert run.code == 3, run.err
    assert not account.exists()


def test_an_unwritable_journal_stops_everything_before_it_begins(
    setup: Program, account: Account, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    run = setup(env={"ASAYER_STATE_DIR": str(tmp_path / "file")})
    assert (run.code, run.json["errors"][0]["code"]) == (3, "lock_unwritable")
    assert not account.exists()


def test_a_chosen_store_is_remembered(setup: Program, config_file: Path) -> None:
    setup("--secret-store", "file", env={"ASAYER_SECRET_STORE": None})
    assert 'secret_store = "file"' in config_file.read_text()


def test_a_store_that_would_lose_the_other_integrations_secret_is_refused(
    setup: Program, program: Program, account: Account
) -> None:
    unset: dict[str, str | None] = {"ASAYER_SECRET_STORE": None}
    program("config", "set", "elastic.api_key_id", "kept-elsewhere")
    run = setup("--secret-store", "file", env=unset)
    assert (run.code, run.json["errors"][0]["code"]) == (3, "secret_store_differs")
    assert "kept-elsewhere" in run.json["errors"][0]["message"]
    assert not account.exists()


def test_the_key_of_before_is_told_while_it_is_valid(setup: Program, account: Account) -> None:
    old = setup().data["access_key_id"]
    other = setup(user=f"{account.user}-2")
    assert f"{old} of the user {account.user}, is still valid" in warnings(other)
    back = setup("--delete-key", old)
    assert f"aws iam delete-access-key --user-name {account.user}-2" in warnings(back)


def test_when_the_last_deletion_fails_the_new_key_is_told(setup: Program, account: Account, aws: Control) -> None:
    old = setup().data["access_key_id"]
    aws.order(Fault("iam", "DeleteAccessKey", "denied"))
    run = setup("--delete-key", old)
    assert run.code == 4
    (new,) = set(account.key_ids()) - {old}
    assert f"make, prove and save the access key {new}" in warnings(run)


def test_no_secret_reaches_any_output_or_file(setup: Program, account: Account, environ: dict[str, str]) -> None:
    runs = [setup("--debug"), setup("--debug", ask=()), setup("--debug", "--delete-key", account.key_ids()[0])]
    folder = Path(environ["ASAYER_CONFIG_DIR"])
    secrets = list(json.loads((folder / "secrets.json").read_text()).values())
    assert secrets
    secrets += [environ["AWS_SECRET_ACCESS_KEY"]]
    files = [path for path in folder.parent.rglob("*") if path.is_file() and path.name != "secrets.json"]
    texts = [run.out + run.err for run in runs] + [path.read_text() for path in files]
    for secret in secrets:
        assert not any(secret in text for text in texts)
    assert "iam CreateAccessKey" in runs[0].err
