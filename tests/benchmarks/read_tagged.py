"""Read every tagged entry of a log group through the reading engine: what the benchmark times as a whole process.

`python -m tests.benchmarks.read_tagged GROUP START_MS END_MS` writes each entry's message as one line.
"""

from __future__ import annotations

import os
import sys

from asayer_cli.aws.reading import CloudWatchReader, collector_pattern
from asayer_cli.entries import Window, moment
from asayer_cli.integrations import AWS_SECRET_VARIABLE, AwsKey
from asayer_cli.secret import Secret
from asayer_cli.tag import ASAYER


def main() -> None:
    """Read and write."""
    group, start, end = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    key = AwsKey(os.environ["ASAYER_AWS_ACCESS_KEY_ID"], Secret(os.environ[AWS_SECRET_VARIABLE]))
    reader = CloudWatchReader(key, os.environ["ASAYER_AWS_REGION"])
    window = Window(moment(start), moment(end + 1))
    sys.stdout.writelines(
        f"{entry.message}\n" for entry in reader.search(group, collector_pattern(ASAYER), window) if entry.time
    )


if __name__ == "__main__":
    main()
