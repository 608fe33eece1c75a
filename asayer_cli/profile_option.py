"""The option that leads a command to a profile, for hints that people copy."""

from __future__ import annotations

import re
import shlex
from typing import Final

from asayer_cli.settings import DEFAULT_PROFILE

# A command of ours that works on a profile, as hints name it, and what else stands in the same command line.
_COMMAND: Final = re.compile(
    r"asayer-cli (?:verify|session|coverage|(?:aws|elastic|integrations|config) (?:[a-z]+-)*[a-z]+)(?![\w-])"
    r"(?P<rest>(?:(?!asayer-cli |[.;,)](?:\s|$)).)*)",
    re.DOTALL,
)


def for_profile(profile: str) -> str:
    """Return ` --profile NAME`, empty for the default profile."""
    return "" if profile == DEFAULT_PROFILE else f" --profile {shlex.quote(profile)}"


def led_to(profile: str, hint: str) -> str:
    """Return a hint whose commands lead to a profile, where they name none and it is not the default one."""

    def lead(found: re.Match[str]) -> str:
        rest = found["rest"]
        if "--profile" in rest or "--print-config" in rest:
            return found[0]
        return found[0].removesuffix(rest) + for_profile(profile) + rest

    return _COMMAND.sub(lead, hint) if for_profile(profile) else hint
