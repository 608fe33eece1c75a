"""The browser script as it is vendored: below one line that tells its version and has a checksum of the rest."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from asayer_cli import __version__
from asayer_cli.snippets import SCRIPT_FILE
from asayer_cli.snippets.states import State

# the checksum stands for the text with plain line ends: version control may turn them into others
_STAMP: Final = re.compile(
    r"/\*! (?P<name>asayer-propagate\.js) of asayer-cli (?P<version>\S+), sha256 (?P<sha256>[0-9a-f]{64}) \*/\n"
)


def vendored_script() -> str:
    """Return the text of asayer-propagate.js with its stamp."""
    body = SCRIPT_FILE.read_text(encoding="utf-8")
    return f"/*! {SCRIPT_FILE.name} of asayer-cli {__version__}, sha256 {_checksum(body)} */\n{body}"


def has_stamp(text: str) -> bool:
    """Tell whether a file says of itself that it is a copy of the script."""
    return _STAMP.match(_plain(text)) is not None


def judge_script(text: str) -> tuple[State, str]:
    """Return what a copy is, and the version that wrote it; FOREIGN and nothing when it has no stamp."""
    plain = _plain(text)
    stamp = _STAMP.match(plain)
    if not stamp:
        return State.FOREIGN, ""
    if _checksum(plain[stamp.end() :]) != stamp["sha256"]:
        return State.CHANGED, stamp["version"]
    if plain == vendored_script():
        return State.CURRENT, stamp["version"]
    newer = _ordered(stamp["version"]) > _ordered(__version__)
    return State.NEWER if newer else State.OLDER, stamp["version"]


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").removeprefix("\ufeff")


def _checksum(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _ordered(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version, re.ASCII)[:3])
