"""The program: `asayer-cli`, or `python -m asayer_cli`."""

from __future__ import annotations

import gc
import sys
from typing import Final

# What modules and the SDK's descriptions of services make while the program starts is kept: looking for garbage in it,
# every 700 objects as Python does, takes a tenth of the time of a short run.
_OBJECTS_BETWEEN_COLLECTIONS: Final = 20_000


def main() -> None:
    """Run the command line and end the process with its exit code."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    from asayer_cli.cli.boundary import run  # noqa: PLC0415 - keeps `import asayer_cli.__main__` free of effects

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
