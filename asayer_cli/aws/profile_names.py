"""The profiles of the AWS configuration files, read without the SDK, which would be slow."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SECTION: Final = re.compile(r"^\[([^]\r\n]+)\]", re.MULTILINE)
_DEFAULT: Final = "default"


def profile_names(environ: Mapping[str, str]) -> list[str]:
    """Return the names of all profiles, sorted; a file that cannot be read has none."""
    config = _sections(environ.get("AWS_CONFIG_FILE") or "~/.aws/config", environ)
    credentials = _sections(environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials", environ)
    return sorted({*_of_config(config), *(name.strip() for name in credentials)})


def _sections(file: str, environ: Mapping[str, str]) -> list[str]:
    home = environ.get("HOME", "~")
    path = Path(file.replace("~", home, 1) if file.startswith("~/") else file)
    try:
        return _SECTION.findall(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return []


def _of_config(sections: list[str]) -> Iterator[str]:
    """Yield the names behind `profile`, as the SDK takes them: quotes are for names with blanks."""
    for section in sections:
        try:
            words = shlex.split(section)
        except ValueError:
            continue
        if words == [_DEFAULT]:
            yield _DEFAULT
        elif len(words) == 2 and words[0] == "profile":  # noqa: PLR2004 - the word and the name
            yield words[1]
