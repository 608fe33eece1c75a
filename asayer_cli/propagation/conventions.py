"""How the tag and the header that carries the session id are named; two presets."""

from __future__ import annotations

from typing import NamedTuple


class Convention(NamedTuple):
    """`tag_name` stands in log messages, `headers` carry the id from the browser."""

    name: str
    tag_name: str
    headers: tuple[str, ...]


ASAYER = Convention("asayer", "asayer_session_id", ("X-Session-Id",))
OPENREPLAY = Convention("openreplay", "openReplaySession.id", ("X-OpenReplay-SessionToken",))
