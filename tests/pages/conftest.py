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

    from playwright.sync_api import BrowserContext

    from asayer_cli.timeline.model import Completeness, TimelineEntry

PATIENCE_MILLISECONDS = 20_000
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


@pytest.fixture
def open_file(browser: Browser) -> Iterator[Open]:
    """Open a file as a page: `open_file(path, fragment, width=…)`; it may load, report and print nothing."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_file(path: Path, fragment: str = "", *, width: int = 1400, height: int = 900, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("console", lambda message: said.append(f"console: {message.text}"))
        page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        own = path.as_uri()
        page.on("request", lambda request: said.append(f"request: {request.url}") if request.url != own else None)
        page.goto(own + fragment)
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert said == []


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
