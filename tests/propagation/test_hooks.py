from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from asayer_cli.propagation.hooks import install_hooks, remove_hooks

ROOT = Path(__file__).parents[2]
PROGRAM = """
    import asyncio, gc, sys, threading
    from asayer_cli.propagation.hooks import install_hooks, remove_hooks
    from asayer_cli.propagation.output import wrap_output
    from asayer_cli.propagation.session import session_context
    if sys.argv[1] == "wrapped":
        wrap_output()
    install_hooks()
    install_hooks()
    def fail(text):
        raise ValueError(text)
    def work():
        with session_context(1):
            fail("of a thread")
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    class Failing:
        def __del__(self):
            with session_context(2):
                fail("of a finalizer")
    Failing()
    async def failing():
        fail("of a task")
    async def main():
        with session_context(3):
            task = asyncio.create_task(failing())
        with session_context(4):
            asyncio.get_running_loop().call_soon(fail, "of a callback")
        await asyncio.sleep(0.001)
        del task
        gc.collect()
    asyncio.run(main())
    print("not reported", file=sys.stderr)
    def quiet():
        with session_context(5):
            sys.exit("of a thread")
    thread = threading.Thread(target=quiet)
    thread.start()
    thread.join()
    with session_context(6):
        try:
            fail("first")
        except ValueError:
            fail("of the program")
"""


def run(program: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *args],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


LOOP_OF_ITS_OWN = """
    import asyncio, types, sys
    class Loop(asyncio.SelectorEventLoop):  # as uvloop's, which shares none of these methods with asyncio's
        def create_task(self, coroutine, **named):
            return asyncio.Task(coroutine, loop=self, **named)
        def call_exception_handler(self, report):
            self.default_exception_handler(report)
    sys.modules["uvloop"] = types.SimpleNamespace(Loop=Loop)
"""


@pytest.mark.parametrize("output", ["wrapped", "plain"])
def test_reports_are_tagged(output: str) -> None:
    done = run(PROGRAM, output)
    assert (done.returncode, done.stdout) == (1, "")
    untagged = [line for line in done.stderr.split("\n") if line and not line.startswith("[asayer_session_id=")]
    assert untagged == ["not reported"]
    for number, failure in enumerate(("thread", "finalizer", "task", "callback"), 1):
        assert f"[asayer_session_id={number}] ValueError: of a {failure}\n" in done.stderr
    assert done.stderr.endswith("[asayer_session_id=6] ValueError: of the program\n")
    assert "[asayer_session_id=6] During handling of the above exception" in done.stderr
    assert "SystemExit" not in done.stderr


def test_reports_of_uvloop_are_tagged() -> None:
    program = PROGRAM.replace("asyncio.run(main())", "asyncio.Runner(loop_factory=Loop).run(main())")
    done = run(LOOP_OF_ITS_OWN + program, "wrapped")
    for number, failure in enumerate(("task", "callback"), 3):
        assert f"[asayer_session_id={number}] ValueError: of a {failure}\n" in done.stderr
    assert "\nValueError" not in done.stderr


def test_the_text_is_pythons_own() -> None:
    tagged = run(PROGRAM, "plain").stderr
    bare = run(PROGRAM.replace("install_hooks()\n", "pass\n"), "plain").stderr
    address = re.compile(r"0x[0-9a-f]+")
    without_tags = re.sub(r"^\[asayer_session_id=\d+\] ", "", tagged, flags=re.MULTILINE)
    assert sorted(address.sub("", without_tags).splitlines()) == sorted(address.sub("", bare).splitlines())


@pytest.mark.parametrize(("failure", "code"), [("sys.exit(3)", 3), ("raise KeyboardInterrupt", -2)])
def test_exits_stay_what_they_are(failure: str, code: int) -> None:
    program = f"""
        import sys
        from asayer_cli.propagation.hooks import install_hooks
        from asayer_cli.propagation.session import session_context
        install_hooks()
        with session_context(42):
            {failure}
    """
    assert run(program).returncode == code


def test_hooks_over_ours_stay() -> None:
    before = sys.excepthook, threading.excepthook, sys.unraisablehook
    install_hooks()
    ours = sys.excepthook
    seen: list[str] = []

    def theirs(kind: type[BaseException], error: BaseException, trace: object) -> None:
        seen.append(f"{kind.__name__} {error} {trace}")

    try:
        assert before[1] is not threading.excepthook
        sys.excepthook = theirs
        remove_hooks()
        assert sys.excepthook is theirs
        assert (threading.excepthook, sys.unraisablehook) == before[1:]
        sys.excepthook(ValueError, ValueError("x"), None)
    finally:
        sys.excepthook = before[0]
    assert ours is not before[0]
    assert seen == ["ValueError x None"]
