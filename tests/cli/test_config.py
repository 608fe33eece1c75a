from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Machine
    from tests.conftest import Cli

AWS_SECRET_LIKE = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12"
ELASTIC_SECRET_LIKE = "VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw"
ENCODED_LIKE = "VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw=="


def test_path(bare: Cli, machine: Machine) -> None:
    assert bare("config", "path").out == f"{machine.folder / 'config.toml'}\n"
    assert bare("config", "path", "-o", "json").data == {"path": str(machine.folder / "config.toml")}
    assert not machine.folder.exists()


def test_set_show_unset(bare: Cli, machine: Machine) -> None:
    assert bare("config", "set", "aws.region", "eu-west-1").out == "aws.region = eu-west-1  (profile default)\n"
    assert bare("config", "set", "aws.log_groups", "/a,/b", "/c", "-o", "json").data == {
        "name": "aws.log_groups",
        "value": ["/a", "/b", "/c"],
        "profile": "default",
    }
    assert stat.S_IMODE((machine.folder / "config.toml").stat().st_mode) == 0o600
    shown = bare("config", "show")
    assert [line.split() for line in shown.out.splitlines()] == [
        ["setting", "value", "from"],
        ["aws.region", "eu-west-1", "file"],
        ["aws.log_groups", "/a,", "/b,", "/c", "file"],
    ]
    assert bare("config", "unset", "aws.region").out == "aws.region removed  (profile default)\n"
    assert bare("config", "unset", "aws.region").code == 0
    assert [line["name"] for line in bare("config", "show", "-o", "json").data["settings"]] == ["aws.log_groups"]


def test_show_tells_where_each_comes_from(bare: Cli, machine: Machine) -> None:
    machine.set({"aws.region": "eu-west-1", "convention": "asayer"})
    environ = {"ASAYER_AWS_REGION": "us-east-1", "ASAYER_AWS_LOG_GROUPS": "/a, /b"}
    assert bare("config", "show", "-o", "json", env=environ).data == {
        "path": str(machine.folder / "config.toml"),
        "profile": "default",
        "profiles": ["default"],
        "settings": [
            {"name": "aws.region", "value": "us-east-1", "origin": "environment", "variable": "ASAYER_AWS_REGION"},
            {
                "name": "aws.log_groups",
                "value": ["/a", "/b"],
                "origin": "environment",
                "variable": "ASAYER_AWS_LOG_GROUPS",
            },
            {"name": "convention", "value": "asayer", "origin": "file", "variable": "ASAYER_CONVENTION"},
        ],
    }
    assert "us-east-1  ASAYER_AWS_REGION" in bare("config", "show", env=environ).out


def test_profiles(bare: Cli, machine: Machine) -> None:
    assert bare("config", "set", "aws.region", "eu-west-1", "--profile", "staging").code == 0
    assert bare("config", "set", "aws.region", "us-east-1", env={"ASAYER_PROFILE": "with space.and.dots"}).code == 0
    data = bare("config", "show", "-o", "json", "--profile", "staging").data
    assert data["profiles"] == ["staging", "with space.and.dots"]
    assert [line["value"] for line in data["settings"]] == ["eu-west-1"]
    assert "Nothing is set in profile default" in bare("config", "show").out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["set", "aws.regoin", "x"], "unknown_setting", "There is no setting 'aws.regoin'."),
        (["unset", "aws.regoin"], "unknown_setting", "There is no setting 'aws.regoin'."),
        (["set", "aws.region", "a", "b"], "bad_setting", "takes one value, not 2"),
        (["set", "aws.log_groups", ""], "bad_setting", "takes at least one value"),
        (["set", "convention", "sentry"], "bad_setting", "does not take 'sentry'"),
        (["set", "elastic.url", "elastic.example.com"], "malformed_url", "is no URL of a cluster"),
        (
            ["set", "elastic.url", "https://u:planted-pw@h:9243"],
            "url_with_credentials",
            "has a user or a password in it",
        ),
        (["set", "aws.access_key_id", AWS_SECRET_LIKE], "secret_in_settings", "looks like a secret"),
        (["set", "elastic.api_key_id", ELASTIC_SECRET_LIKE], "secret_in_settings", "looks like a secret"),
        (["set", "elastic.api_key_id", ENCODED_LIKE], "secret_in_settings", "looks like a secret"),
    ],
)
def test_what_is_not_saved(bare: Cli, machine: Machine, arguments: list[str], code: str, said: str) -> None:
    run = bare("config", *arguments, "-o", "json")
    assert (run.code, run.json["errors"][0]["code"]) == (2, code)
    assert said in run.json["errors"][0]["message"]
    assert run.json["errors"][0]["hint"] or said.startswith("takes")
    assert "planted-pw" not in run.out
    assert arguments[-1] not in run.out or not code.startswith(("secret", "url"))
    assert not (machine.folder / "config.toml").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("aws.log_groups", "/aws/lambda/ShopApiV2CheckoutHandlerProductionEuWest1"),
        ("elastic.ca_cert", "/home/Alice2/certificates/elasticsearch/production/ca"),
        ("elastic.fingerprint", "ab" * 32),
        ("elastic.cloud_id", "shop:" + "dXMtZWFzdC0xLmF3cy5mb3VuZC5pbyRjZWM2ZjI2MWE3NGJmMjRjZTMzYmI4ODExYjg0Mjk0ZiQ="),
        ("aws.user_name", "asayer_cw"),
    ],
)
def test_what_is_no_secret_is_saved(bare: Cli, name: str, value: str) -> None:
    run = bare("config", "set", name, value)
    assert (run.code, run.err) == (0, "")


def test_a_password_in_a_url_of_the_environment_is_not_shown(bare: Cli) -> None:
    for output in ("text", "json"):
        run = bare("config", "show", "-o", output, env={"ASAYER_ELASTIC_URL": "https://u:planted/p@w@h:9243"})
        assert run.code == 0
        assert "https://********@h:9243" in run.out
        assert "planted" not in run.out


def test_a_broken_file(bare: Cli, machine: Machine) -> None:
    machine.folder.mkdir()
    (machine.folder / "config.toml").write_text("[profiles.default")
    for arguments in (["show"], ["set", "aws.region", "x"], ["unset", "aws.region"]):
        run = bare("config", *arguments)
        assert (run.code, run.out) == (2, "")
        assert f"The settings file {machine.folder / 'config.toml'} is broken" in run.err
        assert "Traceback" not in run.err
    assert (machine.folder / "config.toml").read_text() == "[profiles.default"


def test_a_file_that_cannot_be_written(bare: Cli, machine: Machine) -> None:
    machine.folder.touch()
    run = bare("config", "set", "aws.region", "eu-west-1")
    assert run.code == 3
    assert "cannot be written" in run.err
    assert "ASAYER_CONFIG_DIR" in run.err
    assert bare("config", "show").code == 0
