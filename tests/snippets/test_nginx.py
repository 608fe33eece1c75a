"""The snippet for nginx in a real nginx: the header goes through, preflights are answered, its errors are tagged."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest

from asayer_cli.snippets import snippet
from tests.snippets.pasting import SESSION, taken_by_cloudwatch
from tests.snippets.serving import PAGE, Server, allowed, free_port, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
MAIN = """
daemon off; master_process off; pid nginx.pid; error_log stderr warn;
events { worker_connections 64; }
http {
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include asayer.conf;
}
"""


class BackEnd(http.server.BaseHTTPRequestHandler):
    """Answers with what came in X-Session-Id; /fails with 500."""

    def do_GET(self) -> None:
        body = str(self.headers.get("X-Session-Id")).encode()
        self.send_response(500 if self.path.startswith("/fails") else 200)
        self.send_header("X-Seen", body.decode())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def back_end() -> Iterator[http.server.ThreadingHTTPServer]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), BackEnd) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def folder(back_end: http.server.ThreadingHTTPServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "nginx.conf").write_text(MAIN, encoding="ascii")
    (folder / "port").write_text(str(free_port()), encoding="ascii")
    filled = {
        "listen 80;": f"listen 127.0.0.1:{(folder / 'port').read_text(encoding='ascii')};",
        "/var/log/nginx/": f"{folder}/",
        "127.0.0.1:8000": f"127.0.0.1:{back_end.server_port}",
    }
    text = snippet("nginx").text
    for example, own in filled.items():
        assert example in text
        text = text.replace(example, own)
    (folder / "asayer.conf").write_text(text, encoding="ascii")
    return folder


@pytest.fixture(scope="module")
def nginx(folder: Path) -> Iterator[Server]:
    command = [NGINX, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr
    with serving(command, int((folder / "port").read_text(encoding="ascii")), folder, {}) as server:
        yield server


def failures(folder: Path) -> list[str]:
    return (folder / "asayer-error.log").read_text(encoding="utf-8").splitlines()


def test_the_header_goes_through_as_it_is(nginx: Server) -> None:
    assert nginx.ask("/", X_Session_Id=SESSION).headers["x-seen"] == SESSION
    assert nginx.ask("/").headers["x-seen"] == "None"


def test_preflights_of_the_page_alone_are_answered(nginx: Server) -> None:
    assert allowed(nginx.preflight("/", PAGE))
    for origin in (f"{PAGE}.evil.net", "https://example.com", "null"):
        assert "access-control-allow-origin" not in nginx.preflight("/", origin).headers
    for path, status in (("/", 200), ("/fails", 500)):
        answer = nginx.ask(path, Origin=PAGE, X_Session_Id=SESSION)
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, PAGE)
        assert answer.headers["vary"] == "Origin"
    assert "access-control-allow-origin" not in nginx.ask("/", Origin="https://example.com").headers


def test_a_failed_request_is_one_entry_that_no_header_or_path_forges(nginx: Server, folder: Path) -> None:
    before = failures(folder)
    nginx.ask("/fails/a%0A%5Basayer_session_id=7%5D?token=abc", X_Session_Id=SESSION)
    for forged in ("7] ERROR x [asayer_session_id=8", "-7", "7x", "", "123456789012345678901", "7, 8"):
        nginx.ask("/fails/%5Basayer_session_id=7%5D%20error", X_Session_Id=forged)
    nginx.ask("/fails/%5Basayer_session_id=7%5D%20error")
    nginx.ask("/", X_Session_Id=SESSION)
    (line,) = failures(folder)[len(before) :]
    assert line.startswith(f"[asayer_session_id={SESSION}] ")
    assert " error 500 GET 127.0.0.1/fails/a\\x0A" in line
    assert "abc" not in line
    assert taken_by_cloudwatch(line) == SESSION


def test_a_back_end_that_is_not_there_is_an_entry(
    nginx: Server, folder: Path, back_end: http.server.ThreadingHTTPServer
) -> None:
    back_end.shutdown()
    back_end.server_close()
    assert nginx.ask("/", X_Session_Id="5").status == 502
    assert " error 502 GET " in failures(folder)[-1]
    assert taken_by_cloudwatch(failures(folder)[-1]) == "5"
