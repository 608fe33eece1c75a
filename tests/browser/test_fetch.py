"""What fetch sends with the script, beside what it sends without."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.browser.conftest import SESSION_ID, OpenPage, script, stub

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.site import Site

pytestmark = pytest.mark.needs_browser

BESIDE = "<script>window.ownFetch = window.fetch;</script><script src=/compare.js></script>"


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page(BESIDE + stub() + script() + "<script src=/odd_inputs.js></script>")


def test_every_call_does_what_it_does_without_the_script(page: Page) -> None:
    outcomes: dict[str, Any] = page.evaluate("""async () => {
      const outcomes = {};
      for (const [name, [tagged, run]] of Object.entries(oddInputs)) {
        outcomes[name] = { tagged, ...await compare(run) };
      }
      return outcomes;
    }""")
    ids = {True: SESSION_ID, False: None, None: None}
    wrong = [
        (name, outcome)
        for name, outcome in outcomes.items()
        if outcome["with"].get("answer") != outcome["without"].get("answer")
        or outcome["with"].get("error") != outcome["without"].get("error")
        or outcome["with"].get("id") != ids.get(outcome["tagged"], outcome["tagged"])
    ]
    assert not wrong, json.dumps(wrong, indent=1)
    assert len(outcomes) > 90
