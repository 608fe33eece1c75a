from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

import asayer_cli
from tests import planted
from tests.conftest import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Cli

    Start = Callable[..., subprocess.Popen[str]]

PROGRAM = [sys.executable, "-m", "asayer_cli"]
SHOW = "import json, os; print(json.dumps(dict(os.environ)))"


@pytest.fixture
def start(bare_environ: dict[str, str]) -> Iterator[Start]:
    """Start the program and go on; whatever the test does, it has ended afterwards."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [*PROGRAM, *arguments],
                env={**bare_environ, **(env or {})},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,  # what it starts can be ended with it
            )
        )
        return started[-1]

    yield begin
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_run_of_a_command_that_is_not_there(bare: Cli) -> None:
    run = bare("sandbox", "run", "--no-samples", "--", "no-such-command-here")
    assert run.code == 127
    assert "no-such-command-here" in run.err


def test_run_passes_options_of_the_command_and_its_exit_code_on(bare: Cli) -> None:
    code = "import sys; print(sys.argv[1:]); raise SystemExit(7)"
    run = bare("sandbox", "run", "--no-samples", "--", sys.executable, "-c", code, "--output")
    assert run.out.strip() == "['--output']"
    assert run.code == 7


def test_nothing_of_a_real_account_gets_in(bare: Cli) -> None:
    real = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "planted-token",
        "AWS_ENDPOINT_URL_IAM": "https://iam.example.com",
        "ASAYER_ELASTIC_API_KEY": "planted:key",
    }
    run = bare("sandbox", "run", "--no-samples", "--", sys.executable, "-c", SHOW, env=real)
    seen = json.loads(run.out)
    assert seen.keys() & real.keys() == set()
    assert seen["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")


def test_the_whole_program_works_in_it(bare: Cli) -> None:
    run = bare("sandbox", "run", "--", *PROGRAM, "aws", "log-groups", "-o", "plain")
    assert run.code == 0
    assert "/ecs/shop-api" in run.out


def test_options_behind_the_command_are_the_commands(bare: Cli) -> None:
    code = "import sys; print(sys.argv[1:])"
    run = bare("sandbox", "run", "--no-samples", sys.executable, "-c", code, "a", "-q", "-v", "--no-samples", "--help")
    assert run.out.strip() == "['a', '-q', '-v', '--no-samples', '--help']"
    assert bare("sandbox", "run", "--nope", "true").code == 2


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    """The program as it is installed, in a folder that is not on PATH, beside a Python that is not to be found."""
    program = tmp_path / "venv" / "asayer-cli"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nfrom asayer_cli.__main__ import main\nmain()\n")
    program.chmod(0o755)
    (program.parent / "cat").symlink_to("/bin/false")
    return program


def launched(
    launcher: Path, *arguments: str, environ: dict[str, str], folder: Path
) -> subprocess.CompletedProcess[str]:
    # an empty part would be the current folder
    parts = (str(Path(asayer_cli.__file__).parent.parent), environ.get("PYTHONPATH", ""))
    path = os.pathsep.join(part for part in parts if part)
    return subprocess.run(
        [str(launcher), *arguments],
        env={**environ, "PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def test_the_program_finds_itself_in_it(launcher: Path, bare_environ: dict[str, str], tmp_path: Path) -> None:
    words = ["sandbox", "run", "--no-samples", "--", "sh", "-c", "asayer-cli --version && cat /dev/null"]
    run = launched(launcher, *words, environ=bare_environ, folder=tmp_path)
    assert run.stdout.startswith("asayer-cli 0."), run.stderr
    assert run.returncode == 0, "the folder of the program is not on PATH, only the program"


def test_the_demo_does_every_step_in_any_folder_and_shows_no_secret(
    launcher: Path, bare_environ: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("moto", "click", "werkzeug"):
        (folder / f"{name}.py").write_text(f"raise RuntimeError('this {name} is poisoned')\n")
    run = launched(launcher, "demo", environ=bare_environ, folder=folder)
    assert run.returncode == 0, run.stderr
    assert "poisoned" not in run.stderr
    planted.check(["demo"], bare_environ, "", run.stdout + run.stderr)
    steps = re.findall(r"^\$ asayer-cli (\w+(?: [a-z][\w-]*)?)", run.stderr, re.MULTILINE)
    assert steps == ["aws setup", "aws log-groups", "elastic create-key", "integrations show", "verify", "session"]
    assert "Verified" in run.stdout
    assert "Traceback" not in run.stderr
    assert "********" in run.stdout
    # an AWS secret access key is 40 characters of base64
    assert not re.search(
        r"(?<![A-Za-z0-9/+])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*[a-z])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])",
        run.stdout,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_start_prints_the_environment_and_stays_until_interrupted(
    start: Start, number: signal.Signals, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environ = {"AWS_PROFILE": "production", "TMPDIR": str(temporary)}
    process = start("sandbox", "start", "--no-samples", env=environ)
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or not lines[-1].startswith("export no_proxy"):
        lines.append(process.stdout.readline().strip())
        assert lines[-1], lines
    assert "unset AWS_PROFILE" in lines
    exported = dict(re.fullmatch(r"export (\w+)=(.*)", line).groups() for line in lines if line.startswith("export"))  # type: ignore[union-attr,misc]
    url = urlsplit(shlex.split(exported["AWS_ENDPOINT_URL"])[0])
    address = (str(url.hostname), int(url.port or 0))
    socket.create_connection(address, timeout=5).close()
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in err
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_reaches_the_command(start: Start, number: signal.Signals) -> None:
    code = f"import signal, sys; print('up', flush=True); signal.sigwait([{number:d}]); sys.exit(5)"
    block = f"import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [{number:d}]);" + code
    process = start("sandbox", "run", "--no-samples", "--", sys.executable, "-c", block)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 5
