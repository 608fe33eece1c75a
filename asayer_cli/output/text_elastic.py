"""Elasticsearch's API keys for people."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Final

from rich.text import Text

from asayer_cli.elastic.key_plan import describe
from asayer_cli.elastic.key_request import revoke_form
from asayer_cli.elastic.model import CreateKeyOutcome, KeyAction, KeyReport, RequestForms
from asayer_cli.entries import rfc3339
from asayer_cli.output.facts import fact_grid
from asayer_cli.output.next_steps import next_lines
from asayer_cli.profile_option import for_profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

_SHOWN: Final = 8
_NAME_WIDTH: Final = 11
_DONE: Final = {
    KeyAction.CREATE: "API key {name} is made and proved.",
    KeyAction.ADOPT: "API key {name} of an interrupted run is taken over and proved.",
    KeyAction.KEEP: "API key {name} is in place and works: {rest}.",
}


@singledispatch
def render(data: object) -> Iterator[RenderableType]:
    """Yield what to print for a result's data."""
    raise TypeError(f"{type(data).__name__} has no text form")


@render.register(RequestForms)
def _(data: RequestForms) -> Iterator[RenderableType]:
    yield Text("In Kibana, Dev Tools > Console:", style="bold")
    yield Text(data.dev_tools)
    yield Text()
    yield Text("Or in a shell; curl asks for the password:", style="bold")
    yield Text(data.curl)
    yield Text()
    yield Text(
        "The answer's id and api_key are what Preferences > Integrations asks for; api_key is shown only once.",
        style="dim",
    )


@render.register(CreateKeyOutcome)
def _(data: CreateKeyOutcome) -> Iterator[RenderableType]:
    if not data.done and data.action is not KeyAction.KEEP:
        yield Text("Dry run: nothing was changed.")
        return
    change = "are changed" if data.done else "would be changed"
    rest = f"only the settings that lead to it {change}" if data.settings_change else "nothing to do"
    yield Text(_DONE[data.action].format(name=data.name, rest=rest), style="bold")
    yield _line("API key ID", data.api_key_id)
    yield _line("indexes", ", ".join(data.indexes))
    expires = rfc3339(data.expires_at) if data.expires_at else "never (give --expires-in to limit its life)"
    yield _line("expires", expires)
    if data.report:
        yield from _report(data.report)
    if data.action is not KeyAction.KEEP:
        yield _line("secret", f"in {data.secret_store}")
    yield from _revocation(data)
    of = for_profile(data.profile)
    yield from next_lines((f"asayer-cli integrations show{of}", f"asayer-cli verify{of}"))


def _report(report: KeyReport) -> Iterator[RenderableType]:
    yield _line("accepted", f"as API key {report.api_key_id} of {report.made_by}")
    yield _line("read", "allowed" if report.readable else "DENIED")
    yield _line("write", "ALLOWED" if report.writable else "denied")
    names = [match.name for match in report.matches]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    yield _line("matches", (", ".join(names[:_SHOWN]) or "no index yet") + more)


def _revocation(data: CreateKeyOutcome) -> Iterator[RenderableType]:
    if data.former:
        yield Text()
        yield _line("still valid", f"{data.former.api_key_id} on {data.former.url}; this profile led there before")
        yield Text("Once nothing uses it, revoke it in the Dev Tools of that cluster's Kibana:")
        yield Text(revoke_form([data.former.api_key_id]))
        yield Text()
    known = (*data.to_revoke, *data.cleaned_up, data.api_key_id)
    others = [record for record in data.existing if record.id not in known]
    if others and data.action is not KeyAction.KEEP:
        yield _line("others", "keys of the same name, valid and perhaps in use; leave them unless you know better:")
        for record in others:
            yield _line("", describe(record))
    if not data.to_revoke:
        return
    yield Text()
    yield _line("still valid", ", ".join(data.to_revoke))
    who = f" as {data.report.made_by}" if data.report else ""
    yield Text("Once the product has the new key, revoke what is still valid:")
    yield Text(f"  asayer-cli elastic rotate-key --revoke-old{for_profile(data.profile)}")
    yield Text(f"Or in Kibana's Dev Tools{who}:")
    yield Text(data.revoke_request)
    yield Text()


def _line(name: str, value: str) -> Table:
    return fact_grid([(name, value)], _NAME_WIDTH)


from asayer_cli.output import text_elastic_life  # noqa: E402, F401 - registers its own forms of `render`
