"""Pages for people: one file that needs no network, no server and no other file."""

from __future__ import annotations

from asayer_cli.output.page.coverage import coverage_page
from asayer_cli.output.page.session import write_session

__all__ = ["coverage_page", "write_session"]
