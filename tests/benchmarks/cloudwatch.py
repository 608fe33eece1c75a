"""A local model of CloudWatch Logs over HTTP, for measuring: as slow, as limited and as untidy as the service.

`python -m tests.benchmarks.cloudwatch` listens on a free port of 127.0.0.1, writes its URL as one line, and answers
until it is ended. It holds one group, `/bench/shop`: 400,000 events of 200 bytes over the last 24 hours, every 100th of
them tagged, 40 of one session; `--events N` makes it smaller. `GET /control` tells the groups with their sessions, and
counts the calls. `POST /control` takes a JSON object with any of `groups` (each the fields of a GroupSpec), `conduct`
(the fields of a Conduct), `release` (true: late events can be searched from now on) and `warm` (pairs of group and
filter pattern, which are looked up beforehand, so that no call waits for it), and begins to count anew.

It answers FilterLogEvents, GetLogEvents, DescribeLogGroups, DescribeLogStreams and GetCallerIdentity for any
credentials. In Python: `with model(GroupSpec(...), conduct=Conduct(...)) as cloudwatch: cloudwatch.url`.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import itertools
import json
import socket
import subprocess
import sys
import time
import urllib.request
from bisect import bisect_left
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from tests.benchmarks.conduct import Conduct, Ledger
from tests.benchmarks.log_events import STREAMS, Group, GroupSpec, InvalidPatternError

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Iterator

NAME: Final = "/bench/shop"
_MOST_EVENTS: Final = 10_000
_MOST_GROUPS: Final = 50
_ACCOUNT: Final = "123456789012"
_NUMBERS: Final = itertools.count()
_IDENTITY: Final = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    f"<Arn>arn:aws:iam::{_ACCOUNT}:user/bench</Arn><UserId>AIDABENCH</UserId><Account>{_ACCOUNT}</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


class Refusal(Exception):  # noqa: N818 - the service says so; it is no error of ours
    """A call that the service does not carry out, with its error code."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class CloudWatch:
    """The groups, how calls are met, and what was counted."""

    def __init__(self, *specs: GroupSpec, conduct: Conduct | None = None) -> None:
        self.groups = {spec.name: Group(spec) for spec in specs}
        self.ledger = Ledger(conduct or Conduct())
        self._released_ms: int | None = None
        self._operations: dict[str, Callable[[dict[str, Any], random.Random], dict[str, Any]]] = {
            "FilterLogEvents": self._filter_log_events,
            "GetLogEvents": self._get_log_events,
            "DescribeLogGroups": self._describe_log_groups,
            "DescribeLogStreams": self._describe_log_streams,
        }

    @property
    def conduct(self) -> Conduct:
        """How calls are met."""
        return self.ledger.conduct

    def control(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out what `POST /control` asks, begin to count anew, and return what `GET /control` tells."""
        for fields in order.get("groups", ()):
            self.groups[fields["name"]] = Group(GroupSpec(**fields))
        self.ledger = Ledger(Conduct(**order["conduct"]) if "conduct" in order else self.conduct)
        if "release" in order:
            self._released_ms = int(time.time() * 1000) if order["release"] else None
        for name, pattern in order.get("warm", ()):
            self.groups[name].matching(pattern)
        return self.report()

    def report(self) -> dict[str, Any]:
        """Return the groups with the sessions that are looked for in them, and the counted calls."""
        groups = [
            {**asdict(group.spec), "session_id": str(group.spec.session_id), "entries": len(group.session)}
            for group in self.groups.values()
        ]
        return {"groups": groups, "calls": self.ledger.report()}

    def answer(self, operation: str, asked: dict[str, Any], chance: random.Random) -> dict[str, Any]:
        """Carry out an operation; Refusal when the service would not."""
        if operation not in self._operations:
            raise Refusal("UnknownOperationException", f"The model does not know {operation}.")
        return self._operations[operation](asked, chance)

    def _filter_log_events(self, asked: dict[str, Any], chance: random.Random) -> dict[str, Any]:
        group = self._readable(asked, "FilterLogEvents")
        border = 1 if self.conduct.duplicates else 0
        first = bisect_left(group.times, asked.get("startTime", 0))
        last = bisect_left(group.times, asked.get("endTime", 2**62) + 1 + border)
        bound = json.dumps({name: asked[name] for name in sorted(asked) if name not in {"nextToken", "limit"}})
        backwards = not asked.get("startFromHead", True)
        place = _place(asked, bound)
        begin = (last if backwards else first) if place is None else place
        turn = self._backwards if backwards else self._forwards
        shown, behind = turn(group, asked, (begin, first if backwards else last), chance)
        events = [group.event(index, self._released_ms or 0) for index in shown]
        more = behind > first if backwards else behind < last
        token = {"nextToken": _token(behind, bound)} if more else {}
        return {"events": events, "searchedLogStreams": [], **token}

    def _forwards(
        self, group: Group, asked: dict[str, Any], span: tuple[int, int], chance: random.Random
    ) -> tuple[list[int], int]:
        begin, last = span
        if chance.random() < self.conduct.empty:
            return [], begin
        behind = min(group.reached(begin, self._scanned(chance)), last)
        repeated = 1 if self.conduct.duplicates and "nextToken" in asked else 0
        shown = self._matching(group, asked, max(begin - repeated, 0), behind)
        limit = asked.get("limit", _MOST_EVENTS)
        return shown[:limit], shown[limit] if len(shown) > limit else behind

    def _backwards(
        self, group: Group, asked: dict[str, Any], span: tuple[int, int], chance: random.Random
    ) -> tuple[list[int], int]:
        end, first = span
        if end <= first or chance.random() < self.conduct.empty:
            return [], end
        behind = max(group.reached_back(end, self._scanned(chance)), first)
        shown = self._matching(group, asked, behind, end)[::-1]
        limit = asked.get("limit", _MOST_EVENTS)
        return shown[:limit], shown[limit] + 1 if len(shown) > limit else behind

    def _matching(self, group: Group, asked: dict[str, Any], begin: int, end: int) -> list[int]:
        try:
            matching = group.matching(asked.get("filterPattern", ""))
        except InvalidPatternError as error:
            raise Refusal("InvalidParameterException", f"Invalid filter pattern {error}") from error
        found = matching[bisect_left(matching, begin) : bisect_left(matching, end)]
        streams = asked.get("logStreamNames")
        prefix = asked.get("logStreamNamePrefix", "")
        return [
            index
            for index in found
            if self._searchable(group, index)
            and (streams is None or group.stream(index) in streams)
            and group.stream(index).startswith(prefix)
        ]

    def _searchable(self, group: Group, index: int) -> bool:
        return self._released_ms is not None or index not in group.late

    def _scanned(self, chance: random.Random) -> int:
        share = chance.random() if chance.random() < self.conduct.partial else 1.0
        return int(self.conduct.page_bytes * share)

    def _get_log_events(self, asked: dict[str, Any], _chance: random.Random) -> dict[str, Any]:
        group = self._readable(asked, "GetLogEvents")
        first = bisect_left(group.times, asked.get("startTime", 0))
        last = bisect_left(group.times, asked.get("endTime", 2**62))
        stream = asked["logStreamName"]
        mine = [i for i in range(first, last) if group.stream(i) == stream and self._searchable(group, i)]
        limit = min(asked.get("limit", _MOST_EVENTS), max(self.conduct.page_bytes // group.spec.message_bytes, 1))
        begin, end = _page_of(asked.get("nextToken", ""), len(mine), limit, from_head=asked.get("startFromHead", False))
        events = [group.event(index, self._released_ms or 0) for index in mine[begin:end]]
        kept = [{name: event[name] for name in ("timestamp", "message", "ingestionTime")} for event in events]
        return {"events": kept, "nextForwardToken": f"f/{end:056d}", "nextBackwardToken": f"b/{begin:056d}"}

    def _describe_log_groups(self, asked: dict[str, Any], _chance: random.Random) -> dict[str, Any]:
        prefix, part = asked.get("logGroupNamePrefix", ""), asked.get("logGroupNamePattern", "")
        found = sorted(name for name in self.groups if name.startswith(prefix) and part in name)
        begin = int(asked.get("nextToken", 0))
        end = begin + asked.get("limit", _MOST_GROUPS)
        token = {"nextToken": str(end)} if end < len(found) else {}
        return {"logGroups": [_described(self.groups[name]) for name in found[begin:end]], **token}

    def _describe_log_streams(self, asked: dict[str, Any], _chance: random.Random) -> dict[str, Any]:
        spec = self._group(asked).spec
        names = [f"web/{number}" for number in range(STREAMS)]
        moments = {"firstEventTimestamp": spec.start_ms, "lastEventTimestamp": spec.end_ms}
        moments |= {"lastIngestionTime": spec.end_ms, "creationTime": spec.start_ms}
        prefix = asked.get("logStreamNamePrefix", "")
        return {"logStreams": [{"logStreamName": name, **moments} for name in names if name.startswith(prefix)]}

    def _group(self, asked: dict[str, Any]) -> Group:
        name = asked.get("logGroupName") or asked.get("logGroupIdentifier", "").rpartition(":log-group:")[2]
        if name not in self.groups:
            raise Refusal("ResourceNotFoundException", "The specified log group does not exist.")
        return self.groups[name]

    def _readable(self, asked: dict[str, Any], operation: str) -> Group:
        group = self._group(asked)
        if group.spec.log_class != "STANDARD":
            raise Refusal("InvalidOperationException", f"{operation} is not supported for this log class")
        return group


def _place(asked: dict[str, Any], bound: str) -> int | None:
    """Return where a token goes on; it holds for the request that it was given to."""
    if "nextToken" not in asked:
        return None
    try:
        place, begun, _ = json.loads(base64.b64decode(asked["nextToken"]))
    except ValueError:
        begun = place = None
    if begun != bound:
        raise Refusal("InvalidParameterException", "The specified nextToken is invalid.")
    return int(place)


def _token(place: int, bound: str) -> str:
    """Return a token that was never given before: one that comes back means that there is nothing more."""
    return base64.b64encode(json.dumps([place, bound, next(_NUMBERS)]).encode()).decode()


def _page_of(token: str, entries: int, limit: int, *, from_head: bool) -> tuple[int, int]:
    """Return the span of a page of GetLogEvents, which goes to and fro; at an end its tokens come back unchanged."""
    direction, _, place = token.partition("/")
    if direction == "b" or (not token and not from_head):
        end = int(place) if token else entries
        return max(end - limit, 0), end
    begin = int(place) if token else 0
    return begin, min(begin + limit, entries)


def _described(group: Group) -> dict[str, Any]:
    spec = group.spec
    return {
        "logGroupName": spec.name,
        "creationTime": spec.start_ms,
        "metricFilterCount": 0,
        "arn": f"{group.arn}:*",
        "logGroupArn": group.arn,
        "storedBytes": spec.events * spec.message_bytes,
        "logGroupClass": spec.log_class,
    }


class Application:
    """The model as an ASGI application."""

    def __init__(self, cloudwatch: CloudWatch) -> None:
        self._cloudwatch = cloudwatch

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        if scope["path"] == "/control":
            told = self._cloudwatch.control(json.loads(body)) if body else self._cloudwatch.report()
            await _reply(send, json.dumps(told))
            return
        target = dict(scope["headers"]).get(b"x-amz-target", b"").decode()
        if not target:
            await _reply(send, _IDENTITY, kind="text/xml")
            return
        await self._serve(target.rpartition(".")[2], body, send)

    async def _serve(self, operation: str, body: bytes, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        cloudwatch = self._cloudwatch
        fate, chance = cloudwatch.ledger.fate(operation, body)
        if fate == "throttled":
            await _reply(send, _refused("ThrottlingException", "Rate exceeded"), 400)
            return
        arrived = time.monotonic()
        try:
            status, text = 200, json.dumps(cloudwatch.answer(operation, json.loads(body), chance))
        except Refusal as refusal:
            status, text = refusal.status, _refused(refusal.code, str(refusal))
        await asyncio.sleep(cloudwatch.conduct.latency - (time.monotonic() - arrived))
        if fate == "failed":
            status, text = 500, _refused("ServiceUnavailableException", "The service cannot complete the request.")
        await _reply(send, text, status, cut=fate == "cut")


async def _reply(
    send: Callable[[dict[str, Any]], Awaitable[None]],
    text: str,
    status: int = 200,
    *,
    kind: str = "application/x-amz-json-1.1",
    cut: bool = False,
) -> None:
    """Answer; with `cut` the connection ends after half of the body."""
    body = text.encode()
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    part = body[: len(body) // 2] if cut else body
    await send({"type": "http.response.body", "body": part, "more_body": cut})


def _refused(code: str, message: str) -> str:
    return json.dumps({"__type": code, "message": message})


@dataclass(frozen=True, slots=True)
class Model:
    """A model that runs in a process of its own."""

    url: str

    def control(self, **order: Any) -> dict[str, Any]:
        """Order groups, a conduct, a release; counts begin anew. Without an order, only tell what is there."""
        body = json.dumps(order, default=asdict).encode() if order else None
        request = urllib.request.Request(f"{self.url}/control", data=body)  # noqa: S310 - on this machine
        with urllib.request.urlopen(request, timeout=60) as reply:  # noqa: S310 - the same
            told: dict[str, Any] = json.load(reply)
        return told


@contextmanager
def model(*specs: GroupSpec, conduct: Conduct | None = None) -> Iterator[Model]:
    """Run a model with these groups until the end of the block."""
    command = [sys.executable, "-m", "tests.benchmarks.cloudwatch", "--empty"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            running = Model(process.stdout.readline().strip())
            running.control(groups=specs, conduct=conduct or Conduct())
            yield running
        finally:
            process.terminate()


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.cloudwatch")
    parser.add_argument("--port", type=int, default=0, help="0 for any free one")
    parser.add_argument("--events", type=int, default=400_000, help="in the group that is there from the start")
    parser.add_argument("--empty", action="store_true", help="begin without a group")
    asked = parser.parse_args()
    specs = () if asked.empty else (GroupSpec(NAME, int(time.time() * 1000), events=asked.events),)
    application = Application(CloudWatch(*specs))
    config = uvicorn.Config(application, lifespan="off", log_level="critical", timeout_keep_alive=60)
    with socket.create_server(("127.0.0.1", asked.port)) as listening:
        # asyncio does it for connections that were made by its own means alone; else answers wait for acknowledgements
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
