from __future__ import annotations

import contextlib
import faulthandler
import gc
import io
import logging
import os
import re
import subprocess
import sys
import textwrap
import threading
import time
from contextvars import copy_context
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import XMLGenerator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asayer_cli.propagation.output import TaggedOutput, unwrap_output, wrap_output
from asayer_cli.propagation.session import current_session_id, enter_session, session_context

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TAG = "[asayer_session_id=42]"


@pytest.fixture
def text() -> Iterator[io.StringIO]:
    with io.StringIO(newline="") as stream:
        yield stream


def run(program: str, *options: str, python: str = sys.executable, **settings: Any) -> subprocess.CompletedProcess[str]:
    prelude = """
        import os, signal, sys, threading, time
        from asayer_cli.propagation.output import TaggedOutput, unwrap_output, wrap_output
        from asayer_cli.propagation.session import session_context
        wrap_output()
    """
    source = textwrap.dedent(prelude) + textwrap.dedent(program)
    settings.setdefault("stdout", subprocess.PIPE)
    return subprocess.run(
        [python, *options, "-c", source],
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"},
        **settings,
    )


def test_no_session_changes_nothing(text: io.StringIO) -> None:
    output = TaggedOutput(text)
    assert output.write("no line") == 7
    assert text.getvalue() == "no line"
    print(" ends", 1, "\n\n[asayer_session_id=7] x", end="", file=output)
    assert text.getvalue() == "no line ends 1 \n\n[asayer_session_id=7] x"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("one\n", f"{TAG} one\n"),
        ("a\nb\n", f"{TAG} a\n{TAG} b\n"),
        ("a\n\n \r\nb\n", f"{TAG} a\n\n \r\n{TAG} b\n"),
        ("\n", "\n"),
        (" \t\n", " \t\n"),
        ("  indented\n", f"{TAG}   indented\n"),
        (f"{TAG} formatted\nmore\n", f"{TAG} formatted\n{TAG} more\n"),
        ("[asayer_session_id=7] forged\n", f"{TAG} [asayer_session_id=7] forged\n"),
        ("[asayer_session_id=421] forged\n", f"{TAG} [asayer_session_id=421] forged\n"),
        (f'{{"message": "{TAG} it"}}\n', f'{{"message": "{TAG} it"}}\n'),
        ('{"message": "it"}\n', f'{TAG} {{"message": "it"}}\n'),
        (
            f'{{"x": "Asayer_session_id=7", "message": "{TAG} it"}}\n',
            f'{TAG} {{"x": "Asayer_session_id=7", "message": "{TAG} it"}}\n',
        ),
        ("naïve €\n", f"{TAG} naïve €\n"),
        ("a\x0bb\x85c\u2028d\n", f"{TAG} a\x0bb\x85c\u2028d\n"),
    ],
)
def test_each_line_begins_with_the_tag(text: io.StringIO, written: str, expected: str) -> None:
    with session_context(42):
        assert TaggedOutput(text).write(written) == len(written)
        assert text.getvalue() == expected


def test_another_convention(text: io.StringIO) -> None:
    with session_context(42):
        print("it", file=TaggedOutput(text, "openReplaySession.id"))
    assert text.getvalue() == "[openReplaySession.id=42] it\n"


class Counting(io.StringIO):
    def __init__(self) -> None:
        super().__init__(newline="")
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        self.writes.append(text)
        return super().write(text)


def test_the_writes_of_a_print_go_out_in_one() -> None:
    stream = Counting()
    with session_context(42):
        print("a", "b", "€", file=TaggedOutput(stream))
        print("c", file=TaggedOutput(stream))
        TaggedOutput(stream).writelines(["d", "e\n"])
    assert stream.writes == [f"{TAG} a b €\n", f"{TAG} c\n", f"{TAG} de\n"]


def test_a_flushed_part_is_tagged_once(text: io.StringIO) -> None:
    output = TaggedOutput(text)
    with session_context(42):
        for part in ("\r10%", "\r20%"):
            print(part, end="", file=output)
            assert not text.getvalue().endswith(part)
            output.flush()
            assert text.getvalue().endswith(part)
        print(file=output)
        print("next", file=output)
    assert text.getvalue() == f"{TAG} \r10%\r20%\n{TAG} next\n"


def test_nobody_writes_on_anothers_line(text: io.StringIO) -> None:
    output = TaggedOutput(text)
    output.write("no session")
    for session_id in (1, 2):
        with session_context(session_id):
            print("loading", end="", file=output, flush=True)
    output.write("none again\n")
    with session_context(3):
        print("held", end="", file=output)
    print("after", file=output)
    assert text.getvalue() == (
        "no session\n[asayer_session_id=1] loading\n[asayer_session_id=2] loading\nnone again\n"
        "[asayer_session_id=3] held\nafter\n"
    )


def test_a_long_part_is_not_kept(text: io.StringIO) -> None:
    output = TaggedOutput(text)
    with session_context(42):
        for _ in range(300):
            output.write("x" * 100)
        assert len(text.getvalue()) > 29_000 - 8192
        output.write("end\n")
    assert text.getvalue() == f"{TAG} {'x' * 30_000}end\n"


def test_a_session_leaves_nothing_unwritten_in_an_event_loop(text: io.StringIO) -> None:
    import asyncio  # noqa: PLC0415

    output = TaggedOutput(text)

    async def serve(session_id: int) -> None:
        with session_context(session_id):
            print("begun", end=" ", file=output)
            await asyncio.sleep(0)
            print("ended", file=output)
            output.write("last words")
        assert text.getvalue().endswith(f"[asayer_session_id={session_id}] last words")

    async def serve_all() -> None:
        await asyncio.gather(serve(1), serve(2))

    asyncio.run(serve_all())
    lines = [f"[asayer_session_id={number}] {part}" for number in (1, 2) for part in ("begun ended", "last words")]
    assert text.getvalue().split("\n") == lines


def test_a_session_ends_although_its_last_words_cannot_be_written() -> None:
    with TaggedOutput(io.TextIOWrapper(io.BytesIO())) as output:
        with session_context(42):
            output.write("last words")
            output.stream.close()
        assert current_session_id() is None


def test_many_begun_lines_are_not_kept(text: io.StringIO) -> None:
    output = TaggedOutput(text)

    def begin(session_id: int) -> None:
        enter_session(session_id)
        output.write("begun")

    for session_id in range(3000):
        copy_context().run(begin, session_id)  # as a task that ends before the session does
    assert text.getvalue().count("begun") == 3000 - 128
    output.flush()
    assert re.fullmatch(r"(\[asayer_session_id=\d+\] begun\n?){3000}", text.getvalue())


def test_a_thread_leaves_nothing_unwritten(text: io.StringIO) -> None:
    output = TaggedOutput(text)

    def work() -> None:
        enter_session(42)  # for good, as in a thread that was started in a session
        output.write("last words")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert text.getvalue() == f"{TAG} last words"


def test_a_dropped_wrapper_leaves_nothing_unwritten(text: io.StringIO) -> None:
    output = TaggedOutput(text)
    with session_context(42):
        output.write("last words")
    del output
    gc.collect()
    assert text.getvalue() == f"{TAG} last words"


class Slow(io.StringIO):
    """Takes its time for each whole line."""

    def __init__(self) -> None:
        super().__init__(newline="")
        self.is_writing = threading.Event()

    def write(self, text: str) -> int:
        if text.endswith("\n"):
            self.is_writing.set()
            time.sleep(0.1)
        return super().write(text)


@pytest.mark.parametrize(("session_id", "tag"), [(None, ""), (7, "[asayer_session_id=7] ")])
def test_a_line_begun_waits_for_the_whole_lines_on_their_way(session_id: int | None, tag: str) -> None:
    stream = Slow()
    output = TaggedOutput(stream)

    def work() -> None:
        with session_context(42):
            output.write("whole\n")

    thread = threading.Thread(target=work)
    thread.start()
    stream.is_writing.wait()
    with session_context(session_id):
        output.write("begun")
        output.flush()
    thread.join()
    assert stream.getvalue() == f"{TAG} whole\n{tag}begun"


def test_a_line_begun_does_not_wait_for_its_own_thread() -> None:
    class Nested(io.StringIO):
        def write(self, text: str) -> int:
            if "whole" in text:  # as a signal handler does
                output.write("begun")
                output.flush()
            return super().write(text)

    stream = Nested(newline="")
    output = TaggedOutput(stream)
    begun = time.monotonic()
    with session_context(42):
        output.write("whole\n")
    assert time.monotonic() - begun < 0.5


def test_a_line_begun_does_not_wait_for_one_that_failed() -> None:
    class Failing(io.StringIO):
        def write(self, text: str) -> int:
            if "whole" in text:
                raise BrokenPipeError
            return super().write(text)

    output = TaggedOutput(Failing(newline=""))
    begun = time.monotonic()
    with session_context(42):
        with pytest.raises(BrokenPipeError) as kept:
            output.write("whole\n")
        output.write("begun")
        output.flush()
    assert kept.value.__traceback__ is not None
    assert time.monotonic() - begun < 0.5


class Writer(threading.Thread):
    def __init__(self, number: int, output: Any) -> None:
        super().__init__()
        self.number = number
        self.output = output

    def run(self) -> None:
        with session_context(self.number):
            for line in range(200):
                if line % 3 == 0:
                    print("w", self.number, "line", line, file=self.output)
                elif line % 3 == 1:
                    self.output.write(f"w {self.number} line {line}\n")
                else:
                    self.output.write(f"w {self.number} ")
                    self.output.flush()
                    self.output.write(f"line {line}\n")


def test_lines_of_threads_never_mix() -> None:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    reading, writing = os.pipe()
    received: list[str] = []
    with os.fdopen(reading, encoding="utf-8") as pipe, os.fdopen(writing, "w", buffering=1) as stream:
        reader = threading.Thread(target=lambda: received.append(pipe.read()))
        reader.start()
        output = TaggedOutput(stream)
        writers = [Writer(number, output) for number in range(4)]
        try:
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
        finally:
            sys.setswitchinterval(interval)
            output.close()
            reader.join()
    check_lines(received[0], 4)


def check_lines(received: str, writers: int) -> None:
    parts: dict[str, str] = {}
    for line in received.splitlines():
        found = re.fullmatch(r"\[asayer_session_id=(\d+)\] (.*)", line)
        assert found is not None, line
        assert "asayer_session_id" not in found[2]
        parts[found[1]] = parts.get(found[1], "") + found[2]
    for number in range(writers):
        assert parts[str(number)] == "".join(f"w {number} line {line}" for line in range(200))


ids = st.sampled_from([None, "1", "2"])
pieces = st.text(alphabet="ab \n\r[{é", max_size=8)
steps = st.lists(
    st.tuples(st.integers(0, 1), ids, st.one_of(pieces, pieces, st.sampled_from(["FLUSH", "LEAVE"]))), max_size=25
)


class Stepping:
    """Threads that each do one step when told."""

    def __init__(self, output: Any) -> None:
        self.output = output

    def do(self, session_id: str | None, piece: str) -> None:
        if piece == "LEAVE":
            with session_context(session_id):
                return
        enter_session(session_id)
        if piece == "FLUSH":
            self.output.flush()
        else:
            assert self.output.write(piece) == len(piece)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_every_character_comes_out_once_and_tagged(sequence: list[tuple[int, str | None, str]]) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    stream = Counting()
    output = TaggedOutput(stream)
    stepping = Stepping(output)
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as two:
        for number, session_id, piece in sequence:
            (one, two)[number].submit(stepping.do, session_id, piece).result()
    output.release()
    received = stream.getvalue()
    for line in received.split("\n"):
        assert line.count("asayer_session_id=") <= 1
    written = [step for step in sequence if step[2] not in {"FLUSH", "LEAVE"}]
    for session_id in ("1", "2"):
        check_session(received, session_id, [(n, p) for n, i, p in written if i == session_id])
    check_untagged(received, "".join(p for _, i, p in written if i is None))


def check_session(received: str, session_id: str, written: list[tuple[int, str]]) -> None:
    tag = f"[asayer_session_id={session_id}] "
    tagged = [line[len(tag) :] for line in received.split("\n") if line.startswith(tag)]
    expected = "".join(sorted("".join(piece for _, piece in written)))
    expected_visible = expected.replace("\n", "").replace(" ", "").replace("\r", "")
    assert "".join(sorted("".join(tagged))).replace("\n", "").replace(" ", "").replace("\r", "") == expected_visible
    for number in (0, 1):
        assert is_subsequence(visible("".join(piece for n, piece in written if n == number)), visible("".join(tagged)))


def check_untagged(received: str, written: str) -> None:
    untagged = [line for line in received.split("\n") if not line.startswith("[asayer_session_id=")]
    assert visible("".join(untagged)) == visible(written)


def visible(text: str) -> str:
    return re.sub(r"[ \r\n]", "", text)


def is_subsequence(part: str, whole: str) -> bool:
    characters = iter(whole)
    return all(character in characters for character in part)


def test_what_the_stream_is_asked_for_is_its_own(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with path.open("w", encoding="latin-1", errors="replace", buffering=1) as stream:
        output = TaggedOutput(stream)
        for name in ("encoding", "errors", "newlines", "line_buffering", "write_through", "buffer", "name", "mode"):
            assert getattr(output, name) is getattr(stream, name)
        assert (output.fileno(), output.isatty(), output.closed) == (stream.fileno(), False, False)
        assert (output.writable(), output.readable(), output.seekable()) == (True, False, True)
        assert isinstance(output, io.TextIOWrapper)
        assert isinstance(output, TaggedOutput)
        with pytest.raises(io.UnsupportedOperation):
            next(iter(output))
        with pytest.raises(AttributeError, match="no_such_thing"):
            _ = output.no_such_thing
        with session_context(42):
            output.write("held ")
            output.reconfigure(encoding="utf-8")
            output.writelines(["€\n", "two\n"])
        assert output.encoding == "utf-8"
        assert output.tell() == len(f"{TAG} held €\n{TAG} two\n".encode())
        with output:
            output.write("end")
        assert stream.closed
    assert path.read_text(encoding="utf-8") == f"{TAG} held €\n{TAG} two\nend"


def test_the_library_takes_it_for_a_text_stream(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with path.open("w") as stream, session_context(42):
        output: Any = TaggedOutput(stream)
        XMLGenerator(output).characters("<xml>\n")
        subprocess.run([sys.executable, "-c", "print('child')"], stdout=output, check=True, timeout=30)
        faulthandler.dump_traceback(output)
        handler = logging.StreamHandler(output)
        handler.emit(logging.makeLogRecord({"msg": "logged"}))
        with contextlib.redirect_stdout(output):
            print("redirected")  # noqa: T201
        output.flush()
    written = path.read_text()
    assert f"{TAG} &lt;xml&gt;\n" in written
    assert "child\n" in written
    assert "test_the_library_takes_it" in written
    assert f"{TAG} logged\n{TAG} redirected\n" in written


@pytest.mark.parametrize("session_id", [None, 42])
def test_errors_are_the_streams(session_id: int | None) -> None:
    with session_context(session_id):
        with io.TextIOWrapper(io.BytesIO(), encoding="ascii") as stream:
            output: Any = TaggedOutput(stream)
            for wrong in (b"bytes", None, 5):
                with pytest.raises(TypeError, match="must be str"):
                    output.write(wrong)
            for text in ("é", "é\n"):
                with pytest.raises(UnicodeEncodeError):
                    output.write(text)
            output.write("fine\n")
        for text in ("", "x", "x\n"):
            with pytest.raises(ValueError, match="closed"):
                output.write(text)
        with pytest.raises(ValueError, match="closed"):
            output.flush()
        output.close()
        reading, writing = os.pipe()
        os.close(reading)
        broken = TaggedOutput(os.fdopen(writing, "w", buffering=1))
        with pytest.raises(BrokenPipeError):
            broken.write("x\n")
        with pytest.raises(BrokenPipeError):
            broken.close()


def test_a_str_of_a_subclass(text: io.StringIO) -> None:
    class Loud(str):
        __slots__ = ()

        def __str__(self) -> str:
            return "LOUD"

    with session_context(42):
        assert TaggedOutput(text).write(Loud("quiet\n")) == 6
    assert text.getvalue() == f"{TAG} quiet\n"


def test_wrapping_and_unwrapping_the_standard_streams(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    wrap_output()
    try:
        wrapped = sys.stdout
        wrap_output()
        assert sys.stdout is wrapped
        with session_context(42):
            print("out", end="")  # noqa: T201
            print("err", file=sys.stderr)  # noqa: T201
            with contextlib.redirect_stdout(io.StringIO()) as elsewhere:
                print("elsewhere")  # noqa: T201
    finally:
        unwrap_output()
    assert (sys.stdout, sys.stderr) == before
    with session_context(42):
        wrapped.write("\nafter\n")
    assert elsewhere.getvalue() == "elsewhere\n"
    assert capsys.readouterr() == (f"{TAG} out\nafter\n", f"{TAG} err\n")


def test_nothing_is_lost_at_exit() -> None:
    done = run("""
        import atexit
        with session_context(42):
            print("main", end="")
            atexit.register(session_context(43).__enter__)
        def idle():
            with session_context(44):
                print("daemon", end="")
                ready.set()
                time.sleep(60)
        ready = threading.Event()
        threading.Thread(target=idle, daemon=True).start()
        ready.wait()
    """)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(done.stdout.split("\n")) == [TAG + " main", "[asayer_session_id=44] daemon"]


def test_a_flush_before_the_hard_exit() -> None:
    done = run("""
        with session_context(42):
            print("prompt", end="", flush=True)
            sys.stdout.write("more")
        sys.stdout.flush()
        os._exit(3)
    """)
    assert (done.returncode, done.stdout) == (3, f"{TAG} promptmore")


def test_a_fork_neither_doubles_nor_locks() -> None:
    done = run(
        """
        def chatter():
            with session_context(7):
                while not stop.is_set():
                    sys.stdout.write("x" * 50 + "\\n")
                    sys.stdout.write("y"); sys.stdout.flush(); sys.stdout.write("z\\n")
        stop = threading.Event()
        thread = threading.Thread(target=chatter); thread.start()
        with session_context(42):
            for turn in range(15):
                print("begun", turn, end="")
                child = os.fork()
                if child == 0:
                    print("child", turn); sys.stdout.flush(); os._exit(0)
                os.waitpid(child, 0)
                print()
        stop.set(); thread.join()
    """,
        "-u",  # the lock of a buffered stream is Python's own to keep a forked child waiting
        "-W",
        "ignore",
    )
    assert (done.returncode, done.stderr) == (0, "")
    mine = [line for line in done.stdout.split("\n") if "=7]" not in line]
    assert "".join(mine).count("begun") == 15
    assert re.findall(r"\[asayer_session_id=42\] child (\d+)$", done.stdout, re.MULTILINE) == [
        str(turn) for turn in range(15)
    ]


def test_a_forked_child_begins_a_line_of_its_own() -> None:
    done = run("""
        with session_context(7):
            print("begun", end="", flush=True)
            if os.fork() == 0:
                print("child"); sys.stdout.flush(); os._exit(0)
            os.wait()
            print(" ended")
    """)
    assert done.stdout == "[asayer_session_id=7] begun\n[asayer_session_id=7] child\n ended\n"


def test_signal_handlers_and_finalizers_may_write() -> None:
    done = run(
        """
        class Loud:
            def __del__(self):
                print("finalized")
        def alarm(*_):
            global seen
            seen += 1
            collects = gc.isenabled()
            gc.disable()  # CPython itself may crash where a signal comes in a collection in a context variable's reset
            with session_context(seen % 3):
                print("alarm", end="")
                sys.stdout.flush()
            if collects:
                gc.enable()
        import gc
        seen = 0
        signal.signal(signal.SIGALRM, alarm)
        signal.setitimer(signal.ITIMER_REAL, 0.003, 0.003)
        end = time.monotonic() + 0.3
        with session_context(42):
            while time.monotonic() < end or seen < 20:
                loud = Loud(); loud.me = loud; del loud
                print("line", "of", "three")
        signal.setitimer(signal.ITIMER_REAL, 0)
        print("\\ndone")
    """,
        "-u",  # a buffered stream refuses to be entered anew, with and without us
        stdout=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr


def test_a_prompt_on_a_terminal() -> None:
    import pexpect  # noqa: PLC0415

    program = (
        "from asayer_cli.propagation.output import wrap_output\n"
        "from asayer_cli.propagation.session import session_context\n"
        "import sys\nwrap_output()\n"
        "with session_context(42):\n print(input('name? '), sys.stdout.isatty())\n"
    )
    child = pexpect.spawn(
        sys.executable, ["-c", program], env={**os.environ, "PYTHONPATH": str(ROOT)}, encoding="utf-8", timeout=30
    )
    child.expect_exact("name? ")
    child.sendline("me")
    child.expect_exact(f"{TAG} me True")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0


def test_lines_of_greenlets_never_mix() -> None:
    for patch in ("before", "after", "never"):
        done = run(
            f"""
            patch = {patch!r}
            unwrap_output()
            from gevent import monkey
            if patch == "before": monkey.patch_all()
            wrap_output()
            if patch == "after": monkey.patch_all()
            import gevent
            def work(number):
                with session_context(number):
                    for line in range(200):
                        print("w", number, end=" ")
                        if line % 5 == 0: sys.stdout.flush()
                        if line % 7 == 0: gevent.sleep(0)
                        print("line", line)
            gevent.joinall([gevent.spawn(work, number) for number in range(3)], raise_error=True)
        """,
            "-W",
            "ignore",
        )
        assert (done.returncode, done.stderr) == (0, "")
        check_lines(done.stdout, 3)


def test_a_line_costs_little_more() -> None:
    with Path(os.devnull).open("w", buffering=1) as stream:
        output = TaggedOutput(stream)
        line = "2026-11-22 07:22:11,123 ERROR app.payments: card was refused by the bank, order 4711\n"
        plain, tagged = [], []
        with session_context(4113219715072001793):
            for _ in range(60):
                plain.append(cost(stream, line))
                tagged.append(cost(output, line))
    assert min(tagged) < 4 * min(plain)  # the exact ratio is a benchmark's; this finds a lock or a slow path


def cost(stream: Any, line: str) -> float:
    write = stream.write
    begun = time.thread_time()
    for _ in range(100):
        write(line)
    return time.thread_time() - begun
