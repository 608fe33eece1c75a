"""The lines of ~/.aws/config that let the AWS SDKs run this program for credentials."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from pathlib import Path
from typing import Final

from asayer_cli.errors import UsageError
from asayer_cli.settings import DEFAULT_PROFILE

PROGRAM: Final = "asayer-cli"
_PLAIN: Final = re.compile(r"[\w./+=,:@-]+", re.ASCII)
# What shells and the SDKs' own parsers act on between double quotation marks, and what ends a line.
_SPECIAL: Final = re.compile(r"[\"\\$`%!;#]")
_IN_A_HEADER: Final = re.compile(r"[^\w.-]+", re.ASCII)


def program_words(started_as: str) -> tuple[str, ...]:
    """Return how this program is started from anywhere: its absolute path, or its interpreter and module."""
    started, installed = Path(started_as).absolute(), Path(sysconfig.get_path("scripts"), PROGRAM)
    for path in (started, installed):
        if path.name == PROGRAM and os.access(path, os.X_OK):
            return (str(path),)
    # -P: the folder that the SDK happens to run in must not be looked through for modules
    return (sys.executable, "-P", "-m", "asayer_cli")


def config_lines(program: tuple[str, ...], profile: str, *, region: str = "", store: str = "") -> tuple[str, ...]:
    """Return the section for a profile of ours; UsageError for a name that cannot be quoted in it.

    "Process credential provider" in the AWS SDKs and Tools Reference Guide: absolute paths, double quotation marks
    around a word with blanks, no variables.
    """
    chosen = ("--secret-store", store) if store else ()
    words = (*program, "aws", "credential-process", "--profile", profile, *chosen)
    header = "asayer" if profile == DEFAULT_PROFILE else f"asayer-{_IN_A_HEADER.sub('-', profile)}"
    lines = (f"[profile {header}]", f"credential_process = {' '.join(map(_quoted, words))}")
    return (*lines, f"region = {region}") if _PLAIN.fullmatch(region) else lines


def _quoted(word: str) -> str:
    if _PLAIN.fullmatch(word):
        return word
    if not word or not word.isprintable() or _SPECIAL.search(word):
        raise UsageError(
            f"{word!r} cannot be written into ~/.aws/config so that every AWS SDK reads it.",
            hint="Use a profile name, and a folder for asayer-cli, of letters, digits, blanks and . - _ alone.",
            code="unquotable",
        )
    return f'"{word}"'
