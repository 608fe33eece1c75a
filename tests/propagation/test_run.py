from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from asayer_cli.propagation.run import main
from tests.propagation.launched import LAUNCHER, run, script

PACKAGE = Path(main.__code__.co_filename).parents[1]
IN_SESSION = "from asayer_cli.propagation import session_context\nwith session_context(42):\n    print('{}')\n"


def test_a_program_its_children_and_the_hidden_sitecustomize(tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    script(hidden, "import sys\nsys.seen = getattr(sys, 'seen', 0) + 1\n", "sitecustomize.py")
    child = script(tmp_path, "import sitecustomize, sys\n" + IN_SESSION.format("child"), "child.py")
    parent = script(
        tmp_path,
        IN_SESSION.format("parent")
        + f"import subprocess, sys\nsubprocess.run([sys.executable, {child!r}], check=True)\n"
        + "print(sys.seen, sys.modules['sitecustomize'].__file__)\n",
    )
    ended = run(*LAUNCHER, "--", "python", parent, folder=tmp_path, added={"PYTHONPATH": str(hidden)})
    expected = [f"1 {hidden / 'sitecustomize.py'}", "[asayer_session_id=42] child", "[asayer_session_id=42] parent"]
    assert sorted(ended.stdout.splitlines()) == expected
    assert ended.stderr == ""


def test_a_hidden_sitecustomize_fails_as_it_would_alone(tmp_path: Path) -> None:
    script(tmp_path, "import no_such_module_at_all", "sitecustomize.py")
    added = {"PYTHONPATH": str(tmp_path)}
    alone = run(sys.executable, "-c", "print(1)", folder=tmp_path, added=added)
    launched = run(*LAUNCHER, "--", "python", "-c", "print(1)", folder=tmp_path, added=added)
    assert launched.stdout == alone.stdout == "1\n"
    assert launched.stderr.splitlines()[-1] == alone.stderr.splitlines()[-1]
    assert "no_such_module_at_all" in launched.stderr


def test_names_of_header_and_tag_are_handed_on(tmp_path: Path) -> None:
    told = "from asayer_cli.propagation.frameworks import accepted_headers\nprint(accepted_headers)\n"
    file = script(tmp_path, told + IN_SESSION.format("x"))
    first = run(*LAUNCHER, "--convention", "openreplay", "--", "python", file, folder=tmp_path)
    assert first.stdout == "['X-OpenReplay-SessionToken']\n[openReplaySession.id=42] x\n"
    second = run(*LAUNCHER, "--header", "X-A", "--header=X-B", "--tag-name", "a.b", "python", file, folder=tmp_path)
    assert second.stdout == "['X-A', 'X-B']\n[a.b=42] x\n"


def test_a_python_without_the_package_finds_it(tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", "--without-pip", "bare", folder=tmp_path)
    bare = str(tmp_path / "bare/bin/python")
    run(bare, "-c", "import asayer_cli", folder=tmp_path, code=1)
    file = script(
        tmp_path, "import wsgiref\nprint(sys.path)\n".replace("print", "import sys\nprint") + IN_SESSION.format("x")
    )
    ended = run(*LAUNCHER, "--", bare, file, folder=tmp_path)
    path, line = ended.stdout.splitlines()
    assert line == "[asayer_session_id=42] x"
    assert str(PACKAGE.parent) + "'" not in path


def test_what_brings_no_session_imports_nothing(tmp_path: Path) -> None:
    file = script(
        tmp_path, "import sys\nprint([name for name in sys.modules if 'asayer' in name or name == 'logging'])"
    )
    assert run(*LAUNCHER, "--", "python", file, folder=tmp_path).stdout == "['asayer_startup']\n"


def test_the_process_is_the_command_itself(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*LAUNCHER, "--", "sh", "-c", "echo $$; exit 7"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    out, _ = process.communicate(timeout=60)
    assert (int(out), process.returncode) == (process.pid, 7)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--header", "X A", "--", "true"], 2, "no name of a header"),
        (["--tag-name", "a]", "--", "true"], 2, "no name of a tag"),
        (["--convention", "x", "--", "true"], 2, "invalid choice"),
        (["--"], 2, "which COMMAND?"),
        ([], 2, "which COMMAND?"),
        (["--", "no-such-command-at-all"], 127, "no-such-command-at-all: not found"),
        (["--", "./missing"], 127, "No such file"),
        (["--", "./notes.txt"], 126, "Permission denied"),
        (["--", "python", "-I", "-c", "pass"], 0, "nothing will be tagged"),
        (["--", "python", "-c", "pass"], 0, ""),
    ],
)
def test_what_cannot_be_run(tmp_path: Path, arguments: list[str], code: int, told: str) -> None:
    script(tmp_path, "", "notes.txt")
    ended = run(*LAUNCHER, *arguments, folder=tmp_path, code=code)
    assert (told in ended.stderr) if told else ended.stderr == ""


def test_the_help_keeps_to_the_terminal(tmp_path: Path) -> None:
    shown = run(*LAUNCHER, "--help", folder=tmp_path, added={"COLUMNS": "80"}).stdout
    assert max(map(len, shown.splitlines())) <= 80
    assert "-- COMMAND [ARGUMENT]..." in shown
