"""The variables of the Terraform module: one map, by label, that says what the declarations say."""

from __future__ import annotations

import json
from typing import Any

from panzoto.models.spec import TABLES, Index, TableSpec


def variables() -> str:
    """The file of variables."""
    return json.dumps({"tables": {spec.label: _table(spec) for spec in TABLES}}, indent=2) + "\n"


def _table(spec: TableSpec) -> dict[str, Any]:
    return {
        "name": spec.default_name,
        "hash_key": spec.hash.name,
        "range_key": spec.range.name if spec.range else None,
        "attributes": [{"name": key.name, "type": key.type} for key in spec.attributes],
        "indexes": [_index(index) for index in spec.indexes],
        "ttl_attribute": spec.ttl,
        "point_in_time_recovery": True,
        "deletion_protection": True,
    }


def _index(index: Index) -> dict[str, Any]:
    range_key = index.range.name if index.range else None
    return {"name": index.name, "hash_key": index.hash.name, "range_key": range_key, "projection": "ALL"}
