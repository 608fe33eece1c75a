"""The sandbox's server process: ``python -m asayer_cli.sandbox.server [--samples] [--record]``.

It hosts the local AWS and the front of the local Elasticsearch on loopback, prints one line of JSON with their
addresses when both are ready, and runs until its standard input ends or it gets SIGTERM or SIGINT. Then it
leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from asayer_cli.sandbox.faults import FaultPlan
from asayer_cli.sandbox.supervisor import ACCOUNT_ID, Addresses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from _typeshed.wsgi import WSGIApplication

AWS_REGION = "eu-west-1"
ELASTIC_USERNAME = "elastic"
# how often each listening thread looks whether it shall end
ENDS_WITHIN_S = 0.05


def main() -> None:
    """Serve until standard input ends."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    try:
        with ExitStack() as stack:
            _say(asdict(_start(stack, samples="--samples" in sys.argv, record="--record" in sys.argv)))
            sys.stdin.buffer.read()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _say(value: dict[str, str]) -> None:
    # the supervisor may be gone already; the end of standard input tells so at once
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()


def _start(stack: ExitStack, *, samples: bool, record: bool) -> Addresses:
    try:
        return _serve(stack, samples=samples, record=record)
    except Exception as error:
        # whatever it was, the supervisor tells the person; the traceback follows for whoever looks into it
        _say({"error": str(error) or repr(error)})
        raise


def _serve(stack: ExitStack, *, samples: bool, record: bool) -> Addresses:
    """Start everything, the slow parts side by side; `stack` ends it in the reverse order."""
    prepare_moto()
    token, password = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="asayer-sandbox-")))
    search_url = _start_search_server(stack, folder)
    pool = stack.enter_context(ThreadPoolExecutor(max_workers=1))
    aws = pool.submit(_build_aws, token, samples=samples)
    elastic_url = _start_elastic(stack, search_url, token, password, samples=samples, record=record)
    aws_app, (key_id, secret) = aws.result()
    return Addresses(
        aws_endpoint_url=stack.enter_context(_listening(aws_app)),
        aws_access_key_id=key_id,
        aws_secret_access_key=secret,
        aws_region=AWS_REGION,
        elastic_url=elastic_url,
        elastic_username=ELASTIC_USERNAME,
        elastic_password=password,
        control_token=token,
    )


def _start_search_server(stack: ExitStack, folder: Path) -> str:
    """Start it from the main thread, with which it would end, and before there is any other thread to fork beside."""
    from asayer_cli.sandbox.elastic import noida  # noqa: PLC0415 - after the signal handlers

    search_server = noida.start(folder / "noida")
    stack.callback(search_server.stop)
    return search_server.url


def prepare_moto() -> None:
    """Switch on moto's IAM and the managed policies; moto reads these when it is imported."""
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"
    # spares moto the search for the account through every partition, which loads the policies of each (1 s)
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT_ID


def _build_aws(token: str, *, samples: bool) -> tuple[WSGIApplication, tuple[str, str]]:
    from asayer_cli.sandbox.aws import front  # noqa: PLC0415 - moto, once it is prepared
    from asayer_cli.sandbox.aws import samples as sample_groups  # noqa: PLC0415 - the same
    from asayer_cli.sandbox.aws.account import Account  # noqa: PLC0415 - the same

    account = Account()
    if samples:
        sample_groups.load()
    app = front.create_app(account, faults=FaultPlan(), control_token=token)
    return app, (account.administrator.access_key_id, account.administrator.secret)


def _start_elastic(stack: ExitStack, search_url: str, token: str, password: str, *, samples: bool, record: bool) -> str:
    from asayer_cli.sandbox.elastic import front  # noqa: PLC0415 - beside the import of moto
    from asayer_cli.sandbox.elastic import samples as sample_indices  # noqa: PLC0415 - the same

    app = front.create_app(
        search_url,
        username=ELASTIC_USERNAME,
        password=password,
        faults=FaultPlan(),
        control_token=token,
        record=record,
    )
    url = stack.enter_context(_listening(app))
    if samples:
        sample_indices.load(url, ELASTIC_USERNAME, password)
    return url


@contextmanager
def _listening(app: WSGIApplication) -> Iterator[str]:
    """Serve an application on a free port of loopback; yields its URL."""
    from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: PLC0415 - beside the import of moto

    class QuietHandler(WSGIRequestHandler):
        # a small answer goes out at once instead of waiting for the acknowledgement of its headers
        disable_nagle_algorithm = True

        def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
            """Say nothing: requests are kept by the fault plan."""

    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    threading.Thread(target=server.serve_forever, args=(ENDS_WITHIN_S,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    main()
