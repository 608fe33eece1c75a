"""The canary's judgement of preflights beside Chromium's own."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import urllib3

from asayer_cli.canary.cors import CrossOrigin, objections_to_preflight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.conftest import OpenPage
    from tests.browser.site import Site

pytestmark = pytest.mark.needs_browser
ASK = """(asked) => Promise.all(asked.map(([url, method, headers, credentials]) =>
  fetch(url, { method, headers, credentials }).then(() => true, () => false)))"""
ORIGIN, HEADERS, METHODS = (f"Access-Control-Allow-{name}" for name in ("Origin", "Headers", "Methods"))
CREDENTIALS = "Access-Control-Allow-Credentials"


@dataclass(frozen=True)
class Case:
    """A request of a page, and the answer to its preflight; the origin and the header are allowed unless told."""

    answer: dict[str, str] = field(default_factory=dict)
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    cookies: bool = False
    status: int = 204

    def lines(self, origin: str) -> dict[str, str]:
        lines = {ORIGIN: "{origin}", HEADERS: "x-session-id", **self.answer}
        return {name: value.replace("{origin}", origin) for name, value in lines.items()}


CASES = (
    *(Case(status=status) for status in (200, 299, 300, 401)),
    *(Case({ORIGIN: value}) for value in ("", "*", "* ", "*, *", "{origin}\t", "{origin}/", "{origin}, {origin}")),
    *(Case({HEADERS: value}) for value in ("", "*", "X-SESSION-ID ,, other", "x-session-id; a", "x-session-id, a b")),
    *(Case({METHODS: value}) for value in ("", "GET POST", "PUT")),
    *(Case({METHODS: value}, "PUT") for value in ("put", "PUT", "*", "GET")),
    *(Case({CREDENTIALS: value}, cookies=True) for value in ("true", "true ", "True", "true, true")),
    Case({CREDENTIALS: "true", HEADERS: "*"}, cookies=True),
    *(Case(headers={"Accept": value}) for value in ("text/html", 'a"b', "a" * 129)),
    *(Case(headers={"Accept-Language": value}) for value in ("de;q=0.5, en", "de_x")),
    *(Case(method="POST", headers={"Content-Type": value}) for value in ("text/plain;charset=UTF-8", "text/json")),
    *(Case(headers={"Range": value}) for value in ("bytes=0-5", "bytes=-5")),
    *(Case(headers={name: "a"}) for name in ("Referer", "Sec-A", "X-A")),
)


class _Handler(BaseHTTPRequestHandler):
    """Answers /NUMBER: a preflight as its case tells, what follows as any page may see it."""

    server: _Server

    def _answer(self) -> None:
        case = CASES[int(self.path[1:])]
        preflight = self.command == "OPTIONS"
        own = {ORIGIN: self.server.origin, CREDENTIALS: "true"}
        self.send_response(case.status if preflight else 200)
        for name, value in (case.lines(self.server.origin) if preflight else own).items():
            self.send_header(name, value)
        self.end_headers()

    do_GET = do_POST = do_PUT = do_OPTIONS = _answer  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Keep the test's output clean."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, origin: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.origin = origin


@contextmanager
def answering(origin: str) -> Iterator[str]:
    with _Server(origin) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def judged(case: Case, origin: str, url: str) -> bool:
    names = ("X-Session-Id", *case.headers, *(("Cookie",) if case.cookies else ()))
    answer = urllib3.request("OPTIONS", url, redirect=False, retries=False)
    return not objections_to_preflight(
        CrossOrigin(origin, case.method, names, case.headers), answer.status, answer.headers
    )


def test_preflights_are_judged_as_chromium_does(open_page: OpenPage, own: Site) -> None:
    with answering(own.origin) as url:
        urls = [f"{url}/{number}" for number in range(len(CASES))]
        asked = [
            (one, case.method, {"X-Session-Id": "5", **case.headers}, "include" if case.cookies else "omit")
            for one, case in zip(urls, CASES, strict=True)
        ]
        goes_on = open_page("").evaluate(ASK, asked)
        ours = [judged(case, own.origin, one) for case, one in zip(CASES, urls, strict=True)]
    assert {True, False} == set(goes_on)
    assert [case for case, mine, its in zip(CASES, ours, goes_on, strict=True) if mine is not its] == []
