"""How pages look: enough contrast in both themes, nothing cut off on a telephone, and nothing but ink in print."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from asayer_cli.output.page import coverage_page
from tests.pages import samples

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.pages.conftest import Open

pytestmark = pytest.mark.needs_browser

CONTRAST: Final = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
READABLE: Final = 4.5
"""The ratio that WCAG 2 asks for at level AA."""


def poor(page: Page) -> list[Any]:
    found = page.evaluate(
        f"({CONTRAST.partition('(least)')[1]}{CONTRAST.partition('(least)')[2].rstrip().rstrip(';')})({READABLE})"
    )
    assert found["seen"] > 30
    return list(found["poor"])


def colourful(open_session: Open) -> Page:
    """Open a session's page with all that has a colour in sight."""
    entries = [entry for entry in samples.shop() if entry.level not in ("info", "debug")] + samples.shop()[100:106]
    told = replace(samples.completeness(entries), complete=False, readings=(*samples.READINGS[:2], samples.FAILED))
    session = open_session(entries, told, height=2500)
    session.locator("#text").fill("o")
    session.locator("#entries summary", has_text="payment of order").first.click()
    session.locator("#entries summary", has_text="could not write").click()
    session.locator(".entry[open] .body summary", has_text="As it is stored").last.click()
    session.locator("#places summary").click()
    return session


def test_every_text_can_be_read_in_both_themes(open_session: Open, open_file: Open, tmp_path: Path) -> None:
    session = colourful(open_session)
    (tmp_path / "coverage.html").write_text(coverage_page(samples.shop_coverage()), encoding="utf-8")
    coverage = open_file(tmp_path / "coverage.html", height=2000)
    for theme, other in (("light", "Dark"), ("dark", "Light")):
        for page in (session, coverage):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            assert poor(page) == []
        background = session.evaluate("getComputedStyle(document.body).backgroundColor")
        session.get_by_role("button", name=other, exact=True).click()
        assert session.evaluate("getComputedStyle(document.body).backgroundColor") != background
        session.get_by_role("button", name="Auto").click()
    coverage.emulate_media(media="print")
    legend = coverage.locator(".legend li").first
    assert legend.evaluate("(item) => getComputedStyle(item, '::before').printColorAdjust") == "exact"
    for page in (session, coverage):
        page.set_viewport_size({"width": 400, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == 400


def test_print_has_no_controls(open_session: Open) -> None:
    session = colourful(open_session)
    session.emulate_media(media="print", color_scheme="dark")
    for selector in (".top", "#toolbar", ".acts", ".handle"):
        assert not session.locator(selector).first.is_visible()
    assert session.locator(".entry[open] .body").first.is_visible()
    assert session.locator("#printed").inner_text().endswith("entries: with the text o.")
    assert session.locator(".facts").inner_text().endswith("times in Europe/Berlin")
    assert session.evaluate("getComputedStyle(document.body).colorScheme") == "light"
    assert poor(session) == []
    session.set_viewport_size({"width": 703, "height": 900})  # A4 within the margins
    cells = (
        session.locator("#entries summary")
        .first.locator("> :not(.marks)")
        .evaluate_all(
            "(cells) => cells.map((cell) => cell.getBoundingClientRect()).map(({ left, right }) => [left, right])"
        )
    )
    assert all(right <= left for (_, right), (left, _) in pairwise(cells))
