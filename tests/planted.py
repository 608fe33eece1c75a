"""After each run of the program: none of the secrets that it was given or has kept shows anywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_VARIABLES: Final = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "ASAYER_AWS_SECRET_ACCESS_KEY",
    "ASAYER_ELASTIC_API_KEY",
    "ASAYER_ELASTIC_PASSWORD",
    "ASAYER_CANARY_SECRET",
)
_SHORTEST: Final = 8
# What these print is asked for; whatever runs in a sandbox of its own has that one's secrets.
_ASKED_FOR: Final = frozenset({"--reveal", "credential-process", "sandbox"})
_FOLDERS: Final = ("ASAYER_CONFIG_DIR", "ASAYER_STATE_DIR", "ASAYER_CACHE_DIR")
_STORE: Final = "secrets.json"


def check(arguments: Sequence[str], environ: Mapping[str, str], stdin: str, printed: str) -> None:
    """Raise AssertionError, without the secret, when a secret was printed, or written elsewhere than in its store."""
    secrets = {secret for secret in _given(environ, stdin) if len(secret) >= _SHORTEST}
    places = dict(_files(environ))
    if not _ASKED_FOR & set(arguments):
        places["what was printed"] = printed
    shown = [place for place, text in places.items() if any(secret in text for secret in secrets)]
    assert not shown, f"a secret shows in {', '.join(shown)} of {arguments}"


def _given(environ: Mapping[str, str], stdin: str) -> Iterator[str]:
    yield from (environ.get(name, "") for name in _VARIABLES)
    if "\n" not in stdin.strip():  # a password that was piped in, not the answers to questions
        yield stdin.strip()
    try:
        kept = json.loads(Path(environ.get("ASAYER_CONFIG_DIR", ""), _STORE).read_text())
    except (OSError, ValueError):
        return
    yield from (value for value in kept.values() if isinstance(value, str)) if isinstance(kept, dict) else ()


def _files(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for folder in filter(None, map(environ.get, _FOLDERS)):
        for path in Path(folder).rglob("*"):
            if path.is_file() and path.name != _STORE:
                yield str(path), path.read_text(errors="replace")
