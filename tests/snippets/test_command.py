"""`snippet`: printed as the files are, highlighted on a terminal, in the envelope; what is wrong is said."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import asayer_cli.snippets
from asayer_cli.cli.snippet import KINDS
from asayer_cli.snippets import snippet
from tests.snippets.pasting import parts
from tests.terminal import screen

if TYPE_CHECKING:
    from tests.conftest import Cli

FOLDER = Path(asayer_cli.snippets.__file__).parent
FILES = {path.name.partition(".")[0]: path for path in FOLDER.iterdir() if path.suffix in (".txt", ".conf", ".html")}
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("kind", KINDS)
def test_a_pipe_gets_the_file_as_it_is(bare: Cli, kind: str) -> None:
    run = bare("snippet", kind)
    assert (run.code, run.out) == (0, FILES[kind].read_text(encoding="ascii"))
    assert run.err.startswith("note: ")
    assert bare("snippet", kind, "--quiet").err == ""


def test_every_file_has_its_kind() -> None:
    assert set(FILES) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_is_fit_to_be_pasted(kind: str) -> None:
    text = FILES[kind].read_text(encoding="ascii")
    assert max(map(len, text.splitlines())) <= 120
    assert not re.search(r"[ \t]$", text, re.MULTILINE)
    if snippet(kind).language == "python":
        ast.parse(text, feature_version=(3, 9))


def test_a_terminal_gets_the_same_in_colours(bare_environ: dict[str, str]) -> None:
    for columns in (40, 200):
        code, shown = screen("snippet", "flask", "--quiet", environ=bare_environ, columns=columns)
        assert code == 0
        assert "\x1b[35mimport\x1b[0m" in shown
        assert ESCAPE.sub("", shown) == FILES["flask"].read_text(encoding="ascii")
    _, plain = screen("snippet", "flask", "--quiet", environ={**bare_environ, "NO_COLOR": "1"})
    assert plain == FILES["flask"].read_text(encoding="ascii")


def test_the_envelope(bare: Cli) -> None:
    run = bare("snippet", "nginx", "-o", "json")
    assert run.data == {
        "kind": "nginx",
        "language": "nginx",
        "text": FILES["nginx"].read_text(encoding="ascii"),
        "vendored": None,
    }
    assert run.json["messages"][0]["text"].startswith("Name your origins")


def test_a_vendored_module_takes_the_place_of_the_package() -> None:
    text = snippet("python", "asayer_session").text
    assert "from asayer_session import JsonFormatter, in_session, install, session_context" in text
    assert "python asayer_session.py -- gunicorn app:app" in text
    assert '"()": "asayer_session.JsonFormatter"' in snippet("django", "asayer_session").text


def test_parts_are_found() -> None:
    assert list(parts(snippet("django").text)) == [
        f"mysite/{name}.py" for name in ("wsgi", "asgi", "settings", "asayer_canary", "urls")
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], "no_kind", "What to print is missing."),
        (["check"], "no_file", "There is no file to check."),
        (["flask", "app.py"], "usage", "'app.py' is one argument too many."),
        (["nginx", "--vendor", "x.py"], "nothing_to_vendor", "There is nothing to vendor with nginx."),
        (["check", "x.py", "--vendor", "x.py"], "nothing_to_vendor", "There is nothing to vendor with check."),
        (["--vendor", "asayer-session.py"], "no_module_name", "Python cannot import a file that is called"),
        (["--vendor", "class.py"], "no_module_name", "Python cannot import a file that is called 'class.py'."),
        (["rails"], "usage", "'rails' is not one of"),
    ],
)
def test_wrong_usage(bare: Cli, arguments: list[str], code: str, said: str) -> None:
    run = bare("snippet", *arguments, "-o", "json")
    assert run.code == 2
    (error,) = run.json["errors"]
    assert (error["code"], said in error["message"]) == (code, True)
    assert error["hint"]
