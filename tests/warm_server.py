"""A process with the program's modules loaded, which forks itself for each run: `python -m tests.warm_server`.

Its standard input is a Unix socket of whole messages. Each is a JSON object (`program`, `arguments`, `environ`,
`folder`) with four file descriptors: standard input, output and error of the run, and a pipe for its end. Into that
pipe go the process id, when it has begun, and the status that `os.waitpid` gives, one line each.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import threading
import time
import traceback
import warnings
from typing import NoReturn

from asayer_cli.aws.session import collector_session
from asayer_cli.integrations import AwsKey
from asayer_cli.secret import Secret

LARGEST_REQUEST = 1 << 20
# keyring chooses its back end when it is imported; the sandbox's servers and the demo start programs of their own; and
# propagation is for the programs of users
LEFT_COLD = ("asayer_cli.sandbox", "asayer_cli.propagation", "asayer_cli.__main__")
SDK_CLIENTS = ("sts", "iam", "logs", "ec2")


def load() -> None:
    """Import what commands import when they run, and what the SDK reads from its files."""
    package = importlib.import_module("asayer_cli")
    for module in pkgutil.walk_packages(package.__path__, "asayer_cli."):
        if not module.name.startswith(LEFT_COLD):
            importlib.import_module(module.name)
    session = collector_session(AwsKey("AKIAWARM", Secret("")), "eu-west-1")
    for service in SDK_CLIENTS:
        session.client(service, "eu-west-1")


def serve(requests: socket.socket) -> None:
    """Fork for each request until the other end is closed."""
    ends: dict[int, int] = {}
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with selectors.DefaultSelector() as ready:
        ready.register(requests, selectors.EVENT_READ)
        ready.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fd == woken:
                    os.read(woken, 4096)
                elif not _begin(requests, ends):
                    return
            _reap(ends)


def _begin(requests: socket.socket, ends: dict[int, int]) -> bool:
    message, descriptors, _, _ = socket.recv_fds(requests, LARGEST_REQUEST, 4)
    if not message:
        return False
    *streams, end = descriptors
    child = os.fork()
    if child == 0:
        try:
            requests.detach()
            _become(json.loads(message), streams)
        finally:  # never back into the loop
            os._exit(1)
    for stream in streams:
        os.close(stream)
    os.write(end, f"{child}\n".encode())
    ends[child] = end
    return True


def _reap(ends: dict[int, int]) -> None:
    while ends:
        child, status = os.waitpid(-1, os.WNOHANG)
        if not child:
            return
        end = ends.pop(child)
        os.write(end, f"{status}\n".encode())
        os.close(end)


def _become(request: dict[str, object], streams: list[int]) -> NoReturn:
    """Be what `python -m asayer_cli` is from its first line on."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 256)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    environ, arguments = request["environ"], request["arguments"]
    assert isinstance(environ, dict)
    assert isinstance(arguments, list)
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    os.chdir(str(request["folder"]))
    sys.argv = [str(request["program"]), *arguments]
    for number, (name, mode) in enumerate((("stdin", "rb"), ("stdout", "wb"), ("stderr", "wb"))):
        errors = "backslashreplace" if name == "stderr" else "strict"
        binary = os.fdopen(number, mode, closefd=False)
        setattr(sys, name, io.TextIOWrapper(binary, "utf-8", errors, line_buffering=name == "stderr"))
    _leave(_run())


def _run() -> int:
    main = importlib.import_module("asayer_cli.__main__").main
    try:
        if preparation := os.environ.pop("ASAYER_TEST_PREPARATION", ""):
            importlib.import_module(preparation).prepare()
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
        return 1
    return 0


def _leave(code: int) -> NoReturn:
    """End as the interpreter does: wait for threads, call what is to be called at the end, flush."""
    threading._shutdown()  # type: ignore[attr-defined] # noqa: SLF001 - there is no other way to end a fork so
    atexit._run_exitfuncs()  # noqa: SLF001 - the same
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = 120
    os._exit(code)


if __name__ == "__main__":
    warnings.simplefilter("error")
    load()
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=0) as requests_socket:
        serve(requests_socket)
