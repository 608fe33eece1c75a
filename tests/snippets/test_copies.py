"""`snippet --vendor` and `snippet check`: written whole, never over somebody's work, and judged later."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from typing import TYPE_CHECKING

import pytest

from asayer_cli import __version__
from asayer_cli.snippets.script import vendored_script
from asayer_cli.vendoring import vendored_module

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Cli

SCRIPT, MODULE = "asayer-propagate.js", "asayer_session.py"
TEXTS = {SCRIPT: vendored_script(), MODULE: vendored_module()}
WRITES = {SCRIPT: ("javascript",), MODULE: ()}


def of_version(name: str, version: str) -> str:
    """Return a copy that another version of the program wrote, which had something else in it."""
    if name == SCRIPT:
        body = "addEventListener('load', () => {});\n"
        return f"/*! {SCRIPT} of asayer-cli {version}, sha256 {hashlib.sha256(body.encode()).hexdigest()} */\n{body}"
    head, _, body = TEXTS[MODULE].partition(f"# asayer-cli {__version__}\n")
    body = re.sub(r"^# sha256 \w+\n", "", body) + "\nmore = 1\n"
    checksum = hashlib.sha256(f"{version}\n{body}".encode()).hexdigest()
    return f"{head}# asayer-cli {version}\n# sha256 {checksum}\n{body}"


@pytest.fixture(params=[SCRIPT, MODULE])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def checked(bare: Cli, *paths: Path) -> tuple[int, list[str]]:
    run = bare("snippet", "check", *map(str, paths), "-o", "json")
    return run.code, [file["state"] for file in run.data["files"]]


def test_a_copy_is_written_and_current(bare: Cli, path: Path) -> None:
    for _ in range(2):  # the second time over itself
        run = bare("snippet", *WRITES[path.name], "--vendor", str(path))
        assert run.code == 0
        assert f"note: Wrote {path}." in run.err
        assert path.read_text(encoding="utf-8") == TEXTS[path.name]
    assert [left.name for left in path.parent.iterdir() if left.is_file()] == [path.name]
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    assert checked(bare, path) == (0, ["current"])
    assert bare("snippet", "check", str(path)).out == f"current     {path} (asayer-cli {__version__})\n"


def test_what_is_printed_along(bare: Cli, tmp_path: Path) -> None:
    path = tmp_path / "session_logs.py"
    run = bare("snippet", "flask", "--vendor", str(path), "-o", "json")
    assert "from session_logs import install\n" in run.data["text"]
    assert run.data["vendored"] == str(path)
    page = bare("snippet", "javascript", "--vendor", str(tmp_path / "propagate.v2.js")).out
    assert page.count('"/propagate.v2.js"') == 2
    assert "asayer-propagate.js" not in page
    assert bare("snippet", "--vendor", str(path), "-o", "json").data["state"] == "current"
    assert bare("snippet", "--vendor", str(path), "--quiet") == type(run)(0, "", "")


def test_standard_output_gets_the_bytes(bare: Cli, path: Path) -> None:
    run = bare("snippet", *WRITES[path.name], "--vendor", "-")
    assert (run.code, run.out) == (0, TEXTS[path.name])


@pytest.mark.parametrize(
    ("make", "state"),
    [
        (lambda name: of_version(name, "0.0.1"), "older"),
        (lambda name: of_version(name, "99.1.0"), "newer"),
        (lambda name: TEXTS[name].replace("return", "return ", 1), "changed"),
        (lambda name: TEXTS[name] + "\n", "changed"),
        (lambda _: "import os\n", "foreign"),
        (lambda _: "", "foreign"),
    ],
)
def test_only_an_older_copy_is_replaced_unasked(bare: Cli, path: Path, make: object, state: str) -> None:
    assert callable(make)
    before = make(path.name)
    path.write_text(before, encoding="utf-8")
    path.chmod(0o640)
    run = bare("snippet", "check", str(path))
    assert run.code == 1
    assert run.out.startswith(state)
    assert len(run.out.splitlines()) == 2
    written = bare("snippet", *WRITES[path.name], "--vendor", str(path))
    if state == "older":
        assert f"--vendor {path}" in run.out
        assert written.code == 0
    else:
        assert (written.code, path.read_text(encoding="utf-8")) == (1, before)
        assert "it was left as it is" in written.err
        assert "--force" in written.err
        assert bare("snippet", *WRITES[path.name], "--vendor", str(path), "--force").code == 0
    assert path.read_text(encoding="utf-8") == TEXTS[path.name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_other_line_ends_are_no_change(bare: Cli, path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + TEXTS[path.name].replace("\n", "\r\n").encode())
    assert checked(bare, path) == (0, ["current"])


def test_several_files_are_told_each(bare: Cli, tmp_path: Path) -> None:
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    names = [SCRIPT, MODULE, "bytes", "missing.py", "."]
    found = checked(bare, *(tmp_path / name for name in names))
    assert found == (1, ["current", "current", "foreign", "unreadable", "unreadable"])
    run = bare("snippet", "check", str(tmp_path / "missing.py"))
    assert "It cannot be read: No such file or directory." in run.out


def test_one_kind_does_not_replace_the_other(bare: Cli, tmp_path: Path) -> None:
    path = tmp_path / MODULE
    path.write_text(TEXTS[SCRIPT], encoding="utf-8")
    run = bare("snippet", "--vendor", str(path))
    assert (run.code, path.read_text(encoding="utf-8")) == (1, TEXTS[SCRIPT])
    assert "is a copy of something else" in run.err


def test_a_place_that_cannot_be(bare: Cli, tmp_path: Path) -> None:
    for target, said in ((tmp_path / "none" / MODULE, "There is no folder"), (tmp_path / "f.py", "is no file")):
        (tmp_path / "f.py").mkdir(exist_ok=True)
        run = bare("snippet", "--vendor", str(target), "--force")
        assert (run.code, run.out) == (2, "")
        assert said in run.err


def test_a_link_stays_one(bare: Cli, path: Path, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    path.symlink_to(tmp_path / "own" / "kept")
    assert bare("snippet", *WRITES[path.name], "--vendor", str(path)).code == 0
    assert path.is_symlink()
    assert checked(bare, path) == (0, ["current"])
