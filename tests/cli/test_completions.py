"""Completion in the real shells, with the program on PATH as its users have it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pexpect
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Cli

FILES = {"bash": "asayer-cli.bash", "zsh": "_asayer-cli", "fish": "asayer-cli.fish"}
FOLDER = Path(__file__).parents[2] / "completions"
PROMPT = "READY> "


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"not installed: {shell}")


@pytest.fixture
def shell_environ(bare_environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    launcher = tmp_path / "bin" / "asayer-cli"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m asayer_cli "$@"\n')
    launcher.chmod(0o755)
    home = Path(bare_environ["HOME"])
    home.mkdir()
    return {
        **bare_environ,
        "PATH": os.pathsep.join([str(launcher.parent), bare_environ["PATH"]]),
        "PS1": PROMPT,
        "ZDOTDIR": str(home),
        "INPUTRC": os.devnull,
    }


@pytest.mark.parametrize("shell", FILES)
def test_the_files_are_what_the_program_prints(bare: Cli, shell: str) -> None:
    run = bare("completions", shell)
    assert (run.code, run.err) == (0, "")
    assert run.out == (FOLDER / FILES[shell]).read_text(encoding="utf-8")


def test_no_other_files() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(FILES.values())


def interactive(arguments: list[str], environ: dict[str, str], *setup: str) -> Iterator[Any]:
    child = pexpect.spawn(arguments[0], arguments[1:], env=environ, encoding="utf-8", timeout=30, dimensions=(50, 200))
    try:
        child.expect_exact(PROMPT)
        for line in setup:
            child.send(f"{line}\r")
            child.expect_exact(PROMPT)
        yield child
    finally:
        child.close(force=True)


@pytest.fixture
def bash(shell_environ: dict[str, str]) -> Iterator[Any]:
    yield from interactive(["bash", "--norc", "--noprofile", "-i"], shell_environ, f"source {FOLDER / FILES['bash']}")


ZSH_SETUPS = {
    "autoloaded": ("unsetopt PROMPT_SP", f"fpath=({FOLDER} $fpath)", "autoload -Uz compinit && compinit -u -D"),
    "evaluated": (
        "unsetopt PROMPT_SP",
        "autoload -Uz compinit && compinit -u -D",
        'eval "$(asayer-cli completions zsh)"',
    ),
}


@pytest.fixture(params=list(ZSH_SETUPS))
def zsh(shell_environ: dict[str, str], request: pytest.FixtureRequest) -> Iterator[Any]:
    yield from interactive(["zsh", "-f", "-i"], shell_environ, *ZSH_SETUPS[request.param])


def completed(child: Any, typed: str, *wanted: str) -> None:
    """Type, press Tab, and wait for what completes it; the shell echoes what was typed."""
    child.send(f"{typed}\t")
    child.expect_exact(typed)
    for text in wanted:
        child.expect_exact(text)
    child.send("\x15")


@pytest.mark.needs_shell
@needs("bash")
def test_bash(bash: Any) -> None:
    completed(bash, "asayer-cli aw", "s ")
    completed(bash, "asayer-cli config sh", "ow ")
    completed(bash, "asayer-cli config show --outp", "ut ")
    completed(bash, "asayer-cli verify --output ju", "nit ")
    bash.send("asayer-cli config s\t\t")
    bash.expect(r"\r\nset +show")


@pytest.mark.needs_shell
@needs("zsh")
def test_zsh(zsh: Any) -> None:
    completed(zsh, "asayer-cli aw", "s")
    completed(zsh, "asayer-cli config show --outp", "ut")
    completed(zsh, "asayer-cli verify --output ju", "nit")
    zsh.send("asayer-cli config \t")
    zsh.expect("path .*Print the path of the settings file.")


@pytest.mark.needs_shell
@needs("fish")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("asayer-cli aw", ["aws"]),
        ("asayer-cli config s", ["set", "show"]),
        ("asayer-cli config show --outp", ["--output"]),
        ("asayer-cli verify --output ju", ["junit"]),
        ("asayer-cli integrations remove --", ["--only", "--secret-store", "--dry-run", "--yes"]),
    ],
)
def test_fish(shell_environ: dict[str, str], typed: str, offered: list[str]) -> None:
    ended = subprocess.run(
        ["fish", "--no-config", "-c", f"source {FOLDER / FILES['fish']}; complete -C '{typed}'"],
        env=shell_environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found = [line.partition("\t")[0] for line in ended.stdout.splitlines()]
    assert set(offered) <= set(found)
    assert all(name.startswith(typed.rpartition(" ")[2]) for name in found)


@pytest.mark.needs_shell
@needs("bash")
def test_a_printed_script_serves_as_well_as_the_file(shell_environ: dict[str, str]) -> None:
    script = 'eval "$(asayer-cli completions bash)"; complete -p asayer-cli; COMP_WORDS=(asayer-cli el) COMP_CWORD=1'
    script += "; _asayer_cli_completion asayer-cli; echo ${COMPREPLY[@]}"
    ended = subprocess.run(
        ["bash", "--norc", "-c", script], env=shell_environ, capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.splitlines() == ["complete -o nosort -F _asayer_cli_completion asayer-cli", "elastic"]
