"""Whatever a person, a file or the environment gives: read, or refused in our own words."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from asayer_cli.elastic.connection import connect
from asayer_cli.elastic.endpoint import parse_cloud_id, parse_url
from asayer_cli.elastic.model import UserPassword
from asayer_cli.errors import AsayerError
from asayer_cli.integrations import ElasticAddress, parse_api_key
from asayer_cli.journal import Journal
from asayer_cli.secret import Secret, redact
from asayer_cli.secret_store import FileStore
from asayer_cli.session_id import MAXIMUM, SessionId
from asayer_cli.settings import KEYS, profile_names, read_profile
from asayer_cli.tag import CONVENTIONS, read_tag
from asayer_cli.times import parse_duration, parse_moment
from tests.docs.reference import contexts
from tests.properties.answering import closed_address
from tests.properties.running import PLANTED, check, run_here

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOW = datetime(2026, 11, 22, tzinfo=UTC)
# what the operating system hands over: any bytes but NUL, those that are no UTF-8 as lone surrogates
GIVEN = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.binary().map(lambda data: os.fsdecode(data.replace(b"\0", b""))),
    st.sampled_from(("9" * 5_000, "-1", "1e999", "\u0661\u0662", "\xb2", "a" * 70_000, "true", "%00", "{}", "\u202e")),
)
URLS = st.one_of(
    GIVEN,
    st.builds(
        "{}://{}{}:{}{}".format,
        st.sampled_from(("http", "https", "HTTPS", "ftp", "")),
        st.sampled_from(("", "user:secret-in-url@", "@", "a:b:c@")),
        st.one_of(GIVEN, st.sampled_from(("localhost", "[::1]", "[::1", "[fe80::1%eth0]", "1.2.3", "xn--", "a" * 64))),
        st.one_of(GIVEN, st.integers(-1, 70_000)),
        st.sampled_from(("", "/", "/a b", "?q", "#f", "/%zz")),
    ),
)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=8,
)
BYTES = st.one_of(st.binary(), JSON.map(lambda value: json.dumps(value).encode()))
few = settings(max_examples=60)


def refuses_in_words(read: Callable[[], object]) -> None:
    with contextlib.suppress(AsayerError):
        read()


@few
@given(GIVEN)
def test_ids_durations_and_moments(text: str) -> None:
    readers: tuple[Callable[[], object], ...] = (
        lambda: SessionId.parse(text),
        lambda: parse_duration(text),
        lambda: parse_moment(text, NOW),
    )
    for read in readers:
        with contextlib.suppress(ValueError):
            read()
    for convention in CONVENTIONS.values():
        read_tag(text, convention)
        read_tag(f"[{convention.tag_name}={text}] error", convention)


@few
@given(st.integers(0, MAXIMUM))
def test_an_id_is_read_back_from_its_tag(value: int) -> None:
    session_id = SessionId(value)
    for convention in CONVENTIONS.values():
        reading = read_tag(convention.write(session_id), convention)
        assert reading is not None
        assert reading.session_id == session_id
    assert SessionId.parse(str(session_id)) == session_id


@few
@given(URLS)
@example("cluster:" + base64.b64encode(b"host:" + b"9" * 5_000 + b"$uuid$").decode())
def test_addresses_and_keys(text: str) -> None:
    for read in (parse_url, parse_cloud_id, parse_api_key):
        said = ""
        try:
            read(text)
        except AsayerError as error:
            said = error.message + error.hint
        assert "secret-in-url" not in redact(said)


@pytest.mark.parametrize("deep", [b"[", b'{"a":', b"a=["])
def test_files_too_deep_to_be_read(deep: bytes) -> None:
    judge_files(deep * 100_000)


@few
@given(BYTES)
@example(b'{"change": [], "time": "", "state": "done", "account": "", "action": "", "target": ""}\n')
@example(
    b'{"change": "a", "time": "", "state": "begun", "account": "1", "action": "a", "target": "t"}\n'
    b'{"change": [], "time": "", "state": "done", "account": "1", "action": "a", "target": "t"}\n'
)
@example(
    b'{"change": "a", "time": 5, "state": "begun", "account": "1", "action": "a", "target": "t", "before": [[]]}\n'
)
@example(b'{"change": "a", "time": "", "state": "done", "account": "", "action": "", "target": "", "made": {}}\n')
def test_files_that_somebody_else_has_written(data: bytes) -> None:
    judge_files(data)


def judge_files(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent)
        for name in ("config.toml", "secrets.json", "journal.jsonl"):
            (folder / name).write_bytes(data)
            (folder / name).chmod(0o600)
        store, journal = FileStore(folder / "secrets.json"), Journal(folder / "journal.jsonl")
        refuses_in_words(lambda: store.get("default/aws/AKIA1"))
        refuses_in_words(store.names)
        refuses_in_words(lambda: journal.open_changes("1", "a", "t"))
        refuses_in_words(lambda: read_profile(folder, "default"))
        refuses_in_words(lambda: profile_names(folder))
        for arguments in (["config", "show"], ["integrations", "show"], ["integrations", "remove", "--yes"], ["audit"]):
            check(run_here(arguments, _environ(folder)))


TABLES = st.dictionaries(st.sampled_from([*(key.name for key in KEYS), "other"]), JSON, max_size=3)


@few
@given(TABLES, st.sampled_from(("profiles.default", "profiles", "other", "profiles.default.aws")))
def test_settings_of_any_type(table: dict[str, object], header: str) -> None:
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent)
        lines = [f"{name} = {_toml(value)}" for name, value in table.items()]
        (folder / "config.toml").write_text("\n".join([f"[{header}]", *lines]), encoding="utf-8", errors="replace")
        for arguments in (["config", "show"], ["config", "set", "aws.region", "eu-west-1"], ["verify"]):
            check(run_here(arguments, _environ(folder)))


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {_toml(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return "''" if value is None else json.dumps(value).replace("NaN", "nan").replace("Infinity", "inf")


def _environ(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "ASAYER_CONFIG_DIR": str(folder),
        "ASAYER_STATE_DIR": str(folder),
        "ASAYER_CACHE_DIR": str(folder),
        "ASAYER_SECRET_STORE": "file",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _variables() -> list[str]:
    """Return every variable that a setting or an option reads, but those that name where to write or whom to call."""
    found = {key.variable for key in KEYS} | {"ASAYER_AWS_SECRET_ACCESS_KEY", "ASAYER_ELASTIC_API_KEY"}
    for context in contexts():
        for param in context.command.params:
            given = param.envvar or f"{context.auto_envvar_prefix}_{(param.name or '').upper()}"
            found |= {given} if isinstance(given, str) else set(given)
    kept_out = re.compile(r".*(_DIR|_URL|_CLOUD_ID|_PROXY|REPORT_FILE|REVEAL|SANDBOX.*|DEMO.*)")
    return sorted(name for name in found if name.startswith("ASAYER_") and not kept_out.fullmatch(name))


# none of these is ever answered
COMMANDS: Final = (
    ("config", "show"),
    ("config", "path"),
    ("config", "set", "convention", "asayer"),
    ("config", "unset", "aws.region"),
    ("integrations", "show"),
    ("integrations", "remove", "--dry-run"),
    ("elastic", "create-key", "--print-request"),
    ("elastic", "create-key", "--dry-run"),
    ("elastic", "status"),
    ("aws", "log-groups"),
    ("aws", "setup", "--dry-run"),
    ("aws", "status"),
    ("verify",),
    ("audit",),
    ("completions", "bash"),
)


@pytest.fixture(scope="module")
def nobody() -> Iterator[str]:
    with closed_address() as address:
        yield address


@settings(max_examples=60)
@given(
    st.sampled_from(COMMANDS),
    st.dictionaries(st.sampled_from(_variables()), GIVEN, max_size=3),
    st.sampled_from(("text", "json")),
)
def test_an_environment_of_any_value(
    nobody: str, arguments: tuple[str, ...], hostile: dict[str, str], output: str
) -> None:
    with tempfile.TemporaryDirectory() as parent, contextlib.chdir(parent):
        environ = {
            **_environ(Path(parent)),
            "AWS_ENDPOINT_URL": nobody,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": PLANTED,
            "AWS_REGION": "eu-west-1",
            "ASAYER_ELASTIC_URL": nobody,
            "ASAYER_ELASTIC_USERNAME": "elastic",
            "ASAYER_ELASTIC_PASSWORD": PLANTED,
            "ASAYER_OUTPUT": output,
        }
        check(run_here(arguments, {**environ, **hostile}))


@few
@given(st.text(min_size=1).filter(lambda name: ":" not in name), st.text())
def test_a_user_of_any_script_is_sent_as_elasticsearch_reads_it(username: str, password: str) -> None:
    address = ElasticAddress("http://127.0.0.1:9")
    cluster = connect(address, UserPassword(username, Secret(password)))
    header = cluster.client._headers["authorization"]  # noqa: SLF001 - what it sends with every request
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == f"{username}:{password}"
