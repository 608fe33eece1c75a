"""Carry the session id from a request into every log entry; standard library only, runs inside users' programs."""
