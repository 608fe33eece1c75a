"""How fast Elasticsearch is read, beside `elasticsearch.helpers.scan` of the same query at its defaults."""

from __future__ import annotations

import json
import sys
import tempfile
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from elasticsearch import Elasticsearch, helpers

from asayer_cli.elastic.layout import asked_fields, search_layouts
from asayer_cli.elastic.session_query import in_spans
from asayer_cli.entries import Window, milliseconds, moment, rfc3339
from asayer_cli.sandbox.elastic import noida
from asayer_cli.session_id import SessionId
from asayer_cli.sources import Span
from asayer_cli.tag import ASAYER
from tests.benchmarks import files
from tests.benchmarks.measure import Program, in_turns, run
from tests.benchmarks.startup import own_program
from tests.benchmarks.table import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENTS: Final = 100_000
TAGGED_EVERY: Final = 100
# What two runs of the same program differ by on a machine that has other work.
TOLERANCE: Final = 1.05
_ROUNDS: Final = 2
_HOUR_MS: Final = 3_600_000
_SCAN: Final = """
import json, sys
from elasticsearch import Elasticsearch, helpers
url, index, query = sys.argv[1:]
client = Elasticsearch(url, request_timeout=120)
for hit in helpers.scan(client, index=index, query=json.loads(query)):
    sys.stdout.write(hit["_source"]["message"] + "\\n")
"""


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of an index: `count` of them in the last hour, each `tagged_every`th one of the session."""

    index: str
    count: int
    tagged_every: int
    start_ms: int

    @property
    def session_id(self) -> SessionId:
        """The session that the tagged ones are of."""
        return SessionId.starting_at(moment(self.start_ms), 7)

    @property
    def tagged(self) -> int:
        """How many are tagged."""
        return -(-self.count // self.tagged_every)

    def put(self, client: Elasticsearch) -> None:
        """Index all of them, in an order that is not that of time."""
        properties = {"@timestamp": {"type": "date"}, "message": {"type": "text"}}
        client.indices.create(index=self.index, mappings={"properties": properties})
        helpers.bulk(client, self._actions(), chunk_size=5000, refresh=True)

    @property
    def window(self) -> Window:
        """When the session may have lasted."""
        return Window(moment(self.start_ms - 60_000), moment(self.start_ms + 2 * _HOUR_MS))

    def query(self, client: Elasticsearch) -> dict[str, Any]:
        """Return the search for the session's entries that ours makes."""
        fields = list(asked_fields(ASAYER))
        caps = client.field_caps(index=self.index, fields=fields, include_unmapped=True).body
        (layout,) = search_layouts(caps, ASAYER)
        span = Span(self.window, frozenset({self.session_id}))
        return {"query": in_spans(ASAYER, layout, [span], layout.times[0])}

    def _actions(self) -> Iterator[dict[str, Any]]:
        for place in range(self.count):
            number = place * 7919 % self.count
            time = rfc3339(moment(self.start_ms + number * _HOUR_MS // self.count))
            tag = "" if number % self.tagged_every else f"{ASAYER.write(self.session_id)} "
            message = f"{tag}ERROR shop.checkout order {number:08d} was not paid, the card was declined"
            yield {"_index": self.index, "@timestamp": time, "message": message}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A search server with documents, its address, and the environment of programs that read it and nothing else."""

    url: str
    client: Elasticsearch
    environ: dict[str, str]


@contextmanager
def cluster(*kinds: Documents) -> Iterator[Cluster]:
    """Start a search server with documents; nobody has to say who he is."""
    with tempfile.TemporaryDirectory() as folder:
        server = noida.start(Path(folder, "data"))
        try:
            with Elasticsearch(server.url, request_timeout=120) as client:
                for made in kinds:
                    made.put(client)
                key = b64encode(b"bench:bench").decode()
                environ = {**files.environment(Path(folder)), "ASAYER_ELASTIC_URL": server.url}
                yield Cluster(server.url, client, {**environ, "ASAYER_ELASTIC_API_KEY": key, "ASAYER_TIMEOUT": "120s"})
        finally:
            server.stop()


def documents(index: str, count: int, tagged_every: int) -> Documents:
    """Return documents of the hour that ends now."""
    return Documents(f"logs-bench-{index}", count, tagged_every, milliseconds(datetime.now(UTC)) - _HOUR_MS)


def session(made: Documents, environ: dict[str, str]) -> Program:
    """Return the program that reads the session of one index."""
    command = [own_program(), "session", str(made.session_id), "--output", "jsonl"]
    return Program("ours", command, {**environ, "ASAYER_ELASTIC_INDEXES": made.index})


def rows() -> Iterator[Row]:
    """Measure, and yield the line."""
    made = documents("hour", DOCUMENTS, TAGGED_EVERY)
    with cluster(made) as there:
        asked = [there.url, made.index, json.dumps(made.query(there.client))]
        reading = [sys.executable, "-m", "tests.benchmarks.read_documents", *asked]
        scan = [sys.executable, "-c", _SCAN, *asked]
        programs = [Program("ours", reading, there.environ), Program("scan", scan, there.environ)]
        _expect(made, *(run(program).output for program in programs))
        taken = in_turns(programs, _ROUNDS)
    scanned = f"elasticsearch.helpers.scan {taken['scan']:.2f} s ({taken['scan'] / taken['ours']:.2f} x)"
    yield Row(
        f"{DOCUMENTS:,} documents in Elasticsearch, 1% tagged, complete and in order",
        f"{taken['ours']:.2f} s; {scanned}",
        "as fast as helpers.scan",
        taken["ours"] <= taken["scan"] * TOLERANCE,
    )


def _expect(made: Documents, ours: bytes, scanned: bytes) -> None:
    """Raise AssertionError when not all entries were found, or not in order."""
    orders = [number for number in range(made.count) if number % made.tagged_every == 0]
    assert orders_in(ours) == orders, "our entries are not complete and in order"
    assert sorted(orders_in(scanned)) == orders, "the scan's entries are not complete"


def orders_in(output: bytes) -> list[int]:
    """Return the numbers of the orders that an output tells of, line by line, not those of the end of JSON lines."""
    return [
        int(line.partition(b"shop.checkout order ")[2][:8])
        for line in output.splitlines()
        if b"shop.checkout order " in line and not line.startswith(b'{"type": "end"')
    ]
