"""The option that leads a command to a profile, for hints that people copy."""

from __future__ import annotations

import shlex

from asayer_cli.settings import DEFAULT_PROFILE


def for_profile(profile: str) -> str:
    """Return ` --profile NAME`, empty for the default profile."""
    return "" if profile == DEFAULT_PROFILE else f" --profile {shlex.quote(profile)}"
