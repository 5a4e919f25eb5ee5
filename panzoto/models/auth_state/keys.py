"""How the items of the table are keyed: `PK` names the type and the thing, `SK` is always `METADATA`."""

from __future__ import annotations

from typing import Any


def key(kind: str, name: str) -> dict[str, Any]:
    """The key of the item of a kind."""
    return {"PK": f"{kind}#{name}", "SK": "METADATA"}
