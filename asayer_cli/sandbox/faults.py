"""Failures on order: what a test or a demonstration can make the sandbox do wrong, and the record of calls.

Both fronts stand behind `FaultPlan.middleware` and `with_control`.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, fields
from hmac import compare_digest
from typing import TYPE_CHECKING, Literal, get_args

from asayer_cli.sandbox.aws import errors as aws_errors
from asayer_cli.sandbox.wsgi import Reply, capture, json_reply, read_body, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Kind = Literal["cut_before", "cut_after", "error_500", "throttle", "slow", "denied"]
CALLS_KEPT = 10_000
CONTROL_PREFIX = "/_sandbox/"


class InvalidControlError(ValueError):
    """A control request that makes no sense; the message says why."""


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks what: ``service`` such as ``logs`` or ``elastic``, ``operation`` such as ``CreateAccessKey``."""

    service: str
    operation: str
    region: str
    principal: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure on order.

    It lets ``after`` matching calls pass, then strikes ``times`` calls. ``operation`` may be ``*``. Before anything
    else happens to a struck call, ``seconds`` go by (so a cut can be slow as well).
    """

    service: str
    operation: str
    kind: Kind
    times: int = 1
    after: int = 0
    seconds: float = 0.0

    def matches(self, call: Call) -> bool:
        """Tell whether the failure is meant for such a call."""
        return self.service in (call.service, "*") and self.operation in (call.operation, "*")


@dataclass(slots=True)
class _Pending:
    fault: Fault
    passed: int = 0
    struck: int = 0

    def strikes(self) -> bool:
        if self.struck >= self.fault.times:
            return False
        if self.passed < self.fault.after:
            self.passed += 1
            return False
        self.struck += 1
        return True


class FaultPlan:
    """The failures on order and the calls seen by one front. Safe to use from several threads."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._pending = [_Pending(fault) for fault in faults]
        self._calls: deque[dict[str, str | int]] = deque(maxlen=CALLS_KEPT)

    def replace(self, faults: Iterable[Fault]) -> None:
        """Forget all former orders."""
        with self._lock:
            self._pending = [_Pending(fault) for fault in faults]

    def strike(self, call: Call) -> Fault | None:
        """Count the call, and return the failure that it meets, if any."""
        with self._lock:
            matching = (pending for pending in self._pending if pending.fault.matches(call))
            return next((pending.fault for pending in matching if pending.strikes()), None)

    def record(self, call: Call, status: int) -> None:
        """Keep a call; status 0 stands for a connection that was cut before the request was carried out."""
        with self._lock:
            self._calls.append({**asdict(call), "status": status})

    def calls(self) -> list[dict[str, str | int]]:
        """Return the last 10,000 calls, oldest first: service, operation, region, principal, status."""
        with self._lock:
            return list(self._calls)

    def clear_calls(self) -> None:
        """Forget the calls seen so far."""
        with self._lock:
            self._calls.clear()

    def middleware(self, app: WSGIApplication, identify: Callable[[WSGIEnvironment], Call]) -> WSGIApplication:
        """Wrap `app`: recorded, and made to fail as ordered.

        `identify` may read the body with `wsgi.read_body`. Answers are held back whole, so no streaming.
        """

        def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            read_body(environ)
            call = identify(environ)
            return send(self._answer(app, environ, call), start_response)

        return application

    def _answer(self, app: WSGIApplication, environ: WSGIEnvironment, call: Call) -> Reply:
        fault = self.strike(call)
        if fault is None:
            reply = capture(app, environ)
            self.record(call, reply.status)
            return reply
        time.sleep(fault.seconds)
        if fault.kind == "cut_before":
            self.record(call, 0)
            raise _cut(environ)
        reply = failure(call, fault.kind) or capture(app, environ)
        self.record(call, reply.status)
        if fault.kind == "cut_after":
            raise _cut(environ)
        return reply


def _cut(environ: WSGIEnvironment) -> ConnectionAbortedError:
    """Close the client's socket. werkzeug takes the exception as a connection that is gone, without a traceback."""
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return ConnectionAbortedError("cut on order")


def failure(call: Call, kind: Kind) -> Reply | None:
    """Return what a service answers for a failure of this kind; None where the request is carried out."""
    if kind not in ("error_500", "throttle", "denied"):
        return None
    if call.service == "elastic":
        return _elastic_failure(call, kind)
    if kind == "error_500":
        return aws_errors.internal_failure(call.service)
    if kind == "throttle":
        return aws_errors.throttled(call.service)
    action = f"{call.service}:{call.operation}"
    return aws_errors.denied(call.service, f"User: {call.principal} is not authorized to perform: {action}")


def _elastic_failure(call: Call, kind: Kind) -> Reply:
    denial = f"action [{call.operation}] is unauthorized for user [{call.principal}]"
    status, error_type, reason = {
        "error_500": (500, "illegal_state_exception", "unknown error"),
        "throttle": (429, "es_rejected_execution_exception", "rejected execution: queue capacity reached"),
        "denied": (403, "security_exception", denial),
    }[kind]
    cause = {"type": error_type, "reason": reason}
    body = {"error": {"root_cause": [cause], **cause}, "status": status}
    return json_reply(status, body, [("X-Elastic-Product", "Elasticsearch")])


def parse_faults(body: bytes) -> list[Fault]:
    """Read faults from a JSON list of objects; raises `InvalidControlError`."""
    known = {field.name for field in fields(Fault)}
    value = _json(body)
    if not isinstance(value, list) or not all(isinstance(item, dict) and set(item) <= known for item in value):
        raise InvalidControlError(f"faults are a JSON list of objects with {', '.join(sorted(known))}")
    try:
        faults = [Fault(**item) for item in value]
    except TypeError as error:
        raise InvalidControlError("a fault needs service, operation and kind") from error
    unknown = {fault.kind for fault in faults} - set(get_args(Kind))
    if unknown:
        raise InvalidControlError(f"unknown kinds of fault: {', '.join(sorted(unknown))}")
    return faults


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError as error:
        raise InvalidControlError("the body is not JSON") from error


def _json_object(body: bytes) -> dict[str, object]:
    value = _json(body)
    if not isinstance(value, dict):
        raise InvalidControlError("the body is no JSON object")
    return value


def with_control(
    app: WSGIApplication,
    plan: FaultPlan,
    token: str,
    apply_settings: Callable[[dict[str, object]], None],
    views: Mapping[str, Callable[[], object]] | None = None,
    actions: Mapping[str, Callable[[dict[str, object]], None]] | None = None,
) -> WSGIApplication:
    """Wrap `app`: with the control requests under ``/_sandbox/``, for whoever sends ``X-Sandbox-Token``.

    PUT faults, GET and DELETE requests, PUT settings, GET of each name in `views` and POST to each name in `actions`.
    `apply_settings` and actions get the JSON object and raise `InvalidControlError` for what makes no sense to them.
    """
    routes: dict[str, Callable[[bytes], object]] = {
        "PUT faults": lambda body: plan.replace(parse_faults(body)),
        "PUT settings": lambda body: apply_settings(_json_object(body)),
        "GET requests": lambda _: plan.calls(),
        "DELETE requests": lambda _: plan.clear_calls(),
        **{f"GET {name}": _viewing(view) for name, view in (views or {}).items()},
        **{f"POST {name}": _acting(action) for name, action in (actions or {}).items()},
    }

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith(CONTROL_PREFIX):
            return app(environ, start_response)
        body = read_body(environ)
        if not compare_digest(environ.get("HTTP_X_SANDBOX_TOKEN", "").encode(), token.encode()):
            return send(json_reply(403, {"error": "X-Sandbox-Token is missing or wrong"}), start_response)
        request = f"{environ['REQUEST_METHOD']} {path.removeprefix(CONTROL_PREFIX)}"
        return send(_control(routes, request, body), start_response)

    return application


def _viewing(view: Callable[[], object]) -> Callable[[bytes], object]:
    return lambda _: view()


def _acting(action: Callable[[dict[str, object]], None]) -> Callable[[bytes], object]:
    return lambda body: action(_json_object(body))


def _control(routes: Mapping[str, Callable[[bytes], object]], request: str, body: bytes) -> Reply:
    route = routes.get(request)
    if route is None:
        return json_reply(404, {"error": f"there is no {request}"})
    try:
        return json_reply(200, route(body))
    except InvalidControlError as error:
        return json_reply(400, {"error": str(error)})
