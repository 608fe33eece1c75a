"""A server that answers the product's tracker: over a WebSocket, with a session id and a user id in JSON."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Ingest:
    """`url` is the tracker's option `ws_url`; `started` has what trackers said of themselves as they connected."""

    url: str
    session_id: str
    started: list[dict[str, Any]] = field(default_factory=list)
    batches: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def ingest(session_id: str) -> Iterator[Ingest]:
    """Serve one session id to every tracker that connects."""
    state = Ingest("", session_id)
    with serve(lambda connection: _answer(connection, state), "127.0.0.1", 0) as server:
        state.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


def _answer(connection: ServerConnection, state: Ingest) -> None:
    assert connection.request is not None
    said = json.loads(base64.b64decode(unquote(connection.request.path.removeprefix("/"))))
    state.started.append(said)
    answer = {"sessionID": said["sessionID"] or state.session_id, "userUUID": "00000000-0000-4000-8000-000000000001"}
    with contextlib.suppress(ConnectionClosed):
        # the tracker reads bytes, each as one character
        connection.send(json.dumps(answer).encode("ascii"))
        for message in connection:
            assert isinstance(message, bytes)
            state.batches.append(message)
