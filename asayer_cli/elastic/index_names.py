"""Judge by its name whether an index holds logs: `*log*` also catches `catalog`, `blog` and `user_logins`."""

from __future__ import annotations

import re
from typing import Final

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
