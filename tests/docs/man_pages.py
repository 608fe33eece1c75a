"""The manual pages in `man/`: `python -m tests.docs.man_pages` lists them, `--write` makes them anew."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from asayer_cli import __version__
from asayer_cli.exit_codes import MEANINGS
from asayer_cli.settings import KEYS
from tests.docs.reference import COMMON, contexts, variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FOLDER: Final = Path(__file__).parents[2] / "man"
_CHANGELOG: Final = FOLDER.parent / "CHANGELOG.md"
_CODE: Final = re.compile(r"`([^`]*)`")
VARIABLES: Final = {
    "ASAYER_AWS_SECRET_ACCESS_KEY": "secret of the collector's access key, where no secret store has it",
    "ASAYER_ELASTIC_API_KEY": "API key of the collector, where no secret store has it",
    "ASAYER_ELASTIC_PASSWORD": "password of the user who makes an API key",
    "ASAYER_CONFIG_DIR": "folder of the settings, in the place of ~/.config/asayer-cli",
    "ASAYER_STATE_DIR": "folder of the journal, in the place of ~/.local/state/asayer-cli",
    "ASAYER_CACHE_DIR": "folder of names for completion, in the place of ~/.cache/asayer-cli",
    "ASAYER_COMPLETION_SECONDS": "how long completion may wait for a service; 2 when not set, 0 to ask none",
}
FILES: Final = {
    "~/.config/asayer-cli/config.toml": "the settings of all profiles; no secret",
    "~/.config/asayer-cli/secrets.json": "secrets, only with the secret store `file`; mode 0600",
    "~/.local/state/asayer-cli/journal.jsonl": "what this program has changed; no secret",
    "~/.cache/asayer-cli/": "names of log groups and indices, for completion; may be removed at any time",
}


def escaped(text: str) -> str:
    """Return text as roff shows it: no escapes, no requests, and hyphens that can be copied."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


def prose(text: str) -> str:
    """Return a paragraph on one line, its code in bold."""
    parts = _CODE.split(" ".join(text.split()))
    line = "".join(f"\\fB{escaped(part)}\\fR" if odd % 2 else escaped(part) for odd, part in enumerate(parts))
    return line if not line.startswith("\\&") else f"\\&{line[2:]}"


def page_name(context: click.Context) -> str:
    """Return the name of a command's page, without its section."""
    return context.command_path.replace(" ", "-")


def page(context: click.Context) -> str:
    """Return the manual page of a command."""
    return "\n".join(_lines(context)) + "\n"


def pages() -> dict[str, str]:
    """Return all pages by their file names."""
    return {f"{page_name(context)}.1": page(context) for context in contexts()}


def _lines(context: click.Context) -> Iterator[str]:
    title, about = page_name(context).upper(), context.command.get_short_help_str(200).rstrip(".")
    yield f'.TH {escaped(title)} 1 "{_released()}" "asayer\\-cli {__version__}" "asayer\\-cli"'
    yield from (".SH NAME", f"{escaped(page_name(context))} \\- {prose(about)}")
    yield from (".SH SYNOPSIS", *_synopsis(context))
    yield from (".SH DESCRIPTION", *_description(context.command.help or ""))
    if isinstance(context.command, click.Group):
        yield from (".SH COMMANDS", *_commands(context, context.command))
    yield from _options(context)
    if context.parent is None:
        yield from (".SH ENVIRONMENT", *_environment())
        yield from (".SH FILES", *_tagged(FILES))
    yield from (".SH EXIT STATUS", *_tagged({str(int(code)): text for code, text in MEANINGS.items()}))
    yield from (".SH SEE ALSO", *_see_also(context))


def _released() -> str:
    """Return the date of this version, empty as long as it is not released."""
    found = re.search(rf"^## \[{re.escape(__version__)}] - (\d{{4}}-\d\d-\d\d)$", _CHANGELOG.read_text(), re.MULTILINE)
    return found[1] if found else ""


def _synopsis(context: click.Context) -> Iterator[str]:
    yield f".B {escaped(context.command_path)}"
    yield " ".join(f"\\fI{escaped(piece)}\\fR" for piece in context.command.collect_usage_pieces(context))


def _description(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(inspect.cleandoc(text).split("\n\n")):
        if number:
            yield ".PP"
        if paragraph.startswith("\b"):
            yield from (".nf", *(escaped(line) for line in paragraph.splitlines()[1:]), ".fi")
        else:
            yield prose(paragraph)


def _commands(context: click.Context, group: click.Group) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        inner = click.Context(command, info_name=name, parent=context)
        yield from (".TP", f".BR {escaped(page_name(inner))} (1)", prose(command.get_short_help_str(200)))


def _options(context: click.Context) -> Iterator[str]:
    given = [option for option in context.command.get_params(context) if isinstance(option, click.Option)]
    own = [option for option in given if option.name not in COMMON]
    yield from (".SH OPTIONS", *_described(context, own))
    if common := [option for option in given if option.name in COMMON]:
        yield from (".SS Options of most commands", *_described(context, common))


def _described(context: click.Context, options: Iterable[click.Option]) -> Iterator[str]:
    for option in options:
        record = option.get_help_record(context)
        assert record is not None, option.name
        yield from (".TP", f"\\fB{escaped(record[0])}\\fR", prose(record[1]))
        if option.name not in ("help", "version"):
            yield f"Variable: \\fB{escaped(variable(option, context))}\\fR."


def _environment() -> Iterator[str]:
    yield prose("Every option has a variable, named with it. These also count:")
    yield from _tagged({key.variable: key.help for key in KEYS} | VARIABLES)


def _tagged(entries: dict[str, str]) -> Iterator[str]:
    for name, text in entries.items():
        yield from (".TP", f"\\fB{escaped(name)}\\fR", prose(text))


def _see_also(context: click.Context) -> Iterator[str]:
    related = [context.parent] if context.parent else []
    if context.parent and context.parent.parent:
        related.append(context.parent.parent)
    if isinstance(context.command, click.Group):
        related += [child for child in contexts(context) if child.parent is context]
    elif context.parent:
        related += [other for other in contexts(context.parent) if other.parent is context.parent]
    names = sorted({page_name(other) for other in related} - {page_name(context)})
    for name in names:
        yield f".BR {escaped(name)} (1){',' if name != names[-1] else ''}"


def write() -> None:
    """Make the folder hold these pages and no others."""
    FOLDER.mkdir(exist_ok=True)
    made = pages()
    for path in FOLDER.glob("*.1"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def main() -> None:
    """List the pages, or write them."""
    if sys.argv[1:] == ["--write"]:
        write()
    else:
        sys.stdout.write("".join(f"{name}\n" for name in pages()))


if __name__ == "__main__":
    main()
