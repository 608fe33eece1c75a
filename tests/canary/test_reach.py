from __future__ import annotations

import ssl
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
import trustme

from tests.canary.application import PAGE, SECRET
from tests.canary.test_hops import checks
from tests.network.servers import DOMAIN, forward_proxy, tls_in_front_of, unused_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.canary.conftest import World


def test_nothing_listens_and_no_such_host(world: World) -> None:
    refused = world.call("untouched", url=f"http://127.0.0.1:{unused_port()}/asayer-canary")
    assert (refused.code, checks(refused)["canary.request"]["code"]) == (5, "connection_refused")
    assert checks(refused)["aws.canary"]["status"] == "skip"
    unknown = world.call("untouched", url="https://nobody.invalid/asayer-canary")
    assert (unknown.code, checks(unknown)["canary.request"]["code"]) == (5, "unknown_host")


def test_tls_is_checked_as_browsers_do(world: World, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    trusting = ("--only", "aws", "--ca-bundle", str(tmp_path / "ca.pem"))
    with tls_in_front_of(world.server.server_port, context) as port:
        url = f"https://localhost:{port}/fine/asayer-canary"
        doubted = world.call("fine", url=url)
        assert (doubted.code, checks(doubted)["canary.request"]["code"]) == (5, "tls_unknown_authority")
        other = world.call("fine", *trusting, url=url.replace("localhost", "127.0.0.1"))
        assert checks(other)["canary.request"]["code"] == "tls_hostname"
        trusted = world.call("fine", *trusting, url=url)
        assert trusted.code == 0, trusted.out
    plain = world.call("fine", url=world.server.url.replace("http", "https"))
    assert (plain.code, checks(plain)["canary.request"]["code"]) == (5, "tls_not_spoken")


def test_through_a_proxy_and_in_the_clear_only_where_that_is_allowed(world: World, tmp_path: Path) -> None:
    url = f"http://app.{DOMAIN}:{world.server.server_port}/fine/asayer-canary"
    refused = world.call("fine", url=url)
    assert (refused.code, refused.json["errors"][0]["code"]) == (2, "plain_http")
    mixed = world.call("untouched", "--allow-http", "--origin", PAGE, url=url)
    assert (mixed.code, checks(mixed)["canary.preflight"]["code"]) == (1, "mixed_content")
    with forward_proxy(tmp_path / "proxy") as port:
        proxy = ("--allow-http", "--only", "aws", "--proxy", f"http://127.0.0.1:{port}")
        run = world.call("fine", *proxy, url=url)
        assert run.code == 0, run.out
        assert world.store("fine").requests[-1].secret == SECRET
    gone = world.call("fine", *proxy, url=url)
    assert (gone.code, checks(gone)["canary.request"]["code"]) == (5, "proxy_unreachable")


def test_no_canary_is_sent_where_no_store_can_be_read(world: World) -> None:
    run = world.call("untouched", "--only", "aws", ASAYER_AWS_SECRET_ACCESS_KEY="planted-wrong-secret")
    assert run.code == 4
    assert checks(run)["aws.credentials"]["status"] == "fail"
    assert {checks(run)[name]["status"] for name in ("canary.preflight", "canary.request", "aws.canary")} == {"skip"}
    assert world.store("untouched").requests == []


def test_one_store_that_cannot_be_read_does_not_keep_it_from_the_other(world: World) -> None:
    run = world.call("fine", ASAYER_AWS_SECRET_ACCESS_KEY="planted-wrong-secret")
    assert run.code == 4
    assert (checks(run)["aws.canary"]["status"], checks(run)["elastic.canary"]["status"]) == ("skip", "pass")


def test_a_log_group_that_may_come_is_waited_for(world: World) -> None:
    run = world.call("fine", "--only", "aws", "--wait", "1s", ASAYER_AWS_LOG_GROUPS="/not/there/yet")
    assert run.code == 6
    assert checks(run)["canary.request"]["status"] == "pass"
    assert checks(run)["aws.canary"]["status"] == "skip"


def test_reports_for_ci(world: World) -> None:
    arguments = ("--origin", PAGE, "--only", "aws", "--wait", "500ms")
    root = ET.fromstring(world.call("markup", *arguments, output="junit").out)
    suites = {suite.get("name"): suite for suite in root.iter("testsuite")}
    assert list(suites) == ["asayer.canary", "asayer.aws"]
    (failure,) = root.iter("failure")
    assert "without a tag" in (failure.get("message") or "")
    assert root.get("failures") == "1"
    shown = world.call("markup", *arguments, "--show-messages", output="github").out
    hidden = world.call("markup", *arguments, output="github").out
    assert next(line for line in shown.splitlines() if line.startswith("::")).startswith(
        "::error title=asayer aws.canary::"
    )
    assert ("planted-text" in shown, "planted-text" in hidden) == (True, False)
    assert "::error::forged" not in shown.replace("%0A", "\n").split("\n")


@pytest.mark.parametrize("columns", ["80", "160"])
def test_text(world: World, columns: str) -> None:
    run = world.call("markup", "--origin", PAGE, "--wait", "500ms", output="text", COLUMNS=columns)
    assert run.code == 1
    assert max(map(len, run.out.splitlines())) <= int(columns)
    assert not {"\x1b", "\x07", "\u202e"} & set(run.out)
    assert "2 checks failed: first aws.canary (untagged)." in run.out
    assert "preflight  answer  CloudWatch Logs  Elasticsearch" in run.out


@pytest.mark.parametrize("columns", ["82", "88", "104"])
def test_no_part_of_a_secret_is_shown_where_a_line_is_cut(world: World, columns: str) -> None:
    run = world.call(
        *("secrets", "--only", "aws", "--wait", "100ms", "--header-from-env", "Authorization=TOKEN"),
        output="text",
        COLUMNS=columns,
        TOKEN="Bearer planted-bearer-token",
    )
    assert run.code == 1
    assert "asayer canary error" in run.out
    assert "plant" not in run.out + run.err


def test_lines_to_add_stand_alone(world: World) -> None:
    run = world.call("no-cors", "--origin", PAGE, "--only", "aws", output="text")
    assert {line.strip() for line in run.out.splitlines()} >= {
        f"Access-Control-Allow-Origin: {PAGE}",
        "Access-Control-Allow-Headers: X-Session-Id",
    }


def test_a_document_whose_message_is_a_keyword_is_seen_too(world: World) -> None:
    store = world.store("keyword")
    store.index = world.admin.index([], {"message": {"type": "keyword"}})
    run = world.call("keyword", "--only", "elastic", "--wait", "500ms")
    assert checks(run)["elastic.canary"]["code"] == "untagged"
    assert checks(run)["elastic.fields"]["status"] == "fail"
