# ruff: noqa: INP001 - a folder for PYTHONPATH, not a package
"""Runs first in every Python that a launched program starts; then runs the sitecustomize that it hides.

Any version of Python may meet it, so it is written in what all versions share.
"""

import os
import sys

_folder = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - as above

if sys.version_info >= (3, 9):  # noqa: UP036 - as above
    try:
        import asayer_startup  # type: ignore[import-not-found]

        asayer_startup.begin(_folder)
    except Exception as error:  # noqa: BLE001 - the program starts, whatever happens here
        sys.stderr.write("asayer propagation is not installed: %r\n" % (error,))  # noqa: UP031 - as above

_hidden_by = sys.modules.pop("sitecustomize", None)
_shown = [entry for entry in sys.path if os.path.abspath(entry) == _folder]  # noqa: PTH100
for _entry in _shown:
    sys.path.remove(_entry)
try:
    import sitecustomize  # type: ignore[import-not-found]  # noqa: F401 - the next one on the path
except ImportError as error:
    if getattr(error, "name", None) not in (None, "sitecustomize"):
        raise
finally:
    sys.modules.setdefault("sitecustomize", _hidden_by)  # type: ignore[arg-type]
    sys.path[:0] = _shown
