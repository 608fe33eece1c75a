"""The world as a command sees it: streams, environment, settings; made once for each run, replaced in tests."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from asayer_cli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from asayer_cli.journal import Journal
    from asayer_cli.network import Network
    from asayer_cli.output.console import Console
    from asayer_cli.secret_store import SecretStore
    from asayer_cli.settings import Settings


@dataclass
class App:
    """One run of the program.

    `command`, `output` and where reports go (`report_file`, `summary_file`) are known once the command line is parsed.
    """

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    command: str = ""
    profile: str = "default"
    output: str = "text"
    color: str = "auto"
    secret_store: str = ""
    report_file: Path | None = None
    summary_file: Path | None = None
    verbose: bool = False
    quiet: bool = False
    debug: bool = False
    _console: Console | None = None

    @property
    def console(self) -> Console:
        """Where messages and progress go."""
        if self._console is None:
            from asayer_cli.output.console import Console

            self._console = Console(
                environ=self.environ, color=self.color, verbose=self.verbose, quiet=self.quiet, debug=self.debug
            )
        return self._console

    def close(self) -> None:
        """End what the run began in this process."""
        if self._console is not None:
            self._console.close()

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked: standard input and standard error are a terminal."""
        return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()

    @property
    def config_folder(self) -> Path:
        """The folder of settings (and of the secrets file, where that is chosen)."""
        from asayer_cli.settings import config_folder

        return config_folder(self.environ)

    def settings(self) -> Settings:
        """Read this run's settings; UsageError when the file is broken."""
        from asayer_cli.settings import load

        return load(self.profile, self.environ)

    def choose_network(self, *, ca_bundle: str = "", proxy: str = "", timeout: str = "") -> Network:
        """Let every connection of this run go as the options, or else the settings, say; UsageError for wrong ones."""
        from asayer_cli import network

        chosen = network.choose(self.settings(), ca_bundle=ca_bundle, proxy=proxy, timeout=timeout)
        network.use(chosen)
        return chosen

    def save(self, changes: Mapping[str, str | tuple[str, ...] | None]) -> Path:
        """Write settings of this run's profile."""
        from asayer_cli.settings_file import update

        return update(self.config_folder, self.profile, changes)

    def store(self, settings: Settings) -> SecretStore:
        """Open the secret store that the options, the environment or the settings choose."""
        from asayer_cli.secret_store import open_store

        choice = self.secret_store or settings.text("secret_store")
        return open_store(choice, self.config_folder, self.environ)

    def journal(self) -> Journal:
        """Open the journal of this machine's changes."""
        from asayer_cli.journal import Journal
        from asayer_cli.settings import state_folder

        return Journal(state_folder(self.environ) / "journal.jsonl")

    def exclusive(self, service: Literal["aws", "elastic"]) -> AbstractContextManager[None]:
        """Keep other runs from changing the keys of this run's profile while the block lasts; RefusedError."""
        from hashlib import sha256

        from asayer_cli.run_lock import exclusive
        from asayer_cli.settings import state_folder

        name = sha256(self.profile.encode()).hexdigest()[:16]  # a profile may be called what no file can be
        lock = state_folder(self.environ) / f"{service}-{name}.lock"
        return exclusive(lock, f"the {service} key of profile {self.profile}", self.console)

    def confirm(self, question: str, *, yes: bool) -> bool:
        """Ask before something is changed; without a terminal, UsageError that names `--yes`."""
        if yes:
            return True
        if not self.interactive:
            raise UsageError(
                "This needs a confirmation, and there is no terminal to ask on.",
                hint="Read the plan above; then run it again with --yes.",
                code="confirmation_needed",
            )
        import click

        return click.confirm(question, err=True)
