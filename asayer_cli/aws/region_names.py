"""The regions that the installed SDK knows, read from its data without importing it, which would be slow."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any, Final

# Each partition also has a pseudo region such as aws-global.
_REGION: Final = re.compile(r"[a-z]+(?:-[a-z]+)+-\d+", re.ASCII)


def region_names() -> dict[str, str]:
    """Return region names with what they are called ("Europe (Ireland)"); empty where the SDK's data cannot be read."""
    spec = importlib.util.find_spec("botocore")
    if spec is None or spec.origin is None:
        return {}
    try:
        text = (Path(spec.origin).parent / "data" / "partitions.json").read_text(encoding="utf-8")
        partitions: list[dict[str, Any]] = json.loads(text)["partitions"]
    except (OSError, ValueError, KeyError):
        return {}
    return {
        name: str(about.get("description", ""))
        for partition in partitions
        for name, about in sorted(partition.get("regions", {}).items())
        if _REGION.fullmatch(name)
    }
