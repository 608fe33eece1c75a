"""Parameter types: durations, moments and session ids, with errors that say how to write them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:  # generic only in newer versions of click
    _ParamType = click.ParamType


class _Duration(_ParamType):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> object:  # noqa: ANN401 - click's signature
        from asayer_cli.times import parse_duration

        try:
            return parse_duration(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Moment(_ParamType):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> object:  # noqa: ANN401 - click's signature
        from datetime import UTC, datetime

        from asayer_cli.times import parse_moment

        try:
            return parse_moment(value, datetime.now(UTC)) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _SessionId(_ParamType):
    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> object:  # noqa: ANN401 - click's signature
        from asayer_cli.session_id import SessionId

        try:
            return SessionId.parse(value.strip()) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(f"{value!r} is no session id: {error}", param, ctx)


class _Number(click.FloatRange):
    """A number in a range; `nan`, which Python takes for one, is in none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's signature
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value!r} is no number.", param, ctx)
        return number


class _Names(_ParamType):
    """One name on the command line, several, parted by commas, in the environment."""

    name = "name"
    envvar_list_splitter = ","

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> object:  # noqa: ANN401, ARG002 - click's signature
        return value.strip()


NAMES = _Names()
DURATION = _Duration()
MOMENT = _Moment()
SESSION_ID = _SessionId()
PERCENT = _Number(0, 100)
DOLLARS = _Number(min=0)
