"""What SECURITY.md says, as far as a test can know it."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import asayer_cli
from tests.docs.reference import contexts

if TYPE_CHECKING:
    from tests.conftest import Cli

ROOT = Path(asayer_cli.__file__).parents[1]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROWS: list[tuple[str, str, str]] = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| [^|]+ \|$", TEXT, re.MULTILINE)
GROUPS = r"(?:aws|elastic|integrations|config) [a-z-]+|verify|audit"


def test_every_file_named_is_there() -> None:
    paths = re.findall(r"`((?:asayer_cli|requirements|\.ci)/[\w./]*)`", TEXT)
    assert len(paths) >= 4
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_command_named_is_there() -> None:
    known = {context.command_path.partition(" ")[2]: context for context in contexts()}
    named = re.findall(rf"`(?:asayer-cli )?({GROUPS})(?: (--[a-z-]+))?[^`]*`", TEXT)
    assert len(named) > 20
    assert {command for command, _ in named} <= set(known)
    for command, option in named:
        assert not option or option in {name for param in known[command].command.params for name in param.opts}


def test_every_variable_named_is_read() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "asayer_cli").rglob("*.py"))
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert [name for name in re.findall(r"`(ASAYER_[A-Z_]+)`", TEXT) if name not in code] == []
    assert [name for name in re.findall(r"`(GATE_[A-Z_]+)`", TEXT) if name not in gate] == []


def test_what_is_written_has_the_mode_that_is_told(cli: Cli, sandbox_environ: dict[str, str], tmp_path: Path) -> None:
    group = ("--region", "eu-west-1", "--log-group", "/ecs/shop-api", "--user-name", "told-modes")
    report = tmp_path / "sandbox" / "state" / "report.xml"
    assert cli("aws", "setup", *group, "--yes").code == 0
    assert cli("elastic", "create-key", "--name", "told-modes", "--yes").code == 0
    cli("verify", "-o", "junit", "--report-file", str(report))
    folders = [Path(sandbox_environ[f"ASAYER_{name}_DIR"]) for name in ("CONFIG", "STATE")]
    found = {path: stat.S_IMODE(path.stat().st_mode) for folder in folders for path in folder.iterdir()}
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    assert {_told(path, report): mode for path, mode in found.items() if _told(path, report) != "locks of files"} == {
        what: int(mode, 8)
        for what, _, mode in ROWS
        if what in ("settings", 'secrets, by `secret_store = "file"` only', "journal", "locks of runs", "reports")
    }


def _told(path: Path, report: Path) -> str:
    """Return the row of the table that tells of a file."""
    if path == report:
        return "reports"
    name = re.sub(r"-[0-9a-f]{16}\.", "-<digest>.", path.name)
    (what,) = [what for what, where, _ in ROWS if f"`{name}`" in where]
    return what
