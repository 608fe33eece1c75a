from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.terminal import finish, screen, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Machine
    from tests.conftest import Cli

PROGRAM = [sys.executable, "-m", "asayer_cli"]
WRONG_USAGES = (
    (["nope"], "No such command 'nope'", "See asayer-cli --help."),
    (["config", "nope"], "No such command 'nope'", "See asayer-cli config --help."),
    (["--nope"], "No such option", "See asayer-cli --help."),
    (["config", "show", "--nope"], "No such option", "See asayer-cli config show --help."),
    (["config", "set", "aws.region"], "Missing argument", "See asayer-cli config set --help."),
    (["config", "show", "extra"], "unexpected extra argument", "See asayer-cli config show --help."),
    (["completions", "tcsh"], "No such command 'tcsh'", "See asayer-cli completions --help."),
)


@pytest.mark.parametrize(("arguments", "why", "hint"), WRONG_USAGES)
def test_wrong_usage(bare: Cli, arguments: list[str], why: str, hint: str) -> None:
    run = bare(*arguments)
    assert (run.code, run.out) == (2, "")
    error, *hints = run.err.splitlines()
    assert error.startswith("error: ")
    assert why in error
    assert hints == [f"hint: {hint}"]


@pytest.mark.parametrize(
    ("usage", "spelling"),
    [
        (WRONG_USAGES[3], []),
        (WRONG_USAGES[4], ["-o", "json"]),
        (WRONG_USAGES[5], ["-ojson"]),
        (WRONG_USAGES[5], ["-qo", "json"]),
        (WRONG_USAGES[0], ["-qojson"]),
        (WRONG_USAGES[3], ["--output", "json"]),
        (WRONG_USAGES[4], ["--output=json"]),
    ],
)
def test_wrong_usage_as_json(bare: Cli, usage: tuple[list[str], str, str], spelling: list[str]) -> None:
    arguments, why, hint = usage
    run = bare(*arguments, *spelling, env={} if spelling else {"ASAYER_OUTPUT": "json"})
    assert (run.code, run.err) == (2, "")
    (error,) = run.json["errors"]
    assert [run.json[name] for name in ("ok", "exit_code", "data")] == [False, 2, None]
    assert (error["code"], error["hint"]) == ("usage", hint)
    assert why in error["message"]


def test_the_envelope_names_the_command(bare: Cli) -> None:
    assert bare("config", "show", "--nope", "-o", "json").json["command"] == "config show"
    assert bare("config", "nope", env={"ASAYER_OUTPUT": "json"}).json["command"] == "config"
    assert bare("config", "path", "-o", "json").json["command"] == "config path"


@pytest.mark.parametrize("arguments", [[], ["config"], ["integrations"]])
def test_no_command_prints_the_help_where_errors_go(bare: Cli, arguments: list[str]) -> None:
    run = bare(*arguments)
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("Usage: asayer-cli")
    assert "Commands:" in run.err
    failure = bare(*arguments, env={"ASAYER_OUTPUT": "json"})
    assert (failure.code, failure.json["errors"][0]["message"]) == (2, "A command is missing.")


def test_a_form_that_only_other_commands_know_leaves_this_one_at_its_default(bare: Cli) -> None:
    for other in ("junit", "github", "csv", "plain"):
        run = bare("config", "path", env={"ASAYER_OUTPUT": other})
        assert (run.code, run.err) == (0, "")
        assert run.out.endswith("config.toml\n")
    assert bare("config", "path", "-o", "json", env={"ASAYER_OUTPUT": "junit"}).json["ok"]


def test_a_form_that_no_command_knows_is_wrong(bare: Cli) -> None:
    run = bare("config", "path", env={"ASAYER_OUTPUT": "yaml"})
    assert (run.code, run.out) == (2, "")
    assert "'yaml' is not one of 'text', 'json'" in run.err
    assert bare("config", "path", "-o", "junit").code == 2


def test_an_error_in_text_prints_nothing_on_standard_output(bare: Cli) -> None:
    run = bare("verify", "-o", "text")
    assert (run.code, run.out) == (3, "")
    assert "has no integration to verify" in run.err


def test_an_error_is_an_annotation_and_in_the_job_summary(bare: Cli, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    for number, (code, arguments) in enumerate(((3, []), (2, ["--since", "nonsense"]), (2, ["--nope"])), 1):
        run = bare("verify", "-o", "github", *arguments, env=env)
        assert run.code == code
        (line,) = run.out.splitlines()
        assert line.startswith("::error title=asayer-cli::")
        assert run.err.startswith("error: ")
        assert summary.read_text().count("\u274c") == number


@pytest.mark.parametrize(
    ("code", "kind", "arguments"),
    [(3, "not_configured", []), (2, "usage", ["--since", "nonsense"]), (2, "usage", ["--nope"])],
)
def test_an_error_replaces_a_report_of_an_earlier_run(
    bare: Cli, tmp_path: Path, code: int, kind: str, arguments: list[str]
) -> None:
    report = tmp_path / "report.xml"
    report.write_text("an earlier run's")
    run = bare("verify", *arguments, "-o", "junit", f"--report-file={report}")
    assert (run.code, run.out) == (code, "")
    assert run.err.startswith("error: ")
    root = ET.parse(report).getroot()
    assert [root.get(name) for name in ("tests", "errors", "failures")] == ["1", "1", "0"]
    assert [error.get("type") for error in root.iter("error")] == [kind]
    printed = bare("verify", *arguments, "-o", "junit")
    assert ET.fromstring(printed.out).get("errors") == "1"


def test_other_commands_write_no_reports(bare: Cli, tmp_path: Path) -> None:
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    assert bare("config", "show", "--nope", "-o", "junit", env=env).out == ""
    assert bare("nope", "--report-file", str(tmp_path / "report.xml"), env=env).code == 2
    assert list(tmp_path.glob("*.*")) == []


def test_an_error_and_a_report_that_cannot_be_written(bare: Cli, tmp_path: Path) -> None:
    run = bare("verify", "-o", "json", "--report-file", str(tmp_path / "no" / "report.json"))
    assert (run.code, run.out) == (3, "")
    assert "has no integration to verify" in run.err
    assert "cannot be written" in run.err


def test_not_configured(bare: Cli) -> None:
    run = bare("integrations", "show", "-o", "json", env={"ASAYER_SECRET_STORE": "environment"})
    assert (run.code, run.err) == (3, "")
    assert run.json["errors"][0]["code"] == "not_configured"


@pytest.fixture
def silent_server() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def waiting_environ(bare_environ: dict[str, str], silent_server: str) -> dict[str, str]:
    return {**bare_environ, "ASAYER_ELASTIC_URL": silent_server, "ASAYER_ELASTIC_API_KEY": "id:planted-api-key"}


def wait_until_connected(address: str, pid: int) -> None:
    """Wait until the process has a connection to the address, as the kernel tells."""
    wanted = f"{int(address.rpartition(':')[2]):04X}"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with open(f"/proc/{pid}/net/tcp", encoding="ascii") as table:  # noqa: PTH123 - a table of the kernel
            if any(line.split()[2].endswith(f":{wanted}") and line.split()[3] == "01" for line in table):
                return
        time.sleep(0.05)
    raise AssertionError("the program did not connect")


def test_ctrl_c_while_waiting(waiting_environ: dict[str, str], silent_server: str) -> None:
    child = start("verify", "--wait", "3m", environ=waiting_environ)
    wait_until_connected(silent_server, child.pid)
    child.sendintr()
    code, shown = finish(child)
    assert code == 130
    assert shown.splitlines()[-1].endswith("error: \x1b[0mInterrupted.")
    assert "Traceback" not in shown


def test_an_interrupt_does_not_break_an_import_off(tmp_path: Path, bare_environ: dict[str, str]) -> None:
    (tmp_path / "slow.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nwhole = True\n")
    program = (
        "import click, sys, time, types\n"
        "from asayer_cli.cli.boundary import run\n"
        "@click.command()\n"
        "def demo():\n"
        "    import slow\n"
        "    print(slow.whole, flush=True)\n"
        "    time.sleep(20)\n"
        "sys.modules['asayer_cli.cli.demo'] = types.SimpleNamespace(group=demo)\n"
        "sys.exit(run(['demo']))"
    )
    environ = {**bare_environ, "PYTHONPATH": f"{tmp_path}:{Path.cwd()}"}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False, timeout=30
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "True\n", "error: Interrupted.\n")


@pytest.mark.parametrize(
    ("output", "number"), [("text", signal.SIGTERM), ("json", signal.SIGTERM), ("text", signal.SIGHUP)]
)
def test_a_signal_while_waiting(
    waiting_environ: dict[str, str], silent_server: str, output: str, number: signal.Signals
) -> None:
    with subprocess.Popen(
        [*PROGRAM, "verify", "-o", output],
        env=waiting_environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until_connected(silent_server, process.pid)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert ('"code": "interrupted"' in out, err) == (
        (True, "") if output == "json" else (False, "error: Interrupted.\n")
    )


@pytest.mark.parametrize(
    ("keys", "code", "said"),
    [
        ("\x03", 130, "Interrupted."),
        ("\x04", 130, "Interrupted."),
        ("n\r", 130, "Nothing was changed."),
        ("\r", 130, "Nothing was changed."),
    ],
)
def test_leaving_at_a_prompt_changes_nothing(
    bare_environ: dict[str, str], configured: Machine, keys: str, code: int, said: str
) -> None:
    before = configured.text
    child = start("integrations", "remove", environ=bare_environ)
    child.expect_exact("Forget this? [y/N]:")
    child.send(keys)
    ended, shown = finish(child)
    assert ended == code
    assert shown.splitlines()[-1].endswith(said)
    assert "Traceback" not in shown
    assert configured.text == before
    assert configured.kept("aws", "AKIA1")


@pytest.mark.parametrize(
    "arguments", [["config", "path"], ["config", "path", "-o", "json"], ["--help"], ["completions", "bash"]]
)
def test_a_reader_that_has_gone(bare_environ: dict[str, str], arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [*PROGRAM, *arguments],
            env=bare_environ,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (-signal.SIGPIPE, "")


@pytest.mark.parametrize("arguments", [["config", "path"], ["config", "path", "-o", "json"], ["--help"]])
def test_a_full_disk(bare_environ: dict[str, str], arguments: list[str]) -> None:
    with open("/dev/full", "w", encoding="ascii") as full:  # noqa: PTH123 - a device
        ended = subprocess.run(
            [*PROGRAM, *arguments],
            env=bare_environ,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: Standard output cannot be written: No space left on device.\nhint: ")
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr


def test_no_room_for_temporary_files_is_no_bug_and_not_about_output(
    bare_environ: dict[str, str],
) -> None:
    # no file may grow: as on a full disk, or in folders that cannot be written
    command = 'ulimit -f 0; exec "$0" -m asayer_cli sandbox run --no-samples true'
    ended = subprocess.run(
        ["bash", "-c", command, sys.executable],
        env={**bare_environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 3, ended.stderr
    assert "This computer refuses something that is needed: " in ended.stderr
    assert "TMPDIR" in ended.stderr
    assert "output" not in ended.stderr


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams(bare_environ: dict[str, str], closed: str) -> None:
    command = f'"$0" -m asayer_cli config set aws.region eu-west-1 {closed}'
    ended = subprocess.run(
        ["bash", "-c", command, sys.executable],
        env=bare_environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.fixture
def broken_installation(bare_environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """An installation in which a library fails, with a secret in what it says."""
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "tomlkit.py").write_text(
        "from asayer_cli.secret import Secret\nraise RuntimeError('with ' + Secret('planted-secret-3').reveal())\n"
    )
    path = os.pathsep.join([str(folder), bare_environ.get("PYTHONPATH", "")])
    return {**bare_environ, "PYTHONPATH": path}


def test_a_bug_is_told_without_a_traceback(bare: Cli, broken_installation: dict[str, str]) -> None:
    run = bare("config", "set", "aws.region", "eu-west-1", env=broken_installation)
    assert run.code == 70
    assert run.err.splitlines() == [
        "error: asayer-cli met a bug of its own: RuntimeError.",
        "hint: Run it again with --debug and report what it prints.",
    ]
    run = bare("config", "set", "aws.region", "eu-west-1", "-o", "json", env=broken_installation)
    assert (run.json["exit_code"], run.json["errors"][0]["code"]) == (70, "bug")


def test_a_bug_with_debug_shows_the_traceback_without_the_secret(
    bare: Cli, broken_installation: dict[str, str]
) -> None:
    run = bare("config", "set", "aws.region", "eu-west-1", "--debug", env=broken_installation)
    assert run.code == 70
    assert "Traceback" in run.err
    assert "RuntimeError: with ********" in run.err
    assert "planted-secret-3" not in run.err


def test_an_environment_with_nothing_in_it(tmp_path: Path, bare_environ: dict[str, str]) -> None:
    environ: dict[str, str] = {}
    for name in ("PYTHONPATH", "HOME"):
        environ |= {name: bare_environ[name]} if name in bare_environ else {}
    ended = subprocess.run(
        [*PROGRAM, "config", "show"], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("Nothing is set in profile default")


def test_version_and_help(bare: Cli) -> None:
    assert bare("--version").out.startswith("asayer-cli 0.")
    assert bare("-h").out == bare("--help").out
    assert "First time, in this order:" in bare("-h").out


def test_a_message_from_outside_keeps_the_terminal_clean(bare_environ: dict[str, str]) -> None:
    _, shown = screen("config", "set", "\x1b]0;owned\x07\u202e", "x", environ={**bare_environ, "NO_COLOR": "1"})
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)


def test_a_second_interrupt_ends_it_where_the_first_is_told(bare_environ: dict[str, str]) -> None:
    program = (
        "import click, io, os, signal, sys, types\n"
        "from asayer_cli.cli.boundary import run\n"
        "class Impatient(io.TextIOWrapper):\n"
        "    def write(self, text):\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        return super().write(text)\n"
        "@click.command()\n"
        "def demo():\n"
        "    sys.stderr = Impatient(sys.stderr.buffer)\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.modules['asayer_cli.cli.demo'] = types.SimpleNamespace(group=demo)\n"
        "sys.exit(run(['demo']))"
    )
    environ = {**bare_environ, "PYTHONPATH": str(Path.cwd())}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False, timeout=30
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (-signal.SIGINT, "", "")
