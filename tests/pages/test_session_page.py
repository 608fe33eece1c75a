"""The page of a session in a browser: what it shows, and how its reader finds what matters."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from asayer_cli.output.page import write_session
from asayer_cli.session_id import SessionId
from asayer_cli.timeline.model import Session
from tests.pages import samples
from tests.pages.conftest import messages

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.pages.conftest import Open

pytestmark = pytest.mark.needs_browser

FAILED = "payment of order 4411 failed"


def current(page: Page) -> str:
    return page.locator(".entry.current .message").text_content() or ""


def count(page: Page) -> str:
    return page.locator("#count").inner_text()


def test_what_the_page_says_at_first_sight(open_session: Open) -> None:
    entries = samples.shop()
    page = open_session(entries)
    assert page.title() == f"Session {samples.SESSION}"
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Session {samples.SESSION}")
    link = page.get_by_role("link", name="Watch the replay")
    assert link.get_attribute("href") == f"https://replay.shop.example/3/session/{samples.SESSION}"
    assert link.get_attribute("rel") == "noopener noreferrer"
    assert page.locator(".facts").inner_text().split("\n") == [
        "168 entries",
        "7 errors",
        "4 places searched",
        "complete",
    ]
    assert messages(page) == [entry.message for entry in entries]
    first = page.locator("#entries summary").first
    assert first.inner_text().split("\n")[:5] == [
        "15:03:07.650",
        "+00:00.400",
        "DEBUG",
        samples.GROUP,
        "GET / 200 in 12 ms",
    ]
    last = page.locator("#entries summary").last
    assert last.locator("time").text_content() == "no time"
    failed = page.locator("summary", has_text=FAILED)
    assert failed.locator(".cause").text_content() == samples.TRACE[-1]
    assert page.locator("summary .times").text_content() == "\u00d74"
    statement = page.locator("#completeness").inner_text()
    assert "Everything that was searched was read to its end: 168 entries. Nothing more is expected." in statement
    assert "20 Nov 2026, 17:03:07" in statement
    page.locator("#zone").select_option("America/New_York")
    assert page.locator("#entries time").first.inner_text() == "09:03:07.650"
    assert "began Fri, 20 Nov 2026, 09:03:07.250 GMT-5" in page.locator(".heading").inner_text()
    assert "20 Nov 2026, 11:03:07" in page.locator("#completeness").inner_text()
    assert page.locator("#zone option").all_inner_texts() == [
        "Europe/Berlin",
        "UTC",
        "America/New_York (this browser)",
    ]


def test_filters_narrow_the_list_together(open_session: Open) -> None:
    page = open_session(samples.shop())
    text = page.get_by_role("searchbox", name="Text to look for")
    page.get_by_role("button", name="Errors 10").click()
    assert count(page) == "10 of 171"  # one row stands for four
    page.get_by_role("button", name="Warnings 9").click()
    assert count(page) == "19 of 171"
    text.fill('"of order" -4412 CARDDECLINED')
    expect(page.locator("#count")).to_have_text("8 of 171")
    assert page.locator("mark").first.inner_text() == "of order"
    page.get_by_role("button", name="Clear filters").first.click()
    assert count(page) == "171 entries"
    assert text.input_value() == ""
    page.get_by_role("button", name="In the replay", exact=True).click()
    assert count(page) == "9 of 171"
    page.get_by_role("button", name="Not in it").click()
    assert count(page) == "162 of 171"
    page.locator("#places summary").click()
    page.get_by_role("checkbox", name=samples.INDEX).check()
    assert count(page) == "10 of 171"
    text.fill("nowhere to be found")
    expect(page.locator("#no-match")).to_be_visible()
    assert messages(page) == []
    page.locator("#clear-too").click()
    assert len(messages(page)) == 168
    the_axis_narrows_the_list(page)


def the_axis_narrows_the_list(page: Page) -> None:
    page.locator("h1").click()
    plot = page.locator("#plot")
    box = plot.bounding_box()
    assert box
    assert "+07:00" in page.locator("#ticks").inner_text()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 30, steps=3)
    page.mouse.up()
    half = [entry for entry in samples.shop() if entry.offset and 232.7 < entry.offset.total_seconds() < 325.7]
    assert abs(len(messages(page)) - len(half)) <= 2
    assert page.locator("#readout").inner_text().startswith("Shown: 15:06:59 (+03:52) \u2013 15:08:32")
    page.get_by_role("button", name="Show all times").click()
    assert count(page) == "171 entries"
    page.locator("#range-from").press("End")
    assert int(count(page).split()[0]) <= 1
    page.locator("#range-from").press("Home")
    page.locator("#range-to").press("PageDown")
    assert int(count(page).split()[0]) in range(150, 168)
    page.keyboard.press("Escape")
    first = samples.shop()[0].offset
    assert first
    page.mouse.click(box["x"] + box["width"] * first.total_seconds() / 467, box["y"] + 30)
    assert messages(page) == ["GET / 200 in 12 ms"]
    assert page.locator("#bars path.error.dim").get_attribute("d")  # what the filters leave out still shows


def test_keys_walk_the_list(open_session: Open) -> None:
    page = open_session(samples.shop())
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    assert current(page) == "GET / 200 in 12 ms"
    page.keyboard.press("e")
    assert current(page).startswith(FAILED)
    page.keyboard.press("Enter")
    assert page.locator(".entry[open] .body .final").inner_text() == samples.TRACE[-1]
    page.keyboard.press("Enter")
    expect(page.locator(".entry[open]")).to_have_count(0)
    page.keyboard.press("E")
    assert current(page).startswith("payment of order 4416")
    page.keyboard.press("G")
    assert current(page) == "left over from a file without times"
    page.keyboard.press("g")
    assert current(page) == "GET / 200 in 12 ms"
    page.get_by_role("button", name=re.compile("could not write the order")).click()
    assert current(page) == "could not write the order: connection refused by db-2:5432"
    keys_filter_and_switch(page)


def keys_filter_and_switch(page: Page) -> None:
    page.keyboard.press("Escape")
    page.keyboard.press("o")
    assert count(page) == "10 of 171"
    page.keyboard.press("/")
    page.keyboard.type("j4413")
    expect(page.locator("#count")).to_have_text("0 of 171")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert count(page) == "171 entries"
    page.keyboard.press("t")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_entry_unfolds_with_all_that_is_known(open_session: Open) -> None:
    page = open_session(samples.shop())
    page.locator("summary", has_text="could not write the order").click()
    body = page.locator(".entry[open] .body")
    assert f"Elasticsearch, {samples.INDEX}" in body.inner_text()
    assert "no: the document is not tagged as an error (missing_error_tag)" in body.inner_text()
    body.locator("summary", has_text="As it is stored").click()
    stored = body.get_by_role("region", name="As it is stored").inner_text()
    assert f'\n  "session": {samples.SESSION},\n' in stored  # no digit is lost
    assert '\n  "labels": [],\n' in stored
    assert '\n    "request": {\n      "method": "POST",' in stored
    body.get_by_role("button", name="Copy link").click()
    expect(body.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").endswith("#entry=elastic%2Fdoc-263.9")
    around = page.locator("details.entry", has_text="payment of order 4413")
    around.locator("summary").first.click()
    around.locator("summary", has_text="Around it").click()
    assert around.get_by_role("region", name="Context").inner_text().split("\n") == [
        "POST /api/pay begins",
        "card checked",
        "payment of order 4413 failed",
        "POST /api/pay 502 in 1840 ms",
    ]
    assert "3 more times, the last at Fri, 20 Nov 2026, 15:08:29.550 CET" in around.inner_text()


def test_a_link_leads_to_an_entry(open_session: Open) -> None:
    page = open_session(samples.shop(), None, "#entry=elastic%2Fdoc-263.9")
    assert page.locator(".entry[open] .message").inner_text().startswith("could not write the order")
    expect(page.locator(".entry[open]")).to_be_in_viewport()
    page.get_by_role("button", name="Warnings 9").click()
    page.evaluate("location.hash = '#entry=file%2Fapp.log%3A17'")
    expect(page.locator(".entry.current .message")).to_have_text("left over from a file without times")
    assert count(page) == "171 entries"


def test_what_is_missing_stands_on_top(open_session: Open) -> None:
    entries = samples.shop()
    partial = replace(samples.completeness(entries), complete=False, readings=(samples.READINGS[0], samples.FAILED))
    page = open_session(entries, partial)
    warning = page.get_by_role("region", name="This is not everything")
    assert warning.inner_text().split("\n")[-1] == (
        f"{samples.FAILED.place}: 2 of 5 shards did not answer. The search at search.shop.example broke off. "
        "Try again in a minute."
    )
    bottom = [page.locator(selector).bounding_box() for selector in (".notice.warning", "#entries", "#completeness")]
    tops = [box["y"] for box in bottom if box]
    assert tops == sorted(tops)
    assert page.locator("#completeness .badge").all_inner_texts() == ["all read", "incomplete"]


def test_a_session_of_which_nothing_was_found(open_session: Open) -> None:
    told = replace(samples.completeness(), may_grow=True, likely_reasons=("Tags are missing: run asayer-cli verify.",))
    page = open_session([], told)
    assert "Nothing was found" in page.locator("main").inner_text()
    assert "Tags are missing: run asayer-cli verify." in page.locator("main").inner_text()
    assert "more may arrive" in page.locator(".facts").inner_text()
    expect(page.locator("#toolbar")).to_be_hidden()
    assert "log group /ecs/shop-api in eu-west-1" in page.locator("#completeness").inner_text()


def test_a_page_without_script_is_a_list(open_session: Open) -> None:
    entries = [samples.entry(number, f"<i>number</i> {number}") for number in range(9)]
    page = open_session(entries, java_script_enabled=False)
    assert page.locator(".facts").inner_text().endswith("times in Europe/Berlin")
    assert "All entries follow" in page.locator("noscript").inner_text()
    assert page.locator("noscript li").count() == 9
    assert page.locator("noscript li").nth(7).locator("code").inner_text() == "<i>number</i> 7"
    assert "9 entries" in page.locator("#completeness").inner_text()
    expect(page.locator("#toolbar")).to_be_hidden()


def test_thousands_of_entries_are_few_rows(open_session: Open) -> None:
    page = open_session(samples.many(1500), samples.completeness())
    rows = page.locator("#entries > li")
    assert rows.count() < 120
    page.keyboard.press("G")
    assert current(page).startswith("GET /p/1499 ")
    expect(page.locator(".entry.current")).to_be_in_viewport()
    assert rows.last.get_attribute("aria-posinset") == "1500"
    assert rows.count() < 120
    page.locator("#text").fill("customer 7919")
    expect(page.locator("#count")).to_have_text("1 of 1,500")
    page.locator("#clear").click()
    page.keyboard.press("x")
    page.keyboard.press("G")
    page.wait_for_timeout(100)
    expect(page.locator(".entry.current[open]")).to_be_in_viewport()
    heights = page.evaluate(
        """() => [...document.querySelectorAll("#entries > li")].map((item) => item.getBoundingClientRect())
          .every((box, index, all) => !index || Math.abs(all[index - 1].bottom - box.top) < 1)"""
    )
    assert heights
    assert rows.count() < 60


def test_printing_prints_every_entry_that_passes(open_session: Open) -> None:
    page = open_session(samples.shop()[:20])
    page.keyboard.press("x")
    expect(page.locator(".entry[open] .body").first).to_be_visible()
    assert page.locator("#entries > li").count() < 15
    page.evaluate(
        """addEventListener("beforeprint", () => {
          window.printed = document.querySelectorAll("#entries .body").length;
        })"""
    )
    page.pdf()
    assert page.evaluate("window.printed") == 20
    assert page.locator("#entries > li").count() < 15


def test_a_session_of_several_days(open_session: Open) -> None:
    page = open_session([samples.entry(1, "at once"), samples.entry(86_400 * 2, "two days later")])
    assert page.locator("#entries time").all_inner_texts() == ["20 Nov 15:03:08", "22 Nov 15:03:07"]
    assert page.locator("#entries .offset").last.inner_text() == "+48:00:00.000"


def test_several_sessions_on_one_page(open_file: Open, tmp_path: Path) -> None:
    other = SessionId.starting_at(samples.BEGAN + timedelta(minutes=1))
    entries = [samples.entry(70, "of the first"), samples.entry(71, "of the second", session_id=other)]
    one = samples.timeline(entries, samples.Finish(samples.completeness(entries)))
    both = (*one.sessions, Session(other, other.started_at))
    write_session(tmp_path / "page.html", replace(one, sessions=both))
    page = open_file(tmp_path / "page.html")
    assert page.title() == f"Session {samples.SESSION} and 1 more"
    assert page.get_by_role("heading", level=1).count() == 2
    assert [text.split("\n")[0] for text in page.locator("#entries .marks").all_inner_texts()] == [
        "session 1",
        "session 2",
    ]
    page.keyboard.press("G")
    page.keyboard.press("Enter")
    assert f"Session\n{other}" in page.locator(".entry[open] dl").inner_text()
