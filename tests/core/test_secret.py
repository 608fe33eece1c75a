from __future__ import annotations

import copy
import json
import logging
import pickle
from dataclasses import asdict, dataclass

import pytest

from asayer_cli.secret import MASK, Secret, redact

PLANTED = "planted-secret-1"


@dataclass(frozen=True)
class Holder:
    secret: Secret


def test_it_shows_itself_only_when_asked_by_name() -> None:
    secret = Secret(PLANTED)
    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r}", format(secret), repr([secret])]
    shown.append("%s %r" % (secret, secret))  # noqa: UP031 - that form too
    assert all(PLANTED not in text and MASK in text for text in shown)
    assert PLANTED not in repr(Holder(secret))
    assert secret.reveal() == PLANTED


def test_it_is_masked_in_a_log_record() -> None:
    record = logging.LogRecord("x", logging.INFO, "x", 1, "key %s", (Secret(PLANTED),), None)
    assert record.getMessage() == f"key {MASK}"


@pytest.mark.parametrize("write", [json.dumps, pickle.dumps, copy.copy, copy.deepcopy, lambda s: asdict(Holder(s))])
def test_it_cannot_be_serialised(write: object) -> None:
    assert callable(write)
    with pytest.raises(TypeError):
        write(Secret(PLANTED))


def test_its_value_is_not_among_its_attributes() -> None:
    assert not hasattr(Secret(PLANTED), "__dict__")


def test_equality() -> None:
    assert Secret("one") == Secret("one")
    assert Secret("one") != Secret("two")
    assert Secret("one") != "one"
    assert len({Secret("one"), Secret("one")}) == 1
    assert not Secret("")
    assert Secret("x")


def test_redact_replaces_every_secret_met_the_longest_first() -> None:
    Secret("planted-part")
    Secret("planted-part-and-whole")
    assert redact("a planted-part-and-whole b planted-part c") == f"a {MASK} b {MASK} c"


def test_redact_leaves_text_alone_that_a_short_secret_would_ruin() -> None:
    Secret("error")
    assert redact("an error") == "an error"
