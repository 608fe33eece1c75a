"""Every Elasticsearch privilege that this program uses, and what for."""

from __future__ import annotations

from typing import Final

# The user who runs `elastic create-key`. Any of them lets him make a key; the first is the least.
CREATOR_CLUSTER: Final = ("manage_own_api_key", "manage_api_key", "manage_security")

# The user who runs `elastic status`, `elastic rotate-key` or `elastic revoke-key`: any of these shows everybody's keys,
# the last two of them revoke other users' keys as well. Without them, his own are all that there is to see.
EVERYBODYS_KEYS: Final = ("read_security", "manage_api_key", "manage_security")

# The key made. No cluster privilege: a key may read its own record and ask what it may do without any, and the
# collector asks nothing of the cluster itself. `all`, which older guides give, would let the key make users.
KEY_CLUSTER: Final[tuple[str, ...]] = ()

# The key made, on the index patterns.
KEY_INDEX: Final = {
    "read": "search, count and point in time: all that the collector does",
    "view_index_metadata": "index names and mappings, so that `verify` can tell an unsearchable field from no entry",
}

# Asked about with _has_privileges and wanted denied: the ways to change, add or remove anything.
WRITES: Final = ("create_doc", "create", "index", "write", "delete", "create_index", "delete_index", "manage")

# Asked about with _has_privileges, so that `elastic status` can tell; wanted denied, the collector needs none of them.
POWERS: Final = {
    "monitor": "see the cluster's state and settings",
    "manage": "change the cluster's settings",
    "manage_own_api_key": "make API keys",
    "manage_security": "manage users, roles and everybody's API keys",
}
