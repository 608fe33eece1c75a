"""What the tests of this room share: keys, documents, readers and key makers on a local Elasticsearch."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import urllib3
from werkzeug.serving import make_server

from asayer_cli.elastic.api_keys import ApiKeys
from asayer_cli.elastic.connection import Cluster, connect
from asayer_cli.elastic.create_key import KeyMaker
from asayer_cli.elastic.key_request import KeyRequest
from asayer_cli.elastic.model import UserPassword
from asayer_cli.elastic.reading import ElasticReader
from asayer_cli.elastic.situation import ACTION, Held
from asayer_cli.entries import Window, rfc3339
from asayer_cli.integrations import ElasticAddress, ElasticIntegration, ElasticKey
from asayer_cli.journal import Journal
from asayer_cli.known_secrets import KeyHolders
from asayer_cli.secret import Secret
from asayer_cli.secret_store import FileStore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from asayer_cli.elastic.model import CreateKeyOutcome
    from tests.sandbox.elastic_fixtures import LocalElastic

NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = Window(NOW - timedelta(hours=1), NOW + timedelta(minutes=1))
ALL_LOGS = ("*log*",)
TYPES = {"message": "text", "utc_time": "date", "@timestamp": "date", "tags": "keyword"}
READ = {"cluster": [], "indices": [{"names": ["*log*"], "privileges": ["read", "view_index_metadata"]}]}


@dataclass
class Heard:
    """A reporter that remembers."""

    said: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.said.append(text)

    def warn(self, text: str) -> None:
        self.warned.append(text)

    def detail(self, text: str) -> None:
        self.said.append(text)

    def progress(self, text: str) -> None:
        self.said.append(text)


def document(message: object, age: timedelta = timedelta(minutes=5), /, **fields: object) -> dict[str, object]:
    """Return a document as the collector wants it; None removes a field."""
    when = rfc3339(NOW - age)
    whole = {"message": message, "utc_time": when, "@timestamp": when, "tags": ["error"], **fields}
    return {name: value for name, value in whole.items() if value is not None}


def store(
    elastic: LocalElastic, name: str, documents: list[dict[str, object]], types: Mapping[str, str | None] | None = None
) -> None:
    """Make an index and fill it; a type of None leaves the field unmapped, dynamic mapping is off."""
    properties = {field: {"type": kind} for field, kind in {**TYPES, **(types or {})}.items() if kind}
    with elastic.client() as client:
        client.indices.create(index=name, mappings={"dynamic": "false", "properties": properties})
        lines = [line for each in documents for line in ({"index": {"_index": name}}, each)]
        if lines:
            assert not client.bulk(operations=lines, refresh=True)["errors"]


def make_key(elastic: LocalElastic, role: Mapping[str, Any] = READ, **body: Any) -> ElasticKey:
    """Make an API key with one role."""
    with elastic.client() as client:
        made = client.security.create_api_key(name="a key", role_descriptors={"role": role}, **body)
    return ElasticKey(made["id"], Secret(made["api_key"]))


def reader(elastic: LocalElastic, key: ElasticKey | None = None, indexes: tuple[str, ...] = ALL_LOGS) -> ElasticReader:
    """Return a reader with a key of its own, or with this one."""
    return ElasticReader(ElasticIntegration(ElasticAddress(elastic.url), key or make_key(elastic), indexes))


def maker(elastic: LocalElastic, folder: Path, heard: Heard | None = None, **changed: Any) -> KeyMaker:
    """Return a key maker of the administrator, or of `user`; its store, journal and saved key id are in `folder`."""
    user = changed.pop("user", (elastic.username, elastic.password))
    address = ElasticAddress(changed.pop("url", elastic.url), ca_cert=changed.pop("ca_cert", ""))

    def connect_with(auth: ElasticKey | UserPassword) -> Cluster:
        return replace(connect(address, auth, environ={}), pauses=(0.01, 0.01))

    def save(key: ElasticKey) -> None:
        (folder / "saved").write_text(key.api_key_id)

    saved, profile, store = folder / "saved", changed.pop("profile", "default"), FileStore(folder / "secrets.json")
    key_id = saved.read_text() if saved.exists() and profile == "default" else ""
    named = {"default": saved.read_text() if saved.exists() else "", profile: key_id}
    held = Held(profile, store, key_id, Journal(folder / "journal.jsonl"), KeyHolders("elastic", store, named))
    values: dict[str, Any] = {
        "keys": ApiKeys(connect_with(UserPassword(user[0], Secret(user[1])))),
        "held": held,
        "request": KeyRequest("asayer-api-key", ALL_LOGS),
        "reporter": heard or Heard(),
        "connect_with": connect_with,
        "save": save,
        "looks": (0.0, 0.05),
    }
    return KeyMaker(**{**values, **changed})


def carry_out(mine: KeyMaker, *, replace: bool = False) -> CreateKeyOutcome:
    """Plan and do it."""
    return mine.carry_out(mine.plan(replace=replace))


def open_changes(mine: KeyMaker) -> int:
    """Return how many changes of the journal have an unknown outcome."""
    journal, endpoint = mine.held.journal, mine.keys.cluster.endpoint
    return len(journal.open_changes(endpoint.url, ACTION, mine.held.target(mine.request.name)))


def user(elastic: LocalElastic, *cluster: str, indices: Any = ()) -> tuple[str, str]:
    """Make a user with these privileges; return name and password."""
    elastic.control.change(
        users=[{"username": "ada", "password": "lovelace", "cluster": list(cluster), "indices": list(indices)}]
    )
    return "ada", "lovelace"


def live_keys(elastic: LocalElastic) -> dict[str, str]:
    """Return the ids and names of the keys that are valid."""
    with elastic.client() as client:
        found = client.security.get_api_key()["api_keys"]
    return {key["id"]: key["name"] for key in found if not key["invalidated"]}


@contextmanager
def serving(app: WSGIApplication, ssl_context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve an application on a free port of loopback and give the port."""
    server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=ssl_context)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Answers:
    """An application that gives the answers it was told, one after the other, the last one again and again."""

    def __init__(self, *answers: tuple[int, Mapping[str, str], bytes]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        self.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
        status, headers, body = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return answer(start_response, status, headers, body)


def answer(start_response: StartResponse, status: int, headers: Mapping[str, str], body: bytes) -> list[bytes]:
    """Answer with a body of known length."""
    start_response(f"{status} Status", [*headers.items(), ("Content-Length", str(len(body)))])
    return [body]


def pass_on(url: str, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Pass a request on to a front, and its answer back."""
    names = ("HTTP_AUTHORIZATION", "HTTP_ACCEPT", "CONTENT_TYPE")
    passed = {name.removeprefix("HTTP_").replace("_", "-"): environ[name] for name in names if name in environ}
    target = f"{url}{quote(environ['PATH_INFO'])}?{environ['QUERY_STRING']}"
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    found = urllib3.request(environ["REQUEST_METHOD"], target, body=body or None, headers=passed)
    return answer(start_response, found.status, {name: found.headers[name] for name in PRODUCT}, found.data)


PRODUCT = {"X-Elastic-Product": "Elasticsearch", "Content-Type": "application/json"}
WHO = (200, PRODUCT, b'{"username": "elastic", "authentication_type": "realm"}')
