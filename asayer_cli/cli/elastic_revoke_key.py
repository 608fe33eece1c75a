"""`elastic revoke-key`: end an API key, named by its id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import click

from asayer_cli.cli.base import command, dry_run_option, secret_store_option, yes_option
from asayer_cli.cli.elastic_login import access_options, changing
from asayer_cli.result import Result

if TYPE_CHECKING:
    from asayer_cli.cli.app import App
    from asayer_cli.cli.elastic_login import Access
    from asayer_cli.elastic.connection import Cluster
    from asayer_cli.elastic.revocation import Revocation, RevocationPlan
    from asayer_cli.integrations import ElasticAddress

_DASHED_ID: Final = re.compile(r"-[\w-]{19,21}", re.ASCII)


class _TakesAnyId(click.Command):
    """Takes ids that begin with a dash, as those of Elasticsearch may, for what they are."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = {option for parameter in self.params for option in parameter.opts}
        ids = [word for word in args if _DASHED_ID.fullmatch(word) and word not in options]
        if ids and "--" not in args:
            args = [*(word for word in args if word not in ids), "--", *ids]
        return super().parse_args(ctx, args)


@command("revoke-key", cls=_TakesAnyId)
@click.argument("key_id", metavar="ID")
@access_options("User who revokes the key: its owner, or one who manages everybody's; asked for on a terminal.")
@click.option("--made-elsewhere", is_flag=True, help="Revoke it though asayer-cli did not make it.")
@click.option("--in-use", is_flag=True, help="Revoke it though a profile of this machine uses it.")
@secret_store_option
@dry_run_option
@yes_option
def revoke_key(
    app: App,
    access: Access,
    key_id: str,
    secret_store: str | None,
    *,
    made_elsewhere: bool,
    in_use: bool,
    dry_run: bool,
    yes: bool,
) -> Result:
    """Revoke an API key for good, and forget its secret on this machine.

    Shows first whose key it is, who made it and who on this machine uses it. The ids are in `elastic status`.

    \b
    asayer-cli elastic revoke-key 3vK0pXyTQtehpsyBnM1L --dry-run
    """
    from asayer_cli.errors import NotConfiguredError, UsageError

    if not key_id.strip():
        raise UsageError("The key's id is empty.", hint="The ids are in: asayer-cli elastic status.")
    app.secret_store = secret_store or ""
    address = access.address(app.settings())
    if not address.url and not address.cloud_id:
        raise NotConfiguredError(
            f"Profile {app.profile} leads to no Elasticsearch cluster.",
            hint=f"Give --url, or name another profile: elastic revoke-key {key_id} --profile NAME.",
        )
    cluster = access.connect(app, address, access.login(app, "revokes the key"))
    try:
        with changing(app, dry_run=dry_run):
            revocation = _revocation(app, address, cluster, key_id.strip())
            known = revocation.find()
            for line in revocation.facts(known):
                app.console.explain(line)
            plan = revocation.plan(known, made_elsewhere=made_elsewhere, in_use=in_use)
            return _carry_out(app, revocation, plan, dry_run=dry_run, yes=yes)
    finally:
        cluster.close()


def _revocation(app: App, address: ElasticAddress, cluster: Cluster, key_id: str) -> Revocation:
    from asayer_cli.cli.elastic_making import held
    from asayer_cli.elastic.api_keys import ApiKeys
    from asayer_cli.elastic.creator import introduce
    from asayer_cli.elastic.revocation import Revocation, Revoker

    introduce(cluster, app.console)
    return Revocation(Revoker(ApiKeys(cluster), held(app, app.settings(), address), app.console), key_id)


def _carry_out(app: App, revocation: Revocation, plan: RevocationPlan, *, dry_run: bool, yes: bool) -> Result:
    if plan.changes_something:
        app.console.explain("Plan:")
    for line in plan.lines():
        app.console.explain(line)
    if dry_run:
        return Result(revocation.outcome(plan, done=False))
    if plan.revokes and not app.confirm("Revoke it for good?", yes=yes):
        raise click.Abort
    return Result(revocation.carry_out(plan))
