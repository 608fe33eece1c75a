"""Behind nginx with its default rules for headers."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING

import pytest

from tests.programs import nginx, plan, processes
from tests.programs.processes import LAUNCHER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.programs.processes import Started

pytestmark = pytest.mark.needs_nginx
GUNICORN = (*LAUNCHER, "gunicorn", "--bind", "127.0.0.1:{port}", "--no-control-socket", "flask_shop:app")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    port = processes.free_port()
    output = tmp_path_factory.mktemp("shop") / "app.out"
    with processes.started(processes.filled(GUNICORN, port=port), output, port=port) as program:
        yield program


@pytest.mark.parametrize(
    ("header", "rule", "arrives"),
    [
        ("X-Session-Id", "", True),
        ("x-session-id", "", True),
        ("X_Session_Id", "", False),
        ("X-Session-Id", 'proxy_set_header X-Session-Id "";', False),
    ],
)
def test_the_header_arrives_unless_it_is_spelt_with_underscores_or_dropped(
    shop: Started, tmp_path: Path, header: str, rule: str, *, arrives: bool
) -> None:
    session_id = plan.first_id()
    with nginx.in_front_of(shop.port, tmp_path, rule) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", f"/lines?order={session_id}", headers={header: str(session_id)})
        assert connection.getresponse().status == 200
        connection.close()
    processes.wait_until_quiet(shop.output.parent)
    found = [line for line in shop.lines() if f"order={session_id}" in line]
    assert len(found) == 2
    assert all(line.startswith(f"[asayer_session_id={session_id}] ") == arrives for line in found)
