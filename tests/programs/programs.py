"""The programs: how their users start them, what they are asked, how many of all requests are theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.programs.processes import LAUNCHER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TRACE: Final = ("Traceback (most recent call last):", "ValueError: order=# bad card", "second line of order=#")
_FAILED: Final = (*_TRACE, "order=# begins")
_GUNICORN: Final = ("gunicorn", "--bind", "127.0.0.1:{port}", "--access-logfile", "-", "--no-control-socket")
_UVICORN: Final = ("uvicorn", "--port", "{port}")


@dataclass(frozen=True, slots=True)
class Program:
    """One program under load.

    `kinds` are its routes with how often each is asked; `least` what lines of each there are at the least; `share`
    how many of 100,000 requests are its own; `worker` a second command that takes work over a broker; `vendored` that
    it imports the vendored file and not this package.
    """

    name: str
    command: Sequence[str]
    kinds: Mapping[str, int]
    share: int
    least: Mapping[str, Sequence[str]] = field(default_factory=dict)
    worker: Sequence[str] = ()
    vendored: bool = False

    @property
    def is_server(self) -> bool:
        """Whether it is asked over HTTP, or makes its requests itself."""
        return "{port}" in " ".join(self.command)


_FLASK_KINDS: Final = {"plain": 6, "lines": 3, "caught": 2, "fail": 2, "hop": 3, "stream": 2, "broken": 1}
_FLASK_LEAST: Final = {
    "plain": ("order=# taken", "order=# printed", "GET /plain?order=#"),
    "lines": ("  card declined", "  order=# closed", "GET /lines?order=#"),
    "caught": (*_TRACE, "order=# not charged"),
    "fail": _FAILED,
    "hop": ("order=# counted", "order=# waits"),
    "stream": ("order=# parcel #",),
    "broken": ("order=# first parcel", *_TRACE, "Error handling request"),
}
_DJANGO_KINDS: Final = {"plain": 6, "wait": 3, "fail": 2, "stream": 2}
_DJANGO_ASYNC_KINDS: Final = {"plain": 6, "wait": 3, "fail": 2, "astream": 2}
_DJANGO_LEAST: Final = {
    "plain": ("order=# taken", "order=# printed", "  card declined", "GET /plain?order=#"),
    "wait": ("order=# taken", "order=# later", "order=# not charged", "Traceback (most recent call last):"),
    "fail": (*_FAILED, "Internal Server Error"),
    "stream": ("order=# parcel #",),
    "astream": ("order=# parcel #",),
}
_FASTAPI_KINDS: Final = {
    "plain": 6,
    "sync": 2,
    "background": 3,
    "task": 2,
    "caught": 2,
    "fail": 2,
    "stream": 2,
    "talk": 1,
}
_FASTAPI_LEAST: Final = {
    "plain": ("order=# arrives", "order=# leaves", "order=# printed", "  order=# closed", "GET /plain?order=#"),
    "sync": ("order=# in a thread",),
    "background": ("order=# receipt", "order=# later receipt"),
    "task": ("order=# receipt", "order=# later receipt"),
    "caught": (*_TRACE, "order=# not charged"),
    "fail": (*_FAILED, "Exception in ASGI application"),
    "stream": ("order=# parcel #",),
    "talk": ("order=# said one", "order=# said two", "order=# has talked"),
}
_CELERY_KINDS: Final = {"charge": 6, "refuse": 2, "insist": 1, "chain": 1}
_CELERY_LEAST: Final = {
    "charge": ("order=# sent", "order=# charging", "order=# printed", "order=# receipt", "  not printed"),
    "refuse": ("raised unexpected", *_TRACE),
    "insist": ("order=# tried", "order=# insisted"),
    "chain": ("order=# charging", "order=# receipt"),
}
_WORKER: Final = (*LAUNCHER, "celery", "-A", "celery_shop:tasks", "worker", "-l", "INFO", "--without-gossip")
_CELERY_FRONT: Final = (*LAUNCHER, *_GUNICORN, "--threads", "4", "celery_shop:app")

PROGRAMS: Final = (
    Program(
        "Flask, gunicorn, threads",
        (*LAUNCHER, *_GUNICORN, "--threads", "8", "flask_shop:app"),
        _FLASK_KINDS,
        16_000,
        _FLASK_LEAST,
    ),
    Program(
        "Flask, gunicorn, gevent",
        (*LAUNCHER, *_GUNICORN, "--worker-class", "gevent", "flask_shop:app"),
        _FLASK_KINDS,
        14_000,
        _FLASK_LEAST,
    ),
    Program(
        "Django, gunicorn, 2 workers",
        (*LAUNCHER, *_GUNICORN, "--workers", "2", "--threads", "4", "django_shop:application"),
        _DJANGO_KINDS,
        12_000,
        _DJANGO_LEAST,
    ),
    Program(
        "Django, uvicorn",
        (*LAUNCHER, *_UVICORN, "django_shop:asgi_application"),
        _DJANGO_ASYNC_KINDS,
        8_000,
        _DJANGO_LEAST,
    ),
    Program(
        "FastAPI, uvicorn, 2 workers",
        (*LAUNCHER, *_UVICORN, "--workers", "2", "fastapi_shop:app"),
        _FASTAPI_KINDS,
        14_000,
        _FASTAPI_LEAST,
    ),
    Program(
        "Celery, Redis, prefork",
        _CELERY_FRONT,
        _CELERY_KINDS,
        2_500,
        _CELERY_LEAST,
        worker=(*_WORKER, "--pool", "prefork", "--concurrency", "2"),
    ),
    Program(
        "Celery, Redis, threads",
        _CELERY_FRONT,
        _CELERY_KINDS,
        2_500,
        _CELERY_LEAST,
        worker=(*_WORKER, "--pool", "threads", "--concurrency", "8"),
    ),
    Program(
        "ThreadPoolExecutor",
        ("{python}", "pool_shop.py", "{requests}"),
        {"plain": 6, "hop": 2, "die": 1, "fail": 2},
        13_000,
        {
            "plain": ("order=# taken", "order=# printed", "  card declined"),
            "hop": ("order=# counted", "order=# printed"),
            "die": (*_FAILED, "Exception in thread"),
            "fail": (*_FAILED, "an order has failed"),
        },
    ),
    Program(
        "asyncio, all at once, JSON",
        ("{python}", "asyncio_shop.py", "{requests}"),
        {"plain": 6, "task": 2, "thread": 1, "fail": 2, "drop": 1},
        13_000,
        {
            "plain": ("order=# taken", "order=# refused"),
            "task": ("order=# has waited",),
            "thread": ("order=# in a thread", "order=# in an executor"),
            "fail": ("an order has failed", "ValueError: order=# bad card"),
            "drop": ("Task exception was never retrieved", "ValueError: order=# bad card"),
        },
    ),
    Program(
        "Flask, install(app), gunicorn",
        (*_GUNICORN, "--threads", "4", "flask_installed:application"),
        _FLASK_KINDS,
        3_000,
        _FLASK_LEAST,
    ),
    Program(
        "FastAPI, vendored file, JSON",
        (*_UVICORN, "fastapi_vendored:app"),
        _FASTAPI_KINDS,
        2_000,
        _FASTAPI_LEAST,
        vendored=True,
    ),
)
