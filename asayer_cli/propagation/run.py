"""The launcher: starts an unmodified program with everything installed, in it and in every Python that it starts."""

from __future__ import annotations

import argparse
import errno
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from asayer_cli.propagation.install import ENVIRONMENT, PRESETS

STARTUP_FILES: dict[str, str] = {}
"""The files of the folder `startup` by name, in the vendored module, which has no folder."""
USAGE, NOT_EXECUTABLE, NOT_FOUND = 2, 126, 127
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TAG_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_ISOLATED = re.compile(r"-[a-zA-Z]*[EIS]")
_DESCRIPTION = """\
Run COMMAND so that every log entry, and every line that it writes, carries the session id of the request it was
written for: an unmodified program, with all processes that it starts."""
_REMARKS = """\
COMMAND is looked for beside this Python first, then on PATH. A folder is put first on PYTHONPATH; a Python that is
started with -E, -I or -S reads no PYTHONPATH or no site, and does not get it. Another launcher of this kind goes
before this one: `opentelemetry-instrument python -m asayer_cli.propagation -- gunicorn app:app`; so does what changes
the user, such as gosu. The one-file module removes the folder when COMMAND ends: what goes on without COMMAND, as with
`celery multi`, calls install() in its own code.
Exit codes: those of COMMAND; 2 wrong usage, 126 COMMAND cannot be executed, 127 COMMAND is not found."""


def main(arguments: list[str] | None = None) -> int:
    """Replace this process by the command; return an exit code when that cannot be done."""
    given = sys.argv[1:] if arguments is None else arguments
    at = given.index("--") if "--" in given else len(given)
    options = _parser().parse_args(given[:at])
    command = given[at + 1 :] or options.command
    if not command:
        _parser().error("which COMMAND? For example: -- gunicorn app:app")
    _warn_of_isolation(command)
    program = _find_program(command[0])
    if program is None:
        return _say(f"{command[0]}: not found beside {sys.executable} or on PATH", NOT_FOUND)
    try:
        os.environ.update(_environment(options))
    except OSError as error:
        _remove_made_folder()
        return _say(f"no folder for start-up files: {error}. Set TMPDIR to one that can be written", NOT_EXECUTABLE)
    sys.stdout.flush()
    try:
        os.execv(program, [program, *command[1:]])  # noqa: S606 - the command is what the user asks for
    except OSError as error:
        _remove_made_folder()
        code = NOT_FOUND if error.errno == errno.ENOENT else NOT_EXECUTABLE
        return _say(f"{program}: {error.strerror}", code)


def _parser() -> argparse.ArgumentParser:
    module = f"-m {__package__}" if __package__ else Path(__file__).name
    parser = argparse.ArgumentParser(
        prog=f"python {module}",
        usage="%(prog)s [OPTION]... -- COMMAND [ARGUMENT]...",
        description=_DESCRIPTION,
        epilog=_REMARKS,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--header",
        action="append",
        type=_header_name,
        metavar="NAME",
        help="header that brings the id; may be repeated",
    )
    parser.add_argument("--tag-name", type=_tag_name, metavar="NAME", help="name of the tag in the logs")
    parser.add_argument("--convention", choices=sorted(PRESETS), help="names of header and tag (default: asayer)")
    parser.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _header_name(text: str) -> str:
    if _HEADER_NAME.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a header")
    return text


def _tag_name(text: str) -> str:
    if _TAG_NAME.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no name of a tag: letters, digits, dots, hyphens, underscores")
    return text


def _find_program(name: str) -> str | None:
    """Return the path of a command, as a shell finds it, but beside this Python first."""
    if os.sep in name:
        return name
    beside = Path(sys.executable).parent
    folders = [beside, *map(Path, os.environ.get("PATH", os.defpath).split(os.pathsep))]
    files = [folder / name for folder in folders if (folder / name).is_file()]
    return next((str(file) for file in files if os.access(file, os.X_OK)), str(files[0]) if files else None)


def _environment(options: Any) -> dict[str, str]:
    """Return the variables that the launched program gets."""
    folder, source = _startup_folder()
    before = os.environ.get("PYTHONPATH")
    chosen = {
        "HEADERS": ",".join(options.header or ()),
        "TAG_NAME": options.tag_name,
        "CONVENTION": options.convention,
        "SOURCE": source,
        "OWNER": f"{os.getpid()} {folder}" if STARTUP_FILES else None,
    }
    made = {ENVIRONMENT + name: value for name, value in chosen.items() if value}
    return {**made, "PYTHONPATH": f"{folder}{os.pathsep}{before}" if before else folder}


def _startup_folder() -> tuple[str, str]:
    """Return the folder to put on the path and where its code finds the propagation."""
    here = Path(__file__).resolve()
    if not STARTUP_FILES:
        return str(here.parent / "startup"), str(here.parents[1])
    folder = Path(tempfile.mkdtemp(prefix="asayer-propagation-"))
    _made_folders.append(folder)
    for name, text in STARTUP_FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return str(folder), str(here)


_made_folders: list[Path] = []


def _remove_made_folder() -> None:
    for folder in _made_folders:
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


def _warn_of_isolation(command: list[str]) -> None:
    is_python = Path(command[0]).name.startswith("python")
    if is_python and len(command) > 1 and _ISOLATED.fullmatch(command[1]):
        _say(f"{command[0]} {command[1]} does not read PYTHONPATH: nothing will be tagged", USAGE)


def _say(text: str, code: int) -> int:
    sys.stderr.write(f"asayer propagation: {text}\n")
    return code
