"""Which neighbours of an entry carry its stack trace on."""

from __future__ import annotations

import pytest

from asayer_cli.stack_traces import continues, opens_trace, trace_behind

TAG = "[asayer_session_id=4113219715072001793]"
PYTHON = """Traceback (most recent call last):
  File "/app/pay.py", line 3, in charge
    raise ValueError("bad card")
ValueError: bad card

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/api.py", line 8, in post
    charge()
  + Exception Group Traceback (most recent call last):
  | ExceptionGroup: several
app.errors.Declined: no"""
JAVA = """java.lang.IllegalStateException: cart is empty
\tat com.example.Cart.pay(Cart.java:42)
\t... 23 more
Caused by: java.io.IOException
\tat com.example.Net.send(Net.java:7)"""
NODE = """TypeError: Cannot read properties of undefined (reading 'id')
    at pay (/app/cart.js:3:5)
    at async post (/app/api.js:8:1) {
  code: 'E_CART'
}"""
GO = """panic: runtime error: index out of range [3] with length 3

goroutine 1 [running]:
main.(*Cart).Pay(0xc000012345, {0x1, 0x2})
\t/app/cart.go:12 +0x1d
created by main.main in goroutine 1
\t/app/main.go:5 +0x25"""
PHP = """PHP Fatal error:  Uncaught Exception: bad card in /app/pay.php:3
Stack trace:
#0 /app/api.php(8): pay()
#1 {main}
  thrown in /app/pay.php on line 3"""
RUBY = """app/pay.rb:3:in `pay': bad card (ArgumentError)
\tfrom app/api.rb:8:in `post'
from app/main.rb:1:in `<main>'"""
NET = """System.InvalidOperationException: bad card
 ---> System.IO.IOException: gone
   at Shop.Net.Send() in /app/Net.cs:line 3
   --- End of inner exception stack trace ---
   at Shop.Cart.Pay() in /app/Cart.cs:line 7"""
RUST = """thread 'main' panicked at src/main.rs:3:5:
bad card
stack backtrace:
   0: rust_begin_unwind
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace."""
OTHER = [
    "2026-11-22 10:00:00 INFO payment accepted",
    "INFO payment accepted",
    "GET /cart 200",
    '{"level": "info", "message": "payment accepted"}',
    f"{TAG} ERROR the next one",
    "127.0.0.1 - - [22/Nov/2026:10:00:00 +0000] GET / 500",
    "done: 3 carts",
    "REPORT RequestId: 3f Duration: 3 ms",
]


@pytest.mark.parametrize("trace", [PYTHON, JAVA, NODE, GO, PHP, RUBY, NET, RUST])
def test_each_runtime(trace: str) -> None:
    head, *rest = trace.split("\n")
    for after in OTHER:
        if trace in (PHP, RUBY):  # whose first line is an entry's own
            assert list(trace_behind(f"{TAG} {head}", iter([*rest, after]), str)) == rest
        else:
            found = trace_behind(f"{TAG} ERROR payment failed", iter([head, *rest, "", after, "  indented"]), str)
            assert list(found) == [head, *rest]


def test_the_trace_that_begins_in_the_entry_goes_on_behind_it() -> None:
    head, *rest = PYTHON.split("\n")
    assert list(trace_behind(f"{TAG} {head}", iter([*rest, "ValueError: of another"]), str))[: len(rest)] == rest
    assert continues([f"{TAG} ERROR failed", head, "  File 'x'"], "KeyError: 'id'")
    assert not continues([f"{TAG} ERROR failed", head, "  File 'x'", "KeyError: 'id'"], "done: 3")


@pytest.mark.parametrize(
    ("message", "opens"),
    [
        (f"{TAG} ERROR payment failed", True),
        (f"{TAG} Traceback (most recent call last):", True),
        (f"{TAG} thread 'main' panicked at src/main.rs:3:5:", True),
        (f"{TAG} payment accepted", False),
        (f'{TAG} {{"message": "ERROR boom"}}', False),
        (f'{{"message": "{TAG} ERROR boom"}}', False),
        ("", False),
    ],
)
def test_what_opens_a_trace(message: str, opens: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert opens_trace(message) == opens
    assert bool(trace_behind(message, ["  File 'x'"], str)) == opens


def test_a_tagged_neighbour_is_an_entry_of_its_own() -> None:
    assert trace_behind(f"{TAG} ERROR boom", [f"{TAG}   File 'x'"], str) == ()


def test_no_more_than_needed_is_read() -> None:
    neighbours = iter(["\tat a.b(C.java:1)", "GET / 200", "not read"])
    assert len(trace_behind(f"{TAG} ERROR", neighbours, str)) == 1
    assert list(neighbours) == ["not read"]
    endless = ("\tat a.b(C.java:1)" for _ in range(10_000))
    assert len(trace_behind(f"{TAG} StackOverflowError", endless, str)) == 1_000
