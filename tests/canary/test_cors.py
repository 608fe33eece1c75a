from __future__ import annotations

import pytest
from urllib3 import HTTPHeaderDict

from asayer_cli.canary.cors import CrossOrigin, objections_to_origin, objections_to_preflight

PAGE = "https://shop.example.com"
ORIGIN = ("Access-Control-Allow-Origin", PAGE)
ANY_ORIGIN = ("Access-Control-Allow-Origin", "*")


def codes(*headers: tuple[str, str], method: str = "GET", names: tuple[str, ...] = (), status: int = 204) -> list[str]:
    asked = CrossOrigin(PAGE, method, ("X-Session-Id", *names))
    return [found.code for found in objections_to_preflight(asked, status, HTTPHeaderDict(headers))]


def allow(names: str) -> tuple[str, str]:
    return "Access-Control-Allow-Headers", names


def methods(names: str) -> tuple[str, str]:
    return "access-control-allow-methods", names


@pytest.mark.parametrize(
    "headers",
    [
        (ORIGIN, allow("X-Session-Id")),
        (ORIGIN, allow("content-type,\tx-SESSION-id ")),
        (ORIGIN, allow("content-type"), allow("x-session-id")),
        (ANY_ORIGIN, allow("*")),
        (ANY_ORIGIN, allow("X-Session-Id"), methods("PUT")),
        (("Access-Control-Allow-Origin", f"{PAGE} \t"), allow("X-Session-Id")),
        (ORIGIN, allow("x-session-id,,other,")),
    ],
)
def test_a_browser_goes_on(headers: tuple[tuple[str, str], ...]) -> None:
    assert codes(*headers) == []


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ((), ["cors_origin", "cors_header"]),
        ((allow("X-Session-Id"),), ["cors_origin"]),
        ((ORIGIN,), ["cors_header"]),
        ((ORIGIN, allow("X-Session-Id-2")), ["cors_header"]),
        ((("Access-Control-Allow-Origin", f"{PAGE}/"), allow("*")), ["cors_origin"]),
        ((("Access-Control-Allow-Origin", PAGE.upper()), allow("*")), ["cors_origin"]),
        ((("Access-Control-Allow-Origin", "null"), allow("*")), ["cors_origin"]),
        ((ORIGIN, ORIGIN, allow("*")), ["cors_origin"]),
        ((ORIGIN, ANY_ORIGIN, allow("*")), ["cors_origin"]),
        ((ORIGIN, allow("X-Session-Id, Content Type")), ["cors_malformed"]),
        ((ORIGIN, allow("X-Session-Id; Other")), ["cors_header"]),
        ((ORIGIN, allow("X-Session-Id"), methods("GET POST")), ["cors_malformed"]),
    ],
)
def test_a_browser_stops(headers: tuple[tuple[str, str], ...], found: list[str]) -> None:
    assert codes(*headers) == found


def test_the_status_is_one_of_success() -> None:
    fine = (ORIGIN, allow("*"))
    assert [status for status in (199, 200, 204, 299, 300, 302, 401, 500) if not codes(*fine, status=status)] == [
        *(200, 204, 299)
    ]


def test_methods_are_compared_with_their_case_and_some_need_no_leave() -> None:
    fine = (ORIGIN, allow("*"))
    assert codes(*fine, method="POST") == codes(*fine, method="HEAD") == []
    assert codes(*fine, method="PUT") == ["cors_method"]
    assert codes(*fine, methods("put"), method="PUT") == ["cors_method"]
    assert codes(*fine, methods("GET, PUT"), method="PUT") == codes(*fine, methods("*"), method="PUT") == []


def test_a_star_stands_neither_for_authorization_nor_for_anything_with_cookies() -> None:
    assert codes(ORIGIN, allow("*"), names=("Authorization",)) == ["cors_header"]
    assert codes(ORIGIN, allow("*, authorization"), names=("Authorization",)) == []
    with_cookies = ("Access-Control-Allow-Credentials", "true")
    assert codes(ANY_ORIGIN, allow("*"), with_cookies, names=("Cookie",)) == ["cors_origin", "cors_header"]
    assert codes(ORIGIN, allow("X-Session-Id"), names=("Cookie",)) == ["cors_credentials"]
    assert codes(ORIGIN, allow("X-Session-Id"), with_cookies, names=("Cookie",)) == []
    assert codes(ORIGIN, allow("X-Session-Id"), methods("*"), with_cookies, names=("Cookie",), method="PUT") == [
        "cors_method"
    ]


def test_what_needs_no_leave_is_not_asked_for() -> None:
    names = ("X-Session-Id", "Accept-Language", "Cookie", "Referer", "Sec-Fetch-Mode", "X-B", "Authorization")
    assert CrossOrigin(PAGE, "GET", names, {"Accept-Language": "de"}).unsafe_headers == (
        "authorization",
        "x-b",
        "x-session-id",
    )


@pytest.mark.parametrize(
    ("name", "value", "free"),
    [
        ("Accept", "application/json", True),
        ("Accept", 'a"b', False),
        ("Accept", "a" * 129, False),
        ("Accept-Language", "de;q=0.5, en", True),
        ("Accept-Language", "de_x", False),
        ("Content-Type", "Text/Plain;charset=UTF-8", True),
        ("Content-Type", "application/json", False),
        ("Range", "bytes=0-5", True),
        ("Range", "bytes=-5", False),
        ("X-B", "1", False),
    ],
)
def test_some_headers_need_no_leave_by_their_values(name: str, value: str, *, free: bool) -> None:
    asked = CrossOrigin(PAGE, "GET", (name,), {name: value})
    assert asked.unsafe_headers == (() if free else (name.lower(),))


def test_the_line_to_add_keeps_what_is_allowed_already() -> None:
    asked = CrossOrigin(PAGE, "PUT", ("X-Session-Id",))
    headers = HTTPHeaderDict([ORIGIN, allow("Content-Type, bad\x1bname"), methods("GET")])
    assert [found.line for found in objections_to_preflight(asked, 200, headers)] == [
        "Access-Control-Allow-Methods: GET, PUT",
        "Access-Control-Allow-Headers: Content-Type, X-Session-Id",
    ]
    (doubled,) = objections_to_origin(asked, HTTPHeaderDict([ORIGIN, ORIGIN]))
    assert "it is sent twice" in doubled.why
