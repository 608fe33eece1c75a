"""Read what a query finds in Elasticsearch, in the order of time: what the benchmark times as a whole process.

`python -m tests.benchmarks.read_documents URL INDEX QUERY` writes each document's message as one line.
"""

from __future__ import annotations

import json
import sys

from asayer_cli.elastic.connection import connect
from asayer_cli.elastic.layout import TimeField
from asayer_cli.elastic.slices import Asked, OrderedHits, Sizes
from asayer_cli.integrations import ElasticAddress, ElasticKey
from asayer_cli.secret import Secret


def main() -> None:
    """Read and write; notes of what may be missing end it with an error."""
    url, index, query = sys.argv[1:]
    cluster = connect(ElasticAddress(url=url), ElasticKey("bench", Secret("bench")))
    notes: list[str] = []
    asked = Asked(index, json.loads(query)["query"], TimeField("@timestamp", "date"), ("message",))
    hits = OrderedHits(cluster, asked, notes, Sizes())
    sys.stdout.writelines(f"{hit['_source']['message']}\n" for hit in hits)
    if notes:
        sys.exit("; ".join(notes))


if __name__ == "__main__":
    main()
