"""`elastic`: the API key that the product reads Elasticsearch with."""

from __future__ import annotations

import click

from asayer_cli.cli.elastic_create_key import create_key
from asayer_cli.cli.elastic_revoke_key import revoke_key
from asayer_cli.cli.elastic_rotate_key import rotate_key
from asayer_cli.cli.elastic_status import status


@click.group("elastic")
def group() -> None:
    """Make, show, rotate and revoke the API key that the product reads Elasticsearch with."""


group.add_command(create_key)
group.add_command(status)
group.add_command(rotate_key)
group.add_command(revoke_key)
