from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asayer_cli.integrations_view import CLOUDWATCH, ELASTICSEARCH
from asayer_cli.journal import Journal
from asayer_cli.secret import Secret
from asayer_cli.settings_file import update
from tests.cli.conftest import AWS, AWS_SECRET, ELASTIC, ELASTIC_SECRET
from tests.terminal import finish, start

if TYPE_CHECKING:
    from tests.cli.conftest import Machine
    from tests.conftest import Cli

KEYRINGS = Path(__file__).parents[1] / "core" / "keyrings"
ALIVE_AWS = "access key AKIA1 of IAM user asayer_cw in account 123456789012"
ALIVE_ELASTIC = "API key key-1 in https://elastic.example.com:9243"


def fields(text: str) -> list[list[str]]:
    return [line.split("  ") for line in text.splitlines() if line.startswith("  ")]


def test_show_has_the_fields_of_the_product_in_its_order(bare: Cli, configured: Machine) -> None:
    run = bare("integrations", "show")
    assert (run.code, run.err) == (0, "")
    assert [line for line in run.out.splitlines() if line.startswith("Pref")] == [
        "Preferences > Integrations > CloudWatch",
        "Preferences > Integrations > Elasticsearch",
    ]
    assert [[name.strip(), value.strip()] for _, name, *_, value in fields(run.out)] == [
        ["Access key ID", "AKIA1"],
        ["Secret access key", "********"],
        ["Region", "eu-west-1"],
        ["Log group", "/ecs/shop"],
        ["(searched only)", "/ecs/worker"],
        ["Host", "elastic.example.com"],
        ["Port", "9243"],
        ["API key ID", "key-1"],
        ["API key", "********"],
        ["Indexes", "logs-*,filebeat-*"],
    ]
    assert "--reveal" in run.out
    assert "planted" not in run.out


def test_show_reveals_when_asked(bare: Cli, configured: Machine) -> None:
    run = bare("integrations", "show", "--reveal")
    assert f"Secret access key  {AWS_SECRET}" in run.out
    assert f"API key     {ELASTIC_SECRET}" in run.out
    assert "masked" not in run.out


def test_show_as_json(bare: Cli, configured: Machine) -> None:
    data = bare("integrations", "show", "-o", "json").data
    assert data == {
        "profile": "default",
        "cloudwatch": {
            "access_key_id": "AKIA1",
            "secret_access_key": "********",
            "region": "eu-west-1",
            "log_group": "/ecs/shop",
            "searched_log_groups": ["/ecs/worker"],
        },
        "elasticsearch": {
            "host": "elastic.example.com",
            "port": 9243,
            "api_key_id": "key-1",
            "api_key": "********",
            "indexes": "logs-*,filebeat-*",
        },
        "revealed": False,
    }
    revealed = bare("integrations", "show", "-o", "json", "--reveal").data
    assert revealed["cloudwatch"]["secret_access_key"] == AWS_SECRET
    assert revealed["elasticsearch"]["api_key"] == ELASTIC_SECRET


def test_show_from_the_environment_alone(bare: Cli) -> None:
    environ = {
        "ASAYER_AWS_ACCESS_KEY_ID": "AKIA2",
        "ASAYER_AWS_SECRET_ACCESS_KEY": AWS_SECRET,
        "ASAYER_AWS_REGION": "us-east-1",
        "ASAYER_AWS_LOG_GROUPS": "/a",
        "ASAYER_ELASTIC_URL": "http://[::1]",
        "ASAYER_ELASTIC_API_KEY": f"key-2:{ELASTIC_SECRET}",
    }
    data = bare("integrations", "show", "-o", "json", "--reveal", env=environ).data
    assert list(data["cloudwatch"].values()) == ["AKIA2", AWS_SECRET, "us-east-1", "/a", []]
    assert list(data["elasticsearch"].values()) == ["::1", 9200, "key-2", ELASTIC_SECRET, "*log*"]
    masked = bare("integrations", "show", "-v", "--debug", env=environ)
    assert "planted" not in masked.out + masked.err


def test_one_of_both(bare: Cli, machine: Machine) -> None:
    machine.set(AWS)
    machine.keep("aws", "AKIA1", AWS_SECRET)
    assert bare("integrations", "show", "-o", "json").data["elasticsearch"] is None
    assert "Elasticsearch" not in bare("integrations", "show").out


def test_nothing_configured(bare: Cli) -> None:
    run = bare("integrations", "show", "--profile", "staging")
    assert (run.code, run.out) == (3, "")
    assert "Profile staging has no integration." in run.err
    assert "asayer-cli aws setup" in run.err


@pytest.mark.parametrize(
    ("missing", "said", "shown", "left_out"),
    [
        ("aws.region", "CloudWatch is half configured: ASAYER_AWS_REGION missing.", ELASTICSEARCH, CLOUDWATCH),
        ("aws.log_groups", "CloudWatch is half configured: ASAYER_AWS_LOG_GROUPS missing.", ELASTICSEARCH, CLOUDWATCH),
        ("elastic.url", "Elasticsearch is half configured: ASAYER_ELASTIC_URL is missing.", CLOUDWATCH, ELASTICSEARCH),
    ],
)
def test_half_configured(bare: Cli, configured: Machine, missing: str, said: str, shown: str, left_out: str) -> None:
    configured.set({missing: None})
    run = bare("integrations", "show")
    assert run.code == 3
    assert [line for line in run.out.splitlines() if line.startswith("Pref")] == [
        f"Preferences > Integrations > {shown}"
    ]
    assert f"warning: {left_out} is not shown" in run.err
    assert f"error: {said}" in run.err
    run = bare("integrations", "show", "-o", "json")
    assert (run.code, run.data[left_out.lower()], run.json["errors"][0]["message"]) == (3, None, said)
    assert run.data[shown.lower()] is not None


def test_both_unusable(bare: Cli, configured: Machine) -> None:
    configured.store.path.chmod(0o644)
    run = bare("integrations", "show")
    assert (run.code, run.out) == (3, "")
    assert run.err.count("can be read by others") == 1


def test_a_secret_that_is_not_there(bare: Cli, machine: Machine) -> None:
    machine.set(AWS)
    run = bare("integrations", "show", "-o", "json")
    assert (run.code, run.json["errors"][0]["code"]) == (3, "secret_missing")
    assert "AKIA1 is not in the file" in run.json["errors"][0]["message"]
    without_keyring = bare("integrations", "show", "--secret-store", "keyring", "-o", "json")
    assert (without_keyring.code, without_keyring.json["errors"][0]["code"]) == (3, "secret_store_unavailable")


def test_remove_forgets_and_says_what_stays_alive(bare: Cli, configured: Machine) -> None:
    run = bare("integrations", "remove", "--yes")
    assert run.code == 0
    for name in (*AWS, *ELASTIC):
        assert (f"  - forget the setting {name}\n" in run.err) == (name != "secret_store")
    assert "  - forget the secret default/aws/AKIA1\n" in run.err
    assert f"still alive: {ALIVE_AWS}; delete it with: aws iam delete-access-key" in run.out
    assert f"still alive: {ALIVE_ELASTIC}; revoke it" in run.out
    assert configured.settings == {"secret_store": "file"}
    assert not configured.kept("aws", "AKIA1")
    assert not configured.kept("elastic", "key-1")


def test_remove_one_and_the_other_stays(bare: Cli, configured: Machine) -> None:
    data = bare("integrations", "remove", "--only", "elastic", "-y", "-o", "json").data
    assert data["forgotten"] == ["elastic.url", "elastic.api_key_id", "elastic.indexes", "default/elastic/key-1"]
    assert [alive.partition(";")[0] for alive in data["alive"]] == [ALIVE_ELASTIC]
    assert configured.kept("aws", "AKIA1")
    assert bare("integrations", "show", "-o", "json").data["cloudwatch"]["region"] == "eu-west-1"


def test_remove_twice(bare: Cli, configured: Machine) -> None:
    assert bare("integrations", "remove", "-y").code == 0
    run = bare("integrations", "remove", "-y")
    assert (run.code, run.out) == (0, "")
    assert "Profile default has nothing to forget" in run.err
    assert bare("integrations", "remove", "-y", "-o", "json").data["forgotten"] == []


def test_a_removal_that_was_cut_short_is_finished(bare: Cli, configured: Machine) -> None:
    configured.store.remove("default/aws/AKIA1")
    assert bare("integrations", "remove", "-y").code == 0
    assert not configured.kept("elastic", "key-1")
    assert configured.settings == {"secret_store": "file"}


def test_former_keys_are_forgotten_and_told_too(bare: Cli, configured: Machine, bare_environ: dict[str, str]) -> None:
    for service, key_id in (("aws", "AKIA0"), ("elastic", "key-0"), ("aws", "AKIA-imported")):
        configured.keep(service, key_id, f"planted-former-{key_id}")
    update(configured.folder, "other", {"aws.region": "eu-west-1"})
    configured.store.put("other/aws/AKIA0", Secret("planted-of-another-profile"))
    journal = Journal(Path(bare_environ["ASAYER_STATE_DIR"]) / "journal.jsonl")
    journal.done(journal.begin("999999999999", "create-access-key", "user/former"), "AKIA0")
    journal.done(journal.begin("https://old.example.com", "create-api-key", "api-key/x"), "key-0")
    dry = bare("integrations", "remove", "--dry-run")
    assert "  - forget the secret default/aws/AKIA0\n" in dry.err
    data = bare("integrations", "remove", "-y", "-o", "json").data
    assert [name for name in data["forgotten"] if "/" in name] == [
        "default/aws/AKIA1",
        "default/aws/AKIA0",
        "default/aws/AKIA-imported",
        "default/elastic/key-1",
        "default/elastic/key-0",
    ]
    assert [alive.partition(";")[0] for alive in data["alive"]] == [
        ALIVE_AWS,
        "access key AKIA0 of IAM user former in account 999999999999",
        "access key AKIA-imported of an IAM user in account 123456789012",
        ALIVE_ELASTIC,
        "API key key-0 in https://old.example.com",
    ]
    assert "aws teardown" not in data["alive"][0] + data["alive"][2]
    assert data["alive"][1].endswith("; or the whole user with: asayer-cli aws teardown --user-name former")
    commands = [line.partition("with: asayer-cli ")[2] for line in data["alive"][3:]]
    assert commands == [
        "elastic revoke-key key-1 --url https://elastic.example.com:9243 --username NAME",
        "elastic revoke-key key-0 --url https://old.example.com --username NAME",
    ]
    assert list(json.loads(configured.store.path.read_text())) == ["other/aws/AKIA0"]


def test_secrets_without_settings_are_forgotten(bare: Cli, machine: Machine) -> None:
    machine.set({"secret_store": "file"})
    machine.keep("elastic", "key-0", ELASTIC_SECRET)
    data = bare("integrations", "remove", "-y", "-o", "json").data
    assert data["forgotten"] == ["default/elastic/key-0"]
    assert len(data["alive"]) == 1
    assert not machine.kept("elastic", "key-0")


def test_a_keyring_is_asked_for_the_keys_made_here(bare: Cli, machine: Machine, bare_environ: dict[str, str]) -> None:
    machine.set({**AWS, "secret_store": None})
    env = {
        "PYTHON_KEYRING_BACKEND": "strange_keyrings.FolderKeyring",
        "PYTHONPATH": os.pathsep.join([str(KEYRINGS), str(KEYRINGS.parents[2])]),
    }
    kept = machine.folder / "keyring"
    kept.mkdir()
    (kept / "default%2Faws%2FAKIA1").write_text(AWS_SECRET)
    (kept / "default%2Faws%2FAKIA0").write_text("planted-former")
    journal = Journal(Path(bare_environ["ASAYER_STATE_DIR"]) / "journal.jsonl")
    for key_id in ("AKIA0", "AKIA-gone"):
        journal.done(journal.begin("123456789012", "create-access-key", "user/asayer_cw"), key_id)
    run = bare("integrations", "remove", "-y", "-o", "json", env={**env, "TEST_KEYRING_FOLDER": str(kept)})
    assert [name for name in run.data["forgotten"] if "/" in name] == ["default/aws/AKIA1", "default/aws/AKIA0"]
    assert len(run.data["alive"]) == 2
    assert list(kept.iterdir()) == []


def test_only_what_was_there_is_forgotten(bare: Cli, configured: Machine) -> None:
    configured.store.remove("default/aws/AKIA1")
    data = bare("integrations", "remove", "-y", "-o", "json").data
    assert [name for name in data["forgotten"] if "/" in name] == ["default/elastic/key-1"]
    assert [alive.partition(";")[0] for alive in data["alive"]] == [ALIVE_AWS, ALIVE_ELASTIC]


def test_dry_run_changes_nothing(bare: Cli, configured: Machine) -> None:
    before = configured.text
    for run in (
        bare("integrations", "remove", "--dry-run"),
        bare("integrations", "remove", "--yes", env={"ASAYER_INTEGRATIONS_REMOVE_DRY_RUN": "1"}),
    ):
        assert run.code == 0
        assert "forget the secret default/aws/AKIA1" in run.err
        assert ALIVE_AWS in run.err
        assert "forgotten:" not in run.out
    assert configured.text == before
    assert configured.kept("aws", "AKIA1")
    data = bare("integrations", "remove", "--only", "elastic", "--dry-run", "-o", "json").data
    assert data["plan"] == ["elastic.url", "elastic.api_key_id", "elastic.indexes", "default/elastic/key-1"]
    assert (data["forgotten"], len(data["alive"])) == ([], 1)
    assert bare("audit", "-o", "json").data["changes"] == []


def test_without_a_terminal_yes_must_be_said(bare: Cli, configured: Machine) -> None:
    run = bare("integrations", "remove", "-o", "json", stdin="y\n")
    assert (run.code, run.json["errors"][0]["code"]) == (2, "confirmation_needed")
    assert "--yes" in run.json["errors"][0]["hint"]
    assert configured.kept("aws", "AKIA1")


def test_yes_at_the_prompt(bare_environ: dict[str, str], configured: Machine) -> None:
    child = start("integrations", "remove", "--only", "aws", environ={**bare_environ, "NO_COLOR": "1"}, columns=200)
    child.expect_exact("Forget this? [y/N]:")
    assert "forget the secret default/aws/AKIA1" in child.before
    child.send("y\r")
    code, shown = finish(child)
    assert code == 0
    assert "forgotten: aws.region" in shown
    assert not configured.kept("aws", "AKIA1")


def test_the_environment_is_neither_forgotten_nor_hides_what_the_file_has(bare: Cli, configured: Machine) -> None:
    environ = {"ASAYER_AWS_ACCESS_KEY_ID": "AKIA9", "ASAYER_AWS_REGION": "us-east-1"}
    run = bare("integrations", "remove", "--only", "aws", "-y", env=environ)
    assert ALIVE_AWS in run.out
    assert "AKIA9" not in run.out + run.err
    assert not {"aws.region", "aws.access_key_id"} & set(configured.settings)
    assert not configured.kept("aws", "AKIA1")


def test_settings_without_a_key_leave_nothing_alive(bare: Cli, machine: Machine) -> None:
    machine.set({"aws.region": "eu-west-1"})
    run = bare("integrations", "remove", "-y")
    assert run.code == 0
    assert "alive" not in (run.out + run.err).lower()


def test_a_secret_store_that_does_not_work_keeps_the_settings(bare: Cli, configured: Machine) -> None:
    configured.store.path.chmod(0o644)
    run = bare("integrations", "remove", "-y")
    assert run.code == 3
    assert "can be read by others" in run.err
    assert "AKIA1" in configured.text
