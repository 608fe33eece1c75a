"""`elastic`: the API key that the product reads Elasticsearch with."""

from __future__ import annotations

import click

from asayer_cli.cli.elastic_create_key import create_key


@click.group("elastic")
def group() -> None:
    """Give the product an API key for Elasticsearch."""


group.add_command(create_key)
