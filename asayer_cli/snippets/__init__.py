"""What to paste into an application: the files of this folder, as they are or for a vendored module."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PACKAGE: Final = "asayer_cli.propagation"
_FOLDER: Final = Path(__file__).parent
# Python that is pasted elsewhere is no module of this package: its files end in .txt
_FILES: Final = {
    "javascript": ("javascript.html", "html"),
    "python": ("python.py.txt", "python"),
    "flask": ("flask.py.txt", "python"),
    "django": ("django.py.txt", "python"),
    "fastapi": ("fastapi.py.txt", "python"),
    "celery": ("celery.py.txt", "python"),
    "lambda": ("lambda.py.txt", "python"),
    "cors": ("cors.py.txt", "python"),
    "nginx": ("nginx.conf", "nginx"),
}
SCRIPT_FILE: Final = _FOLDER / "asayer-propagate.js"
_VERIFY: Final = "Then let it log an error while a session is recorded, and prove it: asayer-cli verify."
_CANARY: Final = (
    "To prove the whole way: set ASAYER_CANARY_SECRET in the application, and run "
    "asayer-cli verify --canary https://YOUR-API/asayer-canary."
)
_SERVED: Final = "Serve it as your own scripts, and load it as printed here."
_NEXT: Final = {
    "javascript": ("Put asayer-propagate.js beside your own scripts: asayer-cli snippet javascript --vendor FILE.",),
    "cors": ("Take the part of your framework, and name the origins of your own pages.",),
    "nginx": ("Name your origins and addresses in it, then: nginx -t && nginx -s reload.",),
    **dict.fromkeys(("python", "celery"), (_VERIFY,)),
    **dict.fromkeys(("flask", "django", "fastapi", "lambda"), (_VERIFY, _CANARY)),
}


@dataclass(frozen=True, slots=True)
class Snippet:
    """What to paste: `text` in a `language` (the highlighter's name for it), and what to do then.

    `vendored` is the copy that it uses, where one was written along.
    """

    kind: str
    language: str
    text: str
    next_steps: tuple[str, ...] = field(default=(), metadata={"json": False})
    vendored: Path | None = None


def snippet(kind: str, module: str = PACKAGE, vendored: Path | None = None) -> Snippet:
    """Return the snippet of a kind.

    `module` is what Python imports, where a vendored one stands for the package; a `vendored` script is loaded by its
    file's name.
    """
    name, language = _FILES[kind]
    text = (_FOLDER / name).read_text(encoding="utf-8")
    if module != PACKAGE:
        text = text.replace(f"python -m {PACKAGE}", f"python {module}.py").replace(PACKAGE, module)
    if kind == "javascript" and vendored:
        return Snippet(kind, language, text.replace(SCRIPT_FILE.name, vendored.name), (_SERVED,), vendored)
    return Snippet(kind, language, text, _NEXT[kind], vendored)
