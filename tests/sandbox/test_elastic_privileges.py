from __future__ import annotations

import pytest

from asayer_cli.sandbox.elastic.privileges import (
    SUPERUSER,
    IndexGrant,
    Rights,
    Role,
    UnknownPrivilegeError,
    check_cluster_privilege,
    index_privileges_granting,
)


def rights(*grants: tuple[str, str], cluster: tuple[str, ...] = ()) -> Rights:
    indices = tuple(IndexGrant(tuple(names.split(",")), tuple(held.split(","))) for names, held in grants)
    return Rights(((Role("r", cluster, indices),),))


def test_write_is_denied_to_a_reader() -> None:
    reader = rights(("*log*", "read,view_index_metadata"))
    assert reader.has_index("*log*", "read")
    assert reader.has_index("logs-1", "view_index_metadata")
    for privilege in ("write", "index", "create", "create_doc", "delete", "manage", "all", "maintenance", "monitor"):
        assert not reader.has_index("*log*", privilege)


@pytest.mark.parametrize(
    ("held", "implied"),
    [
        ("write", "index"),
        ("write", "delete"),
        ("write", "create_doc"),
        ("index", "create"),
        ("create", "create_doc"),
        ("manage", "view_index_metadata"),
        ("manage", "monitor"),
        ("manage", "create_index"),
        ("all", "manage"),
        ("all", "read"),
    ],
)
def test_a_stronger_index_privilege_implies_the_weaker(held: str, implied: str) -> None:
    assert rights(("logs", held)).has_index("logs", implied)
    assert not rights(("logs", implied)).has_index("logs", held)


def test_privileges_of_all_covering_grants_add_up() -> None:
    both = rights(("logs-*", "create_doc"), ("*", "delete"))
    assert both.has_index("logs-1", "create_doc")
    assert both.has_index("logs-1", "delete")
    assert not both.has_index("other", "create_doc")


def test_names_of_one_grant_count_together_and_of_two_apart() -> None:
    assert rights(("?,??", "read")).has_index("?", "read")
    assert rights(("a*,*", "read")).has_index("*", "read")
    assert not rights(("a*", "read"), ("b*", "read")).has_index("*", "read")


def test_every_layer_must_allow() -> None:
    key = rights(("*", "all"), cluster=("all",)).limited_by(rights(("logs-*", "read"), cluster=("monitor",)))
    assert key.has_index("logs-*", "read")
    assert not key.has_index("*", "read")
    assert not key.has_index("logs-*", "write")
    assert key.has_cluster("monitor")
    assert not key.has_cluster("manage")


@pytest.mark.parametrize(
    ("held", "implied"),
    [
        ("all", "manage_security"),
        ("all", "monitor"),
        ("manage", "monitor"),
        ("manage_security", "manage_api_key"),
        ("manage_security", "read_security"),
        ("manage_api_key", "manage_own_api_key"),
    ],
)
def test_a_stronger_cluster_privilege_implies_the_weaker(held: str, implied: str) -> None:
    assert rights(cluster=(held,)).has_cluster(implied)
    assert not rights(cluster=(implied,)).has_cluster(held)


def test_manage_gives_no_rights_over_security() -> None:
    manager = rights(cluster=("manage",))
    assert not manager.has_any_cluster(("manage_own_api_key", "manage_api_key", "manage_security", "read_security"))


def test_actions_can_be_asked_for_by_name() -> None:
    assert rights(("logs", "read")).has_index("logs", "indices:data/read/search")
    assert rights(cluster=("cluster:monitor/*",)).has_cluster("cluster:monitor/main")
    assert Rights(((SUPERUSER,),)).has_cluster("cluster:monitor/main")


def test_no_grant_allows_nothing_anywhere() -> None:
    nothing = rights()
    assert not nothing.allows("indices:data/read/search", "logs")
    assert not nothing.allows_somewhere("indices:data/read/search")
    assert nothing.has_index("logs", "none")


def test_unknown_privileges_are_refused() -> None:
    with pytest.raises(UnknownPrivilegeError, match=r"unknown index privilege \[reed\]"):
        rights().has_index("logs", "reed")
    with pytest.raises(UnknownPrivilegeError, match=r"unknown cluster privilege \[monitr\]"):
        check_cluster_privilege("monitr")


def test_a_refusal_names_the_weakest_privileges_first() -> None:
    assert index_privileges_granting("indices:data/read/search") == ["read", "all"]
    assert index_privileges_granting("indices:admin/mappings/get") == ["view_index_metadata", "manage", "all"]
