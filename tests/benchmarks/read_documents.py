"""Read a session from Elasticsearch through its source of entries: what the benchmark times as a whole process.

`python -m tests.benchmarks.read_documents URL INDEX START_MS END_MS ID` writes each entry's message as one line.
"""

from __future__ import annotations

import sys

from asayer_cli.elastic.connection import connect
from asayer_cli.elastic.session_source import ElasticSessionSource
from asayer_cli.entries import Window, moment
from asayer_cli.integrations import ElasticAddress, ElasticKey
from asayer_cli.reporting import Silent
from asayer_cli.secret import Secret
from asayer_cli.session_id import SessionId
from asayer_cli.sources import SessionSearch, Span
from asayer_cli.tag import ASAYER


def main() -> None:
    """Read and write."""
    url, index, start, end, session_id = sys.argv[1:]
    span = Span(Window(moment(int(start)), moment(int(end))), frozenset({SessionId.parse(session_id)}))
    cluster = connect(ElasticAddress(url=url), ElasticKey("bench", Secret("bench")))
    source = ElasticSessionSource(cluster, (index,), Silent())
    sys.stdout.writelines(f"{found.entry.message}\n" for found in source.find(SessionSearch(ASAYER, (span,))))


if __name__ == "__main__":
    main()
