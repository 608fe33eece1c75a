"""The ways of being right and wrong, and how each is called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tests.canary.application import ALLOWED, ROUTE, Line, Request, Variant, silent, tagged

LEAKED = "4113219715072001793"
HOSTILE = b"\x1b]0;owned\x07\n::error::forged"


def untagged(request: Request) -> list[Line]:
    return [Line(f"ERROR {ROUTE}")]


def others_mark(request: Request) -> list[Line]:
    return [Line(f"ERROR {ROUTE} c0123456789abcdef")]


def blank(request: Request) -> list[Line]:
    return [Line(f"[asayer_session_id=] ERROR {ROUTE} {request.mark}")]


def access_line(request: Request) -> list[Line]:
    return [Line(f'10.0.0.7 "GET /asayer-canary?asayer_canary={request.mark} HTTP/1.1" 500 0', {"tags": ["access"]})]


def error_in_its_address(request: Request) -> list[Line]:
    line = f'10.0.0.7 "GET /trigger-error?asayer_canary={request.mark} HTTP/1.1" 500 0'
    return [Line(line, {"tags": ["access"]})]


def tagged_access_line(request: Request) -> list[Line]:
    line = f'[asayer_session_id={request.session}] INFO "GET /x?asayer_canary={request.mark} HTTP/1.1" 500'
    return [Line(line, {"tags": ["info"], "log.level": "info"})]


def beside_access_lines(request: Request) -> list[Line]:
    line = f'[asayer_session_id={request.session}] "GET /{{}}?asayer_canary={request.mark} HTTP/1.1" 500 {{}}'
    texts = (line.format("x", "Internal Server Error"), line.format("trigger-error", "-"))
    return [*tagged(request), *(Line(text, {"tags": ["info"]}) for text in texts)]


def outside_of_the_request(request: Request) -> list[Line]:
    return [*tagged_access_line(request), Line(f"ERROR {ROUTE} {request.mark}")]


def joined(request: Request) -> list[Line]:
    return [Line(f"[asayer_session_id={LEAKED}] ERROR one\n[asayer_session_id={request.session}] {request.mark}")]


def cut_off(request: Request) -> list[Line]:
    return [Line(f"ERROR {ROUTE} {request.mark} [asayer_session_id={request.session[:12]}")]


def secrets(request: Request) -> list[Line]:
    token = request.headers["authorization"].removeprefix("Bearer ")
    return [Line(f"ERROR {ROUTE} {request.mark} {token} {request.secret}")]


def leaked(request: Request) -> list[Line]:
    return [Line(f"[asayer_session_id={LEAKED}] ERROR {ROUTE} {request.mark}")]


def not_an_error(request: Request) -> list[Line]:
    return [Line(f"[asayer_session_id={request.session}] CRITICAL canary {request.mark}", {"tags": ["critical"]})]


def miscased(request: Request) -> list[Line]:
    return [Line(f"[Asayer_Session_Id={request.session}] ERROR {ROUTE} {request.mark}")]


def as_token(request: Request) -> list[Line]:
    return [Line(f"[asayer_session_id=k3j2.1x.9z] ERROR {ROUTE} {request.mark}")]


def beside_a_near_miss(request: Request) -> list[Line]:
    return [
        Line(f"[asayer_session_id={request.session}] ERROR {ROUTE} {request.mark}"),
        Line(f"[asayer_session_id={request.session}] Traceback (most recent call last):", {"utc_time": None}),
    ]


def local_time(request: Request) -> list[Line]:
    message = f"[asayer_session_id={request.session}] ERROR {ROUTE} {request.mark}"
    return [Line(message, off=-timedelta(minutes=40))]


def slow_clock(request: Request) -> list[Line]:
    message = f"[asayer_session_id={request.session}] ERROR {ROUTE} {request.mark}"
    return [Line(message, off=-timedelta(minutes=2))]


def markup(request: Request) -> list[Line]:
    return [Line(f"{HOSTILE.decode()} <script>`x`\u202e ERROR {ROUTE} planted-text {request.mark}")]


VARIANTS = {
    "untouched": Variant(),
    "markup": Variant(logs=markup),
    "keyword": Variant(logs=untagged),
    "fine": Variant(headers=(*ALLOWED[:1], ("Age", "0"))),
    "no-cors": Variant(preflight_headers=()),
    "other-origin": Variant(
        preflight_headers=(("Access-Control-Allow-Origin", "https://else.example.com"), ALLOWED[1])
    ),
    "header-missing": Variant(preflight_headers=(ALLOWED[0], ("Access-Control-Allow-Headers", "Content-Type"))),
    "preflight-401": Variant(preflight=401, preflight_headers=()),
    "hidden": Variant(headers=()),
    "dropped": Variant(logs=untagged),
    "blank": Variant(logs=blank),
    "access-only": Variant(logs=access_line),
    "silent": Variant(logs=silent),
    "others": Variant(logs=others_mark),
    "level": Variant(logs=not_an_error),
    "miscased": Variant(logs=miscased),
    "token": Variant(logs=as_token),
    "leaked": Variant(logs=leaked),
    "error-address": Variant(logs=error_in_its_address),
    "tagged-access": Variant(logs=tagged_access_line),
    "beside-access": Variant(logs=beside_access_lines),
    "outside": Variant(logs=outside_of_the_request),
    "joined": Variant(logs=joined),
    "cut-off": Variant(logs=cut_off),
    "secrets": Variant(logs=secrets),
    "moved": Variant(status=302, headers=(("Location", "/done"),)),
    "closing": Variant(raw=b"HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n"),
    "cached": Variant(status=404, headers=(("Age", "7"),)),
    "early-hints": Variant(raw=b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "two-lengths": Variant(raw=b"HTTP/1.1 500 x\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello"),
    "near": Variant(logs=beside_a_near_miss),
    "local-time": Variant(logs=local_time),
    "slow-clock": Variant(logs=slow_clock),
    "redirect": Variant(status=302, headers=(("Location", "https://login.example.com/in?token=planted-token"),)),
    "missing": Variant(status=404),
    "missing-too": Variant(status=404),
    "forbidden": Variant(status=403),
    "gateway": Variant(status=502),
    "teapot": Variant(status=418),
    "teapot-expected": Variant(status=418),
    "hanging": Variant(seconds=2.5),
    "garbage": Variant(raw=HOSTILE),
    "hostile": Variant(
        status=302, headers=(("Location", f"https://{HOSTILE[:-15].decode()}.example.com/"), ("X-\x1b", "\x07"))
    ),
}


@dataclass(frozen=True)
class Call:
    """A run: which variant is called how; `from_page` with an origin."""

    name: str
    variant: str
    arguments: tuple[str, ...] = ()
    wait: str = "2s"
    from_page: bool = True


CALLS = (
    Call("fine", "fine", wait="30s"),
    Call("many", "near", ("--canary-count", "3", "--explain"), "30s", from_page=False),
    Call("strict", "near", ("--strict",), "30s", from_page=False),
    Call("hidden", "hidden", wait="30s"),
    Call("slow-clock", "slow-clock", wait="30s"),
    *(Call(name, name) for name in ("no-cors", "other-origin", "header-missing", "preflight-401")),
    *(Call(name, name) for name in ("dropped", "blank", "access-only", "silent", "others", "level", "token", "leaked")),
    Call("miscased", "miscased"),
    *(Call(name, name) for name in ("error-address", "outside", "joined", "cut-off")),
    Call("tagged-access", "tagged-access", ("--canary-count", "2"), from_page=False),
    Call("beside-access", "beside-access", ("--strict",), "30s"),
    Call("closing", "closing", ("--canary-count", "5"), "30s", from_page=False),
    Call("moved", "moved", ("--expect-status", "302"), "30s", from_page=False),
    Call("missing-expected", "missing-too", ("--expect-status", "500")),
    *(Call(name, name, from_page=False) for name in ("cached", "early-hints", "two-lengths")),
    Call("local-time", "local-time"),
    *(Call(name, name) for name in ("redirect", "missing", "forbidden", "gateway", "teapot", "garbage", "hostile")),
    Call("teapot-expected", "teapot-expected", ("--expect-status", "418"), "30s"),
    Call("hanging", "hanging", ("--timeout", "300ms", "--debug"), from_page=False),
)
