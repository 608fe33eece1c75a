"""Snippets as their users take them: printed by the program, put into files, and run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from asayer_cli.collector import CloudWatchCollector, ElasticsearchCollector
from asayer_cli.entries import LogEntry
from asayer_cli.sandbox.supervisor import cleaned
from asayer_cli.snippets.copies import MODULE_NAME
from tests.conftest import run_program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asayer_cli.collector import Verdict

ROOT: Final = Path(__file__).parents[2]
SECRET: Final = "planted-canary-secret"
SESSION: Final = "4113219715072001793"
_PART: Final = re.compile(r"^# --- (.+?) ---\n", re.MULTILINE)


@dataclass(frozen=True)
class Form:
    """Whether the application installs the package or keeps a vendored module."""

    name: str

    @property
    def vendored(self) -> bool:
        return self.name == "vendored"

    def printed(self, kind: str, folder: Path, environ: Mapping[str, str]) -> str:
        """Return what is printed for a kind; the module that it imports is in the folder then, where it is vendored."""
        options = ("--vendor", str(folder / f"{MODULE_NAME}.py")) if self.vendored else ()
        run = run_program("snippet", kind, *options, environ=environ)
        assert run.code == 0, run.err
        assert ("asayer_cli" in run.out) == (not self.vendored)
        return run.out

    def environ(self, **more: str) -> dict[str, str]:
        """Return the environment of the application: the package can be imported only where it is installed."""
        kept = {name: value for name, value in cleaned(os.environ).items() if not name.startswith("PYTHON")}
        path = {} if self.vendored else {"PYTHONPATH": str(ROOT)}
        return {**kept, **path, "PYTHONWARNINGS": "ignore", "PYTHONDONTWRITEBYTECODE": "1", **more}


FORMS: Final = (Form("package"), Form("vendored"))


def parts(text: str) -> dict[str, str]:
    """Return the parts of a snippet by their headings, up to the first comma or colon."""
    found = _PART.split(text)[1:]
    return {re.split(r"[,:]", name)[0]: body for name, body in zip(found[::2], found[1::2], strict=True)}


def python(*arguments: str, folder: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder to its end; it must end well."""
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=dict(environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended


def taken_by_cloudwatch(line: str) -> str | None:
    """Return the session that the CloudWatch collector attaches a line to, None when it drops it."""
    return _taken(CloudWatchCollector().judge(LogEntry(None, line, "", "")))


def taken_by_elasticsearch(line: str) -> str | None:
    """The same of the Elasticsearch collector, which gets the line as a document."""
    fields = json.loads(line)
    return _taken(ElasticsearchCollector().judge(LogEntry(None, fields["message"], "", "", fields)))


def _taken(verdict: Verdict | None) -> str | None:
    return str(verdict.session_id) if verdict and verdict.collectible else None
