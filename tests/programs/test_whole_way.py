"""From a page in a real browser to the collectors, through an application that knows nothing of all this."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli.session_id import SessionId
from tests.browser.conftest import OpenPage, script, tracker
from tests.browser.ingest import ingest
from tests.programs import nginx, processes, shipper
from tests.verification.conftest import source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.browser.site import Site
    from tests.conftest import Run
    from tests.programs.shipper import Stores
    from tests.verification.conftest import Admin, Verify

SECRET = "only-the-canary-knows"
PAGE = "https://shop.example.com"
UVICORN = ("uvicorn", "--port", "{port}", "paying_shop:app")
PAY = "(url) => fetch(url, { method: 'POST' }).then((answer) => answer.json())"


@dataclass(frozen=True)
class Variant:
    """One way of being broken, and what names it: a check, its code, words of its summary and remedy."""

    failing: Mapping[str, str]
    words: str
    environ: Mapping[str, str] = field(default_factory=dict)
    launching: tuple[str, ...] = ()
    serving: tuple[str, ...] = ()
    rule: str = ""


BROKEN = {
    "no CORS header": Variant(
        {"canary.preflight": "preflight_status"}, f"Access-Control-Allow-Origin: {PAGE}", {"SHOP_ORIGIN": ""}
    ),
    "a proxy drops the header": Variant(
        {"aws.canary": "untagged", "elastic.canary": "untagged"},
        "a proxy, CDN or gateway drops X-Session-Id",
        rule='proxy_set_header X-Session-Id "";',
    ),
    "never logs": Variant(
        {"aws.canary": "not_yet", "elastic.canary": "not_yet"},
        "where it is not, the route logs no error",
        {"SHOP_LEVEL": "OFF"},
        serving=("--no-access-log",),
    ),
    "no error word": Variant(
        {"aws.canary": "no_error_word", "elastic.canary": "missing_error_tag"},
        "error",
        {"SHOP_LEVEL": "WARNING", "SHOP_MESSAGE": "somebody has asked for this entry"},
    ),
    "mis-cased tag": Variant(
        {"aws.canary": "case_mismatch"}, "asayer_session_id", launching=("--tag-name", "Asayer_Session_Id")
    ),
}


@contextlib.contextmanager
def shop(folder: Path, stores: Stores, variant: Variant, origin: str) -> Iterator[str]:
    """Run the application, unmodified, with a shipper of its output and with nginx before it where there is a rule."""
    port = processes.free_port()
    launcher = (*processes.LAUNCHER[:-1], *variant.launching, "--")
    command = processes.filled((*launcher, *UVICORN, *variant.serving), port=port)
    env = {"SHOP_ORIGIN": origin, "ASAYER_CANARY_SECRET": SECRET, **variant.environ}
    with contextlib.ExitStack() as stack:
        program = stack.enter_context(processes.started(command, folder / "shop.out", port=port, env=env))
        stack.enter_context(shipper.shipping(processes.outputs(program.output), stores))
        front = stack.enter_context(nginx.in_front_of(port, folder, variant.rule)) if variant.rule else port
        yield f"http://127.0.0.1:{front}"


@pytest.mark.needs_browser
def test_from_the_browser_to_both_collectors(
    open_page: OpenPage, own: Site, verify: Verify, admin: Admin, tmp_path: Path
) -> None:
    session_id = SessionId.starting_at(datetime.now(UTC) - timedelta(minutes=5), time.monotonic_ns())
    stores = shipper.stores(admin)
    places = {"group": stores.group, "index": stores.index, "env": {"ASAYER_CANARY_SECRET": SECRET}}
    with shop(tmp_path, stores, Variant({}, ""), own.origin) as url, ingest(str(session_id)) as ingestion:
        page = open_page(script(f'data-origins="{url}"') + tracker(ingestion))
        page.wait_for_function("() => window.loaded")
        assert page.evaluate("() => window.started") == str(session_id)
        assert page.evaluate(PAY, f"{url}/pay") == {"paid": False}
        of_session = verify("--session", str(session_id), "--wait", "30s", **places)
        assert of_session.code == 0, of_session.out
        assert [source(of_session, name)["collectible"] for name in ("aws", "elastic")] == [1, 1]
        canary = verify("--canary", f"{url}/canary", "--origin", own.origin, "--wait", "30s", **places)
    assert canary.code == 0, canary.out
    assert {check["status"] for check in canary.data["checks"]} == {"pass"}
    arrivals = canary.data["canaries"][0]["arrivals"]
    assert all(0 < arrivals[name]["collectible_seconds"] < 30 for name in ("aws", "elastic"))


@pytest.fixture
def canaries(verify: Verify, admin: Admin, tmp_path: Path) -> Callable[[], dict[str, Run]]:
    """Send a canary to each broken variant, side by side, and return how that ended."""

    def send(name: str) -> Run:
        variant, own = BROKEN[name], tmp_path / name.replace(" ", "-")
        own.mkdir()
        stores = shipper.stores(admin)
        with shop(own, stores, variant, PAGE) as url:
            return verify(
                *("--canary", f"{url}/canary", "--origin", PAGE, "--wait", "4s"),
                group=stores.group,
                index=stores.index,
                env={"ASAYER_CANARY_SECRET": SECRET},
            )

    def send_all() -> dict[str, Run]:
        with ThreadPoolExecutor(len(BROKEN)) as pool:
            return dict(zip(BROKEN, pool.map(send, BROKEN), strict=True))

    return send_all


@pytest.mark.needs_nginx
def test_each_broken_variant_is_named(canaries: Callable[[], dict[str, Run]]) -> None:
    for name, run in canaries().items():
        checks: dict[str, Any] = {check["id"]: check for check in run.data["checks"]}
        failing = {check_id: checks[check_id] for check_id in BROKEN[name].failing}
        assert run.code in {1, 6}, f"{name}: {run.out}"
        assert {check_id: check["code"] for check_id, check in failing.items()} == BROKEN[name].failing, name
        for check in failing.values():
            assert check["status"] == "fail"
            assert BROKEN[name].words in f"{check['summary']} {check['remedy']}", name
