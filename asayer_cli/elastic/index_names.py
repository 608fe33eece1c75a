"""Judge by its name whether an index holds logs: `*log*` also catches `catalog`, `blog` and `user_logins`."""

from __future__ import annotations

import re
import shlex
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_PATTERNS: Final = 4
_LONGEST_PATH: Final = 3000
# Where a name begins to count: days, versions, generations.
_COUNTED: Final = re.compile(r"(?<=[-._])\d.*")
_WORD: Final = re.compile(r"[a-z]+")
_NOT_LOGS: Final = frozenset(
    f"{word}{plural}"
    for word in ("analog", "backlog", "blog", "catalog", "dialog", "epilog", "prolog", "travelog", "videolog", "vlog")
    for plural in ("", "s")
)
_SHIPPERS: Final = frozenset({"journal", "journald", "syslog", "logging", "logger", "logstash", "tracelog"})


def looks_like_log(name: str) -> bool:
    """Tell whether a word of the name means logs (`logs-app`, `filebeat-8`, `weblogs`), as `catalog` does not."""
    return any(_means_logs(word) for word in _WORD.findall(name.lower()))


def _means_logs(word: str) -> bool:
    if word in _SHIPPERS or word.endswith("beat") or word.startswith("logstash"):
        return True
    return word.endswith(("log", "logs")) and word not in _NOT_LOGS


def narrower(names: Iterable[str]) -> str:
    """Return the command that makes a key for those of the names that look like logs, and for none of the others."""
    judged = {name: looks_like_log(name) for name in names}
    patterns = list(dict.fromkeys(_COUNTED.sub("*", name) for name, is_log in judged.items() if is_log))
    too_wide = any(fnmatchcase(name, pattern) for name, is_log in judged.items() if not is_log for pattern in patterns)
    if too_wide or not 0 < len(patterns) <= _MOST_PATTERNS:
        return "asayer-cli elastic create-key --replace --index PATTERN"
    options = (f"--index {shlex.quote(pattern)}" for pattern in patterns)
    return f"asayer-cli elastic create-key --replace {' '.join(options)}"


def joined(names: tuple[str, ...]) -> list[str]:
    """Return the names joined by commas, in as many parts as the length of a request's first line asks for."""
    parts: list[str] = []
    for name in names:
        if parts and len(parts[-1]) + len(name) < _LONGEST_PATH:
            parts[-1] += f",{name}"
        else:
            parts.append(name)
    return parts
