"""Two searches counted side by side: each entry once, nothing remembered, what comes in between settled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.collector import CloudWatchCollector
from asayer_cli.entries import LogEntry, moment
from asayer_cli.tag import Reason
from asayer_cli.verification.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asayer_cli.entries import Window

MESSAGES = ("[asayer_session_id=42] ERROR", "[asayer_session_id=42] fine", "[asayerSessionId=42] ERROR", "untagged")


def entry(number: int, millisecond: int, message: str) -> LogEntry:
    return LogEntry(moment(millisecond), message, "group stream", f"{number:04d}")


ENTRIES = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(MESSAGES), st.booleans(), st.booleans()), max_size=30)


def in_order(entries: Iterable[LogEntry]) -> list[LogEntry]:
    return sorted(entries, key=lambda one: (one.time, one.entry_id))


@given(ENTRIES)
def test_each_entry_counts_once(drawn: list[tuple[int, str, bool, bool]]) -> None:
    made = [(entry(number, *one[:2]), *one[2:]) for number, one in enumerate(drawn)]
    found = in_order(one for one, is_found, _ in made if is_found)
    suspects = in_order(one for one, is_found, is_both in made if is_both or not is_found)
    tally = Tally(CloudWatchCollector())
    tally.add_both(iter(found), iter(suspects), lambda _window: [])
    by_rule = [(one.message, is_found) for one, is_found, _ in made]
    assert tally.tagged == sum("asayer_session_id=" in message for message, _ in by_rule)
    assert tally.collectible == sum(message == MESSAGES[0] and is_found for message, is_found in by_rule)
    assert tally.rejected[Reason.UNSEARCHABLE_FIELD] == sum(
        message == MESSAGES[0] and not is_found for message, is_found in by_rule
    )
    assert tally.rejected[Reason.WRONG_TAG_NAME] == sum(message == MESSAGES[2] for message, _ in by_rule)


def test_many_that_come_in_between_are_settled_in_part() -> None:
    late = [entry(number, number // 10, MESSAGES[0]) for number in range(2_500)]
    asked: list[int] = []
    tally = Tally(CloudWatchCollector())

    def again(window: Window) -> Iterator[LogEntry]:
        asked.append(len(tally.hidden))
        return (one for one in late if one.time and window.start <= one.time < window.end and one.entry_id != "2400")

    tally.add_both([], late, again)
    assert asked == [1_000, 1_000, 500]
    assert (tally.collectible, dict(tally.rejected)) == (2_499, {Reason.UNSEARCHABLE_FIELD: 1})
