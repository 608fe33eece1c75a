"""The program: `asayer-cli`, or `python -m asayer_cli`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    from asayer_cli.cli.boundary import run  # noqa: PLC0415 - keeps `import asayer_cli.__main__` free of effects

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
