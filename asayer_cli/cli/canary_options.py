"""What `verify` takes for a canary: its options, in a section of their own, and what they rule out."""

from __future__ import annotations

import functools
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asayer_cli.canary.order import Order
    from asayer_cli.cli.app import App
    from asayer_cli.tag import TagConvention

MOST: Final = 20
# From an event's arrival to its being found, no bound is documented; some minutes are seen.
CANARY_WAIT: Final = timedelta(minutes=3)
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:  # generic only in newer versions of click
    _ParamType = click.ParamType


class _Line(_ParamType):
    """One text on the command line, several, one a line, in the environment."""

    name = "text"
    envvar_list_splitter = "\n"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> object:  # noqa: ANN401, ARG002 - click's signature
        return value


_LINE: Final = _Line()
_OPTIONS: Final = (
    click.option(
        "--canary",
        metavar="URL",
        help="Send a request to this route, which logs one error, and follow it into the log stores.",
    ),
    click.option("--origin", metavar="ORIGIN", help="Send it as a page of this origin would, after a CORS preflight."),
    click.option(
        "--method", type=click.Choice(METHODS), default="GET", show_default=True, help="Method of the request."
    ),
    click.option(
        "--header", type=_LINE, multiple=True, metavar="'NAME: VALUE'", help="One more header; none is secret."
    ),
    click.option(
        "--header-from-env",
        type=_LINE,
        multiple=True,
        metavar="NAME=VARIABLE",
        help="One more header, its value, a secret, from an environment variable. ASAYER_CANARY_SECRET, where it is "
        "set, goes into X-Asayer-Canary.",
    ),
    click.option(
        "--expect-status",
        type=click.IntRange(200, 599),
        metavar="STATUS",
        help="Status that the route answers with; 500 or 200 to 299 when not given.",
    ),
    click.option(
        "--canary-count",
        type=click.IntRange(1, MOST),
        default=1,
        show_default=True,
        help="Requests to send, each with an id of its own that must arrive.",
    ),
)
_NAMES: Final = frozenset({"canary", "origin", "method", "header", "header_from_env", "expect_status", "canary_count"})
_NOT_WITH_CANARY: Final = ("session", "since", "until", "min_entries", "allow_empty")


class Sectioned(click.Command):
    """A command whose help has the canary's options in a section of their own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write both sections."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": [], "Options for a canary": []}
        for param in self.get_params(ctx):
            if record := param.get_help_record(ctx):
                sections["Options for a canary" if param.name in _NAMES else "Options"].append(record)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def canary_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options; its function gets them in `canary_params`, a mapping by name."""

    @functools.wraps(function)
    def run(app: App, **params: Any) -> Any:  # noqa: ANN401 - click's own values
        mine = {name: params.pop(name) for name in _NAMES}
        return function(app, **params, canary_params=mine)

    made: Any = run
    # click keeps options in the reverse of their order; those of the canary come last
    own, made.__click_params__ = made.__click_params__, []
    for option in reversed(_OPTIONS):
        made = option(made)
    made.__click_params__ += own
    return made  # type: ignore[no-any-return]


def refuse_combinations(ctx: click.Context, canary_params: Mapping[str, Any]) -> None:
    """Raise UsageError for options that say nothing about a canary, or that nothing but a canary has.

    What only the environment has, for other runs perhaps, is no contradiction.
    """
    from asayer_cli.errors import UsageError

    def typed(name: str) -> bool:
        return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE

    if canary_params["canary"] is None:
        if given := next((name for name in sorted(_NAMES) if typed(name)), None):
            raise UsageError(
                f"--{given.replace('_', '-')} is about a canary, and there is none.",
                hint="Name its route: --canary https://api.example.com/asayer-canary.",
                code="canary_options",
            )
        return
    if other := next((name for name in _NOT_WITH_CANARY if typed(name)), None):
        raise UsageError(
            f"--{other.replace('_', '-')} and --canary exclude each other.",
            hint="A canary has ids and a window of its own, and each must arrive. Leave one of the two out.",
            code="canary_options",
        )


def order_of(app: App, canary_params: Mapping[str, Any], convention: TagConvention, *, allow_http: bool) -> Order:
    """Return what is to be sent; UsageError for what cannot be."""
    from asayer_cli.canary import order

    session_header = convention.headers[0]
    headers = order.parse_headers(canary_params["header"], session_header)
    placed = order.Order(
        place=order.parse_url(canary_params["canary"]),
        session_header=session_header,
        method=canary_params["method"],
        origin=order.parse_origin(canary_params["origin"]) if canary_params["origin"] else "",
        headers=headers,
        secrets=order.parse_secret_headers(canary_params["header_from_env"], session_header, headers, app.environ),
        expected=canary_params["expect_status"],
        count=canary_params["canary_count"],
    )
    order.refuse_plain_http(placed, allowed=allow_http)
    return placed
