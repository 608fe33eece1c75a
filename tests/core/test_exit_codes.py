from __future__ import annotations

import itertools

import pytest

from asayer_cli import errors
from asayer_cli.exit_codes import MEANINGS, ExitCode, first_of

DOCUMENTED = (2, 3, 4, 5, 1, 6)


def test_the_first_of_two_that_hold_wins() -> None:
    for winner, loser in itertools.combinations(DOCUMENTED, 2):
        assert first_of([ExitCode(loser), ExitCode.OK, ExitCode(winner)]) == winner


def test_nothing_wrong_is_zero() -> None:
    assert first_of([]) == 0
    assert first_of(iter([ExitCode.OK, ExitCode.OK])) == 0


def test_an_interrupt_and_a_bug_are_never_hidden() -> None:
    assert first_of([ExitCode.USAGE, ExitCode.BUG]) is ExitCode.BUG
    assert first_of([ExitCode.BUG, ExitCode.INTERRUPTED]) is ExitCode.INTERRUPTED


def test_every_code_has_a_meaning_and_a_place_in_the_order() -> None:
    assert set(MEANINGS) == set(ExitCode)
    for code in ExitCode:
        assert first_of([code]) is code


@pytest.mark.parametrize(
    ("error", "code", "name"),
    [
        (errors.UsageError, 2, "usage"),
        (errors.NotConfiguredError, 3, "not_configured"),
        (errors.CredentialsRejectedError, 4, "credentials_rejected"),
        (errors.PermissionDeniedError, 4, "permission_denied"),
        (errors.UnreachableError, 5, "unreachable"),
        (errors.OutcomeUnknownError, 5, "outcome_unknown"),
        (errors.RefusedError, 1, "refused"),
        (errors.CheckFailedError, 1, "check_failed"),
        (errors.DeadlineError, 6, "not_there"),
    ],
)
def test_errors_have_stable_codes(error: type[errors.AsayerError], code: int, name: str) -> None:
    raised = error("what happened", hint="what to do")
    assert (raised.exit_code, raised.code, raised.message, raised.hint) == (code, name, "what happened", "what to do")
    assert error("x", code="other").code == "other"
