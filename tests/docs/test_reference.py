"""The generated parts of README.md are those of the program, and the rest leaves nothing out."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

import asayer_cli
from tests.docs.markdown import TEXT
from tests.docs.reference import COMMON, commands, contexts, filled, options, variable

_VARIABLE = re.compile(r"\bASAYER_[A-Z_]+[A-Z]\b")


def test_generated_parts_are_up_to_date() -> None:
    assert filled(TEXT) == TEXT, "run: python -m tests.docs.reference --write"


def test_a_readme_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="no place for commands"):
        filled(TEXT.replace("<!-- begin commands -->", ""))


@pytest.mark.parametrize("context", list(contexts()), ids=lambda context: context.command_path)
def test_every_command_and_option_has_help(context: click.Context) -> None:
    assert context.command.help
    described = [option for option in context.command.params if isinstance(option, click.Option)]
    assert [option.name for option in described if not option.help] == []


@pytest.mark.parametrize("context", commands(), ids=lambda context: context.command_path)
def test_every_option_is_read_from_the_variable_named(context: click.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    common = [option for option in context.command.params if option.name in COMMON and isinstance(option, click.Option)]
    for option in [*options(context), *common]:
        monkeypatch.setenv(variable(option, context), "from-the-environment")
        assert option.resolve_envvar_value(context) == "from-the-environment", option.name


def test_every_variable_of_the_program_is_in_the_readme() -> None:
    sources = Path(asayer_cli.__file__).parent.rglob("*.py")
    used = {name for source in sources for name in _VARIABLE.findall(source.read_text(encoding="utf-8"))}
    assert used - set(_VARIABLE.findall(TEXT)) == set()


def test_every_variable_in_the_readme_is_one_of_the_program() -> None:
    sources = Path(asayer_cli.__file__).parent.rglob("*.py")
    used = {name for source in sources for name in _VARIABLE.findall(source.read_text(encoding="utf-8"))}
    used |= {variable(option, context) for context in commands() for option in options(context)}
    assert set(_VARIABLE.findall(TEXT)) - used == set()
