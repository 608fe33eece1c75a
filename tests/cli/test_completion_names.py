"""Names with blanks, quotes, colons and the like come through each shell whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tomlkit

from asayer_cli.completion_scripts import SHELLS
from tests.cli.shells import arguments_of, interactive, needs, with_program

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parents[2] / "completions"
SETUPS = {
    "bash": (f"source {FOLDER}/asayer-cli.bash",),
    "zsh": ("unsetopt PROMPT_SP", f"fpath=({FOLDER} $fpath)", "autoload -Uz compinit && compinit -u -D"),
    "fish": (f"source {FOLDER}/asayer-cli.fish",),
}
NAMES = (
    "colon:east",
    "colon:west",
    "with blank",
    "it's mine",
    'say"hi"',
    "cost$HOME",
    "/ecs/shop-api",
    "wow!now",
    "semi;colon",
    "grün",
    "terminal\x1b[31mred",
)
TYPED = (
    ("colon:e", "colon:east"),
    ("'colon:w", "colon:west"),
    ("with\\ b", "with blank"),
    ('"with b', "with blank"),
    ("it\\'", "it's mine"),
    ("say", 'say"hi"'),
    ("cost", "cost$HOME"),
    ('"cost', "cost$HOME"),
    ("/ecs/", "/ecs/shop-api"),
    ("wow", "wow!now"),
    ("semi", "semi;colon"),
    ("gr", "grün"),
    ("terminal", "terminal"),
)


@pytest.fixture
def named_environ(bare_environ: Mapping[str, str], tmp_path: Path) -> dict[str, str]:
    environ = with_program(bare_environ, tmp_path)
    config = Path(environ["ASAYER_CONFIG_DIR"], "config.toml")
    config.parent.mkdir()
    config.write_text(tomlkit.dumps({"profiles": {name: {} for name in NAMES}}), encoding="utf-8")
    return environ


@pytest.mark.needs_shell
@pytest.mark.parametrize("shell", [pytest.param(shell, marks=needs(shell)) for shell in SHELLS])
def test_names_come_through_whole(named_environ: dict[str, str], tmp_path: Path, shell: str) -> None:
    with interactive(shell, named_environ, *SETUPS[shell]) as child:
        for typed, name in TYPED:
            got = arguments_of(child, f"asayer-cli config show --profile {typed}", tmp_path)
            assert got == ["config", "show", "--profile", name]
        assert arguments_of(child, "asayer-cli config show --profile=colon:w", tmp_path)[2:] == ["--profile=colon:west"]
