"""`elastic`: the API key that the product reads Elasticsearch with."""

from __future__ import annotations

import click

from asayer_cli.cli.elastic_create_key import create_key
from asayer_cli.cli.elastic_status import status


@click.group("elastic")
def group() -> None:
    """Make, show, rotate and revoke the API key that the product reads Elasticsearch with."""


group.add_command(create_key)
group.add_command(status)
