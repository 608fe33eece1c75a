from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asayer_cli.canary import order
from asayer_cli.canary.model import Canary
from asayer_cli.errors import UsageError
from asayer_cli.secret import redact
from asayer_cli.session_id import EPOCH_MS
from tests.canary.application import PAGE, SECRET

if TYPE_CHECKING:
    from tests.canary.conftest import World
    from tests.conftest import Cli

HEADER = "X-Session-Id"


@pytest.mark.parametrize(
    ("text", "origin", "target"),
    [
        ("https://api.example.com", "https://api.example.com", "/"),
        ("HTTPS://API.example.com:443/x?a=b#part", "https://api.example.com", "/x?a=b"),
        ("http://localhost:8000/asayer-canary", "http://localhost:8000", "/asayer-canary"),
        ("http://[::1]:80/%7e", "http://[::1]", "/%7e"),
    ],
)
def test_urls(text: str, origin: str, target: str) -> None:
    place = order.parse_url(text)
    assert (place.origin, place.target) == (origin, target)
    assert "?" not in place.shown


@pytest.mark.parametrize(
    "text",
    [
        *("", "api.example.com/x", "ftp://api.example.com", "https://", "https:///x", "https://exa mple.com/"),
        *("https://a\tb.example/", "https://api.example.com/\r\nX: y", "https://api.example.com/é", "https://a:0/"),
        *("https://a:99999/", "https://[fe80::1%25eth0]/", "https://[zz]/", "https://a\\b/", "https://-a.example/"),
    ],
)
def test_what_is_no_url(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        order.parse_url(text)
    assert raised.value.hint


def test_a_password_in_a_url_is_refused_and_never_shown() -> None:
    with pytest.raises(UsageError) as raised:
        order.parse_url("https://me:planted-url-password@api.example.com/")
    assert raised.value.code == "url_with_credentials"
    assert redact("planted-url-password") != "planted-url-password"


def test_origins_are_written_as_browsers_do() -> None:
    assert order.parse_origin("HTTPS://Shop.Example.com:443/") == "https://shop.example.com"
    assert order.parse_origin("http://localhost:3000") == "http://localhost:3000"
    for text in ("https://shop.example.com/path", "https://shop.example.com?x", "shop.example.com", "null"):
        with pytest.raises(UsageError):
            order.parse_origin(text)


def test_the_mark_joins_a_query() -> None:
    assert order.parse_url("https://a.example/x").target_with("m=1") == "/x?m=1"
    assert order.parse_url("https://a.example/x?y=2").target_with("m=1") == "/x?y=2&m=1"


def test_a_canary_began_a_moment_ago_and_its_low_bits_are_random() -> None:
    canaries = [Canary.hatch() for _ in range(200)]
    assert len({canary.session_id.value & 0xFFFFFF for canary in canaries}) > 190
    assert len({canary.mark for canary in canaries}) == 200
    assert all(canary.session_id.value >> 24 > 1_700_000_000_000 - EPOCH_MS for canary in canaries)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no colon", "usage"),
        ("Bad Name: x", "bad_header"),
        (": x", "bad_header"),
        ("X-A: a\r\nX-B: b", "bad_header"),
        ("X-A: \x00", "bad_header"),
        ("X-A: \u20ac", "bad_header"),
        ("Host: x", "bad_header"),
        ("content-length: 5", "bad_header"),
        ("Origin: https://x", "bad_header"),
        ("x-session-id: 5", "bad_header"),
        ("User-Agent: x", "bad_header"),
        ("Authorization: Bearer planted-token", "secret_in_flag"),
        ("X-Api-Key: planted-token", "secret_in_flag"),
        ("X-Asayer-Canary: planted-token", "secret_in_flag"),
    ],
)
def test_headers_that_are_refused(text: str, code: str) -> None:
    with pytest.raises(UsageError) as raised:
        order.parse_headers([text], HEADER)
    assert raised.value.code == code
    assert "planted-token" not in f"{raised.value.message} {raised.value.hint}"


def test_headers_by_name() -> None:
    assert order.parse_headers(["Accept-Language:  de ", "X-A:"], HEADER) == {"Accept-Language": "de", "X-A": ""}
    with pytest.raises(UsageError):
        order.parse_headers(["X-A: 1", "x-a: 2"], HEADER)


def test_secret_headers_come_from_the_environment() -> None:
    environ = {"TOKEN": "Bearer planted-token", "SHORT": "abc", "ASAYER_CANARY_SECRET": SECRET}
    headers = order.parse_secret_headers(["Authorization=TOKEN"], HEADER, {}, environ)
    assert {name: value.reveal() for name, value in headers.items()} == {
        "Authorization": "Bearer planted-token",
        "X-Asayer-Canary": SECRET,
    }
    assert SECRET not in redact(f"it is {SECRET}")
    assert "planted" not in redact("a back end may print planted-token alone")
    for text in ("Authorization", "Authorization=SHORT", "Authorization=NONE", "Authorization=a b", "Host=TOKEN"):
        with pytest.raises(UsageError):
            order.parse_secret_headers([text], HEADER, {}, environ)
    with pytest.raises(UsageError):
        order.parse_secret_headers(["authorization=TOKEN"], HEADER, {"Authorization": "x"}, environ)


def test_a_secret_does_not_cross_a_network_in_the_clear() -> None:
    secrets = order.parse_secret_headers([], HEADER, {}, {"ASAYER_CANARY_SECRET": SECRET})
    away = order.Order(order.parse_url("http://api.example.com/x"), HEADER, secrets=secrets)
    with pytest.raises(UsageError) as raised:
        order.refuse_plain_http(away, allowed=False)
    assert raised.value.code == "plain_http"
    order.refuse_plain_http(away, allowed=True)
    order.refuse_plain_http(order.Order(away.place, HEADER), allowed=False)
    order.refuse_plain_http(order.Order(order.parse_url("http://127.0.0.1/x"), HEADER, secrets=secrets), allowed=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--canary", "https://a.example/", "--session", "5"], "--session and --canary exclude each other"),
        (["--canary", "https://a.example/", "--since", "1h"], "--since and --canary exclude each other"),
        (["--canary", "https://a.example/", "--until", "now"], "--until and --canary exclude each other"),
        (["--canary", "https://a.example/", "--min-entries", "2"], "--min-entries and --canary exclude each other"),
        (["--canary", "https://a.example/", "--allow-empty"], "--allow-empty and --canary exclude each other"),
        (["--canary", "https://a.example/", "--canary-count", "21"], "'--canary-count'"),
        (["--canary", "https://a.example/", "--expect-status", "99"], "'--expect-status'"),
        (["--canary", "https://a.example/", "--origin", "shop"], "The URL of --origin cannot be used"),
        (["--canary", "a.example"], "The URL of --canary cannot be used"),
        (["--canary", ""], "The URL of --canary cannot be used"),
        (["--origin", "https://a.example"], "--origin is about a canary, and there is none"),
        (["--method", "POST"], "--method is about a canary, and there is none"),
        (["--header", "X-A: b"], "--header is about a canary, and there is none"),
        (["--canary-count", "1"], "--canary-count is about a canary, and there is none"),
    ],
)
def test_options_that_do_not_go_together(bare: Cli, arguments: list[str], said: str) -> None:
    run = bare("verify", *arguments)
    assert (run.code, run.out) == (2, "")
    assert said in run.err


def test_the_environment_may_have_options_of_other_runs(bare: Cli, world: World) -> None:
    assert bare("verify", env={"ASAYER_VERIFY_ORIGIN": PAGE, "ASAYER_VERIFY_CANARY_COUNT": "2"}).code == 3
    canary = ("--canary", f"{world.server.url}/untouched/asayer-canary")
    assert bare("verify", *canary, env={"ASAYER_VERIFY_SINCE": "1h"}).code == 3


def test_a_host_beyond_ascii_is_to_be_written_as_browsers_do() -> None:
    for read in (order.parse_url, order.parse_origin):
        with pytest.raises(UsageError, match="xn--"):
            read("https://b\u00fccher.example")


def test_headers_from_variables_stand_in_lines(world: World) -> None:
    variables = {"ASAYER_VERIFY_HEADER": "X-One: a, b\nX-Two: c", "ASAYER_VERIFY_HEADER_FROM_ENV": "Authorization=T"}
    run = world.call("missing", "--method", "PUT", "--convention", "openreplay", T="Bearer planted-token", **variables)
    assert run.code == 1
    got = world.store("missing").requests[-1].headers
    assert (got["x-one"], got["x-two"], got["authorization"]) == ("a, b", "c", "Bearer planted-token")
    assert "x-session-id" not in got
    assert int(got["x-openreplay-sessiontoken"])
    assert (world.store("missing").requests[-1].method, got["content-length"]) == ("PUT", "0")
    assert "planted-token" not in run.out + run.err


def test_where_nothing_is_configured_nothing_is_sent(bare: Cli, world: World) -> None:
    run = bare("verify", "--canary", f"{world.server.url}/untouched/asayer-canary")
    assert run.code == 3
    assert world.store("untouched").requests == []
