"""What fetch sends with the script, beside what it sends without."""

from __future__ import annotations

import contextlib
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.browser.conftest import SESSION_ID, OpenPage, script, stub
from tests.browser.site import HERE, SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.browser.site import Site

pytestmark = pytest.mark.needs_browser

BESIDE = "<script>window.ownFetch = window.fetch;</script><script src=/compare.js></script>"


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page(BESIDE + stub() + script() + "<script src=/odd_inputs.js></script>")


def test_every_call_does_what_it_does_without_the_script(page: Page) -> None:
    outcomes: dict[str, Any] = page.evaluate("""async () => {
      const cases = Object.entries(oddInputs);
      const results = cases.map(async ([name, [tagged, run]]) => [name, { tagged, ...await compare(run) }]);
      return Object.fromEntries(await Promise.all(results));
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


NAMES = st.sampled_from(["Accept", "X-Own", "authorization", "X-SESSION-ID", "Content-Type"])
HEADERS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["none", "plain", "pairs", "object", "once"]),
        "pairs": st.lists(st.tuples(NAMES, st.just("text/x")), max_size=3),
    }
)
OPTIONS = {
    "headers": HEADERS,
    "body": st.sampled_from(["none", "text", "form", "bytes"]),
    "more": st.fixed_dictionaries(
        {},
        optional={
            "mode": st.sampled_from(["cors", "same-origin", "no-cors"]),
            "credentials": st.sampled_from(["omit", "include"]),
            "cache": st.sampled_from(["no-store", "reload"]),
            "keepalive": st.booleans(),
            "referrer": st.sampled_from(["", "/from"]),
            "referrerPolicy": st.sampled_from(["no-referrer", "origin", "unsafe-url"]),
            "redirect": st.sampled_from(["follow", "error"]),
        },
    ),
}
INPUTS = st.one_of(
    st.fixed_dictionaries({"kind": st.sampled_from(["text", "URL"])}),
    st.fixed_dictionaries({"kind": st.just("Request"), "alone": st.booleans(), **OPTIONS}),
)
CALLS = st.lists(st.fixed_dictionaries({"input": INPUTS, **OPTIONS}), min_size=20, max_size=20)


def mode_of(call: dict[str, Any]) -> str | None:
    inner: str | None = call["input"].get("more", {}).get("mode")
    return inner if call["input"].get("alone") else call["more"].get("mode") or inner


def test_any_mix_of_options_arrives_as_without_the_script(page: Page) -> None:
    @settings(max_examples=4, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(calls=CALLS)
    def check(calls: list[dict[str, Any]]) -> None:
        outcomes = page.evaluate("calls => Promise.all(calls.map((call) => compare(callOf(call))))", calls)
        for call, outcome in zip(calls, outcomes, strict=True):
            told = json.dumps([call, outcome], indent=1)
            assert all(outcome["with"].get(key) == outcome["without"].get(key) for key in ("answer", "error")), told
            bare = "error" in outcome["with"] or mode_of(call) == "no-cors"
            wanted = outcome["without"].get("id") or (None if bare else SESSION_ID)
            assert outcome["with"].get("id") == wanted, told

    check()


def test_a_response_streams_and_both_ways_of_aborting_work(page: Page, own: Site) -> None:
    result = page.evaluate("""async () => {
      const pieces = [];
      const decoder = new TextDecoder();
      for await (const piece of (await fetch("/drip?chunks=4")).body) pieces.push(decoder.decode(piece));

      const caught = (promise) => promise.then(() => "done", (error) => error.message);
      const early = new AbortController();
      const waiting = caught(fetch("/never", { signal: early.signal }));
      const inRequest = new AbortController();
      const asked = caught(fetch(new Request("/never", { signal: inRequest.signal })));
      setTimeout(() => { early.abort(new Error("enough")); inRequest.abort(new Error("no more")); }, 50);

      const late = new AbortController();
      const answer = await fetch("/drip?chunks=500", { signal: late.signal });
      await answer.body.getReader().read().then(() => late.abort(new Error("too long")));
      const timed = await caught(fetch("/never", { signal: AbortSignal.timeout(30) }));
      return { pieces, ends: [await waiting, await asked, timed] };
    }""")
    assert "".join(result["pieces"]) == "".join(f"part {number}\n" for number in range(4))
    assert len(result["pieces"]) > 1
    assert result["ends"] == ["enough", "no more", "signal timed out"]
    arrived = own.take()  # what was aborted may not have come to the server
    assert len(arrived) >= 2
    assert {request.session_id for request in arrived} == {SESSION_ID}


def test_a_streamed_request_arrives_piece_by_piece(browser: Browser, tmp_path: Path) -> None:
    with (
        streaming_server(tmp_path) as address,
        contextlib.closing(browser.new_context(ignore_https_errors=True)) as context,
    ):
        page = context.new_page()
        page.goto(address)
        answers = page.evaluate(
            """async (id) => {
          window.asayer = { sessionID: () => id };
          const body = () => new ReadableStream({
            async start(controller) {
              for (const part of ["a", "b", "c"]) {
                controller.enqueue(new TextEncoder().encode(part));
                await new Promise((resolve) => setTimeout(resolve, 40));
              }
              controller.close();
            },
          });
          const options = () => ({ method: "POST", body: body(), duplex: "half" });
          const answers = [await fetch("/up", options()), await fetch(new Request("/up", options()))];
          return Promise.all(answers.map((answer) => answer.json()));
        }""",
            SESSION_ID,
        )
    assert [answer["id"] for answer in answers] == [SESSION_ID] * 2
    assert [answer["pieces"] for answer in answers] == [["a", "b", "c"]] * 2


@contextlib.contextmanager
def streaming_server(folder: Path) -> Iterator[str]:
    """Yield the address of a server that speaks HTTP/2."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    issued = trustme.CA().issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(cert)
    issued.private_key_pem.write_to_path(key)
    command = ["node", str(HERE / "streaming_server.mjs"), str(cert), str(key), str(SCRIPT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield f"https://127.0.0.1:{server.stdout.readline().strip()}/"
        finally:
            server.kill()
