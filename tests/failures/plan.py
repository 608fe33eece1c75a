"""The plan, made from a run in which nothing fails: everything that it does, times everything that can go wrong."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from asayer_cli.exit_codes import ExitCode
from asayer_cli.sandbox.faults import Fault
from tests.failures.world import Services, World, world

if TYPE_CHECKING:
    from tests.conftest import Run
    from tests.failures.scenarios import Scenario

# Beyond what any of our retries bear; what is denied, or full, or locked, stays so until the next run.
_OFTEN: Final = 5
_ALWAYS: Final = 99
_TIMEOUT_SECONDS: Final = 1
# so that the traces are among what is looked through for secrets
_TRACED: Final = {"ASAYER_DEBUG": "1"}
IN_THE_SERVICE: Final = {
    "cut before": ("cut_before", _OFTEN, 0.0),
    "cut after": ("cut_after", _OFTEN, 0.0),
    "500": ("error_500", _OFTEN, 0.0),
    "throttled": ("throttle", _OFTEN, 0.0),
    "slow": ("slow", 1, _TIMEOUT_SECONDS + 0.6),
    "denied": ("denied", _ALWAYS, 0.0),
}
IN_THE_PROCESS: Final = {
    "refused": "refused",
    "killed": "killed",
    "disk full": "disk_full",
    "keyring locked": "keyring_locked",
}
KINDS: Final = (*IN_THE_SERVICE, *IN_THE_PROCESS)
_SAYS_WHAT_NEXT: Final = re.compile(
    r"asayer-cli [a-z]|aws iam |[Rr]un (?:it|this|the (?:same|command))\b|--[a-z]|\bASAYER_|\bAsk |\bTry ",
)
_OF_ONE_MORE_RUN: Final = frozenset({"two_keys"})


@dataclass(frozen=True)
class Case:
    """One failure: the `number`-th thing that a scenario does (`step`) meets a failure of a `kind`.

    `before` is how many steps of the same name come before it.
    """

    scenario: Scenario
    kind: str
    number: int
    step: str
    before: int

    def __str__(self) -> str:
        return f"{self.scenario.name}: {self.kind} at {self.number} {self.step}"


@dataclass(frozen=True)
class Outcome:
    """How a case ended: the exit codes of the run that failed and of the one after it, and what is wrong, if anything.

    `unheld` counts keys that nobody holds, `leaks` places where a secret shows.
    """

    case: Case
    code: int
    error: str
    code_again: int
    problems: tuple[str, ...]
    unheld: int
    leaks: int


def cases_of(scenario: Scenario, services: Services) -> list[Case]:
    """Run a scenario without a failure, with either secret store, and return all of its cases."""
    steps = _steps(scenario, services, keyring=True) | _steps(scenario, services, keyring=False)
    return [
        Case(scenario, kind, number, step, Counter(steps[kind][:number])[step])
        for kind in KINDS
        for number, step in enumerate(steps[kind])
    ]


def _steps(scenario: Scenario, services: Services, *, keyring: bool) -> dict[str, list[str]]:
    """Return what a run did that each kind of failure may strike."""
    with world(services, keyring=keyring) as case_world:
        scenario.prepare(case_world)
        services.forget_calls()
        run, events = case_world.run(*scenario.arguments(case_world))
        assert run.code == 0, run.out + run.err
        assert scenario.missing(case_world) == []
        calls = [f"{service}:{operation}" for service, operation in services.calls()]
    seen = [event.partition(" ") for event in events]
    if keyring:
        return {"keyring locked": [step for kind, _, step in seen if kind == IN_THE_PROCESS["keyring locked"]]}
    struck = {kind: name for kind, name in IN_THE_PROCESS.items() if kind != "keyring locked"}
    in_the_process = {kind: [step for word, _, step in seen if word == name] for kind, name in struck.items()}
    return {**dict.fromkeys(IN_THE_SERVICE, calls), **in_the_process}


def carry_out(case: Case, services: Services) -> Outcome:
    """Let it fail, look at what is said, run it once more, and look at what there is."""
    with world(services, keyring=case.kind == "keyring locked") as case_world:
        case.scenario.prepare(case_world)
        failed = _fail(case, case_world)
        services.order()
        again = case_world.run(*case.scenario.arguments(case_world))[0]
        problems = [*_wrong_words(failed, killed=case.kind == "killed"), *case.scenario.missing(case_world)]
        problems += _wrong_end(again)
        alive = [key for key, lives in services.api_keys(case_world.name).items() if lives]
        unheld = {*case_world.keys, *alive} - {*case_world.held("aws"), *case_world.held("elastic")}
        leaks = case_world.leaks()
        problems += [f"a secret in {place}" for place in leaks]
        forgets = case.scenario.name == "integrations remove"
        return Outcome(
            case=case,
            code=failed.code,
            error=_code(failed),
            code_again=again.code,
            problems=tuple(problems),
            unheld=0 if forgets else len(unheld),
            leaks=len(leaks),
        )


def _fail(case: Case, case_world: World) -> Run:
    arguments = case.scenario.arguments(case_world)
    if case.kind in IN_THE_PROCESS:
        return case_world.run(*arguments, strike=(IN_THE_PROCESS[case.kind], case.number), env=_TRACED)[0]
    kind, times, seconds = IN_THE_SERVICE[case.kind]
    service, _, operation = case.step.partition(":")
    case_world.services.order(Fault(service, operation, kind, times, case.before, seconds))  # type: ignore[arg-type]
    hurry = {"ASAYER_TIMEOUT": f"{_TIMEOUT_SECONDS}s"} if case.kind == "slow" else {}
    return case_world.run(*arguments, env=_TRACED | hurry)[0]


def _wrong_words(run: Run, *, killed: bool) -> list[str]:
    """Return what is wrong about what a run that failed says: it names the step, and what to do next."""
    if killed and run.code == -9:
        return []
    problems = [f"exit code {run.code}"] if run.code not in set(ExitCode) or run.code == ExitCode.BUG else []
    problems += ["a traceback"] if "Traceback" in run.err else []
    if run.code == 0:
        return problems
    envelope = json.loads(run.out)
    (error,) = envelope["errors"]
    said = " ".join([error["message"], error["hint"], *(message["text"] for message in envelope["messages"])])
    if not _SAYS_WHAT_NEXT.search(said):
        problems.append(f"does not say what to do next: {said}")
    return problems


def _wrong_end(run: Run) -> list[str]:
    if run.code == 0 or _code(run) in _OF_ONE_MORE_RUN:
        return []
    return [f"one more run ends with {run.code}: {_message(run)}"]


def _code(run: Run) -> str:
    return "" if run.code in (0, -9) else str(json.loads(run.out)["errors"][0]["code"])


def _message(run: Run) -> str:
    return str(json.loads(run.out)["errors"][0]["message"]) if run.out else run.err
