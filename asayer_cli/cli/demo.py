"""`demo`: the whole way, from nothing to a proven integration, in the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asayer_cli.cli.base import command
from asayer_cli.result import Result

if TYPE_CHECKING:
    from asayer_cli.cli.app import App


@command("demo", outputs=("text",))
def group(app: App) -> Result:
    """Show the whole way in the sandbox, in under a minute.

    No account and no cluster is needed, and nothing is left behind. Runs aws setup, aws log-groups, elastic create-key
    and integrations show, logs two errors as an application would, and verifies that the collector would take them.
    Needs the extra: pip install 'asayer-cli[sandbox]'.
    """
    from asayer_cli.cli.sandbox import sandbox_environment
    from asayer_cli.errors import CheckFailedError
    from asayer_cli.sandbox.demo import NotTheSandboxError, play

    app.console.say("Starting a local AWS and a local Elasticsearch with sample logs ...")
    with sandbox_environment(app) as environ:
        try:
            failed = play(environ, app.console.say)
        except NotTheSandboxError as error:
            raise CheckFailedError(str(error), code="not_the_sandbox") from error
    if failed:
        raise CheckFailedError(f"The demo stopped at {failed}.", hint="Please report it, with what is printed above.")
    app.console.say("\nThat was all of it. On your own account: asayer-cli aws setup, then the same steps.")
    return Result()
