from __future__ import annotations

import json
import shlex
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asayer_cli.elastic.index_names import looks_like_log, narrower
from asayer_cli.elastic.key_request import KeyRequest, revoke_form, time_value
from asayer_cli.errors import UsageError
from asayer_cli.times import parse_duration


def test_the_request_asks_for_reading_and_nothing_else() -> None:
    body = KeyRequest("asayer-api-key", ("*log*",)).body("run-1")
    assert body == {
        "name": "asayer-api-key",
        "role_descriptors": {
            "asayer-role": {
                "cluster": [],
                "indices": [{"names": ["*log*"], "privileges": ["read", "view_index_metadata"]}],
            }
        },
        "metadata": {"managed_by": "asayer-cli", "run": "run-1"},
    }


def test_lifetime_and_cluster_privileges_are_asked_for_when_wanted() -> None:
    body = KeyRequest("k", ("a", "b"), timedelta(days=90), ("monitor",)).body()
    assert body["expiration"] == "90d"
    assert body["role_descriptors"]["asayer-role"]["cluster"] == ["monitor"]
    assert "run" not in body["metadata"]


@given(st.integers(1, 10**8))
def test_a_lifetime_is_written_without_loss(seconds: int) -> None:
    assert parse_duration(time_value(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


def test_the_printed_forms_hold_the_same_request() -> None:
    request = KeyRequest("it's", ("*log*",))
    forms = request.forms("https://es.example.com:443", "elastic", "/etc/ca.crt")
    first, _, rest = forms.dev_tools.partition("\n")
    assert first == "POST /_security/api_key"
    words = shlex.split(forms.curl.replace("\\\n", ""))
    assert max(map(len, forms.curl.splitlines())) < 80
    assert json.loads(rest) == json.loads(words[words.index("--data") + 1]) == request.body()
    assert words[words.index("--user") + 1] == "elastic"
    assert words[words.index("--cacert") + 1] == "/etc/ca.crt"
    assert words[-1] == "https://es.example.com:443/_security/api_key"


def test_the_revocation_names_the_keys() -> None:
    assert json.loads(revoke_form(["a", "b"]).partition("\n")[2]) == {"ids": ["a", "b"]}


@pytest.mark.parametrize("name", ["", " a", "a ", "_a", "a*", "a" * 257])
def test_names_that_elasticsearch_refuses_are_refused_first(name: str) -> None:
    with pytest.raises(UsageError):
        KeyRequest(name, ("*log*",))


@pytest.mark.parametrize(
    "pattern", ["", "Logs-*", "a b", "a,b", "/regex/", "-logs", "_all", "other:logs-*", "<logs-{now/d}>"]
)
def test_patterns_that_match_nothing_are_refused(pattern: str) -> None:
    with pytest.raises(UsageError):
        KeyRequest("k", (pattern,))


def test_no_pattern_is_refused() -> None:
    with pytest.raises(UsageError):
        KeyRequest("k", ())


@pytest.mark.parametrize(
    "name",
    [
        "logs-app-default",
        "app_logs",
        "log",
        "weblogs",
        "syslog-2026",
        "filebeat-8.15",
        ".ds-logs-x-000001",
        "logstash-2026.11.22",
        "winlogbeat",
        "audit.log",
        "journald",
    ],
)
def test_names_of_logs(name: str) -> None:
    assert looks_like_log(name)


@pytest.mark.parametrize(
    "name",
    [
        "catalog",
        "catalogs-v2",
        "blog",
        "user_logins",
        "dialogs",
        "logistics",
        "logos",
        "backlog",
        "orders",
        "logout-events",
    ],
)
def test_names_that_only_have_the_letters(name: str) -> None:
    assert not looks_like_log(name)


@pytest.mark.parametrize(
    ("names", "options"),
    [
        (("shop-logs-2026.11.21", "shop-logs-2026.11.22", "catalog-items"), "--index 'shop-logs-*'"),
        (("filebeat-8.1", "weblogs", "blog"), "--index 'filebeat-*' --index weblogs"),
        (("logs-1", "logs-catalog", "catalog"), "--index 'logs-*' --index logs-catalog"),
        (("catalog", "blog"), "--index PATTERN"),
        (tuple(f"{letter}-logs" for letter in "abcdefg"), "--index PATTERN"),
        ((), "--index PATTERN"),
    ],
)
def test_narrower_patterns_match_the_logs_there_are(names: tuple[str, ...], options: str) -> None:
    assert narrower(names) == f"asayer-cli elastic create-key --replace {options}"
