"""The generated parts of README.md: `python -m tests.docs.reference` shows them, `--write` puts them in place."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from asayer_cli.aws.permissions import PERMISSIONS
from asayer_cli.cli.root import root
from asayer_cli.elastic import privileges
from asayer_cli.exit_codes import MEANINGS
from asayer_cli.settings import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

README: Final = Path(__file__).parents[2] / "README.md"
COMMON: Final = ("output", "profile", "color", "verbose", "quiet", "debug")
_CODE_SPAN: Final = re.compile(r"(`[^`]*`)")


def contexts(context: click.Context | None = None) -> Iterator[click.Context]:
    """Yield the context of every command and group, in the order of the help."""
    context = context or click.Context(root, info_name=root.name, **root.context_settings)
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None, name
            yield from contexts(click.Context(command, info_name=name, parent=context))


def commands() -> list[click.Context]:
    """Return the contexts of the commands that do something: no groups."""
    return [context for context in contexts() if not isinstance(context.command, click.Group)]


def options(context: click.Context) -> list[click.Option]:
    """Return a command's own options, without those that all have."""
    own = [parameter for parameter in context.command.params if isinstance(parameter, click.Option)]
    return [option for option in own if option.name not in COMMON]


def variable(option: click.Option, context: click.Context) -> str:
    """Return the name of an option's environment variable."""
    if isinstance(option.envvar, str):
        return option.envvar
    return f"{context.auto_envvar_prefix}_{option.name}".upper()


def _prose(text: str) -> str:
    """Escape what Markdown would take for its own, outside code."""
    parts = _CODE_SPAN.split(" ".join(text.split()))
    return "".join(part if part.startswith("`") else re.sub(r"([*<|_])", r"\\\1", part) for part in parts)


def _code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`"


def _table(*heads: str, rows: Iterable[Iterable[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"| {' | '.join('---' for _ in heads)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _help(command: click.Command) -> Iterator[str]:
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        if paragraph.startswith("\b"):
            yield from ("```text", *paragraph.splitlines()[1:], "```", "")
        else:
            yield from (_prose(paragraph), "")


def _option_rows(context: click.Context, shown: Iterable[click.Option]) -> Iterator[tuple[str, str, str]]:
    for option in shown:
        record = option.get_help_record(context)
        if record:
            yield _code(record[0]), _code(variable(option, context)), _prose(record[1])


def _command(context: click.Context) -> Iterator[str]:
    arguments = [part for part in context.command.collect_usage_pieces(context) if part != "[OPTIONS]"]
    yield from (f"### `{' '.join((context.command_path, *arguments))}`", "", *_help(context.command))
    rows = list(_option_rows(context, options(context)))
    if rows:
        yield from (*_table("option", "variable", "meaning", rows=rows), "")
    output = next((option for option in context.command.params if option.name == "output"), None)
    if output and isinstance(output.type, click.Choice):
        yield from (f"Output: {', '.join(output.type.choices)}.", "")


def command_reference() -> Iterator[str]:
    """Yield the reference of every command."""
    some = next(context for context in commands() if context.info_name == "verify")
    common = [option for option in some.command.params if isinstance(option, click.Option) and option.name in COMMON]
    yield from ("Options of every command but `completions`:", "")
    yield from (*_table("option", "variable", "meaning", rows=_option_rows(some, common)), "")
    for context in commands():
        yield from _command(context)


def settings_table() -> Iterator[str]:
    """Yield the settings with their variables."""
    yield from _table(
        "variable", "setting", "meaning", rows=((_code(k.variable), _code(k.name), _prose(k.help)) for k in KEYS)
    )


def exit_code_table() -> Iterator[str]:
    """Yield the exit codes."""
    yield from _table("code", "meaning", rows=((str(int(code)), _prose(text)) for code, text in MEANINGS.items()))


def rights() -> Iterator[str]:
    """Yield the rights used in AWS and in Elasticsearch."""
    yield from _table(
        "IAM action",
        "used by",
        "what for",
        rows=((_code(p.action), ", ".join(p.needed), _prose(p.why)) for p in PERMISSIONS),
    )
    creators = " or ".join(_code(name) for name in privileges.CREATOR_CLUSTER)
    cluster = ", ".join(_code(name) for name in privileges.KEY_CLUSTER) or "none"
    yield from ("", f"In Elasticsearch, the user who makes the key needs {creators}. The key gets:", "")
    rows = [("cluster", cluster, "the collector asks nothing of the cluster itself")]
    rows += [("index", _code(name), _prose(why)) for name, why in privileges.KEY_INDEX.items()]
    yield from _table("level", "privilege", "what for", rows=rows)


BLOCKS: Final = {
    "commands": command_reference,
    "settings": settings_table,
    "exit-codes": exit_code_table,
    "rights": rights,
}


def placed(readme: str, name: str, body: str) -> str:
    """Return the README with `body` between the two marks of `name`; ValueError when it has no such place."""
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
    before, found, rest = readme.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"README.md has no place for {name}")
    return f"{before}{begin}{body}\n{end}{after}"


def filled(readme: str) -> str:
    """Return the README with every generated block made anew; ValueError when a block has no place in it."""
    for name, block in BLOCKS.items():
        readme = placed(readme, name, "\n".join(block()).strip())
    return readme


def main() -> None:
    """Show the README with its blocks made anew, or write it."""
    text = filled(README.read_text(encoding="utf-8"))
    if sys.argv[1:] == ["--write"]:
        README.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
