"""Put a shell's completion script where that shell looks for it, and take it away again."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from dataclasses import dataclass
from enum import StrEnum, unique
from pathlib import Path
from typing import TYPE_CHECKING, Final

from asayer_cli.atomic_file import replace
from asayer_cli.completion_scripts import MARK, SCRIPTS, SHELLS
from asayer_cli.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ZSH_SECONDS: Final = 5.0
# Folders of fpath that are meant for a user's own completions, by their last name.
_ZSH_FOLDERS: Final = frozenset({".zfunc", ".zfunctions", ".zsh-completions", "completions", "site-functions", "zfunc"})
# Where bash-completion is, which looks into the user's folder; without it nothing does.
_BASH_LOADERS: Final = (
    "/usr/share/bash-completion/bash_completion",
    "/usr/local/share/bash-completion/bash_completion",
    "/opt/homebrew/share/bash-completion/bash_completion",
    "/etc/bash_completion",
)


@unique
class Step(StrEnum):
    """What is to be done with the file; nothing when it is up to date, or absent and to be removed."""

    WRITE = "write"
    UPDATE = "update"
    REMOVE = "remove"
    UP_TO_DATE = "up_to_date"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shell looks: the script's `path`, and the `lines` that its `start_file` must have, if any."""

    shell: str
    path: Path
    start_file: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompletionsChange:
    """What is to be done, or was when `done`; `lines` are for the user to put into `start_file`."""

    shell: str
    path: Path
    step: Step
    done: bool
    start_file: str = ""
    lines: tuple[str, ...] = ()

    @property
    def changes_something(self) -> bool:
        """Whether there is anything to do."""
        return self.step not in (Step.UP_TO_DATE, Step.ABSENT)


def current_shell(environ: Mapping[str, str]) -> str:
    """Return the user's shell by SHELL, else by the process that started this one; UsageError when it is another."""
    for name in (os.path.basename(environ.get("SHELL", "")), _parent()):  # noqa: PTH119 - a name, not a file
        if name in SHELLS:
            return name
    raise UsageError(
        "It is not known which shell you use.",
        hint=f"Name it: asayer-cli completions install {'|'.join(SHELLS)}.",
        code="unknown_shell",
    )


def _parent() -> str:
    try:
        return Path(f"/proc/{os.getppid()}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def place_of(shell: str, environ: Mapping[str, str]) -> Place:
    """Return where the script of a shell belongs; UsageError when there is no home folder."""
    home = environ.get("HOME", "")
    if not home:
        raise UsageError(
            "HOME is not set.", hint=f"Print the script instead: asayer-cli completions {shell}.", code="no_home"
        )
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](environ, Path(home))


def _bash(environ: Mapping[str, str], home: Path) -> Place:
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    folder = Path(environ.get("BASH_COMPLETION_USER_DIR") or data / "bash-completion")
    path = folder / "completions" / "asayer-cli"
    if any(Path(loader).exists() for loader in _BASH_LOADERS):
        return Place("bash", path)
    return Place("bash", path, "~/.bashrc", (f". {_quoted(path)}",))


def _fish(environ: Mapping[str, str], home: Path) -> Place:
    folder = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    return Place("fish", folder / "fish" / "completions" / "asayer-cli.fish")


def _zsh(environ: Mapping[str, str], home: Path) -> Place:
    name = "_asayer-cli"
    for folder in _fpath(environ):
        if folder.name in _ZSH_FOLDERS and home in folder.parents and os.access(folder, os.W_OK):
            return Place("zsh", folder / name)
    lines = ("fpath=(~/.zfunc $fpath)", "autoload -Uz compinit && compinit")
    return Place("zsh", home / ".zfunc" / name, "~/.zshrc", lines)


def _fpath(environ: Mapping[str, str]) -> list[Path]:
    """Return where zsh looks for functions, as it is once the user's own start files have run; empty without zsh."""
    command = ["zsh", "-ic", 'print -rl -- "" $fpath']
    try:
        ended = subprocess.run(  # noqa: S603 - the user's shell, found as the user finds it
            command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ZSH_SECONDS,
            start_new_session=True,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [Path(line) for line in os.fsdecode(ended.stdout).splitlines() if line.startswith("/")]


def _quoted(path: Path) -> str:
    from asayer_cli.shell_words import escaped  # noqa: PLC0415 - only where a line is shown

    return escaped(str(path))


def planned(place: Place, *, remove: bool = False) -> CompletionsChange:
    """Return what is to be done; RefusedError when the file there is none of ours."""
    there = _read(place.path)
    if there is not None and MARK not in there:
        raise RefusedError(
            f"{place.path} is there and is no completion script of asayer-cli.",
            hint=f"Move it away; or print the script and put it elsewhere: asayer-cli completions {place.shell}.",
            code="foreign_file",
        )
    if remove:
        step = Step.ABSENT if there is None else Step.REMOVE
        return CompletionsChange(place.shell, place.path, step, done=False)
    known = {None: Step.WRITE, SCRIPTS[place.shell]: Step.UP_TO_DATE}
    step = known.get(there, Step.UPDATE)
    return CompletionsChange(place.shell, place.path, step, False, place.start_file, place.lines)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def plan_lines(change: CompletionsChange) -> Iterator[str]:
    """Yield the plan for people."""
    mark = {Step.WRITE: "+", Step.UPDATE: "~", Step.REMOVE: "-"}.get(change.step, " ")
    yield f"  {mark} {change.path}  ({change.shell} completion)"


def carry_out(change: CompletionsChange) -> CompletionsChange:
    """Do it; OSError when the folder or the file cannot be changed."""
    if change.step is Step.REMOVE:
        change.path.unlink(missing_ok=True)
    elif change.changes_something:
        change.path.parent.mkdir(parents=True, exist_ok=True)
        replace(change.path, SCRIPTS[change.shell])
    return dataclasses.replace(change, done=True)
