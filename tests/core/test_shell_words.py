"""Words of bash: what is written for it is read back by bash itself."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asayer_cli.shell_words import FISH, escaped, replacement, split_line

TEXT = st.text(st.characters(blacklist_characters="\0\n\r", blacklist_categories=["Cs"]), max_size=12)
TEXTS = st.lists(TEXT | st.text("a \"'$`\\!:=#~*{", max_size=8), min_size=1, max_size=8)


@settings(max_examples=60)
@given(TEXTS, st.sampled_from(["", "'", '"']))
def test_bash_reads_what_is_written(texts: list[str], quote: str) -> None:
    words = [f"{quote}{escaped(text, quote)}{quote}" or "''" for text in texts]
    script = f"printf '%s\\0' {' '.join(words)}"
    ended = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, check=True)
    assert ended.stdout.decode().split("\0")[:-1] == texts
    assert split_line(f"{' '.join(words)} ")[0] == texts


@pytest.mark.parametrize(
    ("line", "words", "text", "quote"),
    [
        ("a b", ["a"], "b", ""),
        ("a b ", ["a", "b"], "", ""),
        ("a 'b c", ["a"], "b c", "'"),
        ('a "b \\" c', ["a"], 'b " c', '"'),
        ("a '' \"\" b\\ c", ["a", "", ""], "b c", ""),
        ("a 'b'\\''c", ["a"], "b'c", "'"),
        ("a 'b\\", ["a"], "b\\", "'"),
        ("a b\\", ["a"], "b", ""),
    ],
)
def test_lines(line: str, words: list[str], text: str, quote: str) -> None:
    found, last = split_line(line)
    assert (found, last.text, last.quote) == (words, text, quote)


def test_fish_escapes_quotes_between_single_quotes() -> None:
    assert split_line("'it\\'s \\\\ \\n", FISH)[1].text == "it's \\ \\n"


@pytest.mark.parametrize(
    ("typed", "replaced", "wanted", "text"),
    [
        ("a:b", "b", "a:b c", r"b\ c"),
        ("a:b", "b", "x:b", None),
        ("--region=eu", "eu", "--region=eu-west-1", "eu-west-1"),
        ("'a:b", "a:b", "a:b'c", r"a:b'\''c"),
        ('"a', "a", "a$b!", "a\\$b\"'!'\""),
        ("a\\ b", "a\\ b", "a b#", r"a\ b\#"),
        ("a:", "", "a:b", "b"),
    ],
)
def test_only_the_replaced_part_is_written(typed: str, replaced: str, wanted: str, text: str | None) -> None:
    assert replacement(split_line(typed)[1], replaced, wanted) == text
