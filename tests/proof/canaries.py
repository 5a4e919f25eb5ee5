"""Secrets that people were given or have made up, looked for everywhere that they must not be."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import quote

from panzoto.deps import Deps
from panzoto.models.spec import TABLES
from tests.support.tables import name_of


def found(secrets: Collection[str], places: Mapping[str, str]) -> list[str]:
    """Where one of them is, as it is, escaped or in base64; the secret itself is not told on."""
    forms = {form for secret in secrets for form in (secret, quote(secret), b64encode(secret.encode()).decode())}
    return [
        f"a secret of {len(form)} letters is in {place}"
        for place, text in places.items()
        for form in forms
        if form in text
    ]


def kept(deps: Deps) -> dict[str, str]:
    """All that the tables and the bucket hold; of an object its key."""
    places = {}
    client: Any = deps.clients.dynamodb()
    for spec in TABLES:
        pages = client.get_paginator("scan").paginate(TableName=name_of(deps.config, spec), ConsistentRead=True)
        places[f"the table {spec.label}"] = "\n".join(str(item) for page in pages for item in page["Items"])
    places["the keys of objects"] = "\n".join(each.key for each in deps.bucket.under(""))
    return places
