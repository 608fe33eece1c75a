"""The hops from the browser to the application: preflight, request, and whether the page may see the answer."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urljoin

from asayer_cli.canary.cors import CrossOrigin, Objection, objections_to_origin, objections_to_preflight
from asayer_cli.canary.model import Canary, SentCanary
from asayer_cli.canary.order import SECRET_HEADER, SECRET_VARIABLE, parse_url
from asayer_cli.errors import UsageError
from asayer_cli.verification.checklist import Checklist, Finding, failed, passed, skipped, warned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asayer_cli.canary.order import Order
    from asayer_cli.canary.sender import Answer

_REDIRECTS: Final = frozenset({300, 301, 302, 303, 305, 306, 307, 308})
_GATEWAY: Final = frozenset({502, 503, 504})
# Of an answer that no application made for this request; some caches write 0 on those that they pass on.
_AGED: Final = re.compile(r"0*[1-9][0-9]*")
_SAFE: Final = frozenset({"GET", "HEAD"})
_LOWEST_STATUS: Final = 200
_HIGHEST_STATUS: Final = 599


class Sends(Protocol):
    """Sends one request to the place of the order."""

    def send(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """Send it and return its answer; UnreachableError when none comes."""


class Requests:
    """Makes the checks `canary.preflight`, `canary.request` and `canary.answer_readable`.

    `sent` are the canaries that the route took, `preflight_seconds` how long leave took to get.
    """

    def __init__(self, order: Order, sender: Sends) -> None:
        self.checklist = Checklist("canary")
        self.sent: list[SentCanary] = []
        self.preflight_seconds: float | None = None
        self._order = order
        self._sender = sender
        self._asked = CrossOrigin(order.origin, order.method, order.page_headers, order.headers)
        self._answer: Answer | None = None

    def make(self) -> None:
        """Send the canaries one after the other, the first one after its preflight; stop where a hop loses one."""
        first = Canary.hatch()
        if not self.checklist.make("preflight", lambda: self._preflight(first)):
            reason = "not sent: a browser would not send it after this preflight"
            self.checklist.record("request", skipped(reason))
            self.checklist.record("answer_readable", skipped("not checked: an earlier check failed"))
            return
        self.checklist.make("request", lambda: self._requests(first))
        self.checklist.record("answer_readable", self._answer_readable())

    def skip(self) -> None:
        """Write down that nothing was sent, for no log store can be read."""
        for check_id in ("preflight", "request", "answer_readable"):
            self.checklist.record(check_id, skipped("not sent: no log store can be read, see below"))

    def _preflight(self, canary: Canary) -> Finding:
        order = self._order
        if not order.origin:
            return skipped("no --origin is given, so this is a request without a page: nobody asks for leave")
        if not order.cross_origin:
            return skipped(f"a page of {order.origin} needs no leave for its own origin")
        if blocked := self._mixed_content():
            return blocked
        headers = {
            "Origin": order.origin,
            "Access-Control-Request-Method": order.method,
            "Access-Control-Request-Headers": ",".join(self._asked.unsafe_headers),
        }
        answer = self._sender.send("OPTIONS", order.place.target_with(canary.query), headers)
        self.preflight_seconds = answer.seconds
        if objections := objections_to_preflight(self._asked, answer.status, answer.headers):
            return _preflight_refused(answer, objections)
        names = ", ".join(map(self._asked.spelling, self._asked.unsafe_headers))
        return passed(f"a page of {order.origin} may send {order.method} with {names} ({_ms(answer.seconds)})")

    def _mixed_content(self) -> Finding | None:
        order = self._order
        if not order.origin.startswith("https:") or order.place.scheme == "https" or order.place.stays_here:
            return None
        return failed(
            f"a browser lets no page of {order.origin} call plain HTTP ({order.place.origin})",
            "Serve the back end over https://, and give that address.",
            code="mixed_content",
        )

    def _requests(self, first: Canary) -> Finding:
        order = self._order
        for number in range(order.count):
            canary = Canary.hatch() if number else first
            sent_at = datetime.now(UTC)
            answer = self._sender.send(order.method, order.place.target_with(canary.query), self._headers(canary))
            self._answer = answer
            if refused := refusal(order, answer, canary):
                return refused
            self.sent.append(SentCanary(canary, sent_at, answer.status, answer.seconds))
        return passed(self._answered())

    def _headers(self, canary: Canary) -> dict[str, str]:
        order = self._order
        headers = {name: secret.reveal() for name, secret in order.secrets.items()}
        if order.cross_origin or (order.origin and order.method not in _SAFE):
            headers["Origin"] = order.origin
        return {**order.headers, **headers, order.session_header: str(canary.session_id)}

    def _answered(self) -> str:
        order, sent = self._order, self.sent
        slowest = max(one.answer_seconds for one in sent)
        statuses = ", ".join(str(status) for status in dict.fromkeys(one.status for one in sent))
        if len(sent) == 1:
            return f"{order.method} {order.place.shown} answered {statuses} ({_ms(slowest)})"
        return f"{len(sent)} times {order.method} {order.place.shown} answered {statuses} (at most {_ms(slowest)})"

    def _answer_readable(self) -> Finding:
        if self._answer is None or not self.sent:
            return skipped("not checked: an earlier check failed")
        if not self._order.cross_origin:
            return skipped("no other origin's page asks")
        objections = objections_to_origin(self._asked, self._answer.headers)
        if not objections:
            return passed(f"a page of {self._order.origin} may see the answer")
        return warned(
            f"the application got the request, and the browser keeps its answer from the page: {objections[0].why}",
            f"Send this line with every answer, errors too:{_lines(objections)}",
            code="answer_hidden",
        )


def _preflight_refused(answer: Answer, objections: tuple[Objection, ...]) -> Finding:
    first = _status_advice(answer.status) if objections[0].code == "preflight_status" else ""
    advice = f"{first}{'Answer OPTIONS with these lines' if _lines(objections) else 'Answer OPTIONS with 204'}"
    return failed(
        f"the preflight is refused: {'; '.join(objection.why for objection in objections)}",
        f"{advice} (asayer-cli snippet cors has it all){':' if _lines(objections) else '.'}{_lines(objections)}",
        code=objections[0].code,
    )


def _status_advice(status: int) -> str:
    if status in _REDIRECTS:
        return "A preflight must not be redirected: give the address that answers itself. "
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return "Browsers send no login with a preflight: let OPTIONS pass before anybody is asked for one. "
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        return "Nothing handles OPTIONS at this path: switch CORS on for it. "
    return "Look at what answers OPTIONS at this path. "


def _lines(objections: tuple[Objection, ...]) -> str:
    """Return the header lines to send, each on a line of its own."""
    return "".join(f"\n{objection.line}" for objection in objections if objection.line)


def refusal(order: Order, answer: Answer, canary: Canary) -> Finding | None:
    """Return why the route did not do what it is for, by its status; None when it may have."""
    status = answer.status
    if _AGED.fullmatch(answer.headers.get("Age", "")):
        return failed(
            f"a cache on the way answered {order.method} {order.place.shown} ({status}), and not the application",
            "Each canary's address is new by its query, so the cache minds the path alone: let it pass this path on.",
            code="cached_answer",
        )
    if status == order.expected:
        return None
    if status in _REDIRECTS:
        return _redirected(order, answer)
    if order.expected is not None:
        return _not_run(order, status, canary) or _unexpected(order, status, f"{order.expected} was expected")
    if status == HTTPStatus.INTERNAL_SERVER_ERROR or status // 100 == HTTPStatus.OK // 100:
        return None
    return _not_run(order, status, canary) or _unexpected(order, status, "the route should answer 500, or 200 to 299")


def _not_run(order: Order, status: int, canary: Canary) -> Finding | None:
    head = f"{order.method} {order.place.shown} answered {status}"
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return failed(f"{head}: the canary's route did not run", _missing_route(order), code="route_missing")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        advice = (
            "Something before the route asks for a login, or lets nobody in: let this path pass, or send what is asked "
            "for with --header-from-env Authorization=VARIABLE."
        )
        if order.method not in _SAFE:
            advice += f" Or it takes no {order.method} without its own token against forgery (CSRF): use --method GET."
        return failed(f"{head}: the canary's route did not run", advice, code="route_refused")
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return failed(f"{head}: the route takes another method", "Give it with --method.", code="route_method")
    if status in _GATEWAY:
        advice = (
            "A proxy or load balancer says so where the application is down, or too slow. Search its logs for "
            f"{canary.query}."
        )
        return failed(f"{head}: the application itself did not answer", advice, code="route_unavailable")
    return None


def _unexpected(order: Order, status: int, wanted: str) -> Finding:
    known = _LOWEST_STATUS <= status <= _HIGHEST_STATUS
    return failed(
        f"{order.method} {order.place.shown} answered {status}; {wanted}",
        f"If that is what the route answers: --expect-status {status}."
        if known
        else "No application answers a request so: look at what stands before it.",
        code="unexpected_status",
    )


def _missing_route(order: Order) -> str:
    if SECRET_HEADER in order.secrets:
        return (
            f"The snippets' route is there only where {SECRET_VARIABLE} is set in the application's own environment, "
            f"and answers 404 to another secret: compare the two. Or a proxy drops {SECRET_HEADER}, or the path is "
            "another."
        )
    return (
        f"The snippets' route answers 404 to whoever does not know its secret: set {SECRET_VARIABLE} here to the "
        "application's. To add the route: asayer-cli snippet. Or the path is another."
    )


def _redirected(order: Order, answer: Answer) -> Finding:
    target = _target_of(order, answer.headers.get("Location", ""))
    head = f"{order.method} {order.place.shown} answered {answer.status}, a redirect"
    if target is None:
        return failed(
            f"{head} to no address that can be used", "Give the address that answers itself.", code="redirect"
        )
    https = f"https://{order.place.origin.partition('://')[2]}"
    if target == order.place.origin:
        advice = "It leads to another path there, by a slash at the end perhaps, or to a login: give that address."
    elif target == https:
        advice = f"Write https:// in the address: --canary {https}{order.place.target.partition('?')[0]}"
    else:
        advice = f"If {target} is yours, give the address there with --canary."
    return failed(
        f"{head} to {target}", f"Redirects are not followed, for the headers would go along. {advice}", code="redirect"
    )


def _target_of(order: Order, location: str) -> str | None:
    """Return the origin that a redirect leads to, None where its address is none."""
    try:
        return parse_url(urljoin(order.place.shown, location)).origin if location else None
    except (UsageError, ValueError):
        return None


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
