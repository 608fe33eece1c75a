from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from asayer_cli.settings_file import update
from tests.terminal import screen

if TYPE_CHECKING:
    from tests.conftest import Cli

ESCAPE = "\x1b"
LONG = "/ecs/a-log-group-with-a-long-name/" * 6
REPORTER = """if True:
    import os, sys, time
    from asayer_cli.output.console import Console
    options = {name: True for name in sys.argv[1:] if name in ("quiet", "verbose", "debug")}
    color = next((name for name in sys.argv[1:] if name in ("always", "never")), "auto")
    console = Console(environ=os.environ, color=color, **options)
    console.progress("waiting 漢字 " + "x" * 500)
    console.progress("still\\nwaiting")
    console.say("said")
    console.detail("detailed")
    console.progress("at the end")
    console.warn("warned")
    console.show("shown")
    console.flush()
"""


@pytest.fixture
def configured(bare_environ: dict[str, str]) -> dict[str, str]:
    update(Path(bare_environ["ASAYER_CONFIG_DIR"]), "default", {"aws.log_groups": (LONG, "/two")})
    bare_environ["PYTHONIOENCODING"] = "utf-8"
    return bare_environ


def reporter(environ: dict[str, str], *arguments: str) -> tuple[str, str]:
    ended = subprocess.run(
        [sys.executable, "-c", REPORTER, *arguments],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return ended.stdout, ended.stderr


def test_a_terminal_has_colour(configured: dict[str, str]) -> None:
    code, shown = screen("config", "show", environ=configured)
    assert code == 0
    assert f"{ESCAPE}[1m" in shown


@pytest.mark.parametrize(
    ("setting", "arguments"),
    [
        ({"NO_COLOR": "1"}, []),
        ({"TERM": "dumb"}, []),
        ({"ASAYER_COLOR": "never"}, []),
        ({}, ["--color", "never"]),
        ({"FORCE_COLOR": "1"}, ["--color=never"]),
    ],
)
def test_a_terminal_without_colour(configured: dict[str, str], setting: dict[str, str], arguments: list[str]) -> None:
    _, shown = screen("config", "show", *arguments, environ={**configured, **setting})
    assert "aws.log_groups" in shown
    assert ESCAPE not in shown


def test_an_error_on_a_terminal_without_colour(configured: dict[str, str]) -> None:
    _, shown = screen("config", "set", "nothing", "x", environ={**configured, "NO_COLOR": "1"})
    assert shown.startswith("error: ")
    assert ESCAPE not in shown


@pytest.mark.parametrize("setting", [{}, {"TERM": "xterm-256color", "COLORTERM": "truecolor"}, {"NO_COLOR": "1"}])
def test_off_a_terminal_there_is_no_colour(bare: Cli, configured: dict[str, str], setting: dict[str, str]) -> None:
    for run in (bare("config", "show", env=setting), bare("config", "set", "nothing", "x", env=setting)):
        assert run.out + run.err
        assert ESCAPE not in run.out + run.err


@pytest.mark.parametrize(
    ("setting", "arguments"),
    [
        ({}, ["--color", "always"]),
        ({"NO_COLOR": "1", "TERM": "dumb"}, ["--color", "always"]),
        ({"ASAYER_COLOR": "always"}, []),
        ({"FORCE_COLOR": "1"}, []),
    ],
)
def test_colour_when_it_is_asked_for(
    bare: Cli, configured: dict[str, str], setting: dict[str, str], arguments: list[str]
) -> None:
    run = bare("config", "show", *arguments, env=setting)
    assert f"{ESCAPE}[1m" in run.out
    assert LONG in run.out


def test_json_is_never_coloured(bare: Cli, configured: dict[str, str]) -> None:
    run = bare("config", "show", "--color", "always", "-o", "json")
    assert run.data["settings"][0]["value"] == [LONG, "/two"]


def test_nothing_is_wrapped_off_a_terminal(bare: Cli, configured: dict[str, str]) -> None:
    assert f"aws.log_groups  {LONG}, /two" in bare("config", "show").out
    run = bare("integrations", "show", "--profile", "nobody-" + "x" * 200)
    assert len(run.err.splitlines()) == 2
    hint = bare("config", "set", "nothing", "x").err.splitlines()[1]
    assert hint.startswith("hint: The settings are: aws.account, ")
    assert hint.endswith("secret_store.")


def test_a_narrow_terminal_keeps_to_its_width(configured: dict[str, str]) -> None:
    for command in (["config", "show"], ["config", "set", "nothing", "x"]):
        _, shown = screen(*command, environ={**configured, "NO_COLOR": "1"}, columns=40)
        assert max(len(line) for line in shown.splitlines()) <= 40


LAYOUT = """if True:
    import os
    from rich.text import Text
    from asayer_cli.output.console import Console
    console = Console(environ=os.environ)
    console.explain("Plan:")
    console.explain("  - forget " + "this and " * 9 + "that")
    console.say("   1  /ecs/shop and more of what is in it")
    console.explain(Text("    -> " + "no bullet " * 4))
    console.say("end\\n  - of it")
    console.show("  x  ")
    console.show(Text("  y  ", "bold"))
"""


def test_what_does_not_fit_goes_on_below_its_begin(bare_environ: dict[str, str]) -> None:
    _, shown = screen(environ={**bare_environ, "NO_COLOR": "1"}, columns=40, program=("-c", LAYOUT))
    assert [line.rstrip() for line in shown.splitlines()] == [
        "Plan:",
        "  - forget this and this and this and",
        "    this and this and this and this and",
        "    this and this and that",
        "   1  /ecs/shop and more of what is in",
        "   it",
        "    -> no bullet no bullet no bullet no",
        "    bullet",
        "end",
        "  - of it",
        "  x",
        "  y",
    ]


COMMANDS = """if True:
    import os
    from asayer_cli.output.console import Console
    from asayer_cli.output.next_steps import next_lines
    from asayer_cli.result import Failure
    console = Console(environ=os.environ)
    wide = "aws iam update-access-key --user-name asayer_cw --access-key-id AKIAX"
    hint = f"Do this (asayer-cli aws setup --add-key): {wide} --status Active. Or that: asayer-cli verify, again."
    console.failure(Failure("bad", "It is not so.", hint))
    console.say("  here     this profile uses it; its secret is in the file")
    console.say("hint: Move it away: mv /a/long/path/config.toml /a/long/path/config.toml.broken")
    for line in next_lines([f"{wide}  # make it valid again, should anything miss it", "asayer-cli verify"]):
        console.show(line)
"""


def test_a_command_that_may_be_pasted_is_never_broken(bare_environ: dict[str, str]) -> None:
    wide = "aws iam update-access-key --user-name asayer_cw --access-key-id AKIAX"
    _, shown = screen(environ={**bare_environ, "NO_COLOR": "1"}, columns=42, program=("-c", COMMANDS))
    assert [line.rstrip() for line in shown.splitlines()] == [
        "error: It is not so.",
        "hint: Do this",
        "(asayer-cli aws setup --add-key):",
        f"{wide} --status Active.",
        "Or that: asayer-cli verify, again.",
        "  here     this profile uses it; its",
        "           secret is in the file",
        "hint: Move it away:",
        "mv /a/long/path/config.toml /a/long/path/config.toml.broken",
        "Next:",
        f"  {wide}",
        "      make it valid again, should anything",
        "      miss it",
        "  asayer-cli verify",
    ]


def test_off_a_terminal_lines_are_whole_and_have_no_blanks_at_their_end(bare_environ: dict[str, str]) -> None:
    for setting in ({}, {"FORCE_COLOR": "1"}):
        ended = subprocess.run(
            [sys.executable, "-c", LAYOUT],
            env={**bare_environ, **setting},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert "  - forget " + "this and " * 9 + "that\n" in ended.stderr
        assert "    -> " + "no bullet " * 3 + "no bullet\n" in ended.stderr
        assert ended.stdout.replace(f"{ESCAPE}[1m", "").replace(f"{ESCAPE}[0m", "") == "  x\n  y\n"


def test_a_table_off_a_terminal_has_no_blanks_at_the_ends_of_lines(bare: Cli, configured: dict[str, str]) -> None:
    assert bare("config", "set", "aws.region", "eu-west-1").code == 0
    for setting in ({}, {"COLUMNS": "60"}, {"ASAYER_COLOR": "always"}):
        lines = bare("config", "show", env=setting).out.splitlines()
        assert len(lines) > 2
        assert [line for line in lines if line.replace(f"{ESCAPE}[0m", "").endswith(" ")] == []


def test_a_run_within_a_process_leaves_no_trace_behind(
    bare_environ: dict[str, str],
) -> None:
    program = "import sys, logging; from asayer_cli.cli.boundary import run; run(['config', 'path', '--debug']); "
    program += "sys.exit(len(logging.getLogger('asayer_cli').handlers))"
    assert subprocess.run([sys.executable, "-c", program], env=bare_environ, timeout=60, check=False).returncode == 0


def test_columns_of_the_environment_count_off_a_terminal(bare: Cli, configured: dict[str, str]) -> None:
    out = bare("config", "show", env={"COLUMNS": "60"}).out
    assert max(len(line) for line in out.splitlines()) <= 60
    for nonsense in ("0", "-5", "wide"):
        assert LONG in bare("config", "show", env={"COLUMNS": nonsense}).out


def test_progress_is_silent_off_a_terminal(bare_environ: dict[str, str]) -> None:
    for setting, arguments in (({}, ()), ({"FORCE_COLOR": "1"}, ()), ({}, ("always",))):
        out, err = reporter({**bare_environ, **setting}, *arguments)
        assert "waiting" not in err
        assert "at the end" not in err
        assert "\r" not in err
        assert "said" in err
        assert "warned" in err
        assert out == "shown\n"


def test_progress_on_a_terminal_is_one_line_that_goes_away(bare_environ: dict[str, str]) -> None:
    code, shown = screen(environ=bare_environ, columns=40, program=("-c", REPORTER))
    assert code == 0
    pieces = shown.split("\r\x1b[2K")
    assert pieces[1].startswith("waiting 漢字 xxx")
    assert len(pieces[1]) <= 39
    assert "\n" not in pieces[1]
    assert pieces[2] == "still waiting"
    assert pieces[3] == "said\n"
    assert pieces[4] == "at the end"
    assert "warned" in pieces[5]
    assert shown.endswith("shown\n")


@pytest.mark.parametrize("setting", [{"TERM": "dumb"}, {}])
def test_no_progress_on_a_dumb_terminal_or_when_quiet(bare_environ: dict[str, str], setting: dict[str, str]) -> None:
    arguments = () if setting else ("quiet",)
    _, shown = screen(*arguments, environ={**bare_environ, **setting}, program=("-c", REPORTER))
    assert "waiting" not in shown
    assert ("said" in shown) == bool(setting)


def test_quiet_and_verbose(bare_environ: dict[str, str]) -> None:
    assert reporter(bare_environ) == ("shown\n", "said\nwarning: warned\n")
    assert reporter(bare_environ, "quiet") == ("shown\n", "warning: warned\n")
    assert reporter(bare_environ, "verbose") == ("shown\n", "said\ndetailed\nwarning: warned\n")
    assert reporter(bare_environ, "debug") == ("shown\n", "said\ndetailed\nwarning: warned\n")


def test_a_secret_in_a_message_is_masked_before_the_line_is_wrapped(bare_environ: dict[str, str]) -> None:
    program = """if True:
        import os
        from asayer_cli.output.console import Console
        from asayer_cli.result import Failure
        from asayer_cli.secret import Secret
        secret = Secret("planted" * 10)
        console = Console(environ=os.environ)
        console.say("said " + secret.reveal())
        console.failure(Failure("code", "failed " + secret.reveal(), "hinted " + secret.reveal()))
    """
    code, shown = screen(environ=bare_environ, columns=30, program=("-c", program))
    assert code == 0
    assert "planted" not in shown
    assert shown.count("********") == 3


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_standard_output(bare: Cli, encoding: str) -> None:
    environ = {"PYTHONIOENCODING": encoding, "LANG": "C", "LC_ALL": "C"}
    name = "gr\u00fc\u00dfe-\u6f22"
    assert bare("config", "set", "aws.user_name", name).code == 0
    run = bare("config", "show", "-o", "json", env=environ)
    assert run.data["settings"][0]["value"] == name
    shown = bare("config", "set", "convention", f"none {name}" if encoding == "utf-8" else "none \u6f22", env=environ)
    assert shown.code == 2
    assert ("\u6f22" if encoding == "utf-8" else r"\u6f22") in shown.err
