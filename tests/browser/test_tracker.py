"""Where the id comes from: the product's real tracker, older ones, and what is no tracker at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import SESSION_ID, OpenPage, script, stub, tracker

if TYPE_CHECKING:
    from tests.browser.ingest import Ingest
    from tests.browser.site import Site

pytestmark = pytest.mark.needs_browser

SEND = """async (path) => {
  const answer = fetch(path);
  const request = new XMLHttpRequest();
  request.open("GET", path, false);
  request.send();
  await answer;
}"""


def ids(site: Site) -> list[str | None]:
    return [request.session_id for request in site.take()]


def test_the_real_tracker_before_the_script(open_page: OpenPage, own: Site, ingestion: Ingest) -> None:
    ingestion.batches.clear()
    page = open_page(tracker(ingestion))
    page.wait_for_function("() => window.loaded")
    assert page.evaluate("() => window.started") == SESSION_ID
    page.add_script_tag(url="/asayer-propagate.js")
    page.evaluate(SEND, "/echo")
    assert ids(own) == [SESSION_ID] * 2
    assert ingestion.started[-1]["trackerVersion"] == "5.6.8"
    page.wait_for_timeout(100)
    page.evaluate("() => window.asayer.event('clicked', {})")
    for _ in range(50):
        if ingestion.batches:
            break
        page.wait_for_timeout(50)
    assert ingestion.batches, "the tracker recorded nothing"


@pytest.mark.parametrize("named", [True, False], ids=["window.asayer", "the package alone"])
def test_the_real_tracker_after_the_script(open_page: OpenPage, own: Site, ingestion: Ingest, named: bool) -> None:  # noqa: FBT001 - a parameter of the test
    page = open_page(script() + tracker(ingestion, named=named, start=False))
    page.wait_for_function("() => window.loaded")
    page.evaluate(SEND, "/before")
    assert page.evaluate("() => window.startTracker()") == SESSION_ID
    page.evaluate(SEND, "/after")
    assert ids(own) == [None, None, SESSION_ID, SESSION_ID]


def test_the_older_interface_and_changing_ids(open_page: OpenPage, own: Site) -> None:
    page = open_page(script() + stub("id"))
    page.evaluate(SEND, "/old")
    page.evaluate("() => { window.asayer = { sessionID: () => '18446744073709551615', id: () => '1' }; }")
    page.evaluate(SEND, "/new")
    page.evaluate("() => { delete window.asayer; }")
    page.evaluate(SEND, "/gone")
    top = "18446744073709551615"
    assert ids(own) == [SESSION_ID, SESSION_ID, top, top, None, None]


NO_IDS = """
undefined, null, "", "0x10", "1e3", " 1", "1 ", "1\\n", "-1", "+1", "1.5", "1,2", "k3j2.1x.9z", "18446744073709551616",
"99999999999999999999", "123456789012345678901", "1\\r\\nX-Evil: 1", "\\u0661", 1.5, -1, NaN, Infinity,
4113219715072001793, true, {}, [], () => "1", Symbol("1"), Promise.resolve("1"),
{ toString() { throw new Error("no text"); } }
"""


def test_what_is_no_id_is_not_sent(open_page: OpenPage, own: Site) -> None:
    page = open_page(script())
    page.evaluate(
        f"""async (send) => {{
      const calls = [];
      for (const value of [{NO_IDS}]) {{
        window.asayer = {{ sessionID: () => value }};
        calls.push(eval(send)("/echo"));
      }}
      await Promise.all(calls);
      for (const [value, text] of [["0", 0], ["42", 42], [42n, 42n]]) {{
        window.asayer = {{ sessionID: () => value }};
        await fetch("/good");
      }}
    }}""",
        SEND,
    )
    requests = own.take()
    bad = [request.session_id for request in requests if request.path == "/echo"]
    assert bad == [None] * 60
    assert [request.session_id for request in requests if request.path == "/good"] == ["0", "42", "42"]


BROKEN = {
    "throws": "window.asayer = { sessionID() { throw new Error('broken'); } }",
    "an element": "document.body.append(Object.assign(document.createElement('i'), { id: 'asayer' }))",
    "the stub that loads it": "window.asayer = Object.assign([1], { sessionID: () => {} })",
    "text": "window.asayer = '42'",
    "makes requests": "window.asayer = { sessionID: () => { fetch('/inner'); } }",
    "a getter that throws": "Object.defineProperty(window, 'asayer', { get() { throw new Error('broken'); } })",
}


def test_a_broken_tracker_is_none(open_page: OpenPage, own: Site) -> None:
    page = open_page(script())
    for name, code in BROKEN.items():
        page.evaluate(f"() => {{ delete window.asayer; {code}; }}")
        page.evaluate(SEND, "/echo")
        requests = own.take()
        assert [request.session_id for request in requests if request.path == "/echo"] == [None] * 2, name
        assert len(requests) < 8, name
