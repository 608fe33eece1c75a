"""`audit`: what this program has changed from this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from asayer_cli.cli.base import command
from asayer_cli.cli.types import MOMENT, NAMES
from asayer_cli.result import Result

if TYPE_CHECKING:
    from datetime import datetime

    from asayer_cli.cli.app import App


@command("audit", outputs=("text", "json", "csv", "plain"))
@click.option(
    "--since", type=MOMENT, metavar="TIME", help="Only changes begun since then: an age such as 30d, or ISO 8601."
)
@click.option("--account", default="", metavar="ID", help="Only changes of this AWS account id or cluster URL.")
@click.option(
    "--action",
    type=NAMES,
    multiple=True,
    metavar="NAME",
    help="Only this action, such as iam:CreateAccessKey or 'elastic.*'; repeatable.",
)
def group(app: App, since: datetime | None, account: str, action: tuple[str, ...]) -> Result:
    """List every change that asayer-cli has made from this machine, the newest last.

    It reads the journal that is written before and after each change, asks nobody, and knows no secret. A change of
    unknown outcome was begun and never ended: the program was cut off.

    \b
    asayer-cli audit --since 30d
    asayer-cli audit --action 'iam:*' -o json
    """
    from asayer_cli.audit import Wanted, stream

    return Result(stream(app.journal(), Wanted(since, account, action)))
