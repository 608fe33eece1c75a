"""The judge itself: whatever is wrong with one line among many does not escape it."""

from __future__ import annotations

import pytest

from tests.programs import judge, plan

FIRST = 4115998585001083008
LEAST = {"fail": ("order=# begins", "ValueError")}
REQUESTS = plan.plan({"fail": 2, "plain": 1}, 60, FIRST)
ASKED = next(request for request in REQUESTS if request.kind == "fail" and request.session_id)
OTHER = REQUESTS[40]


def output() -> list[str]:
    lines = ["[1] the server starts"]
    for request in REQUESTS:
        tag = f"[asayer_session_id={request.session_id}] " if request.session_id else ""
        lines.append(f"{tag}INFO order={request.number} begins")
        if request.kind == "fail":
            lines += [f"{tag}Traceback (most recent call last):", f'{tag}  File "shop.py", line 7']
            lines.append(f"{tag}ValueError: order={request.number} bad card")
    return lines


def test_nothing_is_wrong_with_right_lines() -> None:
    verdict = judge.judge(output(), REQUESTS, LEAST)
    assert verdict.wrong == []
    assert verdict.lines == len(output())


def test_json_lines_are_judged_by_their_message() -> None:
    right = '{"message": "[asayer_session_id=%s] INFO order=%s begins", "error": {"stack_trace": "x"}}'
    line = judge.read(right % (7, 7))
    assert (line.session_id, line.numbers) == ("7", frozenset({"7"}))


TAG = f"[asayer_session_id={ASKED.session_id}] "
TRACE = f'{TAG}  File "shop.py", line 7'


@pytest.mark.parametrize(
    ("line", "instead", "found"),
    [
        (f"{TAG}INFO order={ASKED.number} begins", f"INFO order={ASKED.number} begins", "no id"),
        (TRACE, TRACE.removeprefix(TAG), "no id"),
        (TRACE, TRACE.replace(str(ASKED.session_id), str(OTHER.session_id)), "another's id"),
        (TRACE, TRACE.replace(str(ASKED.session_id), "5"), "another's id"),
        (TRACE, TAG + TRACE, "another's id"),
        (TRACE, f"x{TRACE}", "another's id"),
        (TRACE, None, "missing"),
        (f"INFO order={REQUESTS[10].number} begins", f"{TAG}INFO order={REQUESTS[10].number} begins", "another's id"),
    ],
)
def test_one_wrong_line_is_found(line: str, instead: str | None, found: str) -> None:
    lines = output()
    place = lines.index(line)
    lines[place : place + 1] = [] if instead is None else [instead]
    assert any(text.startswith(found) for text in judge.judge(lines, REQUESTS, LEAST).wrong)


def test_a_program_that_leaves_a_line_out_for_all_is_found() -> None:
    lines = [line for line in output() if "ValueError" not in line]
    assert judge.judge(lines, REQUESTS, LEAST).wrong == ["missing: no line of a request /fail has 'ValueError'"]
