"""The encoding of event streams, ``application/vnd.amazon.eventstream``, as botocore.eventstream decodes it. Pure.

A message is: its whole length, the length of its headers, the CRC of these two; the headers; the payload; the CRC of
all before. A header is: the length of its name, the name, the type 7 (text), the length of the text, the text.
"""

from __future__ import annotations

import json
import struct
from binascii import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_TEXT = 7
_PRELUDE_AND_CRCS = 16


def event(name: str, payload: object) -> bytes:
    """Return an event of this name with a JSON payload."""
    return _message({":message-type": "event", ":event-type": name}, payload)


def exception(name: str, message: str) -> bytes:
    """Return an exception that ends a stream."""
    return _message({":message-type": "exception", ":exception-type": name}, {"message": message})


def _message(headers: dict[str, str], payload: object) -> bytes:
    head = b"".join(_header(*pair) for pair in {**headers, ":content-type": "application/json"}.items())
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", _PRELUDE_AND_CRCS + len(head) + len(body), len(head))
    message = prelude + struct.pack("!I", crc32(prelude)) + head + body
    return message + struct.pack("!I", crc32(message))


def _header(name: str, value: str) -> bytes:
    return struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _TEXT, len(value)) + value.encode()
