"""One browser, and the sites that its pages come from and call, for all tests of this folder."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.ingest import Ingest, ingest
from tests.browser.npm_packages import installed_packages
from tests.browser.site import Site, serving

if TYPE_CHECKING:
    from pathlib import Path

SESSION_ID: Final = "4113219715072001793"
PROGRAMS: Final = ("chromium", "node", "npm")
PATIENCE_MILLISECONDS: Final = 15_000
OpenPage = Callable[..., Page]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs_browser: runs only where chromium, node and npm are installed")


@pytest.fixture(scope="package")
def packages() -> Path:
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    return installed_packages()


@pytest.fixture(scope="package")
def sites(packages: Path) -> Iterator[tuple[Site, Site, Site]]:
    """The page's own site, an API that allows its requests, and a third party that allows plain requests alone."""
    with serving(packages) as own, serving(packages) as api, serving(packages) as third:
        third.cors = {"Access-Control-Allow-Origin": "*"}
        yield own, api, third


@pytest.fixture
def own(sites: tuple[Site, Site, Site]) -> Site:
    sites[0].take()
    return sites[0]


@pytest.fixture
def api(sites: tuple[Site, Site, Site]) -> Site:
    sites[1].take()
    sites[1].cors = {
        "Access-Control-Allow-Origin": sites[0].origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Headers": "X-Session-Id, Content-Type",
    }
    return sites[1]


@pytest.fixture
def third(sites: tuple[Site, Site, Site]) -> Site:
    sites[2].take()
    return sites[2]


@pytest.fixture(scope="package")
def browser(sites: tuple[Site, Site, Site]) -> Iterator[Browser]:
    """Headless Chromium; http://app.test and http://api.test, on the port that needs no telling, are own and api."""
    names = ", ".join(
        f"MAP {name} {site.origin[7:]}" for name, site in zip(("app.test", "api.test"), sites, strict=False)
    )
    arguments = [f"--host-resolver-rules={names}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def context(browser: Browser) -> Iterator[BrowserContext]:
    with contextlib.closing(browser.new_context()) as context:
        yield context


@pytest.fixture
def open_page(context: BrowserContext, own: Site) -> Iterator[OpenPage]:
    """Open a page of the own site in a tab of its own: `open_page(html, ...)`; no page may report an error."""
    errors: list[str] = []
    pages = []

    def open_page(html: str, headers: Mapping[str, str] | None = None, *, at: str = own.origin) -> Page:
        page = context.new_page()
        pages.append(page)
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        own.page("/page", f"<!doctype html><title>Page</title><body>{html}", headers)
        page.goto(f"{at}/page")
        return page

    yield open_page
    for page in pages:
        page.close()
    assert errors == []


@pytest.fixture(scope="package")
def ingestion() -> Iterator[Ingest]:
    with ingest(SESSION_ID) as state:
        yield state


def stub(call: str = "sessionID", value: str = SESSION_ID) -> str:
    """Return a tracker that is no more than its answer."""
    return f"<script>window.asayer = {{ {call}: () => {json.dumps(value)} }};</script>"


def script(attributes: str = "") -> str:
    """Return the script as pages load it."""
    return f'<script src="/asayer-propagate.js" {attributes}></script>'


def tracker(ingestion: Ingest, *, named: bool = True, start: bool = True) -> str:
    """Return the product's tracker as a module; `startTracker()` starts it, at once or when the page calls it."""
    options = {"projectID": 1, "__allow_not_secure": True, "ws_url": ingestion.url}
    parser = "/npm/error-stack-parser/dist/error-stack-parser.min.js?global=ErrorStackParser"
    imports = {"imports": {"error-stack-parser": parser}}
    return f"""<script type="importmap">{json.dumps(imports)}</script>
<script type="module">
  import Tracker from "/npm/@asayerio/tracker/lib";
  window.startTracker = () => new Promise((resolve) => {{
    const tracker = new Tracker({{ ...{json.dumps(options)}, onStart: ({{ sessionID }}) => resolve(sessionID) }});
    {"window.asayer = tracker;" if named else ""}
    tracker.start();
  }});
  window.started = {"window.startTracker()" if start else "undefined"};
  window.loaded = true;
</script>"""
