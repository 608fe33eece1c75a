"""Put a page together from its parts: a template, style sheets, scripts, and what is shown."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from asayer_cli.output.sanitise import for_page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PARTS: Final = files("asayer_cli.output.page") / "parts"
_SLOT: Final = re.compile(r"\{\{([a-z_]+)\}\}")
_IN_SCRIPT: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "#": "\\u0023"})


def part(name: str) -> str:
    """Return the text of a template, style sheet or script that ships with the package."""
    return (_PARTS / name).read_text(encoding="utf-8")


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template with each `{{name}}` replaced by its value, which is HTML; KeyError for one that has none."""
    return _SLOT.sub(lambda match: values[match[1]], template)


def frame(template: str, styles: Sequence[str], scripts: Sequence[str]) -> tuple[str, str]:
    """Return a page's beginning and end, with `{{title}}` and the like still open, for the data to stand between.

    The page may run and style nothing but what is here, known by its hash, and may load nothing from anywhere.
    """
    style = "\n".join(part(name) for name in styles)
    body = "\n".join(part(name) for name in scripts)
    script = f'(() => {{\n"use strict";\n{body}\n}})();\n'
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    text = part(template)
    for slot, value in (("policy", policy), ("style", style), ("script", script)):
        text = text.replace(f"{{{{{slot}}}}}", value)
    begin, _, end = text.partition("{{data}}")
    return begin, end


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def escaped(text: str) -> str:
    """Return text from anywhere as HTML that only shows it, and that holds no workflow command of a CI system."""
    return html.escape(for_page(text)).replace("::", "&#58;&#58;").replace("##", "&#35;&#35;")


def as_data(value: object) -> str:
    """Return JSON that can stand in a script element and in a CI system's log; its texts went through `for_page`."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_IN_SCRIPT)


def data_block(identifier: str, value: object) -> str:
    """Return a script element that holds data, which the page's script reads by its id and nobody runs."""
    return f'<script type="application/json" id="{identifier}">{as_data(value)}</script>\n'
