"""Answer a shell that asks how a command line goes on, in the words of completion_scripts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from asayer_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click
    from click.shell_completion import CompletionItem

LINE_VARIABLE: Final = "_ASAYER_CLI_LINE"
REPLACED_VARIABLE: Final = "_ASAYER_CLI_REPLACED"


def answer(root: click.Command, program: str, arguments: list[str], environ: Mapping[str, str], variable: str) -> int:
    """Print the candidates for what `variable` in the environment asks, and return the exit code.

    A shell that has been open since another version may ask as click does: then click answers.
    """
    from click.shell_completion import shell_complete

    shell = environ[variable]
    if "_" in shell:
        return shell_complete(root, {}, program, variable, shell)
    try:
        lines = _bash(root, environ) if shell == "bash" else _direct(root, arguments, shell)
    except Exception:  # noqa: BLE001 - an error in the middle of what someone is typing helps nobody
        return ExitCode.BUG
    text = "".join(f"{line}\n" for line in lines)
    sys.stdout.buffer.write(text.encode(errors="replace"))
    sys.stdout.flush()
    return ExitCode.OK


def _bash(root: click.Command, environ: Mapping[str, str]) -> list[str]:
    from asayer_cli.shell_words import replacement, split_line

    words, last = split_line(environ[LINE_VARIABLE])
    items = _candidates(root, words[1:], last.text)
    start, replaced = _option_part(last.text), environ.get(REPLACED_VARIABLE, "")
    values = [item.value for item in items if item.type == "plain"]
    fitting = [replacement(last, replaced, start + value) for value in values]
    return [_kind(items), *(text for text in fitting if text is not None)]


def _direct(root: click.Command, arguments: list[str], shell: str) -> list[str]:
    """Answer a shell that gives the words apart; fish gives the one at the end as it is typed."""
    *words, last = arguments
    if shell == "fish":
        from asayer_cli.shell_words import FISH, split_line

        last = split_line(last, FISH)[1].text
    items = _candidates(root, words, last)
    start = _option_part(last) if shell == "fish" else ""
    plain = [item for item in items if item.type == "plain"]
    return [_kind(items), *(f"{start}{item.value}" + (f"\t{item.help}" if item.help else "") for item in plain)]


def _candidates(root: click.Command, words: list[str], last: str) -> list[CompletionItem]:
    from click.shell_completion import ShellComplete

    return ShellComplete(root, {}, "", "").get_completions(words, last)


def _kind(items: list[CompletionItem]) -> str:
    return next((item.type for item in items if item.type != "plain"), "plain")


def _option_part(word: str) -> str:
    """Return `--name=` of a word that begins so: candidates are for what comes after it."""
    name, equals, _ = word.partition("=")
    return f"{name}=" if equals and word.startswith("-") else ""
