"""Completion in the real shells, with the program on PATH as its users have it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.shells import completed, interactive, needs, with_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Cli

FILES = {"bash": "asayer-cli.bash", "zsh": "_asayer-cli", "fish": "asayer-cli.fish"}
FOLDER = Path(__file__).parents[2] / "completions"


@pytest.mark.parametrize("shell", FILES)
def test_the_files_are_what_the_program_prints(bare: Cli, shell: str) -> None:
    run = bare("completions", shell)
    assert (run.code, run.err) == (0, "")
    assert run.out == (FOLDER / FILES[shell]).read_text(encoding="utf-8")


def test_no_other_files() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(FILES.values())


@pytest.fixture
def shell_environ(bare_environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    return with_program(bare_environ, tmp_path)


@pytest.fixture
def bash(shell_environ: dict[str, str]) -> Iterator[Any]:
    with interactive("bash", shell_environ, f"source {FOLDER / FILES['bash']}") as child:
        yield child


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
    with interactive("zsh", shell_environ, *ZSH_SETUPS[request.param]) as child:
        yield child


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
    script = 'eval "$(asayer-cli completions bash)"; complete -p asayer-cli; COMP_LINE="asayer-cli el" COMP_POINT=13'
    script += "; _asayer_cli_completion asayer-cli el; echo ${COMPREPLY[@]}"
    ended = subprocess.run(
        ["bash", "--norc", "-c", script], env=shell_environ, capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout.splitlines() == ["complete -o nosort -F _asayer_cli_completion asayer-cli", "elastic"]
