"""Odd messages, each with the class that it has in CloudWatch; None for one that is no error."""

from __future__ import annotations

from typing import Final

COLLECTIBLE: Final = "collectible"
UNTAGGED: Final = "untagged"
CASE: Final = "case_mismatch"
NAME: Final = "wrong_tag_name"
MALFORMED: Final = "malformed_tag"
NOT_NUMERIC: Final = "id_not_numeric"
TOO_LARGE: Final = "id_out_of_range"
NO_WORD: Final = "no_error_word"
MAXIMUM: Final = 2**64 - 1

CORPUS: Final[dict[str, str | None]] = {
    "[asayer_session_id=4113219715072001793] ValueError: bad card": COLLECTIBLE,
    "asayer_session_id=42 Exception in worker": COLLECTIBLE,
    '{"message": "[asayer_session_id=42] ERROR boom"}': COLLECTIBLE,
    "[asayer_session_id=00042] a terror": COLLECTIBLE,
    f"[asayer_session_id={MAXIMUM}] ERROR": COLLECTIBLE,
    f"[asayer_session_id=000000000000000000000000{MAXIMUM}] ERROR": COLLECTIBLE,
    "ERROR two tags: asayer_session_id=x1 asayer_session_id=7": COLLECTIBLE,
    "line one\n[asayer_session_id=42]\nexCEPTion on line three": COLLECTIBLE,
    '[asayer_session_id=42] "GET / HTTP/1.1" 500 Internal Server Errors': COLLECTIBLE,
    "[asayer_session_id=42] ERROR upstream said 500 Internal Server Error": COLLECTIBLE,
    f"[asayer_session_id={MAXIMUM + 1}] ERROR boom": TOO_LARGE,
    "[asayer_session_id=99999999999999999999] ERROR boom": TOO_LARGE,
    "[asayer_session_id=123456789012345678901234567890] ERROR": TOO_LARGE,
    "[asayer_session_id=42] CRITICAL database is down": NO_WORD,
    "[asayer_session_id=42] Traceback (most recent call last):": NO_WORD,
    '{"level": "fatal", "message": "[asayer_session_id=42] boom"}': NO_WORD,
    "[asayer_session_id=42] panic: runtime": NO_WORD,
    "[Asayer_Session_Id=42] ERROR boom": CASE,
    "[ASAYER_SESSION_ID=42] CRITICAL boom": CASE,
    f"[Asayer_Session_Id={MAXIMUM + 1}] ERROR boom": CASE,
    "[Asayer_Session_Id=k3j2] ERROR boom": CASE,
    "[asayer_session_id=k3j2.1x.9z] ERROR boom": NOT_NUMERIC,
    "[asayer_session_id=-5] ERROR boom": NOT_NUMERIC,
    "[asayer_session_id=None] ERROR boom": NOT_NUMERIC,
    "[asayer_session_id=-] ERROR boom": NOT_NUMERIC,
    "[Asayer_Session_Id=null] ERROR boom": NOT_NUMERIC,
    "[asayer_session_id=] ERROR boom": MALFORMED,
    "ERROR boom asayer_session_id=": MALFORMED,
    "ERROR boom asayer_session_id=, next": MALFORMED,
    "[asayer_session_id: 42] ERROR boom": MALFORMED,
    "[asayer_session_id= 42] ERROR boom": MALFORMED,
    "[asayer_session_id 42] ERROR boom": MALFORMED,
    r"[asayer_session_id\u003d42] ERROR boom": MALFORMED,
    "ERROR asayer_session_id%3d42": MALFORMED,
    '{"asayer_session_id": "42", "message": "ERROR boom"}': MALFORMED,
    "[asayerSessionId=42] ERROR boom": NAME,
    "[asayer-session-id=42] ERROR boom": NAME,
    "Asayer Session ID: 42 ERROR boom": NAME,
    '{"asayerSessionId": "42", "level": "error"}': NAME,
    "ERROR payment refused": UNTAGGED,
    "ERROR the asayer_session_id was lost": UNTAGGED,
    "java.lang.NullPointerException": UNTAGGED,
    "severity FATAL: out of memory": UNTAGGED,
    "ERROR 500 Internal Server Error": UNTAGGED,
    "500 Internal Server Error: unhandled exception": UNTAGGED,
    '"GET / HTTP/1.1" 1500 Internal Server Error': UNTAGGED,
    "0 errors": UNTAGGED,
    "panic: assignment to entry in nil map": UNTAGGED,
    '{"log.level":"critical","message":"boom"}': UNTAGGED,
    "::error::<script>\x1b[31m": UNTAGGED,
    "[asayer_session_id=42] payment accepted": None,
    "payment accepted": None,
    "it is critical that you read this": None,
    "PRECRITICAL": None,
    '10.0.0.1 "GET /cart HTTP/1.1" 500 Internal Server Error': None,
    '[asayer_session_id=42] "GET / HTTP/1.1" 500 INTERNAL server error': None,
    "500 Internal Server Error": None,
    "500 Internal Server Error, then 500 Internal Server Error.": None,
    "don't panic: not at the begin of a word, as in dispanic: ": UNTAGGED,
    "traceback (most recent call last)": None,
}
