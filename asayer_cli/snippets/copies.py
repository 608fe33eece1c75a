"""Vendored copies, the Python module's and the browser script's: written, and judged later without a network."""

from __future__ import annotations

import keyword
import os
import shlex
import stat
from pathlib import Path
from typing import Final

from asayer_cli import __version__
from asayer_cli.atomic_file import replace
from asayer_cli.errors import RefusedError, UsageError
from asayer_cli.snippets import Snippet
from asayer_cli.snippets.script import has_stamp, judge_script, vendored_script
from asayer_cli.snippets.states import CopiesView, Copy, State

STANDARD_OUTPUT: Final = "-"
MODULE_NAME: Final = "asayer_session"
_NEW_FILE: Final = 0o666
_WHY_KEPT: Final = {
    State.FOREIGN: "is no copy of ours",
    State.CHANGED: "was changed by hand after asayer-cli wrote it",
    State.NEWER: "was written by a newer asayer-cli than this one",
    State.UNREADABLE: "cannot be read",
}


def vendored(*, script: bool) -> Snippet:
    """Return what is vendored: the browser script, or the Python module."""
    if script:
        return Snippet("javascript", "javascript", vendored_script())
    from asayer_cli.vendoring import vendored_module  # noqa: PLC0415 - reads the sources of the propagation package

    return Snippet("python", "python", vendored_module())


def module_name(target: str) -> str:
    """Return what Python imports a file as; UsageError when no import can name it."""
    if target == STANDARD_OUTPUT:
        return MODULE_NAME
    path = Path(target)
    if path.suffix == ".py" and path.stem.isidentifier() and not keyword.iskeyword(path.stem):
        return path.stem
    raise UsageError(
        f"Python cannot import a file that is called {path.name!r}.",
        hint=f"Call it {MODULE_NAME}.py: --vendor {shlex.quote(str(path.with_name(f'{MODULE_NAME}.py')))}.",
        code="no_module_name",
    )


def check(paths: tuple[Path, ...]) -> CopiesView:
    """Judge files."""
    return CopiesView(tuple(map(judge, paths)))


def judge(path: Path) -> Copy:
    """Tell what a file is and what to do about it."""
    try:
        text = path.read_bytes().decode("utf-8", "replace")
    except OSError as error:
        return Copy(path, State.UNREADABLE, "", f"It cannot be read: {error.strerror}.")
    script = has_stamp(text)
    state, version = judge_script(text) if script else _judge_module(text)
    return Copy(path, state, version, _advice(path, state, version, script=script))


def _judge_module(text: str) -> tuple[State, str]:
    from asayer_cli.vendoring import judge_vendored  # noqa: PLC0415 - reads the sources of the propagation package

    judged = judge_vendored(text)
    return State(judged.state), judged.version


def _advice(path: Path, state: State, version: str, *, script: bool) -> str:
    kind = " javascript" if script else ""
    command = f"asayer-cli snippet{kind} --vendor {shlex.quote(str(path))}"
    return {
        State.OLDER: f"It is of asayer-cli {version}. Write it anew: {command}.",
        State.NEWER: f"It is of asayer-cli {version}, and this is {__version__}: update asayer-cli.",
        State.CHANGED: f"It was changed by hand. Keep what you need of it, then write it anew: {command} --force.",
        State.FOREIGN: "It is no copy that asayer-cli wrote: look whether you named the right file.",
    }.get(state, "")


def write_copy(target: str, text: str, *, force: bool) -> Path:
    """Write a copy at once, over nothing but a copy of the same kind that nobody changed, unless `force`.

    UsageError when there is no such folder or the file is none; RefusedError for any other file.
    """
    path = Path(target)
    _check_place(path)
    if path.exists() and not force:
        _check_replaceable(path, text)
    replace(path, text, mode=_mode(path))
    return path


def _check_place(path: Path) -> None:
    if not path.parent.is_dir():
        raise UsageError(
            f"There is no folder {path.parent} to write {path.name} into.",
            hint=f"Make it first: mkdir -p {shlex.quote(str(path.parent))}.",
            code="no_folder",
        )
    if path.exists() and not path.is_file():
        raise UsageError(
            f"{path} is no file.",
            hint="Name the file itself, or - for standard output: --vendor -.",
            code="not_a_file",
        )


def _check_replaceable(path: Path, text: str) -> None:
    state = judge(path).state
    if state in (State.CURRENT, State.OLDER):
        if has_stamp(path.read_text(encoding="utf-8")) == has_stamp(text):
            return
        why = "is a copy of something else"
    else:
        why = _WHY_KEPT[state]
    raise RefusedError(
        f"{path} is there and {why}; it was left as it is.",
        hint="Look at it; then name another file, or replace it with --force.",
        code="file_kept",
    )


def _mode(path: Path) -> int:
    """Return the mode of the file that is there, else that of any new file of this process."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0o077)
    os.umask(mask)
    return _NEW_FILE & ~mask
