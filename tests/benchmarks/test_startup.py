"""What makes the start slow stays out of it; the speed itself is measured, not asserted."""

from __future__ import annotations

import subprocess
import sys

# each costs milliseconds, and none is needed before a command runs
SLOW = {"datetime", "json", "pathlib", "subprocess", "tempfile", "traceback", "urllib.parse", "asayer_cli.result"}


def _modules(statement: str) -> set[str]:
    program = f"import sys\n{statement}\nsys.stderr.write(' '.join(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(ended.stderr.split())


def test_the_version_costs_little_more_than_click() -> None:
    more = _modules("from asayer_cli.cli.boundary import run\nassert run(['--version']) == 0") - _modules(
        "import click"
    )
    assert "asayer_cli.cli.boundary" in more
    assert more & SLOW == set()
