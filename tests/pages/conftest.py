"""One headless Chromium, and pages opened from files as their readers do; a page that says or asks anything fails."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from asayer_cli.output.page import write_session
from tests.pages import samples

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Request

    from asayer_cli.timeline.model import Completeness, TimelineEntry

PATIENCE_MILLISECONDS = 20_000
ZONE = "America/New_York"
"""The zone of the browser."""
Open = Callable[..., Page]


def in_background(arguments: Iterable[str] = ()) -> list[str]:
    """Return the arguments of a Chromium that may run as root, in a container."""
    return [*arguments, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if shutil.which("chromium") is None:
        pytest.skip("not installed: chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=in_background())
        yield browser
        browser.close()


class Tabs:
    """Tabs that tests use one after another, as each costs a process; what they loaded, reported or asked is kept."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: dict[str, list[Page]] = {}
        self._own: set[str] = set()
        self.said: list[str] = []

    def take(self, **options: Any) -> Page:
        """Return a tab that no other test has at the moment, in a context of these options."""
        idle = self._idle.setdefault(repr(options), [])
        return idle.pop() if idle else self._new(**options)

    def give_back(self, page: Page, **options: Any) -> None:
        page.emulate_media(media="null", color_scheme="null")
        self._idle[repr(options)].append(page)

    def go(self, page: Page, url: str) -> None:
        self._own.add(url.partition("#")[0])
        page.goto(url)

    def _new(self, **options: Any) -> Page:
        context = self._browser.new_context(
            timezone_id=ZONE, permissions=["clipboard-read", "clipboard-write"], **options
        )
        context.add_init_script("localStorage.clear()")
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("console", lambda message: self.said.append(f"console: {message.text}"))
        page.on("dialog", lambda dialog: self.said.append(f"dialog: {dialog.message}"))
        page.on("request", self._requested)
        return page

    def _requested(self, request: Request) -> None:
        if request.url.partition("#")[0] not in self._own:
            self.said.append(f"request: {request.url}")


@pytest.fixture(scope="package")
def tabs(browser: Browser) -> Tabs:
    return Tabs(browser)


@pytest.fixture
def open_file(tabs: Tabs) -> Iterator[Open]:
    """Open a file as a page: `open_file(path, fragment, width=…)`; it may load, report and print nothing."""
    taken: list[tuple[Page, dict[str, Any]]] = []
    tabs.said.clear()

    def open_file(path: Path, fragment: str = "", *, width: int = 1400, height: int = 900, **options: Any) -> Page:
        page = tabs.take(**options)
        taken.append((page, options))
        page.set_viewport_size({"width": width, "height": height})
        tabs.go(page, path.as_uri() + fragment)
        return page

    yield open_file
    for page, options in taken:
        tabs.give_back(page, **options)
    assert tabs.said == []


@pytest.fixture
def open_session(open_file: Open, tmp_path: Path) -> Open:
    """Write some entries as a page and open it: `open_session(entries, completeness)`."""

    def open_session(
        entries: Iterable[TimelineEntry],
        completeness: Completeness | None = None,
        fragment: str = "",
        *,
        replay_url: str = "",
        **options: Any,
    ) -> Page:
        kept = list(entries)
        finish = samples.Finish(completeness or samples.completeness(kept))
        write_session(tmp_path / "session.html", samples.timeline(kept, finish, replay_url=replay_url))
        return open_file(tmp_path / "session.html", fragment, **options)

    return open_session


def messages(page: Page) -> list[str]:
    """Return the messages of the rows, without the lines that they add of a stack trace."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("#entries .message")].map((element) => {
          const copy = element.cloneNode(true);
          copy.querySelector(".cause")?.remove();
          return copy.textContent;
        })"""
    )
    return found
