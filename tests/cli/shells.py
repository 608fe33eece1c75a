"""Real shells on a real terminal, with the program on PATH as its users have it."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROMPT = "READY> "
PATIENCE_SECONDS = 30.0
STARTS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "-i", "--init-command", f"function fish_prompt; printf '{PROMPT}'; end"],
}


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"not installed: {shell}")


def with_program(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return an environment with the program on PATH; a run that completes nothing writes its arguments down."""
    said = folder / "arguments"
    launcher = folder / "bin" / "asayer-cli"
    launcher.parent.mkdir()
    launcher.write_text(
        f"""#!/bin/sh
if [ -n "$_ASAYER_CLI_COMPLETE" ] || [ "$1" = completions ]; then
  exec {shlex.quote(sys.executable)} -m asayer_cli "$@"
fi
printf '%s\\n' "$@" >{said}.new
mv {said}.new {said}
"""
    )
    launcher.chmod(0o755)
    home = Path(environ["HOME"])
    home.mkdir(exist_ok=True)
    return {
        **environ,
        "PATH": os.pathsep.join([str(launcher.parent), environ["PATH"]]),
        "PS1": PROMPT,
        "ZDOTDIR": str(home),
        "INPUTRC": os.devnull,
        "LANG": "C.UTF-8",
        "ASAYER_CACHE_DIR": str(folder / "cache"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
    }


@contextmanager
def interactive(shell: str, environ: dict[str, str], *setup: str, config: bool = False) -> Iterator[Any]:
    """Start a shell and send it the lines of `setup`; fish looks into the home folder only with `config`."""
    program, *arguments = STARTS[shell]
    if config:
        arguments = [argument for argument in arguments if argument != "--no-config"]
    child = pexpect.spawn(
        program, arguments, env=environ, encoding="utf-8", timeout=PATIENCE_SECONDS, dimensions=(50, 200)
    )
    try:
        child.expect_exact(PROMPT)
        for line in setup:
            child.send(f"{line}\r")
            child.expect_exact(PROMPT)
        yield child
    finally:
        child.close(force=True)


def completed(child: Any, typed: str, *wanted: str) -> None:
    """Type, press Tab, and wait for what completes it; the shell echoes what was typed."""
    child.send(f"{typed}\t")
    child.expect_exact(typed)
    for text in wanted:
        child.expect_exact(text)
    child.send("\x15")


def arguments_of(child: Any, typed: str, folder: Path) -> list[str]:
    """Type, press Tab and Enter; return the arguments that the shell gives to the program."""
    said = folder / "arguments"
    said.unlink(missing_ok=True)
    child.send(f"{typed}\t\r")
    end = time.monotonic() + PATIENCE_SECONDS
    while not said.exists():
        assert time.monotonic() < end, f"nothing was run for {typed}"
        time.sleep(0.02)
    return said.read_text(encoding="utf-8").splitlines()
