"""How soon a session's page of 50,000 entries can be used in Chromium: opened, and a text looked for in it."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from playwright.sync_api import expect, sync_playwright

from tests.benchmarks import files
from tests.benchmarks.measure import Program, run
from tests.benchmarks.startup import own_program
from tests.benchmarks.table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

ENTRIES: Final = 50_000
OPENS_WITHIN_SECONDS: Final = 3.0
_ROUNDS: Final = 3


def rows() -> Iterator[Row]:
    """Make the page as a user does, open it in a fresh tab several times, and yield the line."""
    with tempfile.TemporaryDirectory() as folder:
        page = _page(Path(folder))
        size = page.stat().st_size / 1e6
        opened, found = _least(page)
    yield Row(
        f"a page of {ENTRIES:,} entries ({size:.0f} MB) in Chromium",
        f"can be used after {opened:.2f} s; a text is found in {found:.2f} s",
        f"within {OPENS_WITHIN_SECONDS:g} s",
        opened <= OPENS_WITHIN_SECONDS,
    )


def _page(folder: Path) -> Path:
    log, page = folder / "app.log", folder / "session.html"
    session_id = files.write_lines(log, ENTRIES, tagged_every=1)
    command = [own_program(), "session", str(session_id), "--file", str(log), "--html", str(page), "--output", "jsonl"]
    run(Program("session", command, files.environment(folder)))
    return page


def _least(page: Path) -> tuple[float, float]:
    """Return the least seconds until the page can be used, and until the one entry with a text is shown."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=arguments)
        taken = [_once(browser, page) for _ in range(_ROUNDS)]
        browser.close()
    return min(opened for opened, _ in taken), min(found for _, found in taken)


def _once(browser: Browser, path: Path) -> tuple[float, float]:
    page = browser.new_context().new_page()
    begin = time.perf_counter()
    page.goto(path.as_uri())
    expect(page.locator("#entries summary").first).to_be_visible()
    expect(page.locator("#count")).to_have_text(f"{ENTRIES:,} entries")
    opened = time.perf_counter() - begin
    begin = time.perf_counter()
    page.locator("#text").fill(f"order {ENTRIES - 7:08d}")
    expect(page.locator("#count")).to_have_text(f"1 of {ENTRIES:,}")
    found = time.perf_counter() - begin
    page.context.close()
    return opened, found
