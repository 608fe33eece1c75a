from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from asayer_cli.errors import UsageError
from asayer_cli.settings import (
    KEYS,
    Value,
    check_value,
    config_folder,
    find_key,
    load,
    load_file,
    parse_value,
    profile_names,
    read_profile,
    state_folder,
)

if TYPE_CHECKING:
    from pathlib import Path

FILE = """
[profiles.default]
convention = "asayer"

[profiles.default.aws]
region = "eu-west-1"
log_groups = ["/ecs/shop", "/ecs/worker"]

[profiles.staging.elastic]
url = "https://staging:9243"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text(FILE)
    return tmp_path


@pytest.fixture
def environ(folder: Path) -> dict[str, str]:
    return {"ASAYER_CONFIG_DIR": str(folder)}


def test_the_file(environ: dict[str, str]) -> None:
    settings = load("default", environ)
    assert settings.text("aws.region") == "eu-west-1"
    assert settings.many("aws.log_groups") == ("/ecs/shop", "/ecs/worker")
    assert settings.origin("aws.region") == "file"
    assert settings.text("elastic.url", "none") == "none"
    assert settings.origin("elastic.url") is None
    assert settings.many("aws.region") == ()
    assert settings.text("aws.log_groups") == ""


def test_the_environment_overrides_the_file(environ: dict[str, str]) -> None:
    environ |= {"ASAYER_AWS_REGION": " us-east-1 ", "ASAYER_AWS_LOG_GROUPS": "/a, /b ,,/c", "ASAYER_ELASTIC_URL": ""}
    settings = load("default", environ)
    assert settings.text("aws.region") == "us-east-1"
    assert settings.many("aws.log_groups") == ("/a", "/b", "/c")
    assert settings.origin("aws.log_groups") == "environment"
    assert settings.text("convention") == "asayer"
    assert settings.origin("elastic.url") is None


def test_what_the_file_has_whatever_the_environment_sets(environ: dict[str, str]) -> None:
    environ["ASAYER_AWS_REGION"] = "us-east-1"
    assert load_file("default", environ).text("aws.region") == "eu-west-1"


CHECKED = {"network.timeout": "30s", "replay_url": "https://asayer.example.com/5/session/{session_id}"}


def test_every_key_has_a_variable_of_its_own_that_sets_it() -> None:
    assert len({key.variable for key in KEYS}) == len({key.name for key in KEYS}) == len(KEYS)
    for key in KEYS:
        given = key.choices[0] if key.choices else CHECKED.get(key.name, "value")
        settings = load("default", {key.variable: given, "ASAYER_CONFIG_DIR": "/dev/null"})
        assert settings.values[key.name].value == ((given,) if key.many else given)


def test_profiles(folder: Path, environ: dict[str, str]) -> None:
    assert profile_names(folder) == ["default", "staging"]
    assert load("staging", environ).text("elastic.url") == "https://staging:9243"
    assert load("staging", environ).text("aws.region") == ""
    assert dict(load("nobody", environ).values) == {}


def test_no_file_is_no_settings(tmp_path: Path) -> None:
    assert read_profile(tmp_path, "default") == {}
    (tmp_path / "file").touch()
    assert read_profile(tmp_path / "file", "default") == {}
    assert profile_names(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[profiles.default", "at end of document"),
        ("[profiles.default]\nregion eu", "line 2"),
        ("profiles = 3", "profiles is no table"),
        ("[profiles]\ndefault = 3", "profiles.default is no table"),
        ("[profiles.default.aws]\nregion = 3", "aws.region must be a text"),
        ("[profiles.default.aws]\nregion = ['a']", "aws.region must be a text"),
        ("[profiles.default.aws]\nlog_groups = '/a'", "aws.log_groups must be a list of texts"),
        ("[profiles.default.aws]\nlog_groups = ['/a', 3]", "aws.log_groups must be a list of texts"),
        ("[profiles.default.aws]\nregoin = 'eu'", "there is no setting 'aws.regoin'"),
        ("[profiles.default]\nsecret = 'x'", "there is no setting 'secret'"),
        ("[profiles.default]\nconvention = 'sentry'", "convention is one of: asayer, openreplay"),
        ("[profile.default.aws]\nregion = 'eu'", "there is no table 'profile'"),
        ("region = 'eu'", "there is no table 'region'"),
        (b"[profiles.default.aws]\nregion = '\xff'", "not UTF-8"),
    ],
)
def test_a_broken_file_is_an_error_that_names_it(tmp_path: Path, text: str | bytes, why: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as broken:
        load("default", {"ASAYER_CONFIG_DIR": str(tmp_path)})
    assert broken.value.code == "settings_broken"
    assert str(path) in broken.value.message
    assert why in broken.value.message
    assert f"mv {path}" in broken.value.hint


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(UsageError, match="cannot be read: Is a directory") as unreadable:
        load("default", {"ASAYER_CONFIG_DIR": str(tmp_path)})
    assert unreadable.value.code == "settings_unreadable"


@pytest.mark.parametrize(
    ("variable", "value"),
    [("ASAYER_CONVENTION", "sentry"), ("ASAYER_SECRET_STORE", "pocket"), ("ASAYER_AWS_LOG_GROUPS", ",")],
)
def test_a_wrong_variable_is_named(variable: str, value: str) -> None:
    with pytest.raises(UsageError, match=variable) as wrong:
        load("default", {variable: value, "ASAYER_CONFIG_DIR": "/dev/null"})
    assert wrong.value.code == "bad_setting"


def test_an_unknown_setting_is_answered_with_those_there_are() -> None:
    with pytest.raises(UsageError) as unknown:
        find_key("aws.regoin")
    assert "aws.region" in unknown.value.hint


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("aws.region", ["eu-west-1"], "eu-west-1"),
        ("aws.log_groups", ["/a", "/b"], ("/a", "/b")),
        ("aws.log_groups", ["/a,/b", " /c "], ("/a", "/b", "/c")),
        ("aws.user_name", ["a,b"], "a,b"),
    ],
)
def test_values(name: str, given: list[str], value: Value) -> None:
    assert parse_value(find_key(name), given) == value


@pytest.mark.parametrize(
    ("name", "given"),
    [("aws.region", ["a", "b"]), ("aws.region", [" "]), ("aws.log_groups", [""]), ("aws.log_groups", [","])],
)
def test_no_value_and_too_many(name: str, given: list[str]) -> None:
    with pytest.raises(UsageError, match="value"):
        parse_value(find_key(name), given)


def test_choices() -> None:
    assert check_value(find_key("secret_store"), "file") == "file"
    with pytest.raises(UsageError) as wrong:
        check_value(find_key("secret_store"), "pocket")
    assert "keyring, file, environment" in wrong.value.hint


def test_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path in config_folder({}).parents
    assert tmp_path in state_folder({}).parents
    assert config_folder({"ASAYER_CONFIG_DIR": "/c"}).as_posix() == "/c"
    assert state_folder({"ASAYER_STATE_DIR": "/s"}).as_posix() == "/s"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without a home")
def test_without_a_home_nothing_is_read_or_made() -> None:
    program = """if True:
        import os, platformdirs.unix
        from asayer_cli.settings import config_folder, load, state_folder
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            os.environ.pop(name, None)
        os.setuid(54321)
        assert not load("default", {}).values
        for folder in (config_folder({}), state_folder({})):
            try:
                folder.mkdir()
            except NotADirectoryError:
                continue
            raise AssertionError(folder)
    """
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
