"""`python -m asayer_cli.propagation -- COMMAND`: see `run`."""

from __future__ import annotations

import sys

from asayer_cli.propagation.run import main

if __name__ == "__main__":
    sys.exit(main())
