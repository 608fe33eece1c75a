from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from asayer_cli import __version__, vendoring
from asayer_cli.vendoring import judge_vendored, vendored_module

HERE = Path(__file__).parent
LAUNCHED = """
import importlib.util, os, subprocess, sys
import asayer_session
spec = importlib.util.spec_from_file_location("shop.asayer_session", asayer_session.__file__)
of_a_package = importlib.util.module_from_spec(spec)
spec.loader.exec_module(of_a_package)
folder = next(path for path in sys.path if "asayer-propagation-" in path)
assert os.stat(folder).st_mode & 0o777 == 0o700
name = "child" if len(sys.argv) > 1 else "parent"
with of_a_package.session_context(42):
    print(name, flush=True)
if name == "parent":
    if os.fork() == 0:
        sys.exit(0)
    os.wait()
    subprocess.run([sys.executable, __file__, "child"], check=True)
print(folder, flush=True)
sys.exit(3 if name == "parent" else 0)
"""


def pythons() -> list[str]:
    """Return this Python and each other from 3.9 up that pyenv has."""
    versions = Path.home() / ".pyenv/versions"
    found = {}
    for path in sorted(versions.glob("3.*/bin/python")):
        minor = int(path.parent.parent.name.split(".")[1])
        if minor >= 9:
            found[minor] = str(path)
    return list({sys.version_info.minor: sys.executable, **found}.values())


@pytest.mark.parametrize("python", pythons(), ids=lambda path: Path(path).parts[-3])
def test_the_module_works_in_an_empty_environment(tmp_path: Path, python: str) -> None:
    (tmp_path / "asayer_session.py").write_text(vendored_module(), encoding="utf-8")
    (tmp_path / "launched.py").write_text(LAUNCHED, encoding="utf-8")
    program = tmp_path / "program.py"
    program.write_bytes((HERE / "vendored_program.py.txt").read_bytes())
    ended = subprocess.run(
        [python, "-W", "error", str(program)],
        env={"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stdout.startswith("all is well"), ended.stdout + ended.stderr
    assert ended.stderr == ""


def launched(tmp_path: Path, before: str, command: str) -> subprocess.CompletedProcess[str]:
    """Run the vendored launcher from a shell that has done something before."""
    (tmp_path / "asayer_session.py").write_text(vendored_module(), encoding="utf-8")
    return subprocess.run(
        ["sh", "-c", f'{before} exec "$0" asayer_session.py -- "$0" -c "$1"', sys.executable, command],
        cwd=tmp_path,
        env={"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_start_without_a_place_for_its_files_says_so(tmp_path: Path) -> None:
    ended = launched(tmp_path, "ulimit -f 0;", "print('started')")
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (126, "", 1)
    assert "Set TMPDIR" in ended.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["asayer_session.py"]


def test_a_start_folder_that_cannot_be_removed_is_left_in_silence(tmp_path: Path) -> None:
    gone = "import os, sys; [os.rename(path, path + '.gone') for path in sys.path if 'asayer-propagation-' in path]"
    ended = launched(tmp_path, "", gone)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_start_folder_stays_for_a_child_that_lives_on(tmp_path: Path) -> None:
    (tmp_path / "asayer_session.py").write_text(vendored_module(), encoding="utf-8")
    child = "import sys; sys.stdin.read()"
    command = f"import subprocess, sys; subprocess.Popen([sys.executable, '-W', 'ignore', '-c', {child!r}])"
    with subprocess.Popen(
        [sys.executable, "asayer_session.py", "--", sys.executable, "-W", "ignore", "-c", command],
        cwd=tmp_path,
        env={"TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
    ) as started:
        assert started.wait(60) == 0
        assert len(list(tmp_path.glob("asayer-propagation-*"))) == 1


def test_it_is_the_same_text_each_time_and_stands_alone() -> None:
    text = vendored_module()
    assert text == vendored_module()
    assert re.search(r"^\s*(from|import) asayer_cli", text.partition("STARTUP_FILES = ")[0], re.MULTILINE) is None
    names: dict[str, object] = {"__name__": "asayer_session"}
    exec(compile(text, "asayer_session.py", "exec"), names)  # noqa: S102 - our own text
    exported = names["__all__"]
    assert isinstance(exported, list)
    assert {"install", "WsgiMiddleware", "AsgiMiddleware", "session_context", "lambda_handler"} <= set(exported)
    assert set(exported) <= set(names)


def restamped(version: str, more: str = "") -> str:
    """Return a copy as another version would have made it."""
    text = vendored_module()
    stamp = vendoring._STAMP.search(text)  # noqa: SLF001 - the header's form is written there once
    assert stamp is not None
    body = text[stamp.end() :] + more
    checksum = vendoring._checksum(version, body)  # noqa: SLF001 - as above
    return text[: stamp.start()] + f"# asayer-cli {version}\n# sha256 {checksum}\n" + body


@pytest.mark.parametrize(
    ("text", "state", "version"),
    [
        (vendored_module(), "current", __version__),
        ("\ufeff" + vendored_module().replace("\n", "\r\n"), "current", __version__),
        (vendored_module() + "x = 1\n", "changed", __version__),
        (vendored_module().replace("def install(", "def  install(", 1), "changed", __version__),
        (vendored_module().replace(f"# asayer-cli {__version__}\n", "# asayer-cli 9.9\n"), "changed", "9.9"),
        (vendored_module().replace("Python 3.9 and later", "any Python"), "changed", __version__),
        (restamped(__version__, "x = 1\n"), "older", __version__),
        (restamped("0.0.9"), "older", "0.0.9"),
        (restamped("0.1.0rc1"), "older", "0.1.0rc1"),
        (restamped("0.10.0"), "newer", "0.10.0"),
        ("", "foreign", ""),
        ("import logging\n", "foreign", ""),
        ("# asayer-cli 0.1.0\n# sha256 none\n", "foreign", ""),
    ],
)
def test_what_a_copy_is(text: str, state: str, version: str) -> None:
    judged = judge_vendored(text)
    assert (judged.state, judged.version) == (state, version)
