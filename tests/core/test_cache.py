"""What is remembered of services: for a few minutes, privately, and never in the way."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from asayer_cli.cache import FRESH_SECONDS, RETRY_SECONDS, Entry, NameCache
from asayer_cli.settings import cache_folder

if TYPE_CHECKING:
    from pathlib import Path

QUESTION = ("log-groups", "eu-west-1")


@pytest.fixture
def cache(tmp_path: Path) -> NameCache:
    return NameCache(tmp_path / "new" / "cache")


def only_file(cache: NameCache) -> Path:
    (path,) = cache.folder.glob("*.json")
    return path


def aged(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_what_is_put_is_there_for_a_while(cache: NameCache) -> None:
    assert cache.get(QUESTION) is None
    cache.put(QUESTION, ["a", "b"], complete=True)
    assert cache.get(QUESTION) == Entry(("a", "b"), complete=True, fresh=True)
    assert cache.get([*QUESTION, ""]) is None
    aged(only_file(cache), FRESH_SECONDS + 1)
    assert cache.get(QUESTION) == Entry(("a", "b"), complete=True, fresh=False)
    aged(only_file(cache), -60)
    assert cache.get(QUESTION) == Entry(("a", "b"), complete=True, fresh=False)


def test_only_the_user_can_read_it(cache: NameCache) -> None:
    cache.put(QUESTION, ["a"], complete=True)
    assert only_file(cache).stat().st_mode & 0o777 == 0o600
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert "eu-west-1" not in only_file(cache).name


def test_after_no_answer_what_was_known_serves_until_the_next_try(cache: NameCache) -> None:
    cache.postpone(QUESTION)
    assert cache.get(QUESTION) == Entry((), complete=False, fresh=True)
    cache.put(QUESTION, ["a"], complete=True)
    aged(only_file(cache), FRESH_SECONDS + 1)
    cache.postpone(QUESTION)
    assert cache.get(QUESTION) == Entry(("a",), complete=True, fresh=True)
    age = time.time() - only_file(cache).stat().st_mtime
    assert age >= FRESH_SECONDS - RETRY_SECONDS - 1


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"names": 1, "complete": true}', "\xff"])
def test_a_broken_file_is_none(cache: NameCache, text: str) -> None:
    cache.put(QUESTION, ["a"], complete=True)
    only_file(cache).write_text(text, encoding="latin-1")
    assert cache.get(QUESTION) is None
    cache.put(QUESTION, ["b"], complete=True)
    assert cache.get(QUESTION) is not None


def test_a_folder_that_cannot_be_made_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = NameCache(tmp_path / "file" / "cache")
    cache.put(QUESTION, ["a"], complete=True)
    assert cache.get(QUESTION) is None


def test_what_is_a_week_old_is_removed(cache: NameCache) -> None:
    cache.put(QUESTION, ["a"], complete=True)
    old = only_file(cache)
    aged(old, 8 * 86400)
    cache.put(["other"], ["b"], complete=True)
    assert not old.exists()
    assert cache.get(["other"]) is not None


def test_the_folder_is_the_variables_or_the_platforms(tmp_path: Path) -> None:
    assert cache_folder({"ASAYER_CACHE_DIR": str(tmp_path)}) == tmp_path
    assert cache_folder({}).name == "asayer-cli"
