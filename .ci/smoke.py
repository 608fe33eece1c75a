"""Try an installed asayer-cli that has no extra: every help, and what it says when something is missing.

Run it with the Python of the environment to try. Ends with 1 and a message when something is wrong.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from asayer_cli.cli.root import root

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(sysconfig.get_path("scripts")) / "asayer-cli"
NOT_CONFIGURED = 3


def expect(arguments: list[str], code: int, *words: str) -> None:
    """Run the program where nothing is configured; end when its exit code or its words are others."""
    with tempfile.TemporaryDirectory() as home:
        ended = subprocess.run(
            [PROGRAM, *arguments],
            env={"PATH": os.defpath, "HOME": home, "PYTHONWARNINGS": "error"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=home,
            check=False,
        )
    said = ended.stdout + ended.stderr
    missing = [word for word in words if word not in said]
    if ended.returncode != code or missing or "Traceback" in said:
        sys.exit(f"asayer-cli {' '.join(arguments)}: exit code {ended.returncode}, not {code}; lacks {missing}\n{said}")


def commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every command, groups included."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is None:
                sys.exit(f"{' '.join((*path, name))} is listed and not there")
            yield from commands(inner, (*path, name))


def main() -> None:
    """Try everything."""
    installed = [name for name in ("moto", "noida_db", "werkzeug") if importlib.util.find_spec(name)]
    if installed:
        sys.exit(f"the environment has packages of the extra sandbox: {installed}")
    expect(["--version"], 0, f"asayer-cli {importlib.metadata.version('asayer-cli')}")
    paths = list(commands(root))
    for path in paths:
        expect([*path, "--help"], 0, f"Usage: {' '.join(('asayer-cli', *path))}")
    expect(["verify"], NOT_CONFIGURED, "aws setup", "elastic create-key")
    expect(["sandbox", "run", "--", "true"], NOT_CONFIGURED, "asayer-cli[sandbox]")
    expect(["demo"], NOT_CONFIGURED, "asayer-cli[sandbox]")
    version = ".".join(map(str, sys.version_info[:3]))
    sys.stdout.write(f"Python {version}: the wheel works, {len(paths)} help pages\n")


if __name__ == "__main__":
    main()
