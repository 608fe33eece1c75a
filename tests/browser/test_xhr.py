"""XMLHttpRequest, and the clients that stand on it or on fetch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import SESSION_ID, OpenPage, script, stub

if TYPE_CHECKING:
    from tests.browser.site import Site

pytestmark = pytest.mark.needs_browser

AXIOS = "<script src=/npm/axios/dist/axios.min.js></script>"
KY = '<script type=module>import ky from "/npm/ky/distribution/index.js"; window.ky = ky;</script>'
SEND = """
window.send = (method, url, { headers = [], body = null, sync = false, before = () => {} } = {}) =>
  new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.onloadend = () => resolve(`${request.status}`);
    request.open(method, url, !sync);
    for (const [name, value] of headers) request.setRequestHeader(name, value);
    before(request);
    request.send(body);
  });
window.nameOf = (call) => { try { call(); return "nothing"; } catch (error) { return error.name; } };
"""


def test_every_way_of_sending(open_page: OpenPage, own: Site) -> None:
    page = open_page(stub() + script() + f"<script>{SEND}</script>")
    page.evaluate("""async () => {
      await send("GET", "/async");
      await send("GET", "relative");
      await send("POST", new URL("/url", location.href), { body: "text" });
      await send("POST", "/sync", { sync: true, body: "sync" });
      await send("GET", "/own", { headers: [["x-session-ID", "own"], ["X-Own", "1"]] });
      await send("GET", "/aborted", { before: (request) => setTimeout(() => request.abort()) });
      await send("GET", "/reopened", { before: (request) => {
        request.setRequestHeader("X-Session-Id", "old");
        request.open("GET", "/anew");
      } });
      await send("GET", "/failed-open", { before: (request) => {
        nameOf(() => request.open("TRACE", "http://third.test/"));
      } });
    }""")
    seen = [(request.path, request.session_id, request.body) for request in own.take() if request.path != "/aborted"]
    assert seen == [
        ("/async", SESSION_ID, ""),
        ("/relative", SESSION_ID, ""),
        ("/url", SESSION_ID, "text"),
        ("/sync", SESSION_ID, "sync"),
        ("/own", "own", ""),
        ("/anew", SESSION_ID, ""),
        ("/failed-open", SESSION_ID, ""),
    ]


def test_one_request_object_serves_many_requests(open_page: OpenPage, own: Site, third: Site) -> None:
    page = open_page(stub() + script())
    page.evaluate(
        """async (third) => {
      const request = new XMLHttpRequest();
      for (const url of ["/first", third + "/second", "/third"]) {
        request.open("GET", url);
        await new Promise((resolve) => { request.onloadend = resolve; request.send(); });
      }
    }""",
        third.origin,
    )
    assert [request.session_id for request in own.take()] == [SESSION_ID] * 2
    assert [(request.method, request.session_id) for request in third.take()] == [("GET", None)]


def test_misuse_fails_as_without_the_script(open_page: OpenPage) -> None:
    misuse = """() => { const opened = () => {
      const request = new XMLHttpRequest();
      request.open("GET", "/x");
      return request;
    }; return [
      () => new XMLHttpRequest().send(),
      () => new XMLHttpRequest().open(),
      () => new XMLHttpRequest().open("GET"),
      () => new XMLHttpRequest().open("GET", "http://["),
      () => new XMLHttpRequest().open("GET", { toString() { throw new RangeError(); } }),
      () => new XMLHttpRequest().setRequestHeader("a", "b"),
      () => opened().setRequestHeader("a b", ""),
      () => opened().setRequestHeader(Symbol(), ""),
      () => { const request = opened(); request.send(); request.send(); },
      () => XMLHttpRequest.prototype.send.call({}),
      () => XMLHttpRequest.prototype.open.call(null, "GET", "/x"),
    ].map(nameOf); }"""
    helper = f"<script>{SEND}</script>"
    plain = open_page(helper + stub()).evaluate(misuse)
    wrapped = open_page(helper + stub() + script()).evaluate(misuse)
    assert wrapped == plain
    assert "nothing" not in plain


@pytest.mark.parametrize("order", [(AXIOS, script()), (script(), AXIOS)], ids=["axios first", "script first"])
def test_axios_with_both_adapters_and_ky(open_page: OpenPage, own: Site, order: tuple[str, str]) -> None:
    page = open_page(stub() + "".join(order) + KY)
    page.wait_for_function("() => window.ky")
    ended = page.evaluate("""async () => {
      for (const adapter of ["xhr", "fetch"]) {
        await axios.post("/" + adapter, { some: "json" }, { adapter, headers: { "X-Own": adapter } });
        await axios.get("/own", { adapter, headers: { "x-session-id": "own" } });
      }
      const ends = [];
      for (const adapter of ["xhr", "fetch"]) {
        const stop = new AbortController();
        const waiting = axios.get("/never", { adapter, signal: stop.signal }).catch((error) => error.code);
        setTimeout(() => stop.abort(), 20);
        ends.push(await waiting);
      }
      const answer = await ky.post("ky", { json: { some: "json" }, headers: { "X-Own": "ky" }, retry: 0 }).json();
      ends.push(answer.body, await ky.get("never", { timeout: 30, retry: 0 }).catch((error) => error.name));
      return ends;
    }""")
    assert ended == ["ERR_CANCELED", "ERR_CANCELED", '{"some":"json"}', "TimeoutError"]
    seen = {request.path: (request.session_id, request.headers.get("x-own")) for request in own.take()}
    assert seen == {
        "/xhr": (SESSION_ID, "xhr"),
        "/fetch": (SESSION_ID, "fetch"),
        "/own": ("own", None),
        "/never": (SESSION_ID, None),
        "/ky": (SESSION_ID, "ky"),
    }
