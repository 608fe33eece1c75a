"""What a key can and cannot do, asked with the key itself, in ways that cannot write; a refusal is an answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from asayer_cli.aws.errors import translated
from asayer_cli.aws.identity import who_am_i_anywhere
from asayer_cli.aws.reading import may_write, read_once
from asayer_cli.aws.status_model import Ability, Answer
from asayer_cli.entries import Window
from asayer_cli.errors import AsayerError, CredentialsRejectedError, PermissionDeniedError, UsageError
from asayer_cli.together import together

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from asayer_cli.aws.session import AwsSession

ACCEPTED: Final = "be_accepted"
LIST: Final = "list_log_groups"
READ: Final = "read_log_group"
WRITE: Final = "write_log_events"


def abilities_of(session: AwsSession, user_name: str, groups: Sequence[str]) -> tuple[Ability, ...]:
    """Return what the session's key may do in its region, and may not; never raises for what AWS or the network says.

    Without a region only whose key it is.
    """
    accepted = _accepted(session, user_name)
    if accepted.answer is not Answer.YES or not session.region:
        return (accepted,)
    questions: list[Callable[[], Ability]] = [partial(_may_list, session)]
    questions += [partial(_may_read, session, group) for group in groups]
    questions.append(partial(_may_not_write, session, groups[0] if groups else ""))
    return (accepted, *together(questions))


def _accepted(session: AwsSession, user_name: str) -> Ability:
    try:
        identity = who_am_i_anywhere(session, session.region)
    except CredentialsRejectedError as error:
        return Ability(ACCEPTED, Answer.NO, as_wanted=False, sentence=error.message.rstrip("."))
    except AsayerError as error:
        return _unknown(ACCEPTED, "whose key it is", error)
    is_users = identity.arn.rpartition("/")[2].lower() == user_name.lower()
    whose = f"AWS accepts it, as {identity.arn} in account {identity.account}"
    text = whose if is_users else f"{whose}: that is not the user {user_name}"
    return Ability(ACCEPTED, Answer.YES, as_wanted=is_users, sentence=text)


def _may_list(session: AwsSession) -> Ability:
    def ask() -> None:
        with translated("logs:DescribeLogGroups", region=session.region):
            session.client("logs", session.region).describe_log_groups(limit=1)

    return _granted(LIST, f"list the log groups in {session.region}", ask)


def _may_read(session: AwsSession, group: str) -> Ability:
    now = datetime.now(UTC)
    span = Window(now - timedelta(minutes=1), now)
    return _granted(READ, f"read {group}", partial(read_once, session, group, span))


def _granted(what: str, act: str, ask: Callable[[], object]) -> Ability:
    try:
        ask()
    except PermissionDeniedError:
        return Ability(what, Answer.NO, as_wanted=False, sentence=f"it may not {act}, and the collector needs that")
    except CredentialsRejectedError:
        refusal = "CloudWatch Logs does not accept it there: a region that is not enabled, or a key that is very new"
        return Ability(what, Answer.NO, as_wanted=False, sentence=f"it cannot {act}: {refusal}")
    except UsageError as error:
        if error.code != "not_found":
            return _unknown(what, f"whether it may {act}", error)
        return Ability(what, Answer.UNKNOWN, as_wanted=False, sentence=f"it cannot {act}: there is no such log group")
    except AsayerError as error:
        return _unknown(what, f"whether it may {act}", error)
    return Ability(what, Answer.YES, as_wanted=True, sentence=f"it may {act}")


def _may_not_write(session: AwsSession, group: str) -> Ability:
    try:
        writes = may_write(session) or bool(group and may_write(session, group))
    except AsayerError as error:
        return _unknown(WRITE, "whether it may write log events", error)
    if writes:
        text = "it may write log events, and the collector needs to read only"
        return Ability(WRITE, Answer.YES, as_wanted=False, sentence=text)
    return Ability(WRITE, Answer.NO, as_wanted=True, sentence="it may not write log events")


def _unknown(what: str, question: str, error: AsayerError) -> Ability:
    return Ability(
        what, Answer.UNKNOWN, as_wanted=True, sentence=f"{question} could not be asked: {error.message.rstrip('.')}"
    )
