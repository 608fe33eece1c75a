from __future__ import annotations

import pytest

from asayer_cli.sandbox.elastic.indices import NO_INDEX, Catalog, Narrowed, narrow, read_catalog

CATALOG = Catalog(
    {
        "logs-1": ("logs-1",),
        "logs-2": ("logs-2",),
        "other": ("other",),
        ".hidden-log": (".hidden-log",),
        "recent": ("logs-2",),
        "both": ("logs-1", "other"),
    }
)


def resolved(expression: str, *, allowed: str = "", hidden: bool = False, lenient: bool = False) -> Narrowed:
    names = allowed.split()
    return narrow(expression, CATALOG, lambda name: not names or name in names, hidden=hidden, lenient=lenient)


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("logs-1", ["logs-1"]),
        ("logs-*", ["logs-1", "logs-2"]),
        ("*,-logs-*", ["other", "both", "recent"]),
        ("logs-*,-logs-2", ["logs-1"]),
        ("recent", ["recent"]),
        ("recent,logs-2", ["logs-2"]),
        ("b*,other", ["both", "other"]),
        ("nothing*", []),
        ("missing", ["missing"]),
        ("-logs-1", ["-logs-1"]),
        ("l?gs-1", ["logs-1"]),
        (".*", [".hidden-log"]),
    ],
)
def test_an_expression_means(expression: str, names: list[str]) -> None:
    assert sorted(resolved(expression).names) == sorted(names)


@pytest.mark.parametrize("expression", ["", "_all", "*"])
def test_everything_but_hidden_names(expression: str) -> None:
    assert set(resolved(expression).names) == {"logs-1", "logs-2", "other"}
    assert ".hidden-log" in resolved(expression, hidden=True).names


def test_wildcards_are_narrowed_and_plain_names_denied() -> None:
    assert resolved("logs-*,other", allowed="logs-1") == Narrowed(("logs-1",), ("other",))
    assert resolved("logs-*,other", allowed="logs-1", lenient=True) == Narrowed(("logs-1",), ())


def test_rights_on_an_index_do_not_cover_its_alias_nor_the_other_way_round() -> None:
    assert resolved("recent", allowed="logs-2").denied == ("recent",)
    assert resolved("*", allowed="recent").names == ("recent",)
    assert resolved("logs-2", allowed="recent").denied == ("logs-2",)


def test_nothing_left_is_asked_for_as_nothing() -> None:
    assert resolved("nothing*").expression == NO_INDEX
    assert resolved("logs-*").expression == "logs-1,logs-2"


def test_indices_behind_names_come_once() -> None:
    assert CATALOG.behind(["both", "logs-1", "recent"]) == ("logs-1", "other", "logs-2")


def test_a_catalog_is_read_from_resolve_index() -> None:
    answer = {"indices": [{"name": "a", "attributes": []}], "aliases": [{"name": "x", "indices": ["a"]}]}
    assert read_catalog(answer) == Catalog({"a": ("a",), "x": ("a",)})
    with pytest.raises(TypeError):
        read_catalog({"indices": {}, "aliases": []})
