"""`elastic create-key` as its users run it: a process of its own, off a terminal and on one."""

from __future__ import annotations

import json
import signal
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pexpect
import pytest

from asayer_cli.sandbox.faults import Fault
from tests.conftest import Run, run_program
from tests.elastic.support import live_keys, make_key, store

if TYPE_CHECKING:
    from tests.sandbox.elastic_fixtures import LocalElastic

pytest_plugins = ["tests.sandbox.elastic_fixtures"]
Create = Callable[..., Run]


@pytest.fixture
def environ(elastic: LocalElastic, bare_environ: dict[str, str]) -> dict[str, str]:
    return {
        **bare_environ,
        "ASAYER_ELASTIC_URL": elastic.url,
        "ASAYER_ELASTIC_USERNAME": elastic.username,
        "ASAYER_ELASTIC_PASSWORD": elastic.password,
        "ASAYER_SECRET_STORE": "file",
    }


@pytest.fixture
def create(environ: dict[str, str]) -> Create:
    """Run `elastic create-key`; a variable of None is not set."""

    def run(*arguments: str, env: Mapping[str, str | None] | None = None, stdin: str = "") -> Run:
        merged = {**environ, **(env or {})}
        kept = {name: value for name, value in merged.items() if value is not None}
        return run_program("elastic", "create-key", *arguments, environ=kept, stdin=stdin)

    return run


def secret_of(environ: Mapping[str, str]) -> str:
    (secret,) = json.loads((Path(environ["ASAYER_CONFIG_DIR"]) / "secrets.json").read_text()).values()
    return str(secret)


def settings_of(environ: Mapping[str, str]) -> dict[str, object]:
    text = (Path(environ["ASAYER_CONFIG_DIR"]) / "config.toml").read_text()
    elastic: dict[str, object] = tomllib.loads(text)["profiles"]["default"]["elastic"]
    return elastic


def test_a_key_is_made_and_its_secret_shown_nowhere(
    elastic: LocalElastic, create: Create, environ: dict[str, str]
) -> None:
    store(elastic, "app-logs", [])
    run = create("--yes", "--debug", "--expires-in", "90d")
    assert run.code == 0, run.err
    secret = secret_of(environ)
    (key_id,) = live_keys(elastic)
    assert settings_of(environ) == {"url": elastic.url, "api_key_id": key_id, "indexes": ["*log*"]}
    assert "made and proved" in run.out
    assert "write        denied" in run.out
    assert "PUT /_security/api_key 200" in run.err
    journal = (Path(environ["ASAYER_STATE_DIR"]) / "journal.jsonl").read_text()
    for text in (run.out, run.err, journal, json.dumps(settings_of(environ))):
        assert secret not in text
        assert elastic.password not in text


def test_the_stored_key_is_what_verify_and_show_use(
    elastic: LocalElastic, create: Create, environ: dict[str, str]
) -> None:
    store(elastic, "app-logs", [])
    assert create("--yes").code == 0
    shown = run_program("integrations", "show", "--reveal", environ=environ)
    host, _, port = elastic.url.removeprefix("http://").partition(":")
    for part in (host, port, secret_of(environ), "*log*"):
        assert part in shown.out
    verified = run_program("verify", "--allow-empty", "-o", "json", environ=environ)
    checks = {check["id"]: check["status"] for check in verified.data["checks"]}
    assert checks["elastic.api_key"] == checks["elastic.write_denied"] == "pass"


def test_the_result_as_json(elastic: LocalElastic, create: Create) -> None:
    store(elastic, "app-logs", [])
    first = create("--yes", "-o", "json").data
    assert (first["action"], first["done"], first["expires_at"]) == ("create", True, None)
    assert first["report"]["matches"] == [{"name": "app-logs", "kind": "index", "looks_like_log": True}]
    again = create("-o", "json").data
    assert (again["action"], again["api_key_id"]) == ("keep", first["api_key_id"])
    second = create("--yes", "--replace", "-o", "json").data
    assert second["to_revoke"] == [first["api_key_id"]]
    assert second["revoke_request"].startswith("DELETE /_security/api_key")
    assert [record["id"] for record in second["existing"]] == [first["api_key_id"]]


def test_a_new_certificate_for_a_key_in_place_is_saved(
    elastic: LocalElastic, create: Create, environ: dict[str, str]
) -> None:
    key_id = create("--yes", "-o", "json").data["api_key_id"]
    planned = create("--dry-run", "--ca-cert", "/etc/new.pem")
    assert "would be changed" in planned.out
    saved = create("--yes", "--ca-cert", "/etc/new.pem")
    assert "only the settings that lead to it are changed" in saved.out
    assert "write the address" in saved.err
    assert (settings_of(environ)["ca_cert"], settings_of(environ)["api_key_id"]) == ("/etc/new.pem", key_id)
    assert "nothing to do" in create().out


def test_no_expiry_is_said_and_so_is_the_old_key(elastic: LocalElastic, create: Create) -> None:
    store(elastic, "app-logs", [])
    assert "expires      never" in create("--yes").out
    replaced = create("--yes", "--replace")
    assert "DELETE /_security/api_key" in replaced.out
    assert len(live_keys(elastic)) == 2
    second = create("--yes", "--replace", "--profile", "second")
    assert "valid and perhaps in use" in second.out
    assert (
        "Next:\n  asayer-cli integrations show --profile second\n  asayer-cli verify --profile second\n" in second.out
    )
    assert "DELETE" not in second.out


def test_a_dry_run_shows_the_plan_and_changes_nothing(
    elastic: LocalElastic, create: Create, environ: dict[str, str]
) -> None:
    run = create("--dry-run", "--expires-in", "36h", "--index", "logs-*", "--index", "filebeat-*")
    assert run.code == 0
    assert "logs-*, filebeat-*: read, view_index_metadata" in run.err
    assert "in 36h" in run.err
    assert live_keys(elastic) == {}
    assert not Path(environ["ASAYER_CONFIG_DIR"]).exists()
    assert create("--dry-run", "-o", "json").data["done"] is False


def test_without_a_terminal_a_confirmation_is_asked_for_by_name(elastic: LocalElastic, create: Create) -> None:
    run = create()
    assert run.code == 2
    assert "--yes" in run.err
    assert live_keys(elastic) == {}


def test_the_password_comes_from_standard_input(elastic: LocalElastic, create: Create) -> None:
    nowhere = {"ASAYER_ELASTIC_PASSWORD": None}
    assert create("--yes", "--password-stdin", env=nowhere, stdin=f"{elastic.password}\n").code == 0
    assert create("--yes", "--password-stdin", env=nowhere, stdin="").code == 3
    missing = create("--yes", env=nowhere)
    assert missing.code == 3
    assert "ASAYER_ELASTIC_PASSWORD" in missing.err
    assert create("--yes", env={"ASAYER_ELASTIC_USERNAME": None}).code == 3


def test_settings_of_the_environment_are_taken_and_the_command_line_wins(
    elastic: LocalElastic, create: Create, environ: dict[str, str]
) -> None:
    run = create(
        "--yes",
        "--url",
        elastic.url,
        env={"ASAYER_ELASTIC_URL": "http://127.0.0.1:1", "ASAYER_ELASTIC_INDEXES": "logs-*, app-*"},
    )
    assert run.code == 0, run.err
    assert settings_of(environ)["indexes"] == ["logs-*", "app-*"]
    assert settings_of(environ)["url"] == elastic.url


def test_a_key_is_never_shown_to_another_cluster(
    elastic: LocalElastic, create: Create, environ: dict[str, str]
) -> None:
    assert create("--yes").code == 0
    secret = secret_of(environ)
    elsewhere = elastic.url.replace("127.0.0.1", "localhost")
    other = create("--dry-run", "--profile", "other", "--url", elsewhere)
    assert other.code == 1
    assert "does not have its secret" in other.err
    assert secret not in other.err


@pytest.mark.parametrize("way", ["option", "environment"])
def test_a_profile_is_not_led_to_another_cluster_without_a_word(
    elastic: LocalElastic, create: Create, environ: dict[str, str], way: str
) -> None:
    key_id = create("--yes", "-o", "json").data["api_key_id"]
    elsewhere = elastic.url.replace("127.0.0.1", "localhost")
    options = ("--yes", "--name", "other", *(("--url", elsewhere) if way == "option" else ()))
    env = {} if way == "option" else {"ASAYER_ELASTIC_URL": elsewhere}
    refused = create(*options, env=env)
    assert (refused.code, len(live_keys(elastic))) == (1, 1)
    for part in (key_id, elastic.url, "--profile", "--replace"):
        assert part in refused.err
    assert settings_of(environ)["api_key_id"] == key_id
    replaced = create(*options, "--replace", env=env)
    assert f"leave API key {key_id} on {elastic.url} valid" in replaced.err
    assert f"{key_id} on {elastic.url}" in replaced.out
    assert f'DELETE /_security/api_key\n{{"ids": ["{key_id}"]' in replaced.out
    assert settings_of(environ)["url"] == elsewhere
    assert key_id in live_keys(elastic)


def test_the_same_cluster_gets_a_new_address_as_the_refusal_says(
    elastic: LocalElastic, create: Create, environ: dict[str, str]
) -> None:
    assert create("--yes").code == 0
    elsewhere = elastic.url.replace("127.0.0.1", "localhost")
    refused = create("--yes", "--url", elsewhere, "-o", "json").json["errors"][0]
    command = refused["hint"].partition("asayer-cli ")[2].removesuffix(".").split()
    assert run_program(*command, environ=environ).code == 0
    assert "nothing to do" in create(env={"ASAYER_ELASTIC_URL": None}).out


def test_the_request_is_printed_without_any_contact(create: Create) -> None:
    nothing = {"ASAYER_ELASTIC_URL": None, "ASAYER_ELASTIC_USERNAME": None, "ASAYER_ELASTIC_PASSWORD": None}
    run = create("--print-request", "--expires-in", "90d", env=nothing)
    assert run.code == 0
    assert '"expiration": "90d"' in run.out
    assert "--user elastic" in run.out
    named = create("--print-request", "-o", "json", env={"ASAYER_ELASTIC_URL": "https://es.invalid:9243"}).data
    assert "https://es.invalid:9243/_security/api_key" in named["curl"]
    assert named["dev_tools"].startswith("POST /_security/api_key\n")


def test_the_printed_curl_form_makes_such_a_key(elastic: LocalElastic, create: Create) -> None:
    printed = create("--print-request", "-o", "json").data["dev_tools"]
    body = json.loads(printed.partition("\n")[2])
    with elastic.client() as client:
        made = client.security.create_api_key(**body)
        (key,) = client.security.get_api_key(id=made["id"])["api_keys"]
    assert key["role_descriptors"]["asayer-role"]["indices"][0]["names"] == ["*log*"]


def test_an_api_key_in_the_environment_is_no_user(elastic: LocalElastic, create: Create) -> None:
    encoded = f"{make_key(elastic).api_key_id}:planted-secret"
    run = create("--yes", env={"ASAYER_ELASTIC_USERNAME": None, "ASAYER_ELASTIC_API_KEY": encoded})
    assert run.code == 1
    assert "--username" in run.err
    assert "planted-secret" not in run.err


@pytest.mark.parametrize(
    ("arguments", "env", "code", "named"),
    [
        (["--url", "https://elastic:planted-pw@es.example.com"], {}, 2, "--username"),
        (["--url", "http://es.example.com"], {}, 2, "--allow-http"),
        (["--cloud-id", "a:b", "--url", "https://a.example"], {}, 2, "--cloud-id"),
        (["--expires-in", "soon"], {}, 2, "90d"),
        (["--index", "Logs"], {}, 2, "lower case"),
        (["--url", "http://127.0.0.1:1"], {}, 5, "refused"),
        ([], {"ASAYER_ELASTIC_PASSWORD": "planted-pw"}, 4, "does not accept"),
        ([], {"ASAYER_ELASTIC_URL": None}, 3, "ASAYER_ELASTIC_URL"),
        ([], {"ASAYER_SECRET_STORE": "environment"}, 3, "--secret-store"),
    ],
)
def test_bad_input_has_a_hint_and_an_exit_code(
    elastic: LocalElastic, create: Create, arguments: list[str], env: dict[str, str | None], code: int, named: str
) -> None:
    run = create("--yes", "-o", "json", *arguments, env=env)
    assert run.code == code, run.err
    assert "Traceback" not in run.err
    assert "planted-pw" not in run.err + run.out
    assert live_keys(elastic) == {}
    assert (run.json["ok"], run.json["exit_code"]) == (False, code)
    (failure,) = run.json["errors"]
    assert failure["code"]
    assert named in failure["message"] + failure["hint"]


def test_settings_that_cannot_be_written_leave_no_key(
    elastic: LocalElastic, create: Create, environ: dict[str, str]
) -> None:
    folder = Path(environ["ASAYER_CONFIG_DIR"])
    (folder / "config.toml").mkdir(parents=True)
    run = create("--yes")
    assert run.code == 2
    assert live_keys(elastic) == {}


def test_a_cut_connection_is_told_apart_and_cleaned_up(elastic: LocalElastic, create: Create) -> None:
    elastic.control.order(Fault("elastic", "security.create_api_key", "cut_after"))
    run = create("--yes")
    assert run.code == 5
    assert "revoked again" in run.err
    assert live_keys(elastic) == {}
    assert create("--yes").code == 0


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, environ: Mapping[str, str], *arguments: str) -> None:
        command = ["-m", "asayer_cli", "elastic", "create-key", *arguments]
        self.child = pexpect.spawn(
            sys.executable, command, env=dict(environ), encoding="utf-8", timeout=20, dimensions=(40, 100)
        )

    def end(self) -> int:
        self.child.expect(pexpect.EOF)
        self.child.close()
        return int(self.child.exitstatus)


@pytest.fixture
def asked(environ: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.endswith(("_USERNAME", "_PASSWORD"))}


def test_on_a_terminal_user_and_password_are_asked_for(elastic: LocalElastic, asked: dict[str, str]) -> None:
    terminal = Terminal(asked)
    terminal.child.expect("User of the cluster")
    terminal.child.sendline(elastic.username)
    terminal.child.expect("Password of administrator")
    terminal.child.sendline(elastic.password)
    terminal.child.expect("Do this?")
    assert elastic.password not in terminal.child.before
    terminal.child.sendline("y")
    terminal.child.expect("made and proved")
    assert terminal.end() == 0
    assert len(live_keys(elastic)) == 1


@pytest.mark.parametrize(("prompts", "answer"), [(1, "\x03"), (2, "\x03"), (2, "n\r")])
def test_an_interrupt_or_a_no_at_any_prompt_leaves_nothing(
    elastic: LocalElastic, asked: dict[str, str], prompts: int, answer: str
) -> None:
    terminal = Terminal(asked)
    steps = [("User of the cluster", elastic.username), ("Password of", elastic.password), ("Do this?", "")]
    for prompt, text in steps[:prompts]:
        terminal.child.expect(prompt)
        terminal.child.sendline(text)
    terminal.child.expect_exact(steps[prompts][0])
    terminal.child.send(answer)
    assert terminal.end() == 130
    assert live_keys(elastic) == {}


@pytest.mark.parametrize("operation", ["security.create_api_key", "security.has_privileges"])
def test_an_interrupt_while_the_key_is_made_leaves_nothing(
    elastic: LocalElastic, environ: dict[str, str], operation: str
) -> None:
    after = 1 if operation == "security.has_privileges" else 0
    elastic.control.order(Fault("elastic", operation, "slow", after=after, seconds=1.5))
    terminal = Terminal(environ, "--yes", "--debug")
    terminal.child.expect("GET /_security/api_key 200" if after == 0 else "Made API key")
    terminal.child.expect(pexpect.TIMEOUT, timeout=0.5)
    terminal.child.sendintr()
    assert terminal.end() == 130
    assert live_keys(elastic) == {}


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_no_second_signal_stops_the_cleaning_up(
    elastic: LocalElastic, environ: dict[str, str], second: signal.Signals
) -> None:
    elastic.control.order(
        Fault("elastic", "security.authenticate", "slow", after=1, seconds=1.5),
        Fault("elastic", "security.invalidate_api_key", "slow", seconds=1),
    )
    terminal = Terminal(environ, "--yes")
    terminal.child.expect("Made API key")
    terminal.child.sendintr()
    terminal.child.expect("Cleaning up: revoking API key")
    terminal.child.kill(second)
    terminal.child.expect("nothing is left of it")
    assert terminal.end() == 130
    assert live_keys(elastic) == {}
