"""`completions`: the script that completes commands and options in a shell."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")
# In zsh, click's script knows that it was autoloaded only while it is loading, so that the second Tab does nothing.
_WHILE_LOADING = "$zsh_eval_context[-1] == loadautofunc"
_WHENEVER_CALLED = '$funcstack[1] == "_asayer-cli"'


def completion_script(shell: str) -> str:
    """Return the completion script for a shell."""
    from click.shell_completion import get_completion_class

    from asayer_cli.cli.root import COMPLETION_VARIABLE, PROGRAM, root

    completer = get_completion_class(shell)
    if completer is None:
        raise ValueError(f"no completion for {shell}")
    source = completer(root, {}, PROGRAM, COMPLETION_VARIABLE)
    script = source.source_template % source.source_vars()
    return script.replace(_WHILE_LOADING, _WHENEVER_CALLED)


@click.command("completions")
@click.argument("shell", type=click.Choice(SHELLS))
def group(shell: str) -> None:
    """Print the completion script for a shell.

    \b
    bash:  asayer-cli completions bash > ~/.local/share/bash-completion/completions/asayer-cli
    zsh:   asayer-cli completions zsh > "${fpath[1]}/_asayer-cli"
    fish:  asayer-cli completions fish > ~/.config/fish/completions/asayer-cli.fish
    """
    click.echo(completion_script(shell))
