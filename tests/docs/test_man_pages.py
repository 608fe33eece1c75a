"""The manual pages in `man/` are those of the commands, and sound."""

from __future__ import annotations

import re
import shutil
import subprocess

import click
import pytest

from asayer_cli.settings import KEYS
from tests.docs import man_pages
from tests.docs.reference import contexts

STALE = "make them anew: python -m tests.docs.man_pages --write"
CONTEXTS = list(contexts())


def unescaped(roff: str) -> str:
    return re.sub(r"\\f[BRI]|\\&", "", roff).replace("\\-", "-").replace("\\e", "\\")


def test_the_files_are_those_of_the_commands() -> None:
    kept = {path.name: path.read_text(encoding="utf-8") for path in man_pages.FOLDER.iterdir()}
    made = man_pages.pages()
    assert set(kept) == set(made), STALE
    assert [name for name in made if kept[name] != made[name]] == [], STALE


def test_every_command_and_option_has_its_place() -> None:
    pages = man_pages.pages()
    for context in CONTEXTS:
        text = unescaped(pages[f"{man_pages.page_name(context)}.1"])
        for option in context.command.get_params(context):
            if isinstance(option, click.Option):
                assert all(name in text for name in (*option.opts, *option.secondary_opts)), context.command_path
        if isinstance(context.command, click.Group):
            names = context.command.list_commands(context)
            assert [name for name in names if f".BR {man_pages.page_name(context)}-{name} (1)" not in text] == []
    root = unescaped(pages["asayer-cli.1"])
    assert [key.variable for key in KEYS if key.variable not in root] == []


def test_nothing_is_taken_for_a_request() -> None:
    assert man_pages.escaped(".TH") == "\\&.TH"
    assert man_pages.escaped("'br \\n --x") == "\\&'br \\en \\-\\-x"
    assert man_pages.prose("run `a --b`\n now") == "run \\fBa \\-\\-b\\fR now"


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="not installed: mandoc")
def test_mandoc_finds_no_fault() -> None:
    files = sorted(map(str, man_pages.FOLDER.glob("*.1")))
    linted = subprocess.run(["mandoc", "-Tlint", "-Wwarning", *files], capture_output=True, text=True, check=False)
    complaints = [line for line in linted.stdout.splitlines() if "missing date" not in line]
    assert complaints == []


@pytest.mark.skipif(shutil.which("groff") is None, reason="not installed: groff")
def test_groff_finds_no_fault() -> None:
    for path in man_pages.FOLDER.glob("*.1"):
        command = ["groff", "-man", "-K", "utf8", "-T", "utf8", "-ww", "-z", str(path)]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stderr == "", path.name
