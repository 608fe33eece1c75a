"""The SDKs' own protocol, spoken by the SDK itself: botocore runs the program and calls with what it says."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.exceptions import CredentialRetrievalError

from asayer_cli.credential_process import config_lines, program_words
from asayer_cli.errors import UsageError
from tests.aws.conftest import GROUP, REGION
from tests.terminal import finish, start

if TYPE_CHECKING:
    from tests.aws.conftest import Account, Program
    from tests.conftest import Cli

COMMAND = ("aws", "credential-process")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def config(program: Program, setup: Program, environ: dict[str, str]) -> Path:
    """What `--print-config` says, in the AWS config file, with a key of the collector's in the secret store."""
    done = setup()
    assert done.code == 0
    lines = program(*COMMAND, "--print-config")
    assert (lines.code, lines.err) == (0, "")
    path = Path(environ["AWS_CONFIG_FILE"])
    path.write_text(f"[profile before]\nregion = {REGION}{lines.out}")
    return path


def secret_of(environ: dict[str, str]) -> str:
    ((_, secret),) = json.loads(Path(environ["ASAYER_CONFIG_DIR"], "secrets.json").read_text()).items()
    return str(secret)


def client(service: str, profile: str = "asayer") -> Any:
    session = botocore.session.Session(profile=profile)
    return session.create_client(service)


@pytest.fixture
def without_keys(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the profile can give credentials; and the module is found from wherever the SDK runs it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def test_botocore_asks_and_calls(
    without_keys: None, config: Path, account: Account, environ: dict[str, str], tmp_path: Path
) -> None:
    _, _, section, process, region = config.read_text().splitlines()
    assert (section, region) == ("[profile asayer]", f"region = {REGION}")
    words = shlex.split(process.removeprefix("credential_process = "))
    assert Path(words[0]).is_absolute()
    assert client("sts").get_caller_identity()["Arn"].endswith(f":user/{account.user}")
    found = client("logs").filter_log_events(logGroupName=GROUP, startTime=0, limit=1)
    assert found["ResponseMetadata"]["HTTPStatusCode"] == 200
    secret = secret_of(environ)
    holding = [path for path in tmp_path.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert holding == [Path(environ["ASAYER_CONFIG_DIR"], "secrets.json")]


def test_the_program_works_under_that_profile_itself(
    without_keys: None, config: Path, account: Account, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS_PROFILE is inherited by what the SDK starts, which must not ask the SDK in its turn."""
    monkeypatch.setenv("AWS_PROFILE", "asayer")
    run = program("aws", "log-groups", "--region", REGION, "-o", "json")
    assert (run.code, bool(run.data["log_groups"])) == (0, True)
    assert client("sts", profile="asayer").get_caller_identity()["Arn"].endswith(f":user/{account.user}")
    itself = program(*COMMAND)
    assert json.loads(itself.out)["AccessKeyId"] == account.key_ids()[0]


def test_what_is_printed(config: Path, environ: dict[str, str], account: Account, cli: Cli) -> None:
    run = cli(*COMMAND)
    assert (run.code, run.err) == (0, "")
    assert run.out.count("\n") == 1
    assert json.loads(run.out) == {
        "Version": 1,
        "AccessKeyId": account.key_ids()[0],
        "SecretAccessKey": secret_of(environ),
    }
    debug = cli(*COMMAND, "--debug", "-v", env={"ASAYER_OUTPUT": "json"})
    assert debug.out == run.out
    assert secret_of(environ) not in debug.err


def test_no_secret_on_a_terminal(config: Path, environ: dict[str, str]) -> None:
    code, shown = finish(start(*COMMAND, environ={**environ, "NO_COLOR": "1"}, columns=200))
    assert code == 2
    assert "standard output is a terminal" in shown
    assert "--print-config" in shown
    assert secret_of(environ) not in shown
    code, shown = finish(start(*COMMAND, "--print-config", environ={**environ, "NO_COLOR": "1"}, columns=200))
    assert (code, "[profile asayer]" in shown) == (0, True)


@pytest.mark.parametrize(
    ("env", "code", "said"),
    [
        ({}, 3, "Profile default has no access key of AWS."),
        ({"ASAYER_AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"}, 3, "is not in the file"),
        ({"ASAYER_AWS_SECRET_ACCESS_KEY": "planted-half-a-key"}, 3, "ASAYER_AWS_ACCESS_KEY_ID is not"),
        ({"ASAYER_SECRET_STORE": "pocket"}, 2, "'pocket' is not one of"),
        (
            {"ASAYER_AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "ASAYER_SECRET_STORE": "keyring"},
            3,
            "The keyring of this computer",
        ),
    ],
)
def test_refusals_are_on_standard_error(bare: Cli, env: dict[str, str], code: int, said: str) -> None:
    run = bare(*COMMAND, env={"ASAYER_SECRET_STORE": "file", **env})
    assert (run.code, run.out) == (code, "")
    assert said in run.err
    assert "hint: " in run.err
    assert "planted" not in run.err


def test_the_sdk_tells_our_reason(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    lines = config_lines((sys.executable, "-P", "-m", "asayer_cli"), "no such profile", region=REGION)
    Path(environ["AWS_CONFIG_FILE"]).write_text("\n".join(lines))
    with pytest.raises(CredentialRetrievalError, match="Profile no such profile has no access key of AWS"):
        client("sts", profile="asayer-no-such-profile").get_caller_identity()


def test_the_environment_may_hold_the_key(bare: Cli) -> None:
    env = {"ASAYER_AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "ASAYER_AWS_SECRET_ACCESS_KEY": "planted/0+1"}
    assert json.loads(bare(*COMMAND, env=env).out)["SecretAccessKey"] == "planted/0+1"
    printed = bare(*COMMAND, "--print-config", env=env)
    assert (printed.code, printed.err) == (0, "")
    assert "planted" not in printed.out


def test_print_config_before_there_is_a_key(bare: Cli) -> None:
    run = bare(*COMMAND, "--print-config", "--profile", "my team", "--secret-store", "file")
    _, section, process = run.out.splitlines()
    assert section == "[profile asayer-my-team]"
    assert process.endswith(' aws credential-process --profile "my team" --secret-store file')
    assert "warning: Profile my team has no access key yet" in run.err


@pytest.mark.parametrize("name", ['a"b', "a\nb", "a\\b", "$HOME", "`id`", "%USER%", "a;b", "", "a\u202eb", "#x y"])
def test_names_that_cannot_be_quoted(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be written into"):
        config_lines(("/usr/bin/asayer-cli",), name)


@pytest.mark.parametrize(
    ("program", "written"),
    [
        (("/usr/bin/asayer-cli",), "/usr/bin/asayer-cli"),
        (("/home/a b/bin/asayer-cli",), '"/home/a b/bin/asayer-cli"'),
        (("/opt/python", "-P", "-m", "asayer_cli"), "/opt/python -P -m asayer_cli"),
    ],
)
def test_how_words_are_quoted(program: tuple[str, ...], written: str) -> None:
    _, line = config_lines(program, "default")
    assert line == f"credential_process = {written} aws credential-process --profile default"
    assert shlex.split(line)[2 : 2 + len(program)] == list(program)


def test_the_program_is_named_by_its_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "asayer-cli").touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    assert program_words("./asayer-cli") == (str(tmp_path / "asayer-cli"),)
    assert program_words("elsewhere/__main__.py")[0].startswith("/")


def test_it_imports_no_sdk_and_no_screen(config: Path, environ: dict[str, str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "asayer_cli", *COMMAND],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in ended.stderr.splitlines()}
    assert json.loads(ended.stdout)["Version"] == 1
    assert imported & {"botocore", "boto3", "rich", "keyring", "urllib3", "elasticsearch", "tomlkit"} == set()
