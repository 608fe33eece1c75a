"""`completions install`: the script where each shell looks for it, found there by the shell itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asayer_cli.completion_scripts import SCRIPTS
from tests.cli.shells import arguments_of, interactive, needs, with_program

if TYPE_CHECKING:
    from tests.conftest import Cli

BASH_LOADERS = ("/usr/share/bash-completion/bash_completion", "/etc/bash_completion")
PATHS = {
    "bash": ".local/share/bash-completion/completions/asayer-cli",
    "zsh": ".zfunc/_asayer-cli",
    "fish": ".config/fish/completions/asayer-cli.fish",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def own(home: Path, **more: str) -> dict[str, str]:
    folders = {"XDG_DATA_HOME": "", "XDG_CONFIG_HOME": "", "BASH_COMPLETION_USER_DIR": "", "ZDOTDIR": str(home)}
    return {**folders, "HOME": str(home), **more}


@pytest.mark.parametrize("shell", PATHS)
def test_install_and_uninstall(bare: Cli, home: Path, shell: str) -> None:
    path = home / PATHS[shell]
    environ = own(home, SHELL=f"/usr/bin/{shell}")
    before = sorted(home.rglob("*"))
    foretold = bare("completions", "install", "--dry-run", env=environ)
    assert (foretold.code, foretold.out.splitlines()[0]) == (0, f"Would write: {path}")
    assert f"+ {path}" in foretold.err
    assert sorted(home.rglob("*")) == before
    assert bare("completions", "install", env=environ).code == 2
    done = bare("completions", "install", "--yes", "-o", "json", env=environ)
    assert done.data["step"] == "write"
    assert done.data["done"] is True
    assert path.read_text() == SCRIPTS[shell]
    assert bare("completions", "install", shell, env=environ).out.startswith(f"Up to date: {path}")
    path.write_text(f"# older\n{SCRIPTS[shell]}")
    assert bare("completions", "install", shell, "--yes", env=environ).out.startswith(f"Updated: {path}")
    assert bare("completions", "uninstall", "--yes", env=environ).out.startswith(f"Removed: {path}")
    assert bare("completions", "uninstall", "--yes", env=environ).out == f"Not installed: {path}\n"
    assert [item for item in home.rglob("*") if item.is_file()] == []


def test_a_file_of_someone_else_stays(bare: Cli, home: Path) -> None:
    path = home / PATHS["fish"]
    path.parent.mkdir(parents=True)
    path.write_text("complete -c asayer-cli -a mine\n")
    for verb in ("install", "uninstall"):
        run = bare("completions", verb, "fish", "--yes", env=own(home))
        assert run.code == 1
        assert "is no completion script of asayer-cli" in run.err
    assert path.read_text() == "complete -c asayer-cli -a mine\n"


def test_folders_of_the_environment_count(bare: Cli, home: Path, tmp_path: Path) -> None:
    chosen = own(home, XDG_DATA_HOME=str(tmp_path / "data"), XDG_CONFIG_HOME=str(tmp_path / "config"))
    assert bare("completions", "install", "fish", "--yes", env=chosen).code == 0
    assert (tmp_path / "config/fish/completions/asayer-cli.fish").exists()
    assert bare("completions", "install", "bash", "--yes", env=chosen).code == 0
    assert (tmp_path / "data/bash-completion/completions/asayer-cli").exists()
    chosen["BASH_COMPLETION_USER_DIR"] = str(tmp_path / "user")
    assert bare("completions", "install", "bash", "--yes", env=chosen).code == 0
    assert (tmp_path / "user/completions/asayer-cli").exists()


def test_an_unknown_shell_is_to_be_named(bare: Cli, home: Path) -> None:
    run = bare("completions", "install", env=own(home, SHELL="/bin/tcsh"))
    assert run.code == 2
    assert "completions install bash|zsh|fish" in run.err


@pytest.mark.needs_shell
@needs("zsh")
def test_zsh_has_it_in_a_folder_that_it_looks_into_already(bare: Cli, home: Path) -> None:
    folder = home / ".zsh" / "completions"
    folder.mkdir(parents=True)
    (home / ".zshrc").write_text(f"fpath=({folder} $fpath)\necho noise\n")
    run = bare("completions", "install", "zsh", "--yes", env=own(home))
    assert run.out.splitlines()[0] == f"Installed: {folder}/_asayer-cli"
    assert ".zshrc" not in run.out
    assert (folder / "_asayer-cli").exists()


@pytest.mark.needs_shell
@pytest.mark.parametrize("shell", [pytest.param(shell, marks=needs(shell)) for shell in PATHS])
def test_the_shell_finds_what_was_installed(
    bare: Cli, bare_environ: dict[str, str], home: Path, tmp_path: Path, shell: str
) -> None:
    environ = {**with_program(bare_environ, tmp_path), **own(home)}
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "BASH_COMPLETION_USER_DIR"):
        del environ[name]
    shown = bare("completions", "install", shell, "--yes", "-o", "json", env=own(home)).data
    setup = list(shown["lines"])
    if shell == "zsh":
        setup = ["unsetopt PROMPT_SP", *(line.replace("compinit", "compinit -u -D", 2) for line in setup)]
        setup[-1] = "autoload -Uz compinit && compinit -u -D"
    if shell == "bash" and not setup:
        setup = [next(f". {path}" for path in BASH_LOADERS if Path(path).exists())]
    # or fish would read all the manual pages first
    (home / ".local/share/fish/generated_completions").mkdir(parents=True)
    with interactive(shell, environ, *setup, config=True) as child:
        assert arguments_of(child, "asayer-cli integrations rem", tmp_path) == ["integrations", "remove"]
