"""How pages take the script in, and how they get rid of it."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import SESSION_ID, OpenPage, script, stub, tracker
from tests.browser.npm_packages import MANIFESTS
from tests.browser.site import SCRIPT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.ingest import Ingest
    from tests.browser.site import Site

pytestmark = pytest.mark.needs_browser

KEEP = """<script>
const methods = ["open", "setRequestHeader", "send"];
window.natives = () => [window.fetch, ...methods.map((name) => XMLHttpRequest.prototype[name])];
window.before = natives();
window.send = async (path) => {
  await fetch(path);
  const request = new XMLHttpRequest();
  request.open("GET", path, false);
  request.send();
};
</script>"""
WRAP = """() => {
  const innerFetch = window.fetch;
  const innerSend = XMLHttpRequest.prototype.send;
  window.fetch = function fetch(url, options = {}) {
    return innerFetch(url, { ...options, headers: { ...options.headers, "X-Token": "t" } });
  };
  XMLHttpRequest.prototype.send = function send(body) {
    this.setRequestHeader("X-Token", "t");
    innerSend.call(this, body);
  };
}"""


def ids(site: Site) -> list[str | None]:
    return [request.session_id for request in site.take()]


def test_twice_is_once_and_uninstalled_is_as_before(open_page: OpenPage, own: Site) -> None:
    module = (
        '<script type="module">import "/asayer-propagate.js"; asayerPropagate.install(); window.ready = 1;</script>'
    )
    page = open_page(KEEP + stub() + script() + script('data-header="X-Other"') + module)
    page.wait_for_function("() => window.ready")
    page.evaluate("() => send('/echo')")
    assert [request.headers["x-other"] for request in own.take()] == [SESSION_ID] * 2
    page.evaluate("() => { asayerPropagate.uninstall(); asayerPropagate.uninstall(); }")
    assert page.evaluate("() => natives().every((value, index) => value === before[index])")
    page.evaluate("() => send('/echo')")
    assert [request.headers.get("x-other") for request in own.take()] == [None] * 2
    page.evaluate("() => { asayerPropagate.install({ header: 'X-Session-Id' }); return send('/echo'); }")
    assert ids(own) == [SESSION_ID] * 2


def test_what_was_wrapped_later_is_left_and_let_through(open_page: OpenPage, own: Site) -> None:
    page = open_page(KEEP + stub() + script())
    page.evaluate(WRAP)
    page.evaluate("() => { window.later = natives(); return send('/on'); }")
    page.evaluate("() => { asayerPropagate.uninstall(); return send('/off'); }")
    assert page.evaluate("() => [0, 3].every((index) => natives()[index] === later[index])")
    page.evaluate("() => { asayerPropagate.install(); return send('/again'); }")
    page.evaluate("() => { asayerPropagate.uninstall(); return send('/off'); }")
    assert page.evaluate("() => [0, 3].every((index) => natives()[index] === later[index])")
    requests = own.take()
    assert [request.headers["x-token"] for request in requests] == ["t"] * 8
    assert [request.session_id for request in requests] == [SESSION_ID, SESSION_ID, None, None] * 2


def test_what_was_wrapped_before_gets_headers_of_the_kind_it_knows(open_page: OpenPage, own: Site) -> None:
    page = open_page(KEEP + stub())
    page.evaluate(WRAP)
    page.add_script_tag(url="/asayer-propagate.js")
    page.evaluate("async () => { await send('/echo'); await fetch('/own', { headers: { 'X-Own': '1' } }); }")
    requests = own.take()
    assert [(request.session_id, request.headers["x-token"]) for request in requests] == [(SESSION_ID, "t")] * 3
    assert [request.headers["x-own"] for request in requests if request.path == "/own"] == ["1"]


def test_a_page_that_allows_its_own_scripts_alone(open_page: OpenPage, own: Site, ingestion: Ingest) -> None:
    policy = f"default-src 'none'; script-src 'self'; connect-src 'self' {ingestion.url}; worker-src 'self'"
    page = open_page(script('data-header="X-Own-Name"'), {"Content-Security-Policy": policy})
    page.evaluate("id => { window.asayer = { sessionID: () => id }; return fetch('/echo'); }", SESSION_ID)
    assert [request.headers["x-own-name"] for request in own.take()] == [SESSION_ID]


def test_as_a_module_beside_the_real_tracker(open_page: OpenPage, own: Site, ingestion: Ingest) -> None:
    module = '<script type="module" src="/asayer-propagate.js"></script>'
    page = open_page(tracker(ingestion) + module)
    page.wait_for_function("() => window.loaded")
    page.evaluate("() => window.started.then(() => fetch('/echo'))")
    assert ids(own) == [SESSION_ID]


def test_bad_options_break_nothing(open_page: OpenPage, own: Site) -> None:
    page = open_page(KEEP + stub() + script('data-header="no good" data-origins="none  ," data-except=" "'))
    page.evaluate("() => send('/echo')")
    for options in [
        "null",
        "7",
        "{ header: 5 }",
        "{ header: Symbol() }",
        "{ origins: Symbol(), header: 'X-Session-Id' }",
    ]:
        page.evaluate(f"() => {{ asayerPropagate.install({options}); return send('/echo'); }}")
    assert ids(own)[-2:] == [SESSION_ID] * 2


def test_where_there_is_no_page(open_page: OpenPage, tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"type": "module"}')
    run = subprocess.run(
        ["node", "--input-type=module", "-e", f"await import('file://{SCRIPT}')"], capture_output=True, check=False
    )
    assert (run.returncode, run.stdout) == (0, b""), run.stderr
    worker = """() => new Promise((done) => {
      new Worker("/asayer-propagate.js").onerror = () => done("failed");
      setTimeout(() => done("fine"), 100);
    })"""
    assert open_page("").evaluate(worker) == "fine"


def test_it_is_small(packages: Path) -> None:
    terser = str(packages / ".bin" / "terser")
    small = subprocess.run([terser, str(SCRIPT), "--compress", "--mangle"], capture_output=True, check=True).stdout
    assert 1000 < len(small) < 2000
    assert not re.search(rb"^\s*(import|export)\b", SCRIPT.read_bytes(), re.MULTILINE), (
        "it must load as a classic script too"
    )


def test_packages_are_pinned_by_hash_and_by_no_address() -> None:
    lock = json.loads(MANIFESTS[1].read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not [name for name, entry in packages.items() if "resolved" in entry]
