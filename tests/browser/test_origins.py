"""Which addresses get the header, and what that means for CORS and redirects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import SESSION_ID, OpenPage, script, stub

if TYPE_CHECKING:
    from tests.browser.site import Site

pytestmark = pytest.mark.needs_browser

BOTH = """async (urls) => {
  const ends = [];
  for (const url of urls) {
    ends.push(await fetch(url).then((answer) => answer.status, (error) => error.name));
    ends.push(await new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.onloadend = () => resolve(request.status);
      request.open("GET", url);
      request.send();
    }));
  }
  return ends;
}"""


def seen(site: Site) -> list[tuple[str, str | None]]:
    return [(request.method, request.session_id) for request in site.take()]


def test_an_allowed_origin_gets_it_after_a_preflight(open_page: OpenPage, api: Site) -> None:
    page = open_page(stub() + script(f'data-origins="https://other.example {api.origin.upper()}/"'))
    assert page.evaluate(BOTH, [f"{api.origin}/echo"]) == [200, 200]
    requests = api.take()
    assert [request.session_id for request in requests if request.method == "GET"] == [SESSION_ID] * 2
    preflights = [request for request in requests if request.method == "OPTIONS"]
    assert {request.headers["access-control-request-headers"] for request in preflights} == {"x-session-id"}


def test_a_third_party_gets_neither_header_nor_preflight(open_page: OpenPage, api: Site, third: Site) -> None:
    page = open_page(stub() + script(f'data-origins="{api.origin}"'))
    assert page.evaluate(BOTH, [f"{third.origin}/echo", f"//{third.origin[7:]}/echo"]) == [200] * 4
    page.evaluate("url => fetch(new Request(url))", f"{third.origin}/echo")
    page.evaluate("url => fetch(new URL(url), { mode: 'no-cors' })", f"{third.origin}/echo")
    assert seen(third) == [("GET", None)] * 6


def test_origins_are_compared_exactly(open_page: OpenPage, own: Site, api: Site) -> None:
    port = api.origin.rpartition(":")[2]
    near = [
        "http://api.testing",
        f"https://127.0.0.1:{port}",
        f"http://127.0.0.1.example:{port}",
        "http://127.0.0.1",
    ]
    none = ["*", "null", f"127.0.0.1:{port}", "http://*", "https://["]
    page = open_page(stub() + script(f'data-origins="{" ".join([*near, *none])}"'))
    # an address that names the own host as the user of another
    disguised = api.origin.replace("//", f"//{own.origin[7:].replace(':', '%3A')}@")
    assert page.evaluate(BOTH, [f"{api.origin}/echo", "http://api.test/echo"]) == [200] * 4
    page.evaluate(
        "url => { const r = new XMLHttpRequest(); r.open('GET', url, false); try { r.send(); } catch {} }", disguised
    )
    assert {request.session_id for request in api.take()} == {None}


def test_default_ports_and_the_base_of_relative_addresses(open_page: OpenPage, own: Site, api: Site) -> None:
    api.cors = {**api.cors, "Access-Control-Allow-Origin": "*"}
    page = open_page(stub() + script('data-origins="http://api.test:80"'), at="http://app.test")
    same = ["http://app.test:80/echo", "//app.test/echo", "/echo"]
    assert page.evaluate(BOTH, [*same, "http://api.test/echo"]) == [200] * 8
    assert [identity for _, identity in seen(own)] == [SESSION_ID] * 6
    page.evaluate(
        "() => { document.head.append(Object.assign(document.createElement('base'), { href: 'http://api.test' })); }"
    )
    page.evaluate("() => asayerPropagate.install({ origins: [] })")
    assert page.evaluate(BOTH, ["echo", "http://app.test/echo"]) == [200] * 4
    assert [identity for _, identity in seen(own)] == [SESSION_ID] * 2
    assert [identity for method, identity in seen(api) if method == "GET"] == [SESSION_ID] * 2 + [None] * 2


def test_a_redirect_to_a_third_party_takes_the_header_along_unless_excepted(
    open_page: OpenPage, own: Site, third: Site
) -> None:
    """The browser's doing, and the reason for the option `except`."""
    page = open_page(stub() + script())
    away = f"/redirect?to={third.origin}/file"
    assert page.evaluate(BOTH, [away]) == ["TypeError", 0]
    assert [request.headers["access-control-request-headers"] for request in third.take()] == ["x-session-id"] * 2
    page.evaluate("() => asayerPropagate.install({ except: ['/other/', '/redirect'] })")
    assert page.evaluate(BOTH, [away]) == [200, 200]
    assert seen(third) == [("GET", None)] * 2
    assert seen(own) == [("GET", SESSION_ID)] * 2 + [("GET", None)] * 2
