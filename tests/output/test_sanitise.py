from __future__ import annotations

import html
import json
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from markdown_it import MarkdownIt

from asayer_cli.output.sanitise import (
    clean,
    encodable,
    for_json,
    for_markdown,
    for_workflow_command,
    for_workflow_property,
    for_xml,
    one_line,
)
from asayer_cli.secret import MASK, Secret
from tests.output.hostile import PIECES, TEXTS, begins_command, harmful

MARKDOWN = MarkdownIt("commonmark").enable("table")


def test_these_tests_know_harm_when_they_see_it() -> None:
    assert harmful("a\x1b\x7f\x9b\u202e\u2066\u200b\u2028\ud800") == set("\x1b\x7f\x9b\u202e\u2066\u200b\u2028\ud800")
    assert not harmful("plain\n\ttext é 漢字 🎉")
    assert begins_command("  ::error::x")
    assert begins_command("x ##[group]y")
    assert not begins_command("std::vector")


@given(TEXTS)
def test_clean(text: str) -> None:
    cleaned = clean(text)
    assert not harmful(cleaned)
    assert not any(begins_command(line) for line in cleaned.split("\n"))
    assert clean(cleaned) == cleaned


@given(TEXTS)
def test_one_line(text: str) -> None:
    line = one_line(text)
    assert not harmful(line)
    assert not {"\n", "\t"} & set(line)
    assert not begins_command(line)


@pytest.mark.parametrize(
    "text", ["", "plain text", "é 漢字 🎉", "a\tb\nc", "std::vector<int>", "[x] # y", "a :: b", "::1"]
)
def test_harmless_text_stays(text: str) -> None:
    assert clean(text) == text


def test_what_is_replaced_still_shows() -> None:
    assert clean("\x1b[31m") == "\u241b[31m"
    assert clean("a\x7fb\u202ec") == "a\u2421b\ufffdc"
    assert clean("x\n  ::error::y") == "x\n  : :error::y"
    assert clean("##[error]") == "# #[error]"
    assert one_line("a\r\nb\tc") == "a b c"


@given(TEXTS)
def test_json_has_the_same_value(text: str) -> None:
    written = for_json(json.dumps({"text": text}, ensure_ascii=False))
    assert json.loads(written) == {"text": text}
    assert not harmful(written)
    assert not begins_command(written)


@given(TEXTS)
def test_json_in_any_encoding(text: str) -> None:
    written = for_json(json.dumps(text, ensure_ascii=False))
    for encoding in ("ascii", "latin-1", "utf-8"):
        assert json.loads(encodable(written, encoding).encode(encoding).decode(encoding)) == text
    assert encodable('"é"', "latin-1") == '"é"'


@given(TEXTS)
def test_a_workflow_command_stays_one_line(text: str) -> None:
    line = f"::error title={for_workflow_property(text)}::{for_workflow_command(text)}"
    assert not harmful(line)
    assert len(line.splitlines()) == 1
    head, _, _ = line.removeprefix("::error title=").partition("::")
    assert "," not in head
    assert not begins_command(f"pass: {for_workflow_command(text)}")


def test_an_encoded_newline_of_a_stranger_stays_encoded_twice() -> None:
    assert for_workflow_command("50%\n%0A::error::x") == "50%25%0A%250A::error::x"
    assert for_workflow_command("\n::error::x") == "%0A: :error::x"


def cell(text: str) -> tuple[set[str], str]:
    """Return the kinds of a table cell's parts, and its text, as a Markdown reader sees them."""
    tokens = MARKDOWN.parse(f"| a | b |\n| - | - |\n| {for_markdown(text)} | end |\n")
    inline = [token for token in tokens if token.type == "inline"]
    assert len(inline) == 4
    assert inline[3].content == "end"
    children = inline[2].children or []
    return {child.type for child in children}, "".join(child.content for child in children)


@given(TEXTS)
def test_markdown_shows_the_text_and_nothing_more(text: str) -> None:
    kinds, shown = cell(text)
    assert kinds <= {"text"}
    assert shown.strip() == one_line(text).strip()


@given(TEXTS)
@example("\\<")
@example("\\&lt;")
def test_markdown_has_no_html(text: str) -> None:
    rendered = MARKDOWN.render(for_markdown(text))
    assert html.unescape(rendered.removeprefix("<p>").removesuffix("</p>\n")).strip() == one_line(text).strip()


@pytest.mark.parametrize("piece", PIECES)
def test_markdown_of_each_piece_at_the_beginning_of_a_line(piece: str) -> None:
    kinds = {token.type for token in MARKDOWN.parse(for_markdown(piece))}
    assert kinds <= {"paragraph_open", "inline", "paragraph_close"}


@given(TEXTS)
def test_xml_survives(text: str) -> None:
    element = ET.Element("failure", message=for_xml(text))
    element.text = for_xml(text)
    parsed = ET.fromstring(ET.tostring(element, encoding="unicode"))
    assert parsed.text or not text
    assert list(parsed) == []
    assert (parsed.text or "") == for_xml(text)


def test_secrets_are_masked_before_they_are_escaped() -> None:
    Secret("pl<an|ted&%*secret")
    for escape in (for_markdown, for_xml, for_workflow_command, for_workflow_property):
        escaped = escape("with pl<an|ted&%*secret in it")
        assert MASK in escaped.replace("\\", "")
        assert "ted" not in escaped


def test_a_long_text_is_cleaned_in_reasonable_time() -> None:
    assert len(clean("\n" * 1_000_000)) == 1_000_000
    assert len(clean(" " * 1_000_000)) == 1_000_000
    assert len(clean("#" * 1_000_000)) == 1_000_000
