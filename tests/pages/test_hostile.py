"""Texts of strangers do nothing on a page but show, whatever they hold."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from playwright.sync_api import expect

from asayer_cli.output.page import coverage_page, write_session
from asayer_cli.output.page.document import as_data, data_block, escaped
from asayer_cli.output.sanitise import for_page
from asayer_cli.result import Failure
from asayer_cli.secret import Secret
from asayer_cli.timeline.model import ErrorKind
from tests.output.hostile import PIECES, TEXTS, begins_command, harmful
from tests.pages import samples
from tests.pages.conftest import messages

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.pages.conftest import Open

MARKUP: Final = (
    "</script><script>alert('script')</script>",
    "<img src=x onerror=alert('image')>",
    "--><!--<script><!-- <script>",
    "</style></noscript><iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    '"><svg onload=alert(1)>',
    "{{title}} {{data}} ${alert(1)} <%= 1 %>",
    "a\x00b \x1b[31mred\x1b[0m \u202egnp.exe \u2028 \u2029 \ud800 \ufeff \r\n <!doctype html>",
    "\\u003cscript\\u003e &lt;b&gt; &amp;",
    "".join(PIECES),
)
LONG: Final = "x<b>" * 65_536


@given(TEXTS)
def test_any_text_is_embedded_and_comes_out_shown(text: str) -> None:
    shown = for_page(text)
    assert harmful(shown) == set()
    block = data_block("any", [shown])
    assert json.loads(block.partition(">")[2].rpartition("</script>")[0]) == [shown]
    assert not set("<>&") & set(as_data([shown]))
    assert not set("<>\"'") & set(escaped(text))
    lines = f"{block}\n{escaped(text)}".split("\n")
    assert not any(begins_command(line) for line in lines)  # a page on standard output may be in a CI system's log


@pytest.mark.needs_browser
def test_markup_in_every_field_only_shows(open_session: Open) -> None:
    wild = "".join(MARKUP)
    entries = [
        samples.entry(
            number, text, "error", place=f"{text}{number % 2}", stream=text, trace=(text, text), before=(text,),
            after=(text,), raw=text * 2, entry_id=f"{number}{text}",
        )
        for number, text in enumerate(MARKUP)
    ]  # fmt: skip
    failed = replace(samples.FAILED, place=wild, notes=(wild,), remarks=(wild,), failure=Failure("x", wild, wild))
    kinds = (ErrorKind(wild, 2, samples.BEGAN, samples.BEGAN),)
    told = replace(samples.completeness(entries), error_kinds=kinds, readings=(failed,), complete=False)
    page = open_session(entries, told, replay_url=f"javascript:alert({samples.SESSION})")
    assert messages(page) == [for_page(text)[:400] for text in MARKUP]
    page.keyboard.press("x")
    for opened in page.locator(".body summary").all():
        opened.click()
    page.locator("#text").fill("<script>")
    expect(page.locator("#entries mark").first).to_have_text("<script>")
    page.locator("#places summary").click()
    assert page.locator("img, iframe, object, embed, base, form[action], svg svg, noscript ~ script + *").count() == 0
    assert page.locator("a[href^='javascript' i]").count() == 0
    assert f"replay: javascript:alert({samples.SESSION})" in page.locator(".heading").inner_text()
    assert page.locator("script:not([type])").count() == 1


@pytest.mark.needs_browser
def test_a_long_message_is_shown_in_parts(open_session: Open) -> None:
    page = open_session([samples.entry(1, LONG, "error", raw=f"tag {LONG}")])
    assert messages(page) == [LONG[:400]]
    page.locator("#entries summary").click()
    text = page.get_by_role("region", name="Message")
    assert len(text.text_content() or "") == 20_001
    page.get_by_role("button", name="Show all 262,144 characters").click()
    assert text.text_content() == LONG


@pytest.mark.needs_browser
def test_the_policy_stops_what_the_page_did_not_bring(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_session(path, samples.timeline(samples.shop(), samples.Finish(samples.completeness())))
    page = browser.new_page()
    page.goto(path.as_uri())
    refused = page.evaluate(
        """async () => {
          const refused = [];
          const seen = new Promise((resolve) => document.addEventListener("securitypolicyviolation", (event) => {
            refused.push(event.effectiveDirective);
            if (refused.length === 4) resolve();
          }));
          const element = (tag, values) => document.body.append(Object.assign(document.createElement(tag), values));
          element("script", { textContent: "window.owned = true" });
          element("style", { textContent: "body { display: none }" });
          element("img", { src: "data:image/gif;base64,R0lGODlhAQABAAAAACw=" });
          fetch("http://127.0.0.1:9/").catch(() => {});
          await seen;
          return refused.sort();
        }"""
    )
    assert refused == ["connect-src", "img-src", "script-src-elem", "style-src-elem"]
    assert page.evaluate("window.owned") is None
    assert page.locator("body").is_visible()
    page.close()


@pytest.mark.needs_browser
def test_a_coverage_shows_samples_as_text(open_file: Open, tmp_path: Path) -> None:
    Secret("planted-secret-value")
    coverage = samples.shop_coverage()
    first = coverage.sources[0]
    wild = "".join(MARKUP) + "planted-secret-value"
    rejected = tuple(replace(each, sample=wild[:550], remedy=wild) for each in first.groups[0].rejected)
    groups = (replace(first.groups[0], name=wild, rejected=rejected), *first.groups[1:])
    odd = replace(first, place=wild, notes=(wild,), remarks=(wild,), groups=groups)
    path = tmp_path / "coverage.html"
    path.write_text(coverage_page(replace(coverage, sources=(odd,))), encoding="utf-8")
    page = open_file(path)
    assert page.locator(".reasons pre").first.text_content() == for_page(wild[:550])
    assert page.locator("img, iframe, svg svg, script:not([type]) + *").count() == 0
    assert "planted-secret-value" not in path.read_text(encoding="utf-8")
