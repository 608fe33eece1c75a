"""What completion offers as values: from this machine, from the services, from what is remembered, and in silence."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import pexpect
import pytest

from asayer_cli.completion_scripts import SHELLS
from tests.cli.shells import arguments_of, interactive, needs, with_program
from tests.cli.test_completion_names import SETUPS
from tests.docs.reference import contexts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asayer_cli.sandbox.supervisor import Addresses
    from tests.conftest import Cli

GROUPS = ("/ecs/shop-api", "/ecs/shop-worker", "API-Gateway-Execution-Logs_x/prod")
COMPLETED = {"region", "log_groups", "indexes", "aws_profile", "profile", "ca_cert", "ca_bundle", "prefix"}


@dataclass(frozen=True)
class Asked:
    """What the program answers to a shell."""

    environ: dict[str, str]

    @property
    def cached(self) -> list[Path]:
        return sorted(Path(self.environ["ASAYER_CACHE_DIR"]).glob("*"))

    def __call__(self, *words: str, **env: str) -> list[str]:
        ended = subprocess.run(
            [sys.executable, "-m", "asayer_cli", *words],
            env={**self.environ, "_ASAYER_CLI_COMPLETE": "zsh", **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert ended.stderr == ""
        kind, *values = ended.stdout.splitlines()
        return values if kind == "plain" else [kind]


@pytest.fixture
def here(bare_environ: dict[str, str], tmp_path: Path) -> Asked:
    return Asked({**bare_environ, "ASAYER_CACHE_DIR": str(tmp_path / "cache")})


@pytest.fixture
def there(sandbox_environ: dict[str, str], tmp_path: Path) -> Asked:
    """In the sandbox, with patience for a machine that is busy."""
    more = {"ASAYER_CACHE_DIR": str(tmp_path / "cache"), "ASAYER_COMPLETION_SECONDS": "30"}
    return Asked({**sandbox_environ, **more})


@pytest.fixture(scope="module")
def logs(sandbox_addresses: Addresses) -> Any:
    client = botocore.session.Session().create_client(
        "logs",
        region_name="eu-central-1",
        endpoint_url=sandbox_addresses.aws_endpoint_url,
        aws_access_key_id=sandbox_addresses.aws_access_key_id,
        aws_secret_access_key=sandbox_addresses.aws_secret_access_key,
    )
    for name in GROUPS:
        client.create_log_group(logGroupName=name)
    return client


def test_every_option_for_such_values_completes_them() -> None:
    for context in contexts():
        for param in context.command.params:
            if param.name in COMPLETED or param.metavar == "FILE":
                assert getattr(param, "_custom_shell_complete", None), (context.command_path, param.name)


def test_regions_are_known_offline(here: Asked) -> None:
    assert "eu-west-1\tEurope (Ireland)" in here("aws", "setup", "--region", "eu-w")
    assert not [name for name in here("aws", "log-groups", "--region", "") if "global" in name]
    assert here("config", "set", "aws.region", "eu-central-2") == ["eu-central-2\tEurope (Zurich)"]


def test_settings(here: Asked) -> None:
    assert here("config", "unset", "aws.us") == ["aws.user_name\tIAM user of the collector"]
    assert here("config", "set", "secret_store", "") == ["keyring", "file", "environment"]
    assert here("config", "set", "elastic.ca_cert", "") == ["file"]
    assert here("config", "set", "aws.account", "1") == []


def test_profiles(here: Asked, bare: Cli, tmp_path: Path) -> None:
    assert here("config", "show", "--profile", "") == []
    for name in ("default", "staging"):
        bare("config", "set", "aws.region", "eu-west-1", "--profile", name)
    assert here("config", "show", "--profile", "") == ["default", "staging"]
    assert here("config", "show", "--profile=st") == ["staging"]
    Path(here.environ["ASAYER_CONFIG_DIR"], "config.toml").write_text("[broken")
    assert here("config", "show", "--profile", "") == []
    assert here("aws", "setup", "--log-group", "") == []


def test_aws_profiles_are_read_from_the_files(here: Asked, tmp_path: Path) -> None:
    config, credentials = tmp_path / "aws-config", tmp_path / "aws-credentials"
    config.write_text(
        "[default]\n[profile prod]\nregion=x\n[profile 'two words']\n[sso-session corp]\n[profile \"unclosed]\n"
    )
    credentials.write_text("[prod]\n[ci] ; comment\n")
    env = {"AWS_CONFIG_FILE": str(config), "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}
    assert here("aws", "setup", "--aws-profile", "", **env) == ["ci", "default", "prod", "two words"]
    assert here("aws", "setup", "--aws-profile", "t", **env) == ["two words"]


def test_files_are_left_to_the_shell(here: Asked) -> None:
    assert here("elastic", "create-key", "--ca-cert", "x") == ["file"]
    assert here("verify", "--report-file", "") == ["file"]


def test_log_groups_are_asked_for_and_remembered(there: Asked, logs: Any) -> None:
    words = ("aws", "setup", "--region", "eu-central-1", "--log-group", "/ecs/")
    assert there(*words) == ["/ecs/shop-api", "/ecs/shop-worker"]
    (file,) = there.cached
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert there.environ["AWS_SECRET_ACCESS_KEY"] not in file.read_text()
    logs.create_log_group(logGroupName="/ecs/new")
    try:
        assert "/ecs/new" not in there(*words)
        assert there(*words[:-1], "API") == ["API-Gateway-Execution-Logs_x/prod"]
        assert there("aws", "log-groups", "--region", "eu-central-1", "--prefix", "API") == [GROUPS[2]]
        _age(file, 301)
        assert "/ecs/new" in there(*words)
        assert there("config", "set", "aws.log_groups", "/ecs/new", ASAYER_AWS_REGION="eu-central-1") == ["/ecs/new"]
    finally:
        logs.delete_log_group(logGroupName="/ecs/new")


def test_the_key_of_the_profile_serves_where_there_are_no_credentials(there: Asked, logs: Any) -> None:
    environ = dict(there.environ)
    key = {f"ASAYER_{name}": environ.pop(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    words = ("aws", "setup", "--region", "eu-central-1", "--log-group", "API")
    assert Asked(environ)(*words) == []
    assert Asked(environ)(*words, **key) == [GROUPS[2]]


def test_too_many_log_groups_are_asked_for_by_their_beginning(there: Asked, logs: Any) -> None:
    words = ("aws", "setup", "--region", "eu-central-1", "--log-group")
    there(*words, "")
    (file,) = there.cached
    file.write_text(json.dumps({"names": ["/ecs/shop-api"], "complete": False}))
    assert there(*words, "") == ["/ecs/shop-api"]
    assert there(*words, "/ecs/") == ["/ecs/shop-api", "/ecs/shop-worker"]
    assert len(there.cached) == 2


def test_what_was_known_serves_when_there_is_no_answer(there: Asked, logs: Any) -> None:
    words = ("aws", "setup", "--region", "eu-central-1", "--log-group", "/ecs/")
    known = there(*words)
    (file,) = there.cached
    _age(file, 10_000)
    assert there(*words, ASAYER_COMPLETION_SECONDS="0") == known
    assert 240 < time.time() - file.stat().st_mtime < 300


def _age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


@pytest.fixture
def silent_server() -> Iterator[tuple[str, list[socket.socket]]]:
    """A server that takes connections and never answers; its address and who came."""
    came: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            while True:
                try:
                    came.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", came
        server.shutdown(socket.SHUT_RDWR)
    for connection in came:
        connection.close()


def test_offline_there_is_silence_and_no_hang(there: Asked, silent_server: tuple[str, list[socket.socket]]) -> None:
    words = ("aws", "setup", "--region", "eu-west-1", "--log-group", "")
    url, came = silent_server
    started = time.monotonic()
    assert there(*words, AWS_ENDPOINT_URL=url, ASAYER_COMPLETION_SECONDS="4") == []
    assert time.monotonic() - started < 20, "the SDK alone would have waited for longer"
    assert len(came) == 1
    assert there(*words, AWS_ENDPOINT_URL=url) == []
    assert len(came) == 1, "asked again at once"
    assert there(*words, AWS_ENDPOINT_URL="http://127.0.0.1:9") == []
    assert there(*words, AWS_ACCESS_KEY_ID="AKIAWRONG") == []
    assert there(*words, AWS_PROFILE="nobody") == []


def test_nobody_is_asked_for_a_password(there: Asked, tmp_path: Path) -> None:
    config = tmp_path / "aws-config"
    config.write_text(
        "[profile mfa]\nrole_arn=arn:aws:iam::123456789012:role/x\nsource_profile=base\nregion=eu-west-1\n"
        "mfa_serial=arn:aws:iam::123456789012:mfa/me\n"
        "[profile base]\naws_access_key_id=AKIA1\naws_secret_access_key=x\n"
    )
    environ = {**there.environ, "AWS_CONFIG_FILE": str(config), "_ASAYER_CLI_COMPLETE": "zsh"}
    arguments = ["-m", "asayer_cli", "aws", "setup", "--aws-profile", "mfa", "--log-group", ""]
    child = pexpect.spawn(sys.executable, arguments, env=environ, encoding="utf-8", timeout=60)
    child.expect(pexpect.EOF)
    child.close()
    assert child.before.split() == ["plain"]
    assert child.exitstatus == 0


def test_indices_are_asked_for_with_the_key_of_the_profile(
    there: Asked, cli: Cli, silent_server: tuple[str, list[socket.socket]]
) -> None:
    words = ("elastic", "create-key", "--index", "")
    assert there(*words) == []
    assert cli("elastic", "create-key", "--yes").code == 0
    for file in there.cached:
        file.unlink()
    names = there(*words)
    assert names
    assert all("log" in name for name in names)
    assert there("config", "set", "elastic.indexes", names[0]) == [names[0]]
    url, came = silent_server
    assert there("elastic", "create-key", "--url", url, "--index", "") == []
    assert came == []


@pytest.mark.needs_shell
@pytest.mark.parametrize("shell", [pytest.param(shell, marks=needs(shell)) for shell in SHELLS])
def test_a_log_group_in_a_real_shell(there: Asked, logs: Any, tmp_path: Path, shell: str) -> None:
    environ = {**with_program(there.environ, tmp_path), "ASAYER_CACHE_DIR": there.environ["ASAYER_CACHE_DIR"]}
    with interactive(shell, environ, *SETUPS[shell]) as child:
        got = arguments_of(child, "asayer-cli aws setup --region eu-central-1 --log-group API", tmp_path)
        assert got[-2:] == ["--log-group", GROUPS[2]]
        got = arguments_of(child, "asayer-cli aws setup --region eu-central-1 --log-group=/ecs/shop-w", tmp_path)
        assert got[-1] == "--log-group=/ecs/shop-worker"
        (tmp_path / "my file.pem").write_text("")
        path = f"{tmp_path}/my"
        got = arguments_of(child, f"asayer-cli elastic create-key --ca-cert {path}", tmp_path)
        assert got[-1].rstrip() == f"{tmp_path}/my file.pem"


def test_what_takes_too_long_is_killed_with_what_it_started() -> None:
    program = """
import subprocess, sys, time
from asayer_cli.bounded import gathered

def slow():
    yield "first"
    yield "not\\none"
    child = subprocess.Popen(["sleep", "600"])
    yield str(child.pid)
    time.sleep(600)

def broken():
    yield "before"
    raise ValueError

print(gathered(lambda: iter(("a", "b")), 30), gathered(broken, 30))
print(gathered(slow, 1.0))
print(gathered(slow, 0))
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stderr == ""
    done, bounded, nothing = ended.stdout.splitlines()
    assert done == "(['a', 'b'], True) (['before'], False)"
    assert nothing == "([], False)"
    names, complete = eval(bounded)  # noqa: S307 - what the program above has printed
    assert (names[0], complete) == ("first", False)
    with pytest.raises(ProcessLookupError):
        _wait_for_end(int(names[1]))


def _wait_for_end(pid: int) -> None:
    for _ in range(200):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            raise ProcessLookupError
        os.kill(pid, 0)
        time.sleep(0.05)


def test_only_what_can_be_shown_is_offered(here: Asked) -> None:
    config = Path(here.environ["ASAYER_CONFIG_DIR"], "config.toml")
    config.parent.mkdir(parents=True)
    config.write_text('[profiles."fine"]\n[profiles."new\\nline"]\n[profiles."rtl\\u202e"]\n[profiles."tab\\t"]\n')
    assert here("config", "show", "--profile", "") == ["fine"]


def test_a_shell_with_an_older_script_is_answered_still(here: Asked) -> None:
    env = {"_ASAYER_CLI_COMPLETE": "bash_complete", "COMP_WORDS": "asayer-cli aw", "COMP_CWORD": "1"}
    ended = subprocess.run(
        [sys.executable, "-m", "asayer_cli"], env={**here.environ, **env}, capture_output=True, text=True, check=True
    )
    assert (ended.stdout, ended.stderr) == ("plain,aws\n", "")


def test_an_error_of_ours_is_silent(here: Asked) -> None:
    env = {**here.environ, "_ASAYER_CLI_COMPLETE": "bash"}
    ended = subprocess.run([sys.executable, "-m", "asayer_cli"], env=env, capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr) == ("", "")
