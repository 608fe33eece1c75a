"""A real nginx in front of a program, with its default rules for headers."""

from __future__ import annotations

import getpass
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tests.programs import processes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CONFIGURATION: Final = """
user {user};
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://127.0.0.1:{behind};
      {rule}
    }}
  }}
}}
"""


@contextmanager
def in_front_of(behind: int, folder: Path, rule: str = "") -> Iterator[int]:
    """Run nginx, all its files in a folder of its own, and yield its port; `rule` is one more line of its location."""
    port = processes.free_port()
    configuration = folder / "nginx.conf"
    user = getpass.getuser()
    configuration.write_text(_CONFIGURATION.format(user=user, folder=folder, port=port, behind=behind, rule=rule))
    command = (
        "nginx",
        "-p",
        str(folder),
        "-e",
        str(folder / "error.log"),
        "-c",
        str(configuration),
        "-g",
        "daemon off;",
    )
    with processes.started(command, folder / "nginx.out", port=port, ready=processes.listens):
        yield port
