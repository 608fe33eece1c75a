"""The page of a coverage: shares, reasons with what to do, and the chart over time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from asayer_cli.output import html
from asayer_cli.output.page.coverage_chart import share_text
from asayer_cli.result import Failure
from tests.pages import samples
from tests.pages.conftest import ZONE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pages.conftest import Open


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "no errors"), (0.0, "0%"), (0.01, "<0.1%"), (54.21, "54.2%"), (99.999, "99.9%"), (100.0, "100%")],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float | None, text: str) -> None:
    assert share_text(share) == text


@pytest.mark.needs_browser
def test_what_a_coverage_shows(open_file: Open, tmp_path: Path) -> None:
    path = tmp_path / "coverage.html"
    path.write_text(html.write(samples.shop_coverage()), encoding="utf-8")
    page = open_file(path)
    assert page.get_by_role("heading", level=1).inner_text() == "54.2% of errors can reach replays"
    assert page.locator(".facts").inner_text().split("\n") == [
        "682 of 1,258 errors can reach a replay",
        "722 carry a session id",
        "at least 90% wanted failed",
        "incomplete",
    ]
    assert "search.shop.example does not answer. Try again in a minute." in page.locator(".notice").inner_text()
    groups = page.locator(".group")
    assert groups.locator("h3").all_inner_texts() == [
        samples.GROUP,
        "/ecs/shop-search",
        "/ecs/shop-worker",
        "/ecs/shop-quiet",
    ]
    worst = groups.first
    assert worst.get_by_role("img").first.get_attribute("aria-label") == (
        "498 of 1,074 errors can reach a replay, 40 are tagged and dropped"
    )
    assert [text.split("\n")[0] for text in worst.locator("li").all_inner_texts()] == [
        "536 carry no tag 49.9% \u00b7 untagged",
        "40 have neither the word error nor exception 3.7% \u00b7 no_error_word",
    ]
    assert worst.locator(".remedy").all_inner_texts() == ["Tag what the worker logs.", "Put the level into the line."]
    assert worst.locator("svg.series g").count() == 24
    assert (
        worst.locator("svg.series").get_attribute("aria-label")
        == "Share over time: first half 68.8%, second half 25.4%"
    )
    assert "3 of the errors have no time" in groups.nth(2).inner_text()
    assert "The product does not collect from this place" in groups.nth(2).inner_text()
    assert groups.nth(3).locator("svg.series").count() == 0
    assert "cost about $0.2250" in page.locator(".source-panel").first.inner_text()
    page.locator("#zone").select_option(ZONE)
    assert "19 Nov 2026, 09:03:07" in worst.locator(".ends").inner_text()


@pytest.mark.needs_browser
def test_a_coverage_reads_without_script(open_file: Open, tmp_path: Path) -> None:
    path = tmp_path / "coverage.html"
    path.write_text(html.write(replace(samples.shop_coverage(), share=None)), encoding="utf-8")
    page = open_file(path, java_script_enabled=False)
    assert page.get_by_role("heading", level=1).inner_text() == "No errors were counted"
    assert page.locator(".ends").first.inner_text().startswith("2026-11-19 14:03:07")
    assert page.locator(".facts").inner_text().endswith("times in UTC")


@pytest.mark.needs_browser
def test_a_run_that_counted_nothing_says_why(open_file: Open, tmp_path: Path) -> None:
    path = tmp_path / "coverage.html"
    path.write_text(
        html.write_failures([Failure("x", "Nothing <is> configured.", "Run asayer-cli aws setup.")]), encoding="utf-8"
    )
    page = open_file(path)
    assert page.locator("main").inner_text().startswith("Nothing was counted")
    assert "Nothing <is> configured. Run asayer-cli aws setup." in page.locator(".notice").inner_text()
