"""How soon a page of 50,000 entries is there, and how soon it answers its reader, in headless Chromium."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from playwright.sync_api import sync_playwright

from asayer_cli.output.page import write_session
from tests.benchmarks.table import Row
from tests.pages import samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

ENTRIES: Final = 50_000
_WRITE_SECONDS: Final = 10.0
_OPEN_SECONDS: Final = 3.0
_FILTER_MS: Final = 200.0
_FRAME_MS: Final = 50.0
# Each answers with the milliseconds of script and layout, until the screen can be painted.
_FILTER: Final = """async (texts) => {
  const took = [];
  for (const text of texts) {
    const input = document.getElementById("text");
    input.value = text;
    const begin = performance.now();
    input.dispatchEvent(new Event("input"));
    await new Promise(requestAnimationFrame);
    document.body.getBoundingClientRect();
    took.push(performance.now() - begin);
  }
  return took;
}"""
_SCROLL: Final = """async (steps) => {
  const took = [];
  for (let step = 1; step <= steps; step += 1) {
    const begin = performance.now();
    scrollBy(0, 400);
    await new Promise(requestAnimationFrame);
    document.body.getBoundingClientRect();
    took.push(performance.now() - begin);
  }
  return took.sort((left, right) => left - right);
}"""
_TYPED: Final = ("c", "cu", "customer", "customer 77", "payment of order", "")


def rows() -> Iterator[Row]:
    """Yield a line for writing, opening, filtering and scrolling; nothing where there is no Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        return
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder) / "page.html"
        yield _written(page_file)
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        yield from _read(page, page_file)
        browser.close()


def _written(path: Path) -> Row:
    begin = time.process_time()
    write_session(path, samples.timeline(samples.many(ENTRIES), samples.Finish(samples.completeness())))
    took = time.process_time() - begin
    work = f"a page of {ENTRIES:,} entries: written ({path.stat().st_size / 1e6:.0f} MB)"
    return Row(work, f"{took:.1f} s of processor", f"{_WRITE_SECONDS:.0f} s", took <= _WRITE_SECONDS)


def _read(page: Page, path: Path) -> Iterator[Row]:
    begin = time.perf_counter()
    page.goto(path.as_uri())
    page.wait_for_selector("#entries li")
    took = time.perf_counter() - begin
    yield Row("the same: opened", f"{took:.1f} s", f"{_OPEN_SECONDS:.0f} s", took <= _OPEN_SECONDS)
    filtered = _milliseconds(page, _FILTER, _TYPED)
    yield Row("the same: filtered, the slowest key", f"{filtered[-1]:.0f} ms", f"{_FILTER_MS:.0f} ms",
              filtered[-1] <= _FILTER_MS)  # fmt: skip
    scrolled = _milliseconds(page, _SCROLL, 100)
    middle = scrolled[len(scrolled) // 2]
    yield Row(
        "the same: scrolled by 400 pixels, the median frame",
        f"{middle:.0f} ms",
        f"{_FRAME_MS:.0f} ms",
        middle <= _FRAME_MS,
    )


def _milliseconds(page: Page, script: str, argument: Any) -> list[float]:
    return sorted(page.evaluate(script, argument))
